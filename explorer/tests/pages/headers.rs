//! What travels around the pages.

use std::{fs, io::Read, path::Path};

use actix_web::{
    http::{Method, StatusCode, header},
    test::TestRequest,
};
use serde_json::Value;

use crate::{
    client::{ask, ask_at, get, path, site},
    demo::Demo,
};

fn manifest() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/dist/manifest.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[actix_web::test]
async fn pages_may_load_their_own_scripts_and_styles_and_nothing_else() {
    let demo = Demo::with_history();
    for address in [
        &path(0),
        &path(7),
        "/",
        "/how",
        "/x/blocks/1",
        "/x/labels",
        "/x/earnings",
        "/x/session",
        "/nowhere",
        "/01/1/21/1",
    ] {
        let request = TestRequest::get().uri(address).insert_header((header::ACCEPT, "text/html,*/*"));
        let answer = ask(demo.chain.clone(), request).await;
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{address}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self'"), "{address}");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{address}");
        assert_eq!(answer.header(header::REFERRER_POLICY), "no-referrer", "{address}");
        let vary = answer.header(header::VARY).to_lowercase();
        assert!(vary.contains("accept-language") && vary.contains("cookie"), "{address}: {vary}");
        let text = answer.text();
        assert!(!text.contains(" style=\"") && !text.contains("<style") && !text.contains(" onclick"), "{address}");
    }
}

#[actix_web::test]
async fn every_file_of_the_browser_is_served_for_ever_in_each_coding() {
    let demo = Demo::new();
    for built in manifest().as_object().unwrap().values() {
        let address = format!("/assets/{}", built["file"].as_str().unwrap());
        let plain = get(&demo, &address).await;
        assert_eq!(u64::try_from(plain.body.len()).unwrap(), built["bytes"].as_u64().unwrap());
        assert_eq!(plain.header(header::CACHE_CONTROL), "public, max-age=31536000, immutable");
        for coding in ["gzip", "br"] {
            let request = TestRequest::get().uri(&address).insert_header((header::ACCEPT_ENCODING, coding));
            let answer = ask(demo.chain.clone(), request).await;
            assert_eq!(answer.header(header::CONTENT_ENCODING), coding);
            assert_eq!(answer.header(header::VARY), "accept-encoding");
            let mut text = Vec::new();
            match coding {
                "gzip" => flate2::read::GzDecoder::new(&*answer.body).read_to_end(&mut text).unwrap(),
                _ => brotli::Decompressor::new(&*answer.body, 4_096).read_to_end(&mut text).unwrap(),
            };
            assert!(text == plain.body && answer.body.len() < text.len());
        }
    }
    assert_eq!(get(&demo, "/assets/style.css").await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(&demo, "/favicon.ico").await.header(header::CONTENT_TYPE), "image/svg+xml");
}

#[actix_web::test]
async fn what_a_page_asks_for_is_there() {
    let demo = Demo::with_history();
    for address in [&path(0), "/", "/x/labels", "/x/earnings", "/x/session", "/x/sign"] {
        let page = get(&demo, address).await.is_page(200);
        let scripts = page.all("script").map(|script| script.get("src"));
        let styles = page.all("link").filter(|link| link.get("rel") == "stylesheet").map(|link| link.get("href"));
        for asset in scripts.chain(styles) {
            assert_eq!(get(&demo, asset).await.status, StatusCode::OK, "{asset}");
        }
    }
}

#[actix_web::test]
async fn a_copy_of_a_page_is_good_until_the_next_block_and_in_one_language() {
    let demo = Demo::with_history();
    for item in [path(0), "/".to_owned()] {
        let first = get(&demo, &item).await;
        assert_eq!(first.header(header::CACHE_CONTROL), "no-cache");
        let tag = first.header(header::ETAG).to_owned();
        let again = |address: &str| TestRequest::get().uri(address).insert_header((header::IF_NONE_MATCH, tag.clone()));
        let same = ask(demo.chain.clone(), again(&item)).await;
        assert_eq!((same.status, same.header(header::ETAG)), (StatusCode::NOT_MODIFIED, &*tag));
        assert!(same.body.is_empty());
        let other = ask(demo.chain.clone(), again(&format!("{item}?lang=en"))).await;
        assert_ne!(other.status, StatusCode::NOT_MODIFIED);
        let mut moved = site();
        moved.origin = "https://elsewhere.example".parse().unwrap();
        let elsewhere = ask_at(moved, demo.chain.clone(), again(&item)).await;
        assert_ne!(elsewhere.status, StatusCode::NOT_MODIFIED);
        demo.chain.decide();
        assert_ne!(ask(demo.chain.clone(), again(&item)).await.status, StatusCode::NOT_MODIFIED);
    }
}

#[actix_web::test]
async fn what_is_not_there_has_no_tag() {
    let demo = Demo::with_history();
    for address in [&path(7), "/x/blocks/99", "/01/1/21/1"] {
        let answer = get(&demo, address).await;
        assert_eq!((answer.header(header::ETAG), answer.header(header::CACHE_CONTROL)), ("", "no-cache"), "{address}");
    }
}

#[actix_web::test]
async fn a_chosen_language_is_remembered_and_no_other_is() {
    let demo = Demo::with_history();
    let chosen = get(&demo, "/?lang=en").await;
    let cookie = chosen.header(header::SET_COOKIE).to_owned();
    assert!(cookie.starts_with("lang=en; Path=/; Max-Age=") && cookie.contains("SameSite=Lax; HttpOnly; Secure"));
    let request = TestRequest::get().uri("/").insert_header((header::COOKIE, "lang=en"));
    let later = ask(demo.chain.clone(), request).await;
    assert_eq!((later.header(header::SET_COOKIE), later.header(header::CONTENT_LANGUAGE)), ("", "en"));
    assert_eq!(get(&demo, "/").await.header(header::CONTENT_LANGUAGE), "zh-CN");
    let request = TestRequest::get().uri("/").insert_header((header::ACCEPT_LANGUAGE, "en-US,en;q=0.9"));
    assert_eq!(ask(demo.chain.clone(), request).await.is_page(200).one("html").get("lang"), "en");
}

#[actix_web::test]
async fn programs_are_told_in_json_that_there_is_nothing() {
    let demo = Demo::new();
    let answer = get(&demo, "/nowhere").await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json");
    assert_eq!(answer.json()["code"], "E-NOT-FOUND");
    assert_eq!(get(&demo, "/v1/nowhere").await.json()["code"], "E-NOT-FOUND");
    let request = TestRequest::get().uri("/nowhere").insert_header((header::ACCEPT, "text/html"));
    ask(demo.chain.clone(), request).await.is_page(404);
}

#[actix_web::test]
async fn pages_are_read_and_nothing_else() {
    let demo = Demo::with_history();
    for address in ["/", &path(0), "/x/labels"] {
        let head = ask(demo.chain.clone(), TestRequest::with_uri(address).method(Method::HEAD)).await;
        assert_eq!(head.status, StatusCode::OK, "{address}");
        let post = ask(demo.chain.clone(), TestRequest::with_uri(address).method(Method::POST)).await;
        assert_eq!((post.status, post.header(header::ALLOW)), (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD"));
    }
}
