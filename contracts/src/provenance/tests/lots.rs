//! Lots: how much of them there is, with whom, and what may become of it.

use serde_json::{Value, json};

use super::{AT, BRAND, HUAXU, LATER, SSCC, YUELING, made, see, ship, thing};
use crate::{
    provenance::{Capture, Flag, TRANSFER_OPEN},
    refusal::Code,
    row::Data,
    tests::{Deed, World, event, transform},
    time::Millis,
};

/// A lot of Huaxu's own, in kilogrammes.
const LOT: &str = "https://id.gs1.org/01/09528880200019/10/L1";
const PRODUCT: &str = "https://id.gs1.org/01/09528880200019/10/P1";

fn some(amount: f64) -> Value {
    json!([{"epcClass": LOT, "quantity": amount, "uom": "KGM"}])
}

/// An ObjectEvent about some of the lot.
fn lot(action: &str, step: &str, place: &str, at: &str, amount: f64) -> Deed {
    let mut deed = if step == "shipping" { ship(BRAND, place, at, &[]) } else { see(step, place, at, &[]) };
    deed.body["event"]["action"] = json!(action);
    deed.body["event"]["quantityList"] = some(amount);
    let text = deed.body["event"].to_string();
    deed.body["cbv"] = json!(hefu_keys::Hash::of(text.as_bytes()));
    deed
}

fn balance(world: &World, who: &str) -> String {
    match world.rows.get(&format!("balance/KGM/01/09528880200019/10/L1@{who}")).map(|row| &row.data) {
        Some(Data::Balance(balance)) => balance.amount.to_string(),
        None => "none".to_owned(),
        other => panic!("{other:?}"),
    }
}

/// Huaxu with 10.5 kg of its lot.
fn stocked() -> World {
    let (mut world, ..) = made();
    world.take("huaxu", &lot("ADD", "commissioning", HUAXU, AT, 10.5)).unwrap();
    world
}

#[test]
fn nobody_gives_away_uses_up_or_ends_more_than_there_is() {
    let mut world = stocked();
    let made = world.submissions.keys().copied().collect::<Vec<_>>();
    let refusal = world.take("huaxu", &lot("OBSERVE", "shipping", HUAXU, LATER, 10.6)).unwrap_err();
    assert_eq!((refusal.code, refusal.pointer.as_str()), (Code::BalanceShort, "/body/event/quantityList/0"));
    assert!(refusal.conflict.is_some_and(|conflict| made.contains(&conflict)));
    world.take("huaxu", &lot("DELETE", "destroying", HUAXU, LATER, 0.25)).unwrap();
    assert_eq!(balance(&world, "huaxu"), "10.25");
    let report = |amount: f64| {
        let lists = json!({
            "inputQuantityList": some(amount), "outputQuantityList": [{"epcClass": PRODUCT, "quantity": 200}],
        });
        transform(HUAXU, LATER, &[], &[], &lists)
    };
    assert_eq!(world.take("huaxu", &report(10.26)).unwrap_err().code, Code::BalanceShort);
    world.take("huaxu", &report(10.25)).unwrap();
    assert_eq!(balance(&world, "huaxu"), "0");
    assert_eq!(world.take("huaxu", &report(0.1)).unwrap_err().code, Code::BalanceShort, "it is used up once");
    let mut unsaid = lot("DELETE", "destroying", HUAXU, LATER, 1.0);
    unsaid.body["event"]["quantityList"] = json!([{"epcClass": LOT}]);
    let refusal = world.take("huaxu", &unsaid).unwrap_err();
    assert_eq!((refusal.code, refusal.pointer.as_str()), (Code::QuantityNone, "/body/event/quantityList/0/quantity"));
}

#[test]
fn units_never_mix() {
    let mut world = stocked();
    let mut pieces = lot("DELETE", "destroying", HUAXU, LATER, 1.0);
    pieces.body["event"]["quantityList"] = json!([{"epcClass": LOT, "quantity": 1}]);
    world.refuses("huaxu", &pieces, Code::BalanceShort, None);
}

#[test]
fn a_shipment_is_received_in_parts_too_much_too_little_or_not_at_all() {
    let mut world = stocked();
    let receive = |amount: f64, disposition: Option<&str>| {
        let mut deed = lot("OBSERVE", "receiving", BRAND, LATER, amount);
        if let Some(disposition) = disposition {
            deed.body["event"]["disposition"] = json!(disposition);
            deed.body["cbv"] = json!(hefu_keys::Hash::of(disposition.as_bytes()));
        }
        deed
    };
    world.refuses("corenest", &receive(4.0, None), Code::TransferNone, None);
    world.take("huaxu", &lot("OBSERVE", "shipping", HUAXU, AT, 8.0)).unwrap();
    assert_eq!((balance(&world, "huaxu").as_str(), balance(&world, "corenest").as_str()), ("2.5", "none"));
    world.refuses("yueling", &lot("OBSERVE", "receiving", YUELING, LATER, 1.0), Code::TransferNone, None);
    world.take("corenest", &receive(3.0, None)).unwrap();
    world.take("corenest", &receive(2.0, Some("returned"))).unwrap();
    assert_eq!((balance(&world, "huaxu").as_str(), balance(&world, "corenest").as_str()), ("4.5", "3"));
    world.take("corenest", &receive(1.0, Some("mismatch_quantity"))).unwrap();
    assert_eq!((balance(&world, "huaxu").as_str(), balance(&world, "corenest").as_str()), ("6.5", "4"));
    assert_eq!(thing(&world, LOT).flags, [Flag::ShortReceived]);
    world.refuses("corenest", &receive(1.5, None), Code::TransferNone, None);

    world.take("huaxu", &lot("OBSERVE", "shipping", HUAXU, AT, 1.0)).unwrap();
    world.take("corenest", &receive(1.25, None)).unwrap();
    assert_eq!((balance(&world, "huaxu").as_str(), balance(&world, "corenest").as_str()), ("5.5", "5"));
    assert_eq!(thing(&world, LOT).flags, [Flag::OverReceived, Flag::ShortReceived]);
}

