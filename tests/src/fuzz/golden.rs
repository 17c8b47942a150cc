//! Inputs to begin with: the golden files of `keys` and `contracts`, and what was found before.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// The golden file `name` of a crate.
pub(super) fn file(crate_folder: &str, name: &str) -> Vec<u8> {
    let path = folder(crate_folder).join(name);
    fs::read(&path).expect("a golden file")
}

/// Every file with this ending in a folder of a crate's golden files, sorted by name.
pub(super) fn files(crate_folder: &str, within: &str, ending: &str) -> Vec<Vec<u8>> {
    read_all(&folder(crate_folder).join(within), ending)
}

/// Inputs on which a target has failed before; they stay as its first tests.
pub(super) fn found(target: &str) -> Vec<Vec<u8>> {
    read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/found").join(target), "")
}

/// The JSON of a golden file.
pub(super) fn json(crate_folder: &str, name: &str) -> Value {
    serde_json::from_slice(&file(crate_folder, name)).expect("JSON")
}

/// Every text in a JSON value, names of members included.
pub(super) fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => {
            for (name, value) in members {
                found.push(name.clone());
                texts(value, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn folder(crate_folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(crate_folder).join("src/golden")
}

fn read_all(folder: &Path, ending: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.retain(|path| path.is_file() && path.to_string_lossy().ends_with(ending));
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a file")).collect()
}
