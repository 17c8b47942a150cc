//! What this machine pays for a signature, which benchmarks print beside their figures.

use std::time::Instant;

use anyhow::Result;
use hefu_keys::SecretKey;

/// Seconds of one strict verification of 64 bytes, key from bytes: the least of some rounds, since others may be at work
/// here.
///
/// # Errors
/// None that occurs: the signature holds.
pub fn verification() -> Result<f64> {
    const TIMES: u32 = 2_000;
    let key = SecretKey::from_seed([1; 32]);
    let (message, public) = ([7; 64], key.public());
    let signature = key.sign(&message);
    let mut least = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..TIMES {
            public.verify(std::hint::black_box(&message), &signature)?;
        }
        least = least.min(start.elapsed().as_secs_f64() / f64::from(TIMES));
    }
    Ok(least)
}
