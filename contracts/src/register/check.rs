//! Checking a proof that a stranger may have made.
//!
//! The check does work in proportion to what was asked, never to what the proof claims: what the proof shows is first
//! compared with the question, and only then hashed. In this order:
//!
//! 1. the buckets shown are those of the keys asked for, ascending by index;
//! 2. in each, positions and key hashes strictly ascend, positions are below the size, keys belong to the bucket;
//! 3. each row that should be there is shown with its hash; around each that should not, the shown entries are next to
//!    each other, or the bucket begins or ends there; every entry shown serves one of these;
//! 4. the entries and the bucket's path, used up exactly, give the bucket's leaf;
//! 5. the leaves and the outer path, used up exactly, give the root.

use std::collections::{BTreeMap, BTreeSet};

use hefu_keys::{
    Hash,
    merkle::{self, BadPath},
};

use super::{
    Depth, Multiproof, Pair, bucket, bucket_index,
    proof::{KEYS_MAX, ShownBucket, ShownPair},
};

/// Why a proof shows nothing, the first reason found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// The question itself cannot be answered by one proof.
    #[error("a proof was checked for {asked} keys, possible are 1 to {KEYS_MAX}")]
    KeyCount {
        /// How many keys the proof was to answer for.
        asked: usize,
    },
    /// The question contradicts itself.
    #[error("row {key} is asked for in two different states")]
    TwoStates {
        /// The key that is asked for twice.
        key: String,
    },
    /// The proof shows other buckets than those of the keys.
    #[error("the proof shows other buckets than those of the keys, or not in ascending order")]
    OtherBuckets,
    /// Pairs of a bucket do not ascend, lie beyond its size or in another bucket.
    #[error("the entries of bucket {index} do not strictly ascend, or do not lie in it")]
    Misplaced {
        /// The bucket.
        index: u32,
    },
    /// A bucket shows pairs that answer for no key.
    #[error("bucket {index} shows entries nobody asked for")]
    NotAsked {
        /// The bucket.
        index: u32,
    },
    /// A row that should be there is not shown.
    #[error("row {key} is not in the proof")]
    NotShown {
        /// The row's key.
        key: String,
    },
    /// A row is shown in another state.
    #[error("row {key} has the hash {found} in the proof")]
    OtherRow {
        /// The row's key.
        key: String,
        /// The row hash in the proof.
        found: Hash,
    },
    /// A row that should not be there is shown.
    #[error("row {key} is in the proof and should be absent")]
    NotAbsent {
        /// The row's key.
        key: String,
    },
    /// Nothing shows that a row is absent.
    #[error("the proof does not show the neighbours of {key}, so it may be there")]
    NoNeighbours {
        /// The absent row's key.
        key: String,
    },
    /// A bucket's path has too few or too many hashes.
    #[error("the path of bucket {index} is no path: {cause}")]
    BucketPath {
        /// The bucket.
        index: u32,
        /// What is wrong with it.
        cause: BadPath,
    },
    /// The path over the buckets has too few or too many hashes.
    #[error("the path over the buckets is no path: {0}")]
    Path(BadPath),
    /// The proof is of another register, or was altered.
    #[error("the proof leads to root {found}, expected is {expected}")]
    OtherRoot {
        /// The root that was expected.
        expected: Hash,
        /// The root the proof leads to.
        found: Hash,
    },
}

impl Multiproof {
    /// Checks that under `root` the rows of `present` exist with exactly these row hashes, and those of `absent` do
    /// not exist.
    ///
    /// The proof must be the one made for exactly these keys: what it shows beyond them is refused, so that a proof
    /// cannot be altered in any way and still be one. A key may be repeated in the same state.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, depth: Depth, root: Hash, present: &[(&str, Hash)], absent: &[&str]) -> Result<(), BadProof> {
        let question = question(depth, present, absent)?;
        let asked_buckets = question.keys();
        if !self.buckets.iter().map(|shown| &shown.index).eq(asked_buckets) {
            return Err(BadProof::OtherBuckets);
        }
        let mut leaves = BTreeMap::new();
        for (shown, asked) in self.buckets.iter().zip(question.values()) {
            shown.is_orderly(depth)?;
            shown.answers(asked)?;
            leaves.insert(u64::from(shown.index), shown.leaf()?);
        }
        let found = merkle::root_from(u64::from(depth.buckets()), &leaves, &self.path.0).map_err(BadProof::Path)?;
        if found == root { Ok(()) } else { Err(BadProof::OtherRoot { expected: root, found }) }
    }
}

