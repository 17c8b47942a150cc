//! House rules that a program can check.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The crates from left to right: each may use those before it.
const LINE: [&str; 9] =
    ["keys", "contracts", "api", "explorer", "node/broadcast", "node/engine", "node/gossip", "node", "tests"];

/// Longest file before its tests, in lines: more than one subject, most likely.
const FILE_LINES_MAX: usize = 450;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust source of a crate, by path from the project's root.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let nested: Vec<PathBuf> = LINE.iter().filter(|other| **other != folder).map(|other| root().join(other)).collect();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !["target", "node_modules"].contains(&name) && !nested.contains(&path) {
                folders.push(path);
            } else if name.ends_with(".rs") {
                let relative = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.insert(relative, read(&path));
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

fn manifest(folder: &str) -> String {
    read(&root().join(folder).join("Cargo.toml"))
}

/// Names of the crates of ours that a manifest's normal dependencies name.
fn uses(manifest: &str) -> Vec<&str> {
    let normal = manifest.split("[dependencies]").nth(1).unwrap_or_default();
    let normal = normal.split("\n[").next().unwrap_or_default();
    normal.lines().filter_map(|line| line.strip_prefix("hefu-")?.split(['.', ' ', '=']).next()).collect()
}

#[test]
fn crates_stand_in_one_straight_line() {
    for (position, folder) in LINE.iter().enumerate() {
        let manifest = manifest(folder);
        let before: Vec<&str> = LINE[..position].iter().map(|folder| folder.rsplit('/').next().unwrap()).collect();
        for used in uses(&manifest) {
            assert!(before.contains(&used), "{folder} uses {used}, which stands to its right");
        }
        if folder.starts_with("node/") {
            let changing = uses(&manifest).into_iter().find(|used| *used != "keys");
            assert_eq!(changing, None, "{folder} would be compiled anew with every change of it");
        }
    }
}

#[test]
fn every_crate_inherits_the_lints() {
    for folder in LINE {
        assert!(manifest(folder).contains("[lints]\nworkspace = true"), "{folder}");
    }
    let (house, contracts) = (read(&root().join("clippy.toml")), read(&root().join("contracts/clippy.toml")));
    for line in house.lines().filter(|line| line.contains('=')) {
        assert!(contracts.contains(line), "contracts/clippy.toml does not repeat {line:?}");
    }
}

#[test]
fn what_a_crate_must_not_know_it_does_not_name() {
    for (known, by) in [
        ("rocksdb", vec!["node"]),
        ("malachite", vec!["node/engine"]),
        ("libp2p", vec!["node/broadcast", "node/gossip"]),
        ("actix-web", vec!["api", "explorer", "node"]),
        ("askama", vec!["explorer"]),
        ("ed25519-dalek", vec!["keys"]),
    ] {
        for folder in LINE {
            let named = manifest(folder).lines().any(|line| line.starts_with(known));
            assert!(!named || by.contains(&folder), "{folder} must not know {known}");
        }
    }
}

#[test]
fn no_file_is_a_drawer() {
    let drawers = ["utils", "util", "helpers", "helper", "common", "manager", "misc", "types", "prelude", "mod"];
    for folder in LINE {
        for path in sources(folder).keys() {
            let stem = Path::new(path).file_stem().unwrap().to_str().unwrap().to_owned();
            assert!(!drawers.contains(&stem.as_str()), "{path} has no subject");
        }
    }
}

#[test]
fn files_have_one_subject() {
    for folder in LINE {
        for (path, text) in sources(folder) {
            let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
            let is_test = path.contains("/tests") || path.contains("/it/");
            assert!(is_test || lines <= FILE_LINES_MAX, "{path} has {lines} lines, at most {FILE_LINES_MAX}");
        }
    }
}

#[test]
fn nothing_is_left_for_later() {
    let words = ["TO\u{44}O", "FIX\u{4d}E", "XX\u{58}", "for now", "simplified"];
    for folder in LINE {
        for (path, text) in sources(folder) {
            for (number, line) in text.lines().enumerate() {
                let late = words.iter().find(|word| line.contains(*word) && !path.ends_with("tidy.rs"));
                assert!(late.is_none(), "{path}:{}: {line}", number + 1);
            }
        }
    }
}

#[test]
fn every_test_program_is_run_by_make_test() {
    let makefile = read(&root().join("Makefile"));
    let mut programs = vec!["it".to_owned()];
    for folder in LINE {
        let sources = sources(folder).into_keys();
        let tests = format!("{folder}/tests/");
        let names = sources.filter_map(|path| {
            let path = path.strip_prefix(&tests)?;
            let name = path.strip_suffix("/main.rs").or_else(|| path.strip_suffix(".rs"))?;
            (!name.contains('/')).then(|| name.to_owned())
        });
        programs.extend(names);
    }
    assert!(programs.len() > 3, "{programs:?}");
    for program in programs {
        assert!(makefile.contains(&format!("--test {program}")), "{program}");
    }
}
