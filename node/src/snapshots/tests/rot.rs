//! Files that are not as they were written. Whoever hands them over must not look like a liar.

use std::path::{Path, PathBuf};

use super::*;
use crate::snapshots::shelf::DIRECTORY;

/// Changes a file.
fn spoil(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("read");
    change(&mut bytes);
    fs::write(path, bytes).expect("written");
}

fn flip_a_bit(bytes: &mut Vec<u8>) {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
}

/// Where the newest snapshot is.
fn place(others: &Others) -> PathBuf {
    let height = others.shelf.newest().expect("a snapshot").header.height;
    others.directory.path().join(DIRECTORY).join(height.to_string())
}

/// The file of the range with the most rows.
fn fullest(others: &Others) -> PathBuf {
    let card = others.shelf.newest().expect("a snapshot");
    let (range, _) = card.counts.iter().enumerate().max_by_key(|(_, count)| **count).expect("a range");
    place(others).join(format!("{range:05}.rows"))
}

/// Nobody gets it, nobody says that its owner lies, and it is gone.
#[track_caller]
fn assert_let_go(others: &mut Others, place: &Path) {
    assert!(matches!(restore(others), Err(Stop::None)), "there is nobody else");
    assert_eq!(others.exposed, [], "it was handed over");
    assert!(others.shelf.newest().is_none() && !place.exists(), "it is kept");
}

#[test]
fn a_damaged_range_is_not_handed_over_and_the_snapshot_is_let_go() {
    let repeat = |bytes: &mut Vec<u8>| bytes.extend_from_within(..);
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 3);
    for damage in [flip_a_bit as fn(&mut Vec<u8>), cut, repeat, Vec::clear] {
        let mut others = others(&[Some(honest)]);
        let place = place(&others);
        spoil(&fullest(&others), damage);
        assert_let_go(&mut others, &place);
    }
}

#[test]
fn a_range_that_is_damaged_after_it_was_handed_over_is_noticed_too() {
    let mut others = others(&[Some(honest)]);
    let place = place(&others);
    let store = restore(&mut others).expect("restored");
    assert_restored(&others, &store);
    spoil(&fullest(&others), flip_a_bit);
    assert_let_go(&mut others, &place);
}

/// As it is read when the node starts.
#[test]
fn a_damaged_card_is_not_handed_over_and_the_snapshot_is_let_go() {
    for name in ["\"register\":\"", "\"signature\":\"", "\"roots\":[\"", "\"counts\":["] {
        let mut others = others(&[Some(honest)]);
        let place = place(&others);
        spoil(&place.join("card.json"), |bytes| {
            let text = String::from_utf8(bytes.clone()).expect("text");
            let (before, after) = text.split_once(name).unwrap_or_else(|| panic!("{name} is not there"));
            let digit = if after.starts_with('1') { '2' } else { '1' };
            *bytes = format!("{before}{name}{digit}{}", &after[1..]).into_bytes();
        });
        others.shelf = Shelf::open(others.directory.path(), 1);
        assert_let_go(&mut others, &place);
    }
}

#[test]
fn the_snapshot_before_a_damaged_one_is_offered() {
    let mut others = others(&[Some(honest)]);
    let before = others.shelf.newest().expect("a snapshot").header.height;
    let newest = others.shelf.take(&chain(&others.scene)).expect("taken");
    assert!(newest > before);
    let place = place(&others);
    spoil(&fullest(&others), flip_a_bit);
    // Whoever is told of the damaged one is handed over no rows of it, and may ask again.
    assert!(matches!(restore(&mut others), Err(Stop::None)));
    assert!(!place.exists());
    let store = restore(&mut others).expect("restored");
    assert_eq!(others.shelf.newest().map(|card| card.header.height), Some(before));
    assert_restored(&others, &store);
    assert_eq!(others.exposed, []);
}
