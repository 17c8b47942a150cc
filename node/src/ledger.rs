//! The door: what servers see of the node.
//!
//! Whoever only reads takes the newest [`Head`] and never waits for consensus. What is handed in is verified on the
//! caller's side of the core's lock; the core sees only what is.

mod asking;
mod passing;
mod reading;
#[cfg(test)]
mod tests;
mod waiting;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use hefu_api::ledger::{Beginning, BlockFound, Found, Ledger, Line, Outcome, Place, Status, Unavailable, Wait, Walk};
use hefu_contracts::{
    agreements::bundle::{self, Bundle, Extent, Which},
    annex::Annex,
    entry::Entry,
    genesis::Genesis,
    height::Height,
    parties::KeyRow,
    proof::{self, Proof, build::Archive},
    provenance::{alike::Alike, listing::Field},
    receipt::Receipt,
    row::Row,
    state::Fault,
    time::Time,
};
use hefu_engine::{Guard, Wake};
use hefu_keys::{Address, Hash, SecretKey, secured};
use serde_json::Value;
use tokio::sync::watch;

use crate::{
    core::{Committed, Core, Left, Poisoned},
    pulse::Pulse,
    snapshots::Shelf,
    space::{Room, Space},
    store::{Chain, Footprint, Head},
};
use asking::Company;
use waiting::Waiting;

pub use passing::Passed;
pub(crate) use waiting::News;

/// How long a caller waits for a record to become final.
pub const FINAL_WITHIN: Duration = Duration::from_secs(30);

/// The node as its servers see it; every clone is the same node.
#[derive(Clone)]
pub struct NodeLedger(Arc<Desk>);

/// Everything that the servers and the engine share.
pub(crate) struct Desk {
    core: Mutex<Core>,
    head: Arc<RwLock<Head>>,
    genesis: Arc<Genesis>,
    key: SecretKey,
    address: Address,
    waiting: Mutex<Waiting>,
    heights: watch::Sender<Height>,
    wake: Wake,
    /// Whether this node votes.
    voice: Mutex<Spoken>,
    /// What there is room for on the disk.
    space: watch::Sender<Space>,
    /// Whether blocks come.
    pulse: Pulse,
    /// Snapshots for nodes that have no state.
    shelf: Shelf,
    /// Why this node must stop, once it must.
    ended: watch::Sender<Option<Ended>>,
}

/// Whether a node votes: with which guard, or why it does not.
#[derive(Clone, Default)]
pub(crate) struct Spoken {
    /// The guard that it votes with.
    pub guard: Option<Guard>,
    /// Why it does not.
    pub silence: Option<String>,
}

/// Why a node takes nothing in any more.
#[derive(Clone, Debug)]
pub(crate) enum Ended {
    /// It was asked to stop.
    Stopped,
    /// Its machine failed.
    Fault(String),
}

impl NodeLedger {
    /// The servers' side of a core; `key` signs receipts and other documents of the node, `wake` is the engine's.
    pub(crate) fn new(core: Core, key: SecretKey, wake: Wake) -> NodeLedger {
        let (heights, _) = watch::channel(core.height());
        let (ended, _) = watch::channel(None);
        let (space, _) = watch::channel(Space { room: Room::Ample, percent: None });
        NodeLedger(Arc::new(Desk {
            head: core.head().clone(),
            pulse: Pulse::new(Duration::from_millis(core.genesis().parameters.heartbeat_ms)),
            genesis: core.genesis().clone(),
            address: key.address(),
            core: Mutex::new(core),
            key,
            waiting: Mutex::default(),
            heights,
            wake,
            voice: Mutex::default(),
            space,
            shelf: Shelf::none(),
            ended,
        }))
    }

    /// The same with snapshots. Nobody else may hold it yet.
    pub(crate) fn with_shelf(mut self, shelf: Shelf) -> NodeLedger {
        if let Some(desk) = Arc::get_mut(&mut self.0) {
            desk.shelf = shelf;
        }
        self
    }

    /// What a core holds, to be read as servers read it; it comes into no engine's hands.
    #[cfg(any(test, feature = "world"))]
    pub fn of_core(core: Core) -> NodeLedger {
        NodeLedger::new(core, crate::world::validator(0), Wake::new())
    }

    pub(crate) fn desk(&self) -> &Arc<Desk> {
        &self.0
    }
}

/// Why a validator whose guard does not know all that the engine's log holds is not ready.
const BEHIND: &str = "this validator does not vote: its guard is older than the engine's log";

/// The machine's clock. Before 1970 or after 9999 it is taken for 1970: blocks of others are then held back, and records
/// have not expired.
pub(crate) fn now() -> Time {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(elapsed.as_millis()).ok();
    millis.and_then(Time::from_millis).unwrap_or(EPOCH)
}

const EPOCH: Time = match Time::from_millis(0) {
    Some(time) => time,
    // The epoch lies between the years 0001 and 9999, so this is never compiled in.
    None => unreachable!(),
};

