//! Who may read what: every page, walked by everybody; and signing in.

use std::collections::BTreeSet;

use crate::{
    client::{Answer, ask, get, path},
    demo::{REFILL, serial},
    secrets::{CONTRACT, HOME, OWED, SECRETS, VISITORS, Visitor, World, mounted},
};
use actix_web::{
    http::{StatusCode, header},
    test::TestRequest,
};
use hefu_api::Ledger;

/// Every address of a route, filled in with everything that the world has. A route that is not named here is one that
/// nobody has thought about: the walk fails.
fn addresses(world: &World, route: &str) -> Vec<String> {
    let records = || world.records.iter().map(|(id, _)| id.to_string()).chain([world.waiting.to_string()]);
    match route {
        "/x/records/{id}" => records().map(|id| format!("/x/records/{id}")).collect(),
        "/x/blocks/{height}" => world
            .records
            .iter()
            .map(|(_, height)| format!("/x/blocks/{height}"))
            .chain(["/x/blocks/1".into()])
            .collect(),
        "/x/search" => {
            let ids = records().map(|id| id.chars().take(12).collect());
            let markers = SECRETS.iter().map(|secret| secret.marker.to_owned());
            ids.chain(markers).chain(["creator".into()]).map(|asked: String| format!("/x/search?q={asked}")).collect()
        }
        "/x/labels" => vec![format!("/x/labels?gtin={REFILL}&serials={}", serial(0))],
        "/x/earnings" | "/x/sign" => vec![route.to_owned()],
        "/x/trace" | "/x/impact" => {
            let ids = (0..8).map(|index| path(index).trim_start_matches('/').replace('/', "%2F"));
            ids.chain([format!("01%2F{REFILL}%2F10%2FL7")]).map(|id| format!("{route}?id={id}")).collect()
        }
        "/x/earnings/{contract}/{party}" => {
            OWED.map(|(party, _)| route.replace("{contract}", CONTRACT).replace("{party}", party)).to_vec()
        }
        "/x/earnings/{contract}/{party}/{number}" => OWED
            .map(|(party, _)| route.replace("{contract}", CONTRACT).replace("{party}", party).replace("{number}", "1"))
            .to_vec(),
        "/x/session" => vec!["/x/session".to_owned(), "/x/session?next=/x/blocks/1".to_owned()],
        "/01/{gtin}/21/{serial}/qr.svg" => vec![format!("{}/qr.svg", path(0))],
        "/01/{gtin}/21/{serial}/qr.png" => vec![format!("{}/qr.png", path(0))],
        "/01/{rest:.*}" => {
            let links = (0..8).map(|index| format!("{}?linkType=linkset", path(index)));
            (0..8).map(path).chain(links).chain([format!("/01/{REFILL}/10/L7")]).collect()
        }
        "/gtin/{rest:.*}" => vec![format!("/gtin/{REFILL}/ser/{}", serial(0))],
        "/assets/{file}" => vec!["/assets/nothing.js".to_owned()],
        "/" | "/how" | "/.well-known/gs1resolver" | "/favicon.ico" => vec![route.to_owned()],
        _ => panic!("{route} is mounted, and nobody has said who may read what there"),
    }
}

async fn seen(world: &World, visitor: &Visitor, address: &str) -> Answer {
    let request = TestRequest::get().uri(address).insert_header((header::ACCEPT, "text/html"));
    ask(world.demo.chain.clone(), visitor.asks(world, request)).await
}

