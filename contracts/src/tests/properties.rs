//! Properties over random deeds: whatever is tried, a refused record changes nothing, the same block leads to the same
//! rows, and an auditor who replays the entries finds every head.

use std::collections::BTreeMap;

use hefu_keys::Hash;
use proptest::prelude::*;
use serde_json::json;

use super::{Deed, World, event};
use crate::{
    block::{Invalid, execute_all},
    entry::Entry,
    row::Data,
    submission::Submission,
};

const PLACES: [(&str, &str); 4] = [
    ("corenest", "9528880100012"),
    ("huaxu", "9528880200019"),
    ("yueling", "9528880300016"),
    ("puyan", "9528880700014"),
];

#[derive(Clone, Debug)]
enum Try {
    Commission { who: usize, first: u64, count: u64 },
    Look { who: usize, thing: usize, minute: u32 },
    Ship { who: usize, to: usize, thing: usize },
    Receive { who: usize, thing: usize },
    Nest { who: usize, add: bool, parent: usize, child: usize },
    Destroy { who: usize, thing: usize },
}

fn tries() -> impl Strategy<Value = Try> {
    let who = 0..PLACES.len();
    let thing = 0..14_usize;
    prop_oneof![
        (who.clone(), 0..12_u64, 1..4_u64).prop_map(|(who, first, count)| Try::Commission { who, first, count }),
        (who.clone(), thing.clone(), 0..60_u32).prop_map(|(who, thing, minute)| Try::Look { who, thing, minute }),
        (who.clone(), who.clone(), thing.clone()).prop_map(|(who, to, thing)| Try::Ship { who, to, thing }),
        (who.clone(), thing.clone()).prop_map(|(who, thing)| Try::Receive { who, thing }),
        (who.clone(), any::<bool>(), thing.clone(), thing.clone()).prop_map(|(who, add, parent, child)| Try::Nest {
            who,
            add,
            parent,
            child
        }),
        (who, thing).prop_map(|(who, thing)| Try::Destroy { who, thing }),
    ]
}

/// The deed of a try; every attempt has its own CBV hash, so that none is a duplicate.
fn deed(number: usize, attempt: &Try, codes: &super::Codes, things: &[String]) -> (&'static str, Deed) {
    let at = |minute: u32| format!("2026-09-21T12:{minute:02}:00.000+08:00");
    let one = |thing: usize| vec![things[thing].clone()];
    let (who, mut deed) = match attempt {
        Try::Commission { who, first, count } => {
            let count = (*count).min(codes.count - first);
            (who, codes.commission(*first, count, PLACES[*who].1, &at(0)))
        }
        Try::Look { who, thing, minute } => {
            (who, event("ObjectEvent", "OBSERVE", "inspecting", PLACES[*who].1, &at(*minute), &one(*thing)))
        }
        Try::Ship { who, to, thing } => {
            let mut deed = event("ObjectEvent", "OBSERVE", "shipping", PLACES[*who].1, &at(30), &one(*thing));
            let pgln = format!("https://id.gs1.org/417/{}", PLACES[*to].1);
            deed.body["event"]["destinationList"] = json!([{"type": "possessing_party", "destination": pgln}]);
            (who, deed)
        }
        Try::Receive { who, thing } => {
            (who, event("ObjectEvent", "OBSERVE", "receiving", PLACES[*who].1, &at(30), &one(*thing)))
        }
        Try::Nest { who, add, parent, child } => {
            let action = if *add { "ADD" } else { "DELETE" };
            let mut deed = event("AggregationEvent", action, "packing", PLACES[*who].1, &at(30), &one(*child));
            deed.body["event"]["parentID"] = json!(things[*parent]);
            (who, deed)
        }
        Try::Destroy { who, thing } => {
            (who, event("ObjectEvent", "DELETE", "destroying", PLACES[*who].1, &at(40), &one(*thing)))
        }
    };
    deed.body["cbv"] = json!(Hash::of(&number.to_be_bytes()));
    (PLACES[*who].0, deed)
}

