//! A disk that is full while a validator writes: a small one in memory, where the system lets us mount it, and a limit on
//! the size of files, which anybody may set. The one is seen coming, so that records end before votes, the other only
//! when a write fails.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use hefu_contracts::action::Action;
use hefu_keys::file;
use hefu_node::space::{DiskOf, Gauge as _, RECORDS_PERCENT, VOTES_PERCENT};
use hefu_tests::{history::Log, people::Person, testnet::Testnet};
use serde_json::{Value, json};

use super::{
    BLOCKS_BETWEEN, BLOCKS_LOOKED_AT, Clients, FINALS_LEAST, QUICK, VALIDATORS, goes_on, holds, one, seed, votes,
};
use crate::kill::Dice;

/// Of the small disk; a store keeps some tens of MiB for its log.
const DISK: &str = "size=512m";

/// What a validator says that has room for votes and not for records.
const NO_RECORDS: &str = "no records are taken";

/// A disk in memory, until it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// None where this process may not mount anything.
    fn mount(at: &Path) -> Option<Disk> {
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", DISK, "hefu-test"]).arg(at).status();
        status.is_ok_and(|status| status.success()).then(|| Disk(at.to_owned()))
    }

    /// Fills it until there is room for votes and not for records: as far from the one limit as from the other, since
    /// the validator goes on to write.
    fn fill_but_for_votes(&self) {
        let mut file = File::create(self.filler()).unwrap();
        let piece = vec![0_u8; 256 << 10];
        while DiskOf(self.0.clone()).free().unwrap().percent() > u64::midpoint(RECORDS_PERCENT, VOTES_PERCENT) {
            file.write_all(&piece).unwrap();
        }
    }

    /// Fills the rest of it to the last byte.
    fn fill(&self) -> PathBuf {
        let path = self.filler();
        let mut file = File::options().append(true).create(true).open(&path).unwrap();
        let piece = vec![0_u8; 1 << 20];
        while file.write_all(&piece).is_ok() {}
        while file.write_all(&[0]).is_ok() {}
        path
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
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

/// A record of a validator's organisation.
fn record_of(net: &Testnet, at: usize) -> String {
    let passphrase = fs::read_to_string(net.passphrase()).unwrap();
    let key = file::open(&net.home(at).join("keys/admin.key"), passphrase.trim()).unwrap();
    // Its client counts from 1 on.
    let mut person = Person::new(key, net.genesis.parse().unwrap(), 1 << 20);
    let site = json!({"gln": "9528880100012", "name": {"en": "Hall", "zh": "厂房"}});
    person.sign(Action::SitePut, site).unwrap()
}

/// Hands a validator a record: status and answer.
fn hand_in(net: &Testnet, at: usize, record: &str) -> (u16, Value) {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let sent = agent.post(format!("{}/v1/records", net.validators[at].url)).header("content-type", "application/json");
    let mut answer = sent.send(record).unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap())
}

/// While little room is left, a validator turns records away, says so, and still votes. It goes on to write, so that there is
/// not much time until even less is left.
fn votes_without_taking_records(net: &Testnet, victim: usize, record: &str) {
    let witness = (victim + 1) % VALIDATORS;
    let says_so = |net: &Testnet| {
        let told = net.get(victim, "/readyz");
        told.is_some_and(|(status, why)| status == 503 && why.to_string().contains(NO_RECORDS))
    };
    net.until("no more records", says_so).unwrap();
    let (status, problem) = hand_in(net, victim, record);
    assert_eq!((status, &problem["code"]), (503, &Value::from("E-NODE-UNREADY")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("the node's disk is nearly full"), "{problem}");
    // The votes of the next height may have been given before.
    let then = net.height(witness).unwrap() + 2;
    let still_votes = |net: &Testnet| {
        let heights = then..=net.height(witness).unwrap_or_default();
        heights.rev().take(BLOCKS_LOOKED_AT).any(|height| votes(net, witness, victim, height))
    };
    net.until("its vote while it takes no records", |net| still_votes(net) && says_so(net)).unwrap();
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
    let stopped = |net: &Testnet| {
        let told = net.get(victim, "/readyz");
        told.is_none_or(|(status, why)| status == 503 && !why.to_string().contains(NO_RECORDS))
    };
    net.until("no more readiness", stopped).unwrap();
    let then = net.height(witness).unwrap();
    net.until("the others going on", |net| net.height(witness).is_some_and(|height| height >= then + 20)).unwrap();
    let silent = |net: &Testnet| {
        let latest = net.height(witness).map(|now| now - BLOCKS_BETWEEN..=now);
        latest.is_some_and(|mut latest| latest.all(|height| !votes(net, witness, victim, height)))
    };
    net.until("none of its votes", silent).unwrap();

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
    let record = record_of(&net, victim);
    let fill = |net: &Testnet| {
        disk.fill_but_for_votes();
        votes_without_taking_records(net, victim, &record);
        disk.fill()
    };
    one_is_full(net, victim, fill, |_, filler| fs::remove_file(filler).unwrap());
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
