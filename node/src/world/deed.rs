//! What somebody does, before it is signed.

use std::collections::BTreeMap;

use hefu_contracts::{action::Action, annex::Issuance, time::Millis};
use hefu_keys::Hash;
use serde_json::{Value, json};

use super::{World, key};

/// A record's content, with the lists and values that its text only commits to.
#[derive(Clone, Debug)]
pub struct Deed {
    /// What is done.
    pub action: Action,
    /// With which values.
    pub body: Value,
    /// Lists by JSON Pointer, sorted.
    pub lists: BTreeMap<String, Vec<String>>,
    /// Private values by JSON Pointer.
    pub values: BTreeMap<String, Value>,
    /// That the codes were issued.
    pub commissioning: Option<Issuance>,
    /// Names of keys that sign as well.
    pub also: Vec<String>,
    /// From its making to its expiry.
    pub expires_within: Millis,
    /// Whether only those whom it names may read it.
    pub private: bool,
}

impl Deed {
    /// A deed without detached parts.
    pub fn new(action: Action, body: Value) -> Deed {
        Deed {
            action,
            body,
            lists: BTreeMap::new(),
            values: BTreeMap::new(),
            commissioning: None,
            also: Vec::new(),
            expires_within: Millis(3_600_000),
            private: false,
        }
    }

    /// Another key signs as well.
    pub fn with(mut self, signer: &str) -> Deed {
        self.also.push(signer.to_owned());
        self
    }

    /// Only those whom it names may read it.
    pub fn kept_private(mut self) -> Deed {
        self.private = true;
        self
    }

    /// A trade item enters the catalogue.
    pub fn product(gtin: &str, version: u64) -> Deed {
        let name = json!({"en": "Refill", "zh": "内芯"});
        Deed::new(Action::ProductPut, json!({"gtin": gtin, "kind": "finished", "name": name, "version": version}))
    }

    /// The brand lets a maker do all steps for its first prefix.
    pub fn authority(to: &str) -> Deed {
        Deed::new(Action::AuthorityGrant, json!({"prefix": "952888001", "to": to}))
    }

    /// A key of the author's organisation is allowed to do something, or something else than before.
    pub fn grant(name: &str, roles: &[&str]) -> Deed {
        let grants: Vec<Value> = roles.iter().map(|role| json!({"role": role})).collect();
        Deed::new(Action::KeyGrant, json!({"grants": grants, "key": key(name).address()})).with(name)
    }

    /// A key of the author's organisation is revoked.
    pub fn revoke(name: &str) -> Deed {
        Deed::new(Action::KeyRevoke, json!({"key": key(name).address(), "reason": "lost"}))
    }

    /// An event about things, at the time that the world's clocks show; `step` is a CBV business step.
    pub fn event(world: &World, action: &str, step: &str, things: &[String]) -> Deed {
        let event = json!({
            "type": "ObjectEvent", "action": action, "bizStep": step, "eventTime": world.now,
            "eventTimeZoneOffset": "+08:00",
        });
        let cbv = Hash::of(format!("{event}{things:?}").as_bytes());
        let mut deed = Deed::new(Action::EventCapture, json!({"cbv": cbv, "event": event}));
        let mut things = things.to_vec();
        things.sort();
        deed.lists.insert("/body/event/epcList".to_owned(), things);
        deed
    }

    /// With transactions that only the author's partners may know.
    pub fn with_transactions(mut self) -> Deed {
        let transactions = json!([{"type": "po", "bizTransaction": "urn:example:po:4711"}]);
        self.values.insert("/body/event/bizTransactionList".to_owned(), transactions);
        self
    }
}
