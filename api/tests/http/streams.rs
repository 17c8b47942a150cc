//! The streams of blocks and of agreements.

use std::{pin::Pin, sync::Arc, time::Duration};

use actix_web::{
    body::{BoxBody, MessageBody},
    test::TestRequest,
};
use hefu_api::{HEARTBEAT_AFTER, Ledger, STREAMS_MAX};

use crate::{
    client::{ask, get, open},
    demo::{Deed, Demo, key},
    secrets::{CONTRACT, OWED, VISITORS, World},
    trouble::{Trouble, Way},
};

/// An open stream.
struct Events(Pin<Box<BoxBody>>);

impl Events {
    async fn open(ledger: Arc<dyn Ledger>, address: &str, last: Option<&str>) -> Events {
        let mut request = TestRequest::get().uri(address);
        if let Some(last) = last {
            request = request.insert_header(("Last-Event-ID", last));
        }
        Events::ask(ledger, request).await
    }

    async fn ask(ledger: Arc<dyn Ledger>, request: TestRequest) -> Events {
        let answer = open(ledger, request).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers().get("content-type").unwrap(), "text/event-stream");
        let mut events = Events(Box::pin(answer.into_body()));
        assert_eq!(events.next().await, "retry: 2000\n\n");
        events
    }

    async fn next(&mut self) -> String {
        self.next_if_any().await.expect("the stream has ended")
    }

    /// The next event, unless the stream has ended.
    async fn next_if_any(&mut self) -> Option<String> {
        let chunk = std::future::poll_fn(|context| self.0.as_mut().poll_next(context)).await;
        chunk.map(|chunk| String::from_utf8(chunk.unwrap().to_vec()).unwrap())
    }

    /// The next event's id, which is the height in its data.
    #[track_caller]
    fn height(event: &str) -> u64 {
        let (id, data) = event.strip_prefix("id: ").unwrap().split_once("\ndata: ").unwrap();
        let block: serde_json::Value = serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap();
        assert_eq!(block["height"].to_string(), id);
        id.parse().unwrap()
    }

    /// Heights of the next events.
    async fn heights(&mut self, count: usize) -> Vec<u64> {
        let mut heights = Vec::new();
        for _ in 0..count {
            heights.push(Events::height(&self.next().await));
        }
        heights
    }
}

const ADDRESS: &str = "/v1/stream/blocks";

#[actix_web::test]
async fn a_stream_begins_with_the_next_block() {
    let (demo, _) = Demo::with_codes();
    let mut events = Events::open(demo.chain.clone(), ADDRESS, None).await;
    demo.chain.decide();
    demo.chain.decide();
    assert_eq!(events.heights(2).await, [4, 5]);
    let event = {
        demo.chain.decide();
        events.next().await
    };
    crate::snapshot::check("tests/http/snapshots/stream.txt", &event);
}

#[actix_web::test]
async fn a_client_that_comes_back_misses_nothing() {
    let (demo, _) = Demo::with_codes();
    let mut events = Events::open(demo.chain.clone(), &format!("{ADDRESS}?from=1"), None).await;
    assert_eq!(events.heights(2).await, [1, 2]);
    drop(events);
    demo.chain.decide();
    // A browser comes back to the same address; what it has seen wins.
    let mut events = Events::open(demo.chain.clone(), &format!("{ADDRESS}?from=1"), Some("2")).await;
    demo.chain.decide();
    assert_eq!(events.heights(3).await, [3, 4, 5]);
}

#[actix_web::test]
async fn a_silent_stream_shows_that_it_lives() {
    let demo = Demo::new();
    let mut events = Events::open(demo.chain.clone(), ADDRESS, None).await;
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    assert_eq!(events.next().await, ": \n\n");
    assert_eq!(events.next().await, ": \n\n");
    assert_eq!(began.elapsed().as_secs(), 2 * HEARTBEAT_AFTER.as_secs());
    tokio::time::advance(Duration::from_secs(1)).await;
    tokio::time::resume();
    demo.chain.decide();
    assert_eq!(events.heights(1).await, [1]);
}

#[actix_web::test]
async fn a_height_that_is_yet_to_come_is_waited_for() {
    let (demo, _) = Demo::with_codes();
    let mut events = Events::open(demo.chain.clone(), &format!("{ADDRESS}?from=5"), None).await;
    demo.chain.decide();
    demo.chain.decide();
    assert_eq!(events.heights(1).await, [5]);
}

#[actix_web::test]
async fn a_stream_that_could_only_begin_with_a_gap_does_not_begin() {
    let (demo, _) = Demo::with_codes();
    let pruned = Trouble::new(&demo.chain, Way::Pruned);
    get(pruned.clone(), &format!("{ADDRESS}?from=1")).await.is_problem(404, "E-BLOCK-UNKNOWN");
    let mut events = Events::open(pruned, &format!("{ADDRESS}?from=3"), None).await;
    assert_eq!(events.heights(1).await, [3]);
}

