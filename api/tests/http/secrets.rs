//! A world with secrets: three records that are not, or not wholly, for everybody, with a marker in each part of each,
//! and everybody who may try to read them.
//!
//! The explorer's tests walk its pages through the same world.

use std::{
    collections::BTreeSet,
    time::{SystemTime, UNIX_EPOCH},
};

use actix_web::{http::header, test::TestRequest};
use hefu_api::ledger::{Ledger, Outcome, Wait};
use hefu_contracts::{
    access,
    action::Action,
    time::{Millis, Time},
};
use hefu_keys::{Hash, SecretKey};
use serde_json::json;

use crate::demo::{BRAND_SITE, Deed, Demo, FACTORY_SITE, STORE_SITE, key};

/// Where the node of these tests is reached.
pub const HOME: &str = "https://t.example";

/// An asset of nobody's (GIAI): an identifier that no address of the walk presents.
fn thing(name: &str) -> String {
    format!("https://id.gs1.org/8004/9521141{name}")
}

/// Something that is planted in one record and may be read by some.
#[derive(Clone, Copy, Debug)]
pub struct Secret {
    /// What stands there.
    pub marker: &'static str,
    /// Ids of the organisations that may read it, besides auditors; none where everybody may.
    pub readers: Option<&'static [&'static str]>,
}

