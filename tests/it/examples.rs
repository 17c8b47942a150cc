//! GS1's own EPCIS 2.0 examples, captured by the command line into a fresh ledger each.

use std::{
    fs,
    path::{Path, PathBuf},
};

use hefu_node::demo::PHRASE;
use hefu_tests::process::{Hefu, run};
use serde_json::Value;

pub(crate) fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            documents(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "jsonld" || extension == "json") {
            found.push(path);
        }
    }
    found.sort();
}

/// The events of a document, wherever it keeps its list.
fn events_of(document: &Value) -> Vec<&Value> {
    let body = &document["epcisBody"];
    let lists = [&body["eventList"], &body["queryResults"]["resultsBody"]["eventList"], &body["event"]];
    let events =
        lists.into_iter().flat_map(|list| list.as_array().map_or_else(|| vec![list], |list| list.iter().collect()));
    events.filter(|event| event.is_object()).collect()
}

#[test]
fn every_event_of_the_standard_s_examples_is_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/epcis20/JSON");
    if !folder.is_dir() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the fixtures are missing");
        println!("the fixtures `epcis20` are missing: nothing was captured");
        return;
    }
    let mut paths = Vec::new();
    documents(&folder, &mut paths);
    let keys = key_folder();
    let mut events = 0;
    assert_eq!(paths.len(), 47, "46 documents of events and one of a query's answer");
    for path in paths {
        let document: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let found = events_of(&document);
        assert!(!found.is_empty(), "{}: no event", path.display());
        let data = tempfile::tempdir().unwrap();
        let node = Hefu::start(data.path(), &[]).unwrap();
        let (code, out, error) = capture(&node, keys.path(), &path);
        assert_eq!(code, 0, "{}: {out}{error}", path.display());
        events += found.len();
        shows_first_item(&node, found[0]);
    }
    assert_eq!(events, 56, "the 47 documents have so many");
}

/// Captures a file with a key of the demo.
fn capture(node: &Hefu, keys: &Path, file: &Path) -> (i32, String, String) {
    let (keys, url) = (keys.to_str().unwrap(), node.ready.url.as_str());
    let passphrase = format!("{keys}/passphrase");
    let file = file.to_str().unwrap();
    run(&["capture", file, "--dir", keys, "--key", "line", "--passphrase-file", &passphrase, "--node", url]).unwrap()
}

/// A folder with a key file of the brand of the demo.
pub(crate) fn key_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().to_str().unwrap();
    fs::write(folder.path().join("passphrase"), "correct horse\n").unwrap();
    fs::write(folder.path().join("phrase"), PHRASE).unwrap();
    let (phrase, passphrase) = (format!("{keys}/phrase"), format!("{keys}/passphrase"));
    let import = ["keys", "import", "--dir", keys, "--name", "line", "--derive", "//corenest"];
    let files = ["--phrase-file", &phrase, "--passphrase-file", &passphrase];
    let (code, out, error) = run(&[&import[..], &files[..]].concat()).unwrap();
    assert_eq!(code, 0, "{out}{error}");
    folder
}

/// The page of the event's first serialised item shows the event.
fn shows_first_item(node: &Hefu, event: &Value) {
    let lists = ["epcList", "childEPCs", "inputEPCList", "outputEPCList"];
    let Some(epc) = lists.iter().find_map(|list| event[*list][0].as_str()) else { return };
    let Ok(epc) = hefu_contracts::gs1::Epc::parse(epc) else { return };
    let hefu_contracts::gs1::EpcKind::Item { .. } = epc.kind() else { return };
    let (status, page) = node.text(&format!("/{}?lang=en", epc.path())).unwrap();
    assert_eq!(status, 200, "{}", epc.as_str());
    assert!(page.contains("data-record="), "{}", epc.as_str());
}
