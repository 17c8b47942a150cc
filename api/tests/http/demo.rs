//! A small world on a [`Chain`]: a brand, a factory, a carrier and a retailer, one trade item, one batch of codes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hefu_api::ledger::{Ledger, Outcome, Wait};
use hefu_contracts::{
    action::Action,
    annex::{Annex, Issuance, ListAnnex, Part, ValueAnnex},
    certificate::{Member, Members},
    codes::{batch::KnownTree, derive},
    genesis::{FORMAT_VERSION, Genesis, GenesisKind, Parameters},
    gs1::Epc,
    parties::{Name, Party, PartyKind},
    receipt::Receipt,
    record::{Visibility, draft::Draft},
    register::Depth,
    time::Millis,
};
use hefu_keys::{Hash, SecretKey, canonical, parts, parts::Salt};
use serde_json::{Value, json, value::RawValue};

use crate::chain::Chain;

pub const REFILL: &str = "09528880010021";
pub const PALLET: &str = "https://id.gs1.org/00/395288800300000013";
/// A lot of whose company prefix nobody here is the owner.
pub const LOT: &str = "https://id.gs1.org/01/04012345123456/10/HP-2609B";
pub const BRAND_SITE: &str = "9528880100012";
pub const FACTORY_SITE: &str = "9528880300016";
pub const STORE_SITE: &str = "9528880100029";

const CODES: u64 = 8;

/// The key of a name, the same in every run.
pub fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(*Hash::of(name.as_bytes()).as_bytes())
}

/// What is handed in: a body, and the list and values that its text only commits to.
#[derive(Clone, Debug)]
pub struct Deed {
    pub action: Action,
    pub body: Value,
    pub commissioning: Option<Issuance>,
    pub list: Vec<String>,
    /// By JSON Pointer.
    pub values: BTreeMap<String, Value>,
    pub visibility: Visibility,
}

impl Deed {
    pub fn new(action: Action, body: Value) -> Deed {
        let (list, values) = (Vec::new(), BTreeMap::new());
        Deed { action, body, commissioning: None, list, values, visibility: Visibility::Public }
    }

    pub fn private(mut self) -> Deed {
        self.visibility = Visibility::Parties;
        self
    }
}

/// The world.
pub struct Demo {
    pub chain: Arc<Chain>,
    used: Mutex<BTreeMap<String, u64>>,
}

fn party(id: &str, kind: PartyKind, (en, zh): (&str, &str), gln: &str, prefixes: &[&str]) -> Party {
    Party {
        admin: key(id).address(),
        gln: Some(gln.parse().unwrap()),
        id: id.to_owned(),
        kind,
        name: Name { en: en.to_owned(), zh: zh.to_owned() },
        prefixes: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
    }
}

/// The genesis document.
pub fn genesis() -> Genesis {
    let validator = Member { address: key("validator").address(), party: "corenest".to_owned(), power: 1 };
    Genesis {
        members: Members(vec![validator]),
        name: "hefu-test".to_owned(),
        parameters: Parameters::default(),
        parties: vec![
            party("corenest", PartyKind::Brand, ("CoreNest", "栖芯"), BRAND_SITE, &["952888001"]),
            party("yueling", PartyKind::Factory, ("Yueling FlexMake", "越岭柔造"), FACTORY_SITE, &["952888003"]),
            party("store", PartyKind::Warehouse, ("CoreNest Hangzhou", "栖芯杭州仓"), STORE_SITE, &[]),
        ],
        register_depth: Depth::DEV,
        time: "2026-09-18T02:00:00.000Z".parse().unwrap(),
        kind: GenesisKind::Genesis,
        version: FORMAT_VERSION,
    }
}

fn seed() -> derive::Seed {
    derive::Seed::new(*Hash::of(b"osmanthus").as_bytes())
}

/// The serial number of a code of the batch.
pub fn serial(index: u64) -> String {
    derive::code(&seed(), index).serial
}

/// The canonical identifier of a code of the batch.
pub fn epc(index: u64) -> String {
    Epc::item(&REFILL.parse().unwrap(), &serial(index)).unwrap().as_str().to_owned()
}

/// Where an item is read.
pub fn address(index: u64) -> String {
    format!("/v1/items/{REFILL}/{}", serial(index))
}

fn tree() -> KnownTree {
    let code = |index| derive::code(&seed(), index);
    let leaves = (0..CODES).map(code).map(|code| derive::leaf(&code.serial, &code.claim_key));
    KnownTree::build(CODES, leaves, &[0].into())
}

