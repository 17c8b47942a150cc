//! Batches: the perfect tree over all codes, and proofs that some of them are in it.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hefu_keys::{Hash, merkle};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{BatchRow, Issued, derive};
use crate::annex::Issuance;

/// Codes of one aligned block: what a hand-over file holds with a single path.
pub const BLOCK_CODES: u64 = 1_024;

const BLOCK_LEVEL: u32 = 10;

/// Why a proof of issuance does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadIssuance {
    /// Claim keys, serials and indices differ in number.
    #[error("claim keys, serials and indices differ in number")]
    Counts,
    /// A block does not begin or end where the batch's blocks do.
    #[error("a block does not begin or end where the batch's blocks do")]
    Block,
    /// The hidden code does not seed the claim key beside it.
    #[error("a claim code does not fit its claim key")]
    Claim,
    /// Something is not base64url of whole hashes or keys.
    #[error("claim keys or path are not whole and base64url")]
    Encoding,
    /// The recomputed root is another one.
    #[error("the serials and claim keys do not lead to the batch's root")]
    Root,
}

/// Height of the perfect tree over `count` codes: the smallest power of two that holds them.
pub fn levels(count: u64) -> u32 {
    count.checked_next_power_of_two().unwrap_or(u64::MAX).trailing_zeros()
}

/// Checks the codes at `indices` (ascending) against the batch's root.
///
/// # Errors
/// [`BadIssuance`].
pub fn check(batch: &BatchRow, indices: &[u64], issuance: &Issuance) -> Result<Vec<Issued>, BadIssuance> {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| BadIssuance::Encoding);
    let keys = whole(&decode(&issuance.claim_keys)?)?;
    let path: Vec<Hash> = whole(&decode(&issuance.path)?)?.into_iter().map(Hash::from_bytes).collect();
    if keys.len() != indices.len() || issuance.serials.len() != indices.len() {
        return Err(BadIssuance::Counts);
    }
    let codes = indices.iter().zip(keys).zip(&issuance.serials);
    let issued: Vec<Issued> =
        codes.map(|((index, claim_key), serial)| Issued { claim_key, index: *index, serial: serial.clone() }).collect();
    let leaves = issued.iter().map(|code| (code.index, derive::leaf(&code.serial, &code.claim_key))).collect();
    let size = 1_u64.checked_shl(levels(batch.count)).unwrap_or(u64::MAX);
    match merkle::root_from(size, &leaves, &path) {
        Ok(root) if root == batch.root => Ok(issued),
        Ok(_) | Err(_) => Err(BadIssuance::Root),
    }
}

fn whole(bytes: &[u8]) -> Result<Vec<[u8; 32]>, BadIssuance> {
    let (chunks, rest) = bytes.as_chunks::<32>();
    if rest.is_empty() { Ok(chunks.to_vec()) } else { Err(BadIssuance::Encoding) }
}

/// The nodes of a batch's tree that somebody knows: the issuer all of them, a factory those of its blocks.
#[derive(Clone, Debug)]
pub struct KnownTree {
    levels: u32,
    nodes: BTreeMap<(u32, u64), Hash>,
}

/// One aligned block of a hand-over file: codes and the path from their subtree to the batch's root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandoverBlock {
    /// The codes in the order of their indices.
    pub codes: Vec<HandoverCode>,
    /// Index of the first code.
    pub first: u64,
    /// Sibling hashes from the block's subtree up to the root, base64url.
    pub path: String,
}

/// One code of a hand-over file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct HandoverCode {
    /// The hidden code to print under the scratch layer.
    pub claim: String,
    /// Public half of the key that it seeds, base64url.
    pub claim_key: String,
    /// The serial number.
    pub serial: String,
}

impl KnownTree {
    /// The whole tree over a batch's leaves in order. Only the block level and above are kept, and the leaves of the
    /// aligned blocks that `keep` names: 10^7 codes need 2 MB, not 2 GB.
    pub fn build(count: u64, leaves: impl Iterator<Item = Hash>, keep: &BTreeSet<u64>) -> KnownTree {
        let mut tree = KnownTree { levels: levels(count), nodes: BTreeMap::new() };
        let block_level = BLOCK_LEVEL.min(tree.levels);
        let mut block = Vec::new();
        let mut index = 0_u64;
        for leaf in leaves {
            block.push(leaf);
            if block.len() as u64 == BLOCK_CODES {
                tree.add_block(index, &block, keep.contains(&index));
                block.clear();
                index = index.saturating_add(1);
            }
        }
        if !block.is_empty() {
            tree.add_block(index, &block, keep.contains(&index));
        }
        tree.fill_upwards(block_level);
        tree
    }

    /// The tree's root.
    pub fn root(&self) -> Hash {
        self.node(self.levels, 0)
    }

    fn add_block(&mut self, block: u64, leaves: &[Hash], keep: bool) {
        let level = BLOCK_LEVEL.min(self.levels);
        let width = 1_u64.checked_shl(level).unwrap_or(1);
        let mut hashes = leaves.to_vec();
        hashes.resize(usize::try_from(width).unwrap_or(leaves.len()), Hash::ZERO);
        for at in 0..=level {
            let first = block.saturating_mul(width.checked_shr(at).unwrap_or(1));
            if keep || at == level {
                let numbered = (first..).zip(&hashes).map(|(index, hash)| ((at, index), *hash));
                self.nodes.extend(numbered);
            }
            hashes = pairs(&hashes);
        }
    }

