//! Secret keys: made at random, from a seed or from a phrase; never printed, wiped when dropped.

use std::fmt;

use ed25519_dalek::{Signer, SigningKey};
use sp_core::Pair;
use sp_core::crypto::DeriveJunction;
use zeroize::{Zeroize, Zeroizing};

use crate::{Address, PublicKey, Signature};

/// The multicodec prefix of an Ed25519 private key.
const SECRET_MULTIKEY_PREFIX: [u8; 2] = [0x80, 0x26];

/// The most steps of a derivation path; each is one hash.
pub const PATH_STEPS_MAX: usize = 16;

/// An Ed25519 secret key. Its memory is wiped when it is dropped, and `Debug` shows its address only.
pub struct SecretKey(SigningKey);

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

/// Why a secret cannot be read. The sentences never repeat what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// Not 12, 15, 18, 21 or 24 English words of BIP-39 with a valid check sum.
    #[error("not a BIP-39 phrase: 12 to 24 English words, the last of which is a check")]
    Phrase,
    /// A soft step; Ed25519 has hard derivation only.
    #[error("the path has a soft step `/…`, only hard steps `//…` exist for Ed25519")]
    SoftStep,
    /// Anything else that is not a sequence of `//step`.
    #[error("a path is a sequence of hard steps, as in `//sensor//1`")]
    Path,
    /// More than [`PATH_STEPS_MAX`] steps.
    #[error("the path has {0} steps, at most {PATH_STEPS_MAX} are accepted")]
    PathLength(usize),
    /// Not a multikey of an Ed25519 private key.
    #[error("not a multikey of an Ed25519 private key (`z3u2…`)")]
    Multikey,
}

impl SecretKey {
    /// A new key from the operating system's randomness.
    pub fn generate() -> Result<SecretKey, NoRandomness> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(|_| NoRandomness)?;
        Ok(SecretKey(SigningKey::from_bytes(&seed)))
    }

    /// The key of a 32-byte seed (RFC 8032's private key).
    pub fn from_seed(mut seed: [u8; 32]) -> SecretKey {
        let key = SigningKey::from_bytes(&seed);
        seed.zeroize();
        SecretKey(key)
    }

    /// The key of a BIP-39 `phrase`, an optional `password` and a `path` of hard steps, empty or as in `//sensor//1`.
    ///
    /// Derives as Substrate's wallets do, so a phrase gives the same key there and here. Steps that are decimal
    /// numbers are numbers, others are text. What this crate holds is wiped; `sp-core` keeps its own key pairs on the
    /// stack until they are overwritten.
    pub fn from_phrase(phrase: &str, path: &str, password: Option<&str>) -> Result<SecretKey, BadSecret> {
        let steps = hard_steps(path)?;
        let (root, mut root_seed) =
            sp_core::ed25519::Pair::from_phrase(phrase, password).map_err(|_| BadSecret::Phrase)?;
        root_seed.zeroize();
        let (derived, seed) = root.derive(steps.into_iter(), None).map_err(|_| BadSecret::SoftStep)?;
        if let Some(mut seed) = seed {
            seed.zeroize();
        }
        Ok(SecretKey::from_seed(derived.seed()))
    }

    /// Reads a private multikey (`z3u2…`).
    pub fn from_multikey(text: &str) -> Result<SecretKey, BadSecret> {
        let base58 = text.strip_prefix('z').ok_or(BadSecret::Multikey)?;
        let mut bytes = Zeroizing::new([0; 34]);
        let length = bs58::decode(base58).onto(bytes.as_mut_slice()).map_err(|_| BadSecret::Multikey)?;
        match &*bytes {
            [0x80, 0x26, seed @ ..] if length == bytes.len() => Ok(SecretKey(SigningKey::from_bytes(seed))),
            _ => Err(BadSecret::Multikey),
        }
    }

    /// The secret itself as a private multikey (`z3u2…`), for files that keep it encrypted and for backups.
    pub fn expose_multikey(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(SECRET_MULTIKEY_PREFIX.to_vec());
        bytes.extend_from_slice(self.expose_seed().as_ref());
        let base58 = Zeroizing::new(bs58::encode(bytes.as_slice()).into_string());
        Zeroizing::new(format!("z{}", base58.as_str()))
    }

    /// The secret itself as a seed, for libraries that want the same key.
    pub fn expose_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// Signs `message`, deterministically (RFC 8032).
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature::from_bytes(self.0.sign(message).to_bytes())
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::of_secret(self.0.verifying_key())
    }

    /// The address of the public half.
    pub fn address(&self) -> Address {
        Address::from_bytes(self.0.verifying_key().to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.address())
    }
}

fn hard_steps(path: &str) -> Result<Vec<DeriveJunction>, BadSecret> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let mut steps = path.split("//");
    match steps.next() {
        Some("") => {}
        Some(text) if text.starts_with('/') => return Err(BadSecret::SoftStep),
        Some(_) | None => return Err(BadSecret::Path),
    }
    let steps: Vec<&str> = steps.collect();
    if steps.len() > PATH_STEPS_MAX {
        return Err(BadSecret::PathLength(steps.len()));
    }
    if steps.iter().any(|step| step.is_empty() || step.starts_with('/')) {
        return Err(BadSecret::Path);
    }
    if steps.iter().any(|step| step.contains('/')) {
        return Err(BadSecret::SoftStep);
    }
    Ok(steps.into_iter().map(|step| DeriveJunction::from(step).harden()).collect())
}

#[cfg(test)]
mod tests;
