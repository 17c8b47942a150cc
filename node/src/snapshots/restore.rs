//! Filling an empty store with what others hand over, believing none of them.
//!
//! First the card: a header that more than two thirds of the members have certified, and roots of ranges that lead to its
//! register. Then rows range by range, entries row by row, blocks one after another. What does not fit exposes who sent
//! it, and is asked of somebody else. The store counts as half made until the last write, which makes it whole.

mod blocks;
mod card;
mod entries;
mod rows;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, VecDeque},
    error::Error,
    fmt,
    time::Duration,
};

use bytes::Bytes;
use hefu_contracts::{genesis::Genesis, height::Height, schema::Table, state::Fault};
use hefu_gossip::{Ask, PeerId};

use super::shelf::Card;
use crate::store::{Mark, Store, count_value, height_key, identity};

/// How often each of those who are asked may have no answer to one question before it is given up.
const ROUNDS_MAX: usize = 4;

/// Who takes longer for something is asked again only where the quick have none of it. A liar that answers as slowly as it may,
/// or not at all, costs so much once.
const SLOW: Duration = Duration::from_secs(5);

/// How long a piece may take that comes in many answers; a second more for so many bytes only where nobody is known to be
/// quicker. Garbage that comes just so quickly would otherwise be taken until there are more bytes than there can be.
const PIECE_WITHIN: Duration = Duration::from_secs(30);
const BYTES_PER_SECOND_MIN: usize = 64 << 10;

/// How much time somebody has for a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    /// The same for any piece: one of the quick has not been asked for it yet.
    Short,
    /// The more, the longer it is.
    Long,
}

impl Patience {
    /// How long so many bytes may take.
    fn within(self, bytes: usize) -> Duration {
        let seconds = bytes.checked_div(BYTES_PER_SECOND_MIN).and_then(|seconds| u64::try_from(seconds).ok());
        match self {
            Patience::Short => PIECE_WITHIN,
            Patience::Long => PIECE_WITHIN.saturating_add(Duration::from_secs(seconds.unwrap_or_default())),
        }
    }
}

/// Those who can be asked.
pub trait Source {
    /// Who is connected now.
    fn peers(&mut self) -> Vec<PeerId>;

    /// Asks somebody and waits; `None` where no answer came.
    fn ask(&mut self, peer: PeerId, ask: Ask) -> Option<Vec<Bytes>>;

    /// Time since some beginning.
    fn clock(&self) -> Duration;

    /// Somebody has sent what no honest node sends, and is to be left alone.
    fn expose(&mut self, peer: PeerId, lie: &Lie);
}

/// What no honest node sends.
#[derive(Debug, PartialEq, Eq)]
pub struct Lie(pub String);

/// Why nothing is restored.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// Nobody has a snapshot.
    #[error("nobody has a snapshot")]
    None,
    /// Nobody is left who answers.
    #[error("nobody is left who hands over {0}")]
    Nobody(&'static str),
    /// This machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What is handed over at present, and how far that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub what: &'static str,
    pub done: u64,
    pub total: u64,
}

/// A store that is being filled.
struct Filling<'a, S> {
    genesis: &'a Genesis,
    store: &'a dyn Store,
    source: &'a mut S,
    /// Who is asked next; nobody who was exposed.
    asked: VecDeque<PeerId>,
    /// Who of them has taken long.
    slow: BTreeSet<PeerId>,
    exposed: Vec<PeerId>,
    /// Whether nobody else may be asked.
    closed: bool,
    progress: &'a mut dyn FnMut(Progress),
}