#[actix_web::test]
async fn every_page_walked_by_everybody_shows_each_secret_to_whom_it_is_for_and_to_nobody_else() {
    let world = World::new();
    let source = include_str!("../../src/server.rs");
    let routes = mounted(source, &[("reads(", ""), ("resolves(", "")]);
    assert_eq!(source.matches(".service(").count(), routes.len(), "a service of another kind would not have been seen");
    for visitor in &VISITORS {
        let mut read = BTreeSet::new();
        for address in routes.iter().flat_map(|route| addresses(&world, route)) {
            let answer = seen(&world, visitor, &address).await;
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            // What somebody asks for stands in the answer: that is no news to them.
            let text = address.split_once("?q=").map_or(text.clone(), |(_, asked)| text.replace(asked, ""));
            read.extend(visitor.check(&address, &text));
        }
        let expected = if visitor.refused.is_some() { BTreeSet::new() } else { visitor.all() };
        assert_eq!(read, expected, "{}", visitor.name);
    }
}

#[actix_web::test]
async fn a_page_for_one_reader_is_kept_by_no_cache_and_says_so() {
    let world = World::new();
    let store = VISITORS.iter().find(|visitor| visitor.name == "store").unwrap();
    let (id, height) = world.records[0];
    for address in [format!("/x/records/{id}?lang=en"), format!("/x/blocks/{height}?lang=en"), "/x/session".to_owned()]
    {
        let answer = seen(&world, store, &address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}");
        assert_eq!(answer.header(header::CACHE_CONTROL), "private, no-store", "{address}");
        assert_eq!(answer.header(header::ETAG), "", "{address}");
        let vary: Vec<_> = answer.headers.get_all(header::VARY).collect();
        assert!(vary.iter().any(|value| *value == "Authorization") && vary.len() > 1, "{address}: {vary:?}");
    }
    let page = seen(&world, store, &format!("/x/records/{id}?lang=en")).await.is_page(200);
    assert!(page.visible().contains("for its parties; shown to you"), "{}", page.visible());
    assert!(page.all("pre").any(|text| text.text.contains(&format!("hefu record show {id} --node https://t.example"))));
    let page = seen(&world, store, &format!("/x/blocks/{height}?lang=en")).await.is_page(200);
    assert!(page.all("a").any(|link| link.get("href").contains(&id.to_string())), "{}", page.visible());
}

#[actix_web::test]
async fn whoever_may_not_read_a_record_is_shown_where_to_sign_in() {
    let world = World::new();
    let (id, height) = world.records[0];
    for (address, words) in
        [(format!("/x/records/{id}"), "仅对当事企业公开"), (format!("/x/blocks/{height}"), "用密钥登录")]
    {
        let page = get(&world.demo, &address).await.is_page(200);
        assert!(page.visible().contains(words), "{}", page.visible());
        let link = page.all("a").find(|link| link.get("href").starts_with("/x/session")).unwrap();
        assert_eq!(link.get("href"), format!("/x/session?next={address}&lang=zh"));
        let form = get(&world.demo, link.get("href")).await.is_page(200);
        let (form, chain) = (form.one("form"), world.demo.chain.genesis().chain().to_string());
        assert_eq!((form.get("data-next"), form.get("data-chain")), (&*address, &*chain));
    }
}

#[actix_web::test]
async fn the_page_of_signing_in_tells_who_reads() {
    let world = World::new();
    for (name, party, reads) in [
        ("store", "CoreNest Hangzhou", "You are shown what names your company."),
        ("audits", "The audits", "As an auditor you are shown everything."),
    ] {
        let visitor = VISITORS.iter().find(|visitor| visitor.name == name).unwrap();
        let page = seen(&world, visitor, "/x/session?lang=en&next=/x/blocks/1").await.is_page(200);
        assert!(page.visible().contains(party) && page.visible().contains(reads), "{}", page.visible());
        assert!(page.all("form").next().is_none() && page.all("a").any(|link| link.is("href", "/x/blocks/1?lang=en")));
    }
    for next in ["https://evil.example/", "//evil.example", "/x/%0A", "javascript:alert(1)"] {
        let page = get(&world.demo, &format!("/x/session?next={next}")).await.is_page(200);
        assert_eq!(page.one("form").get("data-next"), "", "{next}");
    }
}

