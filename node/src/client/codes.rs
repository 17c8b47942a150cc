//! Codes outside of the ledger: the issuer's tree over a batch, and the hand-over file with which a factory prints and
//! commissions some of it.

use std::{collections::BTreeSet, num::NonZero, ops::Range, thread};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hefu_contracts::{
    annex::{ELEMENTS_MAX, Issuance},
    codes::{
        CodesIssue, Commissioning,
        batch::{BLOCK_CODES, BadIssuance, HandoverBlock, HandoverCode, KnownTree},
        derive::{self, Seed},
    },
    gs1::{BadEpc, Epc, Gtin},
    refusal::Refusal,
};
use hefu_keys::Hash;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Codes that are derived at once by all threads: enough to keep them busy, few enough for memory.
const WINDOW_CODES: u64 = 64 * BLOCK_CODES;

/// Version of the hand-over file.
const VERSION: u32 = 1;

/// Codes of a batch in the hands of whoever prints them: serials, hidden claim codes, and what proves that they were
/// issued. Whoever has the file can claim every item in it, so it is never shown, logged or handed on.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// Id of the record that issued the batch.
    pub batch: Hash,
    /// Aligned blocks of 1,024 codes.
    pub blocks: Vec<HandoverBlock>,
    /// The chain that the batch was issued on.
    pub chain: Hash,
    /// Number of codes in the whole batch.
    pub count: u64,
    /// The trade item.
    pub gtin: Gtin,
    /// Root of the tree over the batch.
    pub root: Hash,
    #[serde(rename = "type")]
    kind: HandoverKind,
    version: u32,
}

/// The word `handover`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum HandoverKind {
    Handover,
}

/// Codes that are to be commissioned, with what proves them.
#[derive(Clone, Debug)]
pub struct Selection {
    /// For the record's body.
    pub commissioning: Commissioning,
    /// For its annex.
    pub issuance: Issuance,
    /// The items, by index.
    pub items: Vec<Epc>,
}