/// Fills an empty store with the best snapshot that somebody has; its last block. Nobody of those left out is asked; whoever
/// offered what could not be had is one of them afterwards, so that another attempt, with another empty store, does with
/// what the rest have.
///
/// # Errors
/// [`Stop`]; the store is then of no use.
pub fn fill<S: Source>(
    genesis: &Genesis,
    store: &dyn Store,
    source: &mut S,
    left_out: &mut Vec<PeerId>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Mark, Stop> {
    let asked = source.peers().into_iter().filter(|peer| !left_out.contains(peer)).collect();
    let (slow, exposed) = (BTreeSet::new(), left_out.clone());
    let mut filling = Filling { genesis, store, source, asked, slow, exposed, closed: false, progress };
    let (card, offered) = filling.card()?;
    let filled = filling.all(&card);
    if matches!(filled, Err(Stop::Nobody(_))) {
        *left_out = filling.exposed;
        left_out.extend(offered);
    }
    filled
}

/// All pieces of something from one node, so that it is clear who lies: asks for what is still missing until there are so many,
/// more bytes than there can be, or one without any. None where it has no answer, or takes too long for all of it.
fn gather<S: Source>(
    source: &mut S,
    peer: PeerId,
    patience: Patience,
    (count, bytes_max): (u64, usize),
    ask: impl Fn(u64) -> Ask,
) -> Option<Vec<Bytes>> {
    let begun = source.clock();
    let mut pieces: Vec<Bytes> = Vec::new();
    let mut bytes: usize = 0;
    while (pieces.len() as u64) < count && bytes <= bytes_max {
        let more = source.ask(peer, ask(pieces.len() as u64))?;
        if more.is_empty() {
            return None;
        }
        let is_lie = is_without_bytes(&more);
        bytes = more.iter().fold(bytes, |bytes, piece| bytes.saturating_add(piece.len()));
        pieces.extend(more);
        if is_lie {
            break;
        }
        let is_missing = (pieces.len() as u64) < count;
        if is_missing && source.clock().saturating_sub(begun) > patience.within(bytes) {
            return None;
        }
    }
    Some(pieces)
}

/// Whether one of the pieces has no bytes. No honest one is empty, and no limit of bytes is one of the number of empty ones.
fn is_without_bytes(pieces: &[Bytes]) -> bool {
    pieces.iter().any(Bytes::is_empty)
}

/// Number of rows.
fn total(card: &Card) -> u64 {
    card.counts.iter().map(|count| u64::from(*count)).sum()
}

impl<S: Source> Filling<'_, S> {
    /// Everything that is behind a card.
    fn all(&mut self, card: &Card) -> Result<Mark, Stop> {
        let height = card.header.height;
        tracing::info!(block.height = height.get(), rows = total(card), "restoring a snapshot");
        self.rows(card)?;
        // They have led to the certified root, so the card is true, whoever offered it. Entries and blocks are with everybody
        // who has come so far, also without this snapshot.
        self.closed = false;
        self.look_around();
        self.entries(card)?;
        let count = self.blocks(card)?;
        let mark = Mark { height, block: card.certificate.block };
        let mut batch = identity(self.genesis);
        batch.put(Table::Tip, "height", height_key(height).to_vec());
        batch.put(Table::Tip, "records", count_value(count).to_vec());
        self.store.commit(batch, mark).map_err(Fault::from)?;
        Ok(mark)
    }

    /// Gets something from one of the others, and checks it. Who has no answer is asked again later, who lies never.
    fn fetch<T>(
        &mut self,
        what: &'static str,
        mut get: impl FnMut(&mut S, PeerId, Patience) -> Option<Vec<Bytes>>,
        mut check: impl FnMut(Vec<Bytes>) -> Result<T, Lie>,
    ) -> Result<T, Stop> {
        let (mut missed, mut missed_by_quick): (usize, usize) = (0, 0);
        loop {
            let Some(peer) = self.next(missed_by_quick) else { return Err(Stop::Nobody(what)) };
            let patience = if self.quick_left(missed_by_quick) > 0 { Patience::Short } else { Patience::Long };
            let begun = self.source.clock();
            let got = get(self.source, peer, patience).map(|pieces| {
                if is_without_bytes(&pieces) { Err(Lie::new("a piece has no bytes")) } else { check(pieces) }
            });
            if self.source.clock().saturating_sub(begun) > SLOW && self.slow.insert(peer) {
                tracing::warn!(peer.id = %peer, "a node is slow at handing over {what}: others are asked first");
            }
            match got {
                Some(Ok(sound)) => {
                    self.asked.push_back(peer);
                    return Ok(sound);
                }
                Some(Err(lie)) => {
                    self.source.expose(peer, &lie);
                    self.exposed.push(peer);
                }
                None => {
                    self.asked.push_back(peer);
                    missed = missed.saturating_add(1);
                    missed_by_quick = missed_by_quick.saturating_add(usize::from(!self.slow.contains(&peer)));
                    if missed > self.asked.len().saturating_mul(ROUNDS_MAX) {
                        return Err(Stop::Nobody(what));
                    }
                    self.look_around();
                }
            }
        }
    }

    /// Who is asked, after so many of the quick have had no answer: they first, in turn; once none of them has one, everybody.
    fn next(&mut self, missed: usize) -> Option<PeerId> {
        let is_quick = |peer: &PeerId| !self.slow.contains(peer);
        let first = if self.quick_left(missed) > 0 { self.asked.iter().position(is_quick)? } else { 0 };
        self.asked.remove(first)
    }

    /// How many of the quick can still be asked for the first time, after so many of them have had no answer.
    fn quick_left(&self, missed: usize) -> usize {
        self.asked.iter().filter(|peer| !self.slow.contains(peer)).count().saturating_sub(missed)
    }

    /// Who has come since can be asked too.
    fn look_around(&mut self) {
        if self.closed {
            return;
        }
        for peer in self.source.peers() {
            if !self.asked.contains(&peer) && !self.exposed.contains(&peer) {
                self.asked.push_back(peer);
            }
        }
    }

    fn tell(&mut self, what: &'static str, done: u64, total: u64) {
        (self.progress)(Progress { what, done, total });
    }
}

impl Lie {
    fn new(words: impl fmt::Display) -> Lie {
        Lie(words.to_string())
    }

    fn at(height: Height, words: impl fmt::Display) -> Lie {
        Lie(format!("block {height}: {words}"))
    }
}

impl<E: Error> From<E> for Lie {
    fn from(error: E) -> Lie {
        Lie::new(error)
    }
}
