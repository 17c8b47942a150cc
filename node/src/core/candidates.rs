//! Blocks of the height that is not decided yet.
//!
//! The engine's log remembers votes, not blocks, so every block is on the disk before anything is said about it. What
//! was found out about a block is not stored: it is a pure function of the block and its parent, and is found out again
//! after a restart.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use hefu_contracts::{block::Header, register::Fault, schema::Table};
use hefu_keys::Hash;

use super::{body::Body, execution::Executed, sealed::Sealed};
use crate::store::{Batch, Chain, Store, StoreError};

/// Blocks kept for one round. The engine looks at two; more are sent only by a proposer that contradicts itself.
pub const CANDIDATES_PER_ROUND_MAX: usize = 2;

/// How a block came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A fresh proposal, whose time the clock must judge.
    Fresh,
    /// A quorum has voted for it or decided it, whatever a clock says.
    Backed,
    /// Built here.
    Built,
}

/// When and how a block came here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub round: u32,
    pub origin: Origin,
}

/// A block that may be decided.
pub(super) struct Candidate {
    pub header: Header,
    pub bytes: Bytes,
    pub arrival: Arrival,
    pub judgement: Judgement,
}

/// What is known of a block.
pub(super) enum Judgement {
    /// Nothing yet: it was read from the disk.
    Open,
    /// It follows the rules; what it changes is ready to be written.
    Valid(Box<Ready>),
    /// It breaks a rule.
    Invalid(String),
}

/// A valid block, executed.
pub(super) struct Ready {
    pub records: Vec<Arc<Sealed>>,
    pub executed: Executed,
}

/// All of them, by id.
#[derive(Default)]
pub(super) struct Candidates(BTreeMap<Hash, Candidate>);

impl Origin {
    const fn code(self) -> u8 {
        match self {
            Origin::Fresh => 0,
            Origin::Backed => 1,
            Origin::Built => 2,
        }
    }

    const fn from_code(code: u8) -> Option<Origin> {
        match code {
            0 => Some(Origin::Fresh),
            1 => Some(Origin::Backed),
            2 => Some(Origin::Built),
            _ => None,
        }
    }
}

impl Arrival {
    /// Stores a block with how it came: round u32 big-endian ‖ origin ‖ block.
    pub(super) fn store(self, store: &dyn Store, id: &Hash, bytes: &Bytes) -> Result<(), StoreError> {
        let mut value = Vec::with_capacity(bytes.len().saturating_add(5));
        value.extend_from_slice(&self.round.to_be_bytes());
        value.push(self.origin.code());
        value.extend_from_slice(bytes);
        let mut batch = Batch::default();
        batch.put(Table::Candidates, *id.as_bytes(), value);
        store.write(batch)
    }
}

fn read(id: &Hash, value: Vec<u8>) -> Result<Candidate, StoreError> {
    let damaged = |what: &str| StoreError::damaged(Table::Candidates, id, what);
    let mut bytes = Bytes::from(value);
    if bytes.len() < 5 {
        return Err(damaged("it is too short"));
    }
    let body = bytes.split_off(5);
    let (round, origin) = bytes.split_first_chunk::<4>().ok_or_else(|| damaged("it has no round"))?;
    let round = u32::from_be_bytes(*round);
    let origin = origin.first().copied().and_then(Origin::from_code);
    let origin = origin.ok_or_else(|| damaged("its origin is unknown"))?;
    let body = Body::cut(body).map_err(|bad| StoreError::damaged(Table::Candidates, id, bad))?;
    if body.id != *id {
        return Err(damaged("it is another block"));
    }
    let arrival = Arrival { round, origin };
    Ok(Candidate { header: body.header, bytes: body.bytes, arrival, judgement: Judgement::Open })
}

impl Candidates {
    /// Reads them from the disk. All are for the height after the chain's: a block takes the others with it.
    pub(super) fn load(chain: &Chain) -> Result<Candidates, Fault> {
        let mut candidates = BTreeMap::new();
        for pair in chain.view().scan(Table::Candidates, &[], None) {
            let (key, value) = pair?;
            let id = <[u8; 32]>::try_from(&*key).map(Hash::from_bytes);
            let id = id.map_err(|bad| StoreError::damaged(Table::Candidates, "a key", bad))?;
            candidates.insert(id, read(&id, value.into_vec())?);
        }
        Ok(Candidates(candidates))
    }

    /// Knows a block from now on, which is stored.
    pub(super) fn add(&mut self, id: Hash, candidate: Candidate) {
        self.0.insert(id, candidate);
    }

    pub(super) fn get(&self, id: &Hash) -> Option<&Candidate> {
        self.0.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &Hash) -> Option<&mut Candidate> {
        self.0.get_mut(id)
    }

    pub(super) fn ids(&self) -> Vec<Hash> {
        self.0.keys().copied().collect()
    }

    /// What this node has built for a round.
    pub(super) fn built(&self, round: u32) -> Option<(&Hash, &Candidate)> {
        self.0.iter().find(|(_, one)| one.arrival.round == round && one.arrival.origin == Origin::Built)
    }

    /// Whether no more blocks of others are kept for a round.
    pub(super) fn is_full(&self, round: u32) -> bool {
        let arrivals = self.0.values().map(|one| one.arrival);
        arrivals.filter(|one| one.round == round && one.origin == Origin::Fresh).count() >= CANDIDATES_PER_ROUND_MAX
    }

    /// Has a batch delete all of them from the disk.
    pub(super) fn clear(&self, batch: &mut Batch) {
        for id in self.0.keys() {
            batch.delete(Table::Candidates, *id.as_bytes());
        }
    }

    /// Forgets all of them and returns them, once that batch is written.
    pub(super) fn take(&mut self) -> BTreeMap<Hash, Candidate> {
        std::mem::take(&mut self.0)
    }
}
