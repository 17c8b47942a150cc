//! What goes into, or is fixed to, something else.

use serde_json::json;

use super::{AT, BRAND, HUAXU, LAB, LATER, ParseEpc, SSCC, YUELING, made, see, ship, thing};
use crate::{
    provenance::NESTING_MAX,
    refusal::Code,
    tests::{Deed, World, event},
};

#[expect(clippy::too_many_arguments, reason = "a test's line reads like the event it makes")]
fn nest(kind: &str, action: &str, parent: &str, place: &str, at: &str, things: &[String]) -> Deed {
    let step = if action == "ADD" { "packing" } else { "unpacking" };
    let mut deed = event(kind, action, step, place, at, things);
    deed.body["event"]["parentID"] = json!(parent);
    deed
}

/// The refills at Huaxu, together with the bottles that were made there.
fn at_huaxu() -> (World, Vec<String>, Vec<String>) {
    let (mut world, refills, bottles) = made();
    world.take("yueling", &ship(HUAXU, YUELING, AT, &refills)).unwrap();
    world.take("huaxu", &see("receiving", HUAXU, LATER, &refills)).unwrap();
    (world, refills, bottles)
}

#[test]
fn packed_things_move_with_their_container() {
    let (mut world, refills, bottles) = at_huaxu();
    world.take("huaxu", &nest("AssociationEvent", "ADD", &bottles[0], HUAXU, LATER, &refills[..1])).unwrap();
    world.take("huaxu", &nest("AggregationEvent", "ADD", SSCC, HUAXU, LATER, &bottles)).unwrap();
    world.take("huaxu", &ship(BRAND, HUAXU, LATER, &[SSCC.to_owned()])).unwrap();
    let moving = thing(&world, SSCC).transfer.unwrap().record;
    let unpack = nest("AggregationEvent", "DELETE", SSCC, BRAND, LATER, &bottles);
    world.refuses("corenest", &unpack, Code::ItemInTransit, Some(moving));
    world.take("corenest", &see("receiving", BRAND, LATER, &[SSCC.to_owned()])).unwrap();
    world.take("corenest", &unpack).unwrap();
    let bottle = thing(&world, &bottles[0]);
    assert_eq!((bottle.holder.unwrap().by.as_str(), bottle.parent), ("corenest", None));
    assert_eq!(bottle.place.as_deref(), Some("https://id.gs1.org/414/9528880100012"));
    assert!(thing(&world, &refills[0]).parent.is_some(), "the refill stays in its bottle");
}

#[test]
fn a_thing_has_one_parent_at_a_time() {
    let (mut world, refills, bottles) = at_huaxu();
    let inside = nest("AssociationEvent", "ADD", &bottles[0], HUAXU, LATER, &refills[..1]);
    let packed = world.take("huaxu", &inside).unwrap();
    let again = nest("AggregationEvent", "ADD", SSCC, HUAXU, LATER, &refills[..1]);
    world.refuses("huaxu", &again, Code::ItemPacked, Some(packed));
    world.refuses("huaxu", &ship(BRAND, HUAXU, LATER, &refills[..1]), Code::ItemPacked, Some(packed));
    let elsewhere = nest("AssociationEvent", "DELETE", &bottles[1], HUAXU, LATER, &refills[..1]);
    world.refuses("huaxu", &elsewhere, Code::ItemNotInParent, Some(packed));
}

#[test]
fn nothing_is_inside_itself() {
    let (mut world, refills, bottles) = at_huaxu();
    let own = nest("AssociationEvent", "ADD", &bottles[0], HUAXU, LATER, &bottles[..1]);
    world.refuses("huaxu", &own, Code::PackCycle, None);
    world.take("huaxu", &nest("AssociationEvent", "ADD", &bottles[0], HUAXU, LATER, &refills[..1])).unwrap();
    let cycle = nest("AssociationEvent", "ADD", &refills[0], HUAXU, LATER, &bottles[..1]);
    world.refuses("huaxu", &cycle, Code::PackCycle, None);
}

#[test]
fn packing_needs_one_holder_and_one_place() {
    let (mut world, refills, bottles) = made();
    let holder = thing(&world, &refills[0]).holder.unwrap().record;
    let others = nest("AssociationEvent", "ADD", &bottles[0], HUAXU, LATER, &refills[..1]);
    world.refuses("huaxu", &others, Code::AuthorityNone, Some(holder));
    let body = json!({"prefix": "952888001", "to": "huaxu"});
    world.take("corenest", &Deed::new(crate::action::Action::AuthorityGrant, body)).unwrap();
    world.refuses("huaxu", &others, Code::PackHolder, Some(holder));
    let site = json!({"gln": "9528880200026", "name": {"en": "Huaxu hall 2", "zh": "华序二厂"}});
    world.take("huaxu", &Deed::new(crate::action::Action::SitePut, site)).unwrap();
    let made_here = thing(&world, &bottles[0]).last.unwrap().record;
    let elsewhere = nest("AggregationEvent", "ADD", SSCC, "9528880200026", LATER, &bottles);
    world.refuses("huaxu", &elsewhere, Code::PackPlace, Some(made_here));
}

#[test]
fn contents_are_named_when_they_leave() {
    let (mut world, _, bottles) = at_huaxu();
    world.take("huaxu", &nest("AggregationEvent", "ADD", SSCC, HUAXU, LATER, &bottles)).unwrap();
    world.refuses("huaxu", &nest("AggregationEvent", "DELETE", SSCC, HUAXU, LATER, &[]), Code::UnpackAll, None);
}

