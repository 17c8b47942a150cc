//! Golden files, bytes that must never change unnoticed, and the vectors of others.
//!
//! `HEFU_BLESS=1 cargo test` writes the golden files anew; the diff then shows what changed on the wire.

use std::path::{Path, PathBuf};

/// The golden file `name` must hold exactly `actual`.
pub(crate) fn assert_golden(name: &str, actual: &str) {
    let path = own(name);
    if std::env::var_os("HEFU_BLESS").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    assert_eq!(actual, read(&path), "{name} differs; if that is meant, run the tests once with HEFU_BLESS=1");
}

/// The text of the golden file `name`.
pub(crate) fn golden(name: &str) -> String {
    read(&own(name))
}

/// A directory of vectors published by others, which stand beside the project and are no part of it. Without them the
/// project's own data must do, except where tests decide whether something is released (`CI=true`).
pub(crate) fn vectors(name: &str) -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures").join(name);
    if shared.is_dir() {
        return Some(shared);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "the fixtures `{name}` are missing");
    println!("the fixtures `{name}` are missing: only the project's own data was tested");
    None
}

/// The text of a file that must exist.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
}

fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/golden").join(name)
}
