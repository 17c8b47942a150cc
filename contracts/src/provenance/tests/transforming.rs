//! What is used up, and what comes of it.

use serde_json::{Value, json};

use super::{AT, HUAXU, LATER, SSCC, YUELING, made, see, ship, thing};
use crate::{
    provenance::Flag,
    refusal::Code,
    row::Data,
    tests::{World, event, transform},
};

/// An output of Yueling's own company prefix that needs no issued code.
fn lot(number: usize) -> Value {
    json!({"outputQuantityList": [{"epcClass": format!("https://id.gs1.org/01/09528880300016/10/L{number}"), "quantity": 1}]})
}

fn lot_of(value: &Value) -> String {
    value["outputQuantityList"][0]["epcClass"].as_str().unwrap().to_owned()
}

#[test]
fn what_a_transformation_used_up_is_gone() {
    let (mut world, refills, _) = made();
    let used = world.take("yueling", &transform(YUELING, AT, &refills[..1], &[], &lot(1))).unwrap();
    assert_eq!(thing(&world, &refills[0]).consumed.unwrap().record, used);
    let again = transform(YUELING, LATER, &refills[..1], &[], &lot(2));
    world.refuses("yueling", &again, Code::ItemConsumed, Some(used));
    world.refuses("yueling", &ship(HUAXU, YUELING, LATER, &refills[..1]), Code::ItemConsumed, Some(used));
    world.refuses("puyan", &see("inspecting", super::LAB, LATER, &refills[..1]), Code::ItemConsumed, Some(used));

    let product = thing(&world, &lot_of(&lot(1)));
    let Data::Transformation(row) = &world.rows[&product.sources[0]].data else { panic!() };
    assert_eq!((row.depth, row.by.as_str(), row.inputs.len()), (1, "yueling", 1));
    assert!(row.inputs[0].starts_with("item/01/"));
}

#[test]
fn only_what_is_at_one_s_disposal_is_used_up() {
    let (mut world, refills, bottles) = made();
    let held = thing(&world, &bottles[0]).holder.unwrap().record;
    world.refuses("yueling", &transform(YUELING, LATER, &bottles[..1], &[], &lot(1)), Code::ItemNotHolder, Some(held));
    let shipped = world.take("yueling", &ship(HUAXU, YUELING, AT, &refills[..1])).unwrap();
    let moving = transform(YUELING, LATER, &refills[..1], &[], &lot(1));
    world.refuses("yueling", &moving, Code::ItemInTransit, Some(shipped));
    let mut pack = event("AggregationEvent", "ADD", "packing", HUAXU, AT, &bottles[..1]);
    pack.body["event"]["parentID"] = json!(SSCC);
    let packed = world.take("huaxu", &pack).unwrap();
    world.refuses("huaxu", &transform(HUAXU, LATER, &bottles[..1], &[], &lot(1)), Code::AuthorityNone, None);
    let own =
        json!({"outputQuantityList": [{"epcClass": "https://id.gs1.org/01/09528880200019/10/L1", "quantity": 1}]});
    world.refuses("huaxu", &transform(HUAXU, LATER, &bottles[..1], &[], &own), Code::ItemPacked, Some(packed));
}

#[test]
fn a_serialised_product_comes_of_a_transformation_with_its_issued_code() {
    let (mut world, refills, _) = World::with_codes();
    let issued = refills.commission(0, 2, YUELING, AT);
    let epcs = issued.lists["/body/event/epcList"].clone();
    let inputs =
        json!({"inputQuantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.998877", "quantity": 100}]});
    let mut deed = transform(YUELING, AT, &[], &epcs, &inputs);
    world.refuses("yueling", &deed, Code::CodeNotIssued, None);
    deed.body["commissioning"] = issued.body["commissioning"].clone();
    deed.commissioning = issued.commissioning;
    let made = world.take("yueling", &deed).unwrap();
    let item = thing(&world, &epcs[0]);
    assert_eq!((item.commissioned.unwrap().record, item.sources.len()), (made, 1));
    assert_eq!(item.claim_key.unwrap().len(), 43);
    world.refuses("yueling", &refills.commission(0, 1, YUELING, LATER), Code::ItemCommissioned, Some(made));
    let raw = thing(&world, "urn:epc:class:lgtin:4012345.012345.998877");
    assert_eq!(raw.flags, [Flag::OriginNotOnLedger]);
}

#[test]
fn nothing_comes_of_itself() {
    let (mut world, ..) = made();
    let step = |from: usize, to: usize, id: Option<&str>| {
        let mut more = lot(to);
        more["inputQuantityList"] = json!([{"epcClass": lot_of(&lot(from)), "quantity": 1}]);
        if let Some(id) = id {
            more["transformationID"] = json!(id);
        }
        transform(YUELING, AT, &[], &[], &more)
    };
    world
        .take(
            "yueling",
            &transform(YUELING, AT, &[], &[], &{
                let mut more = lot(0);
                more["inputQuantityList"] = json!([{"epcClass": "urn:epc:class:lgtin:4012345.012345.998877"}]);
                more["outputQuantityList"][0]["quantity"] = json!(100);
                more
            }),
        )
        .unwrap();
    world.refuses("yueling", &step(0, 0, None), Code::AncestryCycle, None);
    world.take("yueling", &step(0, 1, Some("urn:x:run-1"))).unwrap();
    world.refuses("yueling", &step(1, 0, None), Code::AncestryCycle, None);
    world.refuses("yueling", &step(1, 2, Some("urn:x:run-1")), Code::AncestryCycle, None);
}

