//! What all tests of the register stand on: a small register with its store, and the naive one beside it.

mod changes;
mod forged;
mod golden;
mod mutated;
mod naive;
mod proofs;
mod ranges;
mod store;

use std::collections::BTreeMap;

use hefu_keys::Hash;

use super::{BadProof, Bucket, Depth, Fault, Multiproof, Patch, Tree, plan, prove};

/// Rows by key: what the naive register is made of.
type Rows = BTreeMap<String, Hash>;

fn depth(levels: u8) -> Depth {
    Depth::try_from(levels).expect("a depth within the limits")
}

/// The row hash of a made-up row.
fn row(key: &str, version: u32) -> Hash {
    Hash::of(format!("{key} {version}").as_bytes())
}

fn by_hash(rows: &Rows) -> BTreeMap<Hash, Hash> {
    rows.iter().map(|(key, row)| (Hash::of(key.as_bytes()), *row)).collect()
}

/// A register as a node has it: the tree in memory, the buckets in a store.
#[derive(Clone)]
struct Register {
    tree: Tree,
    store: BTreeMap<u32, Bucket>,
}

impl Register {
    fn empty(levels: u8) -> Register {
        Register { tree: Tree::empty(depth(levels)), store: BTreeMap::new() }
    }

    /// `count` rows named `row/0`, `row/1`, …
    fn of(levels: u8, count: u32) -> (Register, Rows) {
        let rows: Rows = (0..count).map(|n| (format!("row/{n}"), row(&format!("row/{n}"), 1))).collect();
        let mut register = Register::empty(levels);
        register.set(&rows);
        (register, rows)
    }

    fn plan(&self, changes: &Rows, base: Option<&Patch>) -> Result<Patch, Fault> {
        plan(&self.tree, &self.store, &by_hash(changes), base)
    }

    fn apply(&mut self, patch: Patch) -> Result<(), Fault> {
        let buckets = patch.buckets().clone();
        self.tree.apply(patch)?;
        self.store.extend(buckets);
        Ok(())
    }

    fn set(&mut self, changes: &Rows) {
        let patch = self.plan(changes, None).expect("a sound store");
        self.apply(patch).expect("the patch was planned on this tree");
    }

    fn prove(&self, keys: &[&str]) -> Multiproof {
        prove(&self.tree, &self.store, keys).expect("a sound store")
    }

    /// Checks a proof against this register's root.
    fn check(&self, proof: &Multiproof, present: &[(&str, Hash)], absent: &[&str]) -> Result<(), BadProof> {
        proof.check(self.tree.depth(), self.tree.root(), present, absent)
    }
}
