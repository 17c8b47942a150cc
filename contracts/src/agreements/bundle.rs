//! Statement bundles: everything a party needs to check, offline, what a statement says and that nothing is missing.
//!
//! A bundle holds a certified header, the rows of the statement and of the one before, the account's chain of entries
//! from the first day of the contract to the statement's end, and the signed term sheets. Whoever reads it follows the
//! chain of heads, applies every event to the terms, and compares what was posted with what comes out. The chain is
//! whole, not from the last statement on: what a refund takes back depends on what was sold before, and a state between
//! two statements would have to be believed.
//!
//! A full bundle also holds the signed facts behind the entries, each with the contract's own share of its line alone.

mod build;
mod check;
mod facts;
mod movements;
mod replay;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::proof::{History, Proof, ProvenRecord};

pub use build::{Which, build};
pub use check::Proven;
pub use movements::Movement;

/// Media type of a bundle.
pub const MEDIA_TYPE: &str = "application/vnd.hefu.statement+json";

/// Largest bundle in bytes that a verifier reads: some hundred thousand lines.
pub const BUNDLE_BYTES_MAX: usize = 512 << 20;

/// Version of the format.
pub const BUNDLE_VERSION: u32 = 1;

/// A statement bundle.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// The facts behind the entries, in a full bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
    /// Header, certificate, rows and entries, whose subject is the statement's row; its records are the term sheets, in
    /// the order of their versions.
    pub proof: Proof,
    /// Always `statement`.
    #[serde(rename = "type")]
    pub kind: BundleKind,
    /// Version of the format.
    pub version: u32,
}

/// The signed facts behind an account's entries. Rows of feeds, and of keys that signed what no feed reports, are
/// among those of the proof.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Histories of the feeds that reported them: which key each had when.
    pub feeds: Vec<History>,
    /// The records that set the feeds' keys and those that report facts, in no particular order.
    pub records: Vec<ProvenRecord>,
}

/// How much a bundle holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// What the arithmetic needs.
    #[default]
    Plain,
    /// The signed facts behind the entries too: some ten times as much.
    Full,
}

/// The word `statement`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BundleKind {
    /// The only kind.
    #[default]
    Statement,
}

impl Bundle {
    /// The file's text, canonical JSON.
    ///
    /// # Errors
    /// From the JSON writer.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}
