//! The register cut into equal ranges of buckets, so that a state can be handed over and checked piece by piece.
//!
//! Cut in 2^k, the roots of the ranges are the nodes of the tree k levels below its root. Whoever has them and knows the
//! root can check each range by itself, whoever it comes from.

use std::collections::BTreeMap;

use hefu_keys::Hash;

use super::{Bucket, Depth, Fault, Pair, Tree, bucket_index};

/// The buckets of one range of a register, made of its pairs.
#[derive(Clone, Debug)]
pub struct Range {
    root: Hash,
    buckets: BTreeMap<u32, Bucket>,
}

impl Range {
    /// Puts the pairs of range `index` of 2^`cut` in order.
    ///
    /// # Errors
    /// [`Fault::Damaged`] where a pair lies elsewhere or a key is there twice, [`Fault::OutOfOrder`] where the register
    /// has no such range.
    pub fn of(depth: Depth, (cut, index): (u8, u32), mut pairs: Vec<Pair>) -> Result<Range, Fault> {
        let outside = Fault::OutOfOrder { index, buckets: depth.buckets() };
        let levels = depth.levels().checked_sub(cut);
        let Some(levels) = levels.filter(|_| index < 1_u32.wrapping_shl(u32::from(cut))) else { return Err(outside) };
        let first = index.wrapping_shl(u32::from(levels));
        pairs.sort_unstable_by_key(|pair| pair.key);
        let mut leaves = vec![Hash::ZERO; 1_usize.wrapping_shl(u32::from(levels))];
        let mut buckets = BTreeMap::new();
        for some in pairs.chunk_by(|one, next| bucket_index(&one.key, depth) == bucket_index(&next.key, depth)) {
            let Some(at) = some.first().map(|pair| bucket_index(&pair.key, depth)) else { continue };
            let bytes = some.iter().flat_map(|pair| [*pair.key.as_bytes(), *pair.row.as_bytes()]).flatten();
            let damaged = |cause| Fault::Damaged { index: at, cause };
            let bucket = Bucket::decode(&bytes.collect::<Vec<u8>>()).map_err(damaged)?;
            let leaf = at.checked_sub(first).and_then(|at| leaves.get_mut(at as usize));
            *leaf.ok_or(Fault::OutOfOrder { index: at, buckets: depth.buckets() })? = bucket.leaf();
            buckets.insert(at, bucket);
        }
        Ok(Range { root: Tree::over(Depth(levels), leaves).root(), buckets })
    }

    /// The node of the register's tree that stands over the range.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The buckets that are not empty.
    pub fn buckets(&self) -> &BTreeMap<u32, Bucket> {
        &self.buckets
    }
}

/// The range of 2^`cut` that a row belongs to.
pub fn range_of(key: &Hash, cut: u8) -> u32 {
    if cut == 0 { 0 } else { bucket_index(key, Depth(cut)) }
}

/// The root of the register from the roots of all its ranges; none where they are not a power of two, or more than it has
/// buckets.
pub fn root_over(depth: Depth, roots: &[Hash]) -> Option<Hash> {
    let cut = u8::try_from(roots.len().checked_ilog2()?).ok()?;
    let whole = roots.len().is_power_of_two() && cut <= depth.levels();
    // Their own leaves are no buckets, so none of them stands for nothing.
    whole.then(|| Tree::over(Depth(cut), roots.to_vec()).root())
}
