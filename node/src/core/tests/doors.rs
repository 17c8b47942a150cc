//! What is let in, what waits, and what leaves.

use hefu_contracts::{receipt::Status, refusal::Code, time::Millis};

use super::{Deed, REFILL, Scene};
use crate::core::{Admission, Sealed};

#[test]
fn a_record_waits_until_a_block_takes_it() {
    let mut scene = Scene::new();
    let submission = scene.world.sign("corenest", &Deed::product(REFILL, 1));
    let receipt = scene.admit(submission).expect("taken");
    assert_eq!((receipt.status, receipt.height), (Status::Pending, None));
    assert_eq!(scene.core.waiting(), 1);

    let committed = scene.block();
    let settled = &committed.finals[0].receipt;
    assert_eq!((settled.id, settled.status, settled.index), (receipt.id, Status::Final, Some(0)));
    assert_eq!(settled.time, committed.time, "a final receipt says the block's time");
    assert_eq!(scene.core.waiting(), 0);
}

#[test]
fn the_same_record_again_gets_its_present_answer() {
    let mut scene = Scene::new();
    let submission = scene.world.sign("corenest", &Deed::product(REFILL, 1));
    let first = scene.admit(submission.clone()).expect("taken");
    assert_eq!(scene.admit(submission.clone()), Ok(first.clone()));
    assert_eq!(scene.core.waiting(), 1, "it waits once");
    scene.block();
    let again = scene.admit(submission).expect("known");
    assert_eq!((again.id, again.status, again.height), (first.id, Status::Final, Some(scene.core.height())));
}

#[test]
fn what_depends_on_a_waiting_record_is_taken_at_once() {
    let (mut scene, codes) = Scene::with_codes(4);
    let commission = codes.commission(&scene.world, 0, 2);
    scene.takes("huaxu", &commission);
    let observe = Deed::event(&scene.world, "OBSERVE", "inspecting", &[codes.epc(0)]);
    scene.takes("huaxu", &observe);
    let committed = scene.block();
    assert_eq!(committed.finals.len(), 2);
    scene.verify();
}

#[test]
fn what_a_rule_speaks_against_is_refused_and_changes_nothing() {
    let (mut scene, codes) = Scene::with_codes(4);
    let root = scene.root();
    let observe = Deed::event(&scene.world, "OBSERVE", "inspecting", &[codes.epc(0)]);
    scene.refuses("huaxu", &observe, Code::ItemNotCommissioned);
    scene.refuses("corenest", &Deed::product(REFILL, 3), Code::ProductVersion);
    scene.refuses("nobody", &Deed::product(REFILL, 2), Code::KeyUnknown);
    assert_eq!(scene.core.waiting(), 0);
    scene.block();
    let unchanged = scene.root();
    assert_eq!(root, unchanged, "an empty block changes no row");
}

#[test]
fn of_two_conflicting_records_the_second_is_refused_while_the_first_waits() {
    let (mut scene, codes) = Scene::with_codes(4);
    let commission = codes.commission(&scene.world, 0, 1);
    let first = scene.takes("huaxu", &commission);
    let submission = scene.world.sign("yueling", &codes.commission(&scene.world, 0, 1));
    let refusal = scene.admit(submission).expect_err("taken twice");
    assert_eq!((refusal.code, refusal.conflict), (Code::ItemCommissioned, Some(first)));
}

/// A second core on the same chain, whose pool holds something else.
fn rival(scene: &mut Scene) -> Scene {
    let store = std::sync::Arc::new(crate::store::Memory::new());
    let mut rival = Scene::on(store, super::World::new(4));
    for height in 1..=scene.core.height().get() {
        let served = scene.core.decided(height..=height, usize::MAX).expect("served").remove(0);
        rival.world.now = scene.world.now;
        assert!(matches!(rival.judge(served.body, false), super::Judged::Valid(_)));
        rival.commit(&served.certificate.block);
    }
    rival
}

#[test]
fn a_record_that_loses_a_race_leaves_with_a_receipt() {
    let (mut scene, codes) = Scene::with_codes(4);
    let mut rival = rival(&mut scene);
    let winner = rival.takes("yueling", &codes.commission(&rival.world, 0, 1));
    let loser = scene.takes("huaxu", &codes.commission(&scene.world, 0, 1));
    let after = Deed::event(&scene.world, "OBSERVE", "inspecting", &[codes.epc(0)]);
    let depends = scene.takes("huaxu", &after);
    let stays = scene.takes("corenest", &Deed::product(REFILL, 2));

    let body = rival.build(0).body;
    let super::Judged::Valid(block) = scene.judge(body, true) else { panic!("a valid block") };
    let committed = scene.commit(&block);
    let left: Vec<_> = committed.left.iter().map(|(left, receipt)| (receipt.id, left.refusal.code)).collect();
    assert_eq!(left, [(loser, Code::ItemCommissioned)], "the observation holds for the winner's item as well");
    assert_eq!(committed.left[0].0.refusal.conflict, Some(winner));
    let receipt = scene.core.receipt(scene.world.now, &loser).expect("no fault").expect("remembered");
    assert_eq!(
        (receipt.status, receipt.code, receipt.conflict),
        (Status::Refused, Some(Code::ItemCommissioned), Some(winner))
    );

    assert_eq!(scene.core.waiting(), 2);
    let finals: Vec<_> = scene.block().finals.iter().map(|one| one.receipt.id).collect();
    assert_eq!(finals, [depends, stays]);
    scene.verify();
}

