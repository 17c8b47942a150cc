//! One key in two hands: a fifth process with the keys, the guard and the store of a validator.
//!
//! Each of the two has a guard that knows nothing of what the other signs, so together they may sign anything. That is one
//! faulty validator of four: nobody forks, and what anybody notices of it is on record. Under a name of its own, as a
//! second machine that was meant to stand by, the two contradict each other where it is their turn to propose. On a copy
//! of everything, its name included, the others take both for one node and talk to whoever connected last: the other may
//! hear nothing until that one has gone.

use std::{
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use hefu_tests::{
    history::{Chain, Line, Log},
    testnet::Testnet,
};
use serde_json::Value;

use super::{
    Clients, FINALS_LEAST, QUICK, VALIDATORS, agree, block, chain, ended, follower::Follower, goes_on, one, seed,
    verify, votes,
};
use crate::kill::Dice;

/// How long both run under one name.
const BOTH: Duration = Duration::from_secs(4);

/// Blocks that the others must make meanwhile, and while neither runs.
const BLOCKS_MEANWHILE: u64 = 5;

/// What a validator logs where it notices that another has signed two things.
const NOTICED: &str = "a validator has contradicted itself";

#[test]
fn a_fifth_process_with_the_key_of_a_validator_forks_nothing_and_what_it_contradicts_is_recorded() {
    let begun = Instant::now();
    println!("HEFU_SEED={}", seed());
    let mut dice = Dice::new(seed());
    let twin = one(&mut dice);
    let mut net = Testnet::init(VALIDATORS, &QUICK).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut second = Follower::prepare(&net, directory.path(), true);
    net.up().unwrap();
    let path = directory.path().join("clients.jsonl");
    let clients = Clients::start(&net, Log::begin(&path).unwrap());
    goes_on(&net);

    let own_name = both_run(&mut net, twin, &mut second, dice.roll(2) == 0, |net, second| {
        net.until("a contradiction that somebody notices", |net| noticed(net, second) > 0).unwrap();
    });
    let before = noticed(&net, &second);
    fs::copy(net.home(twin).join("keys/node.key"), second.home.join("keys/node.key")).unwrap();
    // The original hears nothing meanwhile, and the other way round the fifth process might not.
    let same_name = both_run(&mut net, twin, &mut second, true, |_, _| thread::sleep(BOTH));
    println!(
        "the validators noticed {before} contradictions under two names, and {} under one",
        noticed(&net, &second) - before
    );

    net.kill(twin).unwrap();
    net.up().unwrap();
    let returned = net.height(twin).unwrap();
    let heard = |net: &Testnet| {
        let witness = (twin + 1) % VALIDATORS;
        net.height(witness).is_some_and(|now| now > returned && votes(net, witness, twin, now))
    };
    net.until("its vote", heard).unwrap();

    let mut log = ended(&net, clients, &path, FINALS_LEAST);
    let chains: Vec<Chain> = (0..VALIDATORS).map(|at| chain(&net, at)).collect();
    for copied in [own_name, same_name] {
        assert!(chains[twin].starts_with(&copied), "the fifth process has other blocks than the validators");
    }
    let accusations = accusations(&net, &log, &chains[twin], twin);
    println!("{} contradictions are on record", accusations.len());
    assert!(!accusations.is_empty(), "a key in two hands is not on record");
    log.extend(accusations);
    agree(&log, &chains);
    verify(&net);
    println!("two processes with one key took {:.1} s", begun.elapsed().as_secs_f64());
}

/// How often anybody, the two with one key among them, has noticed that a validator has signed two things.
fn noticed(net: &Testnet, second: &Follower) -> usize {
    let logs = (0..VALIDATORS).map(|at| net.whole_log(at)).chain([second.log()]);
    logs.map(|log| log.matches(NOTICED).count()).sum()
}

/// Lets neither run, and then a fifth process with the key of a validator beside that, until enough has come of
/// it; what the fifth has of the chain.
fn both_run(
    net: &mut Testnet,
    twin: usize,
    second: &mut Follower,
    original_first: bool,
    enough: impl FnOnce(&Testnet, &Follower),
) -> Chain {
    let witness = (twin + 1) % VALIDATORS;
    let others_make_blocks = |net: &Testnet| {
        let then = net.height(witness).unwrap();
        net.until("blocks of the others", |net| net.height(witness) >= Some(then + BLOCKS_MEANWHILE)).unwrap();
    };
    net.kill(twin).unwrap();
    let copy = |what: &str| {
        let (from, to) = (net.home(twin).join(what), second.home.join(what));
        assert!(Command::new("rm").arg("-rf").arg(&to).status().unwrap().success());
        assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
    };
    ["data", "keys/validator.key"].into_iter().for_each(copy);
    others_make_blocks(net);
    println!("the key of validator {twin} in two hands, the original first: {original_first}");
    if original_first {
        net.up().unwrap();
    }
    second.start();
    net.until("the fifth process's answers", |_| second.height().is_some()).unwrap();
    if !original_first {
        net.up().unwrap();
    }
    enough(net, second);
    others_make_blocks(net);
    let height = second.height().unwrap();
    let copied = (1..=height).map(|height| block(second.get(&format!("/v1/blocks/{height}")))).collect();
    second.kill();
    goes_on(net);
    copied
}

/// The records that no client has sent: all accuse the validator whose key is in two hands.
fn accusations(net: &Testnet, log: &[Line], chain: &Chain, twin: usize) -> Vec<Line> {
    let sent = |id: &str| log.iter().any(|line| matches!(line, Line::Begun { id: sent, .. } if sent == id));
    let strangers = chain.iter().flat_map(|block| &block.records).filter(|id| !sent(id));
    let (_, last) = net.get(twin, &format!("/v1/blocks/{}", chain.len())).unwrap();
    let party = net.validators[twin].validator.as_str();
    let accused = last["validators"].as_array().unwrap().iter().find(|one| one["party"] == party).unwrap();
    let accuses = |id: &String| {
        let (_, found) = net.get(twin, &format!("/v1/records/{id}")).unwrap();
        let record = &found["record"];
        assert_eq!(record["action"], Value::from("system.evidence"), "{id}");
        assert_eq!(record["body"]["validator"], accused["address"], "{id}");
        Line::Begun { id: id.clone(), at: 0 }
    };
    strangers.map(accuses).collect()
}
