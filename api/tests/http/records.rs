//! Handing in one record, and reading it.

use actix_web::{
    http::{Method, StatusCode, header},
    test::TestRequest,
};
use hefu_api::Ledger;
use hefu_contracts::{
    action::Action,
    receipt::{Receipt, Status},
    refusal::Code,
};
use hefu_keys::{canonical, secured};
use serde_json::json;

use crate::{
    client::{ask, get, method, post},
    demo::{Deed, Demo, FACTORY_SITE, STORE_SITE, epc, key},
    trouble::{Trouble, Way},
};

const JSON: &str = "application/json";

/// The receipt in a signed document of the node.
#[track_caller]
fn receipt(text: &str) -> Receipt {
    let signed = secured::read(text).unwrap();
    signed.verify().unwrap();
    assert_eq!(signed.proofs()[0].signer(), key("validator").address());
    let (before, after) = canonical::without(text, "proof");
    let mut document: serde_json::Value = serde_json::from_str(&format!("{before}{after}")).unwrap();
    document.as_object_mut().unwrap().remove("@context");
    serde_json::from_value(document).unwrap()
}

#[actix_web::test]
async fn a_record_is_pending_first_then_known_then_final() {
    let (demo, batch) = Demo::with_codes();
    let submission = demo.sign("yueling", &demo.commission(batch, 0, 2));
    let taken = post(demo.chain.clone(), "/v1/records", JSON, submission.clone()).await;
    taken.is_kept_as("receipt-pending.json");
    assert_eq!(taken.status, StatusCode::ACCEPTED);
    let pending = receipt(&taken.text());
    assert_eq!((pending.status, pending.height), (Status::Pending, None));
    assert_eq!(taken.header("location"), format!("/v1/records/{}", pending.id));

    let again = post(demo.chain.clone(), "/v1/records", JSON, submission.clone()).await;
    assert_eq!((again.status, receipt(&again.text()).status), (StatusCode::OK, Status::Pending));

    demo.chain.decide();
    let last = post(demo.chain.clone(), "/v1/records", JSON, submission).await;
    last.is_kept_as("receipt-final.json");
    let last = receipt(&last.text());
    assert_eq!((last.status, last.height.unwrap().get(), last.index), (Status::Final, 4, Some(0)));
}

#[actix_web::test]
async fn who_waits_gets_the_final_receipt() {
    let (demo, batch) = Demo::with_codes();
    let submission = demo.sign("yueling", &demo.commission(batch, 0, 2));
    let answer = post(demo.chain.clone(), "/v1/records?wait=final", JSON, submission).await;
    assert_eq!((answer.status, receipt(&answer.text()).status), (StatusCode::OK, Status::Final));
}

#[actix_web::test]
async fn who_waits_too_long_gets_the_pending_receipt() {
    let (demo, batch) = Demo::with_codes();
    let submission = demo.sign("yueling", &demo.commission(batch, 0, 2));
    let late = Trouble::new(&demo.chain, Way::Late);
    let answer = post(late, "/v1/records?wait=final", JSON, submission).await;
    assert_eq!((answer.status, receipt(&answer.text()).status), (StatusCode::ACCEPTED, Status::Pending));
}

#[actix_web::test]
async fn what_became_of_a_record_is_told_as_long_as_the_node_knows() {
    let (demo, batch) = Demo::with_codes();
    let submission = demo.sign("yueling", &demo.commission(batch, 0, 2));
    let taken = receipt(&post(demo.chain.clone(), "/v1/records", JSON, submission).await.text());
    let address = format!("/v1/records/{}/receipt", taken.id);
    let waits = get(demo.chain.clone(), &address).await;
    assert_eq!((waits.status, receipt(&waits.text()).status), (StatusCode::OK, Status::Pending));
    assert_eq!(waits.header("cache-control"), "no-store");

    // It waited in vain: the receipt says why, and whoever looks for the record is sent there.
    let overtaken = Trouble::new(&demo.chain, Way::Overtaken);
    let left = receipt(&get(overtaken.clone(), &address).await.text());
    assert_eq!((left.id, left.status, left.code), (taken.id, Status::Expired, Some(Code::RecordExpired)));
    let problem = get(overtaken, &format!("/v1/records/{}", taken.id)).await.is_problem(404, "E-RECORD-UNKNOWN");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("E-RECORD-EXPIRED") && detail.contains(&address), "{detail}");

    demo.chain.decide();
    let last = receipt(&get(demo.chain.clone(), &address).await.text());
    assert_eq!((last.status, last.height.unwrap().get()), (Status::Final, 4));
    let nobody = format!("/v1/records/{}/receipt", "0".repeat(64));
    get(demo.chain.clone(), &nobody).await.is_problem(404, "E-RECORD-UNKNOWN");
    get(demo.chain.clone(), "/v1/records/abc/receipt").await.is_problem(400, "E-PATH");
}

