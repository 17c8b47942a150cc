//! Proofs made by one who knows the whole register and wants to prove what is not so.

use std::collections::BTreeSet;

use hefu_keys::{Hash, merkle};

use super::{Register, depth, row};
use crate::register::{
    BadProof, Multiproof, Pair, bucket_index,
    proof::{Path, ShownBucket, ShownPair},
};

/// Something done to the entries of a bucket.
type Alteration = fn(&mut Vec<ShownPair>);

/// Every proof about one bucket that shows some of `pairs` as a bucket of `size`, with the paths of an honest tree.
fn forgeries(pairs: &[Pair], size: u32, honest: &ShownBucket, path: &Path) -> Vec<Multiproof> {
    let leaves: Vec<Hash> = pairs.iter().map(Pair::leaf).collect();
    let mut forgeries = Vec::new();
    for chosen in 0..1_usize << pairs.len() {
        let shown: BTreeSet<usize> = (0..pairs.len()).filter(|at| chosen >> at & 1 == 1).collect();
        let entries: Vec<ShownPair> = shown
            .iter()
            .map(|at| ShownPair { at: u32::try_from(*at).unwrap(), key: pairs[*at].key, row: pairs[*at].row })
            .collect();
        // Also with the positions moved up behind some place, as if nothing stood between there.
        for moved in 0..=entries.len() {
            let mut entries = entries.clone();
            entries[moved..].iter_mut().for_each(|entry| entry.at = entry.at.wrapping_sub(1));
            let path_in_bucket = Path(merkle::prove(&leaves, &shown));
            let bucket = ShownBucket { entries, index: honest.index, path: path_in_bucket, size };
            forgeries.push(Multiproof { buckets: vec![bucket], path: path.clone() });
        }
    }
    forgeries
}

#[test]
fn a_row_that_is_there_cannot_be_proven_absent() {
    let (register, rows) = Register::of(3, 32);
    let mut tried = 0;
    for key in rows.keys() {
        let honest = register.prove(&[key]);
        let hash = Hash::of(key.as_bytes());
        let pairs = register.store[&bucket_index(&hash, depth(3))].pairs();
        let without: Vec<Pair> = pairs.iter().copied().filter(|pair| pair.key != hash).collect();
        for pairs in [pairs, &without, &[]] {
            for size in 0..u32::try_from(pairs.len()).unwrap() + 3 {
                for forged in forgeries(pairs, size, &honest.buckets[0], &honest.path) {
                    register.check(&forged, &[], &[key]).expect_err("the row is there");
                    tried += 1;
                }
            }
        }
        register.check(&honest, &[], &[key]).expect_err("the row is there");
        let silent = Multiproof { buckets: Vec::new(), path: Path(vec![register.tree.root()]) };
        assert_eq!(register.check(&silent, &[], &[key]), Err(BadProof::OtherBuckets));
    }
    assert!(tried > 10_000, "only {tried} forgeries");
}

#[test]
fn a_row_that_is_not_there_cannot_be_proven_present() {
    let (register, _) = Register::of(3, 32);
    for n in 0..20 {
        let key = format!("none/{n}");
        let (hash, fake) = (Hash::of(key.as_bytes()), row(&key, 1));
        let honest = register.prove(&[&key]);
        let pairs = register.store[&bucket_index(&hash, depth(3))].pairs();
        let mut with = pairs.to_vec();
        with.push(Pair { key: hash, row: fake });
        with.sort_by_key(|pair| pair.key);
        for pairs in [pairs, &with] {
            for size in 0..u32::try_from(pairs.len()).unwrap() + 2 {
                for forged in forgeries(pairs, size, &honest.buckets[0], &honest.path) {
                    register.check(&forged, &[(&key, fake)], &[]).expect_err("the row is not there");
                }
            }
        }
    }
}

