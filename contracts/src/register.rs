//! The register: one Merkle root over every row of the ledger.
//!
//! A row is found by the SHA-256 of its key. The leading bits of that hash choose one of 2^d buckets; a bucket is a
//! short list of (key hash, row hash), sorted by key hash. Over the buckets stands a perfect binary tree whose root is
//! in every header, so one proof shows a row's present state, or that there is no such row.
//!
//! ```text
//! root of the register     perfect tree of 2^d leaves, inner nodes SHA-256(0x01 ‖ left ‖ right)
//! leaf of a bucket         SHA-256(0x04 ‖ u32be size ‖ root of the bucket), an empty bucket 32 zero bytes
//! root of a bucket         RFC 6962 tree over its pairs in the order of key hashes
//! leaf of a pair           SHA-256(0x00 ‖ SHA-256(key) ‖ row hash)
//! ```
//!
//! The depth is fixed in genesis: a tree that never changes its shape needs no rules for splitting and joining, all
//! its inner nodes fit in memory, and only buckets are ever read from the store.
//!
//! - [`Tree`] is that memory, [`Buckets`] is how the store is read.
//! - [`plan`], or [`plan_by`] on two processors, computes what a set of changed rows would do, as a [`Patch`] that leaves
//!   the tree as it is, so that several candidate blocks can stand on one parent; [`Tree::apply`] takes the one that was
//!   decided.
//! - [`Range`] is a part of the register that can be checked by itself.
//! - [`prove`] makes a [`Multiproof`] for any number of keys, [`Multiproof::check`] checks it against a root.
//!
//! Rows are never deleted, so neither is a pair.

mod bucket;
mod check;
mod fault;
mod patch;
mod proof;
mod range;
#[cfg(test)]
mod tests;
mod tree;

use hefu_keys::Hash;
use serde::{Deserialize, Serialize};

pub use bucket::{Bucket, Buckets, DamagedBucket, Pair};
pub use check::BadProof;
pub use fault::Fault;
pub use patch::{Half, Patch, plan, plan_by};
pub use proof::{KEYS_MAX, Multiproof, prove};
pub use range::{Range, range_of, root_over};
pub use tree::Tree;

/// The number of levels between the root and the buckets: a register of depth d has 2^d buckets.
///
/// A tree of depth d occupies 2^(d+6) bytes of memory: 256 KiB at [`Depth::DEV`], 64 MiB at [`Depth::DEFAULT`],
/// 4 GiB at [`Depth::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Depth(u8);

/// A depth outside of [`Depth::MIN`] to [`Depth::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("register depth is {0}, accepted are 1 to 26")]
pub struct BadDepth(u8);

impl Depth {
    /// The shallowest register: two buckets.
    pub const MIN: Depth = Depth(1);
    /// The deepest register: 67 million buckets.
    pub const MAX: Depth = Depth(26);
    /// For a network: a million buckets, a few rows in each up to ten million items.
    pub const DEFAULT: Depth = Depth(20);
    /// For development: a node that starts at once.
    pub const DEV: Depth = Depth(12);

    /// How many levels the tree has below its root.
    pub fn levels(self) -> u8 {
        self.0
    }

    /// How many buckets the register has, 2^d; bucket indices are below it.
    pub fn buckets(self) -> u32 {
        1_u32.wrapping_shl(u32::from(self.0))
    }
}

impl TryFrom<u8> for Depth {
    type Error = BadDepth;

    fn try_from(levels: u8) -> Result<Depth, BadDepth> {
        let depth = Depth(levels);
        if (Depth::MIN..=Depth::MAX).contains(&depth) { Ok(depth) } else { Err(BadDepth(levels)) }
    }
}

impl From<Depth> for u8 {
    fn from(depth: Depth) -> u8 {
        depth.0
    }
}

/// The bucket a row belongs to: the leading `depth` bits of its key's hash, read as a big-endian number.
///
/// Key hashes in ascending order give bucket indices in ascending order.
pub fn bucket_index(key: &Hash, depth: Depth) -> u32 {
    let [a, b, c, d, ..] = *key.as_bytes();
    u32::from_be_bytes([a, b, c, d]).wrapping_shr(u32::BITS.saturating_sub(u32::from(depth.0)))
}
