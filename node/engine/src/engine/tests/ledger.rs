//! A ledger whose blocks are text: height, parent, builder, and the lines that were waiting.
//!
//! What it stores outlives an engine, as a disk would: every clone is the same store.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use hefu_keys::{Address, Hash};

use crate::application::{
    Application, Certificate, Decided, Equivocation, Fault, Kept, Portion, Proposed, Received, Synced, Terms,
    Undecided, Upcoming, Verdict,
};

#[derive(Clone)]
pub(super) struct Ledger {
    me: Address,
    terms: Terms,
    store: Arc<Mutex<Store>>,
}

/// What this ledger does wrong, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    FaultAtDecision,
    PanicAtDecision,
}

#[derive(Default)]
struct Store {
    decided: Vec<Decided>,
    bodies: BTreeMap<(u64, Hash), Stored>,
    proposals: BTreeMap<(u64, u32), Hash>,
    waiting: BTreeSet<String>,
    /// What has come of bodies whose rest is on its way, by round and block.
    arriving: BTreeMap<(u32, Hash), Vec<u8>>,
    /// How many bytes of bodies came before the rest of them.
    early: usize,
    /// How often others were served decided blocks.
    served: usize,
    trouble: Option<Trouble>,
}

struct Stored {
    round: u32,
    builder: Address,
    body: Bytes,
    valid: bool,
}

impl Store {
    fn tip(&self) -> u64 {
        self.decided.len() as u64
    }

    fn parent(&self) -> Hash {
        self.decided.last().map_or(Hash::ZERO, |decided| decided.certificate.block)
    }

    fn keep(&mut self, named: Option<Hash>, (height, round): (u64, u32), builder: Address, body: Bytes) -> Verdict {
        let block = Hash::of(&body);
        if named.is_some_and(|named| named != block) {
            return Verdict::Malformed;
        }
        let Ok(text) = std::str::from_utf8(&body) else {
            return Verdict::Malformed;
        };
        let valid = text.starts_with(&format!("{height} {} ", self.parent()));
        self.bodies.entry((height, block)).or_insert(Stored { round, builder, body, valid });
        if valid { Verdict::Valid(block) } else { Verdict::Invalid(block) }
    }
}

