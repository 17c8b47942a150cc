//! What is still there after everything in memory is lost.

use super::{Deed, Judged, REFILL, Scene, millis, open, rewritten, world};

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
