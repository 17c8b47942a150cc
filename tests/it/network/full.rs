//! A disk that is full while a validator writes: a small one in memory, where the system lets us mount it, and a limit on
//! the size of files, which anybody may set. The one is seen coming, the other only when a write fails.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use hefu_tests::{history::Log, testnet::Testnet};

use super::{Clients, FINALS_LEAST, QUICK, VALIDATORS, goes_on, holds, one, seed};
use crate::kill::Dice;

/// Of the small disk; a store keeps some tens of MiB for its log.
const DISK: &str = "size=192m";

/// A disk in memory, until it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// None where this process may not mount anything.
    fn mount(at: &Path) -> Option<Disk> {
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", DISK, "hefu-test"]).arg(at).status();
        status.is_ok_and(|status| status.success()).then(|| Disk(at.to_owned()))
    }

    /// Fills it to the last byte.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = File::create(&path).unwrap();
        let piece = vec![0_u8; 1 << 20];
        while file.write_all(&piece).is_ok() {}
        while file.write_all(&[0]).is_ok() {}
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

/// The validator whose disk it is.
fn victim() -> usize {
    println!("HEFU_SEED={}", seed());
    one(&mut Dice::new(seed()))
}

/// Runs a network of which one validator has no more room for a while; `fill` takes the room and `empty` gives it back.
fn one_is_full<T>(mut net: Testnet, victim: usize, fill: impl FnOnce(&Testnet) -> T, empty: impl FnOnce(&Testnet, T)) {
    let begun = Instant::now();
    let witness = (victim + 1) % VALIDATORS;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clients.jsonl");
    let clients = Clients::start(&net, Log::begin(&path).unwrap());
    goes_on(&net);

    let filled = fill(&net);
    let stopped = |net: &Testnet| net.get(victim, "/readyz").is_none_or(|(status, _)| status == 503);
    net.until("no more readiness", stopped).unwrap();
    let then = net.height(witness).unwrap();
    net.until("the others going on", |net| net.height(witness).is_some_and(|height| height >= then + 20)).unwrap();

    empty(&net, filled);
    // Whether it ended or only waited, depends on what it was writing; a second start of the network helps both.
    net.up().unwrap();
    net.until("being ready", |net| net.get(victim, "/readyz").is_some_and(|(status, _)| status == 200)).unwrap();
    goes_on(&net);
    holds(&net, clients, &path, FINALS_LEAST);
    println!("a full disk of validator {victim} took {:.1} s", begun.elapsed().as_secs_f64());
}

#[test]
fn a_disk_that_is_really_full_stops_one_validator_and_loses_nothing() {
    let victim = victim();
    let mut net = Testnet::init(VALIDATORS, &QUICK).unwrap();
    let data = net.homes().unwrap()[victim].join("data");
    // The guard of the key is in there already.
    let aside = data.with_extension("aside");
    fs::rename(&data, &aside).unwrap();
    fs::create_dir(&data).unwrap();
    let Some(disk) = Disk::mount(&data) else {
        println!("this process may not mount a disk: only `a_write_that_fails…` is evidence here");
        return;
    };
    println!("a disk in memory, {DISK}");
    assert!(Command::new("cp").args(["-a"]).arg(aside.join(".")).arg(&data).status().unwrap().success());
    net.up().unwrap();
    one_is_full(net, victim, |_| disk.fill(), |_, filler| fs::remove_file(filler).unwrap());
}

#[test]
fn a_write_that_fails_anywhere_stops_one_validator_and_loses_nothing() {
    let victim = victim();
    let mut net = Testnet::init(VALIDATORS, &QUICK).unwrap();
    // A write beyond the limit is to fail like one on a full disk, instead of ending the process.
    let mut started = net.start_without_signal(victim, "XFSZ").unwrap();
    net.up().unwrap();
    println!("a limit of no bytes on the files that one process writes");
    // Where the process has ended, so has its limit.
    let empty = |net: &Testnet, ()| drop(net.limit_files(victim, "unlimited"));
    one_is_full(net, victim, |net| net.limit_files(victim, "0").unwrap(), empty);
    started.wait().unwrap();
}