const fn secret(marker: &'static str, readers: &'static [&'static str]) -> Secret {
    Secret { marker, readers: Some(readers) }
}

/// Everything that is planted.
pub const SECRETS: [Secret; 10] = [
    // From the factory to the store, for the two of them.
    secret("marker-shipping-body", &["yueling", "store"]),
    secret("marker-shipping-list", &["yueling", "store"]),
    secret("marker-shipping-value", &["yueling", "store"]),
    // The brand's own, for nobody else.
    secret("marker-own-body", &["corenest"]),
    secret("marker-own-list", &["corenest"]),
    secret("marker-own-value", &["corenest"]),
    // A public record of the store's for the brand: its text is for everybody, what it commits to is not.
    Secret { marker: "marker-open-body", readers: None },
    secret("marker-open-list", &["store", "corenest"]),
    secret("marker-open-value", &["store", "corenest"]),
    // Terms that the brand has signed with a creator and a maker.
    secret("marker-terms", &["corenest", "creator", "yueling"]),
];

/// The world, its three records with the heights of their blocks, and one that waits for a block.
pub struct World {
    pub demo: Demo,
    pub records: Vec<(Hash, u64)>,
    pub waiting: Hash,
    /// The waiting record as it was handed in.
    pub submission: String,
}

impl World {
    pub fn new() -> World {
        let demo = Demo::with_history();
        for (id, kind) in [("audits", "auditor"), ("creator", "kol")] {
            let name = json!({"en": format!("The {id}"), "zh": format!("某{id}")});
            let add = json!({"admin": key(id).address(), "id": id, "kind": kind, "name": name});
            demo.take_with("corenest", &[id], &Deed::new(Action::PartyAdd, add));
        }
        for (name, grants) in [
            ("store-writes", json!([{"role": "capture"}])),
            ("store-admin", json!([{"role": "admin"}])),
            ("store-read", json!([{"expires": "2026-09-18T03:00:00.000Z", "role": "read"}, {"role": "capture"}])),
            ("store-lost", json!([{"role": "read"}])),
        ] {
            let grant = json!({"grants": grants, "key": key(name).address()});
            demo.take_with("store", &[name], &Deed::new(Action::KeyGrant, grant));
        }
        let revoke = json!({"key": key("store-lost").address(), "reason": "lost"});
        demo.take("store", &Deed::new(Action::KeyRevoke, revoke));
        let records = [
            ("yueling", planted(&demo, "shipping", FACTORY_SITE, STORE_SITE).private()),
            ("corenest", planted(&demo, "own", BRAND_SITE, BRAND_SITE).private()),
            ("store", planted(&demo, "open", STORE_SITE, BRAND_SITE)),
        ];
        let mut taken = records.map(|(author, deed)| demo.take(author, &deed)).to_vec();
        taken.push(demo.take_with("corenest", &["creator", "yueling"], &agreement()));
        let at = demo.chain.now();
        let reached = json!({"at": at, "fact": {"milestone": {"contract": CONTRACT, "name": "sign"}}});
        demo.take("corenest", &Deed::new(Action::FactReport, reached).private());
        demo.take("creator", &Deed::new(Action::StatementIssue, json!({"contract": CONTRACT})).private());
        let taken = taken.into_iter().map(|receipt| (receipt.id, receipt.height.unwrap().get()));
        let submission = demo.sign("yueling", &planted(&demo, "shipping", FACTORY_SITE, STORE_SITE).private());
        let handed_in = demo.chain.submit(vec![submission.clone().into_bytes()], Wait::Pending);
        let waiting = match futures_util::FutureExt::now_or_never(handed_in).unwrap().unwrap().remove(0) {
            Outcome::Taken(receipt) => receipt.id,
            other @ (Outcome::Known(_) | Outcome::Not { .. }) => panic!("{other:?}"),
        };
        World { demo, records: taken.collect(), waiting, submission }
    }

    /// An access document, with what is wrong with it, if anything is.
    pub fn document(&self, signer: &SecretKey, wrong: &str) -> String {
        let chain = if wrong == "chain" { Hash::of(b"another") } else { self.demo.chain.genesis().chain() };
        let aud = if wrong == "aud" { "https://other.example" } else { HOME };
        let expires = match wrong {
            "expired" => Time::from_millis(now().millis() - 1_000).unwrap(),
            "late" => now().plus(Millis(3_600_000)),
            _ => now().plus(Millis(600_000)),
        };
        access::sign(aud, &chain, expires, signer).unwrap()
    }
}

/// Id of the contract that was signed.
pub const CONTRACT: &str = "M1";

/// What the contract owes each of two who share it: numbers that stand nowhere else.
pub const OWED: [(&str, &str); 2] = [("creator", "777001"), ("yueling", "333000")];

/// Whether a text tells an amount, in minor units or with its decimals.
pub fn tells(text: &str, owed: &str) -> bool {
    let (whole, decimals) = owed.split_at(owed.len() - 2);
    text.contains(owed) || text.contains(&format!("{whole}.{decimals}"))
}

/// A fee of 11,100.01, due by signing, shared 7 to 3.
fn agreement() -> Deed {
    let terms = json!({
        "contract_id": CONTRACT, "effective_from": "2026-01-01T00:00:00Z", "obligor": "corenest",
        "required_signers": ["corenest", "creator", "yueling"], "split": [["creator", "7"], ["yueling", "3"]],
        "components": [{"id": "fee", "kind": "fixed", "amount": "1110001", "due": "sign"}],
        "scope": {"contents": ["marker-terms"]},
    });
    Deed::new(Action::AgreementSign, json!({"terms": terms})).private()
}

/// An event from one place for the organisation of another, with a marker in its text, its list and a value.
fn planted(demo: &Demo, name: &str, from: &str, to: &str) -> Deed {
    let marker = |part: &str| format!("marker-{name}-{part}");
    let mut deed = demo.event("ObjectEvent", ("OBSERVE", "inspecting"), from, &[thing(&marker("list"))]);
    deed.body["event"]["ex:note"] = json!(marker("body"));
    let to = format!("https://id.gs1.org/417/{to}");
    deed.body["event"]["destinationList"] = json!([{"type": "owning_party", "destination": to}]);
    deed.values.insert("/body/event/ex:detail".to_owned(), json!({"note": marker("value")}));
    deed
}

/// This machine's clock, which the node of these tests shares.
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time::from_millis(i64::try_from(since.as_millis()).unwrap()).unwrap()
}

