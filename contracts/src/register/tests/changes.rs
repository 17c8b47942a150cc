//! Patches against the naive register.

use std::thread;

use proptest::prelude::*;

use super::{Register, Rows, by_hash, depth, naive, row};
use crate::register::{Fault, Tree, plan, plan_by};

/// Rows out of a few names, so that changes meet rows that exist.
fn changes() -> impl Strategy<Value = Rows> {
    prop::collection::btree_map(0_u32..60, 0_u32..4, 0..20).prop_map(|changes| {
        changes.into_iter().map(|(n, version)| (format!("row/{n}"), row(&format!("row/{n}"), version))).collect()
    })
}

#[test]
fn a_patch_without_changes_changes_nothing() {
    let (mut register, rows) = Register::of(4, 30);
    let root = register.tree.root();
    let patch = register.plan(&Rows::new(), None).unwrap();
    assert_eq!((patch.parent(), patch.root(), patch.buckets().len()), (root, root, 0));
    register.apply(patch).unwrap();
    let same = register.plan(&rows, None).unwrap();
    assert_eq!(same.root(), root);
    assert_eq!(same.buckets(), &register.store);
}

#[test]
fn candidates_stand_side_by_side_and_only_one_is_applied() {
    let (mut register, mut rows) = Register::of(4, 30);
    let first = Rows::from([("row/3".to_owned(), row("row/3", 2)), ("new".to_owned(), row("new", 1))]);
    let second = Rows::from([("row/3".to_owned(), row("row/3", 3))]);
    let before = register.tree.clone();
    let candidates = [register.plan(&first, None).unwrap(), register.plan(&second, None).unwrap()];
    assert_eq!(register.tree, before, "planning must not change the tree");
    let [first, second_patch] = candidates;

    register.apply(second_patch.clone()).unwrap();
    rows.extend(second);
    assert_eq!(register.tree.root(), naive::root(&rows, 4));

    let after = register.tree.clone();
    for late in [first, second_patch] {
        let planned = late.parent();
        let fault = register.apply(late).unwrap_err();
        assert!(matches!(fault, Fault::OtherParent { planned: p, found } if p == planned && found == after.root()));
        assert_eq!(register.tree, after, "a refused patch must not change the tree");
    }
}

#[test]
fn a_patch_stands_only_on_a_patch_of_the_same_tree() {
    let (mut register, _) = Register::of(4, 30);
    let change = |n: u32| Rows::from([(format!("row/{n}"), row("other", n))]);
    let first = register.plan(&change(1), None).unwrap();
    let second = register.plan(&change(2), Some(&first)).unwrap();
    assert_eq!(second.parent(), first.root());

    let fault = register.plan(&change(3), Some(&second)).unwrap_err();
    assert!(matches!(fault, Fault::OtherParent { .. }), "{fault}");
    let fault = register.apply(second).unwrap_err();
    assert!(matches!(fault, Fault::OtherParent { .. }), "{fault}");
}

#[test]
fn a_patch_holds_the_buckets_it_touches_and_no_others() {
    let (register, _) = Register::of(6, 200);
    let change = Rows::from([("row/7".to_owned(), row("row/7", 2))]);
    let patch = register.plan(&change, None).unwrap();
    let [(index, bucket)] = patch.buckets().iter().collect::<Vec<_>>()[..] else { panic!("one bucket is touched") };
    let before = &register.store[index];
    assert_eq!(bucket.size(), before.size());
    let differing: Vec<_> = bucket.pairs().iter().filter(|pair| !before.pairs().contains(pair)).collect();
    assert_eq!(differing.len(), 1);
    assert_eq!(differing[0].row, row("row/7", 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_register_follows_the_naive_one_through_any_changes(
        levels in 1_u8..=7,
        blocks in prop::collection::vec(changes(), 1..6),
    ) {
        let mut register = Register::empty(levels);
        let mut rows = Rows::new();
        for block in blocks {
            register.set(&block);
            rows.extend(block);
            prop_assert_eq!(register.tree.root(), naive::root(&rows, usize::from(levels)));
            let rebuilt = Tree::build(depth(levels), register.store.clone().into_iter().map(Ok)).unwrap();
            prop_assert_eq!(&rebuilt, &register.tree);
            let held: usize = register.store.values().map(|bucket| bucket.pairs().len()).sum();
            prop_assert_eq!(held, rows.len());
        }
    }

    #[test]
    fn the_root_does_not_depend_on_how_changes_are_divided_and_ordered(
        levels in 1_u8..=7,
        start in changes(),
        block in changes(),
        chosen in any::<u64>(),
    ) {
        let mut register = Register::empty(levels);
        register.set(&start);
        let whole = register.plan(&block, None).unwrap();
        let by_two = plan_by(&register.tree, &register.store, &by_hash(&block), None, |half| {
            thread::scope(|scope| {
                let upper = scope.spawn(|| half(true));
                [half(false), upper.join().unwrap()]
            })
        });
        prop_assert_eq!(&by_two.unwrap(), &whole);
        let some = |wanted: u64| -> Rows {
            let numbered = (0_u64..).zip(&block);
            let part = numbered.filter(|(n, _)| chosen.wrapping_shr(u32::try_from(n % 64).unwrap()) & 1 == wanted);
            part.map(|(_, (key, row))| (key.clone(), *row)).collect()
        };
        for (first, second) in [(some(0), some(1)), (some(1), some(0))] {
            let base = register.plan(&first, None).unwrap();
            let top = register.plan(&second, Some(&base)).unwrap();
            prop_assert_eq!(top.root(), whole.root());
            let mut stepwise = register.clone();
            stepwise.apply(base).unwrap();
            let afterwards = plan(&stepwise.tree, &stepwise.store, &by_hash(&second), None).unwrap();
            prop_assert_eq!(&afterwards, &top);
            stepwise.apply(top).unwrap();
            let mut at_once = register.clone();
            at_once.apply(whole.clone()).unwrap();
            prop_assert_eq!(&stepwise.tree, &at_once.tree);
            prop_assert_eq!(&stepwise.store, &at_once.store);
        }
    }
}
