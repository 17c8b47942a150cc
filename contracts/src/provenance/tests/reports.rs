//! Production reports against bills of material.

use serde_json::{Value, json};

use super::{AT, YUELING, thing};
use crate::{
    action::Action,
    provenance::Flag,
    refusal::Code,
    tests::{Deed, REFILL, World, name, transform},
};

const BASE: &str = "09528880010144";
const EXTRACT: &str = "09528880010137";
const SHEA: &str = "04012345123456";

/// CoreNest's catalogue; Yueling may make everything of it.
fn catalogue() -> World {
    let mut world = World::new();
    for gtin in [REFILL, BASE] {
        let body = json!({"gtin": gtin, "kind": "semi", "name": name("part", "部件"), "version": 1});
        world.take("corenest", &Deed::new(Action::ProductPut, body)).unwrap();
    }
    let body = json!({"prefix": "952888001", "to": "yueling"});
    world.take("corenest", &Deed::new(Action::AuthorityGrant, body)).unwrap();
    world
}

fn bill(gtin: &str, version: u64, from: &str, lines: &Value) -> Deed {
    let bill = json!({"from": from, "lines": lines, "yield": {"max": 1_000_000, "min": 950_000}});
    Deed::new(Action::BomPut, json!({"bill": bill, "gtin": gtin, "version": version}))
}

fn grams(component: &str, amount: &str) -> Value {
    json!({"amount": amount, "component": component, "unit": "GRM"})
}

/// The refill of the demo: 48.5 g of base, a module of shea butter, and 1.5 g of extract.
fn billed() -> World {
    let mut world = catalogue();
    let mut base = grams(BASE, "48.5");
    base["kind"] = json!("module");
    let mut extract = grams(EXTRACT, "1.5");
    extract["alternates"] = json!(["09528880010052"]);
    let from = "2026-09-01T00:00:00.000Z";
    world.take("corenest", &bill(REFILL, 1, from, &json!([base, extract]))).unwrap();
    world.take("corenest", &bill(BASE, 1, from, &json!([grams(SHEA, "0.5")]))).unwrap();
    world
}

/// Yueling makes refills of what the list names, which it has; what bears no prefix of here has no balance.
fn report(world: &mut World, lot: &str, refills: u64, inputs: &[(&str, f64)]) -> Result<String, Code> {
    let element = |gtin: &str, amount: f64| json!({"epcClass": format!("https://id.gs1.org/01/{gtin}/10/A"), "quantity": amount, "uom": "GRM"});
    let inputs: Vec<Value> = inputs.iter().map(|(gtin, amount)| element(gtin, *amount)).collect();
    for (at, input) in
        inputs.iter().enumerate().filter(|(_, input)| !input["epcClass"].as_str().unwrap().contains(SHEA))
    {
        let mut make = crate::tests::event("ObjectEvent", "ADD", "commissioning", YUELING, AT, &[]);
        make.body["event"]["quantityList"] = json!([input]);
        make.body["cbv"] = json!(hefu_keys::Hash::of(format!("{lot}{at}").as_bytes()));
        world.take("yueling", &make).unwrap();
    }
    let product = format!("https://id.gs1.org/01/{REFILL}/10/{lot}");
    let lists =
        json!({"inputQuantityList": inputs, "outputQuantityList": [{"epcClass": product, "quantity": refills}]});
    let taken = world.take("yueling", &transform(YUELING, AT, &[], &[], &lists));
    taken.map(|_| product).map_err(|refusal| refusal.code)
}

#[test]
fn a_report_uses_what_the_bill_in_force_asks_for_and_nothing_else() {
    let mut world = billed();
    let exact = report(&mut world, "L1", 100, &[(BASE, 4850.0), (EXTRACT, 150.0)]).unwrap();
    assert!(thing(&world, &exact).flags.is_empty());
    assert_eq!(report(&mut world, "L2", 100, &[(BASE, 4850.0)]), Err(Code::BomMissing));
    let stranger = [(BASE, 4850.0), (EXTRACT, 150.0), ("09528880010120", 1.0)];
    assert_eq!(report(&mut world, "L3", 100, &stranger), Err(Code::BomInput));
    report(&mut world, "L4", 100, &[(BASE, 4850.0), ("09528880010052", 150.0)]).unwrap();
    report(&mut world, "L5", 100, &[(SHEA, 2425.0), (EXTRACT, 150.0)]).unwrap();
}

#[test]
fn a_yield_outside_its_bounds_is_flagged_on_what_was_made() {
    let mut world = billed();
    let wasted = report(&mut world, "L1", 100, &[(BASE, 5200.0), (EXTRACT, 150.0)]).unwrap();
    assert_eq!(thing(&world, &wasted).flags, [Flag::YieldOutOfBounds]);
    let thin = report(&mut world, "L2", 100, &[(BASE, 4850.0), (EXTRACT, 149.0)]).unwrap();
    assert_eq!(thing(&world, &thin).flags, [Flag::YieldOutOfBounds]);
    let usual = report(&mut world, "L3", 100, &[(BASE, 5000.0), (EXTRACT, 151.0)]).unwrap();
    assert!(thing(&world, &usual).flags.is_empty());
}

#[test]
fn a_report_is_compared_with_the_version_in_force_when_it_happened() {
    let mut world = billed();
    let tomorrow = bill(REFILL, 2, "2026-09-22T00:00:00.000Z", &json!([grams(EXTRACT, "1")]));
    world.take("corenest", &tomorrow).unwrap();
    report(&mut world, "L1", 100, &[(BASE, 4850.0), (EXTRACT, 150.0)]).unwrap();
    let today = bill(REFILL, 3, "2026-09-21T00:00:00.000Z", &json!([grams(EXTRACT, "1")]));
    assert_eq!(world.take("corenest", &today).unwrap_err().code, Code::BomVersion);
}

#[test]
fn a_bill_is_its_owner_s_has_its_next_version_and_makes_sense() {
    let mut world = billed();
    let from = "2026-10-01T00:00:00.000Z";
    let line = json!([grams(EXTRACT, "1")]);
    world.refuses("yueling", &bill(REFILL, 2, from, &line), Code::PrefixForeign, None);
    world.refuses("corenest", &bill("09528880010106", 1, from, &line), Code::ProductUnknown, None);
    assert_eq!(world.take("corenest", &bill(REFILL, 3, from, &line)).unwrap_err().code, Code::BomVersion);
    for (lines, at) in [
        (json!([]), "lines"),
        (json!([grams(EXTRACT, "0")]), "lines/0/amount"),
        (json!([grams(EXTRACT, "1"), grams(EXTRACT, "2")]), "lines/1"),
        (json!([grams(REFILL, "1")]), "lines/0"),
    ] {
        let refusal = world.take("corenest", &bill(REFILL, 2, from, &lines)).unwrap_err();
        assert_eq!((refusal.code, refusal.pointer), (Code::RecordShape, format!("/body/bill/{at}")));
    }
}