impl Desk {
    pub(crate) fn core(&self) -> Result<MutexGuard<'_, Core>, Fault> {
        self.core.lock().map_err(|_| Fault::new(Poisoned))
    }

    fn head(&self) -> Result<RwLockReadGuard<'_, Head>, Fault> {
        self.head.read().map_err(|_| Fault::new(Poisoned))
    }

    /// The chain as it stands now.
    fn chain(&self) -> Result<Chain, Fault> {
        Ok(self.head()?.chain.clone())
    }

    pub(crate) fn waiting(&self) -> Result<MutexGuard<'_, Waiting>, Fault> {
        self.waiting.lock().map_err(|_| Fault::new(Poisoned))
    }

    /// Says whether this node votes.
    pub(crate) fn set_voice(&self, spoken: Spoken) {
        *self.voice.lock().unwrap_or_else(PoisonError::into_inner) = spoken;
    }

    /// The guard that this node votes with, if it votes.
    pub(crate) fn guard(&self) -> Option<Guard> {
        self.voice.lock().unwrap_or_else(PoisonError::into_inner).guard.clone()
    }

    /// What there is room for on the disk, and how much of it is free.
    pub(crate) fn space(&self) -> Space {
        *self.space.borrow()
    }

    /// Whether blocks come.
    pub(crate) fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// What the store holds in memory.
    pub(crate) fn footprint(&self) -> Result<Footprint, Fault> {
        Ok(self.chain()?.view().footprint())
    }

    /// Hears of every change of that, or tells it.
    pub(crate) fn spaces(&self) -> &watch::Sender<Space> {
        &self.space
    }

    /// When a height's block was made; none where there is no such block.
    pub(crate) fn time_of(&self, height: Height) -> Result<Option<Time>, Fault> {
        reading::time(self, height)
    }

    pub(crate) fn heights(&self) -> watch::Receiver<Height> {
        self.heights.subscribe()
    }

    pub(crate) fn genesis(&self) -> &Arc<Genesis> {
        &self.genesis
    }

    pub(crate) fn ended(&self) -> watch::Receiver<Option<Ended>> {
        self.ended.subscribe()
    }

    /// Does something of which a fault ends the node.
    pub(crate) fn watched<T>(&self, work: impl FnOnce(&Desk) -> Result<T, Fault>) -> Result<T, Fault> {
        work(self).inspect_err(|fault| self.fail(fault))
    }

    /// A fault of this machine: nothing more is taken in, and whoever watches stops the node.
    pub(crate) fn fail(&self, fault: &Fault) {
        let words = describe(fault);
        let first = self.ended.send_if_modified(|ended| match ended {
            None => {
                *ended = Some(Ended::Fault(words.clone()));
                true
            }
            Some(_) => false,
        });
        if first {
            tracing::error!(fault = words, "this machine failed, the node stops");
        }
    }

    /// Snapshots for nodes that have no state.
    pub(crate) fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Takes nothing in any more and lets go of everybody who waits.
    pub(crate) fn stop(&self) {
        self.shelf.stop();
        self.ended.send_if_modified(|ended| match ended {
            None => {
                *ended = Some(Ended::Stopped);
                true
            }
            Some(_) => false,
        });
        if let Ok(mut waiting) = self.waiting.lock() {
            waiting.let_go();
        }
    }

    /// Tells everybody who waits what a block has brought.
    pub(crate) fn committed(&self, committed: &Committed) -> Result<(), Fault> {
        self.pulse.beat(committed.time, now());
        self.shelf.committed(committed.height, || self.chain())?;
        // Before the rest, so that whoever hears that a record is final already reads the height that holds it.
        self.heights.send_replace(committed.height);
        let mut waiting = self.waiting()?;
        for one in &committed.finals {
            waiting.end(&one.sealed, &Ok(one.receipt.clone()));
        }
        drop(waiting);
        self.left(&committed.left)
    }

    /// Tells everybody who waits for a record that it will not take effect.
    pub(crate) fn left(&self, left: &[(Left, Receipt)]) -> Result<(), Fault> {
        let mut waiting = self.waiting()?;
        for (left, _) in left {
            waiting.end(&left.sealed, &Err(left.refusal.clone()));
        }
        Ok(())
    }
}

/// A fault with all its causes: what people need to know of their machine.
pub(crate) fn describe(fault: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(fault), |error| error.source());
    let mut words: Vec<String> = causes.map(ToString::to_string).collect();
    // Some libraries repeat the cause in their own words.
    words.dedup_by(|cause, error| error.contains(cause.as_str()));
    words.join(": ")
}

#[async_trait]
impl Ledger for NodeLedger {
    async fn submit(&self, submissions: Vec<Vec<u8>>, wait: Wait) -> Result<Vec<Outcome>, Unavailable> {
        asking::submit(&self.0, submissions, (wait, Company::Alone)).await
    }

