//! Items and their proofs.

use std::io::Read;

use actix_web::{
    http::{Method, StatusCode, header},
    test::TestRequest,
};
use hefu_api::{
    Ledger,
    views::{self, Lookup},
};
use hefu_contracts::{action::Action, proof::Proof};
use serde_json::json;

use crate::{
    client::{self, ask, get},
    demo::{self, Deed, Demo, FACTORY_SITE, PALLET, REFILL, STORE_SITE, address, epc, serial},
};

#[actix_web::test]
async fn an_item_is_shown_as_its_proof_proves_it() {
    let demo = Demo::with_history();
    get(demo.chain.clone(), &address(0)).await.is_kept_as("item.json");
}

#[actix_web::test]
async fn the_view_follows_from_the_proof_file_alone() {
    let demo = Demo::with_history();
    let answer = get(demo.chain.clone(), &address(0)).await;
    let file = get(demo.chain.clone(), &format!("{}/proof", address(0))).await;
    let proof = Proof::read(&file.body).unwrap();
    let Lookup::Known(item) = views::item(&proof, &demo.chain.genesis().chain()).unwrap() else { panic!("absent") };
    assert_eq!(serde_json::to_value(&item).unwrap(), answer.json());
}

#[actix_web::test]
async fn each_state_is_told() {
    let demo = Demo::with_history();
    let state = async |index| get(demo.chain.clone(), &address(index)).await.json()["condition"]["state"].clone();
    assert_eq!(state(0).await, json!("active"));
    assert_eq!(state(1).await, json!("destroyed"));
    assert_eq!(state(2).await, json!("packed"));
    assert_eq!(state(3).await, json!("active"));
    let mut shipping = demo.seen("shipping", "in_transit", STORE_SITE, &[PALLET.to_owned()]);
    let to = format!("https://id.gs1.org/417/{FACTORY_SITE}");
    shipping.body["event"]["destinationList"] = json!([{"type": "possessing_party", "destination": to}]);
    demo.take("store", &shipping);
    assert_eq!(state(2).await, json!("in-transit"), "what encloses it is on its way");
    assert_eq!(state(0).await, json!("active"));
}

#[actix_web::test]
async fn an_item_in_a_container_is_where_the_container_is() {
    let demo = Demo::with_history();
    get(demo.chain.clone(), &address(2)).await.is_kept_as("item-packed.json");
}

#[actix_web::test]
async fn an_item_tells_what_it_was_made_of_and_which_recalls_hold_for_it() {
    let demo = Demo::with_ancestry();
    let item = get(demo.chain.clone(), &address(2)).await.json();
    let input = json!([{"flags": ["origin-not-on-ledger"], "index": 0, "lot": demo::LOT}]);
    let mut told = item["origin"]["inputs"].clone();
    let made = told[0].as_object_mut().unwrap().remove("made").unwrap();
    assert!(made.as_str().unwrap().starts_with("transformation/yueling/"));
    assert_eq!((told, &item["condition"]["recalled"]), (input, &json!(null)));
    let recall = Deed::new(Action::RecallOpen, json!({"reason": "safety", "source": demo::LOT}));
    let id = demo.take("corenest", &recall).id;
    let condition = get(demo.chain.clone(), &address(2)).await.json()["condition"].clone();
    assert_eq!((&condition["recalls"], &condition["recalledInPart"]), (&json!(null), &json!(null)));
    let found = &condition["recalled"][0];
    assert_eq!((&found["record"], &found["source"]), (&json!(id), &json!(demo::LOT)));
    assert_eq!((&found["bindsEverybody"], &found["by"]["id"]), (&json!(false), &json!("corenest")));
}

#[actix_web::test]
async fn steps_come_once_each_and_in_their_order_even_within_one_block() {
    let (demo, batch) = Demo::with_codes();
    let mut deeds = vec![demo.commission(batch, 0, 1), demo.nest("ADD", "packing", FACTORY_SITE, &[0])];
    deeds.push(demo.seen("storing", "in_progress", FACTORY_SITE, &[PALLET.to_owned()]));
    deeds.push(demo.nest("DELETE", "unpacking", FACTORY_SITE, &[0]));
    deeds.push(demo.seen("inspecting", "active", FACTORY_SITE, &[epc(0)]));
    for (second, deed) in (0..).zip(&mut deeds) {
        deed.body["event"]["eventTime"] = json!(format!("2026-09-18T02:03:0{second}.000Z"));
    }
    let lines: Vec<String> = deeds.iter().map(|deed| demo.sign("yueling", deed)).collect();
    let answer =
        client::post(demo.chain.clone(), "/v1/records?wait=final", "application/jsonl", lines.join("\n")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let item = get(demo.chain.clone(), &address(0)).await.json();
    let history = item["history"].as_array().unwrap();
    let steps: Vec<_> = history.iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["commissioning", "packing", "storing", "unpacking", "inspecting"], "{item:#}");
    assert!(history[2]["via"]["row"].as_str().unwrap().starts_with("container/00/"));
}