/// A world in which everybody may do everything with the brand's items, so that deeds meet the rules of state.
fn free_world() -> (World, super::Codes, Vec<String>) {
    let mut world = World::new();
    let name = json!({"en": "Refill", "zh": "内芯"});
    let product = json!({"gtin": super::REFILL, "kind": "finished", "name": name, "version": 1});
    world.take("corenest", &Deed::new(crate::action::Action::ProductPut, product)).unwrap();
    for (to, _) in &PLACES[1..] {
        let body = json!({"prefix": "952888001", "to": to});
        world.take("corenest", &Deed::new(crate::action::Action::AuthorityGrant, body)).unwrap();
    }
    let codes = world.issue(super::REFILL, 12, None);
    let mut things: Vec<String> = (0..12).map(|index| codes.epc(index)).collect();
    things.push("https://id.gs1.org/00/095288801000000012".to_owned());
    things.push("https://id.gs1.org/01/10614141073464/21/2017".to_owned());
    (world, codes, things)
}

/// What must hold of every state, by a reader who knows none of the rules' code.
fn audit(world: &World) {
    for (key, row) in &world.rows {
        let texts = (1..=row.n).map(|n| &world.entries[&(key.clone(), n)]);
        let head = texts.fold(Hash::ZERO, |head, text| {
            let entry: Entry = serde_json::from_str(text).unwrap();
            assert_eq!(entry.text(), *text);
            let mut bytes = vec![3];
            bytes.extend_from_slice(head.as_bytes());
            bytes.extend_from_slice(Hash::of(text.as_bytes()).as_bytes());
            Hash::of(&bytes)
        });
        assert_eq!(head, row.head, "{key}");
        let Data::Thing(thing) = &row.data else { continue };
        if let Some(parent) = &thing.parent {
            assert!(thing.transfer.is_none(), "{key} is packed and on its way by itself");
            let mut above = Some(parent.key.clone());
            for _ in 0..=super::super::provenance::NESTING_MAX {
                let Some(next) = above else { break };
                assert_ne!(next, *key, "{key} is inside itself");
                above = match &world.rows[&next].data {
                    Data::Thing(thing) => thing.parent.as_ref().map(|parent| parent.key.clone()),
                    _ => None,
                };
            }
        }
        if let Some(destroyed) = &thing.destroyed
            && thing.flags.is_empty()
        {
            assert_eq!(thing.last.as_ref(), Some(destroyed), "{key} went on after its end");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_tried_the_state_stays_possible(attempts in proptest::collection::vec(tries(), 1..40)) {
        let (mut world, codes, things) = free_world();
        let (before, start, moment) = (world.rows.clone(), world.height, world.moment());
        let mut taken: Vec<Submission> = Vec::new();
        for (number, attempt) in attempts.iter().enumerate() {
            let (author, deed) = deed(number, attempt, &codes, &things);
            let submission = world.sign(author, &deed);
            if world.execute(&submission).is_ok() {
                taken.push(submission);
            }
        }
        audit(&world);
        prop_assert!(world.height.get() == start.get() + taken.len() as u64);

        // The same records in one block lead to the same data, twice to the same rows, and not at all out of order.
        let once = execute_all(&before, &moment, &taken).unwrap();
        let twice = execute_all(&before, &moment, &taken).unwrap();
        prop_assert_eq!(&once, &twice);
        let data: BTreeMap<_, _> = once.rows.iter().map(|(key, row)| (key, &row.data)).collect();
        for (key, data) in data {
            prop_assert_eq!(data, &world.rows[key].data);
        }
        if let Some(last) = taken.last() {
            let mut repeated = taken.clone();
            repeated.push(last.clone());
            let at = repeated.len() - 1;
            let refused = execute_all(&before, &moment, &repeated);
            prop_assert!(matches!(refused, Err(Invalid::Refused { index, .. }) if index == at), "{:?}", refused);
        }
    }
}