    async fn submit_together(&self, submissions: Vec<Vec<u8>>, wait: Wait) -> Result<Vec<Outcome>, Unavailable> {
        asking::submit(&self.0, submissions, (wait, Company::Together)).await
    }

    fn record(&self, id: &Hash) -> Result<Option<Found>, Fault> {
        self.0.watched(|desk| reading::record(desk, id))
    }

    fn receipt(&self, id: &Hash) -> Result<Option<Receipt>, Fault> {
        self.0.watched(|desk| desk.core()?.receipt(now(), id))
    }

    fn annex(&self, id: &Hash) -> Result<Annex, Fault> {
        self.0.watched(|desk| reading::annex(desk, id))
    }

    fn row(&self, key: &str) -> Result<Option<Row>, Fault> {
        self.0.watched(|desk| Ok(desk.chain()?.row(key)?))
    }

    fn key(&self, address: &Address) -> Result<Option<KeyRow>, Fault> {
        self.0.watched(|desk| reading::key(desk, address))
    }

    fn rows(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<Row>, Fault> {
        self.0.watched(|desk| Ok(desk.chain()?.rows(prefix, after, limit)?))
    }

    fn onward(&self, from: &str, after: Option<&str>, until: Option<&str>, limit: usize) -> Result<Vec<String>, Fault> {
        self.0.watched(|desk| Ok(desk.chain()?.onward(from, after, until, limit)?))
    }

    fn alike(&self, source: &str, after: Option<&Alike>, limit: usize) -> Result<Option<Vec<(Alike, u64)>>, Fault> {
        self.0.watched(|desk| Ok(Some(desk.chain()?.alike(source, after, limit)?)))
    }

    fn alone(&self, source: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, Fault> {
        self.0.watched(|desk| Ok(desk.chain()?.alone(source, after, limit)?))
    }

    fn events(&self, walk: &Walk<'_>, limit: usize) -> Result<Vec<Line>, Fault> {
        self.0.watched(|desk| Ok(desk.chain()?.events(walk, limit)?))
    }

    fn event(&self, place: Place) -> Result<Option<Line>, Fault> {
        self.0.watched(|desk| Ok(desk.chain()?.event(place)?))
    }

    fn event_values(&self, field: Field, public: bool) -> Result<Vec<String>, Fault> {
        self.0.watched(|desk| Ok(desk.chain()?.event_values(field, public)?))
    }

    fn beginning(&self, digits: &str, limit: usize) -> Result<Beginning, Fault> {
        self.0.watched(|desk| Ok(desk.chain()?.beginning(digits, limit)?))
    }

    fn count(&self) -> Result<u64, Fault> {
        self.0.watched(|desk| Ok(desk.chain()?.count()?))
    }

    fn entries(&self, key: &str, after: u64, until: u64) -> Result<Vec<Entry>, Fault> {
        self.0.watched(|desk| desk.chain()?.entries(key, after, Some(until)))
    }

    fn statement(&self, contract: &str, party: &str, number: u64, extent: Extent) -> Result<Option<Bundle>, Fault> {
        // As for proofs.
        self.0.watched(|desk| {
            let head = desk.head()?;
            bundle::build(&head.chain, &head.tree, Which { contract, party, number }, extent)
        })
    }

    fn proof(&self, subject: &str) -> Result<Option<Proof>, Fault> {
        // The tree must not move on while the proof is made.
        self.0.watched(|desk| {
            let head = desk.head()?;
            proof::build::build(&head.chain, &head.tree, subject)
        })
    }

    fn block(&self, height: Height) -> Result<Option<BlockFound>, Fault> {
        self.0.watched(|desk| reading::block(desk, height))
    }

    fn status(&self) -> Result<Status, Fault> {
        let unready = self.0.ended.borrow().as_ref().map(|ended| match ended {
            Ended::Stopped => "the node is stopping".to_owned(),
            Ended::Fault(_) => "the node's storage failed".to_owned(),
        });
        let silence = || self.0.voice.lock().unwrap_or_else(PoisonError::into_inner).silence.clone();
        let room = || self.0.space().room.unready().map(str::to_owned);
        let behind = || self.0.guard().filter(Guard::is_behind).map(|_| BEHIND.to_owned());
        let old = || self.0.pulse.old().map(|old| old.to_string());
        let unready = unready.or_else(room).or_else(silence).or_else(behind).or_else(old);
        let pending = self.0.waiting()?.len();
        Ok(Status { height: *self.0.heights.borrow(), node: self.0.address, pending, unready })
    }

    fn genesis(&self) -> &Genesis {
        &self.0.genesis
    }

    fn heights(&self) -> watch::Receiver<Height> {
        self.0.heights.subscribe()
    }

    fn sign(&self, document: &Value) -> Result<String, Fault> {
        secured::sign(document, &[&self.0.key], None).map_err(Fault::new)
    }
}