    /// Computes every node above `level` from those on it; missing ones are padding.
    fn fill_upwards(&mut self, level: u32) {
        for at in level..self.levels {
            let width = 1_u64.checked_shl(self.levels.saturating_sub(at)).unwrap_or(1);
            for left in (0..width).step_by(2) {
                let hash = merkle::node(&self.node(at, left), &self.node(at, left.saturating_add(1)));
                self.nodes.insert((at.saturating_add(1), left.checked_shr(1).unwrap_or(0)), hash);
            }
        }
    }

    /// A known node; an unknown one is taken for padding, whose leaves are zero.
    fn node(&self, level: u32, index: u64) -> Hash {
        self.nodes.get(&(level, index)).copied().unwrap_or_else(|| padding(level))
    }

    /// The path of an aligned block, for a hand-over file.
    pub fn block_path(&self, block: u64) -> String {
        let mut bytes = Vec::new();
        let mut index = block;
        for level in BLOCK_LEVEL.min(self.levels)..self.levels {
            bytes.extend_from_slice(self.node(level, index ^ 1).as_bytes());
            index = index.checked_shr(1).unwrap_or(0);
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a factory knows of the tree from its hand-over blocks.
    ///
    /// # Errors
    /// [`BadIssuance`]: each block must be one of the batch's and lead to `root` by itself, so that none can stand in
    /// for another.
    pub fn from_handover(count: u64, root: &Hash, blocks: &[HandoverBlock]) -> Result<KnownTree, BadIssuance> {
        let mut tree = KnownTree { levels: levels(count), nodes: BTreeMap::new() };
        for block in blocks {
            let mut alone = KnownTree { levels: tree.levels, nodes: BTreeMap::new() };
            alone.add_handed(count, block)?;
            if alone.root() != *root {
                return Err(BadIssuance::Root);
            }
            tree.nodes.append(&mut alone.nodes);
        }
        if blocks.is_empty() { Err(BadIssuance::Root) } else { Ok(tree) }
    }

    fn add_handed(&mut self, count: u64, block: &HandoverBlock) -> Result<(), BadIssuance> {
        let codes = count.checked_sub(block.first).map(|left| left.min(BLOCK_CODES)).filter(|codes| *codes > 0);
        let number = block.first.checked_shr(BLOCK_LEVEL).unwrap_or(0);
        if number.checked_shl(BLOCK_LEVEL) != Some(block.first) || codes != Some(block.codes.len() as u64) {
            return Err(BadIssuance::Block);
        }
        let leaves = block.codes.iter().map(HandoverCode::leaf).collect::<Result<Vec<_>, _>>()?;
        let path = whole(&URL_SAFE_NO_PAD.decode(&block.path).map_err(|_| BadIssuance::Encoding)?)?;
        if path.len() as u64 != u64::from(self.levels.saturating_sub(BLOCK_LEVEL)) {
            return Err(BadIssuance::Root);
        }
        self.add_block(number, &leaves, true);
        self.add_path(number, &path);
        Ok(())
    }

    fn add_path(&mut self, block: u64, path: &[[u8; 32]]) {
        let mut index = block;
        for (level, sibling) in (BLOCK_LEVEL.min(self.levels)..self.levels).zip(path) {
            self.nodes.entry((level, index ^ 1)).or_insert(Hash::from_bytes(*sibling));
            let (left, right) = (self.node(level, index & !1), self.node(level, index | 1));
            index = index.checked_shr(1).unwrap_or(0);
            self.nodes.insert((level.saturating_add(1), index), merkle::node(&left, &right));
        }
    }

    /// The path that proves the codes at `indices`, in the order in which [`merkle::root_from`] takes it, base64url.
    pub fn prove(&self, indices: &BTreeSet<u64>) -> String {
        let mut bytes = Vec::new();
        self.walk(self.levels, 0, indices, &mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn walk(&self, level: u32, index: u64, indices: &BTreeSet<u64>, bytes: &mut Vec<u8>) {
        let first = index.checked_shl(level).unwrap_or(u64::MAX);
        let end = index.saturating_add(1).checked_shl(level).unwrap_or(u64::MAX);
        if indices.range(first..end).next().is_none() {
            bytes.extend_from_slice(self.node(level, index).as_bytes());
        } else if level > 0 {
            let left = index.saturating_mul(2);
            self.walk(level.saturating_sub(1), left, indices, bytes);
            self.walk(level.saturating_sub(1), left.saturating_add(1), indices, bytes);
        }
    }
}

impl HandoverCode {
    /// The claim key, once it is the one that the hidden code seeds.
    ///
    /// # Errors
    /// [`BadIssuance::Encoding`] or [`BadIssuance::Claim`].
    pub fn claim_key(&self) -> Result<[u8; 32], BadIssuance> {
        let key = self.key()?;
        if key == derive::claim_key(&self.claim) { Ok(key) } else { Err(BadIssuance::Claim) }
    }

    fn leaf(&self) -> Result<Hash, BadIssuance> {
        Ok(derive::leaf(&self.serial, &self.key()?))
    }

    fn key(&self) -> Result<[u8; 32], BadIssuance> {
        let key = URL_SAFE_NO_PAD.decode(&self.claim_key).map_err(|_| BadIssuance::Encoding)?;
        key.try_into().map_err(|_| BadIssuance::Encoding)
    }
}

fn pairs(hashes: &[Hash]) -> Vec<Hash> {
    let (pairs, rest) = hashes.as_chunks::<2>();
    let joined = pairs.iter().map(|[left, right]| merkle::node(left, right));
    joined.chain(rest.iter().copied()).collect()
}

/// Root of a subtree of padding leaves, which are 32 zero bytes each.
fn padding(level: u32) -> Hash {
    (0..level).fold(Hash::ZERO, |hash, _| merkle::node(&hash, &hash))
}
