//! What the pages may and may not say.

use actix_web::{http::header, test::TestRequest};

use crate::{
    client::{ask, get, path},
    demo::{Demo, REFILL},
};

/// Words that no printed code can bear out.
const NEVER: [&str; 8] = ["正品", "真品", "保真", "防伪", "genuine", "authentic", "counterfeit", "blockchain"];

async fn every_page(demo: &Demo) -> Vec<String> {
    let block = get(demo, "/v1/blocks/5").await.json();
    let record = format!("/x/records/{}", block["records"][0]["id"].as_str().unwrap());
    let mut pages: Vec<String> = (0..8).map(path).collect();
    let others = [
        "/",
        "/how",
        "/x/blocks/5",
        "/x/blocks/99",
        "/x/labels",
        "/x/earnings",
        "/x/trace?id=nothing",
        "/x/session",
        "/x/sign",
        "/x/search?q=corenest",
        "/x/search?q=zzz",
    ];
    pages.extend(others.map(str::to_owned));
    let item = path(0).trim_start_matches('/').replace('/', "%2F");
    pages.extend([
        format!("/x/trace?id={item}"),
        format!("/x/trace?id={item}&direction=forward"),
        format!("/x/impact?id={item}"),
    ]);
    pages.extend([record, format!("/01/{REFILL}"), "/01/1/21/1".to_owned(), "/nowhere".to_owned()]);
    pages
}

#[actix_web::test]
async fn every_page_is_whole_in_both_languages_and_never_says_more_than_the_ledger_knows() {
    let demo = Demo::with_history();
    for address in every_page(&demo).await {
        for (language, tag, other) in [("zh", "zh-CN", "en"), ("en", "en", "zh")] {
            let between = if address.contains('?') { '&' } else { '?' };
            let asked = format!("{address}{between}lang={language}");
            let request = TestRequest::get().uri(&asked).insert_header((header::ACCEPT, "text/html"));
            let answer = ask(demo.chain.clone(), request).await;
            let page = answer.is_page(answer.status.as_u16());
            assert_eq!(page.one("html").get("lang"), tag, "{asked}");
            assert_eq!((page.all("h1").count(), page.all("main").count()), (1, 1), "{asked}");
            assert!(page.one("title").text.ends_with(" · t.example"), "{asked}");
            let link = page.all("nav").next().unwrap().text.trim().to_owned();
            assert!(["English", "中文"].contains(&&*link), "{asked}: {link}");
            let elsewhere = format!("{address}{between}lang={other}");
            assert!(page.all("a").any(|link| link.is("href", &elsewhere)), "{asked}");
            let text = answer.text().to_lowercase();
            for word in NEVER {
                assert!(!text.contains(word), "{asked} says {word}");
            }
        }
    }
}

#[actix_web::test]
async fn the_limit_of_what_a_check_proves_stands_on_every_trace_page() {
    let demo = Demo::with_history();
    for index in 0..4 {
        for (language, limit, copies) in [
            ("zh", "不能证明：实物没有被替换", "印刷的码可以被复制"),
            ("en", "Does not prove: that the item was not swapped", "A printed code can be copied"),
        ] {
            let page = get(&demo, &format!("{}?lang={language}", path(index))).await.is_page(200);
            assert!(page.visible().contains(limit) && page.visible().contains(copies), "{}", page.visible());
        }
    }
}

#[actix_web::test]
async fn before_the_check_nothing_is_called_checked() {
    let demo = Demo::with_history();
    for (language, pending, marks) in
        [("zh", "尚未在您的设备上核验", "✎ 已签名"), ("en", "Not yet checked on your device", "✎ signed")]
    {
        let page = get(&demo, &format!("{}?lang={language}", path(0))).await.is_page(200);
        let region = page.with("aria-live").next().unwrap();
        assert!(region.text.contains(pending), "{}", region.text);
        let mut shown = page.with("class").filter(|element| element.get("class") == "mark");
        assert!(shown.all(|mark| mark.text == marks));
    }
}
