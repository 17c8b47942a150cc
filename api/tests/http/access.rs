//! Who may read what: every route of the OpenAPI document, walked by everybody.

use std::collections::BTreeSet;

use actix_web::{
    http::{Method, StatusCode, header},
    test::TestRequest,
};
use hefu_api::Ledger;
use hefu_contracts::access;

use crate::{
    client::{ORIGIN, ask, get, open, whole},
    demo::{PALLET, REFILL, address, key},
    secrets::{CONTRACT, HOME, SECRETS, VISITORS, Visitor, World, mounted},
    traces::{encoded, segment},
};

/// Every address of an operation, filled in with everything that the world has. An operation that is not named here is
/// one that nobody has thought about: the walk fails.
fn addresses(world: &World, method: &str, path: &str) -> Vec<String> {
    let records = || world.records.iter().map(|(id, _)| id.to_string()).chain([world.waiting.to_string()]);
    match (method, path) {
        ("get", "/v1/records/{id}") => records().map(|id| format!("/v1/records/{id}")).collect(),
        ("get", "/v1/records/{id}/receipt") => records().map(|id| format!("/v1/records/{id}/receipt")).collect(),
        ("get", "/v1/records/{id}/annex") => records().map(|id| format!("/v1/records/{id}/annex")).collect(),
        ("get", "/v1/blocks/{height}") => {
            let heights = world.records.iter().map(|(_, height)| height.to_string());
            heights.chain(["latest".to_owned()]).map(|height| format!("/v1/blocks/{height}")).collect()
        }
        ("get", "/v1/items/{gtin}/{serial}") => (0..8).map(address).collect(),
        ("get", "/v1/items/{gtin}/{serial}/proof") => (0..8).map(|index| format!("{}/proof", address(index))).collect(),
        ("get", "/v1/keys/{address}") => {
            ["corenest", "yueling", "store", "mallory"].map(|name| format!("/v1/keys/{}", key(name).address())).to_vec()
        }
        ("get", "/v1/quotas/{party}") => {
            ["corenest", "yueling", "store", "mallory"].map(|party| format!("/v1/quotas/{party}")).to_vec()
        }
        ("get", "/v1/trace/{id}") => {
            let segments = || (0..8).map(segment).chain([PALLET, "8004/9521141marker"].map(encoded));
            let asked = ["", "?direction=forward", "?direction=forward&format=csv", "?direction=forward&format=svg"];
            segments().flat_map(|id| asked.map(|asked| format!("/v1/trace/{id}{asked}"))).collect()
        }
        ("get", "/v1/impact/{id}") => {
            let segments = [format!("01/{REFILL}"), PALLET.to_owned()].map(|id| encoded(&id));
            segments.iter().flat_map(|id| ["", "?format=csv"].map(|asked| format!("/v1/impact/{id}{asked}"))).collect()
        }
        ("get", "/v1/agreements" | "/v1/quotas") => vec![path.to_owned()],
        ("get", path) if path.starts_with("/v1/agreements/") => {
            let filled = path.replace("{contract}", CONTRACT).replace("{number}", "1");
            ["corenest", "creator", "yueling", "store"].map(|party| filled.replace("{party}", party)).to_vec()
        }
        ("get", "/v1/stream/agreements/{contract}") => vec![path.replace("{contract}", CONTRACT)],
        ("get", "/v1/stream/blocks") => vec!["/v1/stream/blocks?from=1".to_owned()],
        ("get", "/v1/status" | "/v1/genesis" | "/v1/session" | "/healthz" | "/readyz" | "/version")
        | ("post" | "delete", "/v1/session")
        | ("post", "/v1/records") => vec![path.to_owned()],
        _ => panic!("{method} {path} is in the OpenAPI document, and nobody has said who may read what there"),
    }
}

/// What is answered to a visitor, whole; of a stream what comes at once.
async fn answered(world: &World, visitor: &Visitor, method: &str, address: &str) -> (StatusCode, String) {
    let method: Method = method.to_uppercase().parse().unwrap();
    let mut request = visitor.asks(world, TestRequest::with_uri(address).method(method.clone()));
    if method == Method::POST {
        let body = match address {
            "/v1/session" => visitor.document(world).unwrap_or_else(|| "{}".to_owned()),
            // Whoever got hold of a record may hand it in again, and is told what became of it.
            _ => world.submission.clone(),
        };
        request = request.insert_header((header::CONTENT_TYPE, "application/json")).set_payload(body);
    }
    if address.contains("/stream/") {
        let answer = open(world.demo.chain.clone(), request).await;
        let status = answer.status();
        if !status.is_success() {
            return (status, whole(answer).await.text());
        }
        let mut body = answer.into_body();
        let mut text = String::new();
        let height = world.demo.chain.status().unwrap().height.get();
        // An agreement tells how it stands, a chain every block; before both comes when to come back.
        let at_once = if address.contains("/agreements/") { 1 } else { height };
        for _ in 0..=at_once {
            let next = std::future::poll_fn(|context| {
                actix_web::body::MessageBody::poll_next(std::pin::Pin::new(&mut body), context)
            });
            text.push_str(&String::from_utf8_lossy(&next.await.unwrap().unwrap()));
        }
        return (status, text);
    }
    let answer = ask(world.demo.chain.clone(), request).await;
    (answer.status, answer.text())
}