#[actix_web::test]
async fn a_code_without_a_row_is_a_problem_that_leads_to_the_proof_of_absence() {
    let demo = Demo::with_history();
    let answer = get(demo.chain.clone(), &address(7)).await;
    answer.is_kept_as("item-unknown.json");
    let problem = answer.is_problem(404, "E-ITEM-UNKNOWN");
    let proof = get(demo.chain.clone(), problem["proof"].as_str().unwrap()).await;
    assert_eq!(proof.status, StatusCode::OK);
    let proof = Proof::read(&proof.body).unwrap();
    let Lookup::Unknown(absent) = views::item(&proof, &demo.chain.genesis().chain()).unwrap() else { panic!("known") };
    assert_eq!((absent.code.serial, absent.as_of.height.get()), (serial(7), 9));
    assert_eq!(absent.product.unwrap().name.zh, "桂花冷萃内芯");
}

#[actix_web::test]
async fn a_gtin_may_have_8_12_13_or_14_digits() {
    let demo = Demo::with_history();
    for gtin in ["09528880010021", "9528880010021"] {
        let answer = get(demo.chain.clone(), &format!("/v1/items/{gtin}/{}", serial(0))).await;
        assert_eq!(answer.json()["code"]["gtin"], json!(REFILL), "{gtin}");
    }
    for gtin in ["96385074", "036000291452"] {
        let answer = get(demo.chain.clone(), &format!("/v1/items/{gtin}/A")).await;
        answer.is_problem(404, "E-ITEM-UNKNOWN");
    }
}

#[actix_web::test]
async fn a_malformed_code_is_told_what_is_wrong() {
    let demo = Demo::with_history();
    for (address, detail) in [
        ("/v1/items/09528880010022/A", "check digit 1"),
        ("/v1/items/0952888001/A", "8, 12, 13 or 14"),
        ("/v1/items/0952888001002x/A", "digits 0 to 9"),
        ("/v1/items/09528880010021/ABCDEFGHIJKLMNOPQRSTU", "21"),
        ("/v1/items/09528880010021/%E6%A1%82", "21"),
        ("/v1/items/09528880010021/%FF", "21"),
        ("/v1/items/09528880010021/a%20b", "21"),
    ] {
        let answer = get(demo.chain.clone(), address).await;
        let problem = answer.is_problem(400, "E-PATH");
        let found = problem["detail"].as_str().unwrap_or_default();
        assert!(found.contains(detail), "{address}: {found}");
        get(demo.chain.clone(), &format!("{address}/proof")).await.is_problem(400, "E-PATH");
    }
}

#[actix_web::test]
async fn a_percent_encoded_serial_is_one_segment() {
    let demo = Demo::with_history();
    for (spelled, serial) in [("a%2Fb", "a/b"), ("a%25b", "a%b"), ("a+b", "a+b"), ("%41%3F", "A?"), ("a%2fb", "a/b")] {
        let answer = get(demo.chain.clone(), &format!("/v1/items/{REFILL}/{spelled}")).await;
        let problem = answer.is_problem(404, "E-ITEM-UNKNOWN");
        let proof = get(demo.chain.clone(), problem["proof"].as_str().unwrap()).await;
        let proof = Proof::read(&proof.body).unwrap();
        let Lookup::Unknown(absent) = views::item(&proof, &demo.chain.genesis().chain()).unwrap() else { panic!() };
        assert_eq!(absent.code.serial, serial, "{spelled}");
    }
}

#[actix_web::test]
async fn a_proof_bears_its_media_type_and_a_name_when_it_is_downloaded() {
    let demo = Demo::with_history();
    let plain = get(demo.chain.clone(), &format!("{}/proof", address(0))).await;
    assert_eq!(plain.header("content-type"), "application/vnd.hefu.proof+json");
    assert_eq!(plain.header("content-disposition"), "");
    let file = get(demo.chain.clone(), &format!("{}/proof?download", address(0))).await;
    let name = format!("attachment; filename=\"hefu-proof-01-{REFILL}-21-{}-at-9.json\"", serial(0));
    assert_eq!(file.header("content-disposition"), name);
    assert_eq!(plain.body, file.body);
    let wrong = get(demo.chain.clone(), &format!("{}/proof?download=yes", address(0))).await;
    wrong.is_problem(400, "E-QUERY");
}

