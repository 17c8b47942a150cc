//! Judging the blocks of others.
//!
//! A block is named by its header alone. The header binds the records by their seals, and a record binds its lists and
//! the batch that its codes come from; but bytes that do not lead to what a header binds say nothing about the block of
//! that name, whose true body may still come. Those are *malformed*. A block is *invalid* only where every body of its
//! name is: otherwise a single mangled copy would make this node refuse what all others decide, for ever.

use std::sync::Arc;

use bytes::Bytes;
use hefu_contracts::{
    block::{BadBlock, Header, records_root},
    execute::Moment,
    genesis::FORMAT_VERSION,
    height::Height,
    register::Fault,
    schema::Table,
    time::{Millis, Time},
};
use hefu_keys::Hash;

use super::{
    Core,
    body::Body,
    cache::Ground,
    candidates::{Arrival, Candidate, Judgement, Origin, Ready},
    execution::{Execution, Step},
    processors::{WRITTEN_ALONE, alongside, processors},
    sealed::Sealed,
    verifying::{Unsound, Verifying},
};
use crate::store::StoreError;

/// How far a fresh proposal's time may be ahead of this node's clock.
pub const AHEAD_MAX: Millis = Millis(5_000);

/// A block that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Proposal {
    /// The height it was sent for.
    pub height: u64,
    /// The round it was sent for.
    pub round: u32,
    /// The block that it was announced as, or that a quorum has decided; none where nobody has said. Other bytes are
    /// malformed: what is known of one block must not be taken for another's.
    pub block: Option<Hash>,
    /// Whether the clock judges its time: no quorum is known to have voted for it.
    pub fresh: bool,
}

/// What this node thinks of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It follows the rules. A pure function of the block and its parent.
    Valid(Hash),
    /// It breaks one. Likewise.
    Invalid(Hash),
    /// It cannot be judged now; [`Core::undecided`] tells when it can.
    HeldBack,
    /// The bytes are not what any header binds.
    Malformed,
}

/// A block of the height that is not decided yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The round in which it came or was built.
    pub round: u32,
    /// Its id.
    pub block: Hash,
    /// Whether it follows the rules.
    pub valid: bool,
}

/// A block cut into its records, those that are known already found.
pub struct Prepared(Preparation);

enum Preparation {
    Malformed(String),
    /// A block of this id was judged before, or is on the disk.
    Seen(Hash),
    New(Arc<Verifying>),
}

/// A block whose records are those of its header.
pub struct Bound(Binding);

enum Binding {
    Malformed(String),
    Seen(Hash),
    New(Arc<Verifying>),
}

/// What the rules say of a block.
enum Verdict {
    Ready(Box<Ready>),
    Invalid(String),
    Malformed(String),
}

/// Why nothing after a record of a block is looked at.
enum End {
    Verdict(Verdict),
    Fault(Fault),
}

impl Core {
    /// Cuts a block and finds the records that this node has verified before, or is verifying.
    pub fn prepare(&self, proposal: &Proposal, bytes: Bytes) -> Prepared {
        let block = match self.taken_up(bytes) {
            Ok(block) => block,
            Err(bad) => return Prepared(Preparation::Malformed(bad.to_string())),
        };
        if let Some(named) = proposal.block.filter(|named| *named != block.body.id) {
            return Prepared(Preparation::Malformed(format!("it is block {}, not {named}", block.body.id)));
        }
        if self.candidates.get(&block.body.id).is_some() {
            return Prepared(Preparation::Seen(block.body.id));
        }
        Prepared(Preparation::New(block))
    }

    /// A block with what is known of its records.
    pub(super) fn taken_up(&self, bytes: Bytes) -> Result<Arc<Verifying>, BadBlock> {
        if let Some(kept) = self.ahead_of(&bytes) {
            return Ok(kept.clone());
        }
        let block = Verifying::cut(bytes)?;
        block.recognise(|digest| self.recognise(digest));
        Ok(Arc::new(block))
    }

    /// Judges a block: its records are verified and executed in their order. It is on the disk before any answer but
    /// [`Judged::Malformed`], unless a proposer sends more than can be kept for a round: then it is held back for good.
    ///
    /// # Errors
    /// [`Fault`] from the storage.
    pub fn validate(&mut self, now: Time, proposal: &Proposal, bound: Bound) -> Result<Judged, Fault> {
        if self.expect_next(proposal.height).is_err() {
            return Ok(Judged::HeldBack);
        }
        let block = match bound.0 {
            Binding::Malformed(why) => return Ok(malformed(proposal, &why)),
            Binding::Seen(id) => return Ok(self.seen(now, proposal, &id)),
            Binding::New(block) => block,
        };
        let Body { header, id, bytes, .. } = &block.body;
        if proposal.fresh && self.candidates.is_full(proposal.round) {
            tracing::warn!(block.height = proposal.height, block.id = %id, "too many blocks for one round");
            return Ok(Judged::HeldBack);
        }
        let origin = if proposal.fresh { Origin::Fresh } else { Origin::Backed };
        let arrival = Arrival { round: proposal.round, origin };
        let store = &*self.store;
        let judgement = match self.judge(&block, || arrival.store(store, id, bytes))? {
            Verdict::Malformed(why) => return Ok(malformed(proposal, &why)),
            Verdict::Invalid(why) => Judgement::Invalid(why),
            Verdict::Ready(ready) => self.ready(ready),
        };
        self.candidates.add(*id, Candidate { header: header.clone(), bytes: bytes.clone(), arrival, judgement });
        Ok(self.answer(now, id))
    }

