//! Reading what is not for everybody, with a key.

use serde_json::{Value, json};

use crate::bench::{Bench, DevNode};

#[test]
fn whoever_a_record_names_reads_it_with_a_key_and_nobody_else_does() {
    let data = tempfile::tempdir().unwrap();
    let node = DevNode::start(data.path(), &[]);
    let bench = Bench::at(&node);
    bench.demo_key("corenest", "//corenest");
    bench.demo_key("lab", "//lab");
    let add = ["party", "add", "--id", "lab", "--kind", "lab", "--admin", "lab", "--name-en", "A lab", "--name-zh"];
    bench.hefu(&[&add[..], &["实验室", "--key", "corenest"]].concat()).check(0);
    let name = json!({"en": "Hidden warehouse", "zh": "内仓"});
    let draft = json!({"action": "site.put", "body": {"gln": "9528880100029", "name": name}, "visibility": "parties"});
    bench.write("site.json", draft.to_string());
    bench.hefu(&["record", "sign", "site.json", "--key", "corenest", "--out", "signed.json"]).check(0);
    let id = bench.hefu(&["record", "submit", "signed.json", "--wait"]).check(0).line().to_owned();

    bench.hefu(&["record", "show", &id]).check_because(1, "is for its parties and for auditors");
    bench.hefu(&["record", "show", &id, "--key", "lab"]).check_because(1, "--key names a key with the role `read`");
    let shown = bench.hefu(&["record", "show", &id, "--key", "corenest"]).check(0).line().to_owned();
    assert_eq!(shown, bench.read("signed.json").trim_end());
    let elsewhere = ["record", "show", &id, "--key", "corenest", "--origin", "https://t.example"];
    bench.hefu(&elsewhere).check_because(3, "E-ACCESS-AUDIENCE");
    bench.hefu(&["record", "show", &id, "--annex", "--key", "lab"]).check_because(1, "E-ANNEX-PRIVATE");

    bench.demo_key("line", "//lab//line");
    bench.hefu(&["key", "grant", "line", "--role", "capture", "--key", "lab"]).check(0);
    bench.hefu(&["record", "show", &id, "--key", "line"]).check_because(3, "E-KEY-ROLE");
    assert_eq!(node.stop(), Some(0));
}

#[test]
fn an_access_document_is_printed_as_document_and_as_header() {
    let data = tempfile::tempdir().unwrap();
    let node = DevNode::start(data.path(), &[]);
    let bench = Bench::at(&node);
    let key = bench.demo_key("corenest", "//corenest").address().to_string();
    let made = bench.hefu(&["access", "--key", "corenest", "--json"]).check(0).json();
    let document = &made["document"];
    assert_eq!((&document["aud"], &document["chain"]), (&json!(node.url), &json!(node.genesis)));
    assert_eq!((&document["signers"], &document["expires"]), (&json!([key]), &made["expires"]));
    assert!(made["header"].as_str().unwrap().starts_with("Authorization: Hefu ey"));

    let both = bench.hefu(&["access", "--key", "corenest", "--origin", "https://T.example/", "--minutes", "15"]);
    both.check(0);
    let lines: Vec<&str> = both.out.lines().collect();
    let document: Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!((document["aud"].as_str(), lines.len()), (Some("https://t.example"), 2));
    assert!(lines[1].starts_with("Authorization: Hefu ") && both.err.contains("Whoever has it reads"));
    let header = bench.hefu(&["access", "--key", "corenest", "--header"]);
    assert!(header.check(0).line().starts_with("Authorization: Hefu "));
    bench.hefu(&["access", "--key", "corenest", "--minutes", "16"]).check(2);
    bench.hefu(&["access", "--key", "corenest", "--origin", "t.example"]).check(2);
    bench.hefu(&["access", "--key", "mallory"]).check_because(1, "there is no key \"mallory\"");
}

#[test]
fn the_list_of_a_public_record_is_for_whom_it_names() {
    let data = tempfile::tempdir().unwrap();
    let node = DevNode::start(data.path(), &[]);
    let bench = Bench::at(&node);
    bench.demo_key("corenest", "//corenest");
    let thing = "https://id.gs1.org/01/10614141073464/21/2017";
    let event = json!({
        "type": "ObjectEvent", "action": "OBSERVE", "eventTime": "2026-09-18T10:00:00+08:00",
        "eventTimeZoneOffset": "+08:00", "epcList": [thing], "bizTransactionList": [{"bizTransaction": "urn:order:17"}],
    });
    bench.write("event.json", event.to_string());
    let told = bench.hefu(&["capture", "event.json", "--key", "corenest", "--json"]).check(0).json();
    let id = told["answer"]["id"].as_str().unwrap_or_else(|| panic!("{told}"));
    assert!(!bench.hefu(&["record", "show", id]).check(0).line().contains("2017"));
    bench.hefu(&["record", "show", id, "--annex"]).check_because(1, "E-ANNEX-PRIVATE");
    let annex = bench.hefu(&["record", "show", id, "--annex", "--key", "corenest"]).check(0).json();
    assert_eq!(annex["lists"]["/body/event/epcList"]["elements"], json!([thing]));
    let value = &annex["values"]["/body/event/bizTransactionList"]["value"];
    assert_eq!(value[0]["bizTransaction"], "urn:order:17", "{annex}");
    assert_eq!(node.stop(), Some(0));
}