/// One row that is asked for.
struct Asked<'a> {
    key: &'a str,
    /// The row hash it should have; none for a row that should be absent.
    row: Option<Hash>,
}

/// What is asked, by bucket and key hash.
type Question<'a> = BTreeMap<u32, BTreeMap<Hash, Asked<'a>>>;

fn question<'a>(depth: Depth, present: &[(&'a str, Hash)], absent: &[&'a str]) -> Result<Question<'a>, BadProof> {
    let asked = present.len().saturating_add(absent.len());
    if asked == 0 || asked > KEYS_MAX {
        return Err(BadProof::KeyCount { asked });
    }
    let present = present.iter().map(|(key, row)| Asked { key, row: Some(*row) });
    let absent = absent.iter().map(|key| Asked { key, row: None });
    let mut question = Question::new();
    for asked in present.chain(absent) {
        let hash = Hash::of(asked.key.as_bytes());
        let (key, row) = (asked.key, asked.row);
        let before = question.entry(bucket_index(&hash, depth)).or_default().insert(hash, asked);
        if before.is_some_and(|before| before.row != row) {
            return Err(BadProof::TwoStates { key: key.to_owned() });
        }
    }
    Ok(question)
}

impl ShownBucket {
    /// Positions and key hashes strictly ascend, and lie in the bucket.
    ///
    /// Without it two entries could claim one position, and since only one of them would be hashed, a made-up row
    /// could hide behind one that is there.
    fn is_orderly(&self, depth: Depth) -> Result<(), BadProof> {
        let ascending = self.entries.is_sorted_by(|a, b| a.at < b.at && a.key < b.key);
        let within = |pair: &ShownPair| pair.at < self.size && bucket_index(&pair.key, depth) == self.index;
        if ascending && self.entries.iter().all(within) {
            Ok(())
        } else {
            Err(BadProof::Misplaced { index: self.index })
        }
    }

    /// Every row that is asked for is answered, and no pair is shown without need.
    fn answers(&self, asked: &BTreeMap<Hash, Asked<'_>>) -> Result<(), BadProof> {
        let mut needed = BTreeSet::new();
        for (hash, asked) in asked {
            let key = || asked.key.to_owned();
            let place = self.entries.binary_search_by_key(hash, |pair| pair.key);
            match (asked.row, place) {
                (Some(row), Ok(at)) => {
                    let found = self.entries.get(at).map_or(Hash::ZERO, |pair| pair.row);
                    if found != row {
                        return Err(BadProof::OtherRow { key: key(), found });
                    }
                    needed.insert(at);
                }
                (Some(_), Err(_)) => return Err(BadProof::NotShown { key: key() }),
                (None, Ok(_)) => return Err(BadProof::NotAbsent { key: key() }),
                (None, Err(place)) => {
                    if !self.is_gap(place) {
                        return Err(BadProof::NoNeighbours { key: key() });
                    }
                    needed.extend(place.checked_sub(1));
                    needed.extend((place < self.entries.len()).then_some(place));
                }
            }
        }
        if needed.len() == self.entries.len() { Ok(()) } else { Err(BadProof::NotAsked { index: self.index }) }
    }

    /// Whether the bucket has nothing between the shown pairs before and after `place`; where there is none shown,
    /// the bucket must begin or end.
    fn is_gap(&self, place: usize) -> bool {
        let after_previous = match place.checked_sub(1).and_then(|before| self.entries.get(before)) {
            Some(before) => before.at.saturating_add(1),
            None => 0,
        };
        let next = self.entries.get(place).map_or(self.size, |after| after.at);
        after_previous == next
    }

    /// The bucket's leaf in the register, computed from what is shown.
    fn leaf(&self) -> Result<Hash, BadProof> {
        let bad_path = |cause| BadProof::BucketPath { index: self.index, cause };
        let leaves = self
            .entries
            .iter()
            .map(|pair| (u64::from(pair.at), Pair { key: pair.key, row: pair.row }.leaf()))
            .collect();
        let root = merkle::root_from(u64::from(self.size), &leaves, &self.path.0).map_err(bad_path)?;
        Ok(bucket::leaf_of(self.size, &root))
    }
}
