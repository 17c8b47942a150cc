//! GS1's own description of the EPCIS 2.0 interface, held against every address that a node has.

use std::{path::Path, sync::Arc};

use actix_web::{
    App,
    body::to_bytes,
    dev::Service,
    http::{Method, header},
    test::{self, TestRequest},
};
use hefu_contracts::access;
use hefu_keys::SecretKey;
use serde_json::Value;

use crate::{
    client::{Answer, origins},
    demo::{Demo, FACTORY_SITE, PALLET, key},
    epcis::{document, encoded, signed},
    subscriptions::Receiver,
};

/// Headers that an answer has only where there is more to come, or something to wait for.
const ONLY_SOMETIMES: [&str; 2] = ["Link", "GS1-Next-Page-Token-Expires"];

fn description() -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/epcis20/openapi.json");
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        assert!(option_env!("CI") != Some("true"), "the fixtures are missing");
        println!("the fixtures `epcis20` are missing: nothing was compared");
    }
    Some(serde_json::from_str(&text?).unwrap())
}

/// Follows a reference.
fn resolved<'a>(description: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => resolved(description, description.pointer(reference.strip_prefix('#').unwrap()).unwrap()),
        None => value,
    }
}

/// That an answer is one that the description has for an operation.
#[track_caller]
fn check(description: &Value, (name, operation): (&str, &Value), answer: &Answer) {
    let status = answer.status.as_u16().to_string();
    let described = &operation["responses"][status.as_str()];
    assert!(described.is_object(), "{name}: {status} is not in the description: {}", answer.text());
    let described = resolved(description, described);
    if let Some(kinds) = described["content"].as_object().filter(|_| !answer.body.is_empty()) {
        assert!(
            kinds.contains_key(answer.header("content-type")),
            "{name}: {status} {}",
            answer.header("content-type")
        );
    }
    for header in described["headers"].as_object().into_iter().flatten().map(|(header, _)| header) {
        let there = answer.headers.contains_key(header.as_str());
        assert!(there || ONLY_SOMETIMES.contains(&header.as_str()), "{name}: {status} has no {header}");
    }
    let problem = &described["content"]["application/problem+json"]["schema"];
    if problem.is_object() {
        let body = answer.json();
        let schemas = problem["allOf"].as_array().unwrap();
        let types = &schemas[0]["properties"]["type"]["enum"];
        let kind = body["type"].as_str().unwrap();
        // The description's own example of 404 has another type than its schema.
        let is_described = types.as_array().unwrap().iter().any(|known| known == kind) || status == "404";
        assert!(is_described, "{name}: {status} {kind} is none of {types}");
        assert!(body["title"].is_string() && body["status"].as_u64().map(|found| found.to_string()) == Some(status));
    }
}

