//! Depths, buckets and their bytes, and stores that fail.

use std::{collections::BTreeMap, io};

use hefu_keys::Hash;
use proptest::prelude::*;

use super::{Register, Rows, depth, naive, row};
use crate::register::{Bucket, Buckets, DamagedBucket, Depth, Fault, Tree, bucket_index, plan, prove};

fn hash(first: u8, last: u8) -> Hash {
    let mut bytes = [0; 32];
    bytes[0] = first;
    bytes[31] = last;
    Hash::from_bytes(bytes)
}

fn bytes(pairs: &[(Hash, Hash)]) -> Vec<u8> {
    pairs.iter().flat_map(|(key, row)| [*key.as_bytes(), *row.as_bytes()]).flatten().collect()
}

#[test]
fn a_depth_is_a_number_from_1_to_26() {
    for levels in 1..=26_u8 {
        let depth: Depth = serde_json::from_str(&levels.to_string()).unwrap();
        assert_eq!((depth.levels(), depth.buckets()), (levels, 2_u32.pow(u32::from(levels))));
        assert_eq!(serde_json::to_string(&depth).unwrap(), levels.to_string());
    }
    for refused in ["0", "27", "32", "255", "256", "-1", "12.0", "\"12\"", "null"] {
        serde_json::from_str::<Depth>(refused).expect_err(refused);
    }
    assert_eq!(Depth::try_from(27).unwrap_err().to_string(), "register depth is 27, accepted are 1 to 26");
    assert_eq!((Depth::DEV, Depth::DEFAULT), (depth(12), depth(20)));
}

#[test]
fn the_leading_bits_of_a_key_hash_choose_its_bucket() {
    let mut key = [0xFF; 32];
    key[..4].copy_from_slice(&[0b1010_0101, 0b1100_0011, 0b1111_0000, 0b0101_1010]);
    let key = Hash::from_bytes(key);
    for (levels, index) in [
        (1, 0b1),
        (3, 0b101),
        (8, 0b1010_0101),
        (12, 0b1010_0101_1100),
        (20, 0b1010_0101_1100_0011_1111),
        (26, 0b10_1001_0111_0000_1111_1100_0001),
    ] {
        assert_eq!(bucket_index(&key, depth(levels)), index, "at depth {levels}");
    }
    assert_eq!(bucket_index(&Hash::ZERO, Depth::MAX), 0);
    assert_eq!(bucket_index(&Hash::from_bytes([0xFF; 32]), Depth::MAX), Depth::MAX.buckets() - 1);
}

#[test]
fn only_whole_pairs_in_ascending_order_are_a_bucket() {
    let (a, b) = (hash(1, 0), hash(1, 1));
    let sound = bytes(&[(a, b), (b, a)]);
    let bucket = Bucket::decode(&sound).unwrap();
    assert_eq!(bucket.encode(), sound);
    assert_eq!((bucket.size(), bucket.row(&a), bucket.row(&b), bucket.row(&Hash::ZERO)), (2, Some(b), Some(a), None));
    assert_eq!(Bucket::decode(&[]).unwrap(), Bucket::default());

    for (damaged, reason) in [
        (sound[..127].to_vec(), DamagedBucket::Length(127)),
        (sound[..96].to_vec(), DamagedBucket::Length(96)),
        (sound[..1].to_vec(), DamagedBucket::Length(1)),
        ([sound.as_slice(), &[0]].concat(), DamagedBucket::Length(129)),
        (bytes(&[(b, a), (a, b)]), DamagedBucket::Order(a)),
        (bytes(&[(a, a), (a, b)]), DamagedBucket::Order(a)),
    ] {
        assert_eq!(Bucket::decode(&damaged).unwrap_err(), reason);
    }
}

