//! The trace page against the proof beside it, compared as the script on the page does it.

use std::collections::{BTreeMap, BTreeSet};

use hefu_contracts::action::Action;
use hefu_keys::{canonical, secured};
use serde_json::{Value, json};

use crate::{
    client::{get, path},
    demo::{self, Deed, Demo, FACTORY_SITE, PALLET, REFILL, STORE_SITE, epc},
    markup::{Element, Page},
};

/// Everything that a page may point at: rows by key, records by id.
struct Proven {
    records: BTreeMap<String, Value>,
    rows: BTreeMap<String, Value>,
}

impl Proven {
    fn of(proof: &Value) -> Proven {
        let rows = proof["rows"].as_array().unwrap().iter();
        let records = proof["records"].as_array().unwrap().iter().map(|proven| &proven["record"]);
        let id = |record: &Value| secured::read(&canonical::to_string(record).unwrap()).unwrap().id().to_string();
        Proven {
            records: records.map(|record| (id(record), record.clone())).collect(),
            rows: rows.map(|row| (row["key"].as_str().unwrap().to_owned(), row["data"].clone())).collect(),
        }
    }
}

fn spelled(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => canonical::to_string(other).unwrap(),
    }
}

/// That every claim of a page is what stands at its place in the proof.
#[track_caller]
fn claims_hold(page: &Page, proven: &Proven) -> usize {
    let claims: Vec<&Element> = page.with("data-at").collect();
    for claim in &claims {
        let place = page.closest(claim, &["data-row", "data-record"]);
        let source = match place.attributes.get("data-row") {
            Some(row) => proven.rows.get(row).unwrap_or_else(|| panic!("{row} is not in the proof")),
            None => &proven.records[place.get("data-record")],
        };
        let value = spelled(source.pointer(claim.get("data-at")));
        let said = claim.attributes.get("data-value").map_or(claim.text.trim(), String::as_str);
        assert_eq!(said, value, "{claim:?}");
    }
    claims.len()
}

