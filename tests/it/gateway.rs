//! The gateway as a real process: plain events in, signed records out, whatever happens to it.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use hefu_contracts::cbv;
use hefu_tests::process::{Hefu, binary};
use serde_json::{Value, json};

use crate::{
    examples::{documents, key_folder},
    kill::Dice,
};

/// A running gateway. Dropping it kills it at once, as a power cut would.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) url: String,
}

impl Gateway {
    pub(crate) fn start(node: &str, keys: &Path, data: &Path) -> Gateway {
        let mut command = Command::new(binary().unwrap());
        command.args(["gateway", "--json", "--listen", "127.0.0.1:0", "--key", "line", "--node", node]);
        command.arg("--dir").arg(keys).arg("--passphrase-file").arg(keys.join("passphrase")).arg("--data").arg(data);
        command.env("RUST_LOG", "off");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("the gateway did not start: {line}"));
        Gateway { child, url: ready["url"].as_str().unwrap().to_owned() }
    }

    /// Waits until nothing is on its way, and returns every job.
    pub(crate) fn jobs(&self) -> Vec<Value> {
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            let jobs = get(&format!("{}/capture?perPage=1000", self.url)).1;
            let jobs = jobs.as_array().unwrap().clone();
            if jobs.iter().all(|job| job["running"] == false) {
                return jobs;
            }
            assert!(Instant::now() < until, "events are still on their way: {jobs:?}");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn agent() -> ureq::Agent {
    let config =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(60)));
    config.build().new_agent()
}

pub(crate) fn get(url: &str) -> (u16, Value) {
    let mut answer = agent().get(url).call().unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Hands in a body: status, where the answer points, and what it says.
pub(crate) fn post(url: &str, behaviour: &str, body: &str) -> Option<(u16, String, Value)> {
    let request = agent().post(url).header("content-type", "application/json");
    let mut answer = request.header("GS1-Capture-Error-Behaviour", behaviour).send(body).ok()?;
    let text = answer.body_mut().read_to_string().ok()?;
    let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Some((answer.status().as_u16(), location.unwrap_or_default(), body))
}

/// Every event of the ledger, as everybody sees it.
fn events_at(url: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let (mut next, origin) = (format!("{url}/events?perPage=1000"), url.strip_suffix("/epcis/v2").unwrap());
    loop {
        let mut answer = agent().get(&next).call().unwrap();
        let document: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        let list = &document["epcisBody"]["queryResults"]["resultsBody"]["eventList"];
        found.extend(list.as_array().unwrap_or_else(|| panic!("{document}")).clone());
        let Some(link) = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned()) else { break };
        next = format!("{origin}{}", link.split(['<', '>']).nth(1).unwrap());
    }
    found
}

/// A document of five events, each with a number of its own.
pub(crate) fn document(first: usize) -> String {
    let event = |number: usize| {
        json!({
            "type": "ObjectEvent", "action": "OBSERVE", "bizStep": "inspecting", "eventTimeZoneOffset": "+08:00",
            "eventTime": "2026-09-18T10:00:00+08:00", "ex:number": number,
            "epcList": [format!("urn:epc:id:sgtin:0614141.107346.{number}")],
        })
    };
    let events: Vec<Value> = (first..first + 5).map(event).collect();
    let context =
        json!(["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://ex.example/"}]);
    let body = json!({"eventList": events});
    let created = "2026-09-18T10:00:00Z";
    json!({"@context": context, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": created, "epcisBody": body})
        .to_string()
}

fn numbers(events: &[Value]) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    for number in events.iter().filter_map(|event| event["ex:number"].as_u64()) {
        *counts.entry(usize::try_from(number).unwrap()).or_default() += 1;
    }
    counts
}

