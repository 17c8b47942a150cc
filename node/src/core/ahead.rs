//! Blocks that others serve before their turn: their records are verified while the blocks before are executed.
//!
//! Nothing depends on it. What was verified is recognised when the block is judged, what was not is verified then.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use hefu_contracts::height::Height;
use hefu_keys::Hash;

use super::{Core, body::Body, sealed::Sealed};

/// Bytes of records that are kept for blocks whose turn has not come.
const AHEAD_BYTES_MAX: usize = 32 << 20;

/// How far ahead of the last final height: as far as the engine reads.
const AHEAD_HEIGHTS_MAX: u64 = 128;

/// A block whose form has been checked, but nothing else.
pub struct Early(Body);

/// Verified records of blocks to come, by height.
#[derive(Default)]
pub(super) struct Ahead {
    records: BTreeMap<Height, Vec<Arc<Sealed>>>,
    bytes: usize,
}

impl Early {
    /// Cuts a block; none where it is not one.
    pub fn cut(bytes: Bytes) -> Option<Early> {
        Body::cut(bytes).ok().map(Early)
    }

    /// The texts of its records.
    pub fn texts(&self) -> &[Bytes] {
        &self.0.records
    }
}

impl Core {
    /// Those of a block's texts that are worth verifying now: none where its turn is over or far away, or as much is kept as
    /// may be.
    pub fn unverified(&self, early: &Early, texts: &[Bytes]) -> Vec<Bytes> {
        let (height, last) = (early.0.header.height, self.height());
        let comes = height > last && height.get().saturating_sub(last.get()) <= AHEAD_HEIGHTS_MAX;
        if !comes || self.ahead.bytes > AHEAD_BYTES_MAX {
            return Vec::new();
        }
        texts.iter().filter(|text| self.recognise(&Hash::of(text)).is_none()).cloned().collect()
    }

    /// Keeps verified records until their block is final, or another of its height.
    pub fn verified(&mut self, early: &Early, records: Vec<Sealed>) {
        let height = early.0.header.height;
        if height <= self.height() {
            return;
        }
        for sealed in records {
            let sealed = Arc::new(sealed);
            self.remember(&sealed);
            self.ahead.bytes = self.ahead.bytes.saturating_add(sealed.bytes());
            self.ahead.records.entry(height).or_default().push(sealed);
        }
    }
}

impl Ahead {
    /// A height is final: what was kept up to it is let go.
    pub(super) fn reached(&mut self, height: Height) {
        let later = self.records.split_off(&height.next());
        let over = std::mem::replace(&mut self.records, later);
        let bytes = over.values().flatten().map(|sealed| sealed.bytes());
        self.bytes = bytes.fold(self.bytes, usize::saturating_sub);
    }
}
