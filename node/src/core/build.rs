//! Building the block that this node proposes.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bytes::Bytes;
use hefu_contracts::{
    block::{BODY_BYTES_MAX, Block, Header, records_root},
    execute::Moment,
    genesis::FORMAT_VERSION,
    height::Height,
    parties::quota::{Exceeded, is_free},
    receipt::Receipt,
    refusal::Refusal,
    register::Fault,
    time::Time,
};
use hefu_keys::{Address, Hash};

use super::{
    Core, Left, News,
    body::Body,
    cache::Ground,
    candidates::{Arrival, Candidate, Judgement, Origin, Ready},
    execution::{Executed, Execution, Step},
    sealed::Sealed,
};

/// Room kept in a body for its header and brackets; a header takes about 800 bytes.
const HEADER_BYTES_MAX: usize = 2_048;

/// A block of this node's own, on the disk already.
#[derive(Clone, Debug)]
pub struct Built {
    /// Its id.
    pub block: Hash,
    /// Its text.
    pub body: Bytes,
    /// Records that turned out to have no place in any block.
    pub left: Vec<(Left, Receipt)>,
}

/// The engine asked for a block of a height that is not the next.
#[derive(Debug, thiserror::Error)]
#[error("a block of height {asked} was asked for, the next height is {next}")]
pub(super) struct OutOfStep {
    pub asked: u64,
    pub next: Height,
}

/// A block that is being filled.
struct Filling<'a> {
    execution: Execution<'a>,
    records: Vec<Arc<Sealed>>,
    /// Bytes that are left.
    room: usize,
    /// Set once something did not fit; nothing is taken any more.
    full: bool,
    /// Set once something was left for a later block.
    short: bool,
    /// Keys and organisations that have all they may have of the block, or nearly: what else they have waiting, which may be
    /// most of the pool, is not executed to find that out each time.
    keys: HashSet<Address>,
    organisations: HashSet<Arc<str>>,
}

/// Whether a block has taken a record.
enum Offer {
    Taken,
    Refused(Refusal),
    /// Its author has what it may have of a block.
    Later,
    Full,
}

/// Records for a block, executed.
struct Selection {
    ready: Ready,
    refused: HashMap<Hash, Refusal>,
    /// Whether something had no place in it.
    full: bool,
}

/// Who builds the block after one that is committed, and whether that is begun meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Somebody else builds it, or nobody knows who.
    Elsewhere,
    /// This node, and it begins where more waits than the block holds. What comes meanwhile is in the one after that; it would
    /// be in this one only as the turn of an organisation that has less waiting. What cannot wait has the block built anew.
    Full,
    /// This node, and it begins with whatever waits.
    Any,
}

/// The records of the next block, executed while the last one was written. Nothing of it is on the disk.
pub(super) struct Begun {
    moment: Moment,
    selection: Selection,
}

impl Core {
    /// Builds a block of the records that wait, or gives back the one that was built for this round before.
    ///
    /// # Errors
    /// [`Fault`] from the storage, or where `height` is not the next.
    pub fn build(&mut self, now: Time, height: u64, round: u32) -> Result<Built, Fault> {
        self.expect_next(height)?;
        if let Some((block, candidate)) = self.candidates.built(round) {
            return Ok(Built { block: *block, body: candidate.bytes.clone(), left: Vec::new() });
        }
        let (moment, Selection { ready, refused, .. }) = match self.begun.take().filter(|_| round == 0) {
            Some(Begun { moment, selection }) => (moment, selection),
            None => {
                let moment = self.moment(now);
                let ground = Ground::new(&self.chain, &self.cache, &self.head)?;
                let selection = self.select(&ground, &moment, &HashSet::new())?;
                (moment, selection)
            }
        };
        let header = self.header(&moment, &ready);
        let text = Block::write(&header, ready.records.iter().map(|sealed| text_of(sealed)));
        let (block, bytes) = (header.id(), Bytes::from(text));
        debug_assert!(Body::cut(bytes.clone()).is_ok_and(|body| body.id == block));
        tracing::info!(
            block.height = height,
            block.id = %block,
            block.records = ready.records.len(),
            block.bytes = bytes.len(),
            round,
            "block built"
        );
        let arrival = Arrival { round, origin: Origin::Built };
        arrival.store(&*self.store, &block, &bytes)?;
        let judgement = Judgement::Valid(Box::new(ready));
        self.candidates.add(block, Candidate { header, bytes: bytes.clone(), arrival, judgement });
        let left = match refused.is_empty() {
            true => Vec::new(),
            false => self.settle(now, News { refused, ..News::default() })?,
        };
        Ok(Built { block, body: bytes, left })
    }

    pub(super) fn expect_next(&self, height: u64) -> Result<(), Fault> {
        let next = self.height().next();
        if height == next.get() { Ok(()) } else { Err(Fault::new(OutOfStep { asked: height, next })) }
    }

