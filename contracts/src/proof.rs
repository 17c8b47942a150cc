//! Proof files: everything a stranger needs to check what a row says and that nothing of its history is missing.
//!
//! A proof carries genesis, a certified header, the rows with their paths to the header's register, the chains of
//! entries, and the signed records with only those list elements disclosed that belong to the subject. It needs
//! nothing from whoever serves it: [`Proof::check`] asks only for the genesis hash that the reader trusts.

pub mod build;
pub mod check;
mod history;
mod origins;
pub mod trust;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use hefu_keys::{Hash, parts::Disclosed};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{block::Header, certificate::Certificate, entry::Entry, genesis::Genesis, register::Multiproof};

pub use check::{Broken, Step, Story, What};

/// Media type of a proof file.
pub const MEDIA_TYPE: &str = "application/vnd.hefu.proof+json";

/// Largest proof file in bytes that a verifier reads.
pub const PROOF_BYTES_MAX: usize = 16 << 20;

/// Version of the proof format.
pub const PROOF_VERSION: u32 = 1;

/// A proof file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The certificate of the header.
    pub certificate: Certificate,
    /// The chain's genesis document.
    pub genesis: Genesis,
    /// The newest certified header.
    pub header: Header,
    /// Chains of entries: the subject's from its beginning, those of what enclosed it for as long as it did.
    pub histories: Vec<History>,
    /// The records that the entries name.
    pub records: Vec<ProvenRecord>,
    /// That the rows stand under the header's register, and that neither an absent subject does nor a row in which a recall
    /// that holds for it would be marked.
    pub register: Multiproof,
    /// The rows: the subject's, those of its histories, what explains them, and what says whether a recall holds for it.
    pub rows: Vec<Box<RawValue>>,
    /// The header of an earlier block that the reader knows already, where it was asked for; only
    /// [`Proof::check_trust`] makes anything of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Header>,
    /// Key of the row that the proof is about.
    pub subject: String,
    /// Always `proof`.
    #[serde(rename = "type")]
    pub kind: ProofKind,
    /// Version of the format.
    pub version: u32,
}

/// The word `proof`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProofKind {
    /// The only kind.
    #[default]
    Proof,
}

/// A stretch of a row's chain of entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Number of entries before the stretch.
    pub after: u64,
    /// The entries.
    pub entries: Vec<Entry>,
    /// Head of the chain before the stretch.
    pub head: Hash,
    /// The row.
    pub key: String,
}

/// A record with the list elements that the proof needs, by JSON Pointer of their list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenRecord {
    /// The disclosed elements.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub disclosed: BTreeMap<String, Vec<Disclosed>>,
    /// The signed document.
    pub record: Box<RawValue>,
}

impl Proof {
    /// The file's text, canonical JSON.
    ///
    /// # Errors
    /// From the JSON writer.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}
