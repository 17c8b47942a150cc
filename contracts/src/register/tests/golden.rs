//! The bytes of the register, frozen. The files were made by another implementation.

use std::collections::BTreeMap;

use hefu_keys::{Hash, canonical};
use serde::Deserialize;
use serde_json::Value;

use super::{Register, Rows};
use crate::register::{Bucket, Depth, Multiproof, Tree};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Roots {
    buckets: BTreeMap<u32, String>,
    depth: Depth,
    empty_roots: BTreeMap<u8, Hash>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    changes: Rows,
    root: Hash,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    absent: Vec<String>,
    depth: Depth,
    present: Rows,
    proof: Value,
    root: Hash,
    rows: Option<Rows>,
}

fn roots() -> Roots {
    serde_json::from_str(include_str!("../../golden/register/roots.json")).unwrap()
}

/// The register after all steps.
fn after_all_steps() -> Register {
    let roots = roots();
    let mut register = Register::empty(roots.depth.levels());
    for step in &roots.steps {
        register.set(&step.changes);
        assert_eq!(register.tree.root(), step.root);
    }
    register
}

#[test]
fn the_roots_after_each_step_are_the_golden_ones() {
    let register = after_all_steps();
    for (levels, root) in roots().empty_roots {
        assert_eq!(Tree::empty(super::depth(levels)).root(), root, "empty register of depth {levels}");
    }
    for (index, bytes) in roots().buckets {
        let stored: String = register.store[&index].encode().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(stored, bytes, "bucket {index}");
        assert_eq!(Bucket::decode(&register.store[&index].encode()).unwrap(), register.store[&index]);
    }
}

#[test]
fn the_proofs_are_the_golden_ones() {
    for text in
        [include_str!("../../golden/register/presence.json"), include_str!("../../golden/register/absence.json")]
    {
        let golden: Proof = serde_json::from_str(text).unwrap();
        let register = match &golden.rows {
            None => after_all_steps(),
            Some(rows) => {
                let mut register = Register::empty(golden.depth.levels());
                register.set(rows);
                register
            }
        };
        assert_eq!(register.tree.root(), golden.root);

        let present: Vec<(&str, Hash)> = golden.present.iter().map(|(key, row)| (key.as_str(), *row)).collect();
        let absent: Vec<&str> = golden.absent.iter().map(String::as_str).collect();
        let keys: Vec<&str> = present.iter().map(|(key, _)| *key).chain(absent.iter().copied()).collect();
        let made = register.prove(&keys);
        assert_eq!(serde_json::to_string(&made).unwrap(), canonical::to_string(&golden.proof).unwrap());

        let read: Multiproof = serde_json::from_value(golden.proof).unwrap();
        assert_eq!(read.check(golden.depth, golden.root, &present, &absent), Ok(()));
        assert_eq!(read, made);
    }
}
