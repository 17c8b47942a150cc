//! What is gathered from final blocks as they come, and kept in memory.
//!
//! No block ever waits for it: whoever asks takes in what is new.

use std::{
    sync::{Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use hefu_contracts::{height::Height, state::Fault};

use crate::ledger::{BlockFound, Ledger};

/// So many blocks are taken in before the time is looked at.
const BLOCKS_AT_ONCE: usize = 64;

/// Something that grows with every block.
pub trait Gather: Send + Sync + 'static {
    /// What one block adds.
    type News;

    /// The first height that is not taken in.
    fn next(&self) -> Height;

    /// Reads what a block adds.
    ///
    /// # Errors
    /// From the storage.
    fn news(ledger: &dyn Ledger, block: &BlockFound) -> Result<Self::News, Fault>;

    /// Takes a block in.
    fn add(&mut self, block: &BlockFound, news: Self::News);
}

/// What was gathered so far, and whose turn it is to gather more.
#[derive(Debug, Default)]
pub struct Following<T> {
    known: RwLock<T>,
    /// Whoever holds it takes in new blocks, a few at a time.
    turn: Mutex<()>,
}

impl<T: Gather> Following<T> {
    /// Begins with something.
    pub fn new(known: T) -> Following<T> {
        Following { known: RwLock::new(known), turn: Mutex::new(()) }
    }

    /// Reads what is known.
    pub fn read<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes in new blocks, if there are any, for at most so long; whether all there are were taken in.
    ///
    /// # Errors
    /// From the storage.
    pub fn follow(&self, ledger: &dyn Ledger, within: Duration) -> Result<bool, Fault> {
        let begun = Instant::now();
        loop {
            if self.read(T::next) > *ledger.heights().borrow() {
                return Ok(true);
            }
            if !self.take_in(ledger, BLOCKS_AT_ONCE)? {
                return Ok(true);
            }
            if begun.elapsed() > within {
                return Ok(false);
            }
        }
    }

    /// Takes in at most `most` blocks; whether there may be more.
    fn take_in(&self, ledger: &dyn Ledger, most: usize) -> Result<bool, Fault> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..most {
            let next = self.read(T::next);
            let Some(block) = ledger.block(next)? else { return Ok(false) };
            let news = T::news(ledger, &block)?;
            self.known.write().unwrap_or_else(PoisonError::into_inner).add(&block, news);
        }
        Ok(true)
    }
}
