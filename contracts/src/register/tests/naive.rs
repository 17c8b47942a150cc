//! The register once more, from its description: everything is computed from all rows, by recursion over the bits of
//! key hashes, and nothing is kept. It shares no code with the register but SHA-256.

use hefu_keys::Hash;
use serde_json::{Value, json};

use super::Rows;

type Leaf = (Hash, Hash);

fn sha(parts: &[&[u8]]) -> Hash {
    Hash::of(&parts.concat())
}

fn sorted(rows: &Rows) -> Vec<Leaf> {
    let mut leaves: Vec<Leaf> = rows.iter().map(|(key, row)| (Hash::of(key.as_bytes()), *row)).collect();
    leaves.sort();
    leaves
}

fn bit(hash: &Hash, number: usize) -> bool {
    hash.as_bytes()[number / 8] & (0x80 >> (number % 8)) != 0
}

/// Both halves of leaves that agree in the first `number` bits.
fn halves(leaves: &[Leaf], number: usize) -> (Vec<Leaf>, Vec<Leaf>) {
    leaves.iter().partition(|(key, _)| !bit(key, number))
}

/// The root over all rows.
pub(super) fn root(rows: &Rows, depth: usize) -> Hash {
    subtree(&sorted(rows), 0, depth)
}

fn subtree(leaves: &[Leaf], number: usize, depth: usize) -> Hash {
    if number == depth {
        return bucket(leaves);
    }
    let (left, right) = halves(leaves, number);
    let (left, right) = (subtree(&left, number + 1, depth), subtree(&right, number + 1, depth));
    sha(&[&[1], left.as_bytes(), right.as_bytes()])
}

fn bucket(leaves: &[Leaf]) -> Hash {
    if leaves.is_empty() {
        return Hash::from_bytes([0; 32]);
    }
    let size = u32::try_from(leaves.len()).unwrap();
    sha(&[&[4], &size.to_be_bytes(), list(leaves).as_bytes()])
}

/// RFC 6962, section 2.1, with the leaves of the register.
fn list(leaves: &[Leaf]) -> Hash {
    match leaves {
        [(key, row)] => sha(&[&[0], key.as_bytes(), row.as_bytes()]),
        _ => {
            let (left, right) = leaves.split_at(below(leaves.len()));
            sha(&[&[1], list(left).as_bytes(), list(right).as_bytes()])
        }
    }
}

/// The largest power of two smaller than `length`.
fn below(length: usize) -> usize {
    let mut power = 1;
    while power * 2 < length {
        power *= 2;
    }
    power
}

/// The proof for these keys, as the wire has it.
pub(super) fn proof(rows: &Rows, depth: usize, keys: &[&str]) -> Value {
    let mut keys: Vec<Hash> = keys.iter().map(|key| Hash::of(key.as_bytes())).collect();
    keys.sort();
    keys.dedup();
    let mut path = Vec::new();
    let mut buckets = Vec::new();
    outer(&sorted(rows), &keys, (0, depth, 0), &mut path, &mut buckets);
    json!({"buckets": buckets, "path": base64url(&path)})
}

/// `at` is the bit to look at, the number of bits that choose a bucket, and the bits so far.
fn outer(leaves: &[Leaf], keys: &[Hash], at: (usize, usize, u32), path: &mut Vec<u8>, buckets: &mut Vec<Value>) {
    let (number, depth, index) = at;
    if keys.is_empty() {
        path.extend(subtree(leaves, number, depth).as_bytes());
    } else if number == depth {
        buckets.push(shown(leaves, keys, index));
    } else {
        let (left, right) = halves(leaves, number);
        let (keys_left, keys_right): (Vec<Hash>, Vec<Hash>) = keys.iter().partition(|key| !bit(key, number));
        outer(&left, &keys_left, (number + 1, depth, index * 2), path, buckets);
        outer(&right, &keys_right, (number + 1, depth, index * 2 + 1), path, buckets);
    }
}

fn shown(leaves: &[Leaf], keys: &[Hash], index: u32) -> Value {
    let answers = |at: usize| {
        let (key, _) = leaves[at];
        let before = if at == 0 { None } else { Some(leaves[at - 1].0) };
        let after = leaves.get(at + 1).map(|(key, _)| *key);
        keys.iter().any(|asked| {
            let is_the_row = *asked == key;
            let lies_in_the_gap_before = *asked < key && before.is_none_or(|before| before < *asked);
            let lies_in_the_gap_after = *asked > key && after.is_none_or(|after| *asked < after);
            is_the_row || lies_in_the_gap_before || lies_in_the_gap_after
        })
    };
    let shown: Vec<usize> = (0..leaves.len()).filter(|at| answers(*at)).collect();
    let entries: Vec<Value> =
        shown.iter().map(|at| json!({"at": at, "key": leaves[*at].0, "row": leaves[*at].1})).collect();
    let mut path = Vec::new();
    if !leaves.is_empty() {
        inner(leaves, 0, &shown, &mut path);
    }
    json!({"entries": entries, "index": index, "path": base64url(&path), "size": leaves.len()})
}

fn inner(leaves: &[Leaf], from: usize, shown: &[usize], path: &mut Vec<u8>) {
    if !shown.iter().any(|at| (from..from + leaves.len()).contains(at)) {
        path.extend(list(leaves).as_bytes());
    } else if leaves.len() > 1 {
        let half = below(leaves.len());
        inner(&leaves[..half], from, shown, path);
        inner(&leaves[half..], from + half, shown, path);
    }
}

fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bit_at = |number: usize| bytes.get(number / 8).is_some_and(|byte| byte & (0x80 >> (number % 8)) != 0);
    let letters = (bytes.len() * 8).div_ceil(6);
    let value = |letter: usize| (0..6).fold(0, |value, bit| value * 2 + usize::from(bit_at(letter * 6 + bit)));
    (0..letters).map(|letter| char::from(ALPHABET[value(letter)])).collect()
}
