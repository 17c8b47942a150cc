//! SHA-256, the one hash of the project, and its one spelling.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::spelled::spelled;

/// A SHA-256 digest, written as 64 lower-case hex digits, so that `sha256sum` of a canonical document prints its id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

/// A text that is not a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHash {
    /// Another number of characters.
    #[error("a hash has 64 hex digits, not {0} bytes")]
    Length(usize),
    /// A character other than `0-9a-f`; upper case is refused, so that a digest has one spelling.
    #[error("a hash is written in lower-case hex digits")]
    Digit,
}

impl Hash {
    /// 32 zero bytes: the start of a chain of entries, an empty leaf, the predecessor of nothing.
    pub const ZERO: Hash = Hash([0; 32]);

    /// SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(Sha256::digest(bytes).into())
    }

    /// SHA-256 of `tag` followed by `parts`. The tag keeps hashes of different meaning apart; the lengths of the
    /// parts are not part of the digest, so all but one must have a fixed length.
    pub fn tagged(tag: u8, parts: &[&[u8]]) -> Hash {
        let mut digest = Sha256::new();
        digest.update([tag]);
        for part in parts {
            digest.update(part);
        }
        Hash(digest.finalize().into())
    }

    /// SHA-256 of two slices written one after the other: a text with something cut out of it.
    pub(crate) fn of_cut((before, after): (&str, &str)) -> Hash {
        let mut digest = Sha256::new();
        digest.update(before);
        digest.update(after);
        Hash(digest.finalize().into())
    }

    /// The digest's 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A digest that was computed elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Hash {
        Hash(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 64];
        hex::encode_to_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = BadHash;

    fn from_str(text: &str) -> Result<Hash, BadHash> {
        if text.len() != 64 {
            return Err(BadHash::Length(text.len()));
        }
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(BadHash::Digit);
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BadHash::Digit)?;
        Ok(Hash(bytes))
    }
}

spelled!(Hash, "64 lower-case hex digits");

#[cfg(test)]
mod tests;
