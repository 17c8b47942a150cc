//! Answering nodes that have no state yet.

use bytes::Bytes;
use hefu_contracts::{genesis::Genesis, height::Height, register::Depth, schema::Table, state::Fault};
use hefu_gossip::{Answer, Ask};
use serde::Deserialize;

use super::{Shelf, shelf::Card};
use crate::store::{Chain, StoreError, entry_key};

/// Bytes of one answer, unless a single piece is larger.
const ANSWER_BYTES: usize = 1 << 20;

/// Entries looked at for one answer: those of later blocks are passed over.
const ENTRIES_SEEN_MAX: usize = 20_000;

/// All that is asked of an entry here.
#[derive(Deserialize)]
struct Written {
    height: Height,
}

/// Pieces of an answer while there is room.
#[derive(Default)]
struct Pieces {
    pieces: Vec<Bytes>,
    bytes: usize,
}

impl Pieces {
    /// Whether there is no room for so many more bytes.
    fn is_full(&self, more: usize) -> bool {
        let bytes = self.bytes.saturating_add(more);
        !self.pieces.is_empty() && (bytes > ANSWER_BYTES || self.pieces.len() >= Answer::PIECES_MAX)
    }

    fn add(&mut self, piece: impl Into<Bytes>) {
        let piece = piece.into();
        self.bytes = self.bytes.saturating_add(piece.len());
        self.pieces.push(piece);
    }
}

/// What is answered to a question; nothing where this node does not have it.
///
/// # Errors
/// [`Fault`] from the storage.
pub fn answer(shelf: &Shelf, chain: &Chain, ask: &Ask) -> Result<Vec<Bytes>, Fault> {
    let at = |height: u64| Height::new(height).filter(|height| *height <= chain.tip().height);
    let pieces = match ask {
        Ask::Snapshot => snapshot(shelf, chain.genesis()),
        Ask::Rows { height, cut, range, skip } => match at(*height) {
            Some(height) => rows(shelf, chain.genesis().register_depth, (height, *cut, *range), *skip),
            None => Pieces::default(),
        },
        Ask::Entries { height, row, n } => match (at(*height), std::str::from_utf8(row)) {
            (Some(height), Ok(row)) => entries(chain, height, (row, *n))?,
            (None, _) | (_, Err(_)) => Pieces::default(),
        },
        Ask::Blocks { first, last } => match (at(*first), at(*last)) {
            (Some(first), Some(last)) => blocks(chain, first, last)?,
            (None, _) | (_, None) => Pieces::default(),
        },
    };
    Ok(pieces.pieces)
}

/// The newest one whose card is sound: a false one would make this node look like a liar.
fn snapshot(shelf: &Shelf, genesis: &Genesis) -> Pieces {
    let mut pieces = Pieces::default();
    while let Some(card) = shelf.newest() {
        if let Err(why) = card.check(genesis) {
            shelf.discard(card.header.height, &why);
            continue;
        }
        pieces.add(card.header.text());
        pieces.add(card.certificate.text());
        pieces.add(card.roots.iter().flat_map(|root| *root.as_bytes()).collect::<Vec<u8>>());
        pieces.add(card.counts.iter().flat_map(|count| count.to_be_bytes()).collect::<Vec<u8>>());
        break;
    }
    pieces
}

fn rows(shelf: &Shelf, depth: Depth, (height, cut, range): (Height, u8, u32), skip: u32) -> Pieces {
    let mut pieces = Pieces::default();
    let is_of = |card: &Card| card.cut() == cut && (range as usize) < card.counts.len();
    let Some(card) = shelf.of(height).filter(|card| is_of(card)) else { return pieces };
    match shelf.rows(depth, &card, range) {
        Ok(rows) => {
            for row in rows.into_iter().skip(skip as usize) {
                if pieces.is_full(row.len()) {
                    break;
                }
                pieces.add(row);
            }
        }
        // The node needs none of it; others have the same.
        Err(error) if error.is_damage() => shelf.discard(height, &error),
        Err(error) => tracing::warn!(%error, "a snapshot cannot be read now"),
    }
    pieces
}

fn entries(chain: &Chain, until: Height, (row, n): (&str, u64)) -> Result<Pieces, Fault> {
    let mut pieces = Pieces::default();
    let from = entry_key(row, n);
    for pair in chain.view().scan(Table::Entries, &from, None).take(ENTRIES_SEEN_MAX) {
        let (key, text) = pair?;
        let written: Written = serde_json::from_slice(&text)
            .map_err(|bad| StoreError::damaged(Table::Entries, String::from_utf8_lossy(&key), bad))?;
        if written.height > until {
            continue;
        }
        if pieces.is_full(text.len()) {
            break;
        }
        pieces.add(text.into_vec());
    }
    Ok(pieces)
}

fn blocks(chain: &Chain, first: Height, last: Height) -> Result<Pieces, Fault> {
    let mut pieces = Pieces::default();
    for height in first.get()..=last.get() {
        let Some(height) = Height::new(height) else { break };
        let Some((certificate, body)) = chain.body(height)? else { break };
        let certificate = certificate.text();
        if pieces.is_full(certificate.len().saturating_add(body.len())) {
            break;
        }
        pieces.add(certificate);
        pieces.add(body);
    }
    Ok(pieces)
}