#[test]
fn a_gateway_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing() {
    let (keys, data, outbox) = (key_folder(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = Hefu::start(data.path(), &[]).unwrap();
    let rounds = std::env::var("HEFU_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(12_usize);
    let mut dice = Dice::new(7);
    let (mut first, acknowledged) = (0, Arc::new(Mutex::new(Vec::new())));
    for _ in 0..rounds {
        let gateway = Gateway::start(&node.ready.url, keys.path(), outbox.path());
        let stop = Arc::new(AtomicBool::new(false));
        let (url, stopped, taken) = (format!("{}/capture", gateway.url), stop.clone(), acknowledged.clone());
        let client = thread::spawn(move || {
            let mut at = first;
            while !stopped.load(Ordering::Relaxed) {
                let behaviour = if at % 2 == 0 { "rollback" } else { "proceed" };
                match post(&url, behaviour, &document(at)) {
                    Some((202, ..)) => taken.lock().unwrap().push(at),
                    Some(other) => panic!("{other:?}"),
                    None => {}
                }
                at += 5;
                thread::sleep(Duration::from_millis(20));
            }
            at
        });
        thread::sleep(Duration::from_millis(20 + dice.roll(600)));
        drop(gateway);
        stop.store(true, Ordering::Relaxed);
        first = client.join().unwrap();
    }
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert!(!acknowledged.is_empty(), "the gateways took nothing in {rounds} rounds");
    let gateway = Gateway::start(&node.ready.url, keys.path(), outbox.path());
    let jobs = gateway.jobs();
    assert!(jobs.iter().all(|job| job["success"] == true), "{jobs:?}");
    let counted = numbers(&events_at(&node.at("/epcis/v2")));
    for number in acknowledged.iter().flat_map(|first| *first..*first + 5) {
        assert_eq!(counted.get(&number), Some(&1), "event {number} was acknowledged");
    }
    assert!(counted.values().all(|count| *count == 1), "an event stands twice");

    // A client that was not answered hands its document in again, and every event stands once in the end.
    for at in (0..first).step_by(5) {
        assert_eq!(post(&format!("{}/capture", gateway.url), "rollback", &document(at)).unwrap().0, 202);
    }
    let jobs = gateway.jobs();
    assert!(jobs.iter().all(|job| job["success"] == true));
    let counted = numbers(&events_at(&node.at("/epcis/v2")));
    assert_eq!((counted.len(), counted.values().max()), (first, Some(&1)));
}

#[test]
fn documents_that_come_faster_than_they_are_handed_in_are_recorded_in_their_order() {
    let (keys, data, outbox) = (key_folder(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = Hefu::start(data.path(), &[]).unwrap();
    let gateway = Gateway::start(&node.ready.url, keys.path(), outbox.path());
    let url = format!("{}/capture", gateway.url);
    for at in 0..40 {
        // One of them is refused by the ledger, and holds nothing else up.
        let text = document(at * 5);
        let text = if at == 20 { text.replace("2026-09-18T10:00:00+08:00", "2126-09-18T10:00:00+08:00") } else { text };
        assert_eq!(post(&url, if at % 2 == 0 { "rollback" } else { "proceed" }, &text).unwrap().0, 202);
    }
    let jobs = gateway.jobs();
    let refused: Vec<usize> = (0..40).filter(|at| jobs[*at]["success"] == false).collect();
    assert_eq!(refused, [20]);
    let found = events_at(&gateway.url);
    let order: Vec<u64> = found.iter().map(|event| event["ex:number"].as_u64().unwrap()).collect();
    let expected: Vec<u64> = (0..200).filter(|number| !(100..105).contains(number)).collect();
    assert_eq!(order, expected);
}

#[test]
fn what_comes_while_the_node_is_away_is_kept_and_handed_in_later() {
    let (keys, data, outbox) = (key_folder(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = Hefu::start(data.path(), &[]).unwrap();
    let gateway = Gateway::start(&node.ready.url, keys.path(), outbox.path());
    assert_eq!(node.stop().unwrap(), 0);
    let (status, location, _) = post(&format!("{}/capture", gateway.url), "rollback", &document(0)).unwrap();
    assert_eq!(status, 202);
    let job = gateway.url.replace("/epcis/v2", &location);
    assert_eq!(get(&job).1["running"], true);
    assert_eq!(get(&format!("{}/events", gateway.url)).0, 503);
    drop(gateway);
    let node = Hefu::start(data.path(), &[]).unwrap();
    let gateway = Gateway::start(&node.ready.url, keys.path(), outbox.path());
    assert_eq!(gateway.jobs().len(), 1);
    assert_eq!(numbers(&events_at(&gateway.url)).len(), 5);
}

#[test]
fn every_event_has_its_result_and_a_document_is_rolled_back_whole() {
    let (keys, data, outbox) = (key_folder(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = Hefu::start(data.path(), &[]).unwrap();
    let gateway = Gateway::start(&node.ready.url, keys.path(), outbox.path());
    // The third event is in the future, which only the ledger can tell.
    let mut spoilt: Value = serde_json::from_str(&document(0)).unwrap();
    spoilt["epcisBody"]["eventList"][2]["eventTime"] = json!("2126-09-18T10:00:00+08:00");
    let spoilt = spoilt.to_string();
    let results = |jobs: &[Value]| -> Vec<String> {
        let results = jobs.last().unwrap()["hefu:results"].as_array().unwrap().clone();
        results.iter().map(|result| result["result"].as_str().unwrap().to_owned()).collect()
    };
    post(&format!("{}/capture", gateway.url), "rollback", &spoilt).unwrap();
    let jobs = gateway.jobs();
    assert_eq!(results(&jobs), ["withdrawn", "withdrawn", "refused", "withdrawn", "withdrawn"]);
    assert_eq!(jobs[0]["success"], false);
    assert_eq!(jobs[0]["errors"][0]["code"], "E-EVENT-FUTURE");
    assert_eq!(jobs[0]["errors"][0]["pointer"], "/epcisBody/eventList/2/eventTime");
    assert_eq!(events_at(&gateway.url), Vec::<Value>::new());

    post(&format!("{}/capture", gateway.url), "proceed", &spoilt).unwrap();
    assert_eq!(results(&gateway.jobs()), ["accepted", "accepted", "refused", "accepted", "accepted"]);
    post(&format!("{}/capture", gateway.url), "rollback", &document(0)).unwrap();
    let jobs = gateway.jobs();
    assert_eq!(results(&jobs), ["duplicate", "duplicate", "accepted", "duplicate", "duplicate"]);
    assert_eq!(numbers(&events_at(&gateway.url)).len(), 5);
    assert!(jobs[2]["hefu:results"][2]["receipt"]["height"].is_u64());

    let whole: Value = serde_json::from_str(&document(9)).unwrap();
    let mut single = whole["epcisBody"]["eventList"][0].clone();
    single["@context"] = whole["@context"].clone();
    let (status, location, event) = post(&format!("{}/events", gateway.url), "rollback", &single.to_string()).unwrap();
    assert_eq!((status, &event["ex:number"]), (201, &json!(9)));
    let (status, found) = get(&gateway.url.replace("/epcis/v2", &location));
    assert_eq!(status, 200, "{found}");
    let (status, _, problem) = post(&format!("{}/events", gateway.url), "rollback", &single.to_string()).unwrap();
    assert_eq!((status, problem["type"].as_str()), (409, Some("epcisException:ResourceAlreadyExistsException")));
}

#[test]
fn every_event_of_the_standard_s_examples_is_captured_and_read_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/epcis20/JSON");
    if !folder.is_dir() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the fixtures are missing");
        println!("the fixtures `epcis20` are missing: nothing was captured");
        return;
    }
    let mut paths = Vec::new();
    documents(&folder, &mut paths);
    assert_eq!(paths.len(), 47);
    let keys = key_folder();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let (data, outbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let node = Hefu::start(data.path(), &[]).unwrap();
        let gateway = Gateway::start(&node.ready.url, keys.path(), outbox.path());
        let (status, _, problem) = post(&format!("{}/capture", gateway.url), "rollback", &text).unwrap();
        assert_eq!(status, 202, "{}: {problem}", path.display());
        let jobs = gateway.jobs();
        assert_eq!(jobs[0]["success"], true, "{}: {jobs:?}", path.display());
        let mut wanted: Vec<String> =
            cbv::events(&text).unwrap().iter().map(|event| cbv::event_id(&event.hash().unwrap())).collect();
        // The gateway's key reads, so that lists and transactions come back and the events say what they said.
        let (_, document) = get(&format!("{}/events?perPage=100", gateway.url));
        let read = document.to_string();
        let mut found: Vec<String> =
            cbv::events(&read).unwrap().iter().map(|event| cbv::event_id(&event.hash().unwrap())).collect();
        wanted.sort();
        found.sort();
        assert_eq!(found, wanted, "{}", path.display());
    }
}

#[test]
fn what_is_no_event_is_refused_at_both_doors_with_a_pointer_to_the_field() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/epcis-documents/Capture/Invalid");
    let (keys, data, outbox) = (key_folder(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = Hefu::start(data.path(), &[]).unwrap();
    let gateway = Gateway::start(&node.ready.url, keys.path(), outbox.path());
    let doors = [gateway.url.clone(), node.at("/epcis/v2")];
    let mut cases: Vec<(String, String)> = Vec::new();
    for (name, change) in [
        ("no time", Box::new(|event: &mut Value| event["eventTime"] = json!("noon")) as Box<dyn Fn(&mut Value)>),
        ("no identifier", Box::new(|event| event["epcList"][0] = json!("urn:epc:id:sgtin:1"))),
        (
            "no number",
            Box::new(|event| {
                let report = json!([{"type": "Temperature", "value": "warm"}]);
                event["sensorElementList"] = json!([{"sensorReport": report}]);
            }),
        ),
        (
            "too many",
            Box::new(|event| {
                let all: Vec<String> =
                    (0..5_001).map(|serial| format!("urn:epc:id:sgtin:0614141.107346.{serial}")).collect();
                event["epcList"] = json!(all);
            }),
        ),
    ] {
        let mut whole: Value = serde_json::from_str(&document(0)).unwrap();
        change(&mut whole["epcisBody"]["eventList"][1]);
        cases.push((name.to_owned(), whole.to_string()));
    }
    let own = cases.len();
    for path in fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
        cases.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
    }
    // Where the folder is, all that others hold for invalid is in it, and none is left out.
    assert!(cases.len() == own + 5 || !folder.exists(), "{} documents of others", cases.len() - own);
    for (name, text) in &cases {
        for door in &doors {
            let (status, _, problem) = post(&format!("{door}/capture"), "rollback", text).unwrap();
            assert_eq!(status, 400, "{name} at {door}: {problem}");
            assert_eq!(problem["type"], "epcisException:ValidationException", "{name}: {problem}");
            let pointer = problem["pointer"].as_str().unwrap_or_else(|| panic!("{name} at {door}: {problem}"));
            println!("{name}: {pointer}: {}", problem["detail"]);
            let value: Value = serde_json::from_str(text).unwrap();
            let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
            assert!(value.pointer(parent).is_some(), "{name}: {pointer} leads nowhere");
        }
    }
    let (_, _, problem) = post(&format!("{}/capture", doors[0]), "rollback", &cases[2].1).unwrap();
    assert_eq!(problem["pointer"], "/epcisBody/eventList/1/sensorElementList/0/sensorReport/0/value");
    let (_, _, problem) = post(&format!("{}/capture", doors[0]), "rollback", &cases[3].1).unwrap();
    assert_eq!(problem["pointer"], "/epcisBody/eventList/1/epcList");
    assert!(problem["detail"].as_str().unwrap().contains("containers"), "{problem}");
    // A plain document, which is sound, is told where plain documents go.
    let (status, _, problem) = post(&format!("{}/capture", doors[1]), "rollback", &document(0)).unwrap();
    assert_eq!((status, problem["code"].as_str()), (400, Some("E-EVENT-UNSIGNED")));
    assert!(problem["detail"].as_str().unwrap().contains("hefu gateway"));
    assert_eq!(gateway.jobs().len(), 0);
    assert_eq!(events_at(&doors[1]), Vec::<Value>::new());
}
