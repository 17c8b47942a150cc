use hefu_contracts::{
    action::Action,
    record::{Record, Visibility},
};
use serde_json::json;

use super::*;
use crate::client::{Content, Frame};

fn keys() -> [SecretKey; 3] {
    [SecretKey::from_seed([1; 32]), SecretKey::from_seed([2; 32]), SecretKey::from_seed([3; 32])]
}

/// A record for two signers, unsigned.
fn document(keys: &[SecretKey; 3]) -> Value {
    let frame = Frame {
        chain: Hash::of(b"a chain"),
        claimed_at: "2026-09-18T02:00:00.000Z".parse().unwrap(),
        expires: "2026-09-25T02:00:00.000Z".parse().unwrap(),
        nonce: [7; 16],
        seq: 1,
        visibility: Visibility::Public,
    };
    let body = json!({"gln": "9528880100029", "name": {"en": "RDC", "zh": "仓"}});
    let content = Content::plain(Action::SitePut, body);
    content.draft(&frame).document(&[keys[0].address(), keys[1].address()]).unwrap()
}

#[test]
fn signatures_come_in_any_order_and_make_the_same_record() {
    let keys = keys();
    let mut texts = Vec::new();
    for order in [[0, 1], [1, 0]] {
        let mut partial = Partial::read(document(&keys)).unwrap();
        partial.sign(&keys[order[0]]).unwrap();
        assert_eq!(partial.missing(), [keys[order[1]].address()]);
        // On to the other signer's machine.
        let mut partial = Partial::read(serde_json::from_str(&partial.text().unwrap()).unwrap()).unwrap();
        partial.sign(&keys[order[1]]).unwrap();
        assert!(partial.missing().is_empty());
        texts.push(partial.text().unwrap());
    }
    assert_eq!(texts[0], texts[1]);
    let record = Record::read(&texts[0]).unwrap().verify().unwrap();
    assert_eq!(record.id, Partial::read(document(&keys)).unwrap().id().unwrap());
}

#[test]
fn signing_twice_changes_nothing() {
    let keys = keys();
    let mut partial = Partial::read(document(&keys)).unwrap();
    partial.sign(&keys[0]).unwrap();
    let once = partial.text().unwrap();
    partial.sign(&keys[0]).unwrap();
    assert_eq!(partial.text().unwrap(), once);
}

#[test]
fn an_annex_travels_along() {
    let keys = keys();
    let annex = json!({"lists": {}});
    let mut partial = Partial::read(json!({"annex": annex, "record": document(&keys)})).unwrap();
    partial.sign(&keys[0]).unwrap();
    let text: Value = serde_json::from_str(&partial.submission().unwrap()).unwrap();
    assert_eq!(text["annex"], annex);
}

#[test]
fn a_stranger_cannot_sign() {
    let keys = keys();
    let found = Partial::read(document(&keys)).unwrap().sign(&keys[2]);
    assert!(matches!(found, Err(BadPartial::NotASigner(stranger)) if stranger == keys[2].address()));
}

#[test]
fn a_document_that_was_changed_after_signing_is_refused() {
    let keys = keys();
    let mut partial = Partial::read(document(&keys)).unwrap();
    partial.sign(&keys[0]).unwrap();
    let mut signed: Value = serde_json::from_str(&partial.text().unwrap()).unwrap();
    signed["body"]["name"]["en"] = json!("another");
    assert!(matches!(Partial::read(signed), Err(BadPartial::Broken(signer)) if signer == keys[0].address()));
}

#[test]
fn a_proof_of_somebody_who_is_not_to_sign_is_refused() {
    let keys = keys();
    let signed = secured::sign(&document(&keys), &[&keys[2]], None).unwrap();
    let found = Partial::read(serde_json::from_str(&signed).unwrap());
    assert!(matches!(found, Err(BadPartial::Stranger(stranger)) if stranger == keys[2].address()));
}

#[test]
fn what_is_no_record_is_named() {
    let keys = keys();
    let mut without = document(&keys);
    without.as_object_mut().unwrap().remove("signers");
    for (value, expected) in [
        (json!([]), "expected a record"),
        (json!({"record": 1}), "expected a record"),
        (without, "`signers` must be a list"),
        (json!({"signers": ["5F"]}), "`signers` must be a list"),
        (json!({"proof": {}, "signers": []}), "a proof of the document is malformed"),
    ] {
        let found = Partial::read(value).unwrap_err().to_string();
        assert!(found.contains(expected), "{found}");
    }
}
