//! Random records, valid and not, against what a ledger that is executed from its beginning says.

use std::{collections::BTreeMap, sync::Arc};

use hefu_contracts::{receipt::Status, refusal::Refusal};
use hefu_keys::Hash;

use super::{Codes, Deed, Judged, Next, REFILL, Scene, dice::Dice};
use crate::{
    store::{Memory, Rocks, Store, create_store},
    world::World,
};

const SEEDS: u64 = 12;
const STEPS: u64 = 160;

/// A run in which hardly anything took effect has tested nothing.
const RECORDS_MIN: u64 = 15;

/// Several validators with pools of their own, one of which builds each block.
struct Play {
    dice: Dice,
    scenes: Vec<Scene>,
    codes: Codes,
    open: BTreeMap<Hash, usize>,
}

impl Play {
    fn new(seed: u64, stores: Vec<Arc<dyn Store>>) -> Play {
        let mut scenes: Vec<Scene> = stores.into_iter().map(|store| Scene::on(store, World::new(4))).collect();
        let mut codes = None;
        for scene in &mut scenes {
            codes = Some(scene.prepare(24));
        }
        Play { dice: Dice::new(seed), scenes, codes: codes.expect("a scene"), open: BTreeMap::new() }
    }

    /// Hands a random record in at a random validator.
    fn record(&mut self) {
        let at = self.dice.below(self.scenes.len() as u64) as usize;
        let author = self.dice.pick(&["corenest", "corenest", "huaxu", "huaxu", "yueling", "puyan", "line", "nobody"]);
        let code = self.dice.below(self.codes.count());
        let scene = &mut self.scenes[at];
        let deed = match self.dice.below(8) {
            0 => Deed::product(REFILL, self.dice.below(4)),
            1 => Deed::grant("line", &[self.dice.pick(&["admin", "capture", "catalogue"])]),
            2 => Deed::revoke("line"),
            3 | 4 => {
                let count = 1 + self.dice.below(3).min(self.codes.count() - code - 1);
                self.codes.commission(&scene.world, code, count)
            }
            5 => Deed::event(&scene.world, "DELETE", "destroying", &[self.codes.epc(code)]),
            _ => Deed::event(
                &scene.world,
                "OBSERVE",
                self.dice.pick(&["inspecting", "storing"]),
                &[self.codes.epc(code)],
            ),
        };
        // Numbers collide between validators, as they do when one key signs on two devices.
        let seq = 1 + self.dice.below(200);
        let submission = scene.world.sign_as(author, &deed, seq);
        let root = scene.root();
        let known = scene.core.waiting();
        match scene.admit(submission) {
            Ok(receipt) if receipt.status == Status::Pending => drop(self.open.insert(receipt.id, at)),
            Ok(_) => {}
            Err(refusal) => unchanged(scene, &refusal, root, known),
        }
    }

    /// A random validator builds a block, all judge it, all commit it.
    fn block(&mut self) {
        let proposer = self.dice.below(self.scenes.len() as u64) as usize;
        let built = self.scenes[proposer].build(0);
        for (left, _) in &built.left {
            self.open.remove(&left.sealed.id());
        }
        let mut roots = Vec::new();
        for (number, scene) in self.scenes.iter_mut().enumerate() {
            if number != proposer {
                assert_eq!(scene.judge(built.body.clone(), true), Judged::Valid(built.block));
            }
            let next = if self.dice.below(2) == 0 { Next::Elsewhere } else { Next::Any };
            let committed = scene.commit_before(&built.block, next);
            for done in &committed.finals {
                self.open.remove(&done.receipt.id);
            }
            for (left, _) in &committed.left {
                self.open.remove(&left.sealed.id());
            }
            roots.push(scene.root());
            scene.world.wait(1_000);
        }
        assert!(roots.windows(2).all(|pair| pair[0] == pair[1]), "the validators have different registers");
    }
}

fn unchanged(scene: &Scene, refusal: &Refusal, root: Hash, waiting: usize) {
    assert_eq!((scene.root(), scene.core.waiting()), (root, waiting), "refused ({refusal}), yet something changed");
}

fn play(seed: u64, stores: Vec<Arc<dyn Store>>) -> Play {
    println!("seed {seed}");
    let mut play = Play::new(seed, stores);
    for _ in 0..STEPS {
        match play.dice.below(6) {
            0 => play.block(),
            _ => play.record(),
        }
    }
    // Whatever still waits is taken when its validator's turn comes, or leaves with a reason.
    for _ in 0..3 * play.scenes.len() {
        play.block();
    }
    for number in 0..play.scenes.len() {
        let built = play.scenes[number].build(9);
        let waits = play.scenes[number].core.waiting();
        let taken = super::super::body::Body::cut(built.body).expect("a block").records.len();
        assert_eq!(taken, waits, "what waits is what a block takes");
    }
    play
}

#[test]
fn random_records_lead_to_one_state_that_can_be_executed_again() {
    for seed in 0..SEEDS {
        let stores: Vec<Arc<dyn Store>> = vec![Arc::new(Memory::new()), Arc::new(Memory::new())];
        let play = play(seed, stores);
        let reports: Vec<_> = play.scenes.iter().map(Scene::verify).collect();
        assert_eq!(reports[0].register, reports[1].register);
        assert!(reports[0].records >= RECORDS_MIN, "seed {seed} has only {} records", reports[0].records);
    }
}

#[test]
fn rocksdb_and_memory_hold_the_same() {
    let directory = tempfile::tempdir().expect("a directory");
    let genesis = World::new(4).genesis().clone();
    create_store(directory.path(), &genesis).expect("created");
    let rocks: Arc<dyn Store> = Arc::new(Rocks::open(directory.path(), &genesis).expect("opened"));
    let play = play(77, vec![Arc::new(Memory::new()), rocks]);
    let [memory, rocks] = &play.scenes[..] else { panic!("two validators") };
    let (mut a, b) = (memory.verify(), rocks.verify());
    // Private values are where they were handed in.
    a.compared.values = b.compared.values;
    assert_eq!(a, b);
}
