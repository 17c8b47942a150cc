//! The resolver: what there is about a code, by types of links.

use actix_web::{
    http::{Method, header},
    test::TestRequest,
};
use hefu_contracts::action::Action;
use serde_json::{Value, json};

use crate::{
    client::{Answer, ask, get, path},
    demo::{Deed, Demo, REFILL},
};

const LINKSET: &str = "application/linkset+json";

/// A history, and a trade item whose owner has put links into the catalogue.
fn demo() -> Demo {
    let demo = Demo::with_history();
    let link = |kind: &str, href: &str, lang: Option<&str>| {
        let mut link =
            json!({"href": href, "title": {"en": format!("The {kind}"), "zh": format!("其{kind}")}, "type": kind});
        if let Some(lang) = lang {
            link["lang"] = json!(lang);
        }
        link
    };
    let links = json!([
        link("pip", "https://brand.example/refill?from=code#top", None),
        link("instructions", "https://brand.example/zh", Some("zh-CN")),
        link("instructions", "https://brand.example/en", Some("en")),
        link("promotion", "https://brand.example/a", None),
        link("promotion", "https://brand.example/b", None),
    ]);
    let name = json!({"en": "Osmanthus refill", "zh": "桂花冷萃内芯"});
    let body = json!({"gtin": REFILL, "kind": "finished", "links": links, "name": name, "version": 2});
    demo.take("corenest", &Deed::new(Action::ProductPut, body));
    demo
}

async fn accepting(demo: &Demo, address: &str) -> Answer {
    ask(demo.chain.clone(), TestRequest::get().uri(address).insert_header((header::ACCEPT, LINKSET))).await
}

