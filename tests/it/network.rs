//! Validators that distrust each other, as real processes on loopback: killed, paused and wiped under load.

mod clients;
mod follower;
mod founders;
mod full;
mod partitions;
mod power;
mod snapshots;
mod standstill;
mod twins;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use hefu_tests::{
    history::{self, Log},
    process::run,
    testnet::Testnet,
};
use serde_json::Value;

use crate::kill::Dice;
pub(crate) use clients::Clients;

const VALIDATORS: usize = 4;

/// Kills of one validator in a row of rounds.
const KILLS: u64 = 20;

/// Pauses of one validator.
const PAUSES: u64 = 4;

/// Blocks between two faults.
const BLOCKS_BETWEEN: u64 = 8;

/// Latest blocks in which votes are looked for.
const BLOCKS_LOOKED_AT: usize = 20;

/// Records that must have become final, or the run means nothing.
const FINALS_MIN: usize = 500;

/// The same where other things than load take the time.
const FINALS_LEAST: usize = 50;

/// What a restart of a network must be quick for.
const QUICK: [&str; 6] = ["--heartbeat", "2000", "--propose-timeout", "700", "--vote-timeout", "300"];

fn seed() -> u64 {
    std::env::var("HEFU_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_128)
}

/// One of the four validators.
fn one(dice: &mut Dice) -> usize {
    usize::try_from(dice.roll(4)).unwrap()
}

/// A block as a node has answered.
fn block(answer: Option<(u16, Value)>) -> history::Block {
    let (status, block) = answer.unwrap();
    assert_eq!((status, &block["private"]), (200, &Value::from(0)), "{block}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let records = block["records"].as_array().unwrap().iter().map(|record| text(&record["id"]));
    history::Block {
        id: text(&block["block"]),
        register: text(&block["header"]["register"]),
        records: records.collect(),
    }
}

/// The blocks of a validator.
fn chain(net: &Testnet, at: usize) -> history::Chain {
    let height = net.height(at).unwrap();
    (1..=height).map(|height| block(net.get(at, &format!("/v1/blocks/{height}")))).collect()
}

/// Whether one validator's certificate of a height has a signature of another, or its own.
fn votes(net: &Testnet, at: usize, signer: usize, height: u64) -> bool {
    let block = net.get(at, &format!("/v1/blocks/{height}")).map(|(_, block)| block);
    let validators = block.as_ref().and_then(|block| block["validators"].as_array());
    let signed = |one: &Value| one["party"] == net.validators[signer].validator.as_str() && one["signed"] == true;
    validators.is_some_and(|validators| validators.iter().any(signed))
}

/// Waits until every validator counts votes of every other on blocks after now: a network that only goes on may have one
/// whom nobody hears.
fn all_are_heard(net: &Testnet) {
    let since: Vec<u64> = (0..VALIDATORS).map(|at| net.height(at).unwrap()).collect();
    for (at, signer) in (0..VALIDATORS).flat_map(|at| (0..VALIDATORS).map(move |signer| (at, signer))) {
        let hears = |net: &Testnet| {
            let now = net.height(at).unwrap_or_default();
            (since[at] + 1..=now).rev().take(BLOCKS_LOOKED_AT).any(|height| votes(net, at, signer, height))
        };
        net.until(&format!("{at} hearing {signer}"), hears).unwrap();
    }
}

/// Waits until every validator has some blocks more.
fn goes_on(net: &Testnet) {
    for at in 0..net.validators.len() {
        let height = net.height(at).unwrap_or_default();
        net.until("further blocks", |net| net.height(at).is_some_and(|now| now >= height + BLOCKS_BETWEEN)).unwrap();
    }
}

/// Ends the clients' load: what they were told as final stands once, where they were told, in every validator's blocks.
fn holds(net: &Testnet, clients: Clients, log: &Path, finals_min: usize) {
    let log = ended(net, clients, log, finals_min);
    let chains: Vec<history::Chain> = (0..VALIDATORS).map(|at| chain(net, at)).collect();
    agree(&log, &chains);
    verify(net);
}

/// Ends the clients' load and waits until all validators have the same height; what was sent and heard.
fn ended(net: &Testnet, clients: Clients, log: &Path, finals_min: usize) -> Vec<history::Line> {
    let finals = clients.stop();
    let height = net.level().unwrap();
    println!("{finals} records were final, at height {height}");
    assert!(finals >= finals_min, "too little load to mean anything: {finals} records");
    Log::read(log).unwrap()
}

fn agree(log: &[history::Line], chains: &[history::Chain]) {
    history::check(log, chains).unwrap_or_else(|wrong| panic!("{wrong:?}"));
}

/// Stops the network and has every store verified: executed again from genesis, all to the same root.
fn verify(net: &Testnet) {
    net.down().unwrap();
    let mut told = Vec::new();
    for at in 0..net.validators.len() {
        let (code, out, error) = run(&["verify", "--store", net.data(at).to_str().unwrap()]).unwrap();
        assert_eq!(code, 0, "{at}: {out}{error}");
        told.push(out);
    }
    assert!(told.iter().all(|out| out.contains("executed again")), "{told:?}");
}

#[test]
fn kills_and_pauses_under_load_lose_nothing_and_fork_nothing() {
    let begun = Instant::now();
    println!("HEFU_SEED={}", seed());
    let mut dice = Dice::new(seed());
    let mut net = Testnet::init(VALIDATORS, &QUICK).unwrap();
    net.up().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clients.jsonl");
    let clients = Clients::start(&net, Log::begin(&path).unwrap());

    for round in 0..KILLS {
        let at = one(&mut dice);
        net.kill(at).unwrap();
        // Sometimes the others go on without it, sometimes a second one dies and nobody can.
        let second = one(&mut dice);
        if round % 5 == 4 && second != at {
            net.kill(second).unwrap();
        }
        std::thread::sleep(Duration::from_millis(dice.roll(600)));
        net.up().unwrap();
        goes_on(&net);
    }
    for _ in 0..PAUSES {
        let at = one(&mut dice);
        net.signal(at, "-STOP").unwrap();
        std::thread::sleep(Duration::from_millis(300 + dice.roll(1_500)));
        net.signal(at, "-CONT").unwrap();
        goes_on(&net);
    }
    for at in 0..VALIDATORS {
        net.kill(at).unwrap();
    }
    net.up().unwrap();
    goes_on(&net);
    holds(&net, clients, &path, FINALS_MIN);
    let took = begun.elapsed().as_secs_f64();
    println!("{KILLS} kills and {PAUSES} pauses on loopback took {took:.1} s");
}

#[test]
fn a_wiped_validator_follows_and_votes_again_when_it_is_told_to() {
    let begun = Instant::now();
    println!("HEFU_SEED={}", seed());
    let wiped = one(&mut Dice::new(seed()));
    let witness = (wiped + 1) % VALIDATORS;
    let mut net = Testnet::init(VALIDATORS, &QUICK).unwrap();
    net.up().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clients.jsonl");
    let clients = Clients::start(&net, Log::begin(&path).unwrap());
    net.until("thirty blocks", |net| net.height(witness).is_some_and(|height| height >= 30)).unwrap();

    net.kill(wiped).unwrap();
    fs::remove_dir_all(net.data(wiped)).unwrap();
    let mut following = net.start(wiped, &[]).unwrap();
    let ahead = net.height(witness).unwrap();
    net.until("catching up", |net| net.height(wiped).is_some_and(|height| height >= ahead)).unwrap();
    let (status, told) = net.get(wiped, "/readyz").unwrap();
    assert_eq!(status, 503, "{told}");
    assert!(told.to_string().contains("does not vote"), "{told}");
    let log = fs::read_to_string(net.home(wiped).join("node.log")).unwrap();
    assert!(log.contains("--renew-guard"), "the procedure is not in the log: {log}");
    net.kill(wiped).unwrap();
    following.wait().unwrap();

    let renewed_at = net.height(witness).unwrap();
    let mut renewed = net.start(wiped, &["--renew-guard"]).unwrap();
    let voted =
        |net: &Testnet| net.height(wiped).is_some_and(|height| height > renewed_at && votes(net, wiped, wiped, height));
    net.until("its vote", voted).unwrap();
    net.until("being ready", |net| net.get(wiped, "/readyz").is_some_and(|(status, _)| status == 200)).unwrap();
    holds(&net, clients, &path, FINALS_LEAST);
    renewed.wait().unwrap();
    println!("wiping validator {wiped} took {:.1} s", begun.elapsed().as_secs_f64());
}

#[test]
fn a_network_is_told_of_stopped_continued_and_checked_from_outside() {
    let mut net = Testnet::init(VALIDATORS, &["--block-interval", "50"]).unwrap();
    net.up().unwrap();
    let (first, genesis) = (net.validators.clone(), net.genesis.clone());
    let names: Vec<&str> = first.iter().map(|up| up.validator.as_str()).collect();
    assert_eq!(names, ["corenest", "huaxu", "yueling", "zhongsheng"]);

    // A record handed to one validator is final at all, and any of them proves the state under a certificate of four.
    let (dir, passphrase) = (net.home(1).join("keys"), net.passphrase());
    let site = ["site", "put", "--gln", "9528880200026", "--name-en", "Hall", "--name-zh", "厂房", "--key", "admin"];
    let where_from = ["--dir", dir.to_str().unwrap(), "--passphrase-file", passphrase.to_str().unwrap()];
    let (code, id, error) = run(&[&site[..], &where_from, &["--node", &first[1].url]].concat()).unwrap();
    assert_eq!(code, 0, "{error}");
    for (at, validator) in first.iter().enumerate() {
        net.until("the record everywhere", |net| {
            net.get(at, &format!("/v1/records/{}", id.trim())).is_some_and(|(status, _)| status == 200)
        })
        .unwrap();
        let proof = format!("{}/v1/items/09528880010021/00000000000000000000/proof", validator.url);
        let (code, out, error) = run(&["verify", &proof, "--genesis", &genesis]).unwrap();
        assert_eq!(code, 0, "{out}{error}");
    }
    let height = net.level().unwrap();
    let (_, block) = net.get(2, &format!("/v1/blocks/{height}")).unwrap();
    assert!(block["certificate"]["signatures"].as_array().unwrap().len() >= 3, "{block}");

    // A second `up` starts nothing; after `down` it continues the chain.
    net.up().unwrap();
    let pids = |ups: &[hefu_tests::testnet::Up]| ups.iter().map(|up| up.pid).collect::<Vec<_>>();
    assert_eq!(pids(&net.validators), pids(&first));
    net.down().unwrap();
    assert!((0..VALIDATORS).all(|at| net.height(at).is_none()));
    net.down().unwrap();
    net.up().unwrap();
    assert!(net.validators.iter().all(|up| up.height >= height), "{:?}", net.validators);
    assert_eq!(net.get(0, &format!("/v1/records/{}", id.trim())).unwrap().0, 200);

    // The same directory is not founded twice, and a network that is not there is not started.
    let there = net.home(0).parent().unwrap().to_str().unwrap().to_owned();
    let (code, _, error) = run(&["testnet", "init", "--dir", &there]).unwrap();
    assert_eq!(code, 1);
    assert!(error.contains("exists already"), "{error}");
    let (code, _, error) = run(&["testnet", "up", "--dir", "nowhere"]).unwrap();
    assert_eq!(code, 1);
    assert!(error.contains("there is no test network"), "{error}");
    verify(&net);
}

#[test]
fn the_story_is_told_on_a_network_and_proven_by_every_validator() {
    let mut net = Testnet::init(VALIDATORS, &["--demo"]).unwrap();
    net.up().unwrap();
    assert_eq!(net.items.len(), 12);
    let told = net.level().unwrap();
    for (at, item) in (0..VALIDATORS).cycle().zip(&net.items) {
        let path = item.strip_prefix(&net.validators[0].url).unwrap();
        let address = format!("{}{path}", net.validators[at].url);
        let (code, out, error) = run(&["verify", &address, "--genesis", &net.genesis]).unwrap();
        assert_eq!(code, 0, "{address}: {error}");
        assert!(out.contains("CoreNest"), "{out}");
    }
    // A second start tells nothing again.
    net.down().unwrap();
    net.up().unwrap();
    assert_eq!(net.items.len(), 12);
    // What is for the parties of contracts is counted and not shown.
    let (mut shown, mut private) = (0, 0);
    for height in 1..=net.height(0).unwrap() {
        let block = net.get(0, &format!("/v1/blocks/{height}")).unwrap().1;
        shown += block["records"].as_array().unwrap().len();
        private += block["private"].as_u64().unwrap();
    }
    assert!(shown > 40 && private > 40 && net.level().unwrap() >= told, "{shown} {private}");
    verify(&net);
}

#[test]
fn a_validator_is_examined_before_it_runs_and_watched_while_it_does() {
    let mut net = Testnet::init(VALIDATORS, &[]).unwrap();
    net.up().unwrap();
    let configuration = net.home(0).join("hefu.toml");
    let examine = || {
        let (code, out, error) = run(&["doctor", "--config", configuration.to_str().unwrap(), "--json"]).unwrap();
        let lines = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
        (code, lines, error)
    };
    let (code, lines, error) = examine();
    assert_eq!(code, 0, "{lines:?} {error}");
    let about =
        |lines: &[Value], name: &str| lines.iter().filter(|line| line["about"] == name).cloned().collect::<Vec<_>>();
    assert_eq!(about(&lines, "guard")[0]["says"], "a node is running, and says whether it votes");
    assert!(about(&lines, "node")[0]["says"].as_str().unwrap().starts_with("it is ready"), "{lines:?}");
    assert!(about(&lines, "permissions").iter().all(|line| line["finding"] == "good"), "{lines:?}");
    let reached = about(&lines, "peers").iter().filter(|line| line["finding"] == "good").count();
    assert_eq!(reached, 2 * (VALIDATORS - 1), "{lines:?}");

    net.down().unwrap();
    let (code, lines, _) = examine();
    assert_eq!(code, 0, "{lines:?}");
    assert!(about(&lines, "guard")[0]["says"].as_str().unwrap().starts_with("the key has signed up to height"));
    // Now and then another network of these tests has taken one of the ports that were given up.
    let found =
        |name: &str, finding: &str| about(&lines, name).iter().filter(|line| line["finding"] == finding).count();
    assert!(found("ports", "good") >= 2 && found("peers", "warning") >= VALIDATORS, "{lines:?}");
    fs::remove_dir_all(net.data(0).join("guard")).unwrap();
    let (code, lines, error) = examine();
    assert_eq!((code, about(&lines, "guard")[0]["finding"].as_str()), (1, Some("problem")), "{error}");

    // Without its guard it follows, and says so to whoever watches.
    let free = format!("127.0.0.1:{}", hefu_node::ports::free(1).unwrap()[0]);
    let text = fs::read_to_string(&configuration).unwrap();
    fs::write(&configuration, format!("{text}\n[metrics]\nlisten = \"{free}\"\n")).unwrap();
    net.up().unwrap();
    let mut answer = ureq::get(format!("http://{free}/metrics")).call().unwrap();
    let figures = answer.body_mut().read_to_string().unwrap();
    for figure in ["hefu_node_ready 0", "hefu_validator_votes 0", "hefu_guard_repeated_total 0", "node_safety_failure"]
    {
        assert!(figures.contains(figure), "{figure} is not among {figures}");
    }
    let (code, lines, error) = examine();
    let (node, ports) = (about(&lines, "node"), about(&lines, "ports"));
    assert!(code == 1 && error.contains("there is a problem") && ports.is_empty(), "{lines:?} {error}");
    assert!(node[0]["says"].as_str().unwrap().contains("does not vote"), "{lines:?}");
    net.down().unwrap();
}

#[test]
fn a_second_process_with_the_same_key_ends_at_once() {
    let mut net = Testnet::init(1, &[]).unwrap();
    net.up().unwrap();
    let status = net.start(0, &[]).unwrap().wait().unwrap();
    assert_eq!(status.code(), Some(1), "{}", net.log(0));
    assert!(net.log(0).contains("another process holds"), "{}", net.log(0));
    // Nor does one that has no file for its id and would serve elsewhere: the directory is taken.
    let configuration = net.home(0).join("hefu.toml");
    let text = fs::read_to_string(&configuration).unwrap();
    let elsewhere = net.home(0).join("elsewhere.toml");
    let mut free = hefu_node::ports::free(3).unwrap().into_iter();
    let moved: String = text
        .lines()
        .map(|line| match line.strip_prefix("listen = ").map(|listen| listen.trim_matches('"')) {
            Some(listen) if listen.starts_with('/') => {
                format!("listen = \"/ip4/127.0.0.1/tcp/{}\"\n", free.next().unwrap())
            }
            Some(_) => format!("listen = \"127.0.0.1:{}\"\n", free.next().unwrap()),
            None => format!("{line}\n"),
        })
        .collect();
    fs::write(&elsewhere, moved).unwrap();
    let passphrase = net.passphrase();
    let start = ["start", "--config", elsewhere.to_str().unwrap(), "--passphrase-file", passphrase.to_str().unwrap()];
    let (code, _, error) = run(&start).unwrap();
    assert!(code == 1 && error.contains("another process"), "{code}: {error}");
    assert!(net.get(0, "/readyz").is_some_and(|(status, _)| status == 200), "the first is as it was");
    net.down().unwrap();
}

#[test]
fn a_network_is_not_said_to_be_ready_where_another_answers_in_its_place() {
    let mut there = Testnet::init(1, &[]).unwrap();
    there.up().unwrap();
    let taken = there.validators[0].url.strip_prefix("http://").unwrap();
    let late = Testnet::init(1, &[]).unwrap();
    let home = late.homes().unwrap().remove(0);
    let configuration = home.join("hefu.toml");
    let text = fs::read_to_string(&configuration).unwrap();
    let own = text.lines().find(|line| line.starts_with("listen = \"127.0.0.1:")).unwrap();
    fs::write(&configuration, text.replace(own, &format!("listen = \"{taken}\""))).unwrap();
    let dir = home.parent().unwrap().to_str().unwrap();
    let (code, out, error) = run(&["testnet", "up", "--json", "--dir", dir]).unwrap();
    assert!(code == 1 && !out.contains("ready"), "{code}: {out}");
    assert!(error.contains("another node answers") && error.contains(&there.genesis), "{error}");
    there.down().unwrap();
}
