//! The core over a store in memory, driven by hand.

mod arriving;
mod building;
mod costs;
pub(crate) mod dice;
mod doors;
mod faults;
mod judging;
mod quotas;
mod random;
mod restarts;

use std::sync::Arc;

use bytes::Bytes;
use hefu_contracts::{
    block::{Block, Header},
    receipt::{Receipt, Status},
    refusal::{Code, Refusal},
    time::Time,
};
use hefu_keys::Hash;

use super::{Admission, Built, Committed, Core, Judged, Next, Proposal, Sealed};
use crate::{
    store::{Memory, Store, VerifyReport, found, verify_view},
    world::{self, Codes, Deed, REFILL, World},
};

/// A core with the world that it lives in.
pub(crate) struct Scene {
    pub world: World,
    pub store: Arc<dyn Store>,
    pub core: Core,
}

/// A core of the first validator on this store.
pub(crate) fn open(world: &World, store: &Arc<dyn Store>) -> Core {
    let genesis = Arc::new(world.genesis().clone());
    Core::open(store.clone(), &genesis, world::validator(0).address()).expect("a sound store")
}

impl Scene {
    /// A chain without blocks in memory.
    pub fn new() -> Scene {
        Scene::on(Arc::new(Memory::new()), World::new(4))
    }

    /// A chain without blocks on an empty store.
    pub fn on(store: Arc<dyn Store>, world: World) -> Scene {
        found(&*store, world.genesis()).expect("founded");
        let core = open(&world, &store);
        Scene { world, store, core }
    }

    /// A chain whose brand has a catalogue, makers with authority, and a batch of codes.
    pub fn with_codes(count: u64) -> (Scene, Codes) {
        let mut scene = Scene::new();
        let codes = scene.prepare(count);
        (scene, codes)
    }

    /// Fills the catalogue and issues codes, in one block.
    pub fn prepare(&mut self, count: u64) -> Codes {
        self.takes("corenest", &Deed::product(REFILL, 1));
        for maker in ["huaxu", "yueling"] {
            self.takes("corenest", &Deed::authority(maker));
        }
        let (codes, submission) = Codes::issue(&mut self.world, REFILL, count, 1);
        self.admit(submission).expect("issued");
        self.block();
        codes
    }

    /// Hands a submission in.
    pub fn admit(&mut self, submission: Vec<u8>) -> Result<Receipt, Refusal> {
        let sealed = Sealed::read(submission).map_err(|rejected| rejected.refusal)?;
        match self.core.admit(self.world.now, sealed).expect("no fault") {
            Admission::Taken(receipt, _) | Admission::Known(receipt) => Ok(receipt),
            Admission::Refused(refusal) => Err(refusal),
        }
    }

    /// A deed is taken into the pool; its record's id.
    #[track_caller]
    pub fn takes(&mut self, author: &str, deed: &Deed) -> Hash {
        let submission = self.world.sign(author, deed);
        let receipt = self.admit(submission).expect("was refused");
        assert_eq!(receipt.status, Status::Pending);
        receipt.id
    }

    /// A deed is refused at the door.
    #[track_caller]
    pub fn refuses(&mut self, author: &str, deed: &Deed, code: Code) {
        let submission = self.world.sign(author, deed);
        let refusal = self.admit(submission).expect_err("was taken");
        assert_eq!(refusal.code, code, "{refusal}");
    }

    fn next(&self) -> u64 {
        self.core.height().get() + 1
    }

    /// Builds a block for a round.
    pub fn build(&mut self, round: u32) -> Built {
        self.core.build(self.world.now, self.next(), round).expect("built")
    }

    /// Commits a block that the core has.
    pub fn commit(&mut self, block: &Hash) -> Committed {
        self.commit_before(block, Next::Elsewhere)
    }

    /// The same, beginning the next one.
    pub fn commit_before(&mut self, block: &Hash, next: Next) -> Committed {
        let (header, _) = self.core.candidate(self.next(), block).expect("a candidate");
        let certificate = self.world.certify(&header);
        self.core.commit(self.world.now, certificate, next).expect("committed")
    }

    /// Builds the next block of what waits and commits it.
    pub fn block(&mut self) -> Committed {
        let built = self.build(0);
        let committed = self.commit(&built.block);
        self.world.wait(1_000);
        committed
    }

    /// Judges a block that somebody has sent.
    pub fn judge(&mut self, body: Bytes, fresh: bool) -> Judged {
        self.judge_as(None, body, fresh)
    }

    /// The same of one that was announced as this block.
    pub fn judge_as(&mut self, block: Option<Hash>, body: Bytes, fresh: bool) -> Judged {
        let proposal = Proposal { height: self.next(), round: 0, block, fresh };
        let bound = self.core.prepare(&proposal, body).bind();
        self.core.validate(self.world.now, &proposal, bound).expect("no fault")
    }

    /// Reads everything again.
    #[track_caller]
    pub fn verify(&self) -> VerifyReport {
        let head = self.core.head().read().expect("not poisoned");
        verify_view(&head.chain, |_| ()).expect("a sound store")
    }

    pub fn root(&self) -> Hash {
        self.core.head().read().expect("not poisoned").tree.root()
    }
}

/// The block with another header and these records' texts.
pub(super) fn rewritten(body: &Bytes, change: impl FnOnce(&mut Header, &mut Vec<String>)) -> Bytes {
    let parsed = super::body::Body::cut(body.clone()).expect("a block");
    let mut header = parsed.header;
    let texts = parsed.records.iter().map(|text| String::from_utf8(text.to_vec()).expect("text"));
    let mut texts: Vec<String> = texts.collect();
    change(&mut header, &mut texts);
    Bytes::from(Block::write(&header, texts.into_iter()))
}

fn millis(time: Time, more: i64) -> Time {
    Time::from_millis(time.millis() + more).expect("a time")
}
