//! Subscriptions by webhook, to a receiver that the tests answer for.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use actix_web::{http::StatusCode, rt};
use hefu_api::{
    Local,
    epcis::queries::{EVENTS_MAX, Headers, Post, SUBSCRIPTIONS_MAX},
};
use hefu_contracts::action::Action;
use serde_json::{Value, json};

use crate::{
    demo::{Deed, Demo, FACTORY_SITE, key},
    queries::{Asked, is_exception, node},
    secrets::{VISITORS, World},
};

/// A receiver: what it was sent, and what it answers next; 200 where nothing is said.
#[derive(Default)]
pub struct Receiver {
    answers: Mutex<VecDeque<Result<u16, String>>>,
    heard: Mutex<Vec<Heard>>,
}

#[derive(Clone, Debug)]
struct Heard {
    dest: String,
    headers: Headers,
    body: Value,
}

impl Post for Receiver {
    fn check(&self, dest: &str) -> Result<(), String> {
        if dest.starts_with("https://") { Ok(()) } else { Err("must begin with https://".to_owned()) }
    }

    fn post(&self, dest: &str, headers: Headers, body: &str) -> Result<u16, String> {
        let answered = self.answers.lock().unwrap().pop_front().unwrap_or(Ok(200));
        let body = serde_json::from_str(body).unwrap();
        self.heard.lock().unwrap().push(Heard { dest: dest.to_owned(), headers, body });
        answered
    }
}

pub const WITHIN: Duration = Duration::from_secs(20);

impl Receiver {
    pub fn local(self: &Arc<Self>) -> Local {
        Local { post: Some(self.clone()), ..Local::in_memory() }
    }