/// Why codes cannot be handed over or commissioned.
#[derive(Debug, Error)]
pub enum BadHandover {
    /// Not the JSON of a hand-over file.
    #[error("the hand-over file is malformed")]
    Json(#[from] serde_json::Error),
    /// A version that this program does not know.
    #[error("the hand-over file has version {0}, this program reads version {VERSION}")]
    Version(u32),
    /// Damaged.
    #[error("the hand-over file is damaged")]
    Damaged(#[source] BadIssuance),
    /// The seed belongs to another batch.
    #[error("the seed does not lead to the root of batch {0}")]
    OtherSeed(Hash),
    /// A block that the batch does not have.
    #[error("the batch has no block {block}: with {count} codes its last is {last}")]
    NoBlock {
        /// What was asked for.
        block: u64,
        /// Codes of the batch.
        count: u64,
        /// Its last block.
        last: u64,
    },
    /// Ranges that no rule would accept.
    #[error(transparent)]
    Ranges(#[from] Refusal),
    /// A code that is in no block of the file.
    #[error("the hand-over file does not have the code {0}")]
    NotHere(u64),
    /// A serial that is none.
    #[error("the hand-over file has a malformed serial")]
    Serial(#[from] BadEpc),
}

/// The tree over all codes of a seed. `progress` hears the number of codes that were derived since it last heard.
///
/// A code takes two HMACs and a scalar multiplication, about 20 µs on one thread; all threads help.
pub fn tree(seed: &Seed, count: u64, keep: &BTreeSet<u64>, mut progress: impl FnMut(u64)) -> KnownTree {
    let leaves = windows(0..count, WINDOW_CODES).flat_map(|window| {
        progress(window.end.saturating_sub(window.start));
        derive_all(seed, window)
    });
    KnownTree::build(count, leaves, keep)
}

/// A range in pieces of `length`, the last perhaps shorter.
fn windows(range: Range<u64>, length: u64) -> impl Iterator<Item = Range<u64>> {
    let mut first = range.start;
    std::iter::from_fn(move || {
        let window = first..range.end.min(first.saturating_add(length));
        first = window.end;
        (!window.is_empty()).then_some(window)
    })
}

fn derive_all(seed: &Seed, window: Range<u64>) -> Vec<Hash> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    let length = window.end.saturating_sub(window.start);
    let share = length.div_ceil(threads);
    let leaf = |index| {
        let code = derive::code(seed, index);
        derive::leaf(&code.serial, &code.claim_key)
    };
    if length <= BLOCK_CODES {
        return window.map(leaf).collect();
    }
    thread::scope(|scope| {
        let spawn = |part: Range<u64>| scope.spawn(move || part.map(leaf).collect::<Vec<_>>());
        let workers: Vec<_> = windows(window, share).map(spawn).collect();
        // A worker only panics where the process is out of memory, and then so do we.
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    })
}

impl Handover {
    /// The codes of some blocks. `issue` and `batch` are the issuing record's body and id.
    ///
    /// # Errors
    /// [`BadHandover::NoBlock`] or [`BadHandover::OtherSeed`].
    pub fn make(
        seed: &Seed,
        (chain, batch, issue): (Hash, Hash, &CodesIssue),
        blocks: &BTreeSet<u64>,
        progress: impl FnMut(u64),
    ) -> Result<Handover, BadHandover> {
        let count = issue.count;
        let last = count.saturating_sub(1).checked_div(BLOCK_CODES).unwrap_or(0);
        if let Some(block) = blocks.iter().copied().find(|block| *block > last) {
            return Err(BadHandover::NoBlock { block, count, last });
        }
        let tree = tree(seed, count, &BTreeSet::new(), progress);
        if tree.root() != issue.root {
            return Err(BadHandover::OtherSeed(batch));
        }
        let blocks = blocks.iter().map(|block| handover_block(seed, &tree, *block, count)).collect();
        let kind = HandoverKind::Handover;
        Ok(Handover { batch, blocks, chain, count, gtin: issue.gtin, root: issue.root, kind, version: VERSION })
    }

    /// Reads a hand-over file.
    ///
    /// # Errors
    /// [`BadHandover`].
    pub fn read(text: &str) -> Result<Handover, BadHandover> {
        let handover: Handover = serde_json::from_str(text)?;
        if handover.version != VERSION {
            return Err(BadHandover::Version(handover.version));
        }
        Ok(handover)
    }

    /// The codes of some ranges, each a first index and a count.
    ///
    /// # Errors
    /// [`BadHandover`].
    pub fn select(&self, ranges: &[(u64, u64)]) -> Result<Selection, BadHandover> {
        let commissioning = Commissioning { batch: self.batch, ranges: ranges.to_vec() };
        let indices = commissioning.indices(self.count)?;
        let tree = KnownTree::from_handover(self.count, &self.root, &self.blocks).map_err(BadHandover::Damaged)?;
        let mut claim_keys = Vec::with_capacity(indices.len().saturating_mul(32));
        let mut serials = Vec::with_capacity(indices.len());
        let mut items = Vec::with_capacity(indices.len().min(ELEMENTS_MAX));
        for index in &indices {
            let code = self.code(*index).ok_or(BadHandover::NotHere(*index))?;
            claim_keys.extend(code.claim_key().map_err(BadHandover::Damaged)?);
            items.push(Epc::item(&self.gtin, &code.serial)?);
            serials.push(code.serial.clone());
        }
        let path = tree.prove(&indices.into_iter().collect());
        let issuance = Issuance { claim_keys: BASE64_URL_SAFE_NO_PAD.encode(claim_keys), path, serials };
        Ok(Selection { commissioning, issuance, items })
    }

    fn code(&self, index: u64) -> Option<&HandoverCode> {
        let at = |block: &HandoverBlock| index.checked_sub(block.first).and_then(|at| usize::try_from(at).ok());
        self.blocks.iter().find_map(|block| block.codes.get(at(block)?))
    }
}

fn handover_block(seed: &Seed, tree: &KnownTree, block: u64, count: u64) -> HandoverBlock {
    let first = block.saturating_mul(BLOCK_CODES);
    let codes = (first..count.min(first.saturating_add(BLOCK_CODES))).map(|index| {
        let code = derive::code(seed, index);
        HandoverCode {
            claim: code.claim.as_str().to_owned(),
            claim_key: BASE64_URL_SAFE_NO_PAD.encode(code.claim_key),
            serial: code.serial,
        }
    });
    HandoverBlock { codes: codes.collect(), first, path: tree.block_path(block) }
}

#[cfg(test)]
mod tests;
