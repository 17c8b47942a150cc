//! kill -9 at random moments under load: nothing that was acknowledged is lost.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use hefu_contracts::action::Action;
use hefu_keys::SecretKey;
use hefu_node::demo::PHRASE;
use hefu_tests::{
    people::Person,
    process::{Hefu, run},
};
use serde_json::json;

const ROUNDS: u32 = 50;

/// A small generator (xorshift64*), so that a failure can be run again from its seed.
pub(crate) struct Dice(u64);

impl Dice {
    /// A seed of 0 would roll nothing else.
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed.max(1))
    }

    pub(crate) fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % below
    }
}

/// Sites in batches, each waited for until final; every acknowledged id is remembered.
fn load(url: &str, mut person: Person, stop: &AtomicBool, acknowledged: &Mutex<Vec<String>>) -> Option<()> {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(5)))
        .build()
        .new_agent();
    while !stop.load(Ordering::Relaxed) {
        let lines: Vec<String> = (0..20)
            .map(|_| {
                person
                    .sign(Action::SitePut, json!({"gln": "9528880100012", "name": {"en": "Hall", "zh": "厂房"}}))
                    .unwrap()
            })
            .collect();
        let sent = agent
            .post(format!("{url}/v1/records?wait=final"))
            .header("content-type", "application/jsonl")
            .send(format!("{}\n", lines.join("\n")));
        let text = sent.ok()?.body_mut().read_to_string().ok()?;
        let receipts = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let finals = receipts
            .filter(|receipt| receipt["status"] == "final")
            .filter_map(|receipt| Some(receipt["id"].as_str()?.to_owned()));
        acknowledged.lock().unwrap().extend(finals);
    }
    Some(())
}

#[test]
fn kills_under_load_lose_nothing_that_was_acknowledged() {
    let seed = std::env::var("HEFU_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_122);
    println!("HEFU_SEED={seed}");
    let mut dice = Dice::new(seed);
    let data = tempfile::tempdir().unwrap();
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let mut height = 0;
    for round in 0..ROUNDS {
        let node = Hefu::start(data.path(), &[]).unwrap();
        assert!(node.ready.height >= height, "round {round}: height fell from {height} to {}", node.ready.height);
        let known = acknowledged.lock().unwrap().clone();
        for id in known.iter().rev().take(200) {
            let (status, record) = node.get(&format!("/v1/records/{id}")).unwrap();
            assert_eq!((status, record["status"].as_str()), (200, Some("final")), "round {round}: {id} is lost");
        }
        let key = SecretKey::from_phrase(PHRASE, "//corenest", None).unwrap();
        let next = node.get(&format!("/v1/keys/{}", key.address())).unwrap().1["nextSeq"].as_u64().unwrap();
        let person = Person::new(key, node.ready.genesis.parse().unwrap(), next);
        let stop = Arc::new(AtomicBool::new(false));
        let (url, remembered, stopping) = (node.ready.url.clone(), acknowledged.clone(), stop.clone());
        let loader = std::thread::spawn(move || load(&url, person, &stopping, &remembered));
        let moment = Instant::now() + Duration::from_millis(30 + dice.roll(400));
        std::thread::sleep(moment - Instant::now());
        height = node.get("/v1/status").map_or(height, |(_, status)| status["height"].as_u64().unwrap_or(height));
        node.kill().unwrap();
        stop.store(true, Ordering::Relaxed);
        loader.join().unwrap();
    }
    let total = acknowledged.lock().unwrap().len();
    println!("{total} records were acknowledged over {ROUNDS} kills");
    assert!(total >= 1_000, "too little load to mean anything: {total} records");
    let node = Hefu::start(data.path(), &[]).unwrap();
    for id in acknowledged.lock().unwrap().iter() {
        let (status, record) = node.get(&format!("/v1/records/{id}")).unwrap();
        assert_eq!((status, record["status"].as_str()), (200, Some("final")), "{id} is lost");
    }
    assert_eq!(node.stop().unwrap(), 0);
    let (code, out, error) = run(&["verify", "--store", data.path().join("data").to_str().unwrap()]).unwrap();
    assert_eq!(code, 0, "{out}{error}");
}
