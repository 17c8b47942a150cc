//! Test data of others, read where it stands beside the project; none of it is part of the project.

use std::path::PathBuf;

/// The text of a fixture, or `None` where the fixtures are not on this machine. The tests then stand on the project's
/// own data alone and say so; in continuous integration that is a failure.
pub(crate) fn read(name: &str) -> Option<String> {
    let path = folder().join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        is_absent(name);
    }
    text
}

fn is_absent(name: &str) {
    assert!(option_env!("CI") != Some("true"), "the fixture {name} is absent");
    println!("the fixture {name} is absent: tested with the project's own data only");
}

/// The JSON of a fixture.
pub(crate) fn json(name: &str) -> Option<serde_json::Value> {
    Some(serde_json::from_str(&read(name)?).expect("a fixture is JSON"))
}

/// The names of all files of a folder of fixtures, below it as well, sorted; none where it is absent, as with [`read`].
pub(crate) fn names(of: &str) -> Vec<String> {
    if !folder().join(of).is_dir() {
        is_absent(of);
    }
    let mut folders = vec![of.to_owned()];
    let mut names = Vec::new();
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(folder().join(&at)).into_iter().flatten().flatten() {
            let name = format!("{at}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() { folders.push(name) } else { names.push(name) }
        }
    }
    names.sort();
    names
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures")
}