    /// Its records are recognised from now on, as long as it is kept.
    fn ready(&mut self, ready: Box<Ready>) -> Judgement {
        ready.records.iter().for_each(|sealed| self.remember(sealed));
        Judgement::Valid(ready)
    }

    /// A block that is a candidate already, and may be backed by a quorum now.
    fn seen(&mut self, now: Time, proposal: &Proposal, id: &Hash) -> Judged {
        if let Some(candidate) = self.candidates.get_mut(id)
            && !proposal.fresh
            && candidate.arrival.origin == Origin::Fresh
        {
            candidate.arrival.origin = Origin::Backed;
        }
        self.answer(now, id)
    }

    fn answer(&self, now: Time, id: &Hash) -> Judged {
        let Some(candidate) = self.candidates.get(id) else { return Judged::HeldBack };
        if is_held_back(candidate, now) {
            return Judged::HeldBack;
        }
        match &candidate.judgement {
            Judgement::Open => Judged::HeldBack,
            Judgement::Valid(_) => Judged::Valid(*id),
            Judgement::Invalid(why) => {
                tracing::warn!(block.height = candidate.header.height.get(), block.id = %id, why, "invalid block");
                Judged::Invalid(*id)
            }
        }
    }

    /// The blocks of this undecided height that can be judged now.
    pub fn undecided(&self, now: Time, height: u64) -> Vec<Undecided> {
        if self.expect_next(height).is_err() {
            return Vec::new();
        }
        let mut undecided = Vec::new();
        for block in self.candidates.ids() {
            let Some(candidate) = self.candidates.get(&block) else { continue };
            if !is_held_back(candidate, now) {
                let valid = matches!(candidate.judgement, Judgement::Valid(_));
                undecided.push(Undecided { round: candidate.arrival.round, block, valid });
            }
        }
        undecided
    }

    /// The text of a block of this undecided height.
    pub fn candidate(&self, height: u64, block: &Hash) -> Option<(Header, Bytes)> {
        let candidate = self.candidates.get(block).filter(|_| self.expect_next(height).is_ok())?;
        Some((candidate.header.clone(), candidate.bytes.clone()))
    }

    /// Why a block of the height that is not decided breaks the rules; none where it follows them, or is not judged.
    pub fn breach(&self, block: &Hash) -> Option<&str> {
        match &self.candidates.get(block)?.judgement {
            Judgement::Invalid(why) => Some(why),
            Judgement::Valid(_) | Judgement::Open => None,
        }
    }

    /// Judges the blocks that were read from the disk after a restart. The engine asks for them when a round begins, and must
    /// not wait then.
    ///
    /// # Errors
    /// [`Fault`] from the storage, or where one is damaged.
    pub(super) fn reopen_all(&mut self) -> Result<(), Fault> {
        self.candidates.ids().iter().try_for_each(|id| self.reopen(id))
    }

    fn reopen(&mut self, id: &Hash) -> Result<(), Fault> {
        let Some(candidate) = self.candidates.get(id) else { return Ok(()) };
        if !matches!(candidate.judgement, Judgement::Open) {
            return Ok(());
        }
        let damaged = |what: String| Fault::from(StoreError::damaged(Table::Candidates, id, what));
        let bytes = candidate.bytes.clone();
        let block = self.taken_up(bytes).map_err(|bad| damaged(bad.to_string()))?;
        let block = match Prepared(Preparation::New(block)).bind().0 {
            Binding::New(block) => block,
            Binding::Malformed(why) => return Err(damaged(why)),
            Binding::Seen(_) => return Ok(()),
        };
        let judgement = match self.judge(&block, || Ok(()))? {
            Verdict::Ready(ready) => self.ready(ready),
            Verdict::Invalid(why) => Judgement::Invalid(why),
            Verdict::Malformed(why) => return Err(damaged(why)),
        };
        if let Some(candidate) = self.candidates.get_mut(id) {
            candidate.judgement = judgement;
        }
        Ok(())
    }

