//! What is seen where it cannot be is flagged, and taken all the same.

use serde_json::json;

use super::{AT, HUAXU, LAB, LATER, SSCC, YUELING, made, see, thing};
use crate::{
    action::Action,
    provenance::Flag,
    refusal::Code,
    tests::{Deed, World, event},
};

const SOON: &str = "2026-09-21T10:30:00.000+08:00";

fn place(world: &mut World, party: &str, gln: &str, [latitude, longitude]: [i64; 2]) {
    let name = json!({"en": party, "zh": party});
    let position = json!({"latitude": latitude, "longitude": longitude});
    world.take(party, &Deed::new(Action::SitePut, json!({"gln": gln, "name": name, "position": position}))).unwrap();
}

/// The laboratory is in Shanghai, Yueling in Guangzhou, 1,213 km away.
fn placed() -> (World, Vec<String>, Vec<String>) {
    let (mut world, refills, bottles) = made();
    place(&mut world, "puyan", LAB, [312_304_000, 1_214_737_000]);
    place(&mut world, "yueling", YUELING, [231_291_000, 1_132_644_000]);
    world.take("yueling", &see("storing", YUELING, AT, &refills)).unwrap();
    (world, refills, bottles)
}

#[test]
fn what_cannot_have_come_so_far_in_the_time_is_flagged() {
    let (mut world, refills, _) = placed();
    world.take("puyan", &see("inspecting", LAB, SOON, &refills[..1])).unwrap();
    world.take("puyan", &see("inspecting", LAB, LATER, &refills[1..2])).unwrap();
    assert_eq!(thing(&world, &refills[0]).flags, [Flag::ImpossibleTravel]);
    assert!(thing(&world, &refills[1]).flags.is_empty() && thing(&world, &refills[2]).flags.is_empty());
    // A late word of an earlier time tells as much, and does not move the thing back.
    let seen = thing(&world, &refills[1]).seen.unwrap();
    world.take("yueling", &see("storing", YUELING, "2026-09-21T11:30:00.000+08:00", &refills[1..2])).unwrap();
    assert_eq!(thing(&world, &refills[1]).flags, [Flag::ImpossibleTravel]);
    assert_eq!(thing(&world, &refills[1]).seen, Some(seen));
}

#[test]
fn sites_without_a_position_tell_nothing() {
    let (mut world, refills, bottles) = placed();
    world.take("huaxu", &see("storing", HUAXU, SOON, &bottles)).unwrap();
    assert_eq!(thing(&world, &bottles[0]).seen, None);
    assert_eq!(thing(&world, &refills[0]).seen.unwrap().site.to_string(), YUELING);
    let name = json!({"en": "Lab", "zh": "实验室"});
    let beyond = json!({"gln": LAB, "name": name, "position": {"latitude": 900_000_001_i64, "longitude": 0}});
    let refusal = world.take("puyan", &Deed::new(Action::SitePut, beyond)).unwrap_err();
    assert_eq!((refusal.code, refusal.pointer.as_str()), (Code::RecordShape, "/body/position/latitude"));
}

#[test]
fn what_is_seen_apart_from_what_encloses_it_is_flagged() {
    let (mut world, _, bottles) = made();
    let mut pack = event("AggregationEvent", "ADD", "packing", HUAXU, LATER, &bottles);
    pack.body["event"]["parentID"] = json!(SSCC);
    world.take("huaxu", &pack).unwrap();
    world.take("huaxu", &see("storing", HUAXU, LATER, &bottles)).unwrap();
    assert!(thing(&world, &bottles[0]).flags.is_empty());
    world.take("puyan", &see("inspecting", LAB, LATER, &bottles[..1])).unwrap();
    assert_eq!(thing(&world, &bottles[0]).flags, [Flag::BrokenAggregation]);
    assert!(thing(&world, &bottles[1]).flags.is_empty());
    // What was seen before it was packed was elsewhere rightly.
    world.take("puyan", &see("inspecting", LAB, SOON, &bottles[1..])).unwrap();
    assert!(thing(&world, &bottles[1]).flags.is_empty());
}
