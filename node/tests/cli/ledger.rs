//! Commands that author records, against a development node.

use serde_json::{Value, json};

use crate::bench::{Bench, DevNode};

#[test]
fn an_organisation_joins_and_commissions_codes() {
    let data = tempfile::tempdir().unwrap();
    let node = DevNode::start(data.path(), &[]);
    let bench = Bench::at(&node);
    bench.demo_key("corenest", "//corenest");
    let factory = bench.demo_key("factory", "//factory").address().to_string();
    bench.demo_key("line", "//factory//line");
    let names = ["--name-en", "A factory", "--name-zh", "工厂"];

    // Its admin key is on another machine, so the record is signed there.
    std::fs::rename(bench.path("keys/factory.key"), bench.path("factory.key")).unwrap();
    let add = ["party", "add", "--id", "factory", "--kind", "factory", "--gln", "9528880200019", "--admin", &factory];
    let add = [&add[..], &names, &["--key", "corenest", "--out", "half.json"]].concat();
    bench.hefu(&add).check_because(0, "hefu record sign FILE");
    bench.hefu(&["record", "sign", "half.json", "--key", "./factory.key", "--out", "whole.json"]).check(0);
    let receipt = bench.hefu(&["record", "submit", "whole.json", "--wait", "--json"]).check(0).json();
    assert_eq!(receipt["status"], "final");
    let id = receipt["id"].as_str().unwrap();
    let told = bench.hefu(&["record", "status", id]);
    assert!(told.check(0).line().starts_with(&format!("record {id} is final in block ")), "{}", told.out);
    assert_eq!(bench.hefu(&["record", "status", id, "--json"]).check(0).json(), receipt);
    bench.hefu(&["record", "status", &"0".repeat(64)]).check_because(1, "E-RECORD-UNKNOWN");

    std::fs::rename(bench.path("factory.key"), bench.path("keys/factory.key")).unwrap();
    bench.hefu(&["key", "grant", "line", "--role", "capture", "--key", "factory"]).check(0);
    let product = ["product", "put", "--gtin", "9528880010021", "--kind", "finished", "--key", "corenest"];
    bench.hefu(&[&product[..], &names].concat()).check(0);
    bench.hefu(&[&product[..], &names].concat()).check_because(3, "E-PRODUCT-VERSION");
    bench.hefu(&[&product[..], &names, &["--version", "2"]].concat()).check(0);

    let issue = ["codes", "issue", "--gtin", "9528880010021", "--seed-file", "a.seed", "--key", "corenest"];
    let batch = bench.hefu(&[&issue[..], &["--count", "1500", "--maker", "factory"]].concat());
    let batch = batch.check(0).line().to_owned();
    bench.hefu(&[&issue[..], &["--count", "5"]].concat()).check_because(1, "a seed is for one batch");
    let hand_over = ["codes", "handover", "--seed-file", "a.seed", "--batch", &batch, "--out", "a.json", "--blocks"];
    bench.hefu(&[&hand_over[..], &["2"]].concat()).check_because(1, "the batch has no block 2");
    bench.hefu(&[&hand_over[..], &["1"]].concat()).check(0);

    let commission =
        ["codes", "commission", "--handover", "a.json", "--key", "line", "--site", "9528880200019", "--range"];
    let commission = |range| bench.hefu(&[&commission[..], &[range]].concat());
    commission("1024:10").check_because(3, "E-AUTHORITY-NONE");
    let authority = ["authority", "grant", "--prefix", "952888001", "--to", "factory", "--step", "commissioning"];
    bench.hefu(&[&authority[..], &["--key", "corenest"]].concat()).check(0);
    commission("1024:10").check(0);
    commission("1030:10").check_because(3, "E-ITEM-COMMISSIONED");
    commission("0:1").check_because(1, "does not have the code 0");

    let handover: Value = serde_json::from_str(&bench.read("a.json")).unwrap();
    let serial = handover["blocks"][0]["codes"][9]["serial"].as_str().unwrap();
    let item = format!("{}/01/09528880010021/21/{serial}", node.url);
    let story = bench.hefu(&["verify", &item, "--genesis", &node.genesis, "--json"]).check(0).json();
    assert_eq!(story["steps"][0]["by"], json!(["factory"]));

    bench.hefu(&["key", "revoke", "line", "--reason", "lost", "--key", "factory"]).check(0);
    commission("1034:1").check_because(3, "E-KEY-REVOKED");
    assert_eq!(node.stop(), Some(0));
}

