//! Named queries: made, listed, run and deleted, each by whoever made it and by nobody else.

use std::{rc::Rc, sync::Arc};

use actix_web::{
    App,
    dev::Service,
    http::{StatusCode, header},
    test::{self, TestRequest},
};
use futures_util::{FutureExt, future::LocalBoxFuture};
use hefu_api::{Ledger, Local};
use serde_json::{Value, json};

use crate::{
    client::{Answer, origins, whole},
    epcis::encoded,
    secrets::{VISITORS, World},
};

/// A node over a world, asked more than once.
pub struct Asked<'w> {
    pub world: &'w World,
    app: Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Answer>>,
}

/// A node that keeps what it is told as long as it is asked.
pub async fn node(world: &World, local: Local) -> Asked<'_> {
    node_over(world, world.demo.chain.clone(), local).await
}

/// The same over a ledger that is not quite the world's.
pub async fn node_over(world: &World, ledger: Arc<dyn Ledger>, local: Local) -> Asked<'_> {
    let api = hefu_api::configure(ledger, &origins(), local).unwrap();
    let app = Rc::new(test::init_service(App::new().configure(api)).await);
    let app = move |request: TestRequest| {
        let app = Rc::clone(&app);
        async move { whole(app.call(request.to_request()).await.unwrap().map_into_boxed_body()).await }.boxed_local()
    };
    Asked { world, app: Box::new(app) }
}

impl Asked<'_> {
    pub async fn ask(&self, name: &str, request: TestRequest) -> Answer {
        let visitor = VISITORS.iter().find(|visitor| visitor.name == name).unwrap();
        (self.app)(visitor.asks(self.world, request)).await
    }

    pub async fn get(&self, name: &str, address: &str) -> Answer {
        self.ask(name, TestRequest::get().uri(&format!("/epcis/v2{address}"))).await
    }

    pub async fn delete(&self, name: &str, address: &str) -> Answer {
        self.ask(name, TestRequest::delete().uri(&format!("/epcis/v2{address}"))).await
    }

    pub async fn post(&self, name: &str, address: &str, body: &Value) -> Answer {
        let request = TestRequest::post().uri(&format!("/epcis/v2{address}"));
        let request = request.insert_header((header::CONTENT_TYPE, "application/json"));
        self.ask(name, request.set_payload(body.to_string())).await
    }
}

#[track_caller]
pub fn is_exception(answer: &Answer, status: u16, code: &str, kind: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem = answer.json();
    assert_eq!((&problem["code"], &problem["type"]), (&code.into(), &format!("epcisException:{kind}").into()));
}

