//! Real validators whose links are cut, lose packets, are slow and break: in network namespaces, where the kernel loses
//! packets, and over proxies on loopback. Which links, for how long and how much follows from a seed.

use std::{
    thread,
    time::{Duration, Instant},
};

use hefu_tests::{history::Log, links::Links, testnet::Testnet, wires::Wires};

use super::{Clients, QUICK, VALIDATORS, all_are_heard, goes_on, holds, one, seed};
use crate::kill::Dice;

/// Blocks that the rest must make meanwhile, where it is enough.
const BLOCKS_MEANWHILE: u64 = 5;

/// Records that must have become final, or the run means nothing.
const FINALS_MIN: usize = 200;

/// How late packets are, where the kernel can do it, and pieces of a stream.
const LATE: Duration = Duration::from_millis(20);

/// What the links are made of.
enum Ground {
    Namespaces(Wires),
    Proxies(Links),
}

impl Ground {
    /// Namespaces where they are offered; says which.
    fn lay(net: &mut Testnet) -> Ground {
        match Wires::offered() {
            Ok(()) => {
                println!("every validator has a network namespace, in which packets are lost");
                Ground::Namespaces(Wires::lay(net).unwrap())
            }
            Err(why) => {
                println!("links are led over proxies on loopback, since there are no namespaces: {why:#}");
                Ground::Proxies(Links::lay(net).unwrap())
            }
        }
    }

    /// Nothing passes from one to another.
    fn cut(&self, from: usize, to: usize) {
        match self {
            Ground::Namespaces(wires) => wires.cut(from, to),
            Ground::Proxies(links) => links.cut(from, to),
        }
    }

    /// Nothing passes between those two.
    fn part(&self, one: usize, other: usize) {
        self.cut(one, other);
        self.cut(other, one);
    }

    /// Loses some of a thousand packets. A proxy passes streams on, of which nothing can be missing: it is late, and
    /// breaks some.
    fn disturb(&self, per_mille: u64) {
        match self {
            Ground::Namespaces(wires) => {
                wires.lose(per_mille);
                let late = if wires.delay(LATE) { "and all others are late" } else { "and none is late" };
                println!("{per_mille} of 1,000 packets are lost, {late}");
            }
            Ground::Proxies(links) => links.disturb(LATE, per_mille / 10),
        }
    }

    /// Everything passes again, and everybody goes on soon.
    fn heal(&self, net: &Testnet, what: &str) {
        let heights: Vec<Option<u64>> = (0..VALIDATORS).map(|at| net.height(at)).collect();
        match self {
            Ground::Namespaces(wires) => wires.heal(),
            Ground::Proxies(links) => links.heal(),
        }
        let healed = Instant::now();
        let further = |net: &Testnet| (0..VALIDATORS).all(|at| net.height(at) > heights[at]);
        net.until("another block after healing", further).unwrap();
        println!("{what}: everybody had another block {} ms after it had healed", healed.elapsed().as_millis());
        all_are_heard(net);
        println!("{what}: everybody was heard {} ms after it had healed", healed.elapsed().as_millis());
    }
}

/// The greatest height that anybody answers with.
fn highest(net: &Testnet) -> u64 {
    (0..VALIDATORS).filter_map(|at| net.height(at)).max().unwrap_or_default()
}

/// How long a fault lasts: 2 to 5 seconds.
fn lasts(dice: &mut Dice) -> Duration {
    Duration::from_millis(2_000 + dice.roll(3_000))
}

#[test]
fn partitions_and_lost_packets_lose_nothing_and_fork_nothing() {
    let begun = Instant::now();
    let mut dice = Dice::new(seed());
    println!("HEFU_SEED={}", seed());
    let mut net = Testnet::init(VALIDATORS, &QUICK).unwrap();
    let ground = Ground::lay(&mut net);
    net.up().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clients.jsonl");
    let clients = Clients::start(&net, Log::begin(&path).unwrap());
    goes_on(&net);

    halved(&net, &ground, &mut dice);
    for cut in [
        |ground: &Ground, apart, other| ground.part(apart, other),
        |ground: &Ground, deaf, other| ground.cut(other, deaf),
        |ground: &Ground, mute, other| ground.cut(mute, other),
    ] {
        apart(&net, &ground, &mut dice, cut);
    }
    let before = highest(&net);
    ground.disturb(50 + dice.roll(51));
    thread::sleep(lasts(&mut dice));
    net.until("blocks although much is lost", |net| highest(net) >= before + BLOCKS_MEANWHILE).unwrap();
    ground.heal(&net, "packets were lost");

    if let Ground::Namespaces(wires) = &ground {
        let lost = wires.lost();
        println!("{lost} packets were lost");
        assert!(lost > 100, "too few to mean anything");
    }
    holds(&net, clients, &path, FINALS_MIN);
    println!("4 partitions and a lossy network took {:.1} s", begun.elapsed().as_secs_f64());
}

/// Two against two: nobody can go on, and everybody does afterwards.
fn halved(net: &Testnet, ground: &Ground, dice: &mut Dice) {
    // With whom the first one stays.
    let with = 1 + usize::try_from(dice.roll(3)).unwrap();
    let (mine, theirs): (Vec<usize>, Vec<usize>) = (0..VALIDATORS).partition(|at| *at == 0 || *at == with);
    println!("{mine:?} and {theirs:?} are apart");
    for (one, other) in mine.iter().flat_map(|one| theirs.iter().map(move |other| (*one, *other))) {
        ground.part(one, other);
    }
    thread::sleep(Duration::from_secs(1));
    let stopped = highest(net);
    thread::sleep(lasts(dice));
    assert!(highest(net) <= stopped + 1, "half of the validators have gone on by themselves");
    ground.heal(net, "halved");
}

/// One apart, deaf or mute, as `cut` has it towards each of the others, who go on.
fn apart(net: &Testnet, ground: &Ground, dice: &mut Dice, cut: fn(&Ground, usize, usize)) {
    let apart = one(dice);
    for other in (0..VALIDATORS).filter(|other| *other != apart) {
        cut(ground, apart, other);
    }
    let before = highest(net);
    net.until("blocks of the others", |net| highest(net) >= before + BLOCKS_MEANWHILE).unwrap();
    thread::sleep(lasts(dice));
    ground.heal(net, &format!("validator {apart} was apart"));
}

#[test]
fn delays_and_broken_connections_lose_nothing_and_fork_nothing() {
    let begun = Instant::now();
    let mut dice = Dice::new(seed());
    println!("HEFU_SEED={}, over proxies on loopback", seed());
    let mut net = Testnet::init(VALIDATORS, &QUICK).unwrap();
    let links = Links::lay(&net).unwrap();
    net.up().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clients.jsonl");
    let clients = Clients::start(&net, Log::begin(&path).unwrap());
    goes_on(&net);
    links.disturb(Duration::from_millis(10 + dice.roll(20)), 2 + dice.roll(6));
    thread::sleep(lasts(&mut dice));
    Ground::Proxies(links).heal(&net, "slow and broken connections");
    holds(&net, clients, &path, FINALS_MIN);
    println!("delays and broken connections took {:.1} s", begun.elapsed().as_secs_f64());
}
