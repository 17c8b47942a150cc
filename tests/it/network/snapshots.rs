//! Validators that have lost everything and are handed the ledger by others.

use std::{
    fs,
    time::{Duration, Instant},
};

use hefu_tests::{history::Log, testnet::Testnet};

use super::{Clients, FINALS_LEAST, QUICK, VALIDATORS, holds, one, seed};
use crate::kill::Dice;

/// Kills while the ledger is handed over.
const KILLS: usize = 3;

/// A network that takes a snapshot every few blocks.
fn network() -> Testnet {
    let net = Testnet::init(VALIDATORS, &QUICK).unwrap();
    for home in net.homes().unwrap() {
        let path = home.join("hefu.toml");
        let text = fs::read_to_string(&path).unwrap();
        let often = text.replace("every = 1000", "every = 10");
        assert_ne!(often, text, "the configuration says how often");
        fs::write(&path, often).unwrap();
    }
    net
}

#[test]
fn a_wiped_validator_is_handed_the_ledger_also_where_it_is_killed_meanwhile() {
    let begun = Instant::now();
    println!("HEFU_SEED={}", seed());
    let wiped = one(&mut Dice::new(seed()));
    let witness = (wiped + 1) % VALIDATORS;
    let mut net = network();
    net.up().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clients.jsonl");
    let clients = Clients::start(&net, Log::begin(&path).unwrap());
    net.until("snapshots", |net| (0..VALIDATORS).all(|at| net.whole_log(at).contains("snapshot taken"))).unwrap();
    net.kill(wiped).unwrap();

    let (restoring, store) = (net.data(wiped).join("restoring"), net.data(wiped).join("store"));
    let (mut caught, mut told_early) = (0, false);
    for _ in 0..KILLS {
        fs::remove_dir_all(net.data(wiped)).unwrap();
        let mut child = net.start(wiped, &[]).unwrap();
        let until = Instant::now() + Duration::from_secs(30);
        while !restoring.exists() && !store.exists() {
            assert!(Instant::now() < until, "nothing is restored: {}", net.log(wiped));
            let early = net.get(wiped, "/readyz");
            told_early |= early.is_some_and(|(status, why)| status == 503 && why.to_string().contains("is starting"));
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        caught += usize::from(restoring.exists() && !store.exists());
    }
    assert!(caught > 0, "no kill came in time to mean anything");
    assert!(told_early, "whoever asked meanwhile was not told that the node starts");

    let ahead = net.height(witness).unwrap();
    let mut following = net.start(wiped, &[]).unwrap();
    net.until("catching up", |net| net.height(wiped).is_some_and(|height| height >= ahead)).unwrap();
    let told = net.whole_log(wiped);
    assert!(told.contains("snapshot restored"), "{told}");
    assert!(!restoring.exists());
    net.kill(wiped).unwrap();
    following.wait().unwrap();

    let mut voting = net.start(wiped, &["--renew-guard"]).unwrap();
    net.until("being ready", |net| net.get(wiped, "/readyz").is_some_and(|(status, _)| status == 200)).unwrap();
    println!("{caught} of {KILLS} kills came while the ledger was handed over");
    holds(&net, clients, &path, FINALS_LEAST);
    voting.wait().unwrap();
    println!("wiping validator {wiped} {KILLS} times took {:.1} s", begun.elapsed().as_secs_f64());
}
