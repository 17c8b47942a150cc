//! The node's own part in consensus, as a plain state machine: the pool, building and judging blocks, committing them.
//!
//! Input goes in, with the time, and effects come out; there is no clock and no socket in here, and no thread outlives a
//! call. The node drives it with the engine, the simulation with a seed. What it knows is on the disk before it says so.
//!
//! ```text
//!  submissions ─► Sealed::read_all ─► admit ─► pool ─► build ──► candidates ──► commit ─► store, head
//!  parts of blocks ► Arriving ─► remember_all: what was verified so is found by prepare
//!  blocks ─────► prepare ─► Prepared::bind ──────────► validate ─┘
//! ```

mod ahead;
mod arriving;
mod body;
mod build;
mod cache;
mod candidates;
mod catchup;
mod commit;
mod evidence;
mod execution;
mod judge;
mod pool;
mod processors;
mod receipts;
pub(crate) mod sealed;
mod signers;
#[cfg(test)]
pub(crate) mod tests;
mod verifying;

use std::{
    collections::HashMap,
    sync::{Arc, RwLock, RwLockWriteGuard, Weak},
};

use hefu_contracts::{
    execute::Moment,
    genesis::Genesis,
    height::Height,
    receipt::Receipt,
    refusal::Refusal,
    register::Fault,
    state::Stop,
    time::{Millis, Time},
};
use hefu_keys::{Address, Hash};

use crate::store::{Chain, Head, Store};
use ahead::Ahead;
use build::Begun;
use cache::{Cache, Ground};
use candidates::Candidates;
use pool::{News, Pool, is_urgent};
use receipts::Receipts;

pub use arriving::{Arrived, Arriving};
pub use build::{Built, Next};
pub use candidates::CANDIDATES_PER_ROUND_MAX;
pub use catchup::Served;
pub use commit::{Committed, Final};
pub use judge::{AHEAD_MAX, Bound, Judged, Prepared, Proposal, Undecided};
pub use pool::{Left, POOL_BYTES_MAX, POOL_RECORDS_MAX};
pub(crate) use processors::{processors, spread};
pub use sealed::{Rejected, Sealed, read_all};
pub use verifying::Verifying;

/// Certificates looked at for this validator's signature: with four validators, missing in all of them is as good as
/// never having signed.
const SIGNED_LOOKED_AT: usize = 32;

/// The state machine.
pub struct Core {
    store: Arc<dyn Store>,
    /// Shared with everybody who reads; only [`Core::commit`] changes it.
    head: Arc<RwLock<Head>>,
    /// The chain of the head, to read from without the lock.
    chain: Chain,
    identity: Identity,
    cache: Cache,
    pool: Pool,
    candidates: Candidates,
    /// The next block, where it was begun while the last one was written.
    begun: Option<Begun>,
    /// Verified records by the hash of their text, as long as somebody holds them.
    known: HashMap<Hash, Weak<Sealed>>,
    ahead: Ahead,
    receipts: Receipts,
}

/// Hashes that every block names, and whom this node is.
struct Identity {
    chain: Hash,
    members: Hash,
    me: Address,
}

/// What became of a record at the door.
#[derive(Clone, Debug)]
pub enum Admission {
    /// It waits now, for the first time: others must hear of it.
    Taken(Receipt, Arc<Sealed>),
    /// It was here before; the receipt says how it stands now.
    Known(Receipt),
    /// A rule speaks against it, or the pool is full. Nothing has changed.
    Refused(Refusal),
}

/// Another thread panicked while it changed what this one wants to read.
#[derive(Debug, thiserror::Error)]
#[error("a thread of this node has panicked, what it was changing cannot be trusted")]
pub(crate) struct Poisoned;

impl Core {
    /// Takes up where the store ends. Nothing is executed again: the register must be the one that the last block
    /// certifies.
    ///
    /// # Errors
    /// [`Fault`] where the store fails or does not fit together.
    pub fn open(store: Arc<dyn Store>, genesis: &Arc<Genesis>, me: Address) -> Result<Core, Fault> {
        let head = Head::load(&*store, genesis)?;
        let chain = head.chain.clone();
        let candidates = Candidates::load(&chain)?;
        tracing::info!(
            chain.id = %genesis.chain(),
            block.height = chain.tip().height.get(),
            register.root = %head.tree.root(),
            "store opened"
        );
        let mut core = Core {
            store,
            head: Arc::new(RwLock::new(head)),
            identity: Identity { chain: genesis.chain(), members: genesis.members.hash(), me },
            chain,
            cache: Cache::new(),
            pool: Pool::default(),
            candidates,
            begun: None,
            known: HashMap::new(),
            ahead: Ahead::default(),
            receipts: Receipts::default(),
        };
        core.reopen_all()?;
        Ok(core)
    }

    /// The newest height, for those who only read.
    pub fn head(&self) -> &Arc<RwLock<Head>> {
        &self.head
    }

    /// The last final height.
    pub fn height(&self) -> Height {
        self.chain.tip().height
    }

    /// Number of records that wait.
    pub fn waiting(&self) -> usize {
        self.pool.len()
    }

    /// The genesis document.
    pub fn genesis(&self) -> &Arc<Genesis> {
        self.chain.genesis()
    }