#[test]
fn a_tree_is_built_only_from_ascending_buckets_that_hold_their_own_pairs() {
    let bucket = |first: u8| Bucket::decode(&bytes(&[(hash(first, 1), hash(0, 0))])).unwrap();
    let (zero, one, seven) = (bucket(0x00), bucket(0x20), bucket(0xE0));
    let build = |buckets: &[(u32, &Bucket)]| {
        Tree::build(depth(3), buckets.iter().map(|(index, bucket)| Ok((*index, Bucket::clone(bucket)))))
    };
    assert_eq!(build(&[]).unwrap(), Tree::empty(depth(3)));
    assert_eq!(build(&[(2, &Bucket::default())]).unwrap(), Tree::empty(depth(3)));
    let sound = build(&[(0, &zero), (1, &one), (7, &seven)]).unwrap();
    assert_ne!(sound.root(), Tree::empty(depth(3)).root());

    for refused in [
        vec![(1, &one), (0, &zero)],
        vec![(1, &one), (1, &one)],
        vec![(7, &seven), (7, &Bucket::default())],
        vec![(8, &Bucket::default())],
        vec![(u32::MAX, &Bucket::default())],
    ] {
        let fault = build(&refused).unwrap_err();
        assert!(matches!(fault, Fault::OutOfOrder { buckets: 8, .. }), "{fault}");
    }
    for stray in [vec![(0, &one)], vec![(0, &zero), (6, &seven)], vec![(8, &seven)]] {
        let fault = build(&stray).unwrap_err();
        assert!(matches!(fault, Fault::Damaged { cause: DamagedBucket::Elsewhere(_), .. }), "{fault}");
    }
    let broken = Tree::build(depth(3), [Err(Fault::new(io::Error::other("no disk")))]);
    assert!(matches!(broken, Err(Fault::Unreadable(_))));
}

/// A store whose disk is gone.
struct Unreadable;

impl Buckets for Unreadable {
    fn bucket(&self, _: u32) -> Result<Bucket, Fault> {
        Err(Fault::new(io::Error::other("no disk")))
    }
}

#[test]
fn a_store_that_fails_is_a_fault_and_never_an_empty_bucket() {
    let (register, rows) = Register::of(3, 20);
    let changes = super::by_hash(&rows);
    for fault in [
        plan(&register.tree, &Unreadable, &changes, None).unwrap_err(),
        prove(&register.tree, &Unreadable, &["row/1"]).unwrap_err(),
    ] {
        let Fault::Unreadable(cause) = fault else { panic!("another fault: {fault}") };
        assert_eq!(cause.to_string(), "no disk");
    }
}

#[test]
fn what_the_tree_knows_to_be_empty_is_not_read() {
    let empty = Tree::empty(depth(3));
    let changes = BTreeMap::from([(Hash::of(b"row/1"), Hash::of(b"a row"))]);
    let patch = plan(&empty, &Unreadable, &changes, None).expect("nothing is read");
    assert_eq!(patch.root(), plan(&empty, &BTreeMap::new(), &changes, None).expect("planned").root());
    assert!(prove(&empty, &Unreadable, &["row/1"]).is_ok());

    assert!(!empty.may_hold("row/1"));
    let (register, rows) = Register::of(6, 20);
    assert!(rows.keys().all(|key| register.tree.may_hold(key)));
    let others: Vec<String> = (0..100).map(|number| format!("other/{number}")).collect();
    assert!(others.iter().any(|key| !register.tree.may_hold(key)));
}

#[test]
fn a_store_that_is_not_the_trees_is_a_fault() {
    let (register, _) = Register::of(3, 20);
    let index = bucket_index(&Hash::of(b"row/1"), depth(3));
    let mut ahead = register.clone();
    ahead.set(&Rows::from([("row/1".to_owned(), row("row/1", 2))]));
    let mut lost = register.store.clone();
    lost.remove(&index);

    for store in [ahead.store, lost, BTreeMap::new()] {
        let changes = BTreeMap::from([(Hash::of(b"row/1"), Hash::ZERO)]);
        for fault in [
            plan(&register.tree, &store, &changes, None).unwrap_err(),
            prove(&register.tree, &store, &["row/1"]).unwrap_err(),
        ] {
            assert!(matches!(fault, Fault::OtherBucket { index: at, .. } if at == index), "{fault}");
        }
    }
}

#[test]
fn an_empty_register_is_the_naive_one_without_rows() {
    for levels in 1..=10 {
        assert_eq!(Tree::empty(depth(levels)).root(), naive::root(&Rows::new(), usize::from(levels)));
    }
}

proptest! {
    #[test]
    fn bytes_are_refused_or_read_and_written_back_the_same(
        mut pairs in prop::collection::vec(any::<([u8; 32], [u8; 32])>(), 0..6),
        sort in any::<bool>(),
        cut in 0_usize..8,
    ) {
        if sort {
            pairs.sort_unstable();
        }
        let mut bytes: Vec<u8> = pairs.iter().flat_map(|(key, row)| [*key, *row]).flatten().collect();
        bytes.truncate(bytes.len().saturating_sub(cut / 4));
        if let Ok(bucket) = Bucket::decode(&bytes) {
            prop_assert_eq!(bucket.encode(), bytes);
            prop_assert!(bucket.pairs().is_sorted_by(|a, b| a.key < b.key));
        } else {
            prop_assert!(!sort || cut >= 4);
        }
    }
}
