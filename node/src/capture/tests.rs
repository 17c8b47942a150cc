#![expect(clippy::arithmetic_side_effects, reason = "tests compute with small known numbers")]

use std::path::{Path, PathBuf};

use hefu_contracts::{annex::Part, cbv, submission::Unverified};
use hefu_keys::{Hash, SecretKey, parts::Salt};
use serde_json::{Value, json};

use super::*;
use crate::client::{Frame, submission};

/// Salts that count up: two parts never share one, and every run is the same.
fn salts() -> impl FnMut() -> Result<Salt, hefu_keys::NoRandomness> {
    let mut next = 0_u8;
    move || {
        next += 1;
        Ok(Salt::from_bytes([next; 32]))
    }
}

fn frame() -> Frame {
    Frame {
        chain: Hash::of(b"a chain"),
        claimed_at: "2026-09-18T02:00:00.000Z".parse().unwrap(),
        expires: "2026-09-25T02:00:00.000Z".parse().unwrap(),
        nonce: [7; 16],
        seq: 1,
        visibility: hefu_contracts::record::Visibility::Public,
    }
}

/// Converts, signs and reads as a node does.
fn taken(source: &Source) -> Result<Captured, NotCaptured> {
    let captured = convert(source, &mut salts())?;
    let key = SecretKey::from_seed([1; 32]);
    let text = submission(&captured.content, &frame(), &[&key]).unwrap();
    Unverified::read(text.as_bytes()).unwrap().verify().unwrap();
    Ok(captured)
}

fn event(value: &Value) -> Source {
    read(&value.to_string()).unwrap().remove(0)
}

