//! Derivation: serials and claim codes from a batch's seed.

use hefu_keys::{Hash, SecretKey, merkle};
use hmac::Mac;
use zeroize::Zeroizing;

use crate::mac::keyed;

/// Crockford's base 32: no I, L, O or U, so that a serial can be read out and typed.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of a serial number: 100 bits, and the most that GS1 allows in AI 21 (General Specifications §3.5.2).
pub const SERIAL_CHARS: usize = 20;

/// Characters of a hidden claim code: 80 bits.
pub const CLAIM_CHARS: usize = 16;

/// A batch's seed. Whoever has it knows every code of the batch.
pub type Seed = Zeroizing<[u8; 32]>;

/// Everything about one code.
pub struct CodeSecret {
    /// The code under the scratch layer or in the pack.
    pub claim: Zeroizing<String>,
    /// Public half of the key that the claim code seeds.
    pub claim_key: [u8; 32],
    /// The printed serial number.
    pub serial: String,
}

/// The code at an index of a batch.
pub fn code(seed: &Seed, index: u64) -> CodeSecret {
    let claim = Zeroizing::new(characters(seed, b"claim", index, CLAIM_CHARS));
    CodeSecret { claim_key: claim_key(&claim), claim, serial: characters(seed, b"serial", index, SERIAL_CHARS) }
}

/// Public half of the key that a claim code seeds.
pub fn claim_key(claim: &str) -> [u8; 32] {
    *SecretKey::from_seed(*Hash::of(claim.as_bytes()).as_bytes()).address().as_bytes()
}

/// The leaf of a code: `SHA-256(0x00 ‖ serial ‖ claim key)`.
pub fn leaf(serial: &str, claim_key: &[u8; 32]) -> Hash {
    let mut data = Vec::with_capacity(SERIAL_CHARS.saturating_add(claim_key.len()));
    data.extend_from_slice(serial.as_bytes());
    data.extend_from_slice(claim_key);
    merkle::leaf(&data)
}

/// The first `count` base 32 characters of HMAC-SHA256(seed, label ‖ u64be index).
fn characters(seed: &Seed, label: &[u8], index: u64, count: usize) -> String {
    let mut mac = keyed(seed);
    mac.update(label);
    mac.update(&index.to_be_bytes());
    let digest = Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()));
    let bit = |at: usize| {
        let byte = digest.get(at.checked_shr(3).unwrap_or(0)).copied().unwrap_or(0);
        let shift = 7_usize.saturating_sub(at & 7);
        usize::from(byte.checked_shr(u32::try_from(shift).unwrap_or(0)).unwrap_or(0) & 1)
    };
    (0..count)
        .map(|character| {
            let start = character.saturating_mul(5);
            let value = (start..start.saturating_add(5)).fold(0, |value: usize, at| value.wrapping_shl(1) | bit(at));
            char::from(ALPHABET.get(value).copied().unwrap_or(b'0'))
        })
        .collect()
}
