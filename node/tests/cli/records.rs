//! `hefu record`, without a node.

use hefu_contracts::record::Record;
use serde_json::{Value, json};

use crate::bench::Bench;

/// A draft for two signers, with everything that a node would be asked for.
fn draft(bench: &Bench) -> (String, String) {
    let author = bench.demo_key("huaxu", "//huaxu").address().to_string();
    let second = bench.demo_key("device", "//huaxu//device").address().to_string();
    let body = json!({"grants": [{"role": "capture"}], "key": second});
    let draft = json!({
        "action": "key.grant", "body": body, "chain": "0".repeat(64), "seq": 1, "signers": [author, second],
    });
    bench.write("draft.json", draft.to_string());
    (author, second)
}

#[test]
fn two_signers_sign_one_after_the_other() {
    let bench = Bench::new();
    let (author, second) = draft(&bench);
    let first = bench.hefu(&["record", "sign", "draft.json", "--key", "huaxu", "--out", "half.json"]);
    first.check_because(0, &format!("{second} has yet to sign"));
    bench.hefu(&["record", "submit", "half.json"]).check_because(1, &format!("{second} has yet to sign"));

    let whole = bench.hefu(&["record", "sign", "half.json", "--key", "device"]);
    let record = Record::read(whole.check(0).line()).unwrap().verify().unwrap();
    assert_eq!(record.signers.iter().map(ToString::to_string).collect::<Vec<_>>(), [author, second]);
}

#[test]
fn the_program_does_not_sign_what_others_have_changed() {
    let bench = Bench::new();
    let (author, _) = draft(&bench);
    bench.hefu(&["record", "sign", "draft.json", "--key", "huaxu", "--out", "half.json"]).check(0);
    let mut changed: Value = serde_json::from_str(&bench.read("half.json")).unwrap();
    changed["body"]["grants"][0]["role"] = json!("admin");
    bench.write("changed.json", changed.to_string());
    let signed = bench.hefu(&["record", "sign", "changed.json", "--key", "device"]);
    signed.check_because(1, &format!("the signature of {author} does not match"));
}

#[test]
fn what_cannot_be_signed_is_named() {
    let bench = Bench::new();
    draft(&bench);
    let stranger = bench.demo_key("puyan", "//puyan").address();
    bench.write("empty.json", "{}");
    for (file, key, why) in [
        ("draft.json", "puyan", format!("{stranger} is not one of the signers")),
        ("empty.json", "puyan", "the draft has no `action`".to_owned()),
        ("nowhere.json", "puyan", "cannot read nowhere.json".to_owned()),
    ] {
        bench.hefu(&["record", "sign", file, "--key", key]).check_because(1, &why);
    }
    // It lacks what only a node knows, and there is none.
    bench.write("short.json", r#"{"action": "site.put", "body": {}}"#);
    bench.hefu(&["record", "sign", "short.json", "--key", "puyan"]).check_because(1, "is a node running there?");
}
