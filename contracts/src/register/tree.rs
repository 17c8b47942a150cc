//! The tree over the buckets, in memory.

use std::mem;

use hefu_keys::{Hash, merkle};

use super::{Bucket, Buckets, Depth, Fault, Patch, bucket_index};

/// The leaves of all buckets and every node above them, at one height of the chain.
///
/// It is rebuilt from the buckets when a node starts, and changed only by [`Tree::apply`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    depth: Depth,
    /// Below the root, from the buckets' leaves upwards: level l holds 2^(d−l) nodes.
    levels: Vec<Vec<Hash>>,
    root: Hash,
}

impl Tree {
    /// The register without any row.
    pub fn empty(depth: Depth) -> Tree {
        Tree::over(depth, blank_leaves(depth))
    }

    /// The register over these buckets, in strictly ascending order of their indices; empty ones may be left out.
    ///
    /// # Errors
    /// [`Fault::OutOfOrder`], [`Fault::Damaged`] when a pair lies in a bucket it does not belong to, and whatever
    /// fault the iterator yields.
    pub fn build<I>(depth: Depth, buckets: I) -> Result<Tree, Fault>
    where
        I: IntoIterator<Item = Result<(u32, Bucket), Fault>>,
    {
        let mut leaves = blank_leaves(depth);
        let mut slots = (0_u32..).zip(leaves.iter_mut());
        for bucket in buckets {
            let (index, bucket) = bucket?;
            bucket.belongs(index, depth).map_err(|cause| Fault::Damaged { index, cause })?;
            // Looking only ahead finds no slot for an index that does not ascend, nor for one beyond the last.
            let Some((_, leaf)) = slots.find(|(slot, _)| *slot == index) else {
                return Err(Fault::OutOfOrder { index, buckets: depth.buckets() });
            };
            *leaf = bucket.leaf();
        }
        Ok(Tree::over(depth, leaves))
    }

    /// Hashes upwards; wherever nothing lies below, the node is copied instead of being hashed again.
    pub(super) fn over(depth: Depth, leaves: Vec<Hash>) -> Tree {
        let mut levels = Vec::with_capacity(usize::from(depth.levels()));
        let mut level = leaves;
        let mut blank = Hash::ZERO;
        for _ in 0..depth.levels() {
            let blank_above = merkle::node(&blank, &blank);
            let (siblings, _) = level.as_chunks::<2>();
            let above = siblings
                .iter()
                .map(|[left, right]| {
                    let nothing = *left == blank && *right == blank;
                    if nothing { blank_above } else { merkle::node(left, right) }
                })
                .collect();
            levels.push(mem::replace(&mut level, above));
            blank = blank_above;
        }
        // d halvings of 2^d nodes leave exactly one.
        let root = level.first().copied().unwrap_or(blank);
        Tree { depth, levels, root }
    }

    /// The depth fixed at genesis.
    pub fn depth(&self) -> Depth {
        self.depth
    }

    /// The root, as it stands in a header's `register`.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// Takes a patch that was planned on this tree. The store must take [`Patch::buckets`] in the same step.
    ///
    /// # Errors
    /// [`Fault::OtherParent`] when the patch was planned on another root; nothing is changed then.
    pub fn apply(&mut self, patch: Patch) -> Result<(), Fault> {
        if patch.parent() != self.root {
            return Err(Fault::OtherParent { planned: patch.parent(), found: self.root });
        }

        // From here on nothing can fail: a patch on this root has the indices of this tree.
        self.root = patch.root();
        for (level, changed) in self.levels.iter_mut().zip(patch.into_levels()) {
            for (index, hash) in changed {
                if let Some(node) = level.get_mut(index as usize) {
                    *node = hash;
                }
            }
        }
        Ok(())
    }

    /// Whether there may be a row of this key. Where nothing lies in its bucket there is none, and nothing need be read.
    pub fn may_hold(&self, key: &str) -> bool {
        let index = bucket_index(&Hash::of(key.as_bytes()), self.depth);
        !self.node(0, index).is_ok_and(|leaf| leaf == Hash::ZERO)
    }

    /// The bucket the tree was built from, with the leaves of its pairs.
    pub(super) fn read(&self, buckets: &dyn Buckets, index: u32) -> Result<(Bucket, Vec<Hash>), Fault> {
        let leaf = self.node(0, index)?;
        if leaf == Hash::ZERO {
            return Ok((Bucket::default(), Vec::new()));
        }
        let bucket = buckets.bucket(index)?;
        let leaves = bucket.pair_leaves();
        if bucket.leaf_over(&leaves) == leaf {
            Ok((bucket, leaves))
        } else {
            Err(Fault::OtherBucket { index, root: self.root() })
        }
    }

    /// The node at `index` of a level; level 0 are the buckets' leaves, the root is not among the levels.
    pub(super) fn node(&self, level: u8, index: u32) -> Result<Hash, Fault> {
        self.levels
            .get(usize::from(level))
            .and_then(|nodes| nodes.get(index as usize))
            .copied()
            .ok_or(Fault::OutOfOrder { index, buckets: self.depth.buckets() })
    }
}

fn blank_leaves(depth: Depth) -> Vec<Hash> {
    vec![Hash::ZERO; depth.buckets() as usize]
}
