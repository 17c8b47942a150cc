//! Addresses: how a key is named to people and in records.

use std::fmt;
use std::str::FromStr;

use sp_core::crypto::{Ss58AddressFormat, Ss58Codec};
use sp_core::ed25519;

use crate::spelled::spelled;

/// The generic SS58 prefix, which belongs to no particular network.
const PREFIX: u16 = 42;

/// The most characters that 35 bytes (prefix, key, checksum) have in base 58. SS58 can also spell a small prefix in
/// two bytes; such a text is longer, and refusing it leaves an address with one spelling.
const TEXT_BYTES_MAX: usize = 48;

/// Base 58 of an Ed25519 multikey: the byte that names the base, then 47 characters at most.
const MULTIKEY_PREFIX: [u8; 2] = [0xed, 0x01];

/// The 32 bytes of an Ed25519 public key, written in SS58 with the generic prefix 42 (`5F…`).
///
/// An address is a name: it may spell bytes that are no usable key. [`PublicKey`](crate::PublicKey) is the checked key.
/// Ordered by its bytes; where texts are sorted, sort by `to_string`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u8; 32]);

/// A text that is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Not base 58, of another length, or with a wrong check sum.
    #[error("not an SS58 address of 32 bytes with a valid check sum")]
    Text,
    /// SS58, but of a particular network.
    #[error("the address has the SS58 prefix {0}, expected {PREFIX}")]
    Prefix(u16),
    /// Not a multikey of an Ed25519 public key.
    #[error("not a multikey of an Ed25519 public key (`z6Mk…`)")]
    Multikey,
}

impl Address {
    /// The address of a key given by its 32 bytes, unchecked.
    pub const fn from_bytes(bytes: [u8; 32]) -> Address {
        Address(bytes)
    }

    /// The bytes of the key.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key as a multikey (`z6Mk…`): multibase base58btc of the multicodec prefix 0xed01 and the key.
    pub fn multikey(&self) -> String {
        let mut bytes = MULTIKEY_PREFIX.to_vec();
        bytes.extend_from_slice(&self.0);
        format!("z{}", bs58::encode(bytes).into_string())
    }

    /// Reads a multikey of an Ed25519 public key. Says nothing about the key itself.
    pub fn from_multikey(text: &str) -> Result<Address, BadAddress> {
        let base58 = text.strip_prefix('z').ok_or(BadAddress::Multikey)?;
        let mut bytes = [0; 34];
        let length = bs58::decode(base58).onto(&mut bytes).map_err(|_| BadAddress::Multikey)?;
        match bytes {
            [0xed, 0x01, key @ ..] if length == bytes.len() => Ok(Address(key)),
            _ => Err(BadAddress::Multikey),
        }
    }

    /// The key as a DID of the method `key`: `did:key:z6Mk…`.
    pub fn did_key(&self) -> String {
        format!("did:key:{}", self.multikey())
    }

    /// How proofs name the key: `did:key:z6Mk…#z6Mk…`.
    pub fn verification_method(&self) -> String {
        let multikey = self.multikey();
        format!("did:key:{multikey}#{multikey}")
    }

    /// Reads a verification method, which must name the same key twice.
    pub fn from_verification_method(text: &str) -> Result<Address, BadAddress> {
        let pair = text.strip_prefix("did:key:").ok_or(BadAddress::Multikey)?;
        match pair.split_once('#') {
            Some((did, fragment)) if did == fragment => Address::from_multikey(did),
            _ => Err(BadAddress::Multikey),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = Ss58AddressFormat::custom(PREFIX);
        f.write_str(&ed25519::Public::from_raw(self.0).to_ss58check_with_version(format))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Address, BadAddress> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(BadAddress::Text);
        }
        let (key, format) = ed25519::Public::from_ss58check_with_version(text).map_err(|_| BadAddress::Text)?;
        match u16::from(format) {
            PREFIX => Ok(Address(key.0)),
            other => Err(BadAddress::Prefix(other)),
        }
    }
}

spelled!(Address, "an SS58 address");

#[cfg(test)]
mod tests;
