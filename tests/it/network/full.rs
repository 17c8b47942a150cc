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

use super::{Clients, FINALS_LEAST, QUICK, VALIDATORS, goes_on, holds, one, seed, verify};
use crate::kill::Dice;

/// Of the small disk; a store keeps some tens of MiB for its log.
const DISK: &str = "size=192m";

/// Of one that holds the engine's log of votes alone.
const LOG_DISK: &str = "size=256k";

/// Rounds without a decision follow each other quickly, and the log of them grows.
const RESTLESS: [&str; 6] = ["--heartbeat", "500", "--propose-timeout", "100", "--vote-timeout", "50"];

/// What a process answers that must not be started again before somebody has looked at its disk.
const UNSAFE: i32 = 5;

/// A disk in memory, until it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// None where this process may not mount anything.
    fn mount(at: &Path, size: &str) -> Option<Disk> {
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", size, "hefu-test"]).arg(at).status();
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
    let Some(disk) = Disk::mount(&data, DISK) else {
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

/// The service's unit and whoever watches know by the exit code that a start by itself might contradict a vote.
#[test]
fn a_validator_whose_log_of_votes_cannot_be_written_ends_and_says_that_somebody_must_look() {
    let mut net = Testnet::init(VALIDATORS, &RESTLESS).unwrap();
    let votes = net.homes().unwrap()[0].join("data/votes");
    fs::create_dir_all(&votes).unwrap();
    let Some(disk) = Disk::mount(&votes, LOG_DISK) else {
        println!("this process may not mount a disk: no log of votes was filled");
        return;
    };
    let mut victim = net.start(0, &[]).unwrap();
    net.up().unwrap();
    net.until("a block", |net| net.height(0).is_some_and(|height| height > 1)).unwrap();
    for away in [2, 3] {
        net.kill(away).unwrap();
    }
    let filler = disk.fill();
    let status = victim.wait().unwrap();
    assert_eq!(status.code(), Some(UNSAFE), "{}", net.log(0));
    assert!(net.log(0).contains("could not write its log of votes"), "{}", net.log(0));

    // With room, and started by somebody, it goes on.
    fs::remove_file(filler).unwrap();
    net.up().unwrap();
    let height = net.height(1).unwrap();
    net.until("further blocks", |net| net.height(0).is_some_and(|now| now > height)).unwrap();
    verify(&net);
}
