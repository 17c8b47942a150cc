//! Subscriptions of a real node: a receiver on this machine, reports over a restart and over kills.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use hefu_tests::process::{Hefu, run};
use serde_json::{Value, json};

use crate::{
    examples::key_folder,
    gateway::{Gateway, agent, document, post},
};

/// A receiver of reports, for as long as the test lasts.
struct Receiver {
    address: SocketAddr,
    answer: Arc<AtomicU16>,
    taken: Arc<Mutex<Vec<u64>>>,
}

impl Receiver {
    fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (answer, taken) = (Arc::new(AtomicU16::new(200)), Arc::new(Mutex::new(Vec::new())));
        let (says, hears) = (answer.clone(), taken.clone());
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (says, hears) = (says.clone(), hears.clone());
                thread::spawn(move || {
                    let mut reader = BufReader::new(connection);
                    while let Some(report) = request(&mut reader) {
                        let status = says.load(Ordering::SeqCst);
                        if status == 200 {
                            hears.lock().unwrap().extend(numbers(&report));
                        }
                        let answer = format!("HTTP/1.1 {status} Said\r\nContent-Length: 0\r\n\r\n");
                        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Receiver { address, answer, taken }
    }

    /// The numbers of the events that it was sent, once so many different ones have come.
    fn wait(&self, count: usize) -> Vec<u64> {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let taken = self.taken.lock().unwrap().clone();
            if taken.iter().collect::<BTreeSet<_>>().len() >= count {
                return taken;
            }
            assert!(Instant::now() < until, "{count} events are waited for: {taken:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The body of the next request; `None` where there is none.
fn request(reader: &mut BufReader<TcpStream>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(found) = line.strip_prefix("content-length:") {
            length = found.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

fn numbers(report: &Value) -> Vec<u64> {
    let events = report["epcisBody"]["queryResults"]["resultsBody"]["eventList"].as_array();
    events.into_iter().flatten().filter_map(|event| event["ex:number"].as_u64()).collect()
}

fn start(data: &std::path::Path) -> Hefu {
    Hefu::start(data, &["--webhooks", "any"]).unwrap()
}

#[test]
fn a_subscriber_misses_and_doubles_nothing_over_a_restart_and_misses_nothing_over_kills() {
    let (keys, data, outbox) = (key_folder(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let receiver = Receiver::start();
    let mut node = start(data.path());
    let mut gateway = Gateway::start(&node.ready.url, keys.path(), outbox.path());
    // The gateway passes queries and subscriptions on to the node, with its key.
    let query = json!({"name": "numbered", "query": {"EXISTS_ex:number": null}}).to_string();
    assert_eq!(post(&format!("{}/queries", gateway.url), "rollback", &query).unwrap().0, 201);
    let order = json!({"dest": format!("http://{}/", receiver.address), "signatureToken": "s", "stream": true});
    let subscriptions = format!("{}/queries/numbered/subscriptions", gateway.url);
    let (status, location, view) = post(&subscriptions, "rollback", &order.to_string()).unwrap();
    assert_eq!(status, 201, "{view}");
    let captures = |gateway: &Gateway, first: usize| {
        assert_eq!(post(&format!("{}/capture", gateway.url), "rollback", &document(first)).unwrap().0, 202);
        gateway.jobs();
    };
    captures(&gateway, 0);
    assert_eq!(receiver.wait(5), [0, 1, 2, 3, 4]);

    // A receiver that is away for a while, and a node that is stopped meanwhile.
    receiver.answer.store(503, Ordering::SeqCst);
    captures(&gateway, 5);
    assert_eq!(node.stop().unwrap(), 0);
    receiver.answer.store(200, Ordering::SeqCst);
    drop(gateway);
    node = start(data.path());
    assert_eq!(receiver.wait(10), (0..10).collect::<Vec<_>>());
    gateway = Gateway::start(&node.ready.url, keys.path(), outbox.path());
    captures(&gateway, 10);
    assert_eq!(receiver.wait(15), (0..15).collect::<Vec<_>>());

    // Killed, it may say again what was said, and leaves nothing out.
    for round in 3..6 {
        captures(&gateway, round * 5);
        drop(gateway);
        node.kill().unwrap();
        node = start(data.path());
        gateway = Gateway::start(&node.ready.url, keys.path(), outbox.path());
    }
    let taken = receiver.wait(30);
    let last = |number: u64| taken.iter().rposition(|taken| *taken == number).unwrap();
    let first = |number: u64| taken.iter().position(|taken| *taken == number).unwrap();
    assert!((1..30).all(|number| first(number - 1) < first(number)), "{taken:?}");
    assert_eq!(last(9), 9, "what was said before the last kills is not said again: {taken:?}");

    let told = |gateway: &Gateway, method: &str| {
        let url = gateway.url.replace("/epcis/v2", &location);
        let agent = agent();
        let mut answer = if method == "GET" { agent.get(&url).call() } else { agent.delete(&url).call() }.unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str::<Value>(&text).unwrap_or_default())
    };
    let (status, view) = told(&gateway, "GET");
    assert_eq!((status, &view["hefu:delivery"]["state"]), (200, &json!("active")), "{view}");
    assert!(view["signatureToken"].is_null() && view["lastNotifiedAt"].is_string());
    assert_eq!(told(&gateway, "DELETE").0, 204);
    assert_eq!(told(&gateway, "GET").0, 404);
}

#[test]
fn a_node_sends_reports_to_no_machine_that_only_it_can_reach_unless_its_operator_says_so() {
    let (keys, data, outbox) = (key_folder(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (webhooks, code, status) in [("public", "E-SUBSCRIPTION", 400), ("off", "E-WEBHOOKS-OFF", 403)] {
        let node = Hefu::start(data.path(), &["--webhooks", webhooks]).unwrap();
        let gateway = Gateway::start(&node.ready.url, keys.path(), outbox.path());
        let query = json!({"name": webhooks, "query": {}}).to_string();
        assert_eq!(post(&format!("{}/queries", gateway.url), "rollback", &query).unwrap().0, 201);
        let subscriptions = format!("{}/queries/{webhooks}/subscriptions", gateway.url);
        for dest in ["https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "http://client.example/"] {
            let order = json!({"dest": dest, "stream": true}).to_string();
            let (found, _, problem) = post(&subscriptions, "rollback", &order).unwrap();
            assert_eq!((found, &problem["code"]), (status, &json!(code)), "{dest}: {problem}");
        }
        let upgrade = agent().get(format!("{}/queries/{webhooks}/events?stream=true", gateway.url));
        let answer = upgrade.header("upgrade", "websocket").call().unwrap();
        assert_eq!(answer.status().as_u16(), 400, "a gateway passes no WebSockets on");
        drop(gateway);
        assert_eq!(node.stop().unwrap(), 0);
    }
    let (code, _, error) = run(&["dev", "--webhooks", "all"]).unwrap();
    assert!(code == 2 && error.contains("off, public, any"), "{error}");
}
