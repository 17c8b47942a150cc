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
    let refusal = world.take("yueling", &recall("https://id.gs1.org/253/9528880300016")).unwrap_err();
    assert_eq!((refusal.code, refusal.pointer.as_str()), (Code::RecordShape, "/body/source"));
}

const SITE: &str = "https://id.gs1.org/414/9528880300016";

fn recall_site(source: &str, from: &str, until: Option<&str>) -> Deed {
    let mut body = json!({"made": {"from": from}, "reason": "safety", "source": source});
    if let Some(until) = until {
        body["made"]["until"] = json!(until);
    }
    Deed::new(Action::RecallOpen, body)
}

#[test]
fn a_recalled_site_reaches_what_it_made_in_that_time_and_what_came_of_that() {
    let (mut world, refills, bottles) = made();
    made_of(&mut world, RAW, CREAM);
    let early = recall_site(SITE, "2026-09-20T00:00:00.000Z", Some("2026-09-21T01:59:59.999Z"));
    world.take("yueling", &early).unwrap();
    world.take("yueling", &ship(HUAXU, YUELING, AT, &refills[..1])).unwrap();
    world.take("yueling", &ship_lot(CREAM, AT)).unwrap();
    let opened = world.take("yueling", &recall_site(SITE, "2026-09-21T02:00:00.000Z", None)).unwrap();
    world.refuses("yueling", &ship(HUAXU, YUELING, LATER, &refills[1..]), Code::ItemRecalled, Some(opened));
    world.refuses("yueling", &ship_lot(CREAM, LATER), Code::ItemRecalled, Some(opened));
    made_of(&mut world, CREAM, SETS);
    world.refuses("yueling", &ship_lot(SETS, LATER), Code::ItemRecalled, Some(opened));
    world.take("huaxu", &ship(YUELING, HUAXU, LATER, &bottles)).unwrap();
    world.take("yueling", &lift(&opened, SITE, Some("puyan"))).unwrap();
    world.take("yueling", &ship(HUAXU, YUELING, LATER, &refills[1..])).unwrap();
}

#[test]
fn another_organisation_recalls_of_a_site_only_what_bears_its_own_prefix() {
    let (mut world, refills, _) = made();
    made_of(&mut world, RAW, CREAM);
    world.take("huaxu", &recall_site(SITE, "2026-09-21T00:00:00.000Z", None)).unwrap();
    world.take("yueling", &ship(HUAXU, YUELING, LATER, &refills[..1])).unwrap();
    let opened = world.take("corenest", &recall_site(SITE, "2026-09-21T00:00:00.000Z", None)).unwrap();
    world.refuses("yueling", &ship(HUAXU, YUELING, LATER, &refills[1..]), Code::ItemRecalled, Some(opened));
    world.take("yueling", &ship_lot(CREAM, LATER)).unwrap();
}

#[test]
fn a_recall_of_a_site_names_a_registered_one_and_a_time() {
    let (mut world, refills, _) = made();
    let from = "2026-09-21T00:00:00.000Z";
    let unknown = "https://id.gs1.org/414/9528880400013";
    for (deed, code, pointer) in [
        (recall(SITE), Code::FieldMissing, "/body/made"),
        (recall_site(unknown, from, None), Code::SiteUnknown, "/body/source"),
        (recall_site(&format!("{SITE}/254/7"), from, None), Code::RecordShape, "/body/source"),
        (recall_site(SITE, from, Some("2026-09-20T00:00:00.000Z")), Code::RecordShape, "/body/made/until"),
        (recall_site(&refills[0], from, None), Code::RecordShape, "/body/made"),
        (recall_site(SSCC, from, None), Code::RecordShape, "/body/source"),
    ] {
        let refusal = world.take("corenest", &deed).unwrap_err();
        assert_eq!((refusal.code, refusal.pointer.as_str()), (code, pointer));
    }
    // However many others call, the site's own organisation finds room.
    for _ in 0..super::super::RECALLS_MAX / 2 {
        world.take("huaxu", &recall_site(SITE, from, None)).unwrap();
    }
    let refusal = world.take("huaxu", &recall_site(SITE, from, None)).unwrap_err();
    assert_eq!(refusal.code, Code::RecallMany);
    world.take("yueling", &recall_site(SITE, from, None)).unwrap();
}

#[test]
fn a_container_with_recalled_contents_stays_at_any_depth_until_it_is_empty() {
    let (mut world, _, bottles) = made();
    let [case, pallet] =
        ["095288802000000026", "095288802000000019"].map(|sscc| format!("https://id.gs1.org/00/{sscc}"));
    let mut number = 0_u32;
    let mut nest = |action: &str, parent: &str, children: &[String]| {
        number += 1;
        let step = if action == "ADD" { "packing" } else { "unpacking" };
        let mut deed = event("AggregationEvent", action, step, HUAXU, LATER, children);
        deed.body["event"]["parentID"] = json!(parent);
        deed.body["cbv"] = json!(Hash::of(&number.to_be_bytes()));
        deed
    };
    world.take("huaxu", &nest("ADD", &case, &bottles)).unwrap();
    world.take("huaxu", &nest("ADD", &pallet, std::slice::from_ref(&case))).unwrap();
    let shipping = ship(YUELING, HUAXU, LATER, std::slice::from_ref(&pallet));
    let class = format!("https://id.gs1.org/01/{}", crate::tests::BOTTLE);
    for source in [&class, &bottles[0]] {
        let opened = world.take("corenest", &recall(source)).unwrap();
        world.refuses("huaxu", &shipping, Code::ItemRecalled, Some(opened));
        world.take("corenest", &lift(&opened, source, Some("puyan"))).unwrap();
    }
    let opened = world.take("corenest", &recall(&bottles[0])).unwrap();
    assert_eq!(thing(&world, &pallet).contents.unwrap().recalls, [opened]);
    world.take("huaxu", &nest("DELETE", &case, &bottles[..1])).unwrap();
    world.refuses("huaxu", &shipping, Code::ItemRecalled, Some(opened));
    world.take("huaxu", &nest("DELETE", &pallet, std::slice::from_ref(&case))).unwrap();
    world.refuses("huaxu", &nest("ADD", &pallet, std::slice::from_ref(&case)), Code::ItemRecalled, Some(opened));
    world.take("huaxu", &nest("DELETE", &case, &bottles[1..])).unwrap();
    assert_eq!(thing(&world, &case).contents, None);
    world.take("huaxu", &nest("ADD", &pallet, &bottles[1..])).unwrap();
    world.take("huaxu", &shipping).unwrap();
}
