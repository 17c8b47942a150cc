//! The annex: what travels beside a record because its signed text only commits to it.

use std::collections::BTreeMap;

use hefu_keys::{Hash, parts::Salt};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::exact;

/// Largest annex in bytes.
pub const ANNEX_BYTES_MAX: usize = 1 << 20;

/// Most elements over all lists of one record.
pub const ELEMENTS_MAX: usize = 5_000;

/// Lists, private values and proofs of issuance, by JSON Pointer into the record.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annex {
    /// That the commissioned serials were issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commissioning: Option<Issuance>,
    /// Lists of identifiers that the rules read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", serialize_with = "exact::in_order")]
    pub lists: BTreeMap<String, ListAnnex>,
    /// Values that no rule reads: they may be erased everywhere and the chain still re-executes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", serialize_with = "exact::in_order")]
    pub values: BTreeMap<String, ValueAnnex>,
}

/// A list's elements, sorted and unique, and the salt that hides them behind the list's root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListAnnex {
    /// Canonical Digital Links in the order of their bytes.
    pub elements: Vec<String>,
    /// 32 random bytes.
    pub salt: Salt,
}

/// A private value and the salt that hides it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueAnnex {
    /// 32 random bytes.
    pub salt: Salt,
    /// The canonical JSON of the value.
    pub value: Box<RawValue>,
}

/// Proof that the commissioned serials stand in an issued batch: the leaves' contents in the order of their indices and
/// the hashes of everything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Issuance {
    /// The claim keys, 32 bytes each, base64url.
    pub claim_keys: String,
    /// The hashes of the subtrees without a commissioned code, base64url.
    pub path: String,
    /// The serials.
    pub serials: Vec<String>,
}

/// The commitment in a record's `parts`: to a list or to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Part {
    /// A list.
    List {
        /// Number of elements.
        count: u64,
        /// Merkle root over the salted elements.
        root: Hash,
    },
    /// A value.
    Value {
        /// Salted hash of the canonical value.
        sha256: Hash,
    },
}