#[test]
fn a_sequence_number_that_another_record_has_used_meanwhile_loses_its_place() {
    let (mut scene, _) = Scene::with_codes(1);
    let mut rival = rival(&mut scene);
    // The same key on two devices, with the same number.
    let theirs = rival.world.sign_as("corenest", &Deed::product(REFILL, 2), 9);
    rival.admit(theirs).expect("taken");
    let other = "09528880010038";
    let mine = scene.world.sign_as("corenest", &Deed::product(other, 1), 9);
    scene.admit(mine).expect("taken");
    let next = scene.world.sign_as("corenest", &Deed::product(other, 1), 10);
    assert_eq!(scene.admit(next).expect_err("the first waits").code, Code::ProductVersion);
    let stays = scene.world.sign_as("corenest", &Deed::product("09528880010045", 1), 11);
    scene.admit(stays).expect("taken");

    let body = rival.build(0).body;
    let super::Judged::Valid(block) = scene.judge(body, true) else { panic!("a valid block") };
    let committed = scene.commit(&block);
    assert_eq!(committed.left.len(), 1);
    assert_eq!(committed.left[0].0.refusal.code, Code::SeqUsed);
    assert_eq!(scene.core.waiting(), 1);
    let again = scene.world.sign_as("corenest", &Deed::product(other, 1), 9);
    assert_eq!(scene.admit(again).expect_err("used").code, Code::SeqUsed, "the window of the waiting moved along");
    assert_eq!(scene.block().finals.len(), 1);
}

#[test]
fn records_of_a_key_that_a_block_revokes_leave() {
    let mut scene = Scene::new();
    scene.takes("corenest", &Deed::grant("line", &["catalogue"]));
    scene.block();
    let mut rival = rival(&mut scene);
    let revoke = rival.world.sign_as("corenest", &Deed::revoke("line"), 2);
    rival.admit(revoke).expect("taken");
    let waits = scene.world.sign_as("line", &Deed::product(REFILL, 1), 1);
    scene.admit(waits).expect("taken");
    let body = rival.build(0).body;
    let super::Judged::Valid(block) = scene.judge(body, true) else { panic!("a valid block") };
    let committed = scene.commit(&block);
    assert_eq!(committed.left.len(), 1);
    assert_eq!(committed.left[0].0.refusal.code, Code::KeyRevoked);
}

#[test]
fn a_record_that_expires_while_it_waits_leaves() {
    let mut scene = Scene::new();
    let brief = Deed { expires_within: Millis(2_000), ..Deed::product(REFILL, 1) };
    let id = scene.takes("corenest", &brief);
    let built = scene.build(0);
    scene.world.wait(10_000);
    // A round passes; the block of another validator is decided, without the record.
    let empty = super::rewritten(&built.body, |header, records| {
        records.clear();
        header.records = hefu_keys::Hash::ZERO;
        header.register = scene.root();
        header.builder = super::world::validator(1).address();
    });
    let super::Judged::Valid(block) = scene.judge(empty, true) else { panic!("a valid block") };
    let committed = scene.commit(&block);
    let (left, receipt) = &committed.left[0];
    assert_eq!((left.refusal.code, receipt.status, receipt.id), (Code::RecordExpired, Status::Expired, id));
}

#[test]
fn a_refused_record_may_be_tried_anew() {
    let (mut scene, codes) = Scene::with_codes(2);
    let observe = Deed::event(&scene.world, "OBSERVE", "inspecting", &[codes.epc(0)]);
    let early = scene.world.sign("huaxu", &observe);
    assert_eq!(scene.admit(early.clone()).expect_err("too early").code, Code::ItemNotCommissioned);
    let commission = codes.commission(&scene.world, 0, 1);
    scene.takes("yueling", &commission);
    assert_eq!(scene.admit(early).expect("now it holds").status, Status::Pending);
}

/// A record of so many bytes about a thing of somebody's own.
fn large(scene: &mut Scene, who: &str, number: usize, bytes: usize) -> Vec<u8> {
    let item = format!("https://id.gs1.org/01/04012345999990/21/{who}{number}");
    let mut deed = Deed::event(&scene.world, "OBSERVE", "inspecting", &[item]);
    // A private value, so that only the limit by bytes is met.
    let value = serde_json::json!([{"type": "x".repeat(bytes)}]);
    deed.values.insert("/body/event/bizTransactionList".to_owned(), value);
    scene.world.sign(who, &deed)
}

/// Hands records of half a megabyte in, signed by one key, until one is turned away; how many were taken.
fn flood(scene: &mut Scene, who: &str) -> usize {
    for taken in 0.. {
        let submission = large(scene, who, taken, 500_000);
        if let Err(refused) = scene.admit(submission) {
            assert_eq!(refused.code, Code::PoolFull, "{refused}");
            return taken;
        }
    }
    0
}

