//! Blocks that others serve before their turn: their records are verified while the blocks before are executed.
//!
//! Nothing depends on it. What was verified is found when the block is judged, what was not is verified then.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use hefu_contracts::height::Height;

use super::{
    Core,
    judge::{Prepared, Proposal},
    verifying::Verifying,
};

/// Bytes of blocks that are kept until their turn comes. With what was read of them they take some four times as much.
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
    /// is over or far away, or as much is kept of earlier ones as may be. Where it was kept before it is that one.
    pub fn keep_ahead(&mut self, block: Verifying) -> Option<Arc<Verifying>> {
        let (height, last) = (block.body.header.height, self.height());
        if height <= last || height.get().saturating_sub(last.get()) > AHEAD_HEIGHTS_MAX {
            return None;
        }
        if let Some(kept) = self.ahead.find(height, &block.body.bytes) {
            return Some(kept.clone());
        }
        block.recognise(|digest| self.recognise(digest));
        self.ahead.keep(height, Arc::new(block))
    }

    /// As [`Core::prepare`], of a block that others serve as decided: whoever verifies ahead and comes to it only now works at
    /// the same one.
    pub fn prepare_served(&mut self, proposal: &Proposal, bytes: Bytes) -> Prepared {
        if self.ahead_of(&bytes).is_none()
            && let Ok(block) = Verifying::cut(bytes.clone())
        {
            self.keep_ahead(block);
        }
        self.prepare(proposal, bytes)
    }

    /// A block of the next height that is kept.
    pub(super) fn ahead_of(&self, bytes: &Bytes) -> Option<&Arc<Verifying>> {
        self.ahead.find(self.height().next(), bytes)
    }
}

impl Ahead {
    fn find(&self, height: Height, bytes: &Bytes) -> Option<&Arc<Verifying>> {
        self.blocks.get(&height)?.iter().find(|kept| kept.body.bytes == *bytes)
    }

    /// Keeps a block. What comes first goes before what comes later, or somebody could fill all of it with blocks far ahead.
    fn keep(&mut self, height: Height, block: Arc<Verifying>) -> Option<Arc<Verifying>> {
        let bytes = block.body.bytes.len();
        while self.bytes.saturating_add(bytes) > AHEAD_BYTES_MAX {
            let farthest = self.blocks.last_entry().filter(|farthest| *farthest.key() > height)?.remove();
            self.let_go(farthest);
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.blocks.entry(height).or_default().push(block.clone());
        Some(block)
    }

    /// A height is final: what was kept up to it is let go.
    pub(super) fn reached(&mut self, height: Height) {
        let later = self.blocks.split_off(&height.next());
        for over in std::mem::replace(&mut self.blocks, later).into_values() {
            self.let_go(over);
        }
    }

    fn let_go(&mut self, blocks: Vec<Arc<Verifying>>) {
        for block in blocks {
            block.end();
            self.bytes = self.bytes.saturating_sub(block.body.bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::tests::{Scene, rewritten};

    /// A block of so many bytes for a height.
    fn block(like: &Bytes, height: u64, bytes: usize) -> Arc<Verifying> {
        let height = Height::new(height).expect("a height");
        let body = rewritten(like, |header, records| {
            header.height = height;
            *records = vec![format!("\"{}\"", "x".repeat(bytes))];
        });
        Arc::new(Verifying::cut(body).expect("a block"))
    }

    #[test]
    fn what_comes_later_gives_way_and_nothing_is_kept_beyond_the_limit() {
        let like = Scene::new().build(0).body;
        let mut ahead = Ahead::default();
        let mib = |height, mib: usize| block(&like, height, mib << 20);
        let keep =
            |ahead: &mut Ahead, height, block| ahead.keep(Height::new(height).expect("a height"), block).is_some();
        for number in 0..10 {
            let far = mib(100 + number, 3);
            assert!(keep(&mut ahead, 100 + number, far));
        }
        assert!(!keep(&mut ahead, 110, mib(110, 3)), "what comes latest has no room");
        let farthest = ahead.blocks[&Height::new(109).expect("a height")][0].clone();
        assert!(keep(&mut ahead, 1, mib(1, 3)), "what comes first has");
        assert_eq!(ahead.blocks.len(), 10);
        assert!(ahead.bytes <= AHEAD_BYTES_MAX);
        farthest.work(1);
        assert_eq!(farthest.unverified(), 1, "nobody works any more at what was let go");
        ahead.reached(Height::new(200).expect("a height"));
        assert_eq!((ahead.blocks.len(), ahead.bytes), (0, 0));
    }
}
