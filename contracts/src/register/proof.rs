//! Proofs that rows are in the register, or that they are not.
//!
//! A multiproof shows the buckets of all keys it was made for, in each bucket the pairs that answer, and hashes for
//! everything else. A row that is there is answered by its pair; one that is not, by its neighbours: the pairs before
//! and after the place where it would stand, as far as there are any, next to each other in the list.
//!
//! Both paths are taken by one recursion, `walk(lo, hi)` over the list of leaves: where nothing in [lo, hi) is shown,
//! the next hash of the path; a single shown leaf, itself; otherwise the range is split at the largest power of two
//! below its length and both sides are walked, left first.
//!
//! For a given set of keys and a given register there is exactly one proof that [`Multiproof::check`] accepts.

use std::collections::{BTreeMap, BTreeSet};

use hefu_keys::{Hash, merkle};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Bucket, Buckets, Fault, Tree, bucket_index};

/// Most keys one proof answers for, as many as a block may touch rows.
pub const KEYS_MAX: usize = 10_000;

/// Most pairs one bucket of a proof shows: two neighbours for each key.
const PAIRS_MAX: usize = 2 * KEYS_MAX;

/// Most characters of one path: a hash for each level of the deepest register and each key.
const PATH_TEXT_MAX: usize = 43 * 26 * KEYS_MAX;

/// What a reader needs to see for himself which rows the register holds; its JSON form is the one on the wire, and
/// canonical as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Multiproof {
    /// Strictly ascending by index.
    #[serde(deserialize_with = "at_most::<KEYS_MAX, _, _>")]
    pub(super) buckets: Vec<ShownBucket>,
    /// Over the buckets' leaves.
    pub(super) path: Path,
}

/// A bucket that one of the keys belongs to. All fields are always written, an empty bucket's too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShownBucket {
    /// Strictly ascending, by position and by key hash.
    #[serde(deserialize_with = "at_most::<PAIRS_MAX, _, _>")]
    pub(super) entries: Vec<ShownPair>,
    pub(super) index: u32,
    /// Over the leaves of the bucket's own tree.
    pub(super) path: Path,
    pub(super) size: u32,
}

/// A pair of a bucket, and its position in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShownPair {
    pub(super) at: u32,
    pub(super) key: Hash,
    pub(super) row: Hash,
}

/// Makes the proof for these keys, which may be there or not, against the tree's root.
///
/// Reads and hashes the keys' buckets once each, and takes at most d hashes a key from the tree.
///
/// # Errors
/// [`Fault::KeyCount`], [`Fault::OtherBucket`] when the store does not hold what the tree was built from (it may be at
/// another height), and the faults of the store.
pub fn prove(tree: &Tree, buckets: &dyn Buckets, keys: &[&str]) -> Result<Multiproof, Fault> {
    if keys.is_empty() || keys.len() > KEYS_MAX {
        return Err(Fault::KeyCount { asked: keys.len() });
    }
    let mut asked: BTreeMap<u32, BTreeSet<Hash>> = BTreeMap::new();
    for key in keys {
        let key = Hash::of(key.as_bytes());
        asked.entry(bucket_index(&key, tree.depth())).or_default().insert(key);
    }
    let mut shown = Vec::with_capacity(asked.len());
    for (index, keys) in &asked {
        let (bucket, leaves) = tree.read(buckets, *index)?;
        shown.push(show(*index, &bucket, &leaves, keys));
    }
    let indices: Vec<u32> = asked.into_keys().collect();
    let mut path = Vec::new();
    tree.walk(tree.depth().levels(), 0, &indices, &mut path)?;
    Ok(Multiproof { buckets: shown, path: Path(path) })
}

/// The bucket with the pairs that answer for `keys`.
fn show(index: u32, bucket: &Bucket, leaves: &[Hash], keys: &BTreeSet<Hash>) -> ShownBucket {
    let pairs = bucket.pairs();
    let mut positions = BTreeSet::new();
    for key in keys {
        match pairs.binary_search_by_key(key, |pair| pair.key) {
            Ok(at) => {
                positions.insert(at);
            }
            Err(at) => {
                positions.extend(at.checked_sub(1));
                positions.extend((at < pairs.len()).then_some(at));
            }
        }
    }
    let entries = (0_u32..)
        .zip(pairs)
        .enumerate()
        .filter(|(position, _)| positions.contains(position))
        .map(|(_, (at, pair))| ShownPair { at, key: pair.key, row: pair.row })
        .collect();
    ShownBucket { entries, index, path: Path(merkle::prove(leaves, &positions)), size: bucket.size() }
}

impl Tree {
    /// Takes the path for the buckets at `shown` (ascending), all of them below the node at `index` of `level`.
    ///
    /// The recursion of the module's description, which in a perfect tree meets exactly its nodes; it descends only
    /// towards shown buckets, so it takes d steps for each at most.
    fn walk(&self, level: u8, index: u32, shown: &[u32], path: &mut Vec<Hash>) -> Result<(), Fault> {
        if shown.is_empty() {
            path.push(self.node(level, index)?);
            return Ok(());
        }
        let Some(below) = level.checked_sub(1) else {
            return Ok(()); // a shown bucket's own leaf
        };
        let (left, right) = (index.wrapping_shl(1), index.wrapping_shl(1) | 1);
        let on_the_left = shown.partition_point(|bucket| bucket.wrapping_shr(u32::from(below)) < right);
        let (shown_left, shown_right) = shown.split_at_checked(on_the_left).unwrap_or((shown, &[]));
        self.walk(below, left, shown_left, path)?;
        self.walk(below, right, shown_right, path)
    }
}

/// Hashes of a Merkle path, written as base64url, without padding, of all of them in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(pub(super) Vec<Hash>);

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&merkle::path_text(&self.0))
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Path, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() > PATH_TEXT_MAX {
            let found = text.len();
            return Err(de::Error::custom(format_args!("a path has {found} characters, at most {PATH_TEXT_MAX}")));
        }
        merkle::path_from(&text).map(Path).map_err(de::Error::custom)
    }
}

/// Reads a list, giving up as soon as it has more than `MAX` elements.
fn at_most<'de, const MAX: usize, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    struct Limited<const MAX: usize, T>(std::marker::PhantomData<T>);

    impl<'de, const MAX: usize, T: Deserialize<'de>> de::Visitor<'de> for Limited<MAX, T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "a list of at most {MAX} elements")
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(element) = seq.next_element()? {
                if list.len() == MAX {
                    return Err(de::Error::invalid_length(list.len().saturating_add(1), &self));
                }
                list.push(element);
            }
            Ok(list)
        }
    }

    deserializer.deserialize_seq(Limited::<MAX, T>(std::marker::PhantomData))
}