#[actix_web::test]
async fn each_class_of_no_has_its_status_and_says_what_is_wrong() {
    let (demo, batch) = Demo::with_codes();
    let deed = demo.commission(batch, 0, 2);
    demo.take("yueling", &deed);
    let duplicate = demo.sign("yueling", &deed);
    let mut twice = demo.commission(batch, 0, 2);
    twice.body["event"]["disposition"] = json!("active");
    twice.body["cbv"] = json!("0".repeat(64));
    let stranger = demo.sign("mallory", &demo.seen("storing", "active", FACTORY_SITE, &[epc(0)]));
    let forbidden = demo.sign("store", &Deed::new(Action::PartyAdd, json!({"a": 1})));
    let altered =
        demo.sign("yueling", &demo.seen("storing", "active", FACTORY_SITE, &[epc(0)])).replace("+08:00", "+09:00");
    let foreign = demo.sign("store", &demo.seen("storing", "active", FACTORY_SITE, &[epc(0)]));
    let unheld = demo.sign("store", &demo.nest("ADD", "packing", STORE_SITE, &[0]));
    for (submission, status, code, name) in [
        ("{\"record\": {}}".to_owned(), 400, "E-JSON-NOT-CANONICAL", "refusal-not-canonical.json"),
        ("{\"record\":{}}".to_owned(), 400, "E-RECORD-PROOF", "refusal-no-proof.json"),
        ("[".repeat(40), 400, "E-JSON-DEPTH", "refusal-depth.json"),
        (String::new(), 400, "E-JSON-SYNTAX", "refusal-empty.json"),
        (forbidden, 400, "E-FIELD-UNKNOWN", "refusal-field-unknown.json"),
        (altered, 401, "E-SIGNATURE", "refusal-signature.json"),
        (stranger, 401, "E-KEY-UNKNOWN", "refusal-key-unknown.json"),
        (duplicate, 409, "E-EVENT-DUPLICATE", ""),
        (demo.sign("yueling", &twice), 422, "E-ITEM-COMMISSIONED", ""),
        (foreign, 422, "E-SITE-FOREIGN", ""),
        (unheld, 422, "E-AUTHORITY-NONE", ""),
    ] {
        let answer = post(demo.chain.clone(), "/v1/records", JSON, submission).await;
        let problem = answer.is_problem(status, code);
        assert_eq!(problem.get("receipt").is_some(), status == 422 || status == 409, "{code}");
        if !name.is_empty() {
            answer.is_kept_as(name);
        }
    }
}

#[actix_web::test]
async fn a_refusal_is_signed_and_names_the_record_in_the_way() {
    let (demo, batch) = Demo::with_codes();
    let first = demo.take("yueling", &demo.commission(batch, 0, 1));
    let submission = demo.sign("yueling", &demo.commission(batch, 0, 1));
    let answer = post(demo.chain.clone(), "/v1/records", JSON, submission).await;
    let problem = answer.is_problem(422, "E-ITEM-COMMISSIONED");
    assert_eq!(problem["conflict"], json!(first.id));
    assert_eq!(problem["pointer"], "/body/event");
    // The receipt is cut out of the answer as it stands: its signature covers its canonical text.
    let raw = canonical::member(&answer.text(), "receipt").unwrap().to_owned();
    let receipt = receipt(&raw);
    assert_eq!((receipt.status, receipt.conflict), (Status::Refused, Some(first.id)));
    assert_eq!((json!(receipt.id), json!(receipt.code)), (problem["id"].clone(), problem["code"].clone()));
}

