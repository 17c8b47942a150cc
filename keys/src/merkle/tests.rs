use proptest::prelude::*;

use super::*;
use crate::golden::{assert_golden, golden};

/// The eight inputs and roots with which implementations of Certificate Transparency (RFC 6962) are tested.
const PUBLISHED: [(&str, &str); 8] = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
];

#[test]
fn published_roots_are_reproduced() {
    let leaves: Vec<Hash> = PUBLISHED.iter().map(|(input, _)| leaf(&hex::decode(input).unwrap())).collect();
    for (size, (_, expected)) in (1..).zip(PUBLISHED) {
        assert_eq!(root(&leaves[..size]).to_string(), expected, "{size} leaves");
    }
    assert_eq!(root(&[]), Hash::ZERO);
}

#[test]
fn golden_roots_and_paths_do_not_change() {
    let line = |size: usize| {
        let leaves = leaves(size);
        let path = path_text(&prove(&leaves, &BTreeSet::from([size / 2])));
        format!("{size} {} {path}\n", root(&leaves))
    };
    assert_golden("merkle.txt", &[1, 2, 3, 5, 8, 13, 100, 1024, 5000].map(line).concat());

    for line in golden("merkle.txt").lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let size: u64 = fields[0].parse().unwrap();
        let revealed = BTreeMap::from([(size / 2, leaf(format!("{}", size / 2).as_bytes()))]);
        assert_eq!(root_from(size, &revealed, &path_from(fields[2]).unwrap()), Ok(fields[1].parse().unwrap()));
    }
}

#[test]
fn every_set_of_leaves_of_every_small_tree_is_proven() {
    for size in 1..=9_usize {
        let leaves = leaves(size);
        let expected = naive_root(&leaves);
        assert_eq!(root(&leaves), expected);
        for set in 0..1_usize << size {
            let positions: BTreeSet<usize> = (0..size).filter(|position| set >> position & 1 == 1).collect();
            let path = prove(&leaves, &positions);
            let shown = revealed(&leaves, &positions);
            assert_eq!(root_from(size as u64, &shown, &path), Ok(expected), "{positions:?} of {size}");
            assert_refused_when_changed(size as u64, &shown, &path, expected);
        }
    }
}

fn assert_refused_when_changed(size: u64, shown: &BTreeMap<u64, Hash>, path: &[Hash], expected: Hash) {
    let longer = [path, &[Hash::ZERO]].concat();
    assert_eq!(root_from(size, shown, &longer), Err(BadPath::TooLong(1)));
    if let Some((_, shorter)) = path.split_last() {
        assert_eq!(root_from(size, shown, shorter), Err(BadPath::TooShort));
    }
    for at in 0..path.len() {
        let mut other = path.to_vec();
        other[at] = Hash::ZERO;
        assert_ne!(root_from(size, shown, &other), Ok(expected));
    }
    for position in shown.keys() {
        let mut other = shown.clone();
        other.insert(*position, Hash::ZERO);
        assert_ne!(root_from(size, &other, path), Ok(expected));
    }
}

#[test]
fn hostile_sizes_and_positions_cost_nothing() {
    let last = BTreeMap::from([(LEAVES_MAX - 1, Hash::ZERO)]);
    let path = vec![Hash::ZERO; 53];
    for (size, shown, path, expected) in [
        (u64::MAX, &last, &path[..], Err(BadPath::Size(u64::MAX))),
        (LEAVES_MAX + 1, &last, &path, Err(BadPath::Size(LEAVES_MAX + 1))),
        (LEAVES_MAX, &last, &[], Err(BadPath::TooShort)),
        (5, &last, &path, Err(BadPath::Position { position: LEAVES_MAX - 1, size: 5 })),
        (0, &last, &[], Err(BadPath::Position { position: LEAVES_MAX - 1, size: 0 })),
        (0, &BTreeMap::new(), &[], Ok(Hash::ZERO)),
        (0, &BTreeMap::new(), &path[..2], Err(BadPath::TooLong(2))),
        (7, &BTreeMap::new(), &[], Err(BadPath::TooShort)),
    ] {
        assert_eq!(root_from(size, shown, path), expected, "{size}");
    }
    // The largest tree of all is walked in as many steps as it has levels.
    assert!(root_from(LEAVES_MAX, &BTreeMap::from([(0, Hash::ZERO)]), &path).is_ok());
}

#[test]
fn positions_beyond_the_list_are_passed_over() {
    let leaves = leaves(3);
    assert_eq!(prove(&leaves, &BTreeSet::from([7])), [root(&leaves)]);
    assert_eq!(prove(&leaves, &BTreeSet::from([1, 7])), prove(&leaves, &BTreeSet::from([1])));
    assert_eq!(prove(&[], &BTreeSet::from([0])), []);
}

#[test]
fn a_path_has_one_spelling() {
    let path = leaves(2);
    let text = path_text(&path);
    assert_eq!(path_from(&text), Ok(path));
    assert_eq!(path_from(""), Ok(vec![]));
    for (text, refusal) in [
        (text.replace(['-', '_'], "+"), BadPath::Text),
        (format!("{text}=="), BadPath::Text),
        (format!("{text} "), BadPath::Text),
        (text[..84].to_owned(), BadPath::Bytes(63)),
        // The last character carries two bits only; any other that ends in the same two would be a second spelling.
        (format!("{}B", &text[..text.len() - 1]), BadPath::Text),
    ] {
        assert_eq!(path_from(&text), Err(refusal), "{text}");
    }
}

proptest! {
    #[test]
    fn large_trees_agree_with_the_naive_model(size in 1..300_usize, chosen in prop::collection::btree_set(0..300_usize, 0..20)) {
        let leaves = leaves(size);
        let positions: BTreeSet<usize> = chosen.into_iter().filter(|position| *position < size).collect();
        let path = prove(&leaves, &positions);
        prop_assert_eq!(root_from(size as u64, &revealed(&leaves, &positions), &path), Ok(naive_root(&leaves)));
    }
}

fn leaves(size: usize) -> Vec<Hash> {
    (0..size).map(|index| leaf(format!("{index}").as_bytes())).collect()
}

fn revealed(leaves: &[Hash], positions: &BTreeSet<usize>) -> BTreeMap<u64, Hash> {
    positions.iter().map(|position| (*position as u64, leaves[*position])).collect()
}

/// The same shape, built from the leaves upwards: pairs become nodes, a last one without a partner rises as it is.
fn naive_root(leaves: &[Hash]) -> Hash {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => {
                    let bytes = [&[1][..], left.as_bytes(), right.as_bytes()].concat();
                    Hash::of(&bytes)
                }
                _ => pair[0],
            })
            .collect();
    }
    level[0]
}