/// A container whose company prefix is registered nowhere.
const FOREIGN: &str = "https://id.gs1.org/00/040123400000000011";

#[test]
fn a_container_of_another_company_is_not_created_by_whoever_comes_first() {
    let (mut world, refills, _) = made();
    world.refuses("yueling", &nest("AggregationEvent", "ADD", SSCC, YUELING, AT, &refills), Code::AuthorityNone, None);
}

/// Nobody vouches for such a container, so it gives nobody custody.
#[test]
fn a_container_from_elsewhere_changes_no_holder() {
    let (mut world, _, bottles) = made();
    let stranger = ["https://id.gs1.org/01/04012345123456/21/1".to_owned()];
    world.take("puyan", &nest("AggregationEvent", "ADD", FOREIGN, LAB, AT, &stranger)).unwrap();
    world.take("huaxu", &nest("AggregationEvent", "ADD", FOREIGN, HUAXU, AT, &bottles)).unwrap();
    let out = nest("AggregationEvent", "DELETE", FOREIGN, LAB, LATER, &bottles);
    let refusal = world.take("puyan", &out).unwrap_err();
    assert!([Code::AuthorityNone, Code::PackHolder].contains(&refusal.code), "{refusal}");
    world.take("huaxu", &nest("AggregationEvent", "DELETE", FOREIGN, HUAXU, LATER, &bottles)).unwrap();
    assert_eq!(thing(&world, &bottles[0]).holder.unwrap().by, "huaxu");
}

#[test]
fn a_thing_from_elsewhere_is_not_taken_out_of_what_it_was_not_in() {
    let (mut world, ..) = made();
    let stranger = ["https://id.gs1.org/01/04012345123456/21/1".to_owned()];
    let other = FOREIGN.replace("011", "028");
    world.take("puyan", &nest("AggregationEvent", "ADD", FOREIGN, LAB, AT, &stranger)).unwrap();
    world.take("puyan", &nest("AggregationEvent", "DELETE", &other, LAB, LATER, &stranger)).unwrap();
    let key = crate::row::key_of_thing(&stranger[0].parse_epc());
    assert!(thing(&world, &stranger[0]).parent.is_some_and(|parent| parent.key.ends_with("011")));
    let last: crate::entry::Entry = serde_json::from_str(&world.entries[&(key, 2)]).unwrap();
    assert_eq!((last.role, last.containers.len()), (crate::entry::Role::Observe, 0));
}

/// A container of Huaxu's.
fn sscc(number: u32) -> String {
    let digits = format!("0952888020{number:07}");
    let weighed =
        digits.bytes().zip([3, 1].into_iter().cycle()).map(|(digit, weight)| u32::from(digit - b'0') * weight);
    format!("https://id.gs1.org/00/{digits}{}", (10 - weighed.sum::<u32>() % 10) % 10)
}

#[test]
fn things_are_nested_as_deep_as_a_walk_may_be_long_and_no_deeper() {
    let (mut world, _, bottles) = made();
    let most = u32::try_from(NESTING_MAX).unwrap();
    let pack = |world: &mut World, parent: u32, child: &str, at: &str| {
        world.take("huaxu", &nest("AggregationEvent", "ADD", &sscc(parent), HUAXU, at, &[child.to_owned()]))
    };
    // From the inside out, so that no parent is inside anything when it is packed.
    pack(&mut world, 1, &bottles[0], AT).unwrap();
    for number in 1..most {
        pack(&mut world, number + 1, &sscc(number), AT).unwrap_or_else(|refusal| panic!("{number}: {refusal}"));
    }
    assert_eq!(pack(&mut world, most + 1, &sscc(most), AT).unwrap_err().code, Code::PackDepth);

    // From the outside in: what goes into the innermost is counted to the outside.
    pack(&mut world, 999, &bottles[1], AT).unwrap();
    assert_eq!(pack(&mut world, 1, &sscc(999), AT).unwrap_err().code, Code::PackDepth);
    let out = nest("AggregationEvent", "DELETE", &sscc(most), HUAXU, LATER, &[sscc(most - 1)]);
    world.take("huaxu", &out).unwrap();
    assert_eq!(thing(&world, &sscc(most)).contents, None);
    pack(&mut world, 1, &sscc(999), LATER).unwrap();
    let outermost = thing(&world, &sscc(most - 1)).contents.unwrap();
    assert_eq!((outermost.count, outermost.levels), (1, u64::from(most)));
    assert_eq!(pack(&mut world, most, &sscc(most - 1), LATER).unwrap_err().code, Code::PackDepth);
}

#[test]
fn what_holds_things_is_not_destroyed() {
    let (mut world, _, bottles) = made();
    let packed = world.take("huaxu", &nest("AggregationEvent", "ADD", SSCC, HUAXU, AT, &bottles)).unwrap();
    let destroy = event("ObjectEvent", "DELETE", "destroying", HUAXU, LATER, &[SSCC.to_owned()]);
    world.refuses("huaxu", &destroy, Code::ItemNotEmpty, Some(packed));
    let one = nest("AggregationEvent", "DELETE", SSCC, HUAXU, LATER, &bottles[..1]);
    let unpacked = world.take("huaxu", &one).unwrap();
    world.refuses("huaxu", &destroy, Code::ItemNotEmpty, Some(unpacked));
    world.take("huaxu", &nest("AggregationEvent", "DELETE", SSCC, HUAXU, LATER, &bottles[1..])).unwrap();
    world.take("huaxu", &destroy).unwrap();
}