fn object(more: &Value) -> Value {
    let mut event = json!({
        "type": "ObjectEvent", "action": "OBSERVE", "eventTime": "2026-09-18T10:00:00+08:00",
        "eventTimeZoneOffset": "+08:00", "epcList": ["urn:epc:id:sgtin:0614141.107346.2018"],
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

#[test]
fn identifiers_become_sorted_canonical_links_each_once() {
    let captured = taken(&event(&object(&json!({"epcList": [
        "urn:epc:id:sgtin:0614141.107346.2018",
        "https://example.com/01/10614141073464/21/2017",
        "https://id.gs1.org/01/10614141073464/21/2018",
    ]}))))
    .unwrap();
    let list = &captured.content.annex.lists["/body/event/epcList"];
    let expected = ["https://id.gs1.org/01/10614141073464/21/2017", "https://id.gs1.org/01/10614141073464/21/2018"];
    assert_eq!(list.elements, expected);
    assert!(matches!(captured.content.parts["/body/event/epcList"], Part::List { count: 2, .. }));
    assert_eq!(captured.content.body.pointer("/event/epcList"), None);
}

#[test]
fn transactions_are_detached_as_a_value() {
    let list = json!([{"type": "po", "bizTransaction": "http://transaction.acme.com/po/12345678"}]);
    let captured = taken(&event(&object(&json!({"bizTransactionList": list})))).unwrap();
    let value = &captured.content.annex.values["/body/event/bizTransactionList"];
    assert_eq!(serde_json::from_str::<Value>(value.value.get()).unwrap(), list);
    assert_eq!(captured.content.body.pointer("/event/bizTransactionList"), None);
}

#[test]
fn an_event_without_identifiers_has_no_parts() {
    let quantity = json!({"epcClass": "urn:epc:class:lgtin:4012345.012345.998877", "quantity": 200.250, "uom": "KGM"});
    let more = json!({"epcList": [], "quantityList": [quantity], "recordTime": "2026-09-18T10:00:00Z"});
    let captured = taken(&event(&object(&more))).unwrap();
    assert!(captured.content.parts.is_empty());
    assert_eq!(captured.content.body.pointer("/event/quantityList/0/quantity"), Some(&json!(200.25)));
    assert_eq!(captured.content.body.pointer("/event/recordTime"), None);
}

#[test]
fn the_context_comes_along_only_where_the_event_needs_it() {
    let standard = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";
    let declares = json!([standard, {"ex": "http://ns.example.com/"}]);
    for (context, more, expected) in [
        (json!(standard), json!({}), None),
        (declares.clone(), json!({}), None),
        (declares.clone(), json!({"cbvmda:lotNumber": "L7"}), None),
        (declares.clone(), json!({"ex:colour": "green"}), Some(declares.clone())),
        (
            declares.clone(),
            json!({"sensorElementList": [{"sensorReport": [{"type": "ex:glow"}]}]}),
            Some(declares.clone()),
        ),
        (declares.clone(), json!({"bizStep": "ex://no-prefix"}), None),
        (
            declares,
            json!({"@context": [standard, {"own": "http://own.example.com/"}], "own:size": "3"}),
            Some(json!([standard, {"ex": "http://ns.example.com/"}, {"own": "http://own.example.com/"}])),
        ),
        (json!(["https://example.com/ours.jsonld"]), json!({}), Some(json!("https://example.com/ours.jsonld"))),
    ] {
        let document =
            json!({"@context": context, "type": "EPCISDocument", "epcisBody": {"eventList": [object(&more)]}});
        let captured = taken(&event(&document)).unwrap();
        assert_eq!(captured.content.body.pointer("/event/@context"), expected.as_ref(), "{context}");
    }
}

#[test]
fn an_event_id_with_another_hash_is_kept_and_reported() {
    let other = Hash::of(b"another event");
    let captured = taken(&event(&object(&json!({"eventID": cbv::event_id(&other)})))).unwrap();
    assert_eq!(captured.stated, Some(other));
    assert_eq!(captured.content.body.pointer("/event/eventID"), Some(&json!(cbv::event_id(&other))));
    let captured = taken(&event(&object(&json!({"eventID": cbv::event_id(&captured.cbv)})))).unwrap();
    assert_eq!(captured.stated, None);
}

#[test]
fn a_document_says_what_its_names_mean() {
    let document = json!({"type": "EPCISDocument", "epcisBody": {"eventList": [object(&json!({}))]}});
    let refused = read(&document.to_string()).unwrap_err().to_string();
    assert_eq!(refused, "the document around /epcisBody/eventList/0 has no `@context`");
}

#[test]
fn what_cannot_be_captured_is_named() {
    let refused = |more: &Value| convert(&event(&object(more)), &mut salts()).unwrap_err().to_string();
    let many: Vec<String> = (0..5_001).map(|n| format!("https://id.gs1.org/01/10614141073464/21/{n}")).collect();
    for (more, expected) in [
        (json!({"type": "LotEvent"}), "\"LotEvent\" is not one of EPCIS 2.0's five types of event"),
        (json!({"sensorElementList": [{"sensorReport": []}]}), "(at /body/event/sensorElementList/0/sensorReport)"),
        (json!({"epcList": "urn:epc:id:sgtin:0614141.107346.2018"}), "`epcList` is not a list of identifiers"),
        (json!({"epcList": ["a bottle"]}), "`epcList` has \"a bottle\""),
        (json!({"epcList": many}), "`epcList` has 5001 identifiers, at most 5000 are accepted in one event"),
        (json!({"eventTime": "yesterday"}), "the event has no CBV hash"),
        (json!({"colour": "green"}), "(at /body/event/colour)"),
        (json!({"action": "LOSE"}), "(at /body/event/action)"),
    ] {
        let found = refused(&more);
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn what_is_no_document_is_named() {
    for (text, expected) in [
        ("{", "the text is not JSON"),
        ("17", "found a number or word"),
        ("{}", "an object without `type`"),
        ("[[[]]]", "found arrays in arrays"),
        (r#"{"type":"EPCISDocument"}"#, "the EPCISDocument has no `/epcisBody/eventList`"),
        (r#"{"type":"EPCISDocument","epcisBody":{"eventList":[1]}}"#, "found an event that is no object"),
    ] {
        let found = read(text).unwrap_err().to_string();
        assert!(found.contains(expected), "{text}: {found}");
    }
}

/// The official examples of EPCIS 2.0, and documents of other implementations, where they lie beside the project.
fn examples(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures").join(folder);
    if !root.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", root.display());
        println!("{} is missing: only the project's own events were checked", root.display());
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|extension| extension.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("jsonld" | "json") => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// Every event of a file is taken, with the hash of its original.
fn check_file(path: &Path, count: &mut usize) {
    let text = std::fs::read_to_string(path).unwrap();
    for source in read(&text).unwrap() {
        match taken(&source) {
            Ok(captured) => {
                let contexts: Vec<String> = source.contexts.iter().map(Value::to_string).collect();
                let contexts: Vec<&str> = contexts.iter().map(String::as_str).collect();
                let original = Value::Object(source.event.clone()).to_string();
                let hash = cbv::event_hash(&original, &contexts).unwrap();
                // Of a thing that the original names twice, in two spellings, only one is recorded.
                let listed = |name| source.event.get(name).and_then(Value::as_array).map_or(0, Vec::len);
                let recorded = captured.content.annex.lists.values().map(|list| list.elements.len()).sum::<usize>();
                let lists = ["epcList", "childEPCs", "inputEPCList", "outputEPCList"];
                if recorded == lists.into_iter().map(listed).sum::<usize>() {
                    assert_eq!(captured.cbv, hash, "{}", path.display());
                }
                *count += 1;
            }
            Err(other) => panic!("{}: {other:?}", path.display()),
        }
    }
}

#[test]
fn every_official_example_is_taken_with_the_hash_of_its_original() {
    let files = examples("epcis20/JSON");
    let mut count = 0;
    files.iter().for_each(|path| check_file(path, &mut count));
    println!("{} files: {count} events taken", files.len());
    if !files.is_empty() {
        assert_eq!(files.len(), 47);
    }
}

#[test]
fn documents_of_other_implementations_are_taken() {
    let mut count = 0;
    for folder in ["epcis-documents/Capture/Documents", "epcis-documents/Capture/Events"] {
        // Not valid by GS1's schema either: some of its sensor reports have no type.
        let valid = |path: &&PathBuf| !path.ends_with("SensorData_with_combined_events.json");
        examples(folder).iter().filter(valid).for_each(|path| check_file(path, &mut count));
    }
    println!("{count} events taken");
}
