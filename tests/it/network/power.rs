//! Machines that lose their power: their processes and their ends of all connections are gone, and nobody is told. A
//! killed process differs: its system still says goodbye for it.

use std::{
    thread,
    time::{Duration, Instant},
};

use hefu_tests::{history::Log, testnet::Testnet, wires::Wires};

use super::{Clients, FINALS_LEAST, QUICK, VALIDATORS, all_are_heard, goes_on, holds, one, seed};
use crate::kill::Dice;

/// Blocks that the others must make meanwhile.
const BLOCKS_MEANWHILE: u64 = 5;

/// Machines that lose their power, one after the other.
const OUTAGES: usize = 2;

#[test]
fn a_validator_whose_machine_lost_its_power_is_heard_again_by_all_others() {
    let begun = Instant::now();
    println!("HEFU_SEED={}", seed());
    let mut dice = Dice::new(seed());
    let mut net = Testnet::init(VALIDATORS, &QUICK).unwrap();
    let wires = match Wires::offered() {
        Ok(()) => Some(Wires::lay(&mut net).unwrap()),
        Err(why) => {
            println!("processes are killed instead, since there are no namespaces: {why:#}");
            None
        }
    };
    net.up().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clients.jsonl");
    let clients = Clients::start(&net, Log::begin(&path).unwrap());
    goes_on(&net);

    let first = one(&mut dice);
    for at in (first..first + OUTAGES).map(|at| at % VALIDATORS) {
        outage(&mut net, wires.as_ref(), at, Duration::from_millis(1_000 + dice.roll(5_000)));
    }
    holds(&net, clients, &path, FINALS_LEAST);
    println!("{OUTAGES} outages took {:.1} s", begun.elapsed().as_secs_f64());
}

/// A machine is without power for some time. The others go on, for which they need each other's votes, and then hear it.
fn outage(net: &mut Testnet, wires: Option<&Wires>, at: usize, lasts: Duration) {
    let others: Vec<usize> = (0..VALIDATORS).filter(|other| *other != at).collect();
    match wires {
        Some(wires) => wires.take_power(at).unwrap(),
        None => net.kill(at).unwrap(),
    }
    let then: Vec<u64> = others.iter().map(|other| net.height(*other).unwrap()).collect();
    let go_on = |net: &Testnet| {
        others
            .iter()
            .zip(&then)
            .all(|(other, then)| net.height(*other).is_some_and(|now| now >= then + BLOCKS_MEANWHILE))
    };
    net.until("blocks of the others", go_on).unwrap();
    thread::sleep(lasts);
    if let Some(wires) = wires {
        wires.give_power(at).unwrap();
    }
    net.up().unwrap();
    let back = Instant::now();
    all_are_heard(net);
    println!(
        "validator {at} was away for {} ms, and all were heard {} ms after",
        lasts.as_millis(),
        back.elapsed().as_millis()
    );
}
