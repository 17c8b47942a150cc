//! A block whose records are verified by whoever has time for it, each of them once.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use hefu_contracts::block::BadBlock;
use hefu_keys::{Hash, canonical};

use super::{
    body::Body,
    processors::{helped, spread},
    sealed::{Rejected, SIGNATURES, Sealed},
};

/// Hashes of fewer records than this are not worth another thread: one takes some microseconds.
pub(super) const HASHES: usize = 200;

/// A block whose form has been checked, and what is known of its records.
///
/// Several threads may work at it: a node that catches up verifies blocks to come while it executes those before them, and
/// where their turn comes meanwhile, the thread that must wait for the rest takes a part of it.
#[derive(Debug)]
pub struct Verifying {
    pub(super) body: Body,
    /// SHA-256 of each record's text.
    digests: Vec<Hash>,
    found: Vec<OnceLock<Found>>,
    /// The first record that nobody has taken on.
    next: AtomicUsize,
}

/// What is known of one record.
pub(super) type Found = Result<Arc<Sealed>, Unsound>;

/// Why bytes of a block are no record of it.
#[derive(Clone, Debug)]
pub(super) enum Unsound {
    /// It is not a record, or not by whom it says.
    Rejected(Box<Rejected>),
    /// It carries detached values, which are in no block.
    Values,
}

impl Verifying {
    /// Cuts a block. Nothing of the node is needed for it.
    ///
    /// # Errors
    /// [`BadBlock`] where the bytes are not one.
    pub fn cut(bytes: Bytes) -> Result<Verifying, BadBlock> {
        let body = Body::cut(bytes)?;
        let digests = spread(body.records.iter().collect(), HASHES, |text: &Bytes| Hash::of(text));
        let found = body.records.iter().map(|_| OnceLock::new()).collect();
        Ok(Verifying { body, digests, found, next: AtomicUsize::new(0) })
    }

    /// Takes over the records that were verified before, which are known by the hash of their text. A block holds that text
    /// without values, even where some came with the record to this node.
    pub(super) fn recognise(&self, known: impl Fn(&Hash) -> Option<Arc<Sealed>>) {
        for (digest, slot) in self.digests.iter().zip(&self.found) {
            if let Some(sealed) = known(digest) {
                slot.get_or_init(|| Ok(sealed));
            }
        }
    }

    /// The seals of all records, by which a header binds them; none where one of them has no record in it. Nothing is verified
    /// for it.
    pub(super) fn seals(&self) -> Option<Vec<Hash>> {
        let records = self.body.records.iter().zip(&self.found);
        let seals = spread(records.collect(), HASHES, |(text, slot): (&Bytes, &OnceLock<Found>)| match slot.get() {
            Some(Ok(sealed)) => Some(sealed.submission().record().seal),
            Some(Err(_)) | None => {
                let record = canonical::member(std::str::from_utf8(text).ok()?, "record")?;
                Some(Hash::of(record.as_bytes()))
            }
        });
        seals.into_iter().collect()
    }

    /// Nobody verifies any more of it than what is begun: its turn is over.
    pub(super) fn end(&self) {
        self.next.store(self.found.len(), Ordering::Relaxed);
    }

    /// How many records nobody has verified.
    pub fn unverified(&self) -> usize {
        self.found.iter().filter(|slot| slot.get().is_none()).count()
    }

    /// Verifies what nobody has taken on, on as many processors as are worth it, at most `processors`.
    pub fn work(&self, processors: usize) {
        self.helped(processors, || self.verify_rest());
    }

    /// Does something with what is known of each record, in their order, while those behind it are verified as by
    /// [`Verifying::work`]. The first error ends it, and the verifying too.
    pub(super) fn each<E>(
        &self,
        processors: usize,
        mut each: impl FnMut(usize, &Found) -> Result<(), E>,
    ) -> Result<(), E> {
        self.helped(processors, || {
            let mut all = (0..self.found.len()).filter_map(|at| Some((at, self.reach(at)?)));
            let done = all.try_for_each(|(at, found)| each(at, found));
            if done.is_err() {
                self.end();
            }
            done
        })
    }

    fn helped<T>(&self, processors: usize, own: impl FnOnce() -> T) -> T {
        let worth = processors.min(self.unverified().div_ceil(SIGNATURES));
        helped(worth.saturating_sub(1), || self.verify_rest(), own)
    }

    fn verify_rest(&self) {
        while let Some(at) = self.take() {
            self.found(at);
        }
    }

    fn take(&self) -> Option<usize> {
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        (at < self.found.len()).then_some(at)
    }

    /// What is known of a record. As long as another thread is at it this one verifies others.
    fn reach(&self, at: usize) -> Option<&Found> {
        while self.found.get(at)?.get().is_none()
            && let Some(other) = self.take()
        {
            self.found(other);
        }
        self.found(at)
    }

    /// What is known of a record. Where another thread is at it this one waits, and verifies it itself should that one panic.
    fn found(&self, at: usize) -> Option<&Found> {
        let (slot, text) = (self.found.get(at)?, self.body.records.get(at)?);
        Some(slot.get_or_init(|| match Sealed::read(text.to_vec()) {
            Ok(sealed) if sealed.submission().annex().values.is_empty() => Ok(Arc::new(sealed)),
            Ok(_) => Err(Unsound::Values),
            Err(rejected) => Err(Unsound::Rejected(rejected)),
        }))
    }
}
