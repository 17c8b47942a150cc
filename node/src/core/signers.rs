//! Keys that have signed lately. Taking a key up from its 32 bytes costs a fifth of what a verification does, and most
//! records are signed by keys that have signed others.

use std::{
    collections::HashMap,
    sync::{LazyLock, PoisonError, RwLock},
};

use hefu_keys::{Address, BadKey, PublicKey};

/// Keys that are kept; each takes some 250 bytes.
const KEPT_MAX: usize = 16_384;

/// What 32 bytes are as a key depends on nothing else, so all of a process share them.
static KEPT: LazyLock<RwLock<HashMap<Address, PublicKey>>> = LazyLock::new(RwLock::default);

/// As [`PublicKey::registered`].
///
/// # Errors
/// As [`PublicKey::registered`].
pub(super) fn key(address: &Address) -> Result<PublicKey, BadKey> {
    if let Some(key) = KEPT.read().unwrap_or_else(PoisonError::into_inner).get(address) {
        return Ok(*key);
    }
    let key = PublicKey::registered(address)?;
    let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
    // Whoever makes up keys empties it at most, which costs everybody one taking up.
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
    kept.insert(*address, key);
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_key_is_the_key_and_what_is_none_is_never_kept() {
        let signer = hefu_keys::SecretKey::from_seed([3; 32]).public();
        for _ in 0..2 {
            assert_eq!(key(&signer.address()).unwrap(), signer);
            assert_eq!(key(&Address::from_bytes([0; 32])), PublicKey::registered(&Address::from_bytes([0; 32])));
        }
    }
}
