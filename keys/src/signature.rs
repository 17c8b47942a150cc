//! Signatures and their two spellings.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::spelled::spelled;

/// 64 bytes that claim to be an Ed25519 signature; only [`PublicKey::verify`](crate::PublicKey::verify) says whether
/// they are one.
///
/// `Display`, `FromStr` and serde use base64url without padding (votes, certificates, receipts); proofs in documents
/// use multibase base58 ([`Signature::to_base58`]).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature([u8; 64]);

/// A text that is not 64 bytes in the expected spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignatureText {
    /// Not multibase base58 (`z…`) of 64 bytes.
    #[error("not a multibase base58 signature (`z…`) of 64 bytes")]
    Base58,
    /// Not base64url without padding of 64 bytes.
    #[error("not a base64url signature of 64 bytes")]
    Base64,
}

impl Signature {
    /// A signature given by its bytes.
    pub const fn from_bytes(bytes: [u8; 64]) -> Signature {
        Signature(bytes)
    }

    /// The bytes: R, then s.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// Multibase base58btc, `z…`: the form of `proofValue`.
    pub fn to_base58(&self) -> String {
        format!("z{}", bs58::encode(self.0).into_string())
    }

    /// Reads a `proofValue`.
    pub fn from_base58(text: &str) -> Result<Signature, BadSignatureText> {
        let base58 = text.strip_prefix('z').ok_or(BadSignatureText::Base58)?;
        let mut bytes = [0; 64];
        match bs58::decode(base58).onto(&mut bytes) {
            Ok(64) => Ok(Signature(bytes)),
            Ok(_) | Err(_) => Err(BadSignatureText::Base58),
        }
    }

    /// Base64url without padding, 86 characters.
    pub fn to_base64url(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Reads base64url without padding; unused bits must be zero, so that a signature has one spelling.
    pub fn from_base64url(text: &str) -> Result<Signature, BadSignatureText> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| BadSignatureText::Base64)?;
        bytes.try_into().map(Signature).map_err(|_| BadSignatureText::Base64)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_base64url())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Signature {
    type Err = BadSignatureText;

    fn from_str(text: &str) -> Result<Signature, BadSignatureText> {
        Signature::from_base64url(text)
    }
}

spelled!(Signature, "64 bytes in base64url without padding");

#[cfg(test)]
mod tests;
