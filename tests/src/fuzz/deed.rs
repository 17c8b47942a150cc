//! What somebody does, before it is signed, and the signing of it in the name of whoever it names.

use std::{collections::BTreeMap, sync::LazyLock};

use hefu_contracts::annex::Issuance;
use hefu_keys::{
    Address, Hash, SecretKey, canonical,
    parts::{self, Salt},
    secured,
};
use serde_json::{Value, json};

/// Everybody who signs in the golden files, and one who joins.
const NAMES: [&str; 7] = ["corenest", "guixiu", "huaxu", "puyan", "scanner", "validator", "yueling"];

static KEYS: LazyLock<BTreeMap<Address, SecretKey>> =
    LazyLock::new(|| NAMES.into_iter().map(key).map(|key| (key.address(), key)).collect());

/// The key of a name, as the golden files have it.
pub(super) fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(*Hash::of(name.as_bytes()).as_bytes())
}

/// A deed: author, action and body, and what its text will only commit to.
pub(super) struct Deed {
    pub author: &'static str,
    also: Vec<&'static str>,
    action: &'static str,
    body: Value,
    lists: BTreeMap<&'static str, Vec<String>>,
    values: BTreeMap<&'static str, Value>,
    commissioning: Option<Issuance>,
    private: bool,
}

impl Deed {
    pub(super) fn new(author: &'static str, action: &'static str, body: Value) -> Deed {
        Deed {
            author,
            also: Vec::new(),
            action,
            body,
            lists: BTreeMap::new(),
            values: BTreeMap::new(),
            commissioning: None,
            private: false,
        }
    }

    /// An EPCIS event over things: `what` are its fields beside those that every event has.
    pub(super) fn event(author: &'static str, place: &str, at: &str, what: Value, things: &[String]) -> Deed {
        let mut event = what;
        event["eventTime"] = json!(format!("2026-09-21T{at}:00.000+08:00"));
        event["eventTimeZoneOffset"] = json!("+08:00");
        event["readPoint"] = json!({"id": format!("https://id.gs1.org/414/{place}")});
        let list = if event["type"] == "ObjectEvent" { "/body/event/epcList" } else { "/body/event/childEPCs" };
        let cbv = Hash::of(event.to_string().as_bytes());
        let mut deed = Deed::new(author, "event.capture", json!({"cbv": cbv, "event": event}));
        if !things.is_empty() {
            let mut things = things.to_vec();
            things.sort();
            deed.lists.insert(list, things);
        }
        deed
    }

    /// Another key signs as well.
    pub(super) fn with(mut self, name: &'static str) -> Deed {
        self.also.push(name);
        self
    }

    /// With a value that travels detached.
    pub(super) fn hiding(mut self, pointer: &'static str, value: Value) -> Deed {
        self.values.insert(pointer, value);
        self
    }

    /// For its parties alone.
    pub(super) fn private(mut self) -> Deed {
        self.private = true;
        self
    }

    /// Codes come into being.
    pub(super) fn commissioning(mut self, batch: &Hash, ranges: &[(u64, u64)], issuance: Issuance) -> Deed {
        self.body["commissioning"] = json!({"batch": batch, "ranges": ranges});
        self.commissioning = Some(issuance);
        self
    }

    /// The submission before commitments and proof.
    pub(super) fn unsigned(&self, chain: &Hash, expires: &str, seq: u64) -> Value {
        let mut signers: Vec<String> = self.also.iter().map(|name| key(name).address().to_string()).collect();
        signers.sort();
        signers.insert(0, key(self.author).address().to_string());
        let mut record = json!({
            "@context": secured::CONTEXT, "action": self.action, "body": self.body, "chain": chain, "expires": expires,
            "nonce": "A".repeat(22), "seq": seq, "signers": signers,
        });
        if self.private {
            record["visibility"] = json!("parties");
        }
        let salt = Salt::from_bytes(*Hash::of(&seq.to_be_bytes()).as_bytes());
        let mut annex = json!({});
        for (pointer, elements) in &self.lists {
            annex["lists"][pointer] = json!({"elements": elements, "salt": salt});
        }
        for (pointer, value) in &self.values {
            annex["values"][pointer] = json!({"salt": salt, "value": value});
        }
        if let Some(commissioning) = &self.commissioning {
            annex["commissioning"] = json!(commissioning);
        }
        if annex == json!({}) { json!({"record": record}) } else { json!({"annex": annex, "record": record}) }
    }
}

/// The submission with commitments to its annex, signed by every signer it names; a proof that is there is replaced.
/// `None` where it cannot be signed, or names somebody whose key nobody here has.
pub(super) fn sign(unsigned: &Value) -> Option<String> {
    let mut record = unsigned.get("record")?.clone();
    record.as_object_mut()?.remove("proof");
    let annex = unsigned.get("annex");
    for (pointer, part) in annex.into_iter().flat_map(commitments) {
        record.as_object_mut()?.entry("parts").or_insert_with(|| json!({})).as_object_mut()?.insert(pointer, part);
    }
    let signers = record.get("signers")?.as_array()?.iter();
    let keys: Option<Vec<&SecretKey>> =
        signers.map(|signer| KEYS.get(&signer.as_str()?.parse::<Address>().ok()?)).collect();
    let record = secured::sign(&record, &keys?, None).ok()?;
    let annex = annex.map(canonical::to_string).transpose().ok()?;
    let annex = annex.map(|annex| format!("\"annex\":{annex},")).unwrap_or_default();
    Some(format!("{{{annex}\"record\":{record}}}"))
}

/// What a record must commit to, as far as the annex has the right form.
fn commitments(annex: &Value) -> Vec<(String, Value)> {
    let parts_of = |kind: &str| annex.get(kind).and_then(Value::as_object).into_iter().flatten();
    let salt = |part: &Value| part.get("salt")?.as_str()?.parse::<Salt>().ok();
    let list = |part: &Value| {
        let elements: Vec<String> = serde_json::from_value(part.get("elements")?.clone()).ok()?;
        parts::list(&salt(part)?, &elements).ok().map(|part| json!(part))
    };
    let value = |part: &Value| {
        let text = canonical::to_string(part.get("value")?).ok()?;
        Some(json!(parts::value(&salt(part)?, &text)))
    };
    let lists = parts_of("lists").filter_map(|(pointer, part)| Some((pointer.clone(), list(part)?)));
    let values = parts_of("values").filter_map(|(pointer, part)| Some((pointer.clone(), value(part)?)));
    lists.chain(values).collect()
}
