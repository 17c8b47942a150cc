//! Bad input at the door: each kind its own code, a client error, and nothing changed.

use hefu_contracts::{action::Action, time::Millis};
use hefu_keys::SecretKey;
use hefu_node::demo::PHRASE;
use hefu_tests::{
    people::{Person, now},
    process::Hefu,
};
use serde_json::{Value, json};

const JSON: &str = "application/json";

fn founder(node: &Hefu) -> Person {
    let key = SecretKey::from_phrase(PHRASE, "//corenest", None).unwrap();
    let (status, row) = node.get(&format!("/v1/keys/{}", key.address())).unwrap();
    assert_eq!(status, 200, "{row}");
    Person::new(key, node.ready.genesis.parse().unwrap(), row["nextSeq"].as_u64().unwrap())
}

fn site(number: u32) -> Value {
    let digits = format!("95288801{number:04}");
    let sum: u32 =
        digits.bytes().enumerate().map(|(at, digit)| u32::from(digit - b'0') * if at % 2 == 0 { 1 } else { 3 }).sum();
    json!({"gln": format!("{digits}{}", (10 - sum % 10) % 10), "name": {"en": "Hall", "zh": "厂房"}})
}

/// Waits out blocks that are still being decided and returns height and register root.
fn state(node: &Hefu) -> (u64, Value) {
    let (_, status) = node.get("/v1/status").unwrap();
    let (_, block) = node.get("/v1/blocks/latest").unwrap();
    (status["height"].as_u64().unwrap(), block["header"]["register"].clone())
}

/// A submission whose record lacks a member.
fn without(submission: &str, name: &str) -> String {
    let (before, rest) = submission.split_once(&format!("\"{name}\":")).unwrap();
    format!("{before}{}", rest.split_once(',').unwrap().1)
}

/// The record of a submission, without what is around it.
fn alone(submission: &str) -> String {
    submission.strip_prefix("{\"record\":").and_then(|rest| rest.strip_suffix('}')).unwrap().to_owned()
}

