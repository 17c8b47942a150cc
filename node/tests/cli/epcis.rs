//! `hefu epcis hash`.

use hefu_contracts::cbv;
use hefu_keys::Hash;
use serde_json::{Value, json};

use crate::bench::{Bench, fixture};

const EVENT: &str = r#"{"type":"ObjectEvent","eventTime":"2026-09-18T10:00:00+08:00","eventTimeZoneOffset":"+08:00",
    "action":"OBSERVE","epcList":["urn:epc:id:sgtin:9528880.001002.7K3M"],"own:amount":12345678901234567890.10}"#;

const PREHASH: &str = "eventType=ObjectEventeventTime=2026-09-18T02:00:00.000ZeventTimeZoneOffset=+08:00\
    epcListepc=https://id.gs1.org/01/09528880010021/21/7K3Maction=OBSERVE{https://own.example/}amount=12345678901234567890.1";

fn document(events: &str) -> String {
    format!(
        r#"{{"@context":{{"own":"https://own.example/"}},"type":"EPCISDocument","epcisBody":{{"eventList":[{events}]}}}}"#
    )
}

fn id() -> String {
    cbv::event_id(&Hash::of(PREHASH.as_bytes()))
}

#[test]
fn every_event_is_hashed_in_its_order() {
    let bench = Bench::new();
    let other = r#"{"type":"ObjectEvent","action":"ADD"}"#;
    let other_prehash = "eventType=ObjectEventaction=ADD";
    let other_id = cbv::event_id(&Hash::of(other_prehash.as_bytes()));
    bench.write("two.json", document(&format!("{EVENT},{other}")));
    bench.write("one.json", other);
    bench.write("list.json", format!("[{other},{other}]"));
    let ran = bench.hefu(&["epcis", "hash", "two.json", "one.json", "list.json"]);
    assert_eq!(ran.check(0).out, format!("{}\n{other_id}\n{other_id}\n{other_id}\n{other_id}\n", id()));
    let ran = bench.hefu(&["epcis", "hash", "--prehash", "two.json"]);
    assert_eq!(ran.check(0).out, format!("{}\n{PREHASH}\n{other_id}\n{other_prehash}\n", id()));
    let ran = bench.hefu_reading(&document(EVENT), &["epcis", "hash", "-"]);
    assert_eq!(ran.check(0).line(), id());
}

#[test]
fn lines_of_json_name_the_event_and_the_hash_that_it_states_itself() {
    let bench = Bench::new();
    let stated = cbv::event_id(&Hash::of(b"another event"));
    let stating = EVENT.replacen('{', &format!(r#"{{"eventID":"{stated}","#), 1);
    bench.write("one.json", document(&stating));
    let line = bench.hefu(&["epcis", "hash", "one.json", "--json"]).check(0).json();
    let pointer = "/epcisBody/eventList/0";
    assert_eq!(line, json!({"event": "one.json#1", "id": id(), "pointer": pointer, "stated": stated}));
    let ran = bench.hefu(&["epcis", "hash", "one.json"]);
    ran.check_because(0, "one.json#1: its eventID states the hash");
    assert_eq!(ran.line(), id());

    bench.write("right.json", document(&stating.replace(&stated, &id())));
    let ran = bench.hefu(&["epcis", "hash", "right.json", "--json", "--prehash"]);
    assert_eq!(ran.err, "");
    let line = ran.check(0).json();
    assert_eq!((&line["stated"], &line["prehash"]), (&Value::Null, &json!(PREHASH)));
}

#[test]
fn a_malformed_file_prints_nothing_and_names_the_place() {
    let bench = Bench::new();
    bench.write("right.json", EVENT);
    bench.write("cut.json", "{\"type\":");
    bench.write("number.json", document("1"));
    bench.write("untyped.json", r#"[{"action":"ADD"}]"#);
    let noon = r#"{"type":"ObjectEvent","sensorElementList":[{},{"sensorReport":[{"time":"noon"}]}]}"#;
    bench.write("noon.json", document(&format!("{EVENT},{noon}")));
    for (file, why) in [
        ("nowhere.json", "cannot read nowhere.json"),
        ("cut.json", "EOF while parsing a value at line 1 column 8"),
        ("number.json", "an event that is no object at /epcisBody/eventList/0"),
        ("untyped.json", "an object without `type` at /0"),
        ("noon.json", "\"/epcisBody/eventList/1/sensorElementList/1/sensorReport/0/time\""),
    ] {
        let ran = bench.hefu(&["epcis", "hash", "right.json", file]);
        ran.check_because(1, why);
        assert_eq!(ran.out, "", "{file}");
    }
    bench.hefu(&["epcis", "hash"]).check(2);
}

#[test]
fn the_hashes_of_the_reference_implementation_agree() {
    let bench = Bench::new();
    for name in [
        "ReferenceEventHashAlgorithm",
        "ReferenceEventHashAlgorithm3",
        "epcisDocHavingEventWithComment",
        "epcisDocWithDefaultSchemaInContext",
        "epcisDocWithSensorComponent",
        "epcisDocWithSingleEvent",
        "epcisDocWithXMLstartTagAndErrorDeclaration",
        "persistentDisposition",
    ] {
        let Some(document) = fixture(&format!("event-hash/examples/{name}.jsonld")) else { return };
        let hashes = fixture(&format!("event-hash/examples/{name}.hashes")).unwrap();
        let ran = bench.hefu_reading(&document, &["epcis", "hash", "-"]);
        let found: Vec<&str> = ran.check(0).out.lines().collect();
        assert_eq!(found, hashes.split_whitespace().collect::<Vec<_>>(), "{name}");
    }
}
