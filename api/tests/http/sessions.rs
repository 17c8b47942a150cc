//! Sessions of browsers.

use actix_web::{
    App,
    body::to_bytes,
    dev::Service,
    http::{StatusCode, header},
    test::{self, TestRequest},
    web::ServiceConfig,
};
use hefu_contracts::action::Action;
use hefu_keys::Hash;
use serde_json::{Value, json};

use crate::{
    client::{ORIGIN, api},
    demo::{Deed, key},
    secrets::{SECRETS, World, now},
};

/// A browser: a jar for one cookie, and a node that lives across its requests.
struct Browser<'a> {
    api: Box<dyn Fn(&mut ServiceConfig)>,
    cookie: String,
    world: &'a World,
}

/// What was answered.
struct Seen {
    cache: String,
    cookies: Vec<String>,
    json: Value,
    status: StatusCode,
}

impl Browser<'_> {
    fn new(world: &World) -> Browser<'_> {
        let api = api(world.demo.chain.clone());
        Browser { api: Box::new(api), cookie: String::new(), world }
    }

    async fn send(&mut self, request: TestRequest) -> Seen {
        let request = match self.cookie.as_str() {
            "" => request,
            cookie => request.insert_header((header::COOKIE, format!("lang=en; {cookie}; other=1"))),
        };
        let app = test::init_service(App::new().configure(&self.api)).await;
        let answer = app.call(request.to_request()).await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = |value: &header::HeaderValue| value.to_str().unwrap().to_owned();
        let body = to_bytes(answer.into_body()).await.unwrap_or_default();
        let seen = Seen {
            cache: headers.get(header::CACHE_CONTROL).map(text).unwrap_or_default(),
            cookies: headers.get_all(header::SET_COOKIE).map(text).collect(),
            json: serde_json::from_slice(&body).unwrap_or(Value::Null),
            status,
        };
        if let Some(set) = seen.cookies.last() {
            self.cookie = set.split(';').next().unwrap().to_owned();
        }
        seen
    }

    async fn get(&mut self, address: &str) -> Seen {
        self.send(TestRequest::get().uri(address)).await
    }

    async fn sign_in(&mut self, signer: &str) -> Seen {
        let document = self.world.document(&key(signer), "");
        self.send(posting(document)).await
    }
}

fn posting(document: String) -> TestRequest {
    let request = TestRequest::post().uri("/v1/session").insert_header((header::CONTENT_TYPE, "application/json"));
    request.set_payload(document)
}

fn code(seen: &Seen) -> (u16, &str) {
    (seen.status.as_u16(), seen.json["code"].as_str().unwrap_or_default())
}

#[actix_web::test]
async fn a_session_stands_for_its_document_until_it_is_ended() {
    let world = World::new();
    let mut browser = Browser::new(&world);
    let record = format!("/v1/records/{}", world.records[0].0);
    assert_eq!(browser.get("/v1/session").await.json, json!({"reads": "public"}));
    assert_eq!(browser.get(&record).await.json.get("record"), None);

    let begun = browser.sign_in("store").await;
    assert_eq!((begun.status, begun.cache.as_str()), (StatusCode::OK, "private, no-store"));
    let [cookie] = begun.cookies.as_slice() else { panic!("{:?}", begun.cookies) };
    let (value, rules) = cookie.split_once("; ").unwrap();
    assert!(value.starts_with("__Host-hefu=") && value.len() == "__Host-hefu=".len() + 64, "{value}");
    let (lasts, rules) = rules.strip_prefix("Path=/; Max-Age=").unwrap().split_once("; ").unwrap();
    assert!((590..=600).contains(&lasts.parse::<u64>().unwrap()), "as long as the document: {lasts}");
    assert_eq!(rules, "HttpOnly; SameSite=Strict; Secure");

    let is = browser.get("/v1/session").await.json;
    assert_eq!(is, begun.json);
    assert_eq!((&is["reads"], &is["party"]["id"]), (&json!("own"), &json!("store")));
    assert_eq!((&is["party"]["kind"], &is["key"]), (&json!("warehouse"), &json!(key("store").address())));
    assert!(is["expires"].as_str().unwrap() > now().to_string().as_str());
    assert!(browser.get(&record).await.json["record"].to_string().contains(SECRETS[0].marker));
    let annex = browser.get(&format!("{record}/annex")).await.json.to_string();
    assert!(annex.contains(SECRETS[1].marker) && annex.contains(SECRETS[2].marker), "{annex}");

    let held = browser.cookie.clone();
    let ended = browser.send(TestRequest::delete().uri("/v1/session")).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(ended.cookies, ["__Host-hefu=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure"]);
    browser.cookie = held;
    assert_eq!(browser.get("/v1/session").await.json, json!({"reads": "public"}), "the cookie is worth nothing now");
    assert_eq!(browser.get(&record).await.json.get("record"), None);
}

#[actix_web::test]
async fn an_auditor_reads_everything() {
    let world = World::new();
    let mut browser = Browser::new(&world);
    assert_eq!(browser.sign_in("audits").await.json["reads"], "everything");
    // Those in which values are planted.
    for (id, _) in world.records.iter().take(3) {
        assert!(browser.get(&format!("/v1/records/{id}/annex")).await.json["values"].is_object());
    }
}