#[actix_web::test]
async fn every_route_walked_by_everybody_shows_each_secret_to_whom_it_is_for_and_to_nobody_else() {
    let world = World::new();
    let document = get(world.demo.chain.clone(), "/v1/openapi.json").await.json();
    for visitor in &VISITORS {
        let mut read = BTreeSet::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                for address in addresses(&world, method, path) {
                    let (_, text) = answered(&world, visitor, method, &address).await;
                    read.extend(visitor.check(&format!("{method} {address}"), &text));
                }
            }
        }
        // Nobody is kept from what is theirs, either. A document that is not good is answered nothing where it matters.
        let expected = if visitor.refused.is_some() { BTreeSet::new() } else { visitor.all() };
        assert_eq!(read, expected, "{}", visitor.name);
    }
}

#[actix_web::test]
async fn every_route_that_is_mounted_is_in_the_document() {
    let world = World::new();
    let document = get(world.demo.chain.clone(), "/v1/openapi.json").await.json();
    let described: BTreeSet<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    let source = include_str!("../../src/server.rs");
    let mounts = [("reads(", "/v1"), ("sessions(", "/v1"), ("handing_in(", "/v1"), ("alone(", "")];
    let mut mounted = mounted(source, &mounts);
    // The document itself, and the pages that show it.
    for own in ["/v1/openapi.json", "/v1/docs", "/v1/docs/{file:.*}"] {
        assert!(mounted.remove(own), "{own}");
    }
    assert_eq!(mounted, described);
    // Every resource is mounted by one of these; a service of another kind would not have been seen.
    assert_eq!(source.matches(".service(").count(), mounted.len() + 4, "the three of the document, and the scope");
}

#[actix_web::test]
async fn a_document_that_is_not_good_is_told_what_is_wrong_wherever_it_matters() {
    let world = World::new();
    let (id, height) = world.records[0];
    for visitor in VISITORS.iter().filter(|visitor| !visitor.is_good()) {
        let Some((status, code)) = visitor.refused else { continue };
        for address in [
            format!("/v1/records/{id}"),
            format!("/v1/records/{id}/annex"),
            format!("/v1/blocks/{height}"),
            "/v1/session".to_owned(),
        ] {
            let answer = ask(world.demo.chain.clone(), visitor.asks(&world, TestRequest::get().uri(&address))).await;
            let problem = answer.is_problem(status, code);
            assert!(problem["detail"].is_string(), "{problem}");
            assert_eq!(answer.header("www-authenticate"), if status == 401 { "Hefu" } else { "" }, "{address}");
        }
    }
    for value in ["Basic YTpi", "Hefu", "Hefu %%%", "Bearer x"] {
        let request = TestRequest::get().uri("/v1/session").insert_header((header::AUTHORIZATION, value));
        ask(world.demo.chain.clone(), request).await.is_problem(400, "E-ACCESS-HEADER");
    }
    let document = VISITORS[3].document(&world).unwrap();
    let twice = TestRequest::get().uri("/v1/session").append_header((header::AUTHORIZATION, access::header(&document)));
    let twice = twice.append_header((header::AUTHORIZATION, access::header(&document)));
    ask(world.demo.chain.clone(), twice).await.is_problem(400, "E-ACCESS-HEADER");
}

#[actix_web::test]
async fn what_is_for_one_reader_is_kept_by_no_cache_and_read_by_no_other_page() {
    let world = World::new();
    let store = VISITORS.iter().find(|visitor| visitor.name == "store").unwrap();
    let (id, height) = world.records[0];
    for address in [
        format!("/v1/records/{id}"),
        format!("/v1/records/{id}/annex"),
        format!("/v1/blocks/{height}"),
        "/v1/session".to_owned(),
    ] {
        let request =
            store.asks(&world, TestRequest::get().uri(&address)).insert_header(("Origin", "https://a.example"));
        let answer = ask(world.demo.chain.clone(), request).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text());
        assert_eq!(answer.header("cache-control"), "private, no-store", "{address}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{address}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{address}");
        assert_eq!(answer.header("etag"), "", "{address}");
    }
}

#[actix_web::test]
async fn a_party_reads_the_record_its_annex_and_finds_it_in_its_block() {
    let world = World::new();
    let store = VISITORS.iter().find(|visitor| visitor.name == "store").unwrap();
    let read = async |address: String| {
        let answer = ask(world.demo.chain.clone(), store.asks(&world, TestRequest::get().uri(&address))).await;
        answer.json()
    };
    let (id, height) = world.records[0];
    let record = read(format!("/v1/records/{id}")).await;
    assert_eq!((&record["visibility"], &record["status"]), (&"parties".into(), &"final".into()));
    let annex = read(record["links"]["annex"].as_str().unwrap().to_owned()).await;
    assert_eq!(annex["values"]["/body/event/ex:detail"]["value"]["note"], SECRETS[2].marker);
    let block = read(format!("/v1/blocks/{height}")).await;
    assert_eq!((&block["private"], &block["records"][0]["visibility"]), (&0.into(), &"parties".into()));
    let others = read(format!("/v1/blocks/{}", world.records[1].1)).await;
    assert_eq!((&others["private"], others["records"].as_array().unwrap().len()), (&1.into(), 0));
    let problem = ask(
        world.demo.chain.clone(),
        store.asks(&world, TestRequest::get().uri(&format!("/v1/records/{}/annex", world.records[1].0))),
    );
    problem.await.is_problem(403, "E-ANNEX-PRIVATE");
    assert_eq!(HOME, ORIGIN);
}
