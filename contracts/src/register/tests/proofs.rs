//! Proofs of rows that are there and of rows that are not.

use hefu_keys::{Hash, canonical, merkle};
use proptest::prelude::*;
use serde_json::Value;

use super::{Register, Rows, depth, naive, row};
use crate::register::{BadProof, Fault, KEYS_MAX, Multiproof, prove};

/// The keys asked for, divided by whether the rows have them.
fn divided<'a>(keys: &[&'a str], rows: &Rows) -> (Vec<(&'a str, Hash)>, Vec<&'a str>) {
    let present = keys.iter().filter_map(|key| rows.get(*key).map(|row| (*key, *row))).collect();
    let absent = keys.iter().copied().filter(|key| !rows.contains_key(*key)).collect();
    (present, absent)
}

#[test]
fn a_proof_is_refused_for_any_other_question() {
    let (register, rows) = Register::of(3, 24);
    let (a, b) = (("row/1", rows["row/1"]), ("row/2", rows["row/2"]));
    let proof = register.prove(&["row/1", "row/2", "none/1"]);
    register.check(&proof, &[a, b], &["none/1"]).unwrap();
    register.check(&proof, &[b, a, b], &["none/1", "none/1"]).unwrap();

    let other = row("row/1", 2);
    let key = || "row/1".to_owned();
    for (present, absent, reason) in [
        (vec![a, b], vec![], None),
        (vec![a], vec!["none/1"], None),
        (vec![a, b], vec!["none/1", "none/2"], None),
        (vec![a, b, ("row/3", rows["row/3"])], vec!["none/1"], None),
        (vec![("row/1", other), b], vec!["none/1"], Some(BadProof::OtherRow { key: key(), found: a.1 })),
        (vec![b], vec!["none/1", "row/1"], Some(BadProof::NotAbsent { key: key() })),
        (vec![a, b], vec!["none/1", "row/1"], Some(BadProof::TwoStates { key: key() })),
        (vec![a, b, ("row/1", other)], vec!["none/1"], Some(BadProof::TwoStates { key: key() })),
        (vec![], vec![], Some(BadProof::KeyCount { asked: 0 })),
        (vec![a; KEYS_MAX], vec!["none/1"], Some(BadProof::KeyCount { asked: KEYS_MAX + 1 })),
    ] {
        let refused = register.check(&proof, &present, &absent).unwrap_err();
        assert!(reason.is_none_or(|reason| reason == refused), "{refused}");
    }
}

#[test]
fn a_proof_is_refused_for_another_root_or_depth() {
    let (mut register, rows) = Register::of(3, 24);
    let (present, absent) = ([("row/1", rows["row/1"])], ["none/1"]);
    let proof = register.prove(&["row/1", "none/1"]);
    let old = register.tree.root();
    register.set(&Rows::from([("row/9".to_owned(), row("row/9", 2))]));
    proof.check(depth(3), old, &present, &absent).unwrap();
    let refused = register.check(&proof, &present, &absent).unwrap_err();
    assert_eq!(refused, BadProof::OtherRoot { expected: register.tree.root(), found: old });
    for levels in [1, 2, 4, 12, 26] {
        proof.check(depth(levels), old, &present, &absent).expect_err("another depth");
    }
}

#[test]
fn a_proof_is_made_for_1_to_10000_keys() {
    let (register, _) = Register::of(3, 24);
    let keys: Vec<String> = (0..=KEYS_MAX).map(|n| format!("row/{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    for asked in [&keys[..], &[]] {
        let fault = prove(&register.tree, &register.store, asked).unwrap_err();
        assert!(matches!(fault, Fault::KeyCount { asked: count } if count == asked.len()), "{fault}");
    }
    let proof = register.prove(&keys[..KEYS_MAX]);
    let present: Vec<(&str, Hash)> = keys[..24].iter().map(|key| (*key, row(key, 1))).collect();
    register.check(&proof, &present, &keys[24..KEYS_MAX]).unwrap();
}

#[test]
fn a_proof_of_one_row_in_a_full_register_is_small() {
    let (register, rows) = Register::of(10, 5_000);
    let proof = register.prove(&["row/77"]);
    register.check(&proof, &[("row/77", rows["row/77"])], &[]).unwrap();
    let text = serde_json::to_string(&proof).unwrap();
    assert!(text.len() < 900, "{} bytes", text.len());
    let together = register.prove(&["row/77", "row/78"]);
    let text_together = serde_json::to_string(&together).unwrap();
    assert!(text_together.len() < 2 * text.len(), "{} bytes", text_together.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_proof_is_the_naive_one_and_answers_its_question_only(
        levels in 1_u8..=6,
        count in 0_u32..80,
        asked in prop::collection::vec(0_u32..120, 1..12),
        omitted in any::<prop::sample::Index>(),
    ) {
        let (register, rows) = Register::of(levels, count);
        let names: Vec<String> = asked.iter().map(|n| format!("row/{n}")).collect();
        let mut keys: Vec<&str> = names.iter().map(String::as_str).collect();
        let proof = register.prove(&keys);
        prop_assert_eq!(serde_json::to_value(&proof).unwrap(), naive::proof(&rows, usize::from(levels), &keys));
        let (present, absent) = divided(&keys, &rows);
        prop_assert_eq!(register.check(&proof, &present, &absent), Ok(()));

        let text = serde_json::to_string(&proof).unwrap();
        prop_assert_eq!(&canonical::to_string(&proof).unwrap(), &text);
        prop_assert_eq!(&serde_json::from_str::<Multiproof>(&text).unwrap(), &proof);

        // Whatever key is turned round, the answer is another one.
        let turned = keys.swap_remove(omitted.index(keys.len()));
        keys.retain(|key| *key != turned);
        let (mut present, mut absent) = divided(&keys, &rows);
        if rows.contains_key(turned) { absent.push(turned) } else { present.push((turned, row(turned, 1))) }
        prop_assert!(register.check(&proof, &present, &absent).is_err());
    }
}

/// The text of a path of a few hashes from nowhere.
fn any_path() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<[u8; 32]>().prop_map(Hash::from_bytes), 0..6).prop_map(|path| merkle::path_text(&path))
}

/// JSON that is sometimes nearly a proof.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_u32..9).prop_map(Value::from),
        any::<u32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        "[A-Za-z0-9_-]{0,4}".prop_map(Value::from),
        any_path().prop_map(Value::from),
        "[0-9a-f]{64}".prop_map(Value::from),
    ];
    let field = prop_oneof!["buckets", "path", "entries", "index", "size", "at", "key", "row", ".{0,4}"];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(field.clone(), inner, 0..5).prop_map(Value::from_iter),
        ]
    })
}

