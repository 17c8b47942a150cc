//! Golden files: an event with the `@context` around it (`.json`), its pre-hash string (`.prehash`, without a line
//! break, so that `sha256sum -c hashes` checks them) and its hash. All but `spellings`, which collects what this reads
//! otherwise than the reference implementation, were found by that implementation as well.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::super::{event_hash, prehash};

const HASHES: &str = include_str!("../../golden/cbv/hashes");

macro_rules! case {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../golden/cbv/", $name, ".json")),
            include_str!(concat!("../../golden/cbv/", $name, ".prehash")),
        )
    };
}

const CASES: [(&str, &str, &str); 7] = [
    case!("aggregation"),
    case!("association"),
    case!("object"),
    case!("sensor"),
    case!("spellings"),
    case!("transaction"),
    case!("transformation"),
];

#[test]
fn every_golden_event_has_its_prehash_and_hash() {
    for (name, document, expected) in CASES {
        let document: BTreeMap<&str, &RawValue> = serde_json::from_str(document).unwrap();
        let contexts = [document["@context"].get()];
        let event = document["event"].get();
        assert_eq!(prehash(event, &contexts).unwrap(), expected, "{name}");
        let line = format!("{}  {name}.prehash\n", event_hash(event, &contexts).unwrap());
        assert!(HASHES.contains(&line), "{line}");
    }
    assert_eq!(HASHES.lines().count(), CASES.len());
}
