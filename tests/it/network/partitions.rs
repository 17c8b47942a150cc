//! Real validators whose links are cut, slowed and broken, over proxies on loopback.

use std::{thread, time::Duration};

use hefu_tests::{history::Log, links::Links, testnet::Testnet};

use super::{Clients, QUICK, VALIDATORS, goes_on, holds, rounds};

/// How long a partition lasts.
const LASTS: Duration = Duration::from_secs(4);

/// Blocks that the rest must make meanwhile, where it is enough.
const BLOCKS_MEANWHILE: u64 = 5;

/// Records that must have become final, or the run means nothing.
const FINALS_MIN: usize = 200;

/// The greatest height that anybody answers with.
fn highest(net: &Testnet) -> u64 {
    (0..VALIDATORS).filter_map(|at| net.height(at)).max().unwrap_or_default()
}

#[test]
fn partitions_delays_and_broken_connections_lose_nothing_and_fork_nothing() {
    println!("links are led over proxies on loopback");
    let mut net = Testnet::init(VALIDATORS, &QUICK).unwrap();
    let links = Links::lay(&net).unwrap();
    net.up().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clients.jsonl");
    let clients = Clients::start(&net, Log::begin(&path).unwrap());
    goes_on(&net);

    for _ in 0..rounds("HEFU_PARTITIONS", 1) {
        halved(&net, &links);
        apart(&net, &links);
        links.disturb(Duration::from_millis(20), 5);
        thread::sleep(LASTS);
        links.heal();
        goes_on(&net);
    }

    holds(&net, clients, &path, FINALS_MIN);
}

/// Two against two: nobody can go on, and everybody does afterwards.
fn halved(net: &Testnet, links: &Links) {
    for (one, other) in [(0, 2), (0, 3), (1, 2), (1, 3)] {
        links.part(one, other);
    }
    thread::sleep(Duration::from_secs(1));
    let stopped = highest(net);
    thread::sleep(LASTS);
    assert!(highest(net) <= stopped + 1, "half of the validators have gone on by themselves");
    links.heal();
    goes_on(net);
}

/// One apart; one that hears nobody; one that nobody hears. The others go on.
fn apart(net: &Testnet, links: &Links) {
    type Cut = fn(&Links, usize, usize);
    let cuts: [(usize, Cut); 3] = [
        (3, Links::part),
        (1, |links, one, other| links.cut(other, one)),
        (2, |links, one, other| links.cut(one, other)),
    ];
    for (apart, cut) in cuts {
        for other in (0..VALIDATORS).filter(|other| *other != apart) {
            cut(links, apart, other);
        }
        let before = highest(net);
        net.until("blocks of the others", |net| highest(net) >= before + BLOCKS_MEANWHILE).unwrap();
        thread::sleep(LASTS);
        links.heal();
        goes_on(net);
    }
}