#[test]
fn what_is_wrong_is_named_and_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let node = Hefu::start(data.path(), &["--demo"]).unwrap();
    let mut brand = founder(&node);
    let good = brand.sign(Action::SitePut, site(1)).unwrap();
    let (status, receipt) = node.post("/v1/records?wait=final", JSON, good.as_bytes()).unwrap();
    assert_eq!((status, receipt["status"].as_str()), (200, Some("final")), "{receipt}");
    let before = state(&node);

    let fresh = |brand: &mut Person| brand.sign(Action::SitePut, site(2)).unwrap();
    let drafted = |brand: &mut Person, change: &dyn Fn(&mut hefu_contracts::record::draft::Draft)| {
        let mut draft = brand.draft(Action::SitePut, site(2));
        change(&mut draft);
        format!("{{\"record\":{}}}", draft.sign(&[&brand.key]).unwrap())
    };
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let text = fresh(&mut brand);
    let cases: Vec<(&str, &str, u16, String)> = vec![
        ("E-JSON-SYNTAX", "", 400, "{\"record\":".to_owned()),
        ("E-JSON-SYNTAX", "", 400, text.replacen("\"seq\":", "\"seq\":NaN,\"seqq\":", 1)),
        ("E-JSON-NOT-CANONICAL", "", 400, format!(" {text}")),
        ("E-JSON-DUPLICATE-KEY", "", 400, text.replacen("\"seq\":", "\"seq\":1,\"seq\":", 1)),
        ("E-JSON-KEY-ORDER", "", 400, text.replacen("{\"record\":", "{\"z\":1,\"record\":", 1)),
        ("E-JSON-NUMBER", "", 400, text.replacen("\"seq\":", "\"seq\":18446744073709551616,\"seqq\":", 1)),
        ("E-JSON-STRING", "", 400, text.replacen("Hall", "\\ud800", 1)),
        ("E-JSON-DEPTH", "", 400, format!("{{\"record\":{deep}}}")),
        ("E-RECORD-SHAPE", "", 400, alone(&text)),
        ("E-RECORD-SHAPE", "/seq", 400, text.replacen("\"seq\":", "\"seq\":\"1\",\"seqq\":", 1)),
        ("E-RECORD-SPELLING", "", 400, text.replacen("\"expires\":", "\"drill\":false,\"expires\":", 1)),
        ("E-FIELD-UNKNOWN", "/seqq", 400, text.replacen("\"seq\":", "\"seq\":1,\"seqq\":", 1)),
        ("E-FIELD-UNKNOWN", "/body/x", 400, drafted(&mut brand, &|draft| draft.body["x"] = json!("x"))),
        ("E-FIELD-MISSING", "/nonce", 400, without(&text, "nonce")),
        ("E-FIELD-MISSING", "/body/name/zh", 400, drafted(&mut brand, &|draft| draft.body["name"] = json!({"en": "A"}))),
        ("E-ACTION-UNKNOWN", "/action", 400, text.replacen("site.put", "site.putt", 1)),
        ("E-RECORD-SIZE", "", 413, drafted(&mut brand, &|draft| draft.body["x"] = json!("x".repeat(70_000)))),
        ("E-RECORD-CHAIN", "/chain", 422, drafted(&mut brand, &|draft| draft.chain = hefu_keys::Hash::ZERO)),
        ("E-RECORD-EXPIRED", "/expires", 422, drafted(&mut brand, &|draft| {
            draft.expires = hefu_contracts::time::Time::from_millis(now().millis() - 60_000).unwrap();
        })),
        ("E-RECORD-EXPIRES-LATE", "/expires", 422, drafted(&mut brand, &|draft| {
            draft.expires = now().plus(Millis(31 * 86_400_000));
        })),
        ("E-SEQ-USED", "/seq", 422, drafted(&mut brand, &|draft| draft.seq = 1)),
        ("E-SEQ-WINDOW", "/seq", 422, drafted(&mut brand, &|draft| draft.seq = 1_000_000)),
        ("E-SIGNATURE", "/proof", 401, fresh(&mut brand).replacen("厂房", "厂区", 1)),
        ("E-RECORD-PART", "/body/x", 400, fresh(&mut brand).replacen(
            "{\"record\":",
            "{\"annex\":{\"values\":{\"/body/x\":{\"salt\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"value\":1}}},\"record\":",
            1,
        )),
    ];
    for (code, pointer, status, body) in cases {
        let (answered, problem) = node.post("/v1/records", JSON, body.as_bytes()).unwrap();
        assert_eq!(
            (answered, problem["code"].as_str(), problem["pointer"].as_str().unwrap_or_default()),
            (status, Some(code), pointer),
            "{problem}\n{}",
            body.chars().take(300).collect::<String>()
        );
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{problem}");
    }
    let mut stranger = Person::new(SecretKey::from_seed([9; 32]), node.ready.genesis.parse().unwrap(), 1);
    let (status, problem) = node.post("/v1/records", JSON, fresh(&mut stranger).as_bytes()).unwrap();
    assert_eq!((status, problem["code"].as_str()), (401, Some("E-KEY-UNKNOWN")));
    assert_eq!(state(&node), before);

    let (status, again) = node.post("/v1/records", JSON, good.as_bytes()).unwrap();
    assert_eq!((status, &again["id"], again["status"].as_str()), (200, &receipt["id"], Some("final")));
    assert_eq!(state(&node), before);
}

#[test]
fn a_revoked_key_and_a_wrong_role_are_refused() {
    let data = tempfile::tempdir().unwrap();
    let node = Hefu::start(data.path(), &["--demo"]).unwrap();
    let mut brand = founder(&node);
    let desk = SecretKey::from_seed([8; 32]);
    let grants = json!({"grants": [{"role": "capture"}], "key": desk.address()});
    let record = brand.draft(Action::KeyGrant, grants).sign(&[&brand.key, &desk]).unwrap();
    let post = |text: &str| node.post("/v1/records?wait=final", JSON, text.as_bytes()).unwrap();
    assert_eq!(post(&format!("{{\"record\":{record}}}")).0, 200);
    let mut desk = Person::new(desk, node.ready.genesis.parse().unwrap(), 1);
    let (status, problem) = post(&desk.sign(Action::SitePut, site(3)).unwrap());
    assert_eq!((status, problem["code"].as_str()), (403, Some("E-KEY-ROLE")));
    let revoke = json!({"key": desk.key.address(), "reason": "lost"});
    let (status, receipt) = post(&brand.sign(Action::KeyRevoke, revoke).unwrap());
    assert_eq!(status, 200);
    let (status, problem) = post(&desk.sign(Action::SitePut, site(3)).unwrap());
    assert_eq!((status, problem["code"].as_str(), &problem["conflict"]), (403, Some("E-KEY-REVOKED"), &receipt["id"]));
}