#[actix_web::test]
async fn every_address_answers_as_gs1_describes_it() {
    let Some(description) = description() else { return };
    let demo = Demo::with_history();
    let local = Arc::new(Receiver::default()).local();
    let node = hefu_api::configure(demo.chain.clone(), &origins(), local).unwrap();
    let app = test::init_service(App::new().configure(node)).await;
    let call = async |request: TestRequest| {
        let answer = app.call(request.to_request()).await.unwrap().map_into_boxed_body();
        let (status, headers) = (answer.status(), answer.headers().clone());
        Answer { body: to_bytes(answer.into_body()).await.unwrap().to_vec(), headers, status }
    };
    let json = ("Content-Type", "application/json");
    let post = TestRequest::post().uri("/epcis/v2/capture").insert_header(json);
    let taken = call(post.set_payload(document(&[signed(&demo, "yueling", 1)]))).await;
    let job = taken.header("location").rsplit('/').next().unwrap().to_owned();
    let first = call(TestRequest::get().uri("/epcis/v2/events?perPage=1")).await.json();
    let event = first["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0]["eventID"].clone();
    let site = format!("https://id.gs1.org/414/{FACTORY_SITE}");
    let subscription = std::cell::RefCell::new(String::new());
    let filled = |path: &str| {
        let values = [
            ("{queryName}", "moves"),
            ("{captureID}", job.as_str()),
            ("{eventID}", event.as_str().unwrap()),
            ("{eventType}", "ObjectEvent"),
            ("{epc}", PALLET),
            ("{bizStep}", "shipping"),
            ("{bizLocation}", &site),
            ("{readPoint}", &site),
            ("{disposition}", "in_transit"),
            ("{token}", "x"),
        ];
        let path = path.replace("{subscriptionID}", &subscription.borrow());
        let path = values.iter().fold(path, |path, (name, value)| path.replace(name, &encoded(value)));
        format!("/epcis/v2{path}")
    };
    let expires = crate::secrets::now().plus(hefu_contracts::time::Millis(600_000));
    let chain = hefu_api::Ledger::genesis(&*demo.chain).chain();
    let shown_by = |key: &SecretKey| {
        let document = access::sign(crate::client::ORIGIN, &chain, expires, key).unwrap();
        (header::AUTHORIZATION, access::header(&document))
    };
    let make = |name: &str| {
        let body = serde_json::json!({"name": name, "query": {"EQ_bizStep": ["shipping"]}}).to_string();
        TestRequest::post().uri("/epcis/v2/queries").insert_header(json).set_payload(body)
    };
    // Signed by a stranger to the chain.
    let stranger = SecretKey::from_seed([9; 32]);
    let (mut paths, mut operations, mut number) = (0, 0, 10);
    for (path, described) in description["paths"].as_object().unwrap() {
        paths += 1;
        for method in ["options", "get", "post", "delete"] {
            let operation = &described[method];
            if !operation.is_object() {
                continue;
            }
            operations += 1;
            let name = format!("{method} {path}");
            let request = |accept: &str| {
                let method: Method = method.to_uppercase().parse().unwrap();
                let request = TestRequest::with_uri(&filled(path)).method(method);
                let request = request.insert_header(json).insert_header((header::ACCEPT, accept.to_owned()));
                // What is an organisation's own is asked for by the organisation.
                if path.starts_with("/queries") { request.insert_header(shown_by(&key("store"))) } else { request }
            };
            number += 1;
            // It was deleted by the operation before, or is still there.
            let made = call(make("moves").insert_header(shown_by(&key("store")))).await;
            assert!(matches!(made.status.as_u16(), 201 | 409), "{}", made.text());
            let order = serde_json::json!({"dest": "https://client.example/", "stream": true}).to_string();
            if path.ends_with("{subscriptionID}") {
                let make = TestRequest::post().uri("/epcis/v2/queries/moves/subscriptions").insert_header(json);
                let made = call(make.set_payload(order.clone()).insert_header(shown_by(&key("store")))).await;
                *subscription.borrow_mut() = made.json()["subscriptionID"].as_str().unwrap().to_owned();
            }
            let body = match (method, path.as_str()) {
                ("post", "/capture") => document(&[signed(&demo, "yueling", number)]),
                ("post", "/queries") => serde_json::json!({"name": format!("q{number}"), "query": {}}).to_string(),
                ("post", "/queries/{queryName}/subscriptions") => order,
                ("post", "/events") => signed(&demo, "yueling", number).to_string(),
                _ => String::new(),
            };
            let answer = call(request("application/json").set_payload(body.clone())).await;
            check(&description, (&name, operation), &answer);
            let unknown =
                path.starts_with("/bizLocations/{bizLocation}") && !path.ends_with("/events") && method == "get";
            assert!(answer.status.is_success() || unknown, "{name}: {} {}", answer.status, answer.text());
            if method == "options" || method == "delete" {
                continue;
            }
            let answer = call(request("text/html").set_payload(body.clone())).await;
            assert_eq!(answer.status.as_u16(), 406, "{name}");
            check(&description, (&name, operation), &answer);
            let by_stranger = request("application/json").insert_header(shown_by(&stranger));
            let answer = call(by_stranger.set_payload(body)).await;
            assert_eq!(answer.status.as_u16(), 401, "{name}: {}", answer.text());
            check(&description, (&name, operation), &answer);
            if method == "post" {
                for (kind, status) in [("application/xml", 415), ("application/json", 400)] {
                    let request = request("application/json").insert_header(("Content-Type", kind)).set_payload("<x/>");
                    let answer = call(request).await;
                    assert_eq!(answer.status.as_u16(), status, "{name}");
                    // The description has no answer for definitions that are none.
                    if status != 400 || operation["responses"]["400"].is_object() {
                        check(&description, (&name, operation), &answer);
                    }
                }
            }
            if method == "get" && path.ends_with("/events") {
                let long = format!("{}?EQ_bizStep={}", filled(path), "x".repeat(20_000));
                let answer = call(TestRequest::get().uri(&long)).await;
                assert_eq!(answer.status.as_u16(), 414, "{name}");
                check(&description, (&name, operation), &answer);
            }
        }
    }
    assert_eq!((paths, operations), (29, 63));
}
