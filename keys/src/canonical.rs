//! Canonical JSON (RFC 8785, JCS): the only form in which anything is hashed or signed.
//!
//! What this project writes goes through [`to_string`]. What others submit is never written again: [`check`] refuses
//! bytes that are not already canonical, and the cuts ([`member`], [`without`], [`members`]) hand out slices of them.

mod cut;
mod number;
mod plain;
mod scan;

use serde::Serialize;

pub use cut::{Elements, Member, Members, elements, member, members, same_text, without};
pub use scan::{DEPTH_MAX, NotCanonical, Reason, check};

/// Writes `value` canonically.
///
/// Numbers are written as ECMAScript writes doubles: integers beyond 2^53 change. Types that can hold such numbers
/// spell them as strings. Fails for NaN, infinities, and maps whose keys are not distinct strings; serde's `flatten` is
/// not supported.
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    // The writer takes sized values only, and a reference to any value is one.
    serde_json_canonicalizer::to_string(&value)
}

#[cfg(test)]
mod tests;