fn steps(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let results = &answer.json()["epcisBody"]["queryResults"];
    let events = results["resultsBody"]["eventList"].as_array().unwrap().clone();
    events.iter().map(|event| event["bizStep"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_query_is_made_listed_run_and_deleted() {
    let world = World::new();
    let node = node(&world, Local::in_memory()).await;
    let moves = json!({"name": "what moves/1", "query": {"EQ_bizStep": ["shipping", "receiving"]}});
    let made = node.post("audits", "/queries", &moves).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let location = made.header("location").to_owned();
    assert_eq!(location, "/epcis/v2/queries/what%20moves%2F1");
    let address = location.strip_prefix("/epcis/v2").unwrap();
    assert_eq!(node.get("audits", address).await.json(), moves);
    let run = node.get("audits", &format!("{address}/events")).await;
    assert_eq!(steps(&run), ["shipping", "receiving"]);
    assert_eq!(run.json()["epcisBody"]["queryResults"]["queryName"], "what moves/1");

    // Page by page; the token is the query's own.
    let first = node.get("audits", &format!("{address}/events?perPage=1")).await;
    assert_eq!(steps(&first), ["shipping"]);
    let next = first.header("link").split(['<', '>']).nth(1).unwrap().strip_prefix("/epcis/v2").unwrap().to_owned();
    assert_eq!(steps(&node.get("audits", &next).await), ["receiving"]);
    let token = next.split("nextPageToken=").nth(1).unwrap();
    let other = json!({"name": "all", "query": {}});
    assert_eq!(node.post("audits", "/queries", &other).await.status, StatusCode::CREATED);
    let stolen = node.get("audits", &format!("/queries/all/events?nextPageToken={token}")).await;
    is_exception(&stolen, 400, "E-QUERY", "QueryParameterException");

    assert_eq!(node.get("audits", "/queries").await.json(), json!([other, moves]));
    let listed = node.get("audits", "/queries?perPage=1").await;
    assert_eq!(listed.json(), json!([other]));
    let next = listed.header("link").split(['<', '>']).nth(1).unwrap().strip_prefix("/epcis/v2").unwrap().to_owned();
    assert_eq!(node.get("audits", &next).await.json(), json!([moves]));

    is_exception(
        &node.post("audits", "/queries", &moves).await,
        409,
        "E-QUERY-NAMED",
        "ResourceAlreadyExistsException",
    );
    assert_eq!(node.delete("audits", address).await.status, StatusCode::NO_CONTENT);
    for gone in [
        node.get("audits", address).await,
        node.get("audits", &format!("{address}/events")).await,
        node.delete("audits", address).await,
    ] {
        is_exception(&gone, 404, "E-QUERY-UNKNOWN", "NoSuchResourceException");
    }
    // Made anew, it is another query: a page of the old one is not gone on with.
    assert_eq!(node.post("audits", "/queries", &moves).await.status, StatusCode::CREATED);
    let stale = node.get("audits", &format!("{address}/events?nextPageToken={token}")).await;
    is_exception(&stale, 400, "E-QUERY", "QueryParameterException");
}

#[actix_web::test]
async fn a_query_is_its_organisation_s_and_shows_what_the_reader_may_see() {
    let world = World::new();
    let node = node(&world, Local::in_memory()).await;
    let own = json!({"name": "own", "query": {"EXISTS_ex:note": null}});
    for reader in ["store", "creator", "audits"] {
        assert_eq!(node.post(reader, "/queries", &own).await.status, StatusCode::CREATED, "{reader}");
    }
    // One name, three queries, each with what its reader may see.
    for (reader, count) in [("store", 2), ("creator", 1), ("audits", 3)] {
        assert_eq!(steps(&node.get(reader, "/queries/own/events").await).len(), count, "{reader}");
    }
    assert_eq!(node.delete("store", "/queries/own").await.status, StatusCode::NO_CONTENT);
    assert_eq!(node.get("store", "/queries").await.json(), json!([]));
    assert_eq!(node.get("audits", "/queries").await.json(), json!([own]));

    for answer in [
        node.get("nobody", "/queries").await,
        node.post("nobody", "/queries", &own).await,
        node.get("nobody", "/queries/own").await,
        node.get("nobody", "/queries/own/events").await,
        node.delete("nobody", "/queries/own").await,
    ] {
        is_exception(&answer, 401, "E-READER-ANYBODY", "SecurityException");
        assert_eq!(answer.header("www-authenticate"), "Hefu");
    }
    for visitor in VISITORS.iter().filter(|visitor| visitor.refused.is_some()) {
        let answer = node.post(visitor.name, "/queries", &own).await;
        assert!(matches!(answer.status.as_u16(), 401 | 403), "{}: {}", visitor.name, answer.text());
        assert_eq!(answer.json()["type"], "epcisException:SecurityException");
    }
}

#[actix_web::test]
async fn every_walk_of_a_query_shows_each_secret_to_whom_it_is_for() {
    let world = World::new();
    let node = node(&world, Local::in_memory()).await;
    let all = json!({"name": "all", "query": {}});
    for visitor in VISITORS.iter().filter(|visitor| visitor.refused.is_none() && visitor.name != "nobody") {
        let made = node.post(visitor.name, "/queries", &all).await;
        // Several keys of one organisation have its queries together.
        assert!(matches!(made.status.as_u16(), 201 | 409), "{}: {}", visitor.name, made.text());
        let text = node.get(visitor.name, "/queries/all/events?perPage=100").await.text();
        let seen = visitor.check("/queries/all/events", &text);
        let mut expected = visitor.all();
        expected.remove("marker-terms");
        assert_eq!(seen, expected, "{}", visitor.name);
    }
}

#[actix_web::test]
async fn what_is_no_definition_is_refused_and_nothing_is_made() {
    let world = World::new();
    let node = node(&world, Local::in_memory()).await;
    for (body, pointer) in [
        (json!({"name": "x", "query": {"EQ_bizSteps": ["shipping"]}}), Some("/query/EQ_bizSteps")),
        (json!({"name": "x", "query": {"GE_recordTime": "yesterday"}}), Some("/query/GE_recordTime")),
        (json!({"name": "x", "query": {"eventCountLimit": 1, "maxEventCount": 1}}), None),
        (json!({"query": {}}), None),
        (json!([]), None),
    ] {
        let answer = node.post("audits", "/queries", &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {}", answer.text());
        assert_eq!(answer.json()["pointer"].as_str(), pointer, "{body}");
    }
    let large = json!({"name": "x", "query": {"EQ_bizStep": ["a".repeat(70_000)]}});
    assert_eq!(node.post("audits", "/queries", &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let form = TestRequest::post().uri("/epcis/v2/queries").insert_header((header::CONTENT_TYPE, "text/plain"));
    assert_eq!(node.ask("audits", form.set_payload("{}")).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let put = TestRequest::put().uri("/epcis/v2/queries/x");
    let answer = node.ask("audits", put).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET, HEAD, DELETE, OPTIONS"));
    let filtered = node.get("audits", "/queries/x/events?EQ_bizStep=shipping").await;
    is_exception(&filtered, 404, "E-QUERY-UNKNOWN", "NoSuchResourceException");
    assert_eq!(node.get("audits", "/queries").await.json(), json!([]));

    for number in 0..hefu_api::epcis::queries::QUERIES_MAX {
        let made = node.post("audits", "/queries", &json!({"name": format!("q{number}"), "query": {}})).await;
        assert_eq!(made.status, StatusCode::CREATED);
    }
    let more = node.post("audits", "/queries", &json!({"name": "more", "query": {}})).await;
    is_exception(&more, 403, "E-QUERIES-MANY", "SecurityException");
    let filtered = node.get("audits", "/queries/q1/events?EQ_bizStep=shipping").await;
    is_exception(&filtered, 400, "E-QUERY", "QueryParameterException");
}

#[actix_web::test]
async fn queries_are_there_after_a_restart_and_a_damaged_shelf_is_a_fault() {
    let world = World::new();
    let local = Local::in_memory();
    let body = json!({"name": encoded("汉字"), "query": {"EQ_action": ["ADD"]}});
    {
        let node = node(&world, local.clone()).await;
        assert_eq!(node.post("store", "/queries", &body).await.status, StatusCode::CREATED);
        assert_eq!(node.post("store", "/queries", &json!({"name": "汉字", "query": {}})).await.status, 201);
        assert_eq!(node.delete("store", &format!("/queries/{}", encoded("汉字"))).await.status, 204);
    }
    let later = node(&world, local.clone()).await;
    assert_eq!(later.get("store", "/queries").await.json(), json!([body]));
    local.shelf.write(vec![("query/x".to_owned(), Some("{}".to_owned()))]).unwrap();
    assert!(hefu_api::configure(world.demo.chain.clone(), &origins(), local).is_err());
}
