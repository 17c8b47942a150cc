//! Spellings in a proof's records that the views do not keep, because only the check in the browser compares letters.

use std::collections::BTreeMap;

use hefu_contracts::proof::Proof;
use hefu_keys::{Hash, secured};
use serde::Deserialize;

/// Of the records that capture events, by id.
pub(super) type Spellings = BTreeMap<Hash, Spelling>;

/// How a record spells what it says of its event.
#[derive(Clone, Debug, Default)]
pub(super) struct Spelling {
    /// `/body/cbv`, the hash of what the event says.
    pub cbv: Option<String>,
    /// `/body/event/disposition`
    pub disposition: Option<String>,
    pub error: Option<SpeltError>,
}

/// `/body/event/errorDeclaration`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SpeltError {
    pub declaration_time: String,
    pub reason: Option<String>,
}

#[derive(Deserialize)]
struct SpeltRecord {
    body: SpeltBody,
}

#[derive(Deserialize)]
struct SpeltBody {
    cbv: Option<String>,
    event: Option<SpeltEvent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpeltEvent {
    disposition: Option<String>,
    error_declaration: Option<SpeltError>,
}

/// The spellings of a proof's records.
pub(super) fn spellings(proof: &Proof) -> Spellings {
    let spelt = proof.records.iter().filter_map(|proven| {
        let text = proven.record.get();
        let SpeltBody { cbv, event } = serde_json::from_str::<SpeltRecord>(text).ok()?.body;
        let SpeltEvent { disposition, error_declaration: error } = event?;
        Some((secured::read(text).ok()?.id(), Spelling { cbv, disposition, error }))
    });
    spelt.collect()
}
