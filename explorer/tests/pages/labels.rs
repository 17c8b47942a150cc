//! QR codes and labels.

use hefu_contracts::gs1::Epc;
use hefu_explorer::{
    Language,
    labels::{self, BadLabel, Code},
};

use crate::{
    client::{get, path},
    demo::{Demo, REFILL, epc, serial},
    markup::Page,
};

#[actix_web::test]
async fn a_qr_code_is_drawn_for_every_well_formed_code() {
    let demo = Demo::new();
    let svg = get(&demo, &format!("{}/qr.svg", path(0))).await;
    assert_eq!(svg.header("content-type"), "image/svg+xml");
    let link = format!("HTTPS://T.EXAMPLE/01/{REFILL}/21/{}", serial(0));
    assert_eq!(svg.text(), hefu_explorer::qr::svg(&link, 0.495).unwrap());
    let png = get(&demo, &format!("{}/qr.png?x=0.5&px=4", path(0))).await;
    assert_eq!((png.header("content-type"), &png.body), ("image/png", &hefu_explorer::qr::png(&link, 0.5, 4).unwrap()));
    for bad in ["qr.svg?x=0.1", "qr.png?px=99", "qr.png?x=NaN", "qr.svg?x=wide"] {
        let answer = get(&demo, &format!("{}/{bad}", path(0))).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (400, Some("E-QUERY")), "{bad}");
    }
    assert_eq!(get(&demo, "/01/09528880010022/21/A/qr.svg").await.json()["code"], "E-PATH");
}

#[actix_web::test]
async fn a_sheet_has_a_label_for_each_code_that_is_presented() {
    let demo = Demo::with_history();
    let serials: Vec<String> = (0..30).map(|n| format!("SERIAL{n}")).collect();
    let address = format!("/x/labels?gtin={REFILL}&serials={}", serials.join("%0D%0A"));
    let page = get(&demo, &address).await.is_page(200);
    let sheets = page.all("ol").filter(|list| list.is("class", "sheet")).count();
    let labels: Vec<_> = page.all("li").filter(|label| label.is("class", "label")).collect();
    assert_eq!((sheets, labels.len(), page.all("form").count()), (2, 30, 0));
    for (label, serial) in labels.iter().zip(&serials) {
        for said in ["桂花冷萃内芯", &format!("(01) {REFILL}"), &format!("(21) {serial}"), "t.example"] {
            assert!(label.text.contains(said), "{said}: {}", label.text);
        }
    }
}

#[actix_web::test]
async fn without_codes_there_is_a_form_and_with_wrong_ones_a_reason() {
    let demo = Demo::with_history();
    let form = get(&demo, "/x/labels").await.is_page(200);
    assert_eq!((form.all("form").count(), form.all("textarea").count()), (1, 1));
    let many = vec!["A"; 241].join(",");
    for (query, said) in [
        ("gtin=1&serials=A".to_owned(), "GTIN"),
        (format!("gtin={REFILL}&serials=A,%E6%A1%82"), "桂"),
        (format!("gtin={REFILL}&serials={many}"), "240"),
    ] {
        let page = get(&demo, &format!("/x/labels?{query}")).await.is_page(400);
        assert!(page.visible().contains(said), "{said}: {}", page.visible());
    }
}

#[test]
fn a_sheet_for_a_file_needs_nothing_beside_itself() {
    let codes: Vec<Code> =
        (0..25).map(|n| Code { epc: Epc::parse(&epc(n)).unwrap(), name: "<b>&".to_owned() }).collect();
    let origin = "https://t.example".parse().unwrap();
    for language in [Language::Zh, Language::En] {
        let html = labels::sheet(&origin, &codes, language).unwrap();
        let page = Page::read(&html);
        assert_eq!(page.all("li").count(), 25);
        assert!(page.all("li").all(|label| label.text.contains("<b>&") && label.text.contains("t.example")));
        assert_eq!((page.all("link").count(), page.all("script").count(), page.all("a").count()), (0, 0, 0));
        assert!(html.contains("@page"));
    }
}

#[test]
fn a_label_is_of_one_item() {
    let lot = Epc::parse(&format!("https://id.gs1.org/01/{REFILL}/10/L7")).unwrap();
    let codes = [Code { epc: lot, name: String::new() }];
    let made = labels::sheet(&"https://t.example".parse().unwrap(), &codes, Language::En);
    assert!(matches!(made, Err(BadLabel::NoItem(_))));
}