#[test]
fn a_shipment_is_taken_back_or_runs_out() {
    let mut world = stocked();
    world.take("huaxu", &lot("OBSERVE", "shipping", HUAXU, AT, 8.0)).unwrap();
    let void = |amount: f64| {
        let mut deed = ship(BRAND, HUAXU, LATER, &[]);
        deed.body["event"]["bizStep"] = json!("void_shipping");
        deed.body["event"]["quantityList"] = some(amount);
        deed.body["cbv"] = json!(hefu_keys::Hash::of(amount.to_string().as_bytes()));
        deed
    };
    world.refuses("huaxu", &void(8.5), Code::TransferNone, None);
    world.take("huaxu", &void(3.0)).unwrap();
    assert_eq!(balance(&world, "huaxu"), "5.5");
    world.time = world.time.plus(TRANSFER_OPEN).plus(Millis(1));
    world.refuses("corenest", &lot("OBSERVE", "receiving", BRAND, LATER, 5.0), Code::TransferNone, None);
    // It is given back when somebody next touches what is on its way.
    world.take("huaxu", &lot("OBSERVE", "shipping", HUAXU, LATER, 10.5)).unwrap();
    assert_eq!(balance(&world, "huaxu"), "0");
}

#[test]
fn what_is_in_a_container_moves_with_it() {
    let mut world = stocked();
    let nest = |action: &str, place: &str, amount: f64| {
        let mut deed = event("AggregationEvent", action, "packing", place, LATER, &[]);
        deed.body["event"]["parentID"] = json!(SSCC);
        deed.body["event"]["childQuantityList"] = some(amount);
        deed.body["cbv"] = json!(hefu_keys::Hash::of(deed.body["event"].to_string().as_bytes()));
        deed
    };
    let pallet = "container/00/095288802000000019";
    assert_eq!(world.take("huaxu", &nest("ADD", HUAXU, 11.0)).unwrap_err().code, Code::BalanceShort);
    world.take("huaxu", &nest("ADD", HUAXU, 6.0)).unwrap();
    assert_eq!((balance(&world, "huaxu").as_str(), balance(&world, pallet).as_str()), ("4.5", "6"));
    assert_eq!(thing(&world, SSCC).lots.len(), 1);
    let destroy = event("ObjectEvent", "DELETE", "destroying", HUAXU, LATER, &[SSCC.to_owned()]);
    assert_eq!(world.take("huaxu", &destroy).unwrap_err().code, Code::ItemNotEmpty);
    world.take("huaxu", &ship(BRAND, HUAXU, LATER, &[SSCC.to_owned()])).unwrap();
    assert_eq!(world.take("huaxu", &nest("DELETE", HUAXU, 6.0)).unwrap_err().code, Code::ItemInTransit);
    world.take("corenest", &see("receiving", BRAND, LATER, &[SSCC.to_owned()])).unwrap();
    assert_eq!(world.take("corenest", &nest("DELETE", BRAND, 6.5)).unwrap_err().code, Code::BalanceShort);
    world.take("corenest", &nest("DELETE", BRAND, 6.0)).unwrap();
    assert_eq!((balance(&world, "corenest").as_str(), balance(&world, pallet).as_str()), ("6", "0"));
    assert!(thing(&world, SSCC).lots.is_empty());
}

#[test]
fn amounts_in_units_of_one_dimension_meet_in_one_balance() {
    let mut world = stocked();
    let in_unit = |amount: f64, unit: &str, step: &str| {
        let mut deed = lot("OBSERVE", "shipping", HUAXU, LATER, amount);
        deed.body["event"]["bizStep"] = json!(step);
        deed.body["event"]["quantityList"][0]["uom"] = json!(unit);
        deed.body["cbv"] = json!(hefu_keys::Hash::of(deed.body["event"].to_string().as_bytes()));
        deed
    };
    world.take("huaxu", &in_unit(500.0, "GRM", "shipping")).unwrap();
    assert_eq!(balance(&world, "huaxu"), "10");
    let refusal = world.take("huaxu", &in_unit(10_000.5, "GRM", "shipping")).unwrap_err();
    assert_eq!((refusal.code, refusal.pointer.as_str()), (Code::BalanceShort, "/body/event/quantityList/0"));
    world.take("huaxu", &in_unit(0.0005, "TNE", "void_shipping")).unwrap();
    assert_eq!(balance(&world, "huaxu"), "10.5");
    let fine = in_unit(0.0001, "MGM", "shipping");
    let refusal = Capture::read(&crate::canonical_text(&fine.body)).unwrap_err();
    assert_eq!((refusal.code, refusal.pointer.as_str()), (Code::RecordShape, "/body/event/quantityList/0/quantity"));
    // Pounds are another unit, of which there is nothing.
    assert_eq!(world.take("huaxu", &in_unit(1.0, "LBR", "shipping")).unwrap_err().code, Code::BalanceShort);
}