/// Somebody who reads.
#[derive(Clone, Copy, Debug)]
pub struct Visitor {
    pub name: &'static str,
    /// The key that signs the access document, where one is shown, and what is wrong with it.
    shows: Option<(&'static str, &'static str)>,
    /// The organisation, where the document is good.
    party: Option<&'static str>,
    /// The code that a document that is not good is answered with.
    pub refused: Option<(u16, &'static str)>,
}

const fn good(name: &'static str) -> Visitor {
    Visitor { name, shows: Some((name, "")), party: Some(name), refused: None }
}

const fn bad(
    name: &'static str,
    (signer, wrong): (&'static str, &'static str),
    refused: (u16, &'static str),
) -> Visitor {
    Visitor { name, shows: Some((signer, wrong)), party: None, refused: Some(refused) }
}

/// Everybody: nobody in particular, every organisation, and whoever shows something that is not good.
pub const VISITORS: [Visitor; 14] = [
    Visitor { name: "nobody", shows: None, party: None, refused: None },
    good("corenest"),
    good("yueling"),
    good("store"),
    good("creator"),
    good("audits"),
    bad("expired", ("store", "expired"), (401, "E-ACCESS-EXPIRED")),
    bad("too long", ("store", "late"), (401, "E-ACCESS-EXPIRES-LATE")),
    bad("foreign aud", ("store", "aud"), (401, "E-ACCESS-AUDIENCE")),
    bad("other chain", ("audits", "chain"), (401, "E-ACCESS-CHAIN")),
    bad("unregistered", ("mallory", ""), (401, "E-KEY-UNKNOWN")),
    bad("revoked", ("store-lost", ""), (403, "E-KEY-REVOKED")),
    bad("without the role", ("store-admin", ""), (403, "E-KEY-ROLE")),
    bad("role expired", ("store-read", ""), (403, "E-KEY-ROLE")),
];

impl Visitor {
    /// A request with what the visitor shows.
    pub fn asks(&self, world: &World, request: TestRequest) -> TestRequest {
        match self.document(world) {
            Some(document) => request.insert_header((header::AUTHORIZATION, access::header(&document))),
            None => request,
        }
    }

    /// What the visitor shows.
    pub fn document(&self, world: &World) -> Option<String> {
        let (signer, wrong) = self.shows?;
        Some(world.document(&key(signer), wrong))
    }

    /// Whether the visitor may read a secret.
    pub fn may_read(&self, secret: &Secret) -> bool {
        match (secret.readers, self.party) {
            (None, _) | (Some(_), Some("audits")) => true,
            (Some(readers), Some(party)) => readers.contains(&party),
            (Some(_), None) => false,
        }
    }

    /// The organisations.
    pub fn is_good(&self) -> bool {
        self.party.is_some()
    }

    /// Checks an answer: nothing in it is for others. What of the secrets it holds.
    #[track_caller]
    pub fn check(&self, what: &str, text: &str) -> BTreeSet<&'static str> {
        let held = SECRETS.iter().filter(|secret| text.contains(secret.marker));
        let leaked: Vec<&Secret> = held.clone().filter(|secret| !self.may_read(secret)).collect();
        assert!(leaked.is_empty(), "{} reads {leaked:?} at {what}: {text}", self.name);
        held.map(|secret| secret.marker).collect()
    }

    /// Everything that the visitor may read.
    pub fn all(&self) -> BTreeSet<&'static str> {
        SECRETS.iter().filter(|secret| self.may_read(secret)).map(|secret| secret.marker).collect()
    }
}

/// The addresses that a server's source mounts: its string literals that begin with a slash, where they are given to one
/// of these functions.
pub fn mounted(source: &str, mounts: &[(&str, &str)]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (call, within) in mounts {
        for rest in source.split(call).skip(1) {
            let Some(literal) = rest.trim_start().strip_prefix('"') else { continue };
            found.insert(format!("{within}{}", literal.split('"').next().unwrap()));
        }
    }
    found
}
