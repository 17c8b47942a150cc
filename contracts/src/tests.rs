//! A small world for rule tests: four organisations, a chain that takes one record a block, and a check after each
//! refusal that nothing has changed.

pub(crate) mod golden;
pub(crate) mod kept;
mod properties;

use std::collections::BTreeMap;

use hefu_keys::{Address, Hash, SecretKey, parts, parts::Salt};
use serde_json::{Value, json};

use crate::{
    action::Action,
    annex::{Annex, Issuance, ListAnnex, Part},
    certificate::{Member, Members},
    codes::{batch::KnownTree, derive},
    execute::{Moment, execute},
    genesis::{FORMAT_VERSION, Genesis, GenesisKind, Parameters},
    gs1::Epc,
    height::Height,
    parties::{Name, Party, PartyKind},
    record::{Visibility, draft::Draft},
    refusal::{Code, Refusal},
    register::Depth,
    row::Row,
    state::{Overlay, Rows, Stop},
    submission::{Submission, Unverified},
    time::{Millis, Time},
};

pub(crate) const REFILL: &str = "09528880010021";
pub(crate) const BOTTLE: &str = "09528880010106";
pub(crate) const NOW: &str = "2026-09-21T08:00:00.000Z";

/// The key of a name, the same in every run.
pub(crate) fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(*Hash::of(name.as_bytes()).as_bytes())
}

pub(crate) fn time(text: &str) -> Time {
    text.parse().unwrap()
}

pub(crate) fn name(en: &str, zh: &str) -> Name {
    Name { en: en.to_owned(), zh: zh.to_owned() }
}

fn party(id: &str, kind: PartyKind, gln: &str, prefixes: &[&str]) -> Party {
    Party {
        admin: key(id).address(),
        gln: Some(gln.parse().unwrap()),
        id: id.to_owned(),
        kind,
        name: name(id, id),
        prefixes: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
    }
}

pub(crate) fn genesis() -> Genesis {
    let validator = Member { address: key("validator").address(), party: "corenest".to_owned(), power: 1 };
    Genesis {
        members: Members(vec![validator]),
        name: "test".to_owned(),
        parameters: Parameters::default(),
        parties: vec![
            party("corenest", PartyKind::Brand, "9528880100012", &["952888001", "952888010"]),
            party("huaxu", PartyKind::Factory, "9528880200019", &["952888020"]),
            party("yueling", PartyKind::Factory, "9528880300016", &["952888030"]),
            party("puyan", PartyKind::Lab, "9528880700014", &[]),
        ],
        register_depth: Depth::DEV,
        time: time("2026-09-01T00:00:00.000Z"),
        kind: GenesisKind::Genesis,
        version: FORMAT_VERSION,
    }
}

/// What a test hands in: a body, and the lists that its text only commits to.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub action: Action,
    pub body: Value,
    pub lists: BTreeMap<String, Vec<String>>,
    pub commissioning: Option<Issuance>,
    pub also: Vec<String>,
    pub visibility: Visibility,
}

impl Deed {
    pub(crate) fn new(action: Action, body: Value) -> Deed {
        Deed {
            action,
            body,
            lists: BTreeMap::new(),
            commissioning: None,
            also: Vec::new(),
            visibility: Visibility::Public,
        }
    }

    /// For its parties alone.
    pub(crate) fn private(mut self) -> Deed {
        self.visibility = Visibility::Parties;
        self
    }

    /// Other keys that sign as well, by name.
    pub(crate) fn with(mut self, signer: &str) -> Deed {
        self.also.push(signer.to_owned());
        self
    }
}

/// A batch of codes whose seed the test knows.
pub(crate) struct Codes {
    pub batch: Hash,
    pub gtin: String,
    pub count: u64,
    seed: derive::Seed,
}

impl Codes {
    /// The canonical identifier of the code at an index.
    pub(crate) fn epc(&self, index: u64) -> String {
        let gtin = self.gtin.parse().unwrap();
        Epc::item(&gtin, &derive::code(&self.seed, index).serial).unwrap().as_str().to_owned()
    }

    fn leaves(&self) -> impl Iterator<Item = Hash> {
        (0..self.count).map(|index| {
            let code = derive::code(&self.seed, index);
            derive::leaf(&code.serial, &code.claim_key)
        })
    }

    pub(crate) fn tree(&self) -> KnownTree {
        KnownTree::build(self.count, self.leaves(), &(0..self.count.div_ceil(1_024)).collect())
    }

