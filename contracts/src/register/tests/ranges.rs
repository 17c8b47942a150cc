//! A register handed over in ranges.

use std::collections::BTreeMap;

use hefu_keys::Hash;

use super::{Register, Rows, depth, row};
use crate::register::{Bucket, Pair, Range, range_of, root_over};

fn pairs(rows: &Rows, cut: u8, index: u32) -> Vec<Pair> {
    let pairs = rows.iter().map(|(key, row)| Pair { key: Hash::of(key.as_bytes()), row: *row });
    pairs.filter(|pair| range_of(&pair.key, cut) == index).collect()
}

fn ranges(rows: &Rows, levels: u8, cut: u8) -> Vec<Range> {
    let of = |index| Range::of(depth(levels), (cut, index), pairs(rows, cut, index)).unwrap();
    (0..1 << cut).map(of).collect()
}

#[test]
fn ranges_of_any_size_lead_to_the_root_and_hold_every_bucket() {
    for count in [0, 1, 5, 300] {
        let (register, rows) = Register::of(6, count);
        for cut in 0..=6 {
            let ranges = ranges(&rows, 6, cut);
            let roots: Vec<Hash> = ranges.iter().map(Range::root).collect();
            assert_eq!(root_over(depth(6), &roots), Some(register.tree.root()), "{count} rows cut at {cut}");
            let buckets: BTreeMap<u32, Bucket> = ranges.iter().flat_map(|range| range.buckets().clone()).collect();
            let stored = register.store.iter().filter(|(_, bucket)| bucket.size() > 0);
            assert_eq!(buckets, stored.map(|(index, bucket)| (*index, bucket.clone())).collect());
        }
    }
}

#[test]
fn a_range_that_lacks_a_row_or_has_another_has_another_root() {
    let (_, rows) = Register::of(6, 100);
    let whole = pairs(&rows, 2, 1);
    let root = Range::of(depth(6), (2, 1), whole.clone()).unwrap().root();
    for at in 0..whole.len() {
        let mut less = whole.clone();
        less.remove(at);
        assert_ne!(Range::of(depth(6), (2, 1), less).unwrap().root(), root);
        let mut other = whole.clone();
        other[at].row = row("another", 1);
        assert_ne!(Range::of(depth(6), (2, 1), other).unwrap().root(), root);
    }
}

#[test]
fn what_belongs_into_another_range_or_comes_twice_is_refused() {
    let (_, rows) = Register::of(6, 100);
    let whole = pairs(&rows, 2, 1);
    assert!(Range::of(depth(6), (2, 2), whole.clone()).is_err(), "another range's");
    assert!(Range::of(depth(6), (2, 0), whole.clone()).is_err(), "a range before");
    let twice = [whole.clone(), vec![whole[0]]].concat();
    assert!(Range::of(depth(6), (2, 1), twice).is_err());
    assert!(Range::of(depth(6), (2, 4), Vec::new()).is_err(), "there are four");
    assert!(Range::of(depth(6), (7, 0), Vec::new()).is_err(), "there are six levels");
}

#[test]
fn roots_that_no_register_can_have_lead_to_nothing() {
    for count in [0, 3, 5, 128] {
        assert_eq!(root_over(depth(6), &vec![Hash::ZERO; count]), None, "{count}");
    }
}
