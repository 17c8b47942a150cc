//! Documents with signed events at a node that is killed between taking them in and telling what became of them.

use std::{
    thread,
    time::{Duration, Instant},
};

use hefu_contracts::cbv;
use hefu_keys::{Hash, SecretKey, parts::Salt};
use hefu_node::{
    capture::{Source, convert},
    client::{Frame, submission},
    demo::PHRASE,
};
use hefu_tests::process::Hefu;
use serde_json::{Value, json};

use crate::{
    gateway::{document, get, post},
    kill::Dice,
};

const ROUNDS: u64 = 8;

/// A document of five events with their records beside them, the first with this sequence number.
fn signed(chain: &Hash, key: &SecretKey, first: u64) -> String {
    let mut whole: Value = serde_json::from_str(&document(usize::try_from(first).unwrap())).unwrap();
    let contexts = vec![whole["@context"].clone()];
    let events = whole["epcisBody"]["eventList"].as_array_mut().unwrap();
    for (event, seq) in events.iter_mut().zip(first..) {
        let source = Source { contexts: contexts.clone(), event: event.as_object().unwrap().clone() };
        let captured = convert(&source, &mut Salt::generate).unwrap();
        let text = submission(&captured.content, &Frame::new(*chain, seq).unwrap(), &[key]).unwrap();
        event["hefu:submission"] = json!(text);
    }
    whole["@context"].as_array_mut().unwrap().push(json!({"hefu": "urn:hefu:epcis:"}));
    whole.to_string()
}

/// A job, once nothing of it is on its way.
fn finished(url: &str) -> Value {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let (status, job) = get(url);
        assert_eq!(status, 200, "{url}: {job}");
        if job["running"] == false {
            return job;
        }
        assert!(Instant::now() < until, "{job}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_job_outlives_its_node_and_says_what_stands_on_the_ledger() {
    let data = tempfile::tempdir().unwrap();
    let key = SecretKey::from_phrase(PHRASE, "//corenest", None).unwrap();
    let (mut dice, mut taken) = (Dice::new(11), Vec::new());
    let mut node = Hefu::start(data.path(), &[]).unwrap();
    let chain: Hash = node.ready.genesis.parse().unwrap();
    let mut next = get(&node.at(&format!("/v1/keys/{}", key.address()))).1["nextSeq"].as_u64().unwrap();
    let mut open = 0;
    for round in 0..ROUNDS {
        for behaviour in ["rollback", "proceed"] {
            let text = signed(&chain, &key, next);
            let (status, location, problem) = post(&node.at("/epcis/v2/capture"), behaviour, &text).unwrap();
            assert_eq!(status, 202, "{problem}");
            taken.push((location, cbv::events(&text).unwrap().len()));
            next += 5;
        }
        // In some rounds at once, in some after a block.
        thread::sleep(Duration::from_millis(if round % 2 == 0 { 0 } else { dice.roll(400) }));
        let last = get(&node.at(&taken.last().unwrap().0)).1;
        open += u32::from(last["running"] == true);
        node.kill().unwrap();
        node = Hefu::start(data.path(), &[]).unwrap();
    }
    assert!(open > 0, "no node was killed while something was on its way");
    for (location, events) in &taken {
        let job = finished(&node.at(location));
        assert_eq!((&job["success"], &job["errors"]), (&json!(true), &json!([])), "{job}");
        let results = job["hefu:results"].as_array().unwrap();
        assert_eq!(results.len(), *events);
        for result in results {
            let (status, record) = node.get(&format!("/v1/records/{}", result["record"].as_str().unwrap())).unwrap();
            assert_eq!((status, &result["result"]), (200, &json!("accepted")), "{job}");
            assert_eq!(record["height"], result["receipt"]["height"]);
        }
    }
    assert_eq!(node.stop().unwrap(), 0);
}
