//! Impossible histories at the door: each is refused, explained, and leaves everything as it was.

use hefu_api::Ledger;
use hefu_contracts::{action::Action, gs1::check_digit};
use hefu_keys::Hash;
use serde_json::{Value, json};

use crate::{
    client::post,
    demo::{BRAND_SITE, Deed, Demo, FACTORY_SITE, LOT, PALLET, STORE_SITE, epc},
};

const JSON: &str = "application/json";

/// Digits and the check digit of them.
fn checked(body: &str) -> String {
    format!("{body}{}", check_digit(body).unwrap())
}

fn lot() -> String {
    format!("https://id.gs1.org/01/{}/10/L1", checked("0952888003001"))
}

/// Some of the factory's lot coming into being, or being used up for `output`.
fn of_lot(demo: &Demo, made: bool, amount: u64, output: &str) -> Deed {
    let mut deed = demo.event("ObjectEvent", ("ADD", "commissioning"), FACTORY_SITE, &[]);
    let event = deed.body["event"].as_object_mut().unwrap();
    let some = json!([{"epcClass": lot(), "quantity": amount, "uom": "KGM"}]);
    if made {
        event.insert("quantityList".to_owned(), some);
    } else {
        event.remove("action");
        event.insert("type".to_owned(), json!("TransformationEvent"));
        event.insert("inputQuantityList".to_owned(), some);
        event.insert("outputQuantityList".to_owned(), json!([{"epcClass": output, "quantity": 1}]));
    }
    deed.body["cbv"] = json!(Hash::of(deed.body["event"].to_string().as_bytes()));
    deed
}

fn changed(mut deed: Deed, field: &str, value: Value) -> Deed {
    deed.body["event"][field] = value;
    deed.body["cbv"] = json!(Hash::of(deed.body["event"].to_string().as_bytes()));
    deed
}

#[actix_web::test]
async fn what_cannot_have_been_is_refused_explained_and_changes_nothing() {
    let demo = Demo::with_history();
    demo.take("yueling", &of_lot(&demo, true, 10, ""));
    demo.take("yueling", &of_lot(&demo, false, 8, LOT));
    let item = [epc(3)];
    let recall = json!({"reason": "quality", "source": epc(3)});
    let recall = demo.take("corenest", &Deed::new(Action::RecallOpen, recall)).id;

    let to = json!([{"type": "possessing_party", "destination": format!("https://id.gs1.org/417/{STORE_SITE}")}]);
    let shipped = changed(demo.seen("shipping", "recalled", BRAND_SITE, &item), "destinationList", to.clone());
    let inside = demo.event("AggregationEvent", ("ADD", "packing"), STORE_SITE, &[PALLET.to_owned()]);
    let sscc = format!("https://id.gs1.org/00/{}", checked("39528880030000002"));
    let hall = checked("952888003002");
    let across = demo.event("AggregationEvent", ("ADD", "packing"), &hall, &item);
    let across = changed(changed(across, "parentID", json!(sscc)), "disposition", json!("recalled"));
    let wrong = json!({"declarationTime": "2026-09-21T12:00:00.000Z"});
    let corrected = changed(demo.seen("storing", "active", STORE_SITE, &item), "errorDeclaration", wrong);
    let recalled = changed(demo.seen("shipping", "in_transit", FACTORY_SITE, &item), "destinationList", to);
    let lifted = Deed::new(Action::RecallLift, json!({"recall": recall, "source": epc(3)}));
    for (what, author, deed, code, pointer) in [
        ("a shipment by who does not have it", "corenest", shipped, "E-ITEM-NOT-HOLDER", "/body/event"),
        ("a parent inside itself", "store", changed(inside, "parentID", json!(PALLET)), "E-PACK-CYCLE", "/body/event"),
        ("packing across sites", "yueling", across, "E-PACK-PLACE", "/body/event"),
        (
            "more than there is, and a lot that another record has used up",
            "yueling",
            of_lot(&demo, false, 3, LOT),
            "E-BALANCE-SHORT",
            "/body/event/inputQuantityList/0",
        ),
        ("a correction by a stranger", "store", corrected, "E-AUTHORITY-NONE", "/body/event"),
        ("what is recalled, shipped", "yueling", recalled, "E-ITEM-RECALLED", "/body/event"),
        ("a recall lifted by one signature", "corenest", lifted, "E-RECALL-SIGNERS", "/signers"),
    ] {
        let before = demo.chain.rows("", None, usize::MAX).unwrap();
        let answer = post(demo.chain.clone(), "/v1/records?wait=final", JSON, demo.sign(author, &deed)).await;
        let problem = answer.is_problem(422, code);
        assert_eq!(problem["pointer"], pointer, "{what}: {problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 20), "{what}: {problem}");
        assert!(problem["conflict"].is_string() || code == "E-PACK-CYCLE", "{what}: {problem}");
        assert!(demo.chain.rows("", None, usize::MAX).unwrap() == before, "{what}");
    }
}
