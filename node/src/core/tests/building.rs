//! What a block takes, and in which order.

use hefu_contracts::{
    block::{BODY_BYTES_MAX, Block},
    receipt::Status,
    refusal::Code,
};

use super::{Deed, Judged, Next, REFILL, Scene};
use crate::core::pool::Pool;

#[test]
fn a_chain_begins_with_an_empty_block() {
    let mut scene = Scene::new();
    let committed = scene.block();
    assert_eq!((committed.height.get(), committed.finals.len()), (1, 0));
    let report = scene.verify();
    assert_eq!((report.height.get(), report.records, report.precommits), (1, 0, 4));
}

#[test]
fn a_round_asked_for_twice_gets_the_same_block() {
    let mut scene = Scene::new();
    let first = scene.build(0);
    scene.takes("corenest", &Deed::product(REFILL, 1));
    scene.world.wait(60);
    assert_eq!(scene.build(0).body, first.body, "it was proposed already");
    let later = scene.build(3);
    assert_ne!(later.block, first.block, "another round may have another");
    assert_eq!(scene.commit(&first.block).finals.len(), 0);
    assert_eq!(scene.core.waiting(), 1);
}

#[test]
fn the_records_of_a_key_come_in_the_order_of_their_numbers() {
    let mut scene = Scene::new();
    let gtins = ["09528880010021", "09528880010038", "09528880010045"];
    let mut ids = Vec::new();
    for (gtin, seq) in gtins.iter().zip([3, 1, 2]) {
        let submission = scene.world.sign_as("corenest", &Deed::product(gtin, 1), seq);
        ids.push(scene.admit(submission).expect("taken").id);
    }
    let finals: Vec<_> = scene.block().finals.iter().map(|one| one.receipt.id).collect();
    assert_eq!(finals, [ids[1], ids[2], ids[0]]);
}

#[test]
fn what_comes_too_early_by_its_number_is_taken_in_the_end() {
    let (mut scene, codes) = Scene::with_codes(2);
    let commission = scene.world.sign_as("huaxu", &codes.commission(&scene.world, 0, 1), 2);
    let observe = Deed::event(&scene.world, "OBSERVE", "inspecting", &[codes.epc(0)]);
    let observe = scene.world.sign_as("huaxu", &observe, 1);
    let first = scene.admit(commission).expect("taken").id;
    let second = scene.admit(observe).expect("taken").id;
    let finals: Vec<_> = scene.block().finals.iter().map(|one| one.receipt.id).collect();
    assert_eq!(finals, [first, second]);
}

#[test]
fn a_block_is_never_larger_than_a_body_may_be() {
    let mut scene = Scene::new();
    // Values do not travel in blocks, lists do: 40 records of about 200 KB.
    let mut waiting = 0;
    for number in 0..40 {
        let things: Vec<String> = (0..4_000)
            .map(|serial| format!("https://id.gs1.org/01/04012345999990/21/{number:02}{serial:05}"))
            .collect();
        scene.takes("huaxu", &Deed::event(&scene.world, "OBSERVE", "inspecting", &things));
        waiting += 1;
    }
    let mut heights = 0;
    while scene.core.waiting() > 0 {
        let built = scene.build(0);
        assert!(built.body.len() <= BODY_BYTES_MAX);
        assert!(built.left.is_empty());
        waiting -= scene.commit(&built.block).finals.len();
        assert_eq!(scene.core.waiting(), waiting);
        heights += 1;
        scene.world.wait(1_000);
    }
    assert!(heights >= 10, "4,000 rows each, 10,000 a block");
    scene.verify();
}

#[test]
fn time_moves_on_even_when_the_clock_does_not() {
    let mut scene = Scene::new();
    let before = scene.block().time;
    scene.world.now = super::millis(before, -5_000);
    let after = scene.block().time;
    assert_eq!(after, super::millis(before, 1));
}