impl Demo {
    /// Genesis alone.
    pub fn new() -> Demo {
        Demo { chain: Arc::new(Chain::new(genesis(), key("validator"))), used: Mutex::default() }
    }

    /// The catalogue filled, a batch issued, and the factory given authority: one block each.
    pub fn with_codes() -> (Demo, Hash) {
        let demo = Demo::new();
        let name = json!({"en": "Osmanthus refill", "zh": "桂花冷萃内芯"});
        let product = json!({"gtin": REFILL, "kind": "finished", "name": name, "version": 1});
        demo.take("corenest", &Deed::new(Action::ProductPut, product));
        let authority = json!({"prefix": "952888001", "to": "yueling"});
        demo.take("corenest", &Deed::new(Action::AuthorityGrant, authority));
        let issue = json!({"count": CODES, "gtin": REFILL, "maker": "yueling", "root": tree().root()});
        let batch = demo.take("corenest", &Deed::new(Action::CodesIssue, issue)).id;
        (demo, batch)
    }

    /// Items 0 to 3 made; 0 to 2 packed, shipped to the store, received and 0 and 1 unpacked there; 1 sold and used up.
    /// Item 2 is still on the pallet, item 3 at the factory, the others are only codes.
    pub fn with_history() -> Demo {
        let (demo, batch) = Demo::with_codes();
        demo.take("yueling", &demo.commission(batch, 0, 4));
        demo.take("yueling", &demo.nest("ADD", "packing", FACTORY_SITE, &[0, 1, 2]));
        let mut shipping = demo.seen("shipping", "in_transit", FACTORY_SITE, &[PALLET.to_owned()]);
        let to = format!("https://id.gs1.org/417/{STORE_SITE}");
        shipping.body["event"]["destinationList"] = json!([{"type": "possessing_party", "destination": to}]);
        demo.take("yueling", &shipping);
        demo.take("store", &demo.seen("receiving", "in_progress", STORE_SITE, &[PALLET.to_owned()]));
        demo.take("store", &demo.nest("DELETE", "unpacking", STORE_SITE, &[0, 1]));
        let mut end = demo.seen("decommissioning", "inactive", STORE_SITE, &[epc(1)]);
        end.body["event"]["action"] = json!("DELETE");
        demo.take("store", &end);
        demo
    }

    /// Items 0 to 2 made of a lot from elsewhere; 0 and 1 packed, and on their way to the store.
    pub fn with_ancestry() -> Demo {
        let (demo, batch) = Demo::with_codes();
        let mut making = demo.commission(batch, 0, 3);
        let event = making.body["event"].as_object_mut().unwrap();
        event.remove("action");
        event.insert("type".to_owned(), json!("TransformationEvent"));
        event.insert("inputQuantityList".to_owned(), json!([{"epcClass": LOT, "quantity": 480}]));
        demo.take("yueling", &making);
        demo.take("yueling", &demo.nest("ADD", "packing", FACTORY_SITE, &[0, 1]));
        let mut shipping = demo.seen("shipping", "in_transit", FACTORY_SITE, &[PALLET.to_owned()]);
        let to = format!("https://id.gs1.org/417/{STORE_SITE}");
        shipping.body["event"]["destinationList"] = json!([{"type": "possessing_party", "destination": to}]);
        demo.take("yueling", &shipping);
        demo
    }

    /// The next sequence number of a key.
    fn next(&self, author: &str) -> u64 {
        let mut used = self.used.lock().unwrap();
        let next = used.entry(author.to_owned()).or_default();
        *next += 1;
        *next
    }

    /// The submission of a deed, signed by its author.
    pub fn sign(&self, author: &str, deed: &Deed) -> String {
        self.sign_with(author, &[], deed)
    }

