//! A machine that fails: nothing is promised any more.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use hefu_contracts::schema::Table;
use hefu_keys::Hash;

use super::{Deed, Judged, Next, REFILL, Scene, World, open, rewritten};
use crate::{
    core::{Core, Proposal},
    store::{Batch, Mark, Memory, Store, StoreError, View, bucket_key, found},
    world,
};

/// A disk that can be made to refuse.
#[derive(Clone)]
struct Disk {
    memory: Memory,
    broken: Arc<AtomicBool>,
}

impl Disk {
    fn new() -> Disk {
        Disk { memory: Memory::new(), broken: Arc::default() }
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.broken.load(Ordering::Relaxed) {
            true => Err(StoreError::missing(Table::Tip, "the disk")),
            false => Ok(()),
        }
    }
}

impl Store for Disk {
    fn view(&self) -> Arc<dyn View> {
        self.memory.view()
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        self.check()?;
        self.memory.write(batch)
    }

    fn commit(&self, batch: Batch, mark: Mark) -> Result<(), StoreError> {
        self.check()?;
        self.memory.commit(batch, mark)
    }
}

#[test]
fn nothing_is_proposed_that_is_not_on_the_disk() {
    let disk = Disk::new();
    let mut scene = Scene::on(Arc::new(disk.clone()), World::new(4));
    scene.takes("corenest", &Deed::product(REFILL, 1));
    disk.broken.store(true, Ordering::Relaxed);
    assert!(scene.core.build(scene.world.now, 1, 0).is_err());
    assert!(scene.core.undecided(scene.world.now, 1).is_empty());
}

/// Large blocks are written while they are hashed; that must not make a difference.
#[test]
fn nothing_is_said_of_a_block_that_is_not_on_the_disk() {
    for records in [1, 300] {
        let mut proposer = Scene::new();
        for number in 0..records {
            let item = format!("https://id.gs1.org/01/04012345999990/21/{number}");
            let deed = Deed::event(&proposer.world, "OBSERVE", "inspecting", &[item]);
            proposer.takes(["corenest", "huaxu", "yueling", "puyan"][number % 4], &deed);
        }
        let built = proposer.build(0);
        let disk = Disk::new();
        let mut other = Scene::on(Arc::new(disk.clone()), World::new(4));
        let lie = rewritten(&built.body, |header, _| header.register = Hash::ZERO);
        for body in [&built.body, &lie] {
            let proposal = Proposal { height: 1, round: 0, block: None, fresh: true };
            let bound = other.core.prepare(&proposal, body.clone()).bind();
            disk.broken.store(true, Ordering::Relaxed);
            assert!(other.core.validate(other.world.now, &proposal, bound).is_err());
            assert!(other.core.undecided(other.world.now, 1).is_empty());
            disk.broken.store(false, Ordering::Relaxed);
        }
        assert_eq!(other.judge(built.body, true), Judged::Valid(built.block));
        assert!(matches!(other.judge(lie, true), Judged::Invalid(_)));
        let Scene { world, store, core } = other;
        drop(core);
        let core = open(&world, &store);
        let valid = core.undecided(world.now, 1).iter().map(|one| one.valid).collect::<Vec<_>>();
        assert!(valid.len() == 2 && valid.contains(&true) && valid.contains(&false), "both are on the disk");
    }
}

#[test]
fn a_commit_that_fails_leaves_the_head_where_it_was() {
    let disk = Disk::new();
    let mut scene = Scene::on(Arc::new(disk.clone()), World::new(4));
    scene.takes("corenest", &Deed::product(REFILL, 1));
    let built = scene.build(0);
    let (header, _) = scene.core.candidate(1, &built.block).expect("a candidate");
    let root = scene.root();
    disk.broken.store(true, Ordering::Relaxed);
    assert!(scene.core.commit(scene.world.now, scene.world.certify(&header), Next::Any).is_err());
    assert_eq!((scene.core.height().get(), scene.root()), (0, root));
    // The process stops; the disk works again at the next start.
    disk.broken.store(false, Ordering::Relaxed);
    let Scene { world, store, core } = scene;
    drop(core);
    let core = open(&world, &store);
    let mut scene = Scene { world, store, core };
    assert_eq!(scene.commit(&built.block).finals.len(), 1);
    scene.verify();
}

#[test]
fn a_store_whose_register_is_not_the_certified_one_is_not_opened() {
    let mut scene = Scene::new();
    scene.takes("corenest", &Deed::product(REFILL, 1));
    scene.block();
    let Scene { world, store, core } = scene;
    let bucket = {
        let head = core.head().read().expect("not poisoned");
        let pairs = head.chain.view().scan(Table::Buckets, &[], None);
        let (key, bytes) = pairs.last().expect("a bucket").expect("read");
        (key, bytes)
    };
    drop(core);
    let mut batch = Batch::default();
    let mut changed = bucket.1.into_vec();
    *changed.last_mut().expect("a byte") ^= 1;
    batch.put(Table::Buckets, bucket.0.into_vec(), changed);
    store.write(batch).expect("written");
    let genesis = Arc::new(world.genesis().clone());
    let fault = Core::open(store, &genesis, world::validator(0).address()).err().expect("refused");
    let words = crate::ledger::describe(&fault);
    assert!(words.contains("certifies") && words.contains("verify --store"), "{words}");
}

#[test]
fn a_new_store_whose_register_is_not_that_of_genesis_is_not_opened() {
    let world = World::new(4);
    let store = Memory::new();
    found(&store, world.genesis()).expect("founded");
    let mut batch = Batch::default();
    (0..64).for_each(|index| batch.delete(Table::Buckets, bucket_key(index)));
    store.write(batch).expect("written");
    let genesis = Arc::new(world.genesis().clone());
    assert!(Core::open(Arc::new(store), &genesis, world::validator(0).address()).is_err());
}