#[actix_web::test]
async fn a_full_pool_and_a_stopping_node_ask_to_come_back() {
    let (demo, batch) = Demo::with_codes();
    let submission = demo.sign("yueling", &demo.commission(batch, 0, 1));
    for (way, status, code) in [(Way::Full, 429, "E-POOL-FULL"), (Way::Stopping, 503, "E-NODE-STOPPING")] {
        let answer = post(Trouble::new(&demo.chain, way), "/v1/records", JSON, submission.clone()).await;
        answer.is_problem(status, code);
        assert_eq!(answer.header("retry-after"), "1");
    }
}

#[actix_web::test]
async fn a_failing_disk_is_not_described_to_strangers() {
    let (demo, batch) = Demo::with_codes();
    let submission = demo.sign("yueling", &demo.commission(batch, 0, 1));
    let node = Trouble::new(&demo.chain, Way::Unreadable);
    let answer = post(node.clone(), "/v1/records", JSON, submission).await;
    answer.is_problem(500, "E-NODE-FAULT");
    answer.is_kept_as("fault.json");
    for address in ["/v1/status", "/v1/blocks/1", "/v1/items/09528880010021/A", "/v1/items/09528880010021/A/proof"] {
        let answer = get(node.clone(), address).await;
        answer.is_problem(500, "E-NODE-FAULT");
        assert!(!answer.text().contains("sst"));
    }
}

#[actix_web::test]
async fn a_final_record_is_read_for_ever() {
    let (demo, batch) = Demo::with_codes();
    let address = format!("/v1/records/{batch}");
    let answer = get(demo.chain.clone(), &address).await;
    answer.is_kept_as("record.json");
    assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    let same = TestRequest::get().uri(&address).insert_header((header::IF_NONE_MATCH, answer.header("etag")));
    assert_eq!(ask(demo.chain.clone(), same).await.status, StatusCode::NOT_MODIFIED);
    let signed = canonical::member(&answer.text(), "record").unwrap().to_owned();
    let signed = secured::read(&signed).unwrap();
    signed.verify().unwrap();
    assert_eq!(signed.id(), batch);
}

#[actix_web::test]
async fn a_pending_record_is_read_but_not_kept() {
    let (demo, batch) = Demo::with_codes();
    let submission = demo.sign("yueling", &demo.commission(batch, 0, 1));
    let taken = post(demo.chain.clone(), "/v1/records", JSON, submission).await;
    let answer = get(demo.chain.clone(), taken.header("location")).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let record = answer.json();
    assert_eq!(record["status"], "pending");
    assert!(record.get("height").is_none() && record["links"].get("block").is_none());
}

#[actix_web::test]
async fn of_a_record_for_parties_it_is_only_told_that_it_exists() {
    let (demo, batch) = Demo::with_codes();
    let receipt = demo.take("yueling", &demo.commission(batch, 0, 1).private());
    let answer = get(demo.chain.clone(), &format!("/v1/records/{}", receipt.id)).await;
    answer.is_kept_as("record-private.json");
    assert_eq!(answer.json().as_object().unwrap().len(), 2);
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[actix_web::test]
async fn an_unknown_or_malformed_id_is_told_apart() {
    let demo = Demo::new();
    let unknown = get(demo.chain.clone(), &format!("/v1/records/{}", "0".repeat(64))).await;
    unknown.is_problem(404, "E-RECORD-UNKNOWN");
    for id in ["0", &"A".repeat(64), "latest"] {
        get(demo.chain.clone(), &format!("/v1/records/{id}")).await.is_problem(400, "E-PATH");
    }
}

#[actix_web::test]
async fn records_are_only_handed_in_by_post() {
    let demo = Demo::new();
    for verb in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = method(demo.chain.clone(), verb, "/v1/records").await;
        answer.is_problem(405, "E-METHOD");
        assert_eq!(answer.header("allow"), "POST, OPTIONS");
    }
    assert_eq!(demo.chain.status().unwrap().pending, 0);
}
