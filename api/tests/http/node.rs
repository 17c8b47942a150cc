//! The node, the routes, and the headers that every answer bears.

use actix_web::{
    http::{Method, StatusCode},
    test::TestRequest,
};
use hefu_api::Ledger;
use hefu_keys::Hash;

use crate::{
    client::{ask, get, get_early, method},
    demo::{Demo, address},
    trouble::{Trouble, Way},
};

#[actix_web::test]
async fn the_node_tells_how_it_is_doing() {
    let (demo, _) = Demo::with_codes();
    get(demo.chain.clone(), "/v1/status").await.is_kept_as("status.json");
    get(demo.chain.clone(), "/healthz").await.is_kept_as("healthz.json");
    get(demo.chain.clone(), "/readyz").await.is_kept_as("readyz.json");
    get(demo.chain.clone(), "/version").await.is_kept_as("version.json");
}

#[actix_web::test]
async fn an_unready_node_says_why_and_is_alive() {
    let (demo, _) = Demo::with_codes();
    let node = Trouble::new(&demo.chain, Way::Unready);
    let answer = get(node.clone(), "/readyz").await;
    answer.is_problem(503, "E-NODE-UNREADY");
    answer.is_kept_as("readyz-not.json");
    assert_eq!(get(node.clone(), "/healthz").await.status, StatusCode::OK);
    assert_eq!(get(node, "/v1/status").await.json()["unready"], "catching up, 12 blocks behind");
}

#[actix_web::test]
async fn a_node_that_starts_is_alive_and_says_that_it_is_not_ready() {
    for address in ["/readyz", "/v1/status", "/", "/01/09528880010021"] {
        let answer = get_early(address).await;
        answer.is_problem(503, "E-NODE-UNREADY");
        assert_eq!(answer.json()["detail"], "it reads its store", "{address}");
        assert_eq!(answer.header("retry-after"), "1");
    }
    for address in ["/healthz", "/version"] {
        assert_eq!(get_early(address).await.status, StatusCode::OK, "{address}");
    }
}

#[actix_web::test]
async fn the_hash_of_the_genesis_document_is_the_chain() {
    let demo = Demo::new();
    let answer = get(demo.chain.clone(), "/v1/genesis").await;
    assert_eq!(Hash::of(&answer.body), demo.chain.genesis().chain());
}

#[actix_web::test]
async fn what_is_served_nowhere_is_a_problem() {
    let demo = Demo::new();
    for address in ["/", "/v1", "/v1/", "/v1/nothing", "/v1/items/1", "/v1/records/", "/v2/status", "/docs/nothing.js"]
    {
        get(demo.chain.clone(), address).await.is_problem(404, "E-NOT-FOUND");
    }
}

#[actix_web::test]
async fn what_is_only_read_has_no_other_method() {
    let demo = Demo::new();
    for path in ["/v1/status", "/v1/genesis", "/v1/blocks/1", "/healthz", "/readyz", "/version", "/v1/stream/blocks"] {
        for verb in [Method::POST, Method::PUT, Method::DELETE] {
            let answer = method(demo.chain.clone(), verb, path).await;
            answer.is_problem(405, "E-METHOD");
            assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
        }
    }
}

#[actix_web::test]
async fn an_unknown_parameter_of_a_read_is_not_passed_over() {
    let demo = Demo::with_history();
    let item = address(0);
    for path in ["/v1/status", "/v1/genesis", "/v1/blocks/1", "/v1/openapi.json", &item] {
        get(demo.chain.clone(), &format!("{path}?verbose=1")).await.is_problem(400, "E-QUERY");
    }
}

#[actix_web::test]
async fn every_answer_bears_the_headers_that_keep_a_browser_safe() {
    let demo = Demo::with_history();
    let item = address(0);
    for path in
        ["/v1/status", &item, "/v1/nothing", "/nothing", "/healthz", "/v1/blocks/x", "/docs/", "/v1/openapi.json"]
    {
        let answer = get(demo.chain.clone(), path).await;
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_ne!(answer.header("cache-control"), "", "{path}");
    }
}

#[actix_web::test]
async fn pages_of_other_origins_may_read_and_nothing_else() {
    let demo = Demo::with_history();
    let proof = format!("{}/proof", address(0));
    let origin = ("Origin", "https://other.example");
    let read = ask(demo.chain.clone(), TestRequest::get().uri(&proof).insert_header(origin)).await;
    assert_eq!(read.header("access-control-allow-origin"), "*");
    assert_eq!(read.header("access-control-allow-credentials"), "");
    let asked = TestRequest::with_uri(&proof).method(Method::OPTIONS).insert_header(origin);
    let asked = ask(demo.chain.clone(), asked.insert_header(("Access-Control-Request-Method", "GET"))).await;
    assert_eq!((asked.status, asked.header("access-control-allow-methods")), (StatusCode::NO_CONTENT, "GET, HEAD"));
    let post = TestRequest::post().uri("/v1/records").insert_header(origin).set_payload("{}");
    assert_eq!(ask(demo.chain.clone(), post).await.header("access-control-allow-origin"), "");
}

#[actix_web::test]
async fn reading_changes_nothing() {
    let demo = Demo::with_history();
    let before = demo.chain.status().unwrap();
    let item = address(0);
    for verb in [Method::GET, Method::HEAD, Method::OPTIONS] {
        for path in ["/v1/status", "/v1/genesis", "/v1/blocks/1", "/v1/records", &item] {
            method(demo.chain.clone(), verb.clone(), path).await;
        }
    }
    let after = demo.chain.status().unwrap();
    assert_eq!((before.height, before.pending), (after.height, after.pending));
}
