//! Answers that are kept as files, so that a change of what is promised over HTTP is seen in a review.

use std::{env, fs, path::PathBuf};

/// Set to write the files anew: `HEFU_SNAPSHOTS=write cargo test -p hefu-api`.
const WRITE: &str = "HEFU_SNAPSHOTS";

/// That `text` is what the file holds. `path` is from the crate's directory.
#[track_caller]
pub fn check(path: &str, text: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os(WRITE).is_some_and(|mode| mode == "write") {
        fs::write(&file, text).unwrap();
        return;
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    let line = kept.lines().zip(text.lines()).position(|(kept, now)| kept != now);
    assert!(
        kept == text,
        "{path} differs from line {}; if that is meant: {WRITE}=write cargo test -p hefu-api\n{text}",
        line.map_or_else(|| kept.lines().count().min(text.lines().count()) + 1, |line| line + 1),
    );
}
