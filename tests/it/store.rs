//! The store as an operator meets it: verified, damaged, of another version, of another chain.

use std::{
    fs,
    path::{Path, PathBuf},
};

use hefu_node::demo::PHRASE;
use hefu_tests::process::{Hefu, run};

fn told(data: &Path) -> (i32, String) {
    let (code, out, error) = run(&["verify", "--store", data.join("data").to_str().unwrap()]).unwrap();
    (code, format!("{out}{error}"))
}

fn stopped_demo() -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    let node = Hefu::start(data.path(), &["--demo"]).unwrap();
    assert_eq!(node.stop().unwrap(), 0);
    data
}

fn tables(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tables(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "sst" || extension == "blob" || extension == "log")
        {
            found.push(path);
        }
    }
}

#[test]
fn a_whole_store_is_verified_and_a_changed_byte_is_named() {
    let data = stopped_demo();
    let (code, text) = told(data.path());
    assert_eq!(code, 0, "{text}");
    let mut files = Vec::new();
    tables(&data.path().join("data"), &mut files);
    files.retain(|file| fs::metadata(file).unwrap().len() > 2_000);
    files.sort_by_key(|file| std::cmp::Reverse(fs::metadata(file).unwrap().len()));
    let victim = &files[0];
    let mut bytes = fs::read(victim).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 0x20;
    fs::write(victim, &bytes).unwrap();
    let (code, text) = told(data.path());
    assert_eq!(code, 4, "{}: {text}", victim.display());
    let name = victim.file_name().unwrap().to_str().unwrap();
    // A changed byte in a table is named with table and file; in the log it looks like a lost tail.
    if name.ends_with(".log") {
        assert!(text.contains("had committed"), "{text}");
    } else {
        let named = text.contains(name) || text.contains("height ");
        assert!(named && text.contains("table "), "{name} is not named in {text}");
    }
}

#[test]
fn a_store_that_lost_its_tail_is_refused_with_advice() {
    let data = stopped_demo();
    let copy = tempfile::tempdir().unwrap();
    copy_folder(data.path(), copy.path());
    let node = Hefu::start(data.path(), &[]).unwrap();
    let key = hefu_keys::SecretKey::from_phrase(PHRASE, "//corenest", None).unwrap();
    let next = node.get(&format!("/v1/keys/{}", key.address())).unwrap().1["nextSeq"].as_u64().unwrap();
    let mut brand = hefu_tests::people::Person::new(key, node.ready.genesis.parse().unwrap(), next);
    let body = serde_json::json!({"gln": "9528880100012", "name": {"en": "Hall", "zh": "厂房"}});
    let record = brand.sign(hefu_contracts::action::Action::SitePut, body).unwrap();
    assert_eq!(node.post("/v1/records?wait=final", "application/json", record.as_bytes()).unwrap().0, 200);
    assert_eq!(node.stop().unwrap(), 0);
    // The database of before the last block, with the watermark of after it.
    fs::copy(data.path().join("data/watermark"), copy.path().join("data/watermark")).unwrap();
    let (code, text) = told(copy.path());
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("had committed") && text.contains("lost"), "{text}");
    assert!(Hefu::start(copy.path(), &[]).is_err(), "a node has started on it");
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
