//! The ledger's own pages: home, blocks, records.

use crate::{
    client::{get, path},
    demo::{Demo, key},
};

#[actix_web::test]
async fn the_home_page_shows_the_newest_blocks_and_who_runs_the_ledger() {
    let demo = Demo::with_history();
    for (language, brand, product) in [("zh", "栖芯", "桂花冷萃内芯"), ("en", "CoreNest", "Osmanthus refill")] {
        let page = get(&demo, &format!("/?lang={language}")).await.is_page(200);
        let facts: Vec<&str> = page.all("dd").map(|fact| fact.text.as_str()).collect();
        assert_eq!(facts, ["9", "9", "3", "1"], "height, records, companies, validators");
        assert_eq!(page.with("data-newest").next().unwrap().get("data-newest"), "9");
        let validator = page.with("data-validator").next().unwrap();
        assert_eq!(
            (validator.text.as_str(), validator.get("data-validator")),
            (brand, &*key("validator").address().to_string())
        );
        let blocks: Vec<&str> = page
            .all("a")
            .filter_map(|link| link.attributes.get("href"))
            .map(String::as_str)
            .filter(|href| href.starts_with("/x/blocks/"))
            .collect();
        assert_eq!((blocks.len(), blocks[0], blocks[8]), (9, "/x/blocks/9", "/x/blocks/1"));
        let example = format!("{}?lang={language}", path(0));
        assert!(page.all("a").any(|link| link.is("href", &example) && link.text == product));
    }
}

#[actix_web::test]
async fn a_block_tells_its_records_in_sentences() {
    let demo = Demo::with_history();
    for (height, zh, en) in [
        (1, "「栖芯」登记产品，桂花冷萃内芯", "CoreNest: Product registered, Osmanthus refill"),
        (2, "「栖芯」授权记录，越岭柔造", "CoreNest: Authority granted, Yueling FlexMake"),
        (3, "「栖芯」发码，8 个码，用于桂花冷萃内芯", "CoreNest: Codes issued, 8 codes for Osmanthus refill"),
        (
            4,
            "「越岭柔造」生产赋码，4 件桂花冷萃内芯，2026年9月18日 10:04 UTC+8",
            "Yueling FlexMake: Made and coded, 4 × Osmanthus refill, 18 Sep 2026, 10:04 UTC+8",
        ),
        (5, "「越岭柔造」装箱，3 件，", "Yueling FlexMake: Packed, 3 items, "),
    ] {
        for (language, sentence) in [("zh", zh), ("en", en)] {
            let page = get(&demo, &format!("/x/blocks/{height}?lang={language}")).await.is_page(200);
            assert!(page.visible().contains(sentence), "{sentence}: {}", page.visible());
            let link =
                page.all("a").find(|link| link.get("href").starts_with("/x/records/")).unwrap().get("href").to_owned();
            let record = get(&demo, &link).await.is_page(200);
            assert!(record.one("h1").text.starts_with(sentence), "{}", record.one("h1").text);
        }
    }
}

#[actix_web::test]
async fn a_record_is_shown_as_it_was_signed() {
    let demo = Demo::with_history();
    let block = get(&demo, "/v1/blocks/5").await.json();
    let id = block["records"][0]["id"].as_str().unwrap();
    let signed = get(&demo, &format!("/v1/records/{id}")).await.json()["record"].to_string();
    let page = get(&demo, &format!("/x/records/{id}?lang=en")).await.is_page(200);
    assert!(page.all("pre").any(|text| text.text == signed));
    assert!(page.visible().contains("Final") && page.visible().contains("00/395288800300000013"));
    let command = format!("curl -s https://t.example/v1/records/{id} | jq -cSj '.record | del(.proof)' | sha256sum");
    assert!(page.all("pre").any(|text| text.text == command));
}

#[actix_web::test]
async fn a_record_that_waits_is_not_called_final() {
    let demo = Demo::with_history();
    let deed = demo.seen("inspecting", "conformant", crate::demo::FACTORY_SITE, &[crate::demo::epc(3)]);
    let submission = demo.sign("yueling", &deed).into_bytes();
    let waiting = hefu_api::Ledger::submit(&*demo.chain, vec![submission], hefu_api::ledger::Wait::Pending).await;
    let hefu_api::ledger::Outcome::Taken(receipt) = waiting.unwrap().remove(0) else { panic!("not taken") };
    let page = get(&demo, &format!("/x/records/{}?lang=en", receipt.id)).await.is_page(200);
    assert!(page.visible().contains("Waiting for a block") && !page.visible().contains("Final"));
}

#[actix_web::test]
async fn an_empty_block_says_why_it_is_there() {
    let demo = Demo::with_history();
    demo.chain.decide();
    let page = get(&demo, "/x/blocks/10?lang=en").await.is_page(200);
    assert!(page.visible().contains("the block shows that the network is running"));
    assert!(page.all("a").any(|link| link.is("rel", "prev")));
    assert!(!page.all("a").any(|link| link.is("rel", "next")));
}

#[actix_web::test]
async fn what_is_not_there_is_told_with_a_hint() {
    let demo = Demo::with_history();
    for (address, status, said) in [
        ("/x/blocks/10", 404, "账本到区块 9 为止。"),
        ("/x/blocks/0", 404, "账本到区块 9 为止。"),
        ("/x/blocks/01", 400, "无法识别"),
        ("/x/blocks/latest", 400, "无法识别"),
        ("/x/records/abc", 400, "无法识别"),
        (&format!("/x/records/{}", "0".repeat(64)), 404, "没有这条记录"),
    ] {
        let page = get(&demo, address).await.is_page(status);
        assert!(
            page.visible().contains(said) && page.visible().contains("可以这样做"),
            "{address}: {}",
            page.visible()
        );
    }
}