fn event(more: &Value) -> Value {
    let mut event = json!({
        "type": "ObjectEvent", "action": "OBSERVE", "eventTime": "2026-09-18T10:00:00+08:00",
        "eventTimeZoneOffset": "+08:00", "epcList": ["urn:epc:id:sgtin:0614141.107346.2018"],
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

#[test]
fn events_are_captured_and_each_is_told_what_became_of_it() {
    let data = tempfile::tempdir().unwrap();
    let node = DevNode::start(data.path(), &[]);
    let bench = Bench::at(&node);
    bench.demo_key("corenest", "//corenest");
    let capture = |files: &[&str]| bench.hefu(&[&["capture", "--key", "corenest", "--json"], files].concat());
    let words = |out: &str| -> Vec<String> {
        out.lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["result"].as_str().unwrap().to_owned())
            .collect()
    };

    bench.write("one.json", event(&json!({"bizStep": "receiving"})).to_string());
    bench.write("two.json", json!([event(&json!({})), event(&json!({"bizStep": "shipping"}))]).to_string());
    let ran = capture(&["one.json", "two.json"]);
    assert_eq!(words(&ran.check(0).out), ["taken", "taken", "taken"]);
    // The same events again are no failure: they are on the ledger.
    assert_eq!(words(&capture(&["one.json"]).check(0).out), ["duplicate"]);

    let context = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";
    let document = json!({"@context": context, "type": "EPCISDocument", "epcisBody": {"eventList": [
        event(&json!({"eventTime": "2999-01-01T00:00:00Z"})),
        event(&json!({"type": "LotEvent"})),
        event(&json!({"epcList": ["a bottle"]})),
        event(&json!({"bizStep": "storing"})),
    ]}});
    bench.write("mixed.json", document.to_string());
    let ran = capture(&["mixed.json"]);
    ran.check_because(3, "1 of type LotEvent: not one of EPCIS 2.0's five types of event");
    assert_eq!(words(&ran.out), ["refused", "skipped", "malformed", "taken"]);
    assert!(ran.out.contains("E-EVENT-FUTURE"), "{}", ran.out);

    bench.write("other.json", r#"{"type": "EPCISDocument"}"#);
    capture(&["one.json", "other.json"]).check_because(1, "other.json is no EPCIS document");
    bench.demo_key("stranger", "//stranger");
    let stranger = bench.hefu(&["capture", "one.json", "--key", "stranger"]);
    stranger.check_because(1, "is not registered on this chain");
}

#[test]
fn a_port_that_is_taken_is_told_at_once() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    Bench::new().hefu(&["dev", "--listen", &address]).check_because(1, &format!("cannot listen on {address}"));
}

#[test]
fn a_node_is_prepared_and_starts() {
    let bench = Bench::new();
    let init = ["init", "--dir", "node", "--id", "corenest", "--kind", "brand", "--depth", "12"];
    let init = [&init[..], &["--name-en", "CoreNest", "--name-zh", "栖芯", "--prefix", "95288801"]].concat();
    let chain = bench.hefu(&init).check(0).line().to_owned();
    let genesis = bench.read("node/genesis.json");
    assert_eq!(hefu_keys::Hash::of(genesis.as_bytes()).to_string(), chain);
    bench.hefu(&init).check(1);
    assert_eq!(bench.read("node/genesis.json"), genesis);

    let config = bench.read("node/hefu.toml");
    bench.write("node/hefu.toml", config.replace("language = \"zh\"", "colour = \"zh\""));
    bench.hefu(&["start", "--config", "node/hefu.toml"]).check_because(1, "unknown field: found `colour`");
    bench.write("node/genesis.json", genesis.replace("CoreNest", "CoreNexx"));
    bench.write("node/hefu.toml", config);
    bench.write("wrong", "guess");
    let start = ["start", "--config", "node/hefu.toml", "--passphrase-file", "wrong"];
    bench.hefu(&start).check_because(1, "the passphrase is wrong");
}

#[test]
fn a_registrar_says_how_much_an_organisation_may_record() {
    let data = tempfile::tempdir().unwrap();
    let node = DevNode::start(data.path(), &[]);
    let bench = Bench::at(&node);
    bench.demo_key("corenest", "//corenest");
    bench.demo_key("huaxu", "//huaxu");
    let names = ["--name-en", "A factory", "--name-zh", "工厂"];
    let add = ["party", "add", "--id", "huaxu", "--kind", "factory", "--admin", "huaxu", "--key", "corenest"];
    bench.hefu(&[&add[..], &names].concat()).check(0);
    let shown = |party: &[&str]| bench.hefu(&[&["quota", "show", "--json"], party].concat()).check(0).json();
    assert_eq!((&shown(&[])["own"], &shown(&["huaxu"])["own"]), (&json!(false), &json!(false)));
    let set = ["quota", "set", "huaxu", "--key-records-per-day", "1", "--key"];
    bench.hefu(&[&set[..], &["huaxu"]].concat()).check_because(3, "E-KEY-ROLE");
    bench.hefu(&[&set[..], &["corenest"]].concat()).check(0);
    let quota = shown(&["huaxu"]);
    assert_eq!((&quota["own"], &quota["limits"]["key"]["recordsPerDay"]), (&json!(true), &json!(1)));
    assert_eq!(quota["limits"]["organisation"], shown(&[])["limits"]["organisation"], "what is not named stays");

    let names = ["--name-en", "A yard", "--name-zh", "场地", "--key", "huaxu"];
    let site = |gln: &str| bench.hefu(&[&["site", "put", "--gln", gln][..], &names].concat());
    site("4012345000016").check(0);
    site("4012345000023").check_because(3, "again from ");
    let told = bench.hefu(&["quota", "show", "huaxu"]).check(0).out.clone();
    assert!(told.contains("recorded  1 records"), "{told}");
    bench.hefu(&["quota", "reset", "huaxu", "--key", "corenest"]).check(0);
    site("4012345000023").check(0);
    bench.hefu(&["quota", "show", "nobody"]).check_because(1, "E-PARTY-UNREGISTERED");
    assert_eq!(node.stop(), Some(0));
}
