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
    /// What was verified of it: a core recognises it as long as somebody has it.
    verified: Vec<Arc<Sealed>>,
    /// Set where something in it is no record, or not by whom it says. The block is invalid, or not the one that it was
    /// announced as; either way nothing more is done for it until all of it is here.
    unsound: bool,
}

/// Records that have become whole, with the hash of their text.
pub struct Arrived(Vec<(Hash, Vec<u8>)>);

impl Arriving {
    /// Takes the next bytes of the block.
    pub fn take(&mut self, bytes: &[u8]) -> Arrived {
        let records = if self.unsound { Vec::new() } else { self.inflow.take(bytes) };
        Arrived(spread(records, HASHES, |text: Vec<u8>| (Hash::of(&text), text)))
    }

    /// Verifies records, on all processors. What is given is to be [remembered](Core::remember_all).
    pub fn verify(&mut self, arrived: Arrived) -> &[Arc<Sealed>] {
        let before = self.verified.len();
        for read in read_all(arrived.0.into_iter().map(|(_, text)| text).collect()) {
            match read {
                Ok(sealed) => self.verified.push(Arc::new(sealed)),
                Err(_) => self.unsound = true,
            }
        }
        self.verified.get(before..).unwrap_or_default()
    }
}

impl Core {
    /// Those of some records that this node has not verified before.
    pub fn unknown_of(&self, arrived: Arrived) -> Arrived {
        Arrived(arrived.0.into_iter().filter(|(digest, _)| self.recognise(digest).is_none()).collect())
    }

    /// Recognises records from now on, as long as somebody keeps them.
    pub fn remember_all(&mut self, records: &[Arc<Sealed>]) {
        records.iter().for_each(|sealed| self.remember(sealed));
    }
}