/// That a linkset is one by GS1's schema: what is required is there, and nothing else is.
fn check_linkset(answer: &Answer, status: u16) -> Value {
    assert_eq!((answer.status.as_u16(), answer.header(header::CONTENT_TYPE)), (status, LINKSET), "{}", answer.text());
    let set = answer.json();
    for context in set["linkset"].as_array().unwrap() {
        for (key, value) in context.as_object().unwrap() {
            match key.as_str() {
                "anchor" => assert!(value.as_str().unwrap().starts_with("https://t.example/01/")),
                "itemDescription" => assert!(value.is_string()),
                relation => {
                    assert!(relation.starts_with("https://ref.gs1.org/voc/"), "{relation}");
                    for link in value.as_array().unwrap() {
                        assert!(link["href"].is_string() && link["title"].is_string(), "{link}");
                        let known = ["href", "hreflang", "title", "type"];
                        assert!(link.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{link}");
                    }
                }
            }
        }
    }
    set
}

#[actix_web::test]
async fn a_linkset_tells_every_level_and_one_default_on_each() {
    let demo = demo();
    let item = path(0);
    let by_header = check_linkset(&accepting(&demo, &item).await, 200);
    for word in ["linkset", "all"] {
        let by_word = get(&demo, &format!("{item}?linkType={word}&lang=zh")).await;
        assert_eq!(check_linkset(&by_word, 200), by_header);
    }
    let levels = by_header["linkset"].as_array().unwrap();
    let anchors: Vec<_> = levels.iter().map(|level| level["anchor"].as_str().unwrap().to_owned()).collect();
    assert_eq!(anchors, [format!("https://t.example{item}"), format!("https://t.example/01/{REFILL}")]);
    let default = "https://ref.gs1.org/voc/defaultLink";
    assert_eq!(levels[0][default][0]["href"], format!("https://t.example{item}"));
    assert_eq!(levels[0][default], levels[0]["https://ref.gs1.org/voc/traceability"]);
    assert_eq!(levels[1][default].as_array().unwrap().len(), 1);
    assert_eq!(levels[1][default], levels[1]["https://ref.gs1.org/voc/pip"], "the first stands for a default");
    assert_eq!(levels[1]["https://ref.gs1.org/voc/instructions"].as_array().unwrap().len(), 2);
    assert_eq!(levels[1]["itemDescription"], "桂花冷萃内芯");
    assert_eq!(accepting(&demo, &item).await.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
}

#[actix_web::test]
async fn a_type_leads_to_its_link_with_the_query_of_the_code() {
    let demo = demo();
    let item = path(0);
    for asked in ["gs1:pip", "pip", "https://ref.gs1.org/voc/pip", "https%3A%2F%2Fgs1.org%2Fvoc%2Fpip"] {
        let answer = get(&demo, &format!("{item}?17=261231&linkType={asked}&track=9")).await;
        answer.leads_to(307, "https://brand.example/refill?from=code&17=261231&track=9#top");
        let linkset = format!("<https://t.example{item}?linkType=linkset>; rel=\"linkset\"; type=\"{LINKSET}\"");
        assert_eq!(answer.header(header::LINK), linkset);
        assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
    }
    get(&demo, &format!("{item}?linkType=gs1:defaultLink&a=b")).await.leads_to(307, &format!("{item}?a=b"));
    get(&demo, &format!("/01/{REFILL}/10/L7{}?linkType=gs1:traceability", item.split_at(18).1))
        .await
        .leads_to(307, &item);
}

#[actix_web::test]
async fn a_code_of_a_kind_leads_to_what_its_owner_says_of_it() {
    let demo = demo();
    for address in [format!("/01/{REFILL}"), format!("/01/{REFILL}/10/L7"), "/01/9528880010021".to_owned()] {
        get(&demo, &address).await.leads_to(307, "https://brand.example/refill?from=code#top");
        let set = check_linkset(&accepting(&demo, &address).await, 200);
        assert_eq!(set["linkset"].as_array().unwrap().len(), 1, "{set}");
    }
}

#[actix_web::test]
async fn of_several_the_one_in_the_readers_language_is_followed() {
    let demo = demo();
    for (language, there) in
        [("zh-Hans-CN, en;q=0.5", "https://brand.example/zh"), ("en-GB", "https://brand.example/en")]
    {
        let request = TestRequest::get().uri(&format!("/01/{REFILL}?linkType=gs1:instructions"));
        let request = request.insert_header((header::ACCEPT_LANGUAGE, language));
        ask(demo.chain.clone(), request).await.leads_to(307, there);
    }
    let several = check_linkset(&get(&demo, &format!("{}?linkType=gs1:promotion", path(0))).await, 300);
    let links = several["linkset"][0]["https://ref.gs1.org/voc/promotion"].as_array().unwrap();
    assert_eq!((links.len(), several["linkset"].as_array().unwrap().len()), (2, 1), "{several}");
}

#[actix_web::test]
async fn what_is_not_there_is_not_made_up() {
    let demo = demo();
    get(&demo, &format!("{}?linkType=gs1:recallStatus", path(0))).await.is_page(404);
    // A code without a record has no history; what is said of its trade item is still answered.
    let unknown = format!("/01/{REFILL}/21/NEVER");
    let page = get(&demo, &format!("{unknown}?lang=en")).await.is_page(404);
    assert!(page.visible().contains("No record found for this code"), "{}", page.visible());
    get(&demo, &format!("{unknown}?linkType=gs1:traceability")).await.is_page(404);
    get(&demo, &format!("{unknown}?linkType=pip")).await.leads_to(307, "https://brand.example/refill?from=code#top");
    let set = check_linkset(&accepting(&demo, &unknown).await, 200);
    assert_eq!(set["linkset"].as_array().unwrap().len(), 1);
    // Of a trade item that is not in the catalogue there is nothing.
    for address in ["/01/09528880010106?linkType=linkset", "/01/09528880010106?linkType=gs1:pip", "/01/09528880010106"]
    {
        get(&demo, address).await.is_page(404);
    }
    get(&demo, "/01/09528880010022?linkType=linkset").await.is_page(400);
    // Without links of its owner, a code of a kind says that it names no item.
    let page = get(&Demo::with_history(), &format!("/01/{REFILL}?lang=en")).await.is_page(404);
    assert!(page.visible().contains("names a kind of item only"));
}

#[actix_web::test]
async fn the_resolver_describes_itself_and_answers_pages_of_other_origins() {
    let demo = demo();
    let described = get(&demo, "/.well-known/gs1resolver").await;
    assert_eq!(described.header(header::CONTENT_TYPE), "application/json");
    let description = described.json();
    assert_eq!(description["resolverRoot"], "https://t.example");
    assert_eq!(description["supportedPrimaryKeys"], json!(["01"]));
    for address in ["/.well-known/gs1resolver".to_owned(), path(0), format!("/01/{REFILL}")] {
        let answer = ask(demo.chain.clone(), TestRequest::with_uri(&address).method(Method::OPTIONS)).await;
        assert_eq!(answer.status.as_u16(), 204);
        assert_eq!(answer.header(header::ALLOW), "GET, HEAD, OPTIONS");
        assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_METHODS), "GET, HEAD, OPTIONS");
        let head = ask(demo.chain.clone(), TestRequest::with_uri(&address).method(Method::HEAD)).await;
        let got = get(&demo, &address).await;
        assert_eq!((head.status, head.header(header::LOCATION)), (got.status, got.header(header::LOCATION)));
        assert_eq!(got.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
        let posted = ask(demo.chain.clone(), TestRequest::with_uri(&address).method(Method::POST)).await;
        assert_eq!(posted.status.as_u16(), 405);
    }
}
