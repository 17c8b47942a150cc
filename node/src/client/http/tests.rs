use hefu_contracts::{
    receipt::{ReceiptKind, Status as Standing},
    refusal::{Code, Refusal},
};
use hefu_keys::SecretKey;
use serde_json::json;

use super::*;

const URL: &str = "http://127.0.0.1:8080/v1/records";

fn node() -> SecretKey {
    SecretKey::from_seed([1; 32])
}

fn a_receipt() -> Receipt {
    Receipt {
        chain: Hash::of(b"chain"),
        code: None,
        conflict: None,
        height: None,
        id: Hash::of(b"record"),
        index: None,
        node: node().address(),
        status: Standing::Pending,
        time: "2026-09-18T02:00:00.000Z".parse().unwrap(),
        kind: ReceiptKind::Receipt,
    }
}

/// A receipt as a node sends it, signed with some key.
fn signed(key: &SecretKey) -> String {
    let mut document = serde_json::to_value(a_receipt()).unwrap();
    document["@context"] = json!(secured::CONTEXT);
    secured::sign(&document, &[key], None).unwrap()
}

#[test]
fn a_receipt_counts_only_with_the_signature_of_the_node_that_it_names() {
    assert_eq!(receipt(URL, &signed(&node())).unwrap(), a_receipt());
    let stranger = signed(&SecretKey::from_seed([2; 32]));
    let changed = signed(&node()).replace("pending", "final");
    for text in [stranger, changed, serde_json::to_string(&a_receipt()).unwrap()] {
        assert!(matches!(receipt(URL, &text), Err(ClientError::Receipt { .. })), "{text}");
    }
}

#[test]
fn a_line_of_a_batch_is_a_receipt_or_a_problem() {
    let line = serde_json::to_string(&a_receipt()).unwrap();
    assert!(matches!(answer(URL, &line), Ok(Answer::Taken(found)) if found == a_receipt()));
    let refusal = Refusal::new(Code::ItemPacked).at("/body/event").because("a bottle").against(Hash::of(b"packing"));
    let line = serde_json::to_string(hefu_api::Problem::refused(refusal, None).view()).unwrap();
    let Ok(Answer::Not(problem)) = answer(URL, &line) else { panic!("{line} was not read as a problem") };
    let said = sentence(&problem);
    let expected = "E-ITEM-PACKED: the item is inside a container or assembly: a bottle (at /body/event) (see record ";
    assert!(said.starts_with(expected), "{said}");
    assert!(matches!(answer(URL, "{}"), Err(ClientError::Answer { .. })));
}

#[test]
fn batches_stay_within_what_a_node_accepts() {
    let of = |count: usize, bytes: usize| batch_length(&vec!["x".repeat(bytes); count]);
    assert_eq!(of(3, 1_000), 3);
    assert_eq!(of(1_000, 10), BATCH_RECORDS);
    assert_eq!(of(20, 1 << 20), 6);
    // One that alone is too large is sent all the same: the node says why not.
    assert_eq!(of(2, 9 << 20), 1);
}
