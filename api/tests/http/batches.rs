//! Handing in many records at once.

use actix_web::http::StatusCode;
use hefu_api::{BATCH_LINES_MAX, Ledger, ReceiptsView};
use hefu_contracts::{receipt::Receipt, submission::SUBMISSION_BYTES_MAX};
use hefu_keys::{Hash, canonical, merkle, secured};
use serde_json::Value;

use crate::{
    client::{Answer, post},
    demo::{Demo, FACTORY_SITE, epc, key},
};

const LINES: &str = "application/jsonl";

/// The lines of an answer, after its last line was checked against the others.
#[track_caller]
fn lines(answer: &Answer) -> Vec<Value> {
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, LINES));
    let text = answer.text();
    let mut lines: Vec<&str> = text.strip_suffix('\n').unwrap().split('\n').collect();
    let last = lines.pop().unwrap();
    let signed = secured::read(last).unwrap();
    signed.verify().unwrap();
    assert_eq!(signed.proofs()[0].signer(), key("validator").address());
    let (before, after) = canonical::without(last, "proof");
    let mut document: Value = serde_json::from_str(&format!("{before}{after}")).unwrap();
    document.as_object_mut().unwrap().remove("@context");
    let summary: ReceiptsView = serde_json::from_value(document).unwrap();
    let leaves: Vec<Hash> = lines.iter().map(|line| merkle::leaf(line.as_bytes())).collect();
    assert_eq!((summary.count, summary.root), (lines.len(), merkle::root(&leaves)));
    for line in &lines {
        canonical::check(line.as_bytes()).unwrap();
    }
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[actix_web::test]
async fn each_line_is_answered_in_its_place() {
    let (demo, batch) = Demo::with_codes();
    let first = demo.sign("yueling", &demo.commission(batch, 0, 2));
    let refused = demo.sign("yueling", &demo.commission(batch, 1, 2));
    let second = demo.sign("yueling", &demo.commission(batch, 2, 2));
    let large = format!("\"{}\"", "x".repeat(SUBMISSION_BYTES_MAX));
    let body = [&*first, "", "{ }", &refused, &large, &second, &first].join("\n");
    let answer = post(demo.chain.clone(), "/v1/records?wait=final", LINES, body).await;
    let lines = lines(&answer);
    let told: Vec<&str> = lines.iter().map(|line| line["status"].as_str().or(line["code"].as_str()).unwrap()).collect();
    let expected =
        ["final", "E-JSON-SYNTAX", "E-JSON-NOT-CANONICAL", "E-ITEM-COMMISSIONED", "E-ANNEX-SIZE", "final", "final"];
    assert_eq!(told, expected);
    assert_eq!(lines[0], lines[6], "the same record again gets the same receipt");
    let receipts: Vec<Receipt> =
        [0, 5].map(|index: usize| serde_json::from_value(lines[index].clone()).unwrap()).to_vec();
    assert_eq!(receipts.iter().map(|receipt| receipt.index).collect::<Vec<_>>(), [Some(0), Some(1)]);
    assert_eq!(lines[3]["conflict"], lines[0]["id"]);
}

#[actix_web::test]
async fn a_batch_is_pending_unless_it_waits() {
    let (demo, batch) = Demo::with_codes();
    let body = demo.sign("yueling", &demo.commission(batch, 0, 2));
    let answer = post(demo.chain.clone(), "/v1/records", "application/x-ndjson", format!("{body}\r\n")).await;
    assert_eq!(lines(&answer)[0]["status"], "pending");
    assert_eq!(demo.chain.status().unwrap().pending, 1);
}

#[actix_web::test]
async fn records_of_a_batch_may_rest_on_each_other() {
    let (demo, batch) = Demo::with_codes();
    let made = demo.sign("yueling", &demo.commission(batch, 0, 2));
    let packed = demo.sign("yueling", &demo.nest("ADD", "packing", FACTORY_SITE, &[0, 1]));
    let seen = demo.sign("yueling", &demo.seen("storing", "active", FACTORY_SITE, &[epc(0)]));
    let body = [made, packed, seen].join("\n");
    let answer = post(demo.chain.clone(), "/v1/records?wait=final", LINES, body).await;
    assert!(lines(&answer).iter().all(|line| line["status"] == "final"));
}

#[actix_web::test]
async fn a_batch_has_1_to_1000_lines() {
    let demo = Demo::new();
    for empty in ["", "\n"] {
        post(demo.chain.clone(), "/v1/records", LINES, empty).await.is_problem(400, "E-BATCH-EMPTY");
    }
    let full = vec!["1"; BATCH_LINES_MAX].join("\n");
    assert_eq!(lines(&post(demo.chain.clone(), "/v1/records", LINES, full.clone()).await).len(), BATCH_LINES_MAX);
    let answer = post(demo.chain.clone(), "/v1/records", LINES, format!("{full}\n1\n")).await;
    answer.is_problem(413, "E-BATCH-LINES");
}