#[actix_web::test]
async fn a_document_that_is_not_good_has_a_page_of_its_own() {
    let world = World::new();
    let id = world.records[0].0;
    for visitor in VISITORS.iter().filter(|visitor| visitor.refused.is_some()) {
        let (status, _) = visitor.refused.unwrap();
        let page = seen(&world, visitor, &format!("/x/records/{id}?lang=en")).await.is_page(status);
        assert_eq!(page.one("h1").text, "This pass is not good", "{}", visitor.name);
    }
    assert_eq!(HOME, crate::client::site().origin.to_string());
}

/// What is owed, as pages write it: ¥7,770.01.
fn written(owed: &str) -> String {
    let (whole, decimals) = owed.split_at(owed.len() - 2);
    let (thousands, rest) = whole.split_at(whole.len() - 3);
    format!("¥{thousands},{rest}.{decimals}")
}

#[actix_web::test]
async fn what_somebody_earns_is_shown_to_her_to_who_pays_her_and_to_auditors() {
    let world = World::new();
    for visitor in VISITORS.iter().filter(|visitor| visitor.refused.is_none()) {
        let list = seen(&world, visitor, "/x/earnings?lang=en").await.is_page(200).visible();
        for (party, owed) in OWED {
            let may = [party, "corenest", "audits"].contains(&visitor.name);
            let answer = seen(&world, visitor, &format!("/x/earnings/{CONTRACT}/{party}?lang=en")).await;
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            assert_eq!(
                (list.contains(&written(owed)), text.contains(&written(owed))),
                (may, may),
                "{} {party}",
                visitor.name
            );
            let status = if may {
                200
            } else if visitor.name == "nobody" {
                303
            } else {
                404
            };
            assert_eq!(answer.status.as_u16(), status, "{} {party}", visitor.name);
        }
    }
}

#[actix_web::test]
async fn an_account_says_of_every_amount_how_it_comes_about_and_what_it_waits_for() {
    let world = World::new();
    let creator = VISITORS.iter().find(|visitor| visitor.name == "creator").unwrap();
    let (party, owed) = OWED[0];
    let address = format!("/x/earnings/{CONTRACT}/{party}");
    for (lang, pending, why) in [
        ("en", "Pending", "The period is still open, or waits to be closed."),
        ("zh", "待确认", "结算期尚未结束，或等待结账。"),
    ] {
        let page = seen(&world, creator, &format!("{address}?lang={lang}")).await.is_page(200);
        let text = page.visible();
        assert!(text.contains(pending) && text.contains(why) && text.contains(&written(owed)), "{text}");
        assert!(page.all("pre").any(|pre| pre.text == "11100.01; × 7/10 = 7770.01"));
    }
    let page = seen(&world, creator, &format!("{address}?lang=en")).await.is_page(200);
    let links: Vec<String> = page.all("a").map(|link| link.get("href").to_owned()).collect();
    for format in ["csv", "beancount", "hledger", "ledger"] {
        assert!(
            links.contains(&format!("/v1/agreements/{CONTRACT}/accounts/{party}/export?format={format}")),
            "{links:?}"
        );
    }
    assert!(links.contains(&format!("/v1/agreements/{CONTRACT}/accounts/{party}/statements/1")), "{links:?}");
    // The statement is told line by line.
    let line = seen(&world, creator, &format!("{address}/1?lang=en")).await.is_page(200);
    assert!(line.visible().contains("Milestone reached") && line.visible().contains(&written(owed)));
    assert!(line.all("pre").any(|pre| pre.text == "11100.01; × 7/10 = 7770.01"));
    let other = format!("/x/earnings/{CONTRACT}/{}/1", OWED[1].0);
    seen(&world, creator, &other).await.is_page(404);
    seen(&world, creator, &format!("{address}/2")).await.is_page(404);
    // Whoever is not signed in is sent there, and back.
    let nobody = seen(&world, &VISITORS[0], &format!("{address}?lang=en")).await;
    assert_eq!(nobody.header(header::LOCATION), format!("/x/session?next={address}&lang=en"));
}