    /// The submission of a deed, signed by its author and by others.
    pub fn sign_with(&self, author: &str, others: &[&str], deed: &Deed) -> String {
        let seq = self.next(author);
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&seq.to_le_bytes());
        let salt: Salt = serde_json::from_value(json!("A".repeat(43))).unwrap();
        let mut annex = Annex { commissioning: deed.commissioning.clone(), ..Annex::default() };
        let mut committed = BTreeMap::new();
        if !deed.list.is_empty() {
            let pointer = match deed.body["event"]["type"].as_str() {
                Some("ObjectEvent") => "/body/event/epcList",
                Some("TransformationEvent") => "/body/event/outputEPCList",
                _ => "/body/event/childEPCs",
            };
            let mut elements = deed.list.clone();
            elements.sort();
            let part = parts::list(&salt, &elements).unwrap();
            committed.insert(pointer.to_owned(), Part::List { count: part.count, root: part.root });
            annex.lists.insert(pointer.to_owned(), ListAnnex { elements, salt });
        }
        for (pointer, value) in &deed.values {
            let value = RawValue::from_string(canonical::to_string(value).unwrap()).unwrap();
            let sha256 = parts::value(&salt, value.get()).sha256;
            committed.insert(pointer.clone(), Part::Value { sha256 });
            annex.values.insert(pointer.clone(), ValueAnnex { salt, value });
        }
        let draft = Draft {
            action: deed.action,
            body: deed.body.clone(),
            causes: Vec::new(),
            chain: self.chain.genesis().chain(),
            claimed_at: None,
            drill: false,
            expires: self.chain.now().plus(Millis(3_600_000)),
            nonce,
            parts: committed,
            seq,
            visibility: deed.visibility,
        };
        let keys: Vec<SecretKey> = std::iter::once(&author).chain(others).map(|name| key(name)).collect();
        let record = draft.sign(&keys.iter().collect::<Vec<_>>()).unwrap();
        if annex.lists.is_empty() && annex.values.is_empty() {
            return format!("{{\"record\":{record}}}");
        }
        format!(
            "{{\"annex\":{},\"record\":{record}}}",
            canonical::to_string(&serde_json::to_value(&annex).unwrap()).unwrap()
        )
    }

    /// Hands a deed in and waits for its block.
    #[track_caller]
    pub fn take(&self, author: &str, deed: &Deed) -> Receipt {
        self.take_with(author, &[], deed)
    }

    /// As [`Demo::take`], signed by others as well.
    #[track_caller]
    pub fn take_with(&self, author: &str, others: &[&str], deed: &Deed) -> Receipt {
        let submission = self.sign_with(author, others, deed).into_bytes();
        let outcomes = futures_util::FutureExt::now_or_never(self.chain.submit(vec![submission], Wait::Final));
        match outcomes.unwrap().unwrap().remove(0) {
            Outcome::Taken(receipt) => receipt,
            other @ (Outcome::Known(_) | Outcome::Not { .. }) => panic!("{other:?}"),
        }
    }

    /// An EPCIS event over things, which happens now.
    pub fn event(&self, kind: &str, (action, step): (&str, &str), site: &str, things: &[String]) -> Deed {
        let event = json!({
            "type": kind, "action": action, "bizStep": step, "eventTime": self.chain.now(),
            "eventTimeZoneOffset": "+08:00", "readPoint": {"id": format!("https://id.gs1.org/414/{site}")},
        });
        let cbv = Hash::of(format!("{event}{things:?}").as_bytes());
        let mut deed = Deed::new(Action::EventCapture, json!({"cbv": cbv, "event": event}));
        deed.list = things.to_vec();
        deed
    }

    /// An observation.
    pub fn seen(&self, step: &str, disposition: &str, site: &str, things: &[String]) -> Deed {
        let mut deed = self.event("ObjectEvent", ("OBSERVE", step), site, things);
        deed.body["event"]["disposition"] = json!(disposition);
        deed
    }

    /// Items going into the pallet or out of it.
    pub fn nest(&self, action: &str, step: &str, site: &str, items: &[u64]) -> Deed {
        let things: Vec<String> = items.iter().map(|index| epc(*index)).collect();
        let mut deed = self.event("AggregationEvent", (action, step), site, &things);
        deed.body["event"]["parentID"] = json!(PALLET);
        deed
    }

    /// Items coming into being.
    pub fn commission(&self, batch: Hash, first: u64, count: u64) -> Deed {
        let indices = first..first + count;
        let codes: Vec<_> = indices.clone().map(|index| derive::code(&seed(), index)).collect();
        let keys: Vec<u8> = codes.iter().flat_map(|code| code.claim_key).collect();
        let things: Vec<String> = indices.clone().map(epc).collect();
        let mut deed = self.event("ObjectEvent", ("ADD", "commissioning"), FACTORY_SITE, &things);
        deed.body["commissioning"] = json!({"batch": batch, "ranges": [[first, count]]});
        deed.commissioning = Some(Issuance {
            claim_keys: URL_SAFE_NO_PAD.encode(keys),
            path: tree().prove(&indices.collect()),
            serials: codes.into_iter().map(|code| code.serial).collect(),
        });
        deed
    }
}