    /// The rules for a block. No clock is asked. The first record of which anything is wrong decides, as no body of this
    /// block has another there. The block is stored unless it is malformed: no earlier than that is known, and while what
    /// it changes is hashed.
    fn judge(
        &self,
        block: &Verifying,
        store: impl FnOnce() -> Result<(), StoreError> + Send,
    ) -> Result<Verdict, Fault> {
        let header = &block.body.header;
        if let Err(what) = self.check_header(header) {
            store()?;
            return Ok(Verdict::Invalid(what.to_owned()));
        }
        let moment = Moment { chain: self.identity.chain, height: header.height, time: header.time };
        let ground = Ground::new(&self.chain, &self.cache, &self.head)?;
        let mut execution = Execution::new(&ground, &moment);
        let records = match execute_all(&mut execution, block) {
            Ok(records) => records,
            Err(End::Fault(fault)) => return Err(fault),
            Err(End::Verdict(verdict)) => {
                if !matches!(verdict, Verdict::Malformed(_)) {
                    store()?;
                }
                return Ok(verdict);
            }
        };
        let (executed, stored) = alongside(records.len() > WRITTEN_ALONE, store, || execution.finish());
        stored?;
        let executed = executed?;
        let (found, said) = (executed.patch.root(), header.register);
        if found != said {
            return Ok(Verdict::Invalid(format!("it leads to the register {found}, its header says {said}")));
        }
        Ok(Verdict::Ready(Box::new(Ready { records, executed })))
    }

    fn check_header(&self, header: &Header) -> Result<(), &'static str> {
        let tip = self.chain.tip();
        let builder = self.chain.genesis().members.get(&header.builder);
        let rules = [
            (header.version == FORMAT_VERSION, "its format version is unknown"),
            (header.chain == self.identity.chain, "it belongs to another chain"),
            (header.height == tip.height.next(), "it names another height"),
            (header.previous == tip.block, "it does not follow the last block"),
            (header.members == self.identity.members, "it names other members"),
            (header.next_members == self.identity.members, "it names other members for the next block"),
            (header.members_since == Height::GENESIS.next(), "its members hold since another height"),
            (header.time > tip.time, "its time is not later than that of the last block"),
            (builder.is_some(), "its builder is not a member"),
        ];
        rules.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, what)| Err(what))
    }
}

fn malformed(proposal: &Proposal, why: &str) -> Judged {
    tracing::warn!(block.height = proposal.height, round = proposal.round, why, "malformed block");
    Judged::Malformed
}

/// Executes a block's records as far as they are sound and no rule speaks against one.
fn execute_all(execution: &mut Execution<'_>, block: &Verifying) -> Result<Vec<Arc<Sealed>>, End> {
    let mut records = Vec::with_capacity(block.body.records.len());
    block.each(processors(), |index, found| {
        let sealed = found.as_ref().map_err(|unsound| End::Verdict(unsound.verdict(index)))?;
        let submission = sealed.submission();
        let invalid = match execution.run(submission).map_err(End::Fault)? {
            Step::Done => {
                records.push(sealed.clone());
                return Ok(());
            }
            Step::TooManyRows => "it changes too many rows".to_owned(),
            Step::TooManyOfAuthor(_) => format!("record {index} is more than its author may have of a block"),
            Step::Refused(refusal) => {
                let why = format!("record {index} is refused: {refusal}");
                // The one part of an annex that a record does not bind; the batch does, where it fits.
                if submission.annex().commissioning.is_some() {
                    return Err(End::Verdict(Verdict::Malformed(why)));
                }
                why
            }
        };
        Err(End::Verdict(Verdict::Invalid(invalid)))
    })?;
    Ok(records)
}

impl Unsound {
    /// What it says of the block whose record it is. The header binds the signature with the rest of the record.
    fn verdict(&self, index: usize) -> Verdict {
        match self {
            Unsound::Values => Verdict::Malformed(format!("record {index} carries detached values")),
            Unsound::Rejected(rejected) => {
                let why = format!("record {index}: {}", rejected.refusal);
                if rejected.seal.is_some() { Verdict::Invalid(why) } else { Verdict::Malformed(why) }
            }
        }
    }
}

/// Whether the clock speaks against a block at present.
fn is_held_back(candidate: &Candidate, now: Time) -> bool {
    candidate.arrival.origin == Origin::Fresh && candidate.header.time > now.plus(AHEAD_MAX)
}

#[cfg(test)]
impl Prepared {
    /// The block, where it was not seen before.
    pub(super) fn verifying(&self) -> Option<&Arc<Verifying>> {
        match &self.0 {
            Preparation::New(block) => Some(block),
            Preparation::Malformed(_) | Preparation::Seen(_) => None,
        }
    }
}

#[cfg(test)]
impl Bound {
    pub(super) fn is_malformed(&self) -> bool {
        matches!(self.0, Binding::Malformed(_))
    }
}

impl Prepared {
    /// Looks whether its records are those of its header. Nothing of the node is needed for it, and nothing is verified.
    pub fn bind(self) -> Bound {
        let block = match self.0 {
            Preparation::Malformed(why) => return Bound(Binding::Malformed(why)),
            Preparation::Seen(id) => return Bound(Binding::Seen(id)),
            Preparation::New(block) => block,
        };
        // Anybody can put other records under a genuine header: they are not worth verifying.
        if block.seals().is_none_or(|seals| records_root(seals.iter()) != block.body.header.records) {
            return Bound(Binding::Malformed("the records are not those of the header".to_owned()));
        }
        Bound(Binding::New(block))
    }
}