#[actix_web::test]
async fn another_page_neither_begins_nor_ends_a_session() {
    let world = World::new();
    let mut browser = Browser::new(&world);
    let document = || world.document(&key("store"), "");
    for (name, value) in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Sec-Fetch-Site", "none"),
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Origin", "http://t.example"),
    ] {
        let begins = browser.send(posting(document()).insert_header((name, value))).await;
        assert_eq!(code(&begins), (403, "E-SESSION-FOREIGN"), "{name}: {value}");
        let ends = browser.send(TestRequest::delete().uri("/v1/session").insert_header((name, value))).await;
        assert_eq!(code(&ends), (403, "E-SESSION-FOREIGN"), "{name}: {value}");
    }
    // A form can send text and its own fields, but no JSON.
    let form = TestRequest::post().uri("/v1/session").insert_header((header::CONTENT_TYPE, "text/plain"));
    assert_eq!(code(&browser.send(form.set_payload(document())).await), (415, "E-MEDIA-TYPE"));
    assert_eq!(browser.get("/v1/session").await.json["reads"], "public");
    let own = posting(document()).insert_header(("Sec-Fetch-Site", "same-origin")).insert_header(("Origin", ORIGIN));
    assert_eq!(browser.send(own).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn a_session_begins_with_a_good_document_only() {
    let world = World::new();
    let mut browser = Browser::new(&world);
    for (signer, wrong, expected) in [
        ("store", "expired", (401, "E-ACCESS-EXPIRED")),
        ("store", "late", (401, "E-ACCESS-EXPIRES-LATE")),
        ("store", "aud", (401, "E-ACCESS-AUDIENCE")),
        ("store", "chain", (401, "E-ACCESS-CHAIN")),
        ("mallory", "", (401, "E-KEY-UNKNOWN")),
        ("store-lost", "", (403, "E-KEY-REVOKED")),
        ("store-writes", "", (403, "E-KEY-ROLE")),
    ] {
        let seen = browser.send(posting(world.document(&key(signer), wrong))).await;
        assert_eq!((code(&seen), seen.cookies.len()), (expected, 0), "{signer} {wrong}");
    }
    let forged = world.document(&key("store"), "").replace("\"action\":\"access\"", "\"action\":\"Access\"");
    assert_eq!(code(&browser.send(posting(forged)).await), (400, "E-RECORD-SHAPE"));
    assert_eq!(code(&browser.send(posting("{}".to_owned())).await), (400, "E-RECORD-PROOF"));
    assert_eq!(code(&browser.send(posting(" ".repeat(3_000))).await), (413, "E-BODY-SIZE"));
}

#[actix_web::test]
async fn a_key_that_is_revoked_ends_its_sessions() {
    let world = World::new();
    let grant = json!({"grants": [{"role": "read"}], "key": key("reader").address()});
    world.demo.take_with("store", &["reader"], &Deed::new(Action::KeyGrant, grant));
    let mut browser = Browser::new(&world);
    assert_eq!(browser.sign_in("reader").await.json["party"]["id"], "store");
    let revoke = json!({"key": key("reader").address(), "reason": "lost"});
    world.demo.take("store", &Deed::new(Action::KeyRevoke, revoke));
    assert_eq!(browser.get("/v1/session").await.json, json!({"reads": "public"}));
    let grant = json!({"grants": [{"role": "read"}], "key": key("reader").address()});
    world.demo.take_with("store", &["reader"], &Deed::new(Action::KeyGrant, grant));
    assert_eq!(browser.get("/v1/session").await.json, json!({"reads": "public"}), "it does not come back by itself");
}

#[actix_web::test]
async fn a_cookie_that_nobody_was_given_or_of_the_other_kind_is_nobody() {
    let world = World::new();
    let mut browser = Browser::new(&world);
    browser.sign_in("store").await;
    let given = browser.cookie.clone();
    let made_up = format!("__Host-hefu={}", Hash::of(b"guess"));
    for cookie in [&*given.replace("__Host-hefu", "hefu"), &made_up, "__Host-hefu=", "__Host-hefu=x", "hefu"] {
        browser.cookie = cookie.to_owned();
        let seen = browser.get("/v1/session").await;
        assert_eq!((seen.status, seen.json), (StatusCode::OK, json!({"reads": "public"})), "{cookie}");
    }
    browser.cookie = given;
    assert_eq!(browser.get("/v1/session").await.json["reads"], "own");
}

#[actix_web::test]
async fn a_document_in_the_header_goes_before_the_cookie() {
    let world = World::new();
    let mut browser = Browser::new(&world);
    browser.sign_in("store").await;
    let shown = hefu_contracts::access::header(&world.document(&key("corenest"), ""));
    let request = TestRequest::get().uri("/v1/session").insert_header((header::AUTHORIZATION, shown));
    assert_eq!(browser.send(request).await.json["party"]["id"], "corenest");
}