    /// Everything it was sent, once that is so many reports.
    async fn reports(&self, count: usize) -> Vec<Heard> {
        let until = Instant::now() + WITHIN;
        loop {
            let heard = self.heard.lock().unwrap().clone();
            if heard.len() >= count {
                return heard;
            }
            assert!(Instant::now() < until, "{count} reports are waited for: {heard:#?}");
            rt::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn results(report: &Value) -> &Value {
    assert_eq!(report["type"], "EPCISQueryDocument", "{report}");
    &report["epcisBody"]["queryResults"]
}

pub fn numbers(report: &Value) -> Vec<u64> {
    let events = results(report)["resultsBody"]["eventList"].as_array().unwrap();
    events.iter().map(|event| event["ex:number"].as_u64().unwrap()).collect()
}

/// An inspection with a number, that anybody may read.
pub fn inspects(demo: &Demo, number: u64) {
    let thing = format!("https://id.gs1.org/8004/9521141N{number}");
    let mut deed = demo.seen("inspecting", "in_progress", FACTORY_SITE, &[thing]);
    deed.body["event"]["ex:number"] = json!(number);
    deed.body["event"]["@context"] = json!({"ex": "https://ex.example/"});
    demo.take("yueling", &deed);
}

pub fn numbered(name: &str) -> Value {
    json!({"name": name, "query": {"EXISTS_ex:number": null}})
}

const DEST: &str = "https://client.example/reports";

async fn subscribed(node: &Asked<'_>, name: &str, order: &Value) -> Value {
    let made = node.post(name, "/queries/n/subscriptions", order).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let view = made.json();
    let id = view["subscriptionID"].as_str().unwrap();
    assert_eq!(made.header("location"), format!("/epcis/v2/queries/n/subscriptions/{id}"));
    view
}

async fn told(node: &Asked<'_>, name: &str, view: &Value, state: &str) -> Value {
    let id = view["subscriptionID"].as_str().unwrap();
    let until = Instant::now() + WITHIN;
    loop {
        let told = node.get(name, &format!("/queries/n/subscriptions/{id}")).await.json();
        if told["hefu:delivery"]["state"] == state && (state != "active" || told["lastNotifiedAt"].is_string()) {
            return told;
        }
        assert!(Instant::now() < until, "{state} is waited for: {told}");
        rt::time::sleep(Duration::from_millis(10)).await;
    }
}

#[actix_web::test]
async fn a_stream_reports_each_new_event_once_and_signs_what_it_sends() {
    let world = World::new();
    let receiver = Arc::new(Receiver::default());
    let node = node(&world, receiver.local()).await;
    inspects(&world.demo, 1);
    node.post("store", "/queries", &numbered("n")).await;
    let order = json!({"dest": DEST, "signatureToken": "13df38d8275b13f05704629e5f1cf3d45d6132d5", "stream": true});
    let view = subscribed(&node, "store", &order).await;
    assert!(!view.to_string().contains("13df"), "{view}");
    assert_eq!((&view["stream"], &view["dest"], &view["hefu:signed"]), (&json!(true), &json!(DEST), &json!(true)));
    inspects(&world.demo, 2);
    receiver.reports(1).await;
    inspects(&world.demo, 3);
    inspects(&world.demo, 4);
    let mut all = Vec::new();
    let mut count = 1;
    while all.len() < 3 {
        all = receiver.reports(count).await.iter().flat_map(|heard| numbers(&heard.body)).collect();
        count += 1;
    }
    assert_eq!(all, [2, 3, 4], "the first was there before");
    let first = receiver.reports(1).await.remove(0);
    assert_eq!((first.dest.as_str(), &results(&first.body)["queryName"]), (DEST, &json!("n")));
    assert_eq!(results(&first.body)["subscriptionID"], view["subscriptionID"]);
    let header = |name: &str| first.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    assert_eq!(header("Content-Type").as_deref(), Some("application/json"));
    assert!(header("GS1-Signature").unwrap().starts_with("sha256="));
    let now = told(&node, "store", &view, "active").await;
    assert!(now["lastNotifiedAt"].is_string() && now["minRecordTime"].as_str() > view["minRecordTime"].as_str());
}

#[actix_web::test]
async fn what_was_recorded_before_comes_where_it_is_asked_for_in_batches_that_the_receiver_can_take() {
    let world = World::new();
    let receiver = Arc::new(Receiver::default());
    let node = node(&world, receiver.local()).await;
    let count = u64::try_from(EVENTS_MAX).unwrap() + 20;
    for number in 0..count {
        inspects(&world.demo, number);
    }
    node.post("store", "/queries", &numbered("n")).await;
    // The first report is too large for it; of the halves it takes all.
    receiver.answers.lock().unwrap().push_back(Ok(413));
    let order = json!({"dest": DEST, "stream": true, "initialRecordTime": "2000-01-01T00:00:00Z"});
    let view = subscribed(&node, "store", &order).await;
    let reports = receiver.reports(4).await;
    let sizes: Vec<usize> = reports.iter().map(|heard| numbers(&heard.body).len()).collect();
    assert_eq!(sizes, [EVENTS_MAX, EVENTS_MAX / 2, EVENTS_MAX / 2, 20]);
    let taken: Vec<u64> = reports[1..].iter().flat_map(|heard| numbers(&heard.body)).collect();
    assert_eq!(taken, (0..count).collect::<Vec<_>>());
    told(&node, "store", &view, "active").await;
    let late = json!({"dest": DEST, "stream": true, "initialRecordTime": "2126-01-01T00:00:00Z"});
    subscribed(&node, "store", &late).await;
    inspects(&world.demo, count);
    assert_eq!(numbers(&receiver.reports(5).await[4].body), [count]);
    rt::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(receiver.heard.lock().unwrap().len(), 5, "the later one has nothing to tell before its time");
}

#[actix_web::test]
async fn what_a_receiver_does_not_take_is_sent_again_and_after_a_restart_the_rest_follows() {
    let world = World::new();
    let receiver = Arc::new(Receiver::default());
    let local = receiver.local();
    receiver.answers.lock().unwrap().extend([Err("connection refused".to_owned()), Ok(503), Ok(204)]);
    let view;
    {
        let node = node(&world, local.clone()).await;
        node.post("store", "/queries", &numbered("n")).await;
        view = subscribed(&node, "store", &json!({"dest": DEST, "stream": true})).await;
        inspects(&world.demo, 1);
        let retrying = told(&node, "store", &view, "retrying").await;
        assert_eq!(retrying["hefu:delivery"]["detail"], "connection refused");
        assert!(retrying["lastNotifiedAt"].is_null() && retrying["hefu:delivery"]["nextAttemptAt"].is_string());
        let reports = receiver.reports(3).await;
        assert!(reports.iter().all(|heard| numbers(&heard.body) == [1]), "{reports:?}");
        told(&node, "store", &view, "active").await;
    }
    // Another start of the node, over the same shelf. The first node's threads are still about, so the receiver tells them apart.
    let other = Arc::new(Receiver::default());
    let later = node(&world, Local { post: Some(other.clone()), ..local }).await;
    let listed = later.get("store", "/queries/n/subscriptions").await.json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["subscriptionID"], view["subscriptionID"]);
    inspects(&world.demo, 2);
    assert_eq!(numbers(&other.reports(1).await[0].body), [2]);
}

#[actix_web::test]
async fn a_subscription_ends_with_its_key_its_receiver_or_its_query() {
    let world = World::new();
    let receiver = Arc::new(Receiver::default());
    let node = node(&world, receiver.local()).await;
    for reader in ["store", "creator", "audits"] {
        node.post(reader, "/queries", &numbered("n")).await;
    }
    let gone = subscribed(&node, "store", &json!({"dest": DEST, "stream": true})).await;
    receiver.answers.lock().unwrap().push_back(Ok(410));
    inspects(&world.demo, 1);
    let ended = told(&node, "store", &gone, "ended").await;
    assert_eq!(ended["hefu:delivery"]["problem"]["code"], "E-SUBSCRIPTION-ENDED");

    let revoked = subscribed(&node, "creator", &json!({"dest": DEST, "stream": true})).await;
    let admin = json!({"grants": [{"role": "admin"}, {"role": "read"}], "key": key("creator-2").address()});
    world.demo.take_with("creator", &["creator-2"], &Deed::new(Action::KeyGrant, admin));
    let revoke = json!({"key": key("creator").address(), "reason": "lost"});
    world.demo.take("creator-2", &Deed::new(Action::KeyRevoke, revoke));
    inspects(&world.demo, 2);
    // The receiver is told, and shown nothing.
    let told_last = receiver.reports(2).await.remove(1);
    assert_eq!(told_last.body["code"], "E-KEY-REVOKED", "{told_last:?}");

    let view = subscribed(&node, "audits", &json!({"dest": DEST, "stream": true})).await;
    let address = format!("/queries/n/subscriptions/{}", view["subscriptionID"].as_str().unwrap());
    for other in ["store", "corenest"] {
        let answer = node.get(other, &address).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{other}: {}", answer.text());
        assert_eq!(node.delete(other, &address).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(node.delete("audits", &address).await.status, StatusCode::NO_CONTENT);
    is_exception(&node.get("audits", &address).await, 404, "E-SUBSCRIPTION-UNKNOWN", "NoSuchResourceException");
    is_exception(&node.delete("audits", &address).await, 404, "E-SUBSCRIPTION-UNKNOWN", "NoSuchResourceException");
    subscribed(&node, "audits", &json!({"dest": DEST, "stream": true})).await;
    assert_eq!(node.delete("audits", "/queries/n").await.status, StatusCode::NO_CONTENT);
    node.post("audits", "/queries", &numbered("n")).await;
    assert_eq!(node.get("audits", "/queries/n/subscriptions").await.json(), json!([]));
    inspects(&world.demo, 3);
    rt::time::sleep(Duration::from_millis(300)).await;
    let heard = receiver.heard.lock().unwrap().len();
    assert_eq!(heard, 2, "nothing is sent for what has ended: {revoked}");
}

#[actix_web::test]
async fn a_schedule_reports_at_its_times_and_nothing_only_where_that_is_asked_for() {
    let world = World::new();
    let receiver = Arc::new(Receiver::default());
    let node = node(&world, receiver.local()).await;
    node.post("store", "/queries", &numbered("n")).await;
    let every_second = json!({"second": "0/1"});
    let loud =
        subscribed(&node, "store", &json!({"dest": DEST, "schedule": every_second, "reportIfEmpty": true})).await;
    assert_eq!((&loud["schedule"], &loud["reportIfEmpty"]), (&every_second, &json!(true)));
    let quiet = json!({"dest": "https://quiet.example/", "schedule": every_second});
    subscribed(&node, "store", &quiet).await;
    let empty = receiver.reports(1).await.remove(0);
    assert_eq!((empty.dest.as_str(), numbers(&empty.body).len()), (DEST, 0));
    inspects(&world.demo, 1);
    inspects(&world.demo, 2);
    let until = Instant::now() + WITHIN;
    let of = |dest: &str| -> Vec<Vec<u64>> {
        let heard = receiver.heard.lock().unwrap().clone();
        heard.iter().filter(|heard| heard.dest == dest).map(|heard| numbers(&heard.body)).collect()
    };
    while [DEST, "https://quiet.example/"].iter().any(|dest| of(dest).concat().len() < 2) {
        assert!(Instant::now() < until);
        rt::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(of("https://quiet.example/").iter().all(|numbers| !numbers.is_empty()));
    assert_eq!((of(DEST).concat(), of("https://quiet.example/").concat()), (vec![1, 2], vec![1, 2]));
}

#[actix_web::test]
async fn each_receiver_is_sent_what_its_reader_may_see() {
    let world = World::new();
    let receiver = Arc::new(Receiver::default());
    let node = node(&world, receiver.local()).await;
    let readers = ["corenest", "yueling", "store", "creator", "audits"];
    for reader in readers {
        node.post(reader, "/queries", &json!({"name": "n", "query": {}})).await;
        let dest = format!("https://{reader}.example/");
        let order = json!({"dest": dest, "stream": true, "initialRecordTime": "2000-01-01T00:00:00Z"});
        subscribed(&node, reader, &order).await;
    }
    let reports = receiver.reports(readers.len()).await;
    for heard in &reports {
        let reader =
            VISITORS.iter().find(|visitor| heard.dest == format!("https://{}.example/", visitor.name)).unwrap();
        let mut expected = reader.all();
        expected.remove("marker-terms");
        assert_eq!(reader.check(&heard.dest, &heard.body.to_string()), expected, "{}", reader.name);
    }
}

#[actix_web::test]
async fn what_is_no_subscription_is_refused_and_nothing_is_sent() {
    let world = World::new();
    let receiver = Arc::new(Receiver::default());
    let node = node(&world, receiver.local()).await;
    node.post("store", "/queries", &numbered("n")).await;
    node.post("store", "/queries", &json!({"name": "limited", "query": {"eventCountLimit": 3}})).await;
    let fine = json!({"dest": DEST, "stream": true});
    for (address, order, pointer) in [
        ("n", json!({"dest": "http://client.example/", "stream": true}), Some("/dest")),
        ("n", json!({"dest": DEST}), None),
        ("n", json!({"dest": DEST, "schedule": {"hour": "24"}}), Some("/schedule")),
        ("limited", fine.clone(), None),
    ] {
        let answer = node.post("store", &format!("/queries/{address}/subscriptions"), &order).await;
        is_exception(&answer, 400, "E-SUBSCRIPTION", "SubscriptionControlsException");
        assert_eq!(answer.json()["pointer"].as_str(), pointer, "{order}");
    }
    let unknown = node.post("store", "/queries/x/subscriptions", &fine).await;
    is_exception(&unknown, 404, "E-QUERY-UNKNOWN", "NoSuchResourceException");
    for answer in [
        node.post("nobody", "/queries/n/subscriptions", &fine).await,
        node.get("nobody", "/queries/n/subscriptions").await,
    ] {
        is_exception(&answer, 401, "E-READER-ANYBODY", "SecurityException");
    }
    for _ in 0..SUBSCRIPTIONS_MAX {
        subscribed(&node, "store", &fine).await;
    }
    let more = node.post("store", "/queries/n/subscriptions", &fine).await;
    is_exception(&more, 403, "E-SUBSCRIPTIONS-MANY", "SecurityException");
    assert_eq!(node.get("store", "/queries/n/subscriptions?perPage=20").await.json().as_array().unwrap().len(), 20);
    assert!(receiver.heard.lock().unwrap().is_empty());

    let silent = crate::queries::node(&world, Local::in_memory()).await;
    silent.post("store", "/queries", &numbered("n")).await;
    is_exception(
        &silent.post("store", "/queries/n/subscriptions", &fine).await,
        403,
        "E-WEBHOOKS-OFF",
        "SecurityException",
    );
}
