//! Merkle trees of the shape of RFC 6962, and proofs for any number of leaves at once.
//!
//! One recursion serves trees, proofs and their verification, here as in a browser. `walk(lo, hi)`: a range without a
//! revealed leaf is the next hash of the path; a range of one revealed leaf is that leaf; any other range is split at
//! the largest power of two below its length, and is the node over both halves.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::Hash;

const LEAF_TAG: u8 = 0x00;
const NODE_TAG: u8 = 0x01;

/// The most leaves a tree may have: counts travel as JSON integers, exact below 2^53.
pub const LEAVES_MAX: u64 = (1 << 53) - 1;

/// Why a path does not lead to a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    /// The recursion asked for one more hash than the path holds.
    #[error("the path has too few hashes")]
    TooShort,
    /// Hashes were left over.
    #[error("the path has {0} hashes too many")]
    TooLong(usize),
    /// A leaf was revealed at or beyond the size.
    #[error("leaf {position} of a tree of {size} does not exist")]
    Position {
        /// The position that was revealed.
        position: u64,
        /// The number of leaves of the tree.
        size: u64,
    },
    /// The size is above [`LEAVES_MAX`].
    #[error("a tree of {0} leaves, at most {LEAVES_MAX} are accepted")]
    Size(u64),
    /// A path's text is not base64url without padding.
    #[error("a path is written in base64url without padding")]
    Text,
    /// A path's bytes are not a whole number of hashes.
    #[error("a path of {0} bytes is not a whole number of 32-byte hashes")]
    Bytes(usize),
}

/// The hash of a leaf: SHA-256(0x00 ‖ data).
pub fn leaf(data: &[u8]) -> Hash {
    Hash::tagged(LEAF_TAG, &[data])
}

/// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node(left: &Hash, right: &Hash) -> Hash {
    Hash::tagged(NODE_TAG, &[left.as_bytes(), right.as_bytes()])
}

/// The root over `leaves`, which are hashes already; [`Hash::ZERO`] over none.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::ZERO,
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&root(left), &root(right))
        }
    }
}

/// The path that leads from the leaves at `positions` to the root, in the order [`root_from`] uses it up. Positions
/// beyond the list have no leaf and are passed over.
pub fn prove(leaves: &[Hash], positions: &BTreeSet<usize>) -> Vec<Hash> {
    let mut path = Vec::new();
    if !leaves.is_empty() {
        prove_range(leaves, 0, positions, &mut path);
    }
    path
}

fn prove_range(leaves: &[Hash], lo: usize, positions: &BTreeSet<usize>, path: &mut Vec<Hash>) {
    if positions.range(lo..lo.saturating_add(leaves.len())).next().is_none() {
        path.push(root(leaves));
    } else if leaves.len() > 1 {
        let half = split(leaves.len());
        let (left, right) = leaves.split_at(half);
        prove_range(left, lo, positions, path);
        prove_range(right, lo.saturating_add(half), positions, path);
    }
}

/// The root of a tree of `size` leaves of which `revealed` are known by position, the rest by `path`.
///
/// The path must be used up exactly. The work is bounded by the number of revealed leaves times the tree's height
/// (at most 53), whatever `size` claims.
pub fn root_from(size: u64, revealed: &BTreeMap<u64, Hash>, path: &[Hash]) -> Result<Hash, BadPath> {
    if size > LEAVES_MAX {
        return Err(BadPath::Size(size));
    }
    if let Some((&position, _)) = revealed.range(size..).next() {
        return Err(BadPath::Position { position, size });
    }
    let mut rest = path.iter();
    let root = if size == 0 { Hash::ZERO } else { walk(0, size, revealed, &mut rest)? };
    match rest.len() {
        0 => Ok(root),
        left => Err(BadPath::TooLong(left)),
    }
}

fn walk(
    lo: u64,
    hi: u64,
    revealed: &BTreeMap<u64, Hash>,
    path: &mut std::slice::Iter<'_, Hash>,
) -> Result<Hash, BadPath> {
    let size = hi.saturating_sub(lo);
    match revealed.range(lo..hi).next() {
        None => path.next().copied().ok_or(BadPath::TooShort),
        Some((_, leaf)) if size == 1 => Ok(*leaf),
        Some(_) => {
            // Half of a range, rounded up to a power of two, is the largest power of two below its length.
            let middle = lo.saturating_add(size.div_ceil(2).next_power_of_two());
            let left = walk(lo, middle, revealed, path)?;
            let right = walk(middle, hi, revealed, path)?;
            Ok(node(&left, &right))
        }
    }
}

/// The largest power of two below `size`, which is at least 2.
fn split(size: usize) -> usize {
    size.div_ceil(2).next_power_of_two()
}

/// A path as it travels in JSON: base64url, without padding, of its hashes one after the other.
pub fn path_text(path: &[Hash]) -> String {
    let bytes: Vec<u8> = path.iter().flat_map(|hash| *hash.as_bytes()).collect();
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads what [`path_text`] wrote. The caller bounds the length of the text.
pub fn path_from(text: &str) -> Result<Vec<Hash>, BadPath> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| BadPath::Text)?;
    let (hashes, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(BadPath::Bytes(bytes.len()));
    }
    Ok(hashes.iter().map(|hash| Hash::from_bytes(*hash)).collect())
}

#[cfg(test)]
mod tests;