    /// Begins the block after one that is executed, and takes none of its records again.
    pub(super) fn begin_next(
        &self,
        now: Time,
        (header, block): (&Header, &Executed),
        included: &HashSet<Hash>,
        next: Next,
    ) -> Result<Option<Begun>, Fault> {
        if next == Next::Elsewhere || (next == Next::Full && self.pool.fits_a_block_without(included)) {
            return Ok(None);
        }
        let ground = Ground::new(&self.chain, &self.cache, &self.head)?.after(block);
        let moment = self.moment_after((header.height, header.time), now);
        let selection = self.select(&ground, &moment, included)?;
        let kept = selection.full || next == Next::Any;
        Ok(kept.then_some(Begun { moment, selection }))
    }

    /// Keeps a block that was begun, unless something in it has left the pool since.
    pub(super) fn keep_begun(&mut self, begun: Option<Begun>) {
        let waits = |id: &Hash| self.pool.get(id).is_some();
        self.begun = begun.filter(|begun| begun.selection.ready.records.iter().all(|sealed| waits(&sealed.id())));
        if let Some(begun) = &mut self.begun {
            begun.selection.refused.retain(|id, _| waits(id));
        }
    }

    /// Takes waiting records in their order until the block is full; none that are gone.
    fn select(&self, ground: &Ground<'_>, moment: &Moment, gone: &HashSet<Hash>) -> Result<Selection, Fault> {
        let mut filling = Filling::new(Execution::new(ground, moment));
        let mut early = Vec::new();
        for (ticket, sealed) in self.pool.in_order().filter(|(_, sealed)| !gone.contains(&sealed.id())) {
            if filling.has_enough_of(sealed, self.pool.party_of(ticket)) {
                continue;
            }
            match filling.offer(sealed, self.pool.party_of(ticket))? {
                Offer::Taken | Offer::Later => {}
                Offer::Refused(_) => early.push((ticket, sealed)),
                Offer::Full => break,
            }
        }
        // What depends on a record that was admitted before it but whose turn is later comes too early in the first pass:
        // the second is in the order of admission, in which everything comes after what it depends on. Where something
        // was left for a later block nobody knows what it would have changed, so there nothing is finally refused.
        early.sort_unstable_by_key(|(ticket, _)| *ticket);
        let mut refused = HashMap::new();
        for (ticket, sealed) in early {
            if filling.has_enough_of(sealed, self.pool.party_of(ticket)) {
                continue;
            }
            match filling.offer(sealed, self.pool.party_of(ticket))? {
                Offer::Refused(refusal) if !filling.short => {
                    refused.insert(sealed.id(), refusal);
                }
                Offer::Taken | Offer::Refused(_) | Offer::Later | Offer::Full => {}
            }
        }
        let executed = filling.execution.finish()?;
        Ok(Selection { ready: Ready { records: filling.records, executed }, refused, full: filling.full })
    }

    fn header(&self, moment: &Moment, ready: &Ready) -> Header {
        let seals: Vec<&Hash> = ready.records.iter().map(|sealed| &sealed.submission().record().seal).collect();
        Header {
            builder: self.identity.me,
            chain: self.identity.chain,
            height: moment.height,
            members: self.identity.members,
            members_since: Height::GENESIS.next(),
            next_members: self.identity.members,
            previous: self.chain.tip().block,
            records: records_root(seals.into_iter()),
            register: ready.executed.patch.root(),
            time: moment.time,
            version: FORMAT_VERSION,
        }
    }
}

impl<'a> Filling<'a> {
    fn new(execution: Execution<'a>) -> Filling<'a> {
        let room = BODY_BYTES_MAX.saturating_sub(HEADER_BYTES_MAX);
        Filling {
            execution,
            records: Vec::new(),
            room,
            full: false,
            short: false,
            keys: HashSet::new(),
            organisations: HashSet::new(),
        }
    }

    /// Whether its author has what it may have of the block.
    fn has_enough_of(&self, sealed: &Sealed, party: Option<&Arc<str>>) -> bool {
        let waits = !is_free(sealed.submission().record().action);
        let enough = || party.is_some_and(|party| self.organisations.contains(party));
        waits && (self.keys.contains(sealed.author()) || enough())
    }

    fn offer(&mut self, sealed: &Arc<Sealed>, party: Option<&Arc<str>>) -> Result<Offer, Fault> {
        let rest = self.room.checked_sub(sealed.text().len().saturating_add(1));
        let Some(rest) = rest.filter(|_| !self.full) else {
            return Ok(self.is_full());
        };
        match self.execution.run(sealed.submission())? {
            Step::Done => {
                self.room = rest;
                self.records.push(sealed.clone());
                Ok(Offer::Taken)
            }
            Step::Refused(refusal) => Ok(Offer::Refused(refusal)),
            Step::TooManyRows => Ok(self.is_full()),
            Step::TooManyOfAuthor(exceeded) => {
                self.short = true;
                match exceeded {
                    Exceeded::Key => drop(self.keys.insert(*sealed.author())),
                    Exceeded::Organisation => self.organisations.extend(party.cloned()),
                }
                Ok(Offer::Later)
            }
        }
    }

    const fn is_full(&mut self) -> Offer {
        (self.full, self.short) = (true, true);
        Offer::Full
    }
}

fn text_of(sealed: &Sealed) -> Cow<'_, str> {
    // A submission is read from UTF-8, so nothing is ever replaced.
    String::from_utf8_lossy(sealed.text())
}
