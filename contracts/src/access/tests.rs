use hefu_keys::{Hash, canonical, secured};
use serde_json::{Value, json};

use super::{ACCESS_BYTES_MAX, ACCESS_WITHIN, Access, Here, Pass, header, party_of, sign};
use crate::{
    parties::{Grant, KeyRole, KeyRow, Reason, Revoked, Window},
    refusal::{Class, Code, Refusal},
    tests::{NOW, genesis, golden::golden, key, time},
    time::{Millis, Time},
};

const HOME: &str = "https://t.example";

fn chain() -> Hash {
    genesis().chain()
}

/// What a node at [`HOME`] says of a document that it is shown at a moment.
fn shown_at(text: &str, now: Time) -> Result<Pass, Refusal> {
    let origins = ["https://other.example".to_owned(), HOME.to_owned()];
    Access::read(text)?.verify(&Here { chain: &chain(), now, origins: &origins })
}

/// A document of the reader's with members replaced, signed as it then stands; null leaves a member out.
fn with(changes: &Value) -> String {
    let mut document: Value =
        serde_json::from_str(&sign(HOME, &chain(), later(60_000), &key("reader")).unwrap()).unwrap();
    let members = document.as_object_mut().unwrap();
    members.remove("proof");
    members.extend(changes.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    secured::sign(&document, &[&key("reader")], None).unwrap()
}

fn later(millis: u64) -> Time {
    time(NOW).plus(Millis(millis))
}

#[test]
fn the_document_is_frozen() {
    let text = golden("access.json", &sign(HOME, &chain(), later(900_000), &key("reader")).unwrap());
    let pass = shown_at(&text, time(NOW)).unwrap();
    assert_eq!((pass.aud(), pass.expires(), pass.signer()), (HOME, later(900_000), key("reader").address()));
    assert_eq!(Access::of_header(&header(&text)).unwrap().signer, pass.signer());
    assert!(Access::of_header(&header(&text).replace("Hefu", "hefu")).is_ok(), "schemes have no case (RFC 9110 §11.1)");
}

#[test]
fn a_document_is_good_to_its_last_moment_and_begins_at_most_fifteen_minutes_before() {
    let text = sign(HOME, &chain(), later(ACCESS_WITHIN.0), &key("reader")).unwrap();
    let ends = later(ACCESS_WITHIN.0);
    for (now, code) in [
        (time(NOW), None),
        (ends, None),
        (ends.plus(Millis(1)), Some(Code::AccessExpired)),
        (Time::from_millis(time(NOW).millis() - 1).unwrap(), Some(Code::AccessExpiresLate)),
    ] {
        assert_eq!(shown_at(&text, now).err().map(|refusal| refusal.code), code, "{now}");
    }
}

#[test]
fn a_document_of_another_form_or_for_another_place_is_refused_and_told_where() {
    for (changes, code, pointer) in [
        (json!({"@context": "https://www.w3.org/ns/credentials/v2"}), Code::RecordShape, "/@context"),
        (json!({"action": "event.capture"}), Code::RecordShape, "/action"),
        (json!({"aud": null}), Code::FieldMissing, "/aud"),
        (json!({"aud": "https://T.example"}), Code::AccessAudience, "/aud"),
        (json!({"aud": "https://t.example/"}), Code::AccessAudience, "/aud"),
        (json!({"chain": Hash::of(b"another")}), Code::AccessChain, "/chain"),
        (json!({"expires": "2026-09-21T08:01:00Z"}), Code::RecordShape, "/expires"),
        (json!({"seq": 1}), Code::FieldUnknown, "/seq"),
        (json!({"signers": []}), Code::RecordShape, "/signers"),
        (json!({"signers": [key("reader").address(), key("other").address()]}), Code::RecordShape, "/signers"),
        (json!({"signers": [key("other").address()]}), Code::RecordProof, "/proof"),
        (json!({"aud": "x".repeat(ACCESS_BYTES_MAX)}), Code::AccessSize, ""),
    ] {
        let refusal = shown_at(&with(&changes), time(NOW)).expect_err(&changes.to_string());
        assert_eq!((refusal.code, refusal.pointer.as_str()), (code, pointer), "{changes}: {refusal}");
    }
}

#[test]
fn a_document_that_was_changed_or_signed_by_two_is_refused() {
    let text = with(&json!({}));
    let longer = text.replace(&later(60_000).to_string(), &later(600_000).to_string());
    assert_eq!(shown_at(&longer, time(NOW)).unwrap_err().code, Code::Signature);
    let (before, after) = canonical::without(&text, "proof");
    let unsigned: Value = serde_json::from_str(&format!("{before}{after}")).unwrap();
    assert_eq!(Access::read(&unsigned.to_string()).unwrap_err().code, Code::RecordProof);
    let two = secured::sign(&unsigned, &[&key("reader"), &key("other")], None).unwrap();
    assert_eq!(Access::read(&two).unwrap_err().code, Code::RecordProof);
    assert_eq!(Access::read(&format!("{text} ")).unwrap_err().code.class(), Class::Malformed);
}

#[test]
fn a_header_of_another_scheme_or_spelling_is_refused() {
    let good = header(&with(&json!({})));
    let long = format!("Hefu {}", "A".repeat(4_000));
    for (value, code) in [
        ("", Code::AccessHeader),
        ("Hefu", Code::AccessHeader),
        (&*good.replace("Hefu", "Bearer"), Code::AccessHeader),
        (&*good.replace("Hefu ", "Hefu  "), Code::AccessHeader),
        (&*format!("{good}="), Code::AccessHeader),
        ("Hefu _w", Code::JsonString),
        ("Hefu ", Code::JsonSyntax),
        (&*long, Code::AccessSize),
    ] {
        assert_eq!(Access::of_header(value).unwrap_err().code, code, "{value}");
    }
}

#[test]
fn only_a_registered_key_with_the_role_read_reads() {
    let address = key("reader").address();
    let row = |grants: Vec<Grant>| KeyRow {
        grants,
        party: "puyan".to_owned(),
        record: None,
        revoked: None,
        spent: None,
        window: Window::default(),
    };
    let until = |role, expires| Grant { expires: Some(expires), ..Grant::of(role) };
    let revoked = Revoked { at: time(NOW), reason: Reason::Lost, record: Hash::of(b"revocation") };
    let reads = row(vec![Grant::of(KeyRole::Capture), Grant::of(KeyRole::Read)]);
    assert_eq!(party_of(Some(&reads), &address, time(NOW)).unwrap(), "puyan");
    for (row, code) in [
        (None, Code::KeyUnknown),
        (Some(row(vec![Grant::of(KeyRole::Admin)])), Code::KeyRole),
        (Some(row(vec![until(KeyRole::Read, time("2026-09-21T07:00:00.000Z"))])), Code::KeyExpired),
        (
            Some(row(vec![Grant::of(KeyRole::Issue), until(KeyRole::Read, time("2026-09-21T07:00:00.000Z"))])),
            Code::KeyRole,
        ),
        (Some(KeyRow { revoked: Some(revoked), ..reads }), Code::KeyRevoked),
    ] {
        let refusal = party_of(row.as_ref(), &address, time(NOW)).unwrap_err();
        assert_eq!((refusal.code, refusal.pointer.as_str()), (code, "/signers/0"));
    }
}