impl Ledger {
    pub(super) fn new(me: Address, terms: Terms) -> Ledger {
        Ledger { me, terms, store: Arc::default() }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // A panic that a test provokes must not end the store with it.
        self.store.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn submit(&self, line: &str) {
        self.store().waiting.insert(line.to_owned());
    }

    pub(super) fn forget_lines(&self) {
        self.store().waiting.clear();
    }

    pub(super) fn trouble(&self, trouble: Trouble) {
        self.store().trouble = Some(trouble);
    }

    pub(super) fn height(&self) -> u64 {
        self.store().tip()
    }

    pub(super) fn blocks(&self) -> Vec<Decided> {
        self.store().decided.clone()
    }

    /// The lines of all blocks, in order.
    pub(super) fn lines(&self) -> Vec<String> {
        let store = self.store();
        let bodies = store.decided.iter().map(|decided| String::from_utf8_lossy(&decided.body).into_owned());
        bodies.flat_map(|body| body.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// How often others were served decided blocks.
    pub(super) fn served(&self) -> usize {
        self.store().served
    }

    /// How many bytes of bodies came before the rest of them.
    pub(super) fn early(&self) -> usize {
        self.store().early
    }

    pub(super) fn proposals(&self) -> BTreeMap<(u64, u32), Hash> {
        self.store().proposals.clone()
    }
}

impl Application for Ledger {
    fn next(&mut self) -> Result<Upcoming, Fault> {
        Ok(Upcoming { height: self.store().tip().saturating_add(1), terms: self.terms.clone() })
    }

    fn wanted(&mut self) -> bool {
        !self.store().waiting.is_empty()
    }

    fn propose(&mut self, height: u64, round: u32) -> Result<Proposed, Fault> {
        let me = self.me;
        let mut store = self.store();
        if let Some(block) = store.proposals.get(&(height, round)).copied() {
            let body = store.bodies[&(height, block)].body.clone();
            return Ok(Proposed { block, body });
        }
        let line = store.waiting.first().cloned().unwrap_or_default();
        let body = Bytes::from(format!("{height} {} {me} {round}\n{line}", store.parent()));
        let block = Hash::of(&body);
        let stored = Stored { round, builder: me, body: body.clone(), valid: true };
        store.bodies.insert((height, block), stored);
        store.proposals.insert((height, round), block);
        Ok(Proposed { block, body })
    }

    fn undecided(&mut self, height: u64) -> Result<Vec<Undecided>, Fault> {
        let store = self.store();
        let stored = store.bodies.iter().filter(|((at, _), _)| *at == height);
        let undecided = stored.map(|((_, block), one)| Undecided { round: one.round, block: *block, valid: one.valid });
        Ok(undecided.collect())
    }

    fn arriving(&mut self, portion: Portion) -> Result<(), Fault> {
        let Portion { height: _, round, block, from, chunks } = portion;
        let mut store = self.store();
        let arriving = store.arriving.entry((round, block)).or_default();
        if from == 0 {
            arriving.clear();
        }
        assert_eq!(arriving.len() as u64, from, "it is told in order, and once");
        chunks.iter().for_each(|chunk| arriving.extend_from_slice(chunk));
        Ok(())
    }

    fn received(&mut self, proposal: Received) -> Result<Verdict, Fault> {
        let Received { height, round, block, builder, body, fresh: _ } = proposal;
        let mut store = self.store();
        let early = store.arriving.remove(&(round, block)).unwrap_or_default();
        assert!(body.starts_with(&early), "what was told of it is not its beginning");
        store.early = store.early.saturating_add(early.len());
        Ok(store.keep(Some(block), (height, round), builder, body))
    }

    fn body(&mut self, height: u64, block: &Hash) -> Result<Option<Kept>, Fault> {
        let store = self.store();
        let stored = store.bodies.get(&(height, *block));
        Ok(stored.map(|one| Kept { builder: one.builder, body: one.body.clone() }))
    }

    fn decide(&mut self, certificate: Certificate, _: bool) -> Result<(), Fault> {
        let mut store = self.store();
        match store.trouble.take() {
            Some(Trouble::FaultAtDecision) => {
                return Err(Fault::new("writing", std::io::Error::other("the disk is gone")));
            }
            Some(Trouble::PanicAtDecision) => panic!("a bug at height {}", certificate.height),
            None => {}
        }
        assert_eq!(certificate.height, store.tip().saturating_add(1), "heights are decided one by one");
        let body = store.bodies[&(certificate.height, certificate.block)].body.clone();
        for line in String::from_utf8_lossy(&body).lines() {
            store.waiting.remove(line);
        }
        store.decided.push(Decided { certificate, body });
        Ok(())
    }

    fn misbehaved(&mut self, evidence: Vec<Equivocation>) -> Result<(), Fault> {
        panic!("honest validators were accused: {evidence:?}");
    }

    fn decided(&mut self, heights: RangeInclusive<u64>, bytes_max: usize) -> Result<Vec<Decided>, Fault> {
        assert!(bytes_max > 0);
        let mut store = self.store();
        store.served = store.served.saturating_add(1);
        let asked = store.decided.iter().filter(|one| heights.contains(&one.certificate.height));
        Ok(asked.cloned().collect())
    }

    fn history_min(&mut self) -> Result<u64, Fault> {
        Ok(1)
    }

    fn synced(&mut self, decided: Synced) -> Result<Verdict, Fault> {
        Ok(self.store().keep(decided.block, (decided.height, decided.round), decided.proposer, decided.body))
    }
}
