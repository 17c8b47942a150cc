//! What a block would do to the register, computed before anyone votes on it.

use std::collections::BTreeMap;

use hefu_keys::{Hash, merkle};

use super::{Bucket, Buckets, Fault, Pair, Tree, bucket_index};

/// The difference between a register and the one after a block: new buckets, new nodes, new root.
///
/// A patch leaves the tree and the store as they are, so any number of candidate blocks can be planned on one parent,
/// and dropping one undoes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    parent: Hash,
    root: Hash,
    buckets: BTreeMap<u32, Bucket>,
    /// Only what changed.
    levels: Levels,
}

impl Patch {
    /// The root the patch was planned on.
    pub fn parent(&self) -> Hash {
        self.parent
    }

    /// The root after the patch, as it goes into the block's header.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The buckets that changed, whole, ascending by index: what the store has to write.
    pub fn buckets(&self) -> &BTreeMap<u32, Bucket> {
        &self.buckets
    }

    pub(super) fn into_levels(self) -> Levels {
        self.levels
    }

    fn node(&self, level: u8, index: u32) -> Option<Hash> {
        let changed = self.levels.get(usize::from(level))?;
        let at = changed.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        changed.get(at).map(|(_, hash)| *hash)
    }
}

/// Computes the register after rows were set: key hash → row hash, for new rows and for changed ones alike.
///
/// With `base`, a patch on this tree that is not applied yet, the new patch stands on that one and holds only what it
/// adds: `base` has to be applied first. Every bucket is read and every node hashed once, however many rows share it.
///
/// # Errors
/// [`Fault::OtherParent`] when `base` does not stand on this tree, [`Fault::OtherBucket`] when the store does not hold
/// what the tree was built from, and the faults of the store.
pub fn plan(
    tree: &Tree,
    buckets: &dyn Buckets,
    changes: &BTreeMap<Hash, Hash>,
    base: Option<&Patch>,
) -> Result<Patch, Fault> {
    plan_by(tree, buckets, changes, base, |half| [half(false), half(true)])
}

/// As [`plan`], where `both` decides how the hashes of the two halves are computed, lower half first: for instance by two
/// threads, as most of the time goes there. What is given to it reads nothing from the store.
///
/// # Errors
/// As [`plan`].
pub fn plan_by(
    tree: &Tree,
    buckets: &dyn Buckets,
    changes: &BTreeMap<Hash, Hash>,
    base: Option<&Patch>,
    both: impl FnOnce(&(dyn Fn(bool) -> Half + Sync)) -> [Half; 2],
) -> Result<Patch, Fault> {
    if let Some(base) = base
        && base.parent != tree.root()
    {
        return Err(Fault::OtherParent { planned: base.parent, found: tree.root() });
    }
    let nodes = Nodes { tree, base };
    let buckets = nodes.buckets_with(buckets, changes)?;
    let middle = tree.depth().buckets() / 2;
    let half = |upper: bool| {
        let part = if upper { buckets.range(middle..) } else { buckets.range(..middle) };
        Half(nodes.climb(part.map(|(index, bucket)| (*index, bucket.leaf())).collect()))
    };
    let [Half(lower), Half(upper)] = both(&half);
    let mut levels = lower?;
    for (level, more) in levels.iter_mut().zip(upper?) {
        level.extend(more);
    }
    let parent = base.map_or(tree.root(), Patch::root);
    // What is above the last level is the root, unless nothing changed at all.
    let above = levels.last().map(|last| nodes.above(nodes.last_level(), last)).transpose()?.unwrap_or_default();
    let root = above.first().map_or(parent, |(_, root)| *root);
    Ok(Patch { parent, root, buckets, levels })
}

/// The changed nodes of one half of the register; see [`plan_by`].
pub struct Half(Result<Levels, Fault>);

/// As the tree's levels, each ascending by index.
type Levels = Vec<Vec<(u32, Hash)>>;

/// What a patch is planned on.
#[derive(Clone, Copy)]
struct Nodes<'a> {
    tree: &'a Tree,
    base: Option<&'a Patch>,
}

impl Nodes<'_> {
    /// The buckets that the changes touch, as they are afterwards.
    fn buckets_with(
        &self,
        buckets: &dyn Buckets,
        changes: &BTreeMap<Hash, Hash>,
    ) -> Result<BTreeMap<u32, Bucket>, Fault> {
        // Ascending key hashes give ascending buckets, so the changes of one bucket stand side by side.
        let changes: Vec<Pair> = changes.iter().map(|(key, row)| Pair { key: *key, row: *row }).collect();
        let depth = self.tree.depth();
        let mut after = BTreeMap::new();
        for together in changes.chunk_by(|a, b| bucket_index(&a.key, depth) == bucket_index(&b.key, depth)) {
            if let Some(first) = together.first() {
                let index = bucket_index(&first.key, depth);
                after.insert(index, self.bucket(buckets, index)?.with(together));
            }
        }
        Ok(after)
    }

    /// A bucket as it is before the patch.
    fn bucket(&self, buckets: &dyn Buckets, index: u32) -> Result<Bucket, Fault> {
        if let Some(bucket) = self.base.and_then(|base| base.buckets.get(&index)) {
            return Ok(bucket.clone());
        }
        self.tree.read(buckets, index).map(|(bucket, _)| bucket)
    }

    /// A node as it is before the patch.
    fn node(&self, level: u8, index: u32) -> Result<Hash, Fault> {
        match self.base.and_then(|base| base.node(level, index)) {
            Some(node) => Ok(node),
            None => self.tree.node(level, index),
        }
    }

    /// The two nodes below the root.
    fn last_level(&self) -> u8 {
        self.tree.depth().levels().saturating_sub(1)
    }

    /// The changed nodes of a half over the changed leaves in it, up to the one below the root.
    fn climb(&self, mut level: Vec<(u32, Hash)>) -> Result<Levels, Fault> {
        let mut levels = Vec::with_capacity(usize::from(self.tree.depth().levels()));
        for number in 0..self.last_level() {
            let above = self.above(number, &level)?;
            levels.push(std::mem::replace(&mut level, above));
        }
        levels.push(level);
        Ok(levels)
    }

    /// The nodes above the changed ones of a level, in the same order.
    fn above(&self, level: u8, changed: &[(u32, Hash)]) -> Result<Vec<(u32, Hash)>, Fault> {
        let mut parents = Vec::with_capacity(changed.len());
        let mut changed = changed.iter().copied().peekable();
        while let Some((index, hash)) = changed.next() {
            let beside = index ^ 1;
            let sibling = match changed.next_if(|(next, _)| *next == beside) {
                Some((_, sibling)) => sibling,
                None => self.node(level, beside)?,
            };
            let (left, right) = if index < beside { (hash, sibling) } else { (sibling, hash) };
            parents.push((index >> 1, merkle::node(&left, &right)));
        }
        Ok(parents)
    }
}