    /// Lets a verified record in, after a dry run over the committed state and the records that wait.
    ///
    /// # Errors
    /// [`Fault`] from the storage.
    pub fn admit(&mut self, now: Time, sealed: impl Into<Arc<Sealed>>) -> Result<Admission, Fault> {
        let sealed = sealed.into();
        let id = sealed.id();
        if self.pool.get(&id).is_some() {
            return Ok(Admission::Known(receipts::pending(&self.identity, id, now)));
        }
        let moment = self.moment(now);
        let ground = Ground::new(&self.chain, &self.cache, &self.head)?;
        let admitted = self.pool.admit(&ground, &moment, &sealed);
        drop(ground);
        match admitted {
            Ok(()) => {}
            // What is final has used its sequence number, so a rule speaks against it: only here need it be looked for.
            Err(Stop::Refused(refusal)) => {
                let known = self.taken(now, &id)?;
                return Ok(known.map_or(Admission::Refused(refusal), Admission::Known));
            }
            Err(Stop::Fault(fault)) => return Err(fault),
        }
        self.remember(&sealed);
        if is_urgent(&sealed) {
            self.begun = None;
        }
        let receipt = receipts::pending(&self.identity, id, now);
        Ok(Admission::Taken(receipt, sealed))
    }

    /// Whether records would all be let in, one after another; the place of the first that would not.
    ///
    /// # Errors
    /// [`Fault`] from the storage.
    pub fn check_together(&self, now: Time, together: &[Arc<Sealed>]) -> Result<Option<(usize, Refusal)>, Fault> {
        let mut new = Vec::new();
        let mut places = Vec::new();
        for (place, sealed) in together.iter().enumerate() {
            if self.taken(now, &sealed.id())?.is_none() {
                new.push(sealed.clone());
                places.push(place);
            }
        }
        let ground = Ground::new(&self.chain, &self.cache, &self.head)?;
        let first = self.pool.check_together(&ground, &self.moment(now), &new)?;
        Ok(first.and_then(|(at, refusal)| Some((*places.get(at)?, refusal))))
    }

    /// How a record stands: waiting, final, or gone from the pool lately without taking effect. `None` where this node
    /// knows nothing of it.
    ///
    /// # Errors
    /// [`Fault`] from the storage.
    pub fn receipt(&self, now: Time, id: &Hash) -> Result<Option<Receipt>, Fault> {
        match self.taken(now, id)? {
            Some(receipt) => Ok(Some(receipt)),
            None => Ok(self.receipts.get(id).cloned()),
        }
    }

    /// The receipt of a record that waits or is final.
    fn taken(&self, now: Time, id: &Hash) -> Result<Option<Receipt>, Fault> {
        if self.pool.get(id).is_some() {
            return Ok(Some(receipts::pending(&self.identity, *id, now)));
        }
        let Some(place) = self.chain.place(id)? else { return Ok(None) };
        let tip = self.chain.tip();
        let time = match self.chain.block(place.0)? {
            Some((header, _)) => header.time,
            None => tip.time,
        };
        Ok(Some(receipts::settled(&self.identity, *id, place, time)))
    }

    /// A verified record that is known by the hash of its text.
    pub fn recognise(&self, digest: &Hash) -> Option<Arc<Sealed>> {
        self.known.get(digest)?.upgrade()
    }

    /// The last of the newest heights whose certificate holds this validator's signature.
    ///
    /// # Errors
    /// [`Fault`] from the storage.
    pub fn signed_last(&self) -> Result<Option<Height>, Fault> {
        let tip = self.height().get();
        for height in (1..=tip).rev().take(SIGNED_LOOKED_AT) {
            let Some(height) = Height::new(height) else { continue };
            let Some((_, certificate)) = self.chain.block(height)? else { continue };
            if certificate.signatures.iter().any(|precommit| precommit.validator == self.identity.me) {
                return Ok(Some(height));
            }
        }
        Ok(None)
    }

    /// Where and when the next block takes effect, were it made now.
    fn moment(&self, now: Time) -> Moment {
        let tip = self.chain.tip();
        self.moment_after((tip.height, tip.time), now)
    }

    fn moment_after(&self, (height, time): (Height, Time), now: Time) -> Moment {
        let time = now.max(time.plus(Millis(1)));
        Moment { chain: self.identity.chain, height: height.next(), time }
    }

    /// Recognises a verified record from now on by its text.
    fn remember(&mut self, sealed: &Arc<Sealed>) {
        if self.known.len() >= self.known.capacity() {
            self.known.retain(|_, known| known.strong_count() > 0);
            // As many again may come before all of them are looked through anew.
            self.known.reserve(self.known.len());
        }
        self.known.insert(sealed.digest(), Arc::downgrade(sealed));
    }

    fn write_head(&self) -> Result<RwLockWriteGuard<'_, Head>, Fault> {
        self.head.write().map_err(|_| Fault::new(Poisoned))
    }

    /// Looks through the pool after something has happened, and remembers what left it.
    fn settle(&mut self, now: Time, news: News) -> Result<Vec<(Left, Receipt)>, Fault> {
        let moment = self.moment(now);
        let ground = Ground::new(&self.chain, &self.cache, &self.head)?;
        let left = self.pool.settle(&ground, &moment, news)?;
        let mut gone = Vec::with_capacity(left.len());
        for left in left {
            let receipt = receipts::refused(&self.identity, &left, moment.time);
            tracing::info!(record.id = %receipt.id, code = %left.refusal.code, "a waiting record was dropped");
            self.receipts.add(receipt.clone());
            gone.push((left, receipt));
        }
        Ok(gone)
    }
}
