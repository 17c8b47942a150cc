//! The ledger's language and rules.
//!
//! Everything two validators must agree on bit by bit stands here: records and blocks, the register of rows and its
//! proofs, and [`execute`], a pure function from a state and a record to changed rows or a refusal. The crate does no
//! I/O, reads no clock, draws no randomness, uses no floats and does not log.
#![warn(missing_docs)]
#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::allow_attributes,
        clippy::wildcard_enum_match_arm,
        reason = "tests compute with small known numbers"
    )
)]

pub mod access;
pub mod action;
pub mod agreements;
pub mod annex;
pub mod audience;
pub mod block;
pub mod catalogue;
pub mod cbv;
pub mod certificate;
pub mod codes;
pub mod entry;
pub mod exact;
pub mod execute;
pub mod genesis;
pub mod gs1;
pub mod height;
mod mac;
pub mod parties;
mod pointer;
pub mod proof;
pub mod provenance;
pub mod raw;
pub mod receipt;
pub mod record;
pub mod refusal;
pub mod register;
pub mod row;
pub mod schema;
pub mod settlement;
pub mod shared;
pub mod state;
pub mod submission;
pub mod time;
pub mod validators;
pub mod votes;

/// Writes a type of ours as canonical JSON.
///
/// Its structs declare their fields in canonical order and hold no floats, so that serde's own writer, ten times
/// faster than sorting again, yields RFC 8785; every golden file checks that it does.
pub(crate) fn canonical_text<T: serde::Serialize + ?Sized>(value: &T) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    debug_assert!(hefu_keys::canonical::check(text.as_bytes()).is_ok(), "not canonical: {text}");
    text
}

#[cfg(test)]
mod tests;
