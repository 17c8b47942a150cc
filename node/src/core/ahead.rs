//! Blocks that others serve before their turn: their records are verified while the blocks before are executed.
//!
//! Nothing depends on it. What was verified is found when the block is judged, what was not is verified then.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use hefu_contracts::{block::BadBlock, height::Height};

use super::{Core, verifying::Verifying};

/// Bytes of blocks that are kept until their turn comes.
const AHEAD_BYTES_MAX: usize = 32 << 20;

/// How far ahead of the last final height: as far as the engine reads.
const AHEAD_HEIGHTS_MAX: u64 = 128;

/// Blocks to come whose records are being verified, by height.
#[derive(Default)]
pub(super) struct Ahead {
    blocks: BTreeMap<Height, Vec<Arc<Verifying>>>,
    bytes: usize,
}

impl Core {
    /// Keeps a block until one of its height is final, so that what is verified of it meanwhile is found; none where its turn
    /// is over or far away, or as much is kept as may be.
    pub fn expect(&mut self, block: Verifying) -> Option<Arc<Verifying>> {
        let (height, last) = (block.body.header.height, self.height());
        if height <= last || height.get().saturating_sub(last.get()) > AHEAD_HEIGHTS_MAX {
            return None;
        }
        if let Some(kept) = self.ahead.find(height, &block.body.bytes) {
            return Some(kept.clone());
        }
        if self.ahead.bytes > AHEAD_BYTES_MAX {
            return None;
        }
        block.recognise(|digest| self.recognise(digest));
        let block = Arc::new(block);
        self.ahead.keep(height, block.clone());
        Some(block)
    }

    /// A block to be judged, with what is known of its records.
    ///
    /// # Errors
    /// [`BadBlock`] where the bytes are not one.
    pub(super) fn taken_up(&mut self, bytes: Bytes) -> Result<Arc<Verifying>, BadBlock> {
        if let Some(kept) = self.ahead.find(self.height().next(), &bytes) {
            return Ok(kept.clone());
        }
        let block = Verifying::cut(bytes)?;
        block.recognise(|digest| self.recognise(digest));
        let block = Arc::new(block);
        // Whoever comes to it later, because another served it too, has it before it.
        if block.body.header.height == self.height().next() && self.ahead.bytes <= AHEAD_BYTES_MAX {
            self.ahead.keep(block.body.header.height, block.clone());
        }
        Ok(block)
    }
}

impl Ahead {
    fn find(&self, height: Height, bytes: &Bytes) -> Option<&Arc<Verifying>> {
        self.blocks.get(&height)?.iter().find(|kept| kept.body.bytes == *bytes)
    }

    fn keep(&mut self, height: Height, block: Arc<Verifying>) {
        self.bytes = self.bytes.saturating_add(block.body.bytes.len());
        self.blocks.entry(height).or_default().push(block);
    }

    /// A height is final: what was kept up to it is let go.
    pub(super) fn reached(&mut self, height: Height) {
        let later = self.blocks.split_off(&height.next());
        let over = std::mem::replace(&mut self.blocks, later);
        let bytes = over.values().flatten().map(|block| block.body.bytes.len());
        self.bytes = bytes.fold(self.bytes, usize::saturating_sub);
    }
}