    /// The commissioning event of a range of indices.
    pub(crate) fn commission(&self, first: u64, count: u64, place: &str, at: &str) -> Deed {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let indices = first..first + count;
        let codes: Vec<_> = indices.clone().map(|index| derive::code(&self.seed, index)).collect();
        let keys: Vec<u8> = codes.iter().flat_map(|code| code.claim_key).collect();
        let mut deed = event("ObjectEvent", "ADD", "commissioning", place, at, &[]);
        deed.body["commissioning"] = json!({"batch": self.batch, "ranges": [[first, count]]});
        deed.lists.insert("/body/event/epcList".to_owned(), sorted(indices.clone().map(|index| self.epc(index))));
        deed.commissioning = Some(Issuance {
            claim_keys: URL_SAFE_NO_PAD.encode(keys),
            path: self.tree().prove(&indices.collect()),
            serials: codes.into_iter().map(|code| code.serial).collect(),
        });
        deed
    }
}

pub(crate) fn sorted(elements: impl Iterator<Item = String>) -> Vec<String> {
    let mut elements: Vec<String> = elements.collect();
    elements.sort();
    elements
}

/// An EPCIS event over things, with a CBV hash that is unique to its text.
#[expect(clippy::too_many_arguments, reason = "a test's line reads like the event it makes")]
pub(crate) fn event(kind: &str, action: &str, step: &str, place: &str, at: &str, things: &[String]) -> Deed {
    let event = json!({
        "type": kind, "action": action, "bizStep": step, "eventTime": at, "eventTimeZoneOffset": "+08:00",
        "readPoint": {"id": format!("https://id.gs1.org/414/{place}")},
    });
    let pointer = if matches!(kind, "ObjectEvent" | "TransactionEvent") {
        "/body/event/epcList"
    } else {
        "/body/event/childEPCs"
    };
    let cbv = Hash::of(format!("{event}{things:?}").as_bytes());
    let mut deed = Deed::new(Action::EventCapture, json!({"cbv": cbv, "event": event}));
    if !things.is_empty() {
        deed.lists.insert(pointer.to_owned(), sorted(things.iter().cloned()));
    }
    deed
}

/// A transformation of some things into others, at a place, with further fields.
pub(crate) fn transform(place: &str, at: &str, inputs: &[String], outputs: &[String], more: &Value) -> Deed {
    let mut deed = event("TransformationEvent", "", "commissioning", place, at, &[]);
    let members = deed.body["event"].as_object_mut().unwrap();
    members.remove("action");
    members.extend(more.as_object().unwrap().clone());
    for (list, things) in [("/body/event/inputEPCList", inputs), ("/body/event/outputEPCList", outputs)] {
        if !things.is_empty() {
            deed.lists.insert(list.to_owned(), sorted(things.iter().cloned()));
        }
    }
    let text = format!("{}{inputs:?}{outputs:?}", deed.body["event"]);
    deed.body["cbv"] = json!(Hash::of(text.as_bytes()));
    deed
}

/// The chain and its state.
pub(crate) struct World {
    pub chain: Hash,
    pub rows: Rows,
    pub entries: BTreeMap<(String, u64), String>,
    pub height: Height,
    pub time: Time,
    pub seq: BTreeMap<Address, u64>,
    pub submissions: BTreeMap<Hash, Submission>,
    nonce: u64,
}

impl World {
    pub(crate) fn new() -> World {
        let genesis = genesis();
        World {
            chain: genesis.chain(),
            rows: genesis.rows().unwrap(),
            entries: BTreeMap::new(),
            height: Height::GENESIS,
            time: time(NOW),
            seq: BTreeMap::new(),
            submissions: BTreeMap::new(),
            nonce: 0,
        }
    }

    /// A world in which CoreNest has both items in its catalogue, a batch of 12 refills and one of 8 bottles, and has
    /// given the makers and the lab authority.
    pub(crate) fn with_codes() -> (World, Codes, Codes) {
        let mut world = World::new();
        for (gtin, en, zh) in [(REFILL, "Osmanthus refill", "桂花内芯"), (BOTTLE, "Bottle", "万能瓶")] {
            let body = json!({"gtin": gtin, "kind": "finished", "name": {"en": en, "zh": zh}, "version": 1});
            world.take("corenest", &Deed::new(Action::ProductPut, body)).unwrap();
        }
        for (to, steps) in [
            ("yueling", json!(["commissioning", "shipping"])),
            ("huaxu", json!(["commissioning"])),
            ("puyan", json!(["inspecting"])),
        ] {
            let body = json!({"bizSteps": steps, "prefix": "952888001", "to": to});
            world.take("corenest", &Deed::new(Action::AuthorityGrant, body)).unwrap();
        }
        let refills = world.issue(REFILL, 12, Some("yueling"));
        let bottles = world.issue(BOTTLE, 8, None);
        (world, refills, bottles)
    }

