//! What is still there after everything in memory is lost.

use std::sync::Arc;

use hefu_contracts::schema::Table;

use super::{Deed, Judged, REFILL, Scene, millis, open, rewritten, world};
use crate::{core::Core, store::Batch};

/// The same store, with everything in memory forgotten.
fn restart(scene: Scene) -> Scene {
    let Scene { world, store, core } = scene;
    drop(core);
    let core = open(&world, &store);
    Scene { world, store, core }
}

#[test]
fn a_chain_continues_where_its_store_ends() {
    let (mut scene, codes) = Scene::with_codes(4);
    scene.takes("huaxu", &codes.commission(&scene.world, 0, 2));
    scene.block();
    let (height, root) = (scene.core.height(), scene.root());
    let mut scene = restart(scene);
    assert_eq!((scene.core.height(), scene.root()), (height, root));
    scene.takes("huaxu", &codes.commission(&scene.world, 2, 2));
    assert_eq!(scene.block().finals.len(), 1);
    scene.verify();
}

#[test]
fn a_proposal_survives_and_is_repeated() {
    let mut scene = Scene::new();
    scene.takes("corenest", &Deed::product(REFILL, 1));
    let built = scene.build(0);
    let mut scene = restart(scene);
    scene.world.wait(5_000);
    let again = scene.build(0);
    assert_eq!((again.block, &again.body), (built.block, &built.body));
    let undecided = scene.core.undecided(scene.world.now, 1);
    assert_eq!(undecided.len(), 1);
    assert!(undecided[0].valid && undecided[0].block == built.block);
    assert_eq!(scene.commit(&built.block).finals.len(), 1);
    assert!(scene.core.undecided(scene.world.now, 2).is_empty());
    scene.verify();
}

#[test]
fn blocks_of_others_survive_with_their_judgement() {
    let mut scene = Scene::new();
    scene.takes("corenest", &Deed::product(REFILL, 1));
    let body = scene.build(0).body;
    let mut other = Scene::new();
    let Judged::Valid(valid) = other.judge(body.clone(), true) else { panic!("a valid block") };
    let lie = rewritten(&body, |header, _| header.builder = world::key("nobody").address());
    let Judged::Invalid(invalid) = other.judge(lie, true) else { panic!("an invalid block") };
    let mut other = restart(other);
    let undecided = other.core.undecided(other.world.now, 1);
    let mut found: Vec<_> = undecided.iter().map(|one| (one.block, one.valid)).collect();
    found.sort();
    let mut expected = vec![(valid, true), (invalid, false)];
    expected.sort();
    assert_eq!(found, expected);
    other.commit(&valid);
}

/// Bytes that its header does not bind say nothing about a block: neither that it is invalid nor that it never came.
#[test]
fn a_block_that_a_disk_has_changed_is_not_judged() {
    let mut scene = Scene::new();
    scene.takes("corenest", &Deed::product(REFILL, 1));
    let body = scene.build(0).body;
    let mut other = Scene::new();
    let Judged::Valid(id) = other.judge(body, true) else { panic!("a valid block") };
    let mut stored = other.store.view().get(Table::Candidates, id.as_bytes()).expect("read").expect("a block");
    let signature = b"\"proofValue\":\"";
    let at = stored.windows(signature.len()).position(|window| window == signature).expect("signed") + 40;
    stored[at] = if stored[at] == b'2' { b'3' } else { b'2' };
    let mut batch = Batch::default();
    batch.put(Table::Candidates, *id.as_bytes(), stored);
    other.store.write(batch).expect("written");
    let Scene { world, store, core } = other;
    drop(core);
    let genesis = Arc::new(world.genesis().clone());
    let fault = Core::open(store, &genesis, world::validator(0).address()).err().expect("refused");
    let words = crate::ledger::describe(&fault);
    assert!(words.contains("candidates") && words.contains("damaged"), "{words}");
}

#[test]
fn a_decision_right_after_a_restart_is_committed() {
    let mut scene = Scene::new();
    scene.takes("corenest", &Deed::product(REFILL, 1));
    let built = scene.build(0);
    let mut scene = restart(scene);
    assert_eq!(scene.commit(&built.block).finals.len(), 1);
    scene.verify();
}

#[test]
fn a_block_that_was_held_back_is_still_held_back() {
    let mut scene = Scene::new();
    let body = scene.build(0).body;
    let mut other = Scene::new();
    other.world.now = millis(scene.world.now, -10_000);
    assert_eq!(other.judge(body, true), Judged::HeldBack);
    let other = restart(other);
    assert!(other.core.undecided(other.world.now, 1).is_empty());
    assert_eq!(other.core.undecided(scene.world.now, 1).len(), 1);
}
