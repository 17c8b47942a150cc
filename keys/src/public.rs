//! Public keys, and the one rule by which a signature is valid.
//!
//! The rule is strict Ed25519 verification (RFC 8032 without cofactor, s < L, no small-order R or key). The permissive
//! rule of ZIP-215 would accept signatures that browsers refuse: a signer could make a document that the ledger calls
//! valid and a reader's own machine calls forged.

use curve25519_dalek::edwards::CompressedEdwardsY;
use ed25519_dalek::VerifyingKey;

use crate::{Address, BadAddress, Signature};

/// A usable Ed25519 public key: canonically encoded, on the curve, not of small order.
///
/// `TryFrom<&Address>` is the check for a key that is *new* (registration, genesis, configuration): it also refuses
/// keys with a torsion component. That takes a full scalar multiplication, as long as a verification, so a key whose
/// registration was checked is taken up again with [`PublicKey::registered`], which leaves only this step out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Why 32 bytes are not a usable key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// The y coordinate is not reduced modulo 2^255 − 19.
    #[error("the key is not canonically encoded")]
    NotCanonical,
    /// No point of the curve has this encoding.
    #[error("the key is not a point of the curve")]
    NotAPoint,
    /// One of the eight points under which a signature can be valid for many messages.
    #[error("the key has small order")]
    SmallOrder,
    /// The point is a proper key plus a point of small order.
    #[error("the key has a torsion component")]
    Torsion,
    /// The text is not a multikey.
    #[error(transparent)]
    Text(#[from] BadAddress),
}

/// A signature that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not valid")]
pub struct BadSignature;

impl PublicKey {
    /// A key whose registration was checked before, or whose owner is about to prove himself by a signature alone: all
    /// checks but the one for torsion. Strict verification treats a torsioned key like every other verifier does; it
    /// is refused at registration so that nobody holds two spellings of one secret.
    pub fn registered(address: &Address) -> Result<PublicKey, BadKey> {
        if !is_canonical(address.as_bytes()) {
            return Err(BadKey::NotCanonical);
        }
        let key = VerifyingKey::from_bytes(address.as_bytes()).map_err(|_| BadKey::NotAPoint)?;
        if key.is_weak() {
            return Err(BadKey::SmallOrder);
        }
        Ok(PublicKey(key))
    }

    /// The key of a multikey text (`z6Mk…`), fully checked.
    pub fn from_multikey(text: &str) -> Result<PublicKey, BadKey> {
        PublicKey::try_from(&Address::from_multikey(text)?)
    }

    /// The key's address.
    pub fn address(&self) -> Address {
        Address::from_bytes(self.0.to_bytes())
    }

    /// `z6Mk…`, see [`Address::multikey`].
    pub fn multikey(&self) -> String {
        self.address().multikey()
    }

    /// `did:key:z6Mk…`.
    pub fn did_key(&self) -> String {
        self.address().did_key()
    }

    /// `did:key:z6Mk…#z6Mk…`, the form proofs name a key in.
    pub fn verification_method(&self) -> String {
        self.address().verification_method()
    }

    /// Whether `signature` is this key's over `message`, by the strict rule.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
        self.0.verify_strict(message, &signature).map_err(|_| BadSignature)
    }

    pub(crate) fn of_secret(key: VerifyingKey) -> PublicKey {
        PublicKey(key)
    }
}

impl TryFrom<&Address> for PublicKey {
    type Error = BadKey;

    fn try_from(address: &Address) -> Result<PublicKey, BadKey> {
        let key = PublicKey::registered(address)?;
        let point = CompressedEdwardsY(*address.as_bytes()).decompress().ok_or(BadKey::NotAPoint)?;
        if point.is_torsion_free() { Ok(key) } else { Err(BadKey::Torsion) }
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.address(), f)
    }
}

/// Whether the y coordinate, without the sign bit, is below 2^255 − 19. The other non-canonical encodings, x = 0 with
/// the sign bit set, are of small order and refused as such.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    *low < 0xed || high & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff)
}

#[cfg(test)]
mod tests;
