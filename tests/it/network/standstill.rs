//! More validators are away than may be: nothing goes on, and those that are left say so to whoever watches.

use std::time::Instant;

use hefu_contracts::action::Action;
use hefu_keys::file;
use hefu_tests::{people::Person, testnet::Testnet};
use serde_json::{Value, json};

use super::{QUICK, VALIDATORS};

/// Blocks are due so often that three of them are soon missed; then ten seconds pass until anybody is told.
const HEARTBEAT: [&str; 2] = ["--heartbeat", "500"];

/// Who is killed: two of four.
const AWAY: [usize; 2] = [2, 3];

/// Reasons why a validator is not ready, where it is not.
fn unready(net: &Testnet, at: usize) -> Option<String> {
    let (status, told) = net.get(at, "/readyz")?;
    (status == 503).then(|| told.to_string())
}

/// Hands a record in without waiting for its block.
fn hand_in(url: &str, record: &str) -> Value {
    let sent = ureq::post(format!("{url}/v1/records")).header("content-type", "application/json").send(record);
    serde_json::from_str(&sent.unwrap().body_mut().read_to_string().unwrap()).unwrap()
}

#[test]
fn validators_that_are_too_few_say_so_and_go_on_with_what_waited_when_others_come_back() {
    let begun = Instant::now();
    let more: Vec<&str> = HEARTBEAT.iter().chain(&QUICK[2..]).copied().collect();
    let mut net = Testnet::init(VALIDATORS, &more).unwrap();
    net.up().unwrap();
    let left: Vec<usize> = (0..VALIDATORS).filter(|at| !AWAY.contains(at)).collect();
    let all_ready = |net: &Testnet| (0..VALIDATORS).all(|at| net.get(at, "/readyz").is_some_and(|(is, _)| is == 200));
    net.until("being ready", all_ready).unwrap();

    for at in AWAY {
        net.kill(at).unwrap();
    }
    for at in &left {
        net.until("being unready", |net| unready(net, *at).is_some()).unwrap();
        let why = unready(&net, *at).unwrap();
        assert!(why.contains("no block for") && why.contains("too many validators are away"), "{why}");
        net.until("its log", |net| net.whole_log(*at).contains("no block for")).unwrap();
    }
    // What nobody can decide waits, and its author is told no more than that.
    let passphrase = std::fs::read_to_string(net.passphrase()).unwrap();
    let key = file::open(&net.home(0).join("keys/admin.key"), passphrase.trim()).unwrap();
    let mut person = Person::new(key, net.genesis.parse().unwrap(), 1);
    let site = json!({"gln": "9528880100012", "name": {"en": "Hall", "zh": "厂房"}});
    let record = person.sign(Action::SitePut, site).unwrap();
    let receipt = hand_in(&net.validators[left[0]].url, &record);
    assert_eq!(receipt["status"], "pending", "{receipt}");
    let heights: Vec<_> = left.iter().map(|at| net.height(*at).unwrap()).collect();
    assert!(left.iter().all(|at| unready(&net, *at).is_some()));
    assert_eq!(left.iter().map(|at| net.height(*at).unwrap()).collect::<Vec<_>>(), heights);

    net.up().unwrap();
    let kept = format!("/v1/records/{}", receipt["id"].as_str().unwrap());
    for at in 0..VALIDATORS {
        let stands = |net: &Testnet| net.get(at, &kept).is_some_and(|(_, record)| record["height"].is_u64());
        net.until("the record in a block", stands).unwrap();
    }
    net.until("being ready again", all_ready).unwrap();
    for at in left {
        net.until("its log", |net| net.whole_log(at).contains("blocks come as they are made")).unwrap();
        let log = net.whole_log(at);
        assert_eq!(log.matches("no block for").count(), 1, "it is told once: {log}");
    }
    net.down().unwrap();
    println!("a standstill and its end took {:.1} s", begun.elapsed().as_secs_f64());
}
