//! Buckets: the part of the register that lies in the store.

use std::collections::BTreeMap;

use hefu_keys::{Hash, merkle};

use super::{Depth, Fault, bucket_index};

/// Tag of a bucket's leaf. It binds the size, so that a proof cannot lie about which pair is the last one.
const BUCKET_TAG: u8 = 0x04;

/// How the register reads the store, at the height of the tree it is used with.
pub trait Buckets {
    /// The bucket at `index`; one that was never written is empty.
    ///
    /// # Errors
    /// [`Fault::Unreadable`] and [`Fault::Damaged`], nothing else.
    fn bucket(&self, index: u32) -> Result<Bucket, Fault>;
}

impl Buckets for BTreeMap<u32, Bucket> {
    fn bucket(&self, index: u32) -> Result<Bucket, Fault> {
        Ok(self.get(&index).cloned().unwrap_or_default())
    }
}

/// One row as the register sees it: two hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// SHA-256 of the row's key.
    pub key: Hash,
    /// The row's hash, `SHA-256(0x02 ‖ row)`.
    pub row: Hash,
}

impl Pair {
    /// The pair's leaf in the tree of its bucket.
    pub(super) fn leaf(&self) -> Hash {
        Hash::tagged(0x00, &[self.key.as_bytes(), self.row.as_bytes()])
    }
}

/// The pairs whose key hashes begin with the same bits, strictly ascending by key hash.
///
/// A bucket has no upper limit: with d = 20 a party can find keys for one bucket at a million hashes each, and a limit
/// would let it stop the chain. A crowded bucket costs its size once per block that touches it, nothing more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    pairs: Vec<Pair>,
}

/// Bytes that are no bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DamagedBucket {
    /// The bytes do not divide into pairs.
    #[error("a bucket has {0} bytes, which is no multiple of 64")]
    Length(usize),
    /// A pair's key hash is not greater than that of the pair before it.
    #[error("key hash {0} of a bucket is not greater than the one before it")]
    Order(Hash),
    /// A pair belongs to another bucket.
    #[error("key hash {0} belongs to another bucket")]
    Elsewhere(Hash),
}

impl Bucket {
    /// Bytes of one pair in the store: key hash, row hash.
    pub const PAIR_BYTES: usize = 64;

    /// Reads a bucket from the store's bytes; no bytes are an empty bucket.
    ///
    /// # Errors
    /// When the length is no multiple of 64, or the key hashes do not strictly ascend.
    pub fn decode(bytes: &[u8]) -> Result<Bucket, DamagedBucket> {
        let (halves, rest) = bytes.as_chunks::<32>();
        let (hashes, odd) = halves.as_chunks::<2>();
        if !rest.is_empty() || !odd.is_empty() {
            return Err(DamagedBucket::Length(bytes.len()));
        }
        let mut pairs: Vec<Pair> = Vec::with_capacity(hashes.len());
        for [key, row] in hashes {
            let pair = Pair { key: Hash::from_bytes(*key), row: Hash::from_bytes(*row) };
            if pairs.last().is_some_and(|before| before.key >= pair.key) {
                return Err(DamagedBucket::Order(pair.key));
            }
            pairs.push(pair);
        }
        Ok(Bucket { pairs })
    }

    /// The bytes the store keeps: 64 a pair, in order.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.pairs.len().saturating_mul(Bucket::PAIR_BYTES));
        for pair in &self.pairs {
            bytes.extend_from_slice(pair.key.as_bytes());
            bytes.extend_from_slice(pair.row.as_bytes());
        }
        bytes
    }

    /// The pairs, strictly ascending by key hash.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// How many pairs there are.
    pub fn size(&self) -> u32 {
        // 2^32 pairs would be 256 GiB, so nothing is ever cut off here.
        u32::try_from(self.pairs.len()).unwrap_or(u32::MAX)
    }

    /// The row hash under this key hash.
    pub fn row(&self, key: &Hash) -> Option<Hash> {
        let at = self.pairs.binary_search_by_key(key, |pair| pair.key).ok()?;
        self.pairs.get(at).map(|pair| pair.row)
    }

    /// The bucket's leaf in the register's tree.
    pub fn leaf(&self) -> Hash {
        self.leaf_over(&self.pair_leaves())
    }

    /// The leaves of the bucket's own tree.
    pub(super) fn pair_leaves(&self) -> Vec<Hash> {
        self.pairs.iter().map(Pair::leaf).collect()
    }

    /// [`Bucket::leaf`] for one who has [`Bucket::pair_leaves`] already.
    pub(super) fn leaf_over(&self, pair_leaves: &[Hash]) -> Hash {
        leaf_of(self.size(), &merkle::root(pair_leaves))
    }

    /// This bucket with rows set: those it has are replaced, the others put in their place.
    ///
    /// `changes` strictly ascend by key hash.
    pub(super) fn with(&self, changes: &[Pair]) -> Bucket {
        let mut pairs = Vec::with_capacity(self.pairs.len().saturating_add(changes.len()));
        let mut kept = self.pairs.iter().copied().peekable();
        for change in changes {
            while let Some(pair) = kept.next_if(|pair| pair.key < change.key) {
                pairs.push(pair);
            }
            // The row as it was, if the bucket has it, gives way to the row as it is now.
            let _before = kept.next_if(|pair| pair.key == change.key);
            pairs.push(*change);
        }
        pairs.extend(kept);
        Bucket { pairs }
    }

    /// Whether every pair belongs to the bucket at `index`; the first one that does not is named.
    pub(super) fn belongs(&self, index: u32, depth: Depth) -> Result<(), DamagedBucket> {
        match self.pairs.iter().find(|pair| bucket_index(&pair.key, depth) != index) {
            None => Ok(()),
            Some(stray) => Err(DamagedBucket::Elsewhere(stray.key)),
        }
    }
}

/// The leaf of a bucket with `size` pairs under the root of its own tree.
pub(super) fn leaf_of(size: u32, root: &Hash) -> Hash {
    match size {
        0 => Hash::ZERO,
        _ => Hash::tagged(BUCKET_TAG, &[&size.to_be_bytes(), root.as_bytes()]),
    }
}