#[test]
fn a_chain_of_transformations_is_no_longer_than_a_walk_may_be() {
    let (mut world, ..) = made();
    let first = json!({"inputQuantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.998877"}]});
    let mut next = first;
    for number in 0..64 {
        next["outputQuantityList"] = lot(number)["outputQuantityList"].clone();
        world
            .take("yueling", &transform(YUELING, AT, &[], &[], &next))
            .unwrap_or_else(|refusal| panic!("{number}: {refusal}"));
        next["inputQuantityList"] = next["outputQuantityList"].clone();
    }
    next["outputQuantityList"] = lot(64)["outputQuantityList"].clone();
    world.refuses("yueling", &transform(YUELING, AT, &[], &[], &next), Code::AncestryDepth, None);
}

#[test]
fn a_transaction_is_noted_on_what_it_is_about_and_must_be_named() {
    let (mut world, refills, _) = made();
    let mut deed = event("TransactionEvent", "ADD", "shipping", YUELING, LATER, &refills[..1]);
    deed.lists = [("/body/event/epcList".to_owned(), refills[..1].to_vec())].into();
    let refusal = world.take("yueling", &deed).unwrap_err();
    assert_eq!((refusal.code, refusal.pointer.as_str()), (Code::FieldMissing, "/body/event/bizTransactionList"));
    deed.body["event"]["bizTransactionList"] = json!([{"type": "po", "bizTransaction": "urn:x:po:1"}]);
    deed.body["event"]["parentID"] = json!(SSCC);
    let mut private = deed.private();
    world.refuses("yueling", &private, Code::AuthorityNone, None);
    private.body["event"].as_object_mut().unwrap().remove("parentID");
    world.take("yueling", &private).unwrap();
    let row = &world.rows[&crate::row::key_of_thing(&crate::gs1::Epc::parse(&refills[0]).unwrap())];
    assert_eq!(row.n, 2);
}

#[test]
fn only_the_owner_sells_and_having_is_another_thing() {
    let (mut world, refills, _) = made();
    let sale = |author_place: &str, at: &str, to: &str| {
        let mut deed = event("TransactionEvent", "ADD", "accepting", author_place, at, &refills[..1]);
        let pgln = format!("https://id.gs1.org/417/{to}");
        deed.body["event"]["bizTransactionList"] = json!([{"type": "inv", "bizTransaction": "urn:x:inv:1"}]);
        deed.body["event"]["destinationList"] = json!([{"type": "owning_party", "destination": pgln}]);
        deed.body["cbv"] = json!(hefu_keys::Hash::of(deed.body["event"].to_string().as_bytes()));
        deed.private()
    };
    let made_by = thing(&world, &refills[0]).commissioned.unwrap().record;
    world.refuses("corenest", &sale(super::BRAND, LATER, HUAXU), Code::OwnerOther, Some(made_by));
    let sold = world.take("yueling", &sale(YUELING, LATER, super::BRAND)).unwrap();
    let item = thing(&world, &refills[0]);
    assert_eq!((item.owner.unwrap().by.as_str(), item.holder.unwrap().by.as_str()), ("corenest", "yueling"));
    world.refuses("yueling", &sale(YUELING, LATER, HUAXU), Code::OwnerOther, Some(sold));

    // A shipping with a new owner takes effect when it is received.
    let mut shipped = ship(HUAXU, YUELING, LATER, &refills[1..2]);
    let to = json!({"type": "owning_party", "destination": format!("https://id.gs1.org/417/{}", super::BRAND)});
    shipped.body["event"]["destinationList"].as_array_mut().unwrap().push(to);
    world.take("yueling", &shipped).unwrap();
    assert_eq!(thing(&world, &refills[1]).owner, None);
    world.take("huaxu", &see("receiving", HUAXU, LATER, &refills[1..2])).unwrap();
    let item = thing(&world, &refills[1]);
    assert_eq!((item.owner.unwrap().by.as_str(), item.holder.unwrap().by.as_str()), ("corenest", "huaxu"));
}

#[test]
fn a_persistent_disposition_stays_until_it_is_taken_off() {
    let (mut world, refills, _) = made();
    let mut seen = see("inspecting", super::LAB, LATER, &refills[..1]);
    seen.body["event"]["persistentDisposition"] = json!({"set": ["conformant", "completeness_verified"]});
    world.take("puyan", &seen).unwrap();
    world.take("puyan", &see("inspecting", super::LAB, "2026-09-21T12:30:00.000+08:00", &refills[..1])).unwrap();
    assert_eq!(thing(&world, &refills[0]).persistent, ["completeness_verified", "conformant"]);
    seen.body["event"]["persistentDisposition"] = json!({"unset": ["conformant"]});
    seen.body["cbv"] = json!(hefu_keys::Hash::of(b"another"));
    world.take("puyan", &seen).unwrap();
    assert_eq!(thing(&world, &refills[0]).persistent, ["completeness_verified"]);
}
