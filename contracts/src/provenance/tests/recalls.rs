//! What is recalled, and what that stops.

use hefu_keys::Hash;
use serde_json::json;

use super::{AT, BRAND, HUAXU, LATER, SSCC, YUELING, made, see, ship, thing};
use crate::{
    action::Action,
    refusal::Code,
    tests::{Deed, World, event, key, transform},
};

const PUMPS: &str = "https://id.gs1.org/01/09528880200019/10/HP-2609B";
const RAW: &str = "https://id.gs1.org/01/04012345123456/10/998877";
const CREAM: &str = "https://id.gs1.org/01/09528880300016/10/C1";
const SETS: &str = "https://id.gs1.org/01/09528880300016/10/S1";

fn recall(source: &str) -> Deed {
    Deed::new(Action::RecallOpen, json!({"reason": "quality", "source": source}))
}

fn lift(recall: &Hash, source: &str, with: Option<&str>) -> Deed {
    let deed = Deed::new(Action::RecallLift, json!({"recall": recall, "source": source}));
    match with {
        Some(with) => deed.with(with),
        None => deed,
    }
}

/// Yueling makes `output` of some of `input`.
fn made_of(world: &mut World, input: &str, output: &str) {
    let lists = json!({
        "inputQuantityList": [{"epcClass": input, "quantity": 1}],
        "outputQuantityList": [{"epcClass": output, "quantity": 5}],
    });
    world.take("yueling", &transform(YUELING, AT, &[], &[], &lists)).unwrap();
}

fn ship_lot(lot: &str, at: &str) -> Deed {
    let mut deed = ship(BRAND, YUELING, at, &[]);
    deed.body["event"]["quantityList"] = json!([{"epcClass": lot, "quantity": 1}]);
    deed.body["cbv"] = json!(Hash::of(deed.body["event"].to_string().as_bytes()));
    deed
}

#[test]
fn what_came_of_a_recalled_lot_is_not_shipped_now_or_later() {
    let (mut world, ..) = made();
    made_of(&mut world, RAW, CREAM);
    made_of(&mut world, CREAM, SETS);
    world.take("yueling", &ship_lot(SETS, AT)).unwrap();
    let opened = world.take("yueling", &recall(CREAM)).unwrap();
    world.refuses("yueling", &ship_lot(SETS, LATER), Code::ItemRecalled, Some(opened));
    world.refuses("yueling", &ship_lot(CREAM, LATER), Code::ItemRecalled, Some(opened));
    let tomorrow = SETS.replace("S1", "S2");
    made_of(&mut world, CREAM, &tomorrow);
    world.refuses("yueling", &ship_lot(&tomorrow, LATER), Code::ItemRecalled, Some(opened));
    let mut back = ship_lot(SETS, LATER);
    back.body["event"]["disposition"] = json!("recalled");
    world.take("yueling", &back).unwrap();
}

#[test]
fn a_recalled_item_or_class_is_neither_shipped_nor_packed() {
    let (mut world, refills, bottles) = made();
    let opened = world.take("corenest", &recall(&refills[0])).unwrap();
    world.refuses("yueling", &ship(HUAXU, YUELING, LATER, &refills), Code::ItemRecalled, Some(opened));
    world.take("yueling", &ship(HUAXU, YUELING, LATER, &refills[1..])).unwrap();
    let class = format!("https://id.gs1.org/01/{}", crate::tests::BOTTLE);
    let opened = world.take("corenest", &recall(&class)).unwrap();
    let mut pack = event("AggregationEvent", "ADD", "packing", HUAXU, LATER, &bottles[..1]);
    pack.body["event"]["parentID"] = json!(SSCC);
    world.refuses("huaxu", &pack, Code::ItemRecalled, Some(opened));
    world.take("huaxu", &event("ObjectEvent", "DELETE", "destroying", HUAXU, LATER, &bottles[..1])).unwrap();
    world.take("puyan", &see("inspecting", super::LAB, LATER, &refills[..1])).unwrap();
}

#[test]
fn a_recall_is_lifted_by_two_organisations() {
    let (mut world, refills, _) = made();
    let opened = world.take("corenest", &recall(&refills[0])).unwrap();
    world.refuses("corenest", &lift(&opened, &refills[0], None), Code::RecallSigners, Some(opened));
    // A second key of the same organisation is no second organisation.
    let second = json!({"grants": [{"role": "catalogue"}], "key": key("quality").address()});
    world.take("corenest", &Deed::new(Action::KeyGrant, second).with("quality")).unwrap();
    world.refuses("corenest", &lift(&opened, &refills[0], Some("quality")), Code::RecallSigners, Some(opened));
    world.refuses("huaxu", &lift(&opened, &refills[0], Some("puyan")), Code::RecallSigners, Some(opened));
    world.refuses("corenest", &lift(&opened, &refills[1], Some("puyan")), Code::RecallUnknown, None);
    let lifted = world.take("corenest", &lift(&opened, &refills[0], Some("puyan"))).unwrap();
    world.refuses("corenest", &lift(&opened, &refills[0], Some("puyan")), Code::RecallLifted, Some(lifted));
    assert!(thing(&world, &refills[0]).recalls.is_empty());
    world.take("yueling", &ship(HUAXU, YUELING, LATER, &refills)).unwrap();
}

#[test]
fn strangers_recall_nothing_of_others() {
    let (mut world, ..) = made();
    world.refuses("yueling", &recall(PUMPS), Code::AuthorityNone, None);
    made_of(&mut world, RAW, CREAM);
    // Nobody here owns the raw lot: a recall of it stops what bears the author's own prefix, and nothing else.
    world.take("huaxu", &recall(RAW)).unwrap();
    world.take("yueling", &ship_lot(CREAM, AT)).unwrap();
    let own = world.take("yueling", &recall(RAW)).unwrap();
    world.refuses("yueling", &ship_lot(CREAM, LATER), Code::ItemRecalled, Some(own));
    let refusal = world.take("yueling", &recall("https://id.gs1.org/414/9528880300016")).unwrap_err();
    assert_eq!((refusal.code, refusal.pointer.as_str()), (Code::RecordShape, "/body/source"));
}
