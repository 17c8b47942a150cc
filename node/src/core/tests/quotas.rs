//! Quotas: what the door turns away, what a block leaves for the next one, and whose turn it is.

use std::sync::Arc;

use hefu_contracts::{
    genesis::Parameters,
    parties::{Allowance, Quota},
    refusal::Code,
};

use super::{Deed, Judged, REFILL, Scene, World};
use crate::{core::candidates::Judgement, store::Memory};

/// A chain on which everybody may record so many records in a block and in a day.
fn scene(per_block: u64, per_day: u64) -> Scene {
    let default = Quota::default();
    let of = |allowance: Allowance| Allowance { records_per_block: per_block, records_per_day: per_day, ..allowance };
    let quota = Some(Quota { key: of(default.key), organisation: of(default.organisation) });
    Scene::on(Arc::new(Memory::new()), World::new(4).with_parameters(Parameters { quota, ..Parameters::default() }))
}

/// Versions of a trade item, handed in one after another.
fn products(scene: &mut Scene, versions: std::ops::RangeInclusive<u64>) {
    for version in versions {
        scene.takes("corenest", &Deed::product(REFILL, version));
    }
}

#[test]
fn the_door_turns_away_what_is_above_the_quota_with_what_waits_counted_in() {
    let mut scene = scene(1_000, 5);
    products(&mut scene, 1..=2);
    scene.block();
    products(&mut scene, 3..=5);
    scene.refuses("corenest", &Deed::product(REFILL, 6), Code::QuotaKey);
    scene.takes("huaxu", &Deed::grant("line", &["capture"]));
    assert_eq!(scene.block().finals.len(), 4);
    scene.refuses("corenest", &Deed::product(REFILL, 6), Code::QuotaKey);
    scene.world.wait(24 * 60 * 60 * 1_000);
    scene.takes("corenest", &Deed::product(REFILL, 6));
    assert_eq!(scene.block().finals.len(), 1);
    scene.verify();
}

#[test]
fn what_is_above_the_quota_of_a_block_waits_for_the_next_one() {
    let mut scene = scene(2, 1_000);
    products(&mut scene, 1..=5);
    scene.takes("huaxu", &Deed::grant("line", &["capture"]));
    assert_eq!(scene.core.waiting(), 6);
    let committed: Vec<usize> = (0..3).map(|_| scene.block().finals.len()).collect();
    assert_eq!((committed, scene.core.waiting()), (vec![3, 2, 1], 0), "nothing is dropped");
    scene.verify();
}

#[test]
fn a_block_with_more_of_somebody_than_its_quota_is_invalid() {
    let mut scene = scene(2, 1_000);
    products(&mut scene, 1..=2);
    let body = scene.build(0).body;
    let third = scene.world.sign("corenest", &Deed::product(REFILL, 3));
    let third = String::from_utf8(third).expect("text");
    let sealed = crate::core::Sealed::read(third.clone().into_bytes()).expect("sound");
    let seal = sealed.submission().record().seal;
    let above = super::rewritten(&body, |header, records| {
        let seals: Vec<_> = records.iter().map(|text| seal_of(text)).chain([seal]).collect();
        records.push(third);
        header.records = hefu_contracts::block::records_root(seals.iter());
        header.builder = super::world::validator(1).address();
    });
    let Judged::Invalid(block) = scene.judge(above, true) else { panic!("it is valid") };
    let judgement = scene.core.candidates.get(&block).map(|candidate| &candidate.judgement);
    let why = |why: &String| why == "record 2 is more than its author may have of a block";
    assert!(judgement.is_some_and(|one| matches!(one, Judgement::Invalid(said) if why(said))), "for another reason");
}

fn seal_of(text: &str) -> hefu_keys::Hash {
    crate::core::Sealed::read(text.as_bytes().to_vec()).expect("sound").submission().record().seal
}

#[test]
fn a_waiting_record_leaves_when_others_have_used_up_the_quota() {
    let mut scene = scene(1_000, 3);
    let quota = scene.world.genesis().parameters.clone();
    let mut rival = Scene::on(Arc::new(Memory::new()), World::new(4).with_parameters(quota));
    for version in 1..=3 {
        rival.takes("corenest", &Deed::product(REFILL, version));
    }
    let other = "09528880010038";
    let mine = scene.world.sign_as("corenest", &Deed::product(other, 1), 9);
    let mine = scene.admit(mine).expect("taken").id;
    let Judged::Valid(block) = scene.judge(rival.build(0).body, true) else { panic!("a valid block") };
    let committed = scene.commit(&block);
    let left: Vec<_> = committed.left.iter().map(|(left, receipt)| (receipt.id, left.refusal.code)).collect();
    assert_eq!(left, [(mine, Code::QuotaKey)]);
}

#[test]
fn a_limit_set_while_records_wait_holds_for_them() {
    let mut scene = Scene::new();
    for item in ["09528880010021", "09528880010038", "09528880010045", "09528880010106"] {
        scene.takes("corenest", &Deed::product(item, 1));
    }
    let default = Quota::default();
    let few = |allowance: Allowance| Allowance { records_per_day: 2, ..allowance };
    let limits = Quota { key: few(default.key), organisation: few(default.organisation) };
    let body = serde_json::json!({"limits": limits, "party": "corenest"});
    scene.takes("corenest", &Deed::new(hefu_contracts::action::Action::QuotaSet, body));
    // It comes first, so only two of those that waited before it are still within the quota.
    let built = scene.build(0);
    assert_eq!(built.left.len(), 2);
    assert!(built.left.iter().all(|(left, _)| left.refusal.code == Code::QuotaKey), "{:?}", built.left);
    let block = built.block;
    assert_eq!(scene.commit(&block).finals.len(), 3);
    scene.verify();
}

#[test]
fn organisations_take_turns_where_more_waits_than_a_block_holds() {
    let mut scene = Scene::new();
    // More than a block holds, with so many things that two of these records are too many for its rows.
    for round in 0..15 {
        let things = (0..5_000).map(|at| format!("https://id.gs1.org/01/04012345999990/21/long-{round:02}-{at:09}"));
        let observed = Deed::event(&scene.world, "OBSERVE", "inspecting", &things.collect::<Vec<_>>());
        scene.takes("corenest", &observed);
    }
    let theirs = scene.takes("huaxu", &Deed::grant("line", &["capture"]));
    let ours = scene.takes("yueling", &Deed::grant("other", &["capture"]));
    let finals: Vec<_> = scene.block().finals.iter().map(|one| one.receipt.id).collect();
    assert_eq!((finals.len(), &finals[1..]), (3, &[theirs, ours][..]), "nobody is behind all that another has waiting");
}