#[actix_web::test]
async fn a_malformed_beginning_is_refused() {
    let demo = Demo::new();
    get(demo.chain.clone(), &format!("{ADDRESS}?from=x")).await.is_problem(400, "E-PATH");
    get(demo.chain.clone(), &format!("{ADDRESS}?since=1")).await.is_problem(400, "E-QUERY");
    let request = TestRequest::get().uri(ADDRESS).insert_header(("Last-Event-ID", "one"));
    ask(demo.chain.clone(), request).await.is_problem(400, "E-QUERY");
}

#[actix_web::test]
async fn a_head_opens_no_stream() {
    let demo = Demo::new();
    let request = TestRequest::with_uri(ADDRESS).method(actix_web::http::Method::HEAD);
    let answer = ask(demo.chain.clone(), request).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type"), answer.body.len()),
        (200, "text/event-stream", 0)
    );
}

#[actix_web::test]
async fn a_node_serves_a_limited_number_of_streams() {
    use actix_web::{App, dev::Service, test};
    let demo = Demo::new();
    let app = test::init_service(App::new().configure(crate::client::api(demo.chain.clone()))).await;
    let request = || TestRequest::get().uri(ADDRESS).to_request();
    let mut streams = Vec::new();
    for _ in 0..STREAMS_MAX {
        let answer = app.call(request()).await.unwrap();
        assert_eq!(answer.status(), 200);
        streams.push(answer);
    }
    assert_eq!(app.call(request()).await.unwrap().status(), 503);
    streams.pop();
    assert_eq!(app.call(request()).await.unwrap().status(), 200);
}

/// Id and data of an event.
#[track_caller]
fn parts(event: &str) -> (u64, serde_json::Value) {
    let (id, data) = event.strip_prefix("id: ").unwrap().split_once("\ndata: ").unwrap();
    (id.parse().unwrap(), serde_json::from_str(data).unwrap())
}

fn following(world: &World, visitor: &str) -> TestRequest {
    let visitor = VISITORS.iter().find(|known| known.name == visitor).unwrap();
    visitor.asks(world, TestRequest::get().uri(&format!("/v1/stream/agreements/{CONTRACT}")))
}

fn reach(world: &World, milestone: &str) {
    let at = world.demo.chain.now();
    let reached = serde_json::json!({"at": at, "fact": {"milestone": {"contract": CONTRACT, "name": milestone}}});
    world.demo.take("corenest", &Deed::new(hefu_contracts::action::Action::FactReport, reached).private());
}

#[actix_web::test]
async fn an_agreement_is_followed_by_its_parties_each_with_its_own_balances() {
    let world = World::new();
    let mut creator = Events::ask(world.demo.chain.clone(), following(&world, "creator")).await;
    let (seq, news) = parts(&creator.next().await);
    assert_eq!((&news["contract"], &news["seq"]), (&CONTRACT.into(), &seq.into()));
    assert_eq!(news["accounts"], serde_json::json!({"creator": {"accrued": OWED[0].1}}));
    // Blocks in which nothing happens under the agreement are passed over.
    world.demo.chain.decide();
    reach(&world, "delivered");
    assert_eq!(parts(&creator.next().await).0, seq + 1);
    let request = following(&world, "corenest").insert_header(("Last-Event-ID", seq.to_string()));
    let (id, news) = parts(&Events::ask(world.demo.chain.clone(), request).await.next().await);
    assert_eq!((id, news["accounts"]["yueling"]["accrued"].as_str()), (seq + 1, Some(OWED[1].1)));
}

#[actix_web::test]
async fn who_may_not_read_an_agreement_is_told_so_and_who_may_no_longer_is_cut_off() {
    let world = World::new();
    for stranger in ["nobody", "store"] {
        ask(world.demo.chain.clone(), following(&world, stranger)).await.is_problem(404, "E-AGREEMENT-UNREADABLE");
    }
    let mut creator = Events::ask(world.demo.chain.clone(), following(&world, "creator")).await;
    creator.next().await;
    // Another administrator first, since an organisation keeps one.
    let grant = serde_json::json!({"grants": [{"role": "admin"}], "key": key("creator-new").address()});
    let grant = Deed::new(hefu_contracts::action::Action::KeyGrant, grant);
    world.demo.take_with("creator", &["creator-new"], &grant);
    let revoke = serde_json::json!({"key": key("creator").address(), "reason": "lost"});
    world.demo.take("creator-new", &Deed::new(hefu_contracts::action::Action::KeyRevoke, revoke));
    assert_eq!(creator.next_if_any().await, None);
}