#[test]
fn a_made_up_row_cannot_hide_behind_one_that_is_there() {
    let (register, rows) = Register::of(3, 32);
    let mut tried = 0;
    for (key, real) in &rows {
        let hash = Hash::of(key.as_bytes());
        let index = bucket_index(&hash, depth(3));
        let beside = (0..)
            .map(|n| format!("none/{n}"))
            .filter(|none| bucket_index(&Hash::of(none.as_bytes()), depth(3)) == index);
        for none in beside.take(6) {
            // Both at one position: whoever keeps leaves by position would hash only one of them.
            let (fake_hash, fake) = (Hash::of(none.as_bytes()), row(&none, 1));
            let mut forged = register.prove(&[key]);
            let at = forged.buckets[0].entries[0].at;
            forged.buckets[0].entries.push(ShownPair { at, key: fake_hash, row: fake });
            for _ in 0..2 {
                let refused = register.check(&forged, &[(key, *real), (&none, fake)], &[]);
                assert_eq!(refused, Err(BadProof::Misplaced { index }));
                forged.buckets[0].entries.reverse();
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 32 * 6 * 2);
}

#[test]
fn entries_that_do_not_ascend_or_lie_elsewhere_are_refused() {
    // Bucket 10 holds row/28, row/16, row/24 and row/26, in this order; none/15 would stand in the middle.
    let (register, rows) = Register::of(4, 30);
    let present = [("row/28", rows["row/28"])];
    let honest = register.prove(&["row/28", "none/15"]);
    register.check(&honest, &present, &["none/15"]).unwrap();
    let alterations: [Alteration; 8] = [
        |entries| entries.reverse(),
        |entries| entries.swap(1, 2),
        |entries| entries[1].at = 0,
        |entries| entries[1].at = 2,
        |entries| entries[1].key = entries[0].key,
        |entries| entries.insert(1, entries[0].clone()),
        |entries| entries[2].at = 4,
        |entries| entries[0].key = Hash::of(b"row/2"),
    ];
    for alter in alterations {
        let mut altered = honest.clone();
        alter(&mut altered.buckets[0].entries);
        let refused = register.check(&altered, &present, &["none/15"]);
        assert_eq!(refused, Err(BadProof::Misplaced { index: 10 }));
    }
}

#[test]
fn entries_nobody_asked_for_are_refused() {
    let (register, rows) = Register::of(4, 30);
    let present = |key: &'static str| (key, rows[key]);
    for (shown, asked, absent) in [
        (["row/28", "row/26"], vec![present("row/28")], vec![]),
        (["row/28", "row/26"], vec![present("row/26")], vec![]),
        (["row/28", "none/15"], vec![present("row/28")], vec![]),
        (["row/28", "none/15"], vec![], vec!["none/15"]),
    ] {
        let refused = register.check(&register.prove(&shown), &asked, &absent);
        assert_eq!(refused, Err(BadProof::NotAsked { index: 10 }));
    }
}

#[test]
fn a_root_stands_for_one_depth_of_paths_only() {
    // An inner node of the register, passed off as the root of a bucket's own tree: sizes are bound by the leaf's tag.
    let (register, rows) = Register::of(1, 2);
    let key = "row/0";
    let honest = register.prove(&[key]);
    let mut shallow = honest.clone();
    shallow.buckets[0].size = 2;
    shallow.buckets[0].path.0.extend(honest.path.0.iter().copied());
    shallow.path.0.clear();
    register.check(&shallow, &[(key, rows[key])], &[]).expect_err("no such tree");
    let bare = Multiproof { buckets: Vec::new(), path: Path(vec![register.tree.root()]) };
    register.check(&bare, &[(key, rows[key])], &[]).expect_err("nothing is shown");
}

#[test]
fn claims_of_huge_buckets_and_paths_cost_nothing() {
    let (register, rows) = Register::of(3, 24);
    let asked = [("row/1", rows["row/1"])];
    let honest = register.prove(&["row/1"]);
    for (at, size, hashes) in [
        (0, u32::MAX, 0),
        (u32::MAX - 1, u32::MAX, 0),
        (u32::MAX - 1, u32::MAX, 31),
        (u32::MAX - 1, u32::MAX, 32),
        (u32::MAX - 1, u32::MAX, 100_000),
        (u32::MAX, u32::MAX, 32),
    ] {
        let mut huge = honest.clone();
        huge.buckets[0].size = size;
        huge.buckets[0].entries[0].at = at;
        huge.buckets[0].path = Path(vec![Hash::ZERO; hashes]);
        register.check(&huge, &asked, &[]).expect_err("no such bucket");
    }
}

#[test]
fn lists_and_paths_above_their_limits_are_not_even_read() {
    let bucket = "{\"entries\":[],\"index\":0,\"path\":\"\",\"size\":0}";
    let pair = format!("{{\"at\":0,\"key\":\"{0}\",\"row\":\"{0}\"}}", Hash::ZERO);
    let list = |element: &str, count: usize| vec![element; count].join(",");
    let with_buckets = |count| format!("{{\"buckets\":[{}],\"path\":\"\"}}", list(bucket, count));
    let with_pairs = |count| {
        let entries = list(&pair, count);
        format!("{{\"buckets\":[{{\"entries\":[{entries}],\"index\":0,\"path\":\"\",\"size\":0}}],\"path\":\"\"}}")
    };
    let with_path =
        |hashes| format!("{{\"buckets\":[],\"path\":\"{}\"}}", merkle::path_text(&vec![Hash::ZERO; hashes]));

    for accepted in [with_buckets(10_000), with_pairs(20_000), with_path(260_000)] {
        serde_json::from_str::<Multiproof>(&accepted).expect("within the limits");
    }
    for refused in [with_buckets(10_001), with_pairs(20_001), with_path(270_000)] {
        let reason = serde_json::from_str::<Multiproof>(&refused).expect_err("above the limits").to_string();
        assert!(reason.contains("at most"), "{reason}");
    }
}