    pub(crate) fn issue(&mut self, gtin: &str, count: u64, maker: Option<&str>) -> Codes {
        let seed = derive::Seed::new(*Hash::of(gtin.as_bytes()).as_bytes());
        let mut codes = Codes { batch: Hash::ZERO, gtin: gtin.to_owned(), count, seed };
        let mut body = json!({"count": count, "gtin": gtin, "root": codes.tree().root()});
        if let Some(maker) = maker {
            body["maker"] = json!(maker);
        }
        codes.batch = self.take("corenest", &Deed::new(Action::CodesIssue, body)).unwrap();
        codes
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment { chain: self.chain, height: self.height.next(), time: self.time }
    }

    /// The submission of a deed, signed by its author and whoever else it names.
    pub(crate) fn sign(&mut self, author: &str, deed: &Deed) -> Submission {
        let next = self.seq.get(&key(author).address()).copied().unwrap_or(0) + 1;
        let mut draft = self.draft(deed, next);
        self.seal(author, deed, &mut draft)
    }

    pub(crate) fn draft(&mut self, deed: &Deed, seq: u64) -> Draft {
        self.nonce += 1;
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.nonce.to_le_bytes());
        Draft {
            action: deed.action,
            body: deed.body.clone(),
            causes: Vec::new(),
            chain: self.chain,
            claimed_at: None,
            drill: false,
            expires: self.time.plus(Millis(3_600_000)),
            nonce,
            parts: BTreeMap::new(),
            seq,
            visibility: deed.visibility,
        }
    }

    pub(crate) fn seal(&mut self, author: &str, deed: &Deed, draft: &mut Draft) -> Submission {
        let salt: Salt = serde_json::from_value(json!("A".repeat(43))).unwrap();
        let mut annex = Annex { commissioning: deed.commissioning.clone(), ..Annex::default() };
        for (pointer, elements) in &deed.lists {
            let part = parts::list(&salt, elements).unwrap();
            draft.parts.insert(pointer.clone(), Part::List { count: part.count, root: part.root });
            annex.lists.insert(pointer.clone(), ListAnnex { elements: elements.clone(), salt });
        }
        let keys: Vec<SecretKey> = {
            let others = deed.also.iter().filter(|also| *also != author);
            std::iter::once(key(author)).chain(others.map(|also| key(also))).collect()
        };
        let record = draft.sign(&keys.iter().collect::<Vec<_>>()).unwrap();
        let empty = annex.lists.is_empty() && annex.commissioning.is_none();
        let annex = if empty { String::new() } else { format!("\"annex\":{},", crate::canonical_text(&annex)) };
        let text = format!("{{{annex}\"record\":{record}}}");
        Unverified::read(text.as_bytes()).unwrap().verify().unwrap()
    }

    /// Executes a submission in a block of its own. A refused one changes nothing.
    pub(crate) fn execute(&mut self, submission: &Submission) -> Result<Hash, Refusal> {
        let moment = self.moment();
        let mut overlay = Overlay::new(&self.rows);
        match execute(&mut overlay, &moment, submission) {
            Ok(()) => {}
            Err(Stop::Refused(refusal)) => {
                assert!(overlay.is_empty(), "a refused record has changed rows");
                return Err(refusal);
            }
            Err(Stop::Fault(fault)) => panic!("{fault}"),
        }
        let changes = overlay.into_changes();
        for row in changes.rows.values() {
            assert_eq!(Row::read(&row.text()).unwrap(), **row, "a row does not survive its text");
        }
        self.rows.extend(changes.rows);
        self.entries.extend(changes.entries);
        self.height = self.height.next();
        *self.seq.entry(submission.record().signers[0]).or_default() = submission.record().seq;
        self.submissions.insert(submission.id(), submission.clone());
        Ok(submission.id())
    }

    /// Signs and executes.
    pub(crate) fn take(&mut self, author: &str, deed: &Deed) -> Result<Hash, Refusal> {
        let submission = self.sign(author, deed);
        self.execute(&submission)
    }

    /// That a deed is refused with this code, naming this record.
    #[track_caller]
    pub(crate) fn refuses(&mut self, author: &str, deed: &Deed, code: Code, conflict: Option<Hash>) {
        let refusal = self.take(author, deed).expect_err("was accepted");
        assert_eq!((refusal.code, refusal.conflict), (code, conflict), "{refusal}");
    }
}