#[test]
fn a_flood_by_one_organisation_leaves_room_for_others_and_a_full_pool_for_revocations() {
    let mut scene = Scene::new();
    scene.takes("corenest", &Deed::grant("line", &["catalogue"]));
    scene.block();
    let ordinary = super::super::POOL_BYTES_MAX / 10 * 9 / 501_000;
    assert_eq!(flood(&mut scene, "huaxu"), ordinary / 2, "half of what may wait");
    assert_eq!(flood(&mut scene, "yueling"), ordinary / 2);
    assert!(flood(&mut scene, "corenest") <= 1, "nothing is left but the lane for revocations");
    let submission = scene.world.sign("corenest", &Deed::revoke("line"));
    scene.admit(submission).expect("taken although the pool is full");
}

#[test]
fn what_must_be_taken_together_needs_room_for_all_of_it() {
    let mut scene = Scene::new();
    let taken = flood(&mut scene, "huaxu");
    let mut next = |number: usize, bytes: usize| {
        let submission = large(&mut scene, "huaxu", taken + number, bytes);
        std::sync::Arc::new(Sealed::read(submission).expect("sound"))
    };
    let pairs: Vec<_> =
        (1..50).map(|size| [next(2 * size, size * 10_000), next(2 * size + 1, size * 10_000)]).collect();
    let check =
        |together: &[std::sync::Arc<Sealed>]| scene.core.check_together(scene.world.now, together).expect("no fault");
    // How much is left depends on how long a record is beside its value.
    let refused = pairs.iter().filter(|pair| pair.iter().all(|one| check(std::slice::from_ref(one)).is_none()));
    let refused: Vec<_> = refused.filter_map(|pair| check(pair)).collect();
    assert!(!refused.is_empty(), "of two that have room, both have it");
    assert!(refused.iter().all(|(at, refusal)| (*at, refusal.code) == (1, Code::PoolFull)), "{refused:?}");
}

#[test]
fn a_block_takes_revocations_first() {
    let mut scene = Scene::new();
    scene.takes("corenest", &Deed::grant("line", &["catalogue"]));
    scene.block();
    for version in 1..4 {
        scene.takes("corenest", &Deed::product(REFILL, version));
    }
    let revocation = scene.takes("corenest", &Deed::revoke("line"));
    let finals = scene.block().finals;
    assert_eq!((finals.len(), finals[0].receipt.id), (4, revocation));
}

#[test]
fn a_wrong_signature_is_rejected_before_anything_else() {
    let mut scene = Scene::new();
    let submission = scene.world.sign("corenest", &Deed::product(REFILL, 1));
    let text = String::from_utf8(submission).expect("text");
    let other = scene.world.sign("corenest", &Deed::product(REFILL, 1));
    let other = String::from_utf8(other).expect("text");
    let value =
        |text: &str| text.split("\"proofValue\":\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
    let (mine, theirs) = (value(&text).expect("signed"), value(&other).expect("signed"));
    let rejected = Sealed::read(text.replace(&mine, &theirs).into_bytes()).expect_err("forged");
    assert_eq!(rejected.refusal.code, Code::Signature);
    assert!(rejected.id.is_some());
}

#[test]
fn detached_values_are_kept_with_the_block() {
    let (mut scene, codes) = Scene::with_codes(2);
    scene.takes("huaxu", &codes.commission(&scene.world, 0, 1));
    let observe = Deed::event(&scene.world, "OBSERVE", "inspecting", &[codes.epc(0)]).with_transactions();
    scene.takes("huaxu", &observe);
    scene.block();
    assert_eq!(scene.verify().compared.values, 1);
}

#[test]
fn a_record_that_waits_with_its_values_is_recognised_in_the_block_of_another() {
    let (mut scene, codes) = Scene::with_codes(2);
    scene.takes("huaxu", &codes.commission(&scene.world, 0, 1));
    scene.block();
    let mut rival = rival(&mut scene);
    let observe = Deed::event(&scene.world, "OBSERVE", "inspecting", &[codes.epc(0)]).with_transactions();
    let submission = scene.world.sign("huaxu", &observe);
    rival.admit(submission.clone()).expect("taken");
    scene.admit(submission).expect("taken");
    let body = rival.build(0).body;
    let super::Judged::Valid(block) = scene.judge(body, true) else { panic!("a valid block") };
    assert_eq!(scene.commit(&block).finals.len(), 1);
    assert_eq!(scene.verify().compared.values, 1, "they are kept here too");
}

#[test]
fn an_admission_tells_whether_others_must_hear_of_it() {
    let mut scene = Scene::new();
    let submission = scene.world.sign("corenest", &Deed::product(REFILL, 1));
    let mut admit = || {
        let sealed = Sealed::read(submission.clone()).expect("sound");
        scene.core.admit(scene.world.now, sealed).expect("no fault")
    };
    assert!(matches!(admit(), Admission::Taken(..)));
    assert!(matches!(admit(), Admission::Known(_)));
}
