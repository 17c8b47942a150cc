//! A proposer's block whose bytes are still on their way: its records are verified as they come.
//!
//! The engine waits for the answer to each part of a block. Where all of the work were left to the last one, that answer would
//! take as long as all signatures of the largest block; so each part pays for the records that it makes whole, while those
//! after it are sent. Nothing depends on it: what was verified is found when the whole block is judged, what was not is
//! verified then.

use std::sync::Arc;

use hefu_contracts::block::Inflow;
use hefu_keys::Hash;

use super::{
    Core,
    processors::spread,
    sealed::{Sealed, read_all},
    verifying::HASHES,
};

/// A block that is arriving.
#[derive(Default)]
pub struct Arriving {
    inflow: Inflow,
    /// How many bytes of it have come.
    bytes: u64,
    /// Its records as far as they are verified: a core recognises them as long as somebody has them.
    verified: Vec<Arc<Sealed>>,
    /// Set where something in it is no record, or not by whom it says. The block is invalid, or not the one that it was
    /// announced as; either way nothing more is done for it until all of it is here.
    unsound: bool,
}

/// Records that have become whole.
pub struct Arrived {
    known: Vec<Arc<Sealed>>,
    /// With the hash of their text.
    unknown: Vec<(Hash, Vec<u8>)>,
}

impl Arriving {
    /// How many bytes of it have come.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes the next bytes of the block.
    pub fn take(&mut self, bytes: &[u8]) -> Arrived {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let records = if self.unsound { Vec::new() } else { self.inflow.take(bytes) };
        Arrived { known: Vec::new(), unknown: spread(records, HASHES, |text: Vec<u8>| (Hash::of(&text), text)) }
    }

    /// Verifies what is not known, on all processors. What is given is to be [remembered](Core::remember_all).
    pub fn verify(&mut self, arrived: Arrived) -> &[Arc<Sealed>] {
        self.verified.extend(arrived.known);
        let before = self.verified.len();
        for read in read_all(arrived.unknown.into_iter().map(|(_, text)| text).collect()) {
            match read {
                // What carries values is known by another text than that which stands here, where none may.
                Ok(sealed) if sealed.submission().annex().values.is_empty() => self.verified.push(Arc::new(sealed)),
                Ok(_) | Err(_) => self.unsound = true,
            }
        }
        self.verified.get(before..).unwrap_or_default()
    }
}

impl Core {
    /// Finds those of some records that this node has verified before.
    pub fn find_known(&self, arrived: Arrived) -> Arrived {
        let Arrived { mut known, unknown } = arrived;
        let found = |(digest, _): &(Hash, Vec<u8>)| self.recognise(digest).map(|sealed| known.push(sealed)).is_none();
        let unknown = unknown.into_iter().filter(found).collect();
        Arrived { known, unknown }
    }

    /// Recognises records from now on, as long as somebody keeps them.
    pub fn remember_all(&mut self, records: &[Arc<Sealed>]) {
        for sealed in records {
            // The one that waits stays as long as it waits, these only until their block is judged.
            if self.recognise(&sealed.digest()).is_none() {
                self.remember(sealed);
            }
        }
    }
}
