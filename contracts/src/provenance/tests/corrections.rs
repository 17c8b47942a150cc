//! Declarations of error that undo what their events did, and those that cannot.

use serde_json::json;

use super::{AT, BRAND, HUAXU, LAB, LATER, SSCC, YUELING, made, see, ship, thing};
use crate::{
    provenance::{EventStatus, Flag},
    refusal::Code,
    row::Data,
    tests::{Deed, World, event, transform},
};

/// The same event, declared to be in error.
fn wrong(deed: &Deed) -> Deed {
    let mut declared = deed.clone();
    declared.body["event"]["errorDeclaration"] = json!({"declarationTime": LATER, "reason": "did_not_occur"});
    declared
}

fn status(world: &World, by: &str, deed: &Deed) -> EventStatus {
    match &world.rows[&format!("event/{by}/{}", deed.body["cbv"].as_str().unwrap())].data {
        Data::Event(event) => event.status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_shipping_that_did_not_occur_is_undone_while_it_is_open() {
    let (mut world, refills, _) = made();
    let before: Vec<_> = refills.iter().map(|refill| thing(&world, refill)).collect();
    let shipped = ship(HUAXU, YUELING, AT, &refills);
    world.take("yueling", &shipped).unwrap();
    let entries = world.entries.len();
    world.take("yueling", &wrong(&shipped)).unwrap();
    let after: Vec<_> = refills.iter().map(|refill| thing(&world, refill)).collect();
    let restored = |row: &crate::provenance::ThingRow| crate::provenance::ThingRow { before: None, ..row.clone() };
    assert_eq!(after, before.iter().map(restored).collect::<Vec<_>>());
    assert_eq!(status(&world, "yueling", &shipped), EventStatus::Undone);
    assert_eq!(world.entries.len(), entries + 3, "nothing is deleted");
    world.take("yueling", &ship(BRAND, YUELING, LATER, &refills)).unwrap();
}

#[test]
fn what_others_rely_on_stands_and_is_flagged() {
    let (mut world, refills, _) = made();
    let shipped = ship(HUAXU, YUELING, AT, &refills);
    world.take("yueling", &shipped).unwrap();
    world.take("huaxu", &see("receiving", HUAXU, LATER, &refills[..1])).unwrap();
    world.take("yueling", &wrong(&shipped)).unwrap();
    assert_eq!(status(&world, "yueling", &shipped), EventStatus::DeclaredInError);
    let item = thing(&world, &refills[0]);
    assert_eq!((item.holder.unwrap().by.as_str(), item.flags.as_slice()), ("huaxu", &[Flag::ErrorDeclared][..]));
    assert!(thing(&world, &refills[1]).transfer.is_some(), "all of it or nothing");
}

#[test]
fn whoever_said_something_takes_it_back_though_others_have_the_things_now() {
    let (mut world, refills, _) = made();
    world.take("yueling", &ship(HUAXU, YUELING, AT, &refills)).unwrap();
    world.take("huaxu", &see("receiving", HUAXU, AT, &refills)).unwrap();
    let mut seen = see("inspecting", HUAXU, AT, &refills[..1]);
    seen.body["event"]["bizLocation"] = json!({"id": format!("https://id.gs1.org/414/{HUAXU}")});
    world.take("huaxu", &seen).unwrap();
    let by_lab = {
        let mut deed = see("inspecting", LAB, AT, &refills[..1]);
        deed.body["event"]["bizLocation"] = json!({"id": format!("https://id.gs1.org/414/{HUAXU}")});
        deed
    };
    world.take("puyan", &by_lab).unwrap();
    world.take("huaxu", &ship(BRAND, HUAXU, LATER, &refills)).unwrap();
    world.take("corenest", &see("receiving", BRAND, LATER, &refills)).unwrap();
    // Neither has or owns it any more, and the place is no longer its holder's.
    world.take("huaxu", &wrong(&seen)).unwrap();
    world.take("puyan", &wrong(&by_lab)).unwrap();
    assert_eq!(status(&world, "huaxu", &seen), EventStatus::DeclaredInError);
    // Of an event that is none of its own, a stranger says nothing.
    world.refuses("huaxu", &wrong(&see("storing", HUAXU, AT, &refills[..1])), Code::AuthorityNone, {
        Some(thing(&world, &refills[0]).holder.unwrap().record)
    });
}

#[test]
fn what_was_seen_of_a_thing_is_taken_back_after_its_commissioning_was() {
    let (mut world, refills, _) = World::with_codes();
    let commissioned = refills.commission(0, 1, YUELING, AT);
    world.take("yueling", &commissioned).unwrap();
    let seen = see("inspecting", YUELING, LATER, &[refills.epc(0)]);
    world.take("yueling", &seen).unwrap();
    world.take("yueling", &wrong(&commissioned)).unwrap();
    world.take("yueling", &wrong(&seen)).unwrap();
    assert_eq!(thing(&world, &refills.epc(0)).flags, [Flag::ErrorDeclared]);
}

#[test]
fn a_commissioning_is_undone_and_the_code_used_again() {
    let (mut world, refills, _) = World::with_codes();
    let commissioned = refills.commission(0, 1, YUELING, AT);
    world.take("yueling", &commissioned).unwrap();
    let mut declared = wrong(&commissioned);
    world.take("yueling", &declared).unwrap();
    let item = thing(&world, &refills.epc(0));
    assert_eq!((item.commissioned, item.holder, item.claim_key), (None, None, None));
    let again = refills.commission(0, 1, YUELING, LATER);
    world.take("yueling", &again).unwrap();
    declared.body["event"]["errorDeclaration"]["reason"] = json!("incorrect_data");
    assert_eq!(world.take("yueling", &declared).unwrap_err().code, Code::EventDuplicate);
}

#[test]
fn lots_are_counted_back_as_far_as_they_are_still_there() {
    let lot = "https://id.gs1.org/01/09528880200019/10/L1";
    let product = "https://id.gs1.org/01/09528880200019/10/P1";
    let (mut world, ..) = made();
    let mut make = event("ObjectEvent", "ADD", "commissioning", HUAXU, AT, &[]);
    make.body["event"]["quantityList"] = json!([{"epcClass": lot, "quantity": 10}]);
    make.body["cbv"] = json!(hefu_keys::Hash::of(b"ten of the lot"));
    world.take("huaxu", &make).unwrap();
    let lists = json!({
        "inputQuantityList": [{"epcClass": lot, "quantity": 4}],
        "outputQuantityList": [{"epcClass": product, "quantity": 2}],
    });
    let report = transform(HUAXU, AT, &[], &[], &lists);
    world.take("huaxu", &report).unwrap();
    // The lot was used, so that its making stands.
    world.take("huaxu", &wrong(&make)).unwrap();
    assert_eq!(thing(&world, lot).flags, [Flag::ErrorDeclared]);

    let mut other_amount = wrong(&report);
    other_amount.body["event"]["inputQuantityList"][0]["quantity"] = json!(5);
    assert_eq!(world.take("huaxu", &other_amount).unwrap_err().code, Code::EventOtherThings);
    world.take("huaxu", &wrong(&report)).unwrap();
    let balance = |world: &World, path: &str| match &world.rows[&format!("balance/EA/{path}@huaxu")].data {
        Data::Balance(balance) => balance.amount.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(balance(&world, "01/09528880200019/10/L1"), "10");
    assert_eq!(balance(&world, "01/09528880200019/10/P1"), "0");
    assert!(thing(&world, product).sources.is_empty());
}

#[test]
fn a_packing_is_undone_until_the_outermost_container_moves() {
    let (mut world, _, bottles) = made();
    let outer = "https://id.gs1.org/00/095288802000000026";
    let nest = |parent: &str, at: &str, children: &[String]| {
        let mut deed = event("AggregationEvent", "ADD", "packing", HUAXU, at, children);
        deed.body["event"]["parentID"] = json!(parent);
        deed
    };
    let first = nest(SSCC, AT, &bottles[..1]);
    world.take("huaxu", &first).unwrap();
    world.take("huaxu", &wrong(&first)).unwrap();
    assert_eq!((thing(&world, &bottles[0]).parent, thing(&world, SSCC).contents), (None, None));

    let mut case = nest(SSCC, AT, &bottles[..1]);
    case.body["cbv"] = json!(hefu_keys::Hash::of(b"once more"));
    world.take("huaxu", &case).unwrap();
    world.take("huaxu", &nest(outer, AT, &[SSCC.to_owned()])).unwrap();
    let late = nest(SSCC, AT, &bottles[1..]);
    world.take("huaxu", &late).unwrap();
    world.take("huaxu", &ship(BRAND, HUAXU, LATER, &[outer.to_owned()])).unwrap();
    world.take("huaxu", &wrong(&late)).unwrap();
    assert!(thing(&world, &bottles[1]).parent.is_some());
    assert_eq!(thing(&world, &bottles[1]).flags, [Flag::ErrorDeclared]);
}
