//! Single bits of a store's files, flipped: found, or without any effect; never a wrong answer.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use hefu_keys::Hash;
use tempfile::TempDir;

use super::filled;
use crate::store::verify_store;

/// Bits that are tried.
const FLIPS: usize = 2_000;

/// How many must be found at least: the rest lies where nothing is kept, in filters and in what was replaced.
const FOUND_PERCENT_MIN: usize = 50;

/// What RocksDB writes for people, and never reads for an answer.
const FOR_PEOPLE: [&str; 4] = ["LOG", "OPTIONS", "IDENTITY", "LOCK"];

/// Files below a directory, by their path in it, with their bytes.
fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).expect("a file");
                found.push((path.strip_prefix(directory).expect("below it").to_owned(), bytes));
            }
        }
    }
    found.sort();
    found
}

fn copy(files: &[(PathBuf, Vec<u8>)]) -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (path, bytes) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
    directory
}

/// The bit of a trial: a file by its size, and a place in it.
fn place(trial: usize, files: &[(PathBuf, Vec<u8>)]) -> (usize, usize) {
    let read = |file: &&(usize, usize)| file.1 > 0;
    let sizes = files.iter().enumerate().map(|(at, (path, bytes))| {
        let name = path.file_name().expect("a name").to_string_lossy();
        (at, if FOR_PEOPLE.iter().any(|kind| name.starts_with(kind)) { 0 } else { bytes.len() * 8 })
    });
    let sizes: Vec<(usize, usize)> = sizes.collect();
    let all: usize = sizes.iter().map(|(_, bits)| bits).sum();
    let dice = Hash::of(&trial.to_le_bytes());
    let (eight, _) = dice.as_bytes().split_first_chunk::<8>().expect("a hash");
    let mut bit = (u64::from_le_bytes(*eight) % all as u64) as usize;
    // One trial in four takes any file, so that the short ones are tried as well.
    if trial.is_multiple_of(4) {
        let short: Vec<(usize, usize)> = sizes.iter().filter(read).copied().collect();
        let (at, bits) = short[bit % short.len()];
        return (at, (bit / short.len()) % bits);
    }
    for (at, bits) in sizes {
        if bit < bits {
            return (at, bit);
        }
        bit -= bits;
    }
    unreachable!("a bit beyond all files")
}

#[test]
fn a_flipped_bit_is_found_or_changes_no_answer() {
    let (data, _) = filled();
    // Once before, so that what opening changes is changed.
    verify_store(data.path(), |_| ()).expect("sound");
    let sound = files(data.path());
    let report = verify_store(copy(&sound).path(), |_| ()).expect("a copy is as sound");
    let (next, found) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        loop {
            let trial = next.fetch_add(1, Ordering::Relaxed);
            if trial >= FLIPS {
                return;
            }
            let mut damaged = sound.clone();
            let (at, bit) = place(trial, &sound);
            damaged[at].1[bit / 8] ^= 1 << (bit % 8);
            match verify_store(copy(&damaged).path(), |_| ()) {
                Ok(told) => assert_eq!(told, report, "bit {bit} of {} is silent", sound[at].0.display()),
                Err(_) => drop(found.fetch_add(1, Ordering::Relaxed)),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let found = found.into_inner();
    println!("{found} of {FLIPS} flipped bits were found, the others changed nothing that is read");
    assert!(found * 100 >= FLIPS * FOUND_PERCENT_MIN, "only {found} of {FLIPS} are found");
}