#[actix_web::test]
async fn a_proof_travels_compressed_where_that_is_accepted() {
    let demo = Demo::with_history();
    let proof = format!("{}/proof", address(0));
    let plain = get(demo.chain.clone(), &proof).await;
    for coding in ["gzip", "br"] {
        let request = TestRequest::get().uri(&proof).insert_header((header::ACCEPT_ENCODING, coding));
        let answer = ask(demo.chain.clone(), request).await;
        assert_eq!(answer.header("content-encoding"), coding);
        assert!(answer.header("vary").to_lowercase().contains("accept-encoding"));
        let mut text = Vec::new();
        match coding {
            "gzip" => flate2::read::GzDecoder::new(&*answer.body).read_to_end(&mut text).unwrap(),
            _ => brotli::Decompressor::new(&*answer.body, 4_096).read_to_end(&mut text).unwrap(),
        };
        assert!(text == plain.body && answer.body.len() * 2 < text.len(), "{coding}: {} bytes", answer.body.len());
    }
    let request = TestRequest::get().uri(&proof).insert_header((header::ACCEPT_ENCODING, "identity;q=0, compress"));
    ask(demo.chain.clone(), request).await.is_problem(406, "E-CONTENT-CODING");
}

#[actix_web::test]
async fn a_copy_is_good_until_the_next_block() {
    let demo = Demo::with_history();
    for address in [address(0), format!("{}/proof", address(0))] {
        let first = get(demo.chain.clone(), &address).await;
        assert_eq!(first.header("cache-control"), "public, no-cache");
        let tag = first.header("etag").to_owned();
        let again = || TestRequest::get().uri(&address).insert_header((header::IF_NONE_MATCH, tag.clone()));
        let same = ask(demo.chain.clone(), again()).await;
        assert_eq!((same.status, same.header("etag")), (StatusCode::NOT_MODIFIED, &*tag));
        assert!(same.body.is_empty());
        demo.chain.decide();
        let next = ask(demo.chain.clone(), again()).await;
        assert_eq!(next.status, StatusCode::OK);
        assert_ne!(next.header("etag"), tag);
    }
}

#[actix_web::test]
async fn a_history_shows_of_a_record_for_parties_only_that_it_exists() {
    let demo = Demo::with_history();
    let private = demo.seen("inspecting", "active", STORE_SITE, &[epc(0)]).private();
    demo.take("store", &private);
    let item = get(demo.chain.clone(), &address(0)).await;
    let proof = get(demo.chain.clone(), &format!("{}/proof", address(0))).await;
    for answer in [&item, &proof] {
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.text().contains("inspecting"));
    }
    let item = item.json();
    let steps = item["history"].as_array().unwrap();
    let (withheld, shown) = steps.split_last().unwrap();
    assert_eq!((&withheld["visibility"], &withheld["role"]), (&json!("parties"), &json!("inspect")));
    assert_eq!(withheld["by"][0]["id"], "store");
    for told in ["event", "signers", "step", "withheld"] {
        assert!(withheld.get(told).is_none(), "{told}");
        assert!(told == "withheld" || shown.iter().all(|step| step.get(told).is_some()), "{told}");
    }
    assert!(shown.iter().all(|step| step.get("visibility").is_none()));
    let record = format!("/v1/records/{}", withheld["record"].as_str().unwrap());
    assert_eq!(get(demo.chain.clone(), &record).await.json()["visibility"], "parties");
}

#[actix_web::test]
async fn a_proof_that_does_not_hold_is_not_shown() {
    let demo = Demo::with_history();
    let file = get(demo.chain.clone(), &format!("{}/proof", address(0))).await.text();
    let chain = demo.chain.genesis().chain();
    for (from, to, what) in [
        ("\"by\":\"store\"", "\"by\":\"corenest\"", "register"),
        ("\"role\":\"ship\"", "\"role\":\"observe\"", "history"),
        ("\"bizStep\":\"shipping\"", "\"bizStep\":\"storing\"", "record"),
        ("\"name\":\"hefu-test\"", "\"name\":\"hefu-best\"", "genesis"),
    ] {
        assert!(file.contains(from), "{from}");
        let proof = Proof::read(file.replace(from, to).as_bytes()).unwrap();
        assert_eq!(views::item(&proof, &chain).unwrap_err().what.name(), what);
    }
    let lot = demo.chain.proof("container/00/395288800300000013").unwrap().unwrap();
    assert_eq!(views::item(&lot, &chain).unwrap_err().what.name(), "form");
}

#[actix_web::test]
async fn nothing_is_proven_before_the_first_block() {
    let demo = Demo::new();
    let problem = get(demo.chain.clone(), &demo::address(0)).await.is_problem(503, "E-NODE-UNREADY");
    assert_eq!(problem["detail"], "the chain has no block yet");
}

#[actix_web::test]
async fn head_is_answered_like_get() {
    let demo = Demo::with_history();
    for address in [address(0), format!("{}/proof", address(0))] {
        let answer = client::method(demo.chain.clone(), Method::HEAD, &address).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("etag"), get(demo.chain.clone(), &address).await.header("etag"));
    }
}