#[test]
fn a_record_that_no_block_can_take_leaves_when_one_is_built() {
    let mut scene = Scene::new();
    let mut soon = Deed::grant("line", &["catalogue"]);
    soon.body["grants"] = serde_json::json!([{"expires": super::millis(scene.world.now, 3_000), "role": "catalogue"}]);
    scene.takes("corenest", &soon);
    scene.block();
    let id = scene.takes("line", &Deed::product(REFILL, 1));
    // No block changes the row of the key, it just expires.
    scene.world.wait(10_000);
    let built = scene.build(0);
    let (left, receipt) = &built.left[0];
    assert_eq!((receipt.id, left.refusal.code, receipt.status), (id, Code::KeyExpired, Status::Refused));
    assert_eq!(scene.core.waiting(), 0);
    assert!(scene.commit(&built.block).finals.is_empty());
}

#[test]
fn a_height_that_is_not_the_next_is_a_fault() {
    let mut scene = Scene::new();
    let now = scene.world.now;
    assert!(scene.core.build(now, 2, 0).is_err());
    scene.block();
    assert!(scene.core.build(now, 1, 0).is_err());
}

/// Fills a pool with more than four blocks hold.
fn flood(scene: &mut Scene) -> usize {
    let mut waiting = 0;
    for number in 0..60 {
        let things: Vec<String> = (0..4_000)
            .map(|serial| format!("https://id.gs1.org/01/04012345999990/21/{number:02}{serial:05}"))
            .collect();
        let deed = Deed::event(&scene.world, "OBSERVE", "inspecting", &things);
        scene.takes(["huaxu", "yueling", "corenest"][number % 3], &deed);
        waiting += 1;
    }
    waiting
}

#[test]
fn the_next_block_is_built_while_one_is_written_where_more_waits_than_it_holds() {
    let mut scene = Scene::new();
    let mut other = Scene::new();
    scene.takes("corenest", &Deed::grant("line", &["capture"]));
    let first = scene.build(0);
    assert_eq!(other.judge(first.body, true), Judged::Valid(first.block));
    for one in [&mut scene, &mut other] {
        one.commit(&first.block);
        one.world.wait(1_000);
    }
    let mut waiting = flood(&mut scene);
    for _ in 0..3 {
        let built = scene.build(0);
        assert_eq!(other.judge(built.body.clone(), true), Judged::Valid(built.block));
        other.commit(&built.block);
        scene.world.wait(100);
        waiting -= scene.commit_before(&built.block, Next::Full).finals.len();
        assert_eq!(scene.core.waiting(), waiting, "what was begun still waits");
        assert!(scene.core.begun.is_some());
        let begun = scene.world.now;
        scene.world.wait(500);
        other.world.wait(500);
        let next = scene.build(0);
        let header = Block::cut(&next.body).expect("a block").header;
        assert_eq!((header.time, header.previous), (begun, built.block), "it was built then");
        assert!(scene.core.begun.is_none(), "it is used once");
        assert_eq!(scene.build(0).body, next.body, "and is that round's block from then on");
        assert_ne!(scene.build(1).block, next.block, "a later round has its own");
    }
    let last = scene.build(0).block;
    scene.commit_before(&last, Next::Full);
    assert!(scene.core.begun.is_some());
    let revoked = scene.takes("corenest", &Deed::revoke("line"));
    assert!(scene.core.begun.is_none(), "what cannot wait does not wait for a block more");
    let last = scene.build(0).block;
    let committed = scene.commit_before(&last, Next::Elsewhere);
    assert_eq!(committed.finals[0].receipt.id, revoked);
    assert!(scene.core.begun.is_none(), "somebody else builds");
    assert_eq!(scene.verify().height.get(), 6);
}

#[test]
fn a_block_that_what_waits_does_not_fill_is_not_begun() {
    let mut scene = Scene::new();
    scene.takes("corenest", &Deed::product(REFILL, 1));
    let built = scene.build(0);
    scene.takes("corenest", &Deed::grant("line", &["catalogue"]));
    scene.commit_before(&built.block, Next::Full);
    assert!(scene.core.begun.is_none(), "what comes until it is asked for has a place in it");
    let built = scene.build(0);
    scene.takes("corenest", &Deed::grant("another line", &["catalogue"]));
    scene.commit_before(&built.block, Next::Any);
    let begun = scene.core.begun.take();
    scene.core.keep_begun(begun);
    assert!(scene.core.begun.is_some(), "all that is in it still waits");
    let begun = scene.core.begun.take();
    scene.core.pool = Pool::default();
    scene.core.keep_begun(begun);
    assert!(scene.core.begun.is_none(), "a client was told that it has left");
}
