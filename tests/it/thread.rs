//! The first thread: a story is recorded, a code is looked up, and a stranger checks it without the node's help.

use std::fs;

use hefu_tests::process::{Hefu, run};
use serde_json::Value;

/// Paths of the demo's trace pages, the refills' first: they have come furthest.
pub(crate) fn demo_items(node: &Hefu) -> Vec<String> {
    let paths = node.ready.items.iter().map(|item| item.trim_start_matches(&node.ready.url).to_owned());
    let mut items: Vec<String> = paths.collect();
    items.sort();
    items
}

#[test]
fn every_code_of_the_demo_is_proven_to_a_stranger() {
    let data = tempfile::tempdir().unwrap();
    let node = Hefu::start(data.path(), &["--demo"]).unwrap();
    let items = demo_items(&node);
    assert_eq!(items.len(), 12);
    for (number, item) in items.iter().enumerate() {
        let (status, page) = node.text(&format!("{item}?lang=zh")).unwrap();
        assert_eq!(status, 200, "{item}");
        assert!(page.contains("桂花") || page.contains("瓶"), "{item}");
        let (code, out, error) = run(&["verify", &node.at(item), "--genesis", &node.ready.genesis]).unwrap();
        assert_eq!(code, 0, "{item}: {error}");
        assert!(out.contains("CoreNest"), "{out}");
        if number > 0 {
            continue;
        }
        let (status, proof) = node.text(&proof_path(item)).unwrap();
        assert_eq!(status, 200);
        let file = data.path().join("proof.json");
        fs::write(&file, &proof).unwrap();
        let file = file.to_str().unwrap();
        assert_eq!(run(&["verify", file, "--genesis", &node.ready.genesis]).unwrap().0, 0);
        let other = "0".repeat(64);
        assert_eq!(run(&["verify", file, "--genesis", &other]).unwrap().0, 4);
        let altered = proof.replacen("\"eventTime\":\"2", "\"eventTime\":\"1", 1);
        assert_ne!(altered, proof);
        fs::write(file, altered).unwrap();
        let (code, _, error) = run(&["verify", file, "--genesis", &node.ready.genesis]).unwrap();
        assert_eq!(code, 4, "{error}");
        assert!(error.contains("record"), "{error}");
    }
    assert_eq!(node.stop().unwrap(), 0);
}

/// The path of a trace page's proof.
pub(crate) fn proof_path(item: &str) -> String {
    let codes: Vec<&str> = item.split('/').collect();
    format!("/v1/items/{}/{}/proof", codes[2], codes[4])
}

#[test]
fn a_second_start_continues_the_chain_and_its_story() {
    let data = tempfile::tempdir().unwrap();
    let node = Hefu::start(data.path(), &["--demo"]).unwrap();
    let (first, items) = (node.ready.clone(), demo_items(&node));
    let (_, before) = node.text(&proof_path(&items[0])).unwrap();
    assert_eq!(node.stop().unwrap(), 0);
    let node = Hefu::start(data.path(), &["--demo"]).unwrap();
    assert_eq!((&node.ready.genesis, demo_items(&node)), (&first.genesis, items.clone()));
    let (_, after) = node.text(&proof_path(&items[0])).unwrap();
    let entries = |proof: &str| serde_json::from_str::<Value>(proof).unwrap()["histories"].clone();
    assert_eq!(entries(&before), entries(&after));
}

#[test]
fn a_code_that_was_never_issued_is_proven_to_have_no_record() {
    let data = tempfile::tempdir().unwrap();
    let node = Hefu::start(data.path(), &["--demo"]).unwrap();
    let path = "/v1/items/09528880010021/00000000000000000000";
    assert_eq!(node.get(path).unwrap().0, 404);
    let url = node.at(&format!("{path}/proof"));
    let (code, out, error) = run(&["verify", &url, "--genesis", &node.ready.genesis]).unwrap();
    assert_eq!(code, 0, "{error}");
    assert!(out.to_lowercase().contains("no record"), "{out}");
}
