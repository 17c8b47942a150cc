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

/// What a validator logs where it notices that another has signed two things, and where it has one block more.
const NOTICED: &str = "a validator has contradicted itself";
const COMMITTED: &str = "block committed block.height=";

/// A record that no client has sent: it accuses the validator whose key is in two hands.
struct Accusation {
    id: String,
    /// The height of its block.
    height: u64,
    /// Address of the validator that has signed it.
    by: String,
    /// The accused, and both statements with their signatures.
    body: Value,
}

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
    let addresses = addresses(&net, chains[twin].len());
    let accusations = accusations(&net, &log, &chains[twin], &addresses[twin]);
    println!("{} contradictions are on record", accusations.len());
    assert!(!accusations.is_empty(), "a key in two hands is not on record");
    for at in (0..VALIDATORS).filter(|at| *at != twin) {
        recorded_soon(&net, at, &addresses[at], &accusations);
    }
    log.extend(accusations.into_iter().map(|Accusation { id, .. }| Line::Begun { id, at: 0 }));
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

/// The addresses of all validators.
fn addresses(net: &Testnet, height: usize) -> Vec<String> {
    let (_, last) = net.get(0, &format!("/v1/blocks/{height}")).unwrap();
    let validators = last["validators"].as_array().unwrap();
    let address = |party: &str| validators.iter().find(|one| one["party"] == party).unwrap()["address"].as_str();
    net.validators.iter().map(|up| address(&up.validator).unwrap().to_owned()).collect()
}

/// The records that no client has sent.
fn accusations(net: &Testnet, log: &[Line], chain: &Chain, accused: &str) -> Vec<Accusation> {
    let sent = |id: &str| log.iter().any(|line| matches!(line, Line::Begun { id: sent, .. } if sent == id));
    let strangers = chain.iter().flat_map(|block| &block.records).filter(|id| !sent(id));
    let accuses = |id: &String| {
        let (_, found) = net.get(0, &format!("/v1/records/{id}")).unwrap();
        let record = &found["record"];
        assert_eq!(record["action"], Value::from("system.evidence"), "{id}");
        assert_eq!(record["body"]["validator"], Value::from(accused), "{id}");
        let by = record["signers"][0].as_str().unwrap().to_owned();
        Accusation { id: id.clone(), height: found["height"].as_u64().unwrap(), by, body: record["body"].clone() }
    };
    strangers.map(accuses).collect()
}

/// What an honest validator has noticed is on record, and no block of its own from the second height on came before it.
///
/// That it stands in the second block of others, whoever they are, is asserted where a record takes less time than two
/// heights do: in the simulation. Here blocks follow each other as fast as the processors make them, and the others may
/// decide some while a record is on its way to them. Two heights are certain only for the blocks of whoever noticed: the
/// first may have been begun before, and the record is at hand for every later one.
fn recorded_soon(net: &Testnet, at: usize, address: &str, accusations: &[Accusation]) {
    let builder = |height: &u64| {
        let (_, block) = net.get(at, &format!("/v1/blocks/{height}")).unwrap();
        block["header"]["builder"].as_str().unwrap().to_owned()
    };
    let (log, mut known) = (net.whole_log(at), 0);
    for line in log.lines() {
        if let Some((_, height)) = line.split_once(COMMITTED) {
            known = height.split(' ').next().unwrap().parse().unwrap();
        }
        // A text stands in the log with the marks of a text in it.
        let line = line.replace('\\', "");
        if !line.contains(NOTICED) {
            continue;
        }
        let blocks: Vec<&str> = line.split("\"block\":").skip(1).filter_map(|rest| rest.split(',').next()).collect();
        assert_eq!(blocks.len(), 2, "{line}");
        // Two proposals of one block that differ in their proofs of lock: the engine tells of them, and no record does.
        if blocks[0] == blocks[1] {
            continue;
        }
        let told = accusations.iter().find(|one| is_told_in(one, &line));
        let Accusation { height, by, .. } = told.unwrap_or_else(|| panic!("it is on no record: {line}"));
        println!("validator {at} noticed a contradiction after block {known}, it stands in {height} by {by}");
        let own: Vec<u64> = (known + 2..*height).filter(|height| builder(height) == address).collect();
        assert!(own.is_empty(), "validator {at} left it out of {own:?}: {line}");
    }
}

/// Whether a line tells of a contradiction at the same place. Others may have noticed it by other signatures.
fn is_told_in(Accusation { body, .. }: &Accusation, line: &str) -> bool {
    let statement = &body["first"]["statement"];
    ["height", "round", "type"].iter().all(|member| {
        let said = format!("\"{member}\":{}", statement[member]);
        line.split_once(&said).is_some_and(|(_, rest)| rest.starts_with([',', '}']))
    })
}