/// That the steps are those of the records.
#[track_caller]
fn steps_hold(page: &Page, proven: &Proven) {
    let steps: Vec<&Element> = page.with("data-record").collect();
    let heights: Vec<u64> = steps.iter().map(|step| step.get("data-height").parse().unwrap()).collect();
    assert!(heights.is_sorted());
    let mut parties = BTreeSet::new();
    for step in &steps {
        let record = &proven.records[step.get("data-record")];
        let event = &record["body"]["event"];
        assert_eq!(step.get("data-step"), event["bizStep"].as_str().unwrap());
        assert_eq!(step.get("data-time"), event["eventTime"].as_str().unwrap());
        let signers: Vec<&str> = record["signers"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
        assert_eq!(step.get("data-signers"), signers.join(" "));
        parties.extend(step.get("data-by").split(' ').map(str::to_owned));
    }
    for count in page.with("data-count") {
        let proven = if count.get("data-count") == "parties" { parties.len() } else { steps.len() };
        assert_eq!(count.text, proven.to_string());
    }
}

#[actix_web::test]
async fn everything_that_is_marked_as_proven_stands_in_the_proof_beside_the_page() {
    let demo = Demo::with_history();
    for (index, kind, records) in [(0, "consistent", 5), (1, "conflict", 6), (2, "consistent", 4), (3, "consistent", 1)]
    {
        for language in ["zh", "en"] {
            let page = get(&demo, &format!("{}?lang={language}", path(index))).await.is_page(200);
            let main = page.one("main");
            assert_eq!((main.get("data-kind"), main.get("data-present")), (kind, "true"), "{index}");
            assert_eq!((main.get("data-height"), main.get("data-verdict")), ("9", "pending"));
            assert_eq!(main.get("data-subject"), format!("item/01/{REFILL}/21/{}", demo::serial(index)));
            let proof = get(&demo, main.get("data-proof")).await.json();
            let proven = Proven::of(&proof);
            assert_eq!(page.with("data-record").count(), records, "{index}");
            steps_hold(&page, &proven);
            assert!(claims_hold(&page, &proven) > records + 5, "{index}");
        }
    }
}

#[actix_web::test]
async fn names_and_words_are_in_the_language_of_the_page() {
    let demo = Demo::with_history();
    let zh = get(&demo, &format!("{}?lang=zh", path(0))).await.is_page(200);
    assert_eq!(zh.one("h1").text, "桂花冷萃内芯");
    for said in ["Osmanthus refill", "栖芯杭州仓", "越岭柔造", "生产赋码", "装箱", "随箱 …0013", "2026年9月18日"]
    {
        assert!(zh.visible().contains(said), "{said}: {}", zh.visible());
    }
    let en = get(&demo, &format!("{}?lang=en", path(0))).await.is_page(200);
    assert_eq!(en.one("h1").text, "Osmanthus refill");
    for said in
        ["桂花冷萃内芯", "CoreNest Hangzhou", "Yueling FlexMake", "Made and coded", "inside …0013", "18 Sep 2026"]
    {
        assert!(en.visible().contains(said), "{said}: {}", en.visible());
    }
}

#[actix_web::test]
async fn an_item_that_should_not_be_in_anybodys_hand_is_told_first() {
    let demo = Demo::with_history();
    let packed = get(&demo, &path(2)).await.is_page(200);
    assert!(packed.visible().contains("仍装在箱中"));
    let used_up = get(&demo, &path(1)).await.is_page(200);
    assert!(used_up.visible().contains("账本记载此件已销毁"));
    let mut shipping = demo.seen("shipping", "in_transit", STORE_SITE, &[PALLET.to_owned()]);
    let to = format!("https://id.gs1.org/417/{FACTORY_SITE}");
    shipping.body["event"]["destinationList"] = json!([{"type": "possessing_party", "destination": to}]);
    demo.take("store", &shipping);
    let page = get(&demo, &path(2)).await.is_page(200);
    assert!(page.visible().contains("仍在途中"));
    let proof = get(&demo, page.one("main").get("data-proof")).await.json();
    claims_hold(&page, &Proven::of(&proof));
}

#[actix_web::test]
async fn a_declared_error_is_a_reason_why_nothing_is_confirmed() {
    let demo = Demo::with_history();
    let mut wrong = demo.seen("inspecting", "conformant", FACTORY_SITE, &[epc(3)]);
    demo.take("yueling", &wrong);
    wrong.body["event"]["errorDeclaration"] = json!({"declarationTime": demo.chain.now()});
    demo.take("yueling", &wrong);
    for language in ["zh", "en"] {
        let page = get(&demo, &format!("{}?lang={language}", path(3))).await.is_page(200);
        assert_eq!(page.one("main").get("data-kind"), "unconfirmed");
        let proof = get(&demo, page.one("main").get("data-proof")).await.json();
        claims_hold(&page, &Proven::of(&proof));
    }
}

/// That every stretch of time begins and ends with what an entry of the proof notes.
#[track_caller]
fn stretches_hold(page: &Page, proof: &Value) -> usize {
    let histories = proof["histories"].as_array().unwrap();
    let entries: Vec<&Value> = histories.iter().flat_map(|history| history["entries"].as_array().unwrap()).collect();
    let days: Vec<&Element> = page.with("data-of").collect();
    for day in &days {
        let of = |entry: &&&Value| entry["record"] == day.get("data-of") && entry["role"] == day.get("data-role");
        let entry = entries.iter().find(of).unwrap_or_else(|| panic!("{day:?}"));
        let joined = |list: &Value, member: &str| {
            let text = |element: &Value| element.get(member).unwrap_or(element).as_str().unwrap().to_owned();
            list.as_array().map(|list| list.iter().map(text).collect::<Vec<_>>().join(" ")).unwrap_or_default()
        };
        assert_eq!(day.get("data-in"), joined(&entry["containers"], "key"), "{day:?}");
        assert_eq!(day.get("data-by"), joined(&entry["by"], ""), "{day:?}");
    }
    days.len()
}

#[actix_web::test]
async fn who_had_an_item_and_what_it_was_inside_of_is_told_by_its_steps() {
    let demo = Demo::with_history();
    for (index, stretches) in [(0, 2 + 1), (2, 2 + 1), (3, 1)] {
        let page = get(&demo, &format!("{}?lang=en", path(index))).await.is_page(200);
        let proof = get(&demo, page.one("main").get("data-proof")).await.json();
        assert_eq!(stretches_hold(&page, &proof), stretches, "{index}");
        let seen = page.visible();
        assert!(seen.contains("In whose hands"), "{seen}");
        assert_eq!(seen.contains("SSCC 395288800300000013"), index != 3, "{seen}");
    }
    // On its way, as told by what it is inside of: whose it is to be stands there, and nobody has received it.
    let demo = Demo::with_ancestry();
    let page = get(&demo, &format!("{}?lang=en", path(0))).await.is_page(200);
    assert!(page.visible().contains("On its way to CoreNest Hangzhou since 18 Sep 2026"), "{}", page.visible());
    let proof = get(&demo, page.one("main").get("data-proof")).await.json();
    assert_eq!(stretches_hold(&page, &proof), 2);
    claims_hold(&page, &Proven::of(&proof));
}

#[actix_web::test]
async fn a_recall_of_what_an_item_was_made_of_holds_for_it_and_one_by_a_stranger_does_not_bind() {
    let demo = Demo::with_ancestry();
    let seen = |page: &Page| (page.one("main").get("data-kind").to_owned(), page.visible());
    let before = get(&demo, &format!("{}?lang=en", path(2))).await.is_page(200);
    assert_eq!(seen(&before).0, "consistent");
    assert!(seen(&before).1.contains("What it was made of") && seen(&before).1.contains("lot HP-2609B"));
    let body = json!({"reason": "safety", "source": demo::LOT});
    let recall = Deed::new(Action::RecallOpen, body);
    let by_stranger = demo.take("store", &recall).id;
    for (language, said) in [("en", "whose word does not bind this item: safety"), ("zh", "其效力不及此件：安全")]
    {
        let page = get(&demo, &format!("{}?lang={language}", path(2))).await.is_page(200);
        assert_eq!(seen(&page).0, "unconfirmed");
        assert!(seen(&page).1.contains(said), "{}", seen(&page).1);
    }
    let by_brand = demo.take("corenest", &recall).id;
    for (language, said) in [("en", "Covered by a recall: safety"), ("zh", "在召回范围内：安全")] {
        let page = get(&demo, &format!("{}?lang={language}", path(2))).await.is_page(200);
        assert_eq!(seen(&page).0, "conflict");
        assert!(seen(&page).1.contains(said) && seen(&page).1.contains("HP-2609B"), "{}", seen(&page).1);
        let mut told: Vec<String> =
            page.with("data-recall").map(|reason| reason.get("data-recall").to_owned()).collect();
        told.sort();
        let mut held = vec![by_stranger.to_string(), by_brand.to_string()];
        held.sort();
        assert_eq!(told, held);
        let proof = get(&demo, page.one("main").get("data-proof")).await.json();
        claims_hold(&page, &Proven::of(&proof));
    }
    let lift = Deed::new(Action::RecallLift, json!({"recall": by_brand, "source": demo::LOT}));
    demo.take_with("corenest", &["yueling"], &lift);
    assert_eq!(seen(&get(&demo, &path(2)).await.is_page(200)).0, "unconfirmed");
}

#[actix_web::test]
async fn a_correction_and_what_it_corrects_point_to_each_other() {
    let demo = Demo::with_history();
    let mut wrong = demo.seen("inspecting", "conformant", FACTORY_SITE, &[epc(3)]);
    demo.take("yueling", &wrong);
    let reason = "incorrect_data";
    wrong.body["event"]["errorDeclaration"] = json!({"declarationTime": demo.chain.now(), "reason": reason});
    demo.take("yueling", &wrong);
    for (language, words) in [
        (
            "en",
            ["correction", "declared wrong", "its data were incorrect", "Its author later declared this record wrong"],
        ),
        ("zh", ["更正", "已声明有误", "数据有误", "此记录后来被其作者声明有误"]),
    ] {
        let page = get(&demo, &format!("{}?lang={language}", path(3))).await.is_page(200);
        for said in words {
            assert!(page.visible().contains(said), "{said}: {}", page.visible());
        }
        let proof = get(&demo, page.one("main").get("data-proof")).await.json();
        claims_hold(&page, &Proven::of(&proof));
    }
}

#[actix_web::test]
async fn a_word_of_cbv_may_be_spelled_as_a_uri() {
    let demo = Demo::with_history();
    let mut event =
        demo.seen("https://ref.gs1.org/cbv/BizStep-inspecting", "cbv:Disp-conformant", FACTORY_SITE, &[epc(3)]);
    event.body["event"]["eventTimeZoneOffset"] = json!("-03:30");
    demo.take("yueling", &event);
    let page = get(&demo, &path(3)).await.is_page(200);
    let proven = Proven::of(&get(&demo, page.one("main").get("data-proof")).await.json());
    steps_hold(&page, &proven);
    claims_hold(&page, &proven);
    for said in ["检验", "合格", "UTC−3:30"] {
        assert!(page.visible().contains(said), "{said}");
    }
}

#[actix_web::test]
async fn names_stand_on_the_page_as_text() {
    let (demo, batch) = Demo::with_codes();
    let name = json!({"en": " <script>alert(\"1\")</script> & 'co' ", "zh": "</h1><img src=x onerror=alert(1)>"});
    let body = json!({"gtin": REFILL, "kind": "finished", "name": name, "version": 2});
    demo.take("corenest", &Deed::new(Action::ProductPut, body));
    demo.take("yueling", &demo.commission(batch, 0, 1));
    for (language, shown) in [("zh", &name["zh"]), ("en", &name["en"])] {
        let answer = get(&demo, &format!("{}?lang={language}", path(0))).await;
        let page = answer.is_page(200);
        assert_eq!(page.one("h1").text, shown.as_str().unwrap());
        assert!(page.all("img").next().is_none());
        assert!(page.all("script").all(|script| script.attributes.contains_key("src")));
        let proof = get(&demo, page.one("main").get("data-proof")).await.json();
        claims_hold(&page, &Proven::of(&proof));
        for address in ["/", "/x/blocks/4", "/x/search?q=onerror", "/x/search?q=<script>alert(2)</script>"] {
            let address = address.replace('<', "%3C").replace('>', "%3E");
            let text = get(&demo, &address).await.text();
            assert!(!text.contains("<script>") && !text.contains("<img"), "{address}");
        }
    }
}

#[actix_web::test]
async fn a_code_without_a_record_has_a_page_that_says_so_and_shows_none() {
    let demo = Demo::with_history();
    for (language, said, means) in
        [("zh", "未找到此码的记录", "也可能是编造的"), ("en", "No record found for this code", "it may be invented")]
    {
        let page = get(&demo, &format!("{}?lang={language}", path(7))).await.is_page(404);
        let main = page.one("main");
        assert_eq!((main.get("data-kind"), main.get("data-present")), ("absent", "false"));
        assert_eq!((main.get("data-height"), main.get("data-verdict")), ("9", "pending"));
        assert!(page.visible().contains(said) && page.visible().contains(means), "{}", page.visible());
        assert_eq!((page.with("data-record").count(), page.with("data-at").count()), (0, 0));
        let proof = get(&demo, main.get("data-proof")).await.json();
        assert_eq!((&proof["records"], &proof["subject"]), (&json!([]), &json!(main.get("data-subject"))));
    }
}

#[actix_web::test]
async fn a_step_that_is_not_for_everybody_is_shown_to_exist() {
    let demo = Demo::with_history();
    let private = demo.seen("inspecting", "conformant", STORE_SITE, &[epc(0)]).private();
    let id = demo.take("store", &private).id;
    let answer = get(&demo, &path(0)).await;
    let page = answer.is_page(200);
    let kept: Vec<_> = page.with("data-kept").collect();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].get("data-record"), kept[0].get("data-step")), (id.to_string().as_str(), "inspect"));
    assert_eq!((kept[0].get("data-signers"), kept[0].get("data-by")), ("", "store"));
    let visible = page.visible();
    assert!(visible.contains("◐ 已保密") && visible.contains("仅对当事企业公开") && visible.contains("检验"));
    assert!(answer.text().contains("其中 1 条由企业保密，仅公开指纹"));
    let english = get(&demo, &format!("{}?lang=en", path(0))).await;
    assert!(english.text().contains("; 1 is kept private, only its fingerprint is public"));
    assert!(!get(&demo, &path(1)).await.is_page(200).visible().contains("已保密"));
    let record = get(&demo, &format!("/x/records/{id}")).await.is_page(200);
    assert!(record.visible().contains("仅对当事企业公开") && !record.visible().contains("检验"));
    let block = get(&demo, "/x/blocks/10").await;
    assert!(block.is_page(200).visible().contains("另有 1 条记录仅对当事企业公开"));
    assert!(!block.text().contains(&id.to_string()));
}

#[actix_web::test]
async fn before_the_first_block_nothing_is_said_of_any_code() {
    let demo = Demo::new();
    let page = get(&demo, &path(0)).await.is_page(503);
    assert!(page.visible().contains("账本还没有可供证明的区块"));
    get(&demo, "/").await.is_page(200);
}

#[actix_web::test]
async fn other_nodes_show_the_same_code() {
    let demo = Demo::with_history();
    let page = get(&demo, &format!("{}?lang=en", path(0))).await.is_page(200);
    let href = format!("https://t2.example{}", path(0));
    assert!(page.all("a").any(|link| link.attributes["href"] == href && link.text == "t2.example"));
    assert!(page.visible().contains("Yueling FlexMake"));
}
