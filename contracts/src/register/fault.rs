//! Failures of our own machine.

use std::error::Error;

use hefu_keys::Hash;

use super::{DamagedBucket, proof::KEYS_MAX};

/// Our own machine failed: never a rule's refusal, and nothing follows from it about a record or a proof. A validator
/// that meets one must stop; one that guesses forks.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store did not answer, or with something that cannot be read.
    #[error("the store cannot be read")]
    Unreadable(#[source] Box<dyn Error + Send + Sync>),
    /// The store answered with bytes that are no bucket.
    #[error("bucket {index} is damaged in the store")]
    Damaged {
        /// The bucket that was asked for.
        index: u32,
        /// What is wrong with its bytes.
        #[source]
        cause: DamagedBucket,
    },
    /// The store answered with a sound bucket that is not the one under this root: the tree and the store are not at
    /// the same height, or the store was altered.
    #[error("bucket {index} in the store is not the one under root {root}")]
    OtherBucket {
        /// The bucket that was asked for.
        index: u32,
        /// The root of the tree.
        root: Hash,
    },
    /// A bucket was given out of ascending order, twice, or beyond the last one.
    #[error("bucket {index} is out of order, or beyond the {buckets} buckets of the register")]
    OutOfOrder {
        /// The bucket that was given.
        index: u32,
        /// How many buckets the register has.
        buckets: u32,
    },
    /// A patch was used on another root than it was planned on.
    #[error("a patch planned on root {planned} does not fit on root {found}")]
    OtherParent {
        /// The root the patch was planned on.
        planned: Hash,
        /// The root it was to be used on.
        found: Hash,
    },
    /// A proof was to be made for too many keys, or for none.
    #[error("a proof was to be made for {asked} keys, possible are 1 to {KEYS_MAX}")]
    KeyCount {
        /// How many keys there were.
        asked: usize,
    },
}

impl Fault {
    /// A failure of the store, by its cause.
    pub fn new(cause: impl Error + Send + Sync + 'static) -> Fault {
        Fault::Unreadable(Box::new(cause))
    }
}
