//! Clients of somebody else's making: whoever knows EPCIS and nothing of us captures and queries.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use hefu_tests::process::{Hefu, binary};
use serde_json::{Value, json};

use crate::{examples::key_folder, gateway::Gateway};

/// epcis2.js as `scripts/setup clients` installs it; nothing where it did not, which under CI is a failure.
fn epcis2() -> Option<PathBuf> {
    let target = binary().unwrap().parent().unwrap().parent().unwrap().to_owned();
    let library = target.join("tools/epcis2.js/package/dist/epcis2.node.js");
    let is_there = library.is_file();
    assert!(is_there || std::env::var_os("CI").is_none(), "epcis2.js is missing: run `scripts/setup clients`");
    if !is_there {
        eprintln!("epcis2.js is not installed, so it has captured nothing; `scripts/setup clients` installs it");
    }
    is_there.then_some(library)
}

#[test]
fn epcis2_js_captures_events_of_all_types_and_reads_them_back() {
    let Some(library) = epcis2() else { return };
    let (keys, data, outbox) = (key_folder(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = Hefu::start(data.path(), &[]).unwrap();
    let gateway = Gateway::start(&node.ready.url, keys.path(), outbox.path());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/foreign/epcis2.cjs");
    let output = Command::new("node").arg(script).arg(library).args([&gateway.url, &gateway.url]).output().unwrap();
    let told = String::from_utf8_lossy(&[&*output.stdout, &*output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{told}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{told}"));
    assert_eq!((&found["status"], &found["success"]), (&json!(202), &json!(true)), "{found}");
    assert_eq!(found["again"], json!(vec!["duplicate"; 5]));
    assert_eq!(found["refused"], json!(["E-EVENT-FUTURE"]));
    let numbers = |name: &str| -> Vec<u64> {
        let events = found[name].as_array().unwrap();
        events.iter().map(|event| event["number"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers("all"), [1, 2, 3, 4, 5]);
    assert_eq!((numbers("packing"), numbers("warm"), numbers("single")), (vec![2], vec![1], vec![1]));
    let all = found["all"].as_array().unwrap();
    let types: Vec<&str> = all.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let kinds = ["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"];
    assert_eq!(types, kinds);
    let is_whole =
        |event: &Value| event["recordTime"].is_string() && event["id"].as_str().unwrap().starts_with("ni:///");
    assert!(all.iter().all(is_whole), "{found}");
}
