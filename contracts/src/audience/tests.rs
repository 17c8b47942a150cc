use std::collections::BTreeSet;

use serde_json::json;

use super::{Audience, Reader, Shown, shown};
use crate::{
    action::Action,
    parties::PartyKind,
    record::Visibility,
    tests::{Deed, REFILL, World, event, key},
};

const HUAXU: &str = "9528880200019";
const YUELING: &str = "9528880300016";
const LAB: &str = "9528880700014";
const AT: &str = "2026-09-21T10:00:00.000+08:00";

fn reader(id: &str) -> Reader {
    let kind = if id == "auditor" { PartyKind::Auditor } else { PartyKind::Factory };
    Reader::Party { id: id.to_owned(), kind }
}

/// Whom a deed of the author's is for, auditors apart.
fn audience(author: &str, deed: &Deed) -> BTreeSet<String> {
    let mut world = World::new();
    let submission = world.sign(author, deed);
    Audience::of_record(submission.record(), &world.rows).unwrap().0
}

fn parties(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn a_record_is_for_whoever_signed_it_and_whoever_it_names() {
    let grants = json!([{"role": "capture"}]);
    let grant = Deed::new(Action::KeyGrant, json!({"grants": grants, "key": key("huaxu").address()}));
    let revoke = json!({"key": key("yueling").address(), "reason": "lost"});
    let issue = json!({"count": 1, "gtin": REFILL, "root": "0".repeat(64)});
    let mut issue_to = issue.clone();
    issue_to["maker"] = json!("yueling");
    let name = json!({"en": "Guixiu", "zh": "桂绣"});
    let joins = json!({"admin": key("guixiu").address(), "id": "guixiu", "kind": "workshop", "name": name});
    let authority = json!({"prefix": "952888001", "to": "puyan"});
    let site = json!({"gln": "9528880100029", "name": name});
    for (deed, named) in [
        (Deed::new(Action::CodesIssue, issue), &[][..]),
        (Deed::new(Action::CodesIssue, issue_to), &["yueling"]),
        (Deed::new(Action::PartyAdd, joins).with("guixiu"), &["guixiu"]),
        (grant.with("huaxu"), &["huaxu"]),
        (Deed::new(Action::KeyRevoke, revoke), &["yueling"]),
        (Deed::new(Action::AuthorityGrant, authority.clone()), &["puyan"]),
        (Deed::new(Action::AuthorityRevoke, authority), &["puyan"]),
        (Deed::new(Action::SitePut, site), &[]),
    ] {
        assert_eq!(audience("corenest", &deed), parties(&[&["corenest"], named].concat()), "{:?}", deed.action);
    }
}

#[test]
fn an_event_names_who_owns_and_possesses_and_not_where_it_happened() {
    let mut moved = event("ObjectEvent", "OBSERVE", "shipping", HUAXU, AT, &[]);
    moved.body["event"]["bizLocation"] = json!({"id": format!("https://id.gs1.org/414/{YUELING}")});
    assert_eq!(audience("corenest", &moved), parties(&["corenest"]));
    for (kind, ai, named) in [
        ("possessing_party", "417", true),
        ("owning_party", "417", true),
        ("https://ref.gs1.org/cbv/SDT-owning_party", "417", true),
        ("cbv:SDT-possessing_party", "417", true),
        ("location", "414", false),
    ] {
        let side = |name: &str| json!([{"type": kind, name: format!("https://id.gs1.org/{ai}/{LAB}")}]);
        for (list, name) in [("sourceList", "source"), ("destinationList", "destination")] {
            let mut deed = moved.clone();
            deed.body["event"][list] = side(name);
            let expected: &[&str] = if named { &["corenest", "puyan"] } else { &["corenest"] };
            assert_eq!(audience("corenest", &deed), parties(expected), "{kind} in {list}");
        }
    }
    // A number of nobody's.
    moved.body["event"]["sourceList"] =
        json!([{"type": "owning_party", "source": "https://id.gs1.org/417/9521321000018"}]);
    assert_eq!(audience("corenest", &moved), parties(&["corenest"]));
}

#[test]
fn a_reader_is_shown_what_visibility_and_audience_allow() {
    let audience = Audience::of_contract(["huaxu".to_owned(), "puyan".to_owned()]);
    for (reader, public, private) in [
        (Reader::Public, Shown::Text, Shown::Existence),
        (reader("yueling"), Shown::Text, Shown::Existence),
        (reader("huaxu"), Shown::Whole, Shown::Whole),
        (reader("auditor"), Shown::Whole, Shown::Whole),
    ] {
        assert_eq!(shown(&reader, Visibility::Public, &audience), public, "{reader:?}");
        assert_eq!(shown(&reader, Visibility::Parties, &audience), private, "{reader:?}");
    }
}

#[test]
fn one_beneficiary_of_a_contract_does_not_see_anothers_account() {
    let contract = Audience::of_contract(["brand", "kol-one", "kol-two"].map(str::to_owned));
    let account = Audience::of_account("kol-one".to_owned(), "brand".to_owned());
    for (id, sees_terms, sees_account) in [
        ("brand", true, true),
        ("kol-one", true, true),
        ("kol-two", true, false),
        ("elsewhere", false, false),
        ("auditor", true, true),
    ] {
        assert_eq!(contract.includes(&reader(id)), sees_terms, "{id}");
        assert_eq!(account.includes(&reader(id)), sees_account, "{id}");
    }
    assert!(!account.includes(&Reader::Public) && !contract.includes(&Reader::Public));
}