/// A proof in form, with contents from nowhere.
fn any_proof() -> impl Strategy<Value = Value> {
    let number = || prop_oneof![0_u32..6, any::<u32>(), Just(u32::MAX)];
    let key = prop_oneof![
        (0_u32..24).prop_map(|n| Hash::of(format!("row/{n}").as_bytes())),
        any::<[u8; 32]>().prop_map(Hash::from_bytes)
    ];
    let pair = (number(), key, any::<[u8; 32]>().prop_map(Hash::from_bytes))
        .prop_map(|(at, key, row)| serde_json::json!({"at": at, "key": key, "row": row}));
    let entries = prop::collection::vec(pair, 0..4);
    let bucket = (entries, number(), any_path(), number()).prop_map(|(entries, index, path, size)| {
        serde_json::json!({"entries": entries, "index": index, "path": path, "size": size})
    });
    (prop::collection::vec(bucket, 0..4), any_path())
        .prop_map(|(buckets, path)| serde_json::json!({"buckets": buckets, "path": path}))
}

proptest! {
    #[test]
    fn arbitrary_json_never_panics_and_never_proves_anything(
        json in prop_oneof![any_json(), any_proof()],
        levels in 1_u8..=26,
    ) {
        let (register, rows) = Register::of(3, 24);
        if let Ok(proof) = serde_json::from_value::<Multiproof>(json) {
            for depth in [depth(3), depth(levels)] {
                let root = register.tree.root();
                prop_assert!(proof.check(depth, root, &[("row/1", rows["row/1"])], &[]).is_err());
                prop_assert!(proof.check(depth, root, &[], &["row/1", "none/1"]).is_err());
            }
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,60}") {
        prop_assert!(serde_json::from_str::<Multiproof>(&text).is_err());
    }
}
