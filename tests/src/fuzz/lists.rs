//! Merkle trees and what hangs on them: paths, disclosed elements, proofs of issuance, hand-over files.
//!
//! For every question there is one proof that holds, the one that an honest prover makes.

use std::collections::{BTreeMap, BTreeSet};

use hefu_contracts::{
    annex::Issuance,
    codes::{
        Commissioning,
        batch::{self, HandoverBlock, KnownTree},
    },
};
use hefu_keys::{
    Hash,
    merkle::{self, LEAVES_MAX},
    parts::{self, Disclosed, Salt},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Verdict, golden, story, story::STORY, text};

/// Largest tree that is built to compare with; of larger ones it is only seen that a claimed size costs nothing.
const LEAVES_BUILT_MAX: u64 = 300;

/// Most elements of a list that are all disclosed.
const DISCLOSED_MAX: usize = 16;

/// `size root path`, perhaps with the positions that are shown, of the trees in the golden file.
pub(super) fn merkle(bytes: &[u8]) -> Verdict {
    let Some(question) = text(bytes).and_then(TreeQuestion::read) else { return Verdict::Refused };
    let TreeQuestion { size, root, path, positions } = question;
    let leaf = |position: u64| merkle::leaf(position.to_string().as_bytes());
    let shown: BTreeMap<u64, Hash> = positions.iter().map(|position| (*position, leaf(*position))).collect();
    let found = merkle::root_from(size, &shown, &path);
    if size > LEAVES_BUILT_MAX || positions.last().is_some_and(|last| *last >= size) {
        assert!(found.is_err() || size <= LEAVES_MAX && positions.iter().all(|position| *position < size));
        return Verdict::Refused;
    }
    let leaves: Vec<Hash> = (0..size).map(leaf).collect();
    let positions: BTreeSet<usize> = positions.iter().filter_map(|position| usize::try_from(*position).ok()).collect();
    let honest = (merkle::root(&leaves), merkle::prove(&leaves, &positions));
    assert_eq!(merkle::root_from(size, &shown, &honest.1), Ok(honest.0), "an honest path does not lead to the root");
    let holds = found == Ok(root) && root == honest.0;
    assert_eq!(holds, (root, path) == honest, "another path leads to the root, or the honest one does not");
    if holds { Verdict::Accepted } else { Verdict::Refused }
}

struct TreeQuestion {
    size: u64,
    root: Hash,
    path: Vec<Hash>,
    positions: BTreeSet<u64>,
}

impl TreeQuestion {
    fn read(line: &str) -> Option<TreeQuestion> {
        let mut fields = line.trim_end().split(' ');
        let size: u64 = fields.next()?.parse().ok()?;
        let root = fields.next()?.parse().ok()?;
        let path = merkle::path_from(fields.next().unwrap_or_default()).ok()?;
        let positions = match fields.next() {
            None => BTreeSet::from([size / 2]),
            Some(list) => list.split(',').map(|position| position.parse().ok()).collect::<Option<_>>()?,
        };
        Some(TreeQuestion { size, root, path, positions })
    }
}

#[derive(Deserialize)]
struct Parts {
    disclosed: Disclosed,
    elements: Vec<String>,
    salt: Salt,
}

/// A list's commitment shows each of its elements in one way, and no others.
pub(super) fn parts(bytes: &[u8]) -> Verdict {
    let Ok(Parts { disclosed, elements, salt }) = serde_json::from_slice(bytes) else { return Verdict::Refused };
    let ascending = elements.is_sorted_by(|a, b| a < b);
    let list = parts::list(&salt, &elements);
    assert_eq!(list.is_ok(), ascending, "elements are sorted and distinct, or there is no list");
    let Ok(list) = list else { return Verdict::Refused };
    assert_eq!(usize::try_from(list.count), Ok(elements.len()));
    for index in 0..elements.len().min(DISCLOSED_MAX) {
        let honest = parts::disclose(&salt, &elements, index).expect("an element");
        assert_eq!(parts::check(&list, &honest), Ok(()), "element {index} is not in its own list");
    }
    let honest = usize::try_from(disclosed.index).ok().and_then(|index| parts::disclose(&salt, &elements, index).ok());
    let holds = parts::check(&list, &disclosed).is_ok();
    assert_eq!(holds, honest == Some(disclosed), "a list shows an element that it does not have, or has otherwise");
    if holds { Verdict::Accepted } else { Verdict::Refused }
}

#[derive(Serialize, Deserialize)]
struct Issued {
    issuance: Issuance,
    ranges: Vec<(u64, u64)>,
}

/// A batch proves its own codes, each set of them in one way.
pub(super) fn issuance(bytes: &[u8]) -> Verdict {
    let Ok(Issued { issuance, ranges }) = serde_json::from_slice(bytes) else { return Verdict::Refused };
    let batch = STORY.batch_row();
    let commissioning = Commissioning { batch: STORY.batch, ranges };
    let Ok(indices) = commissioning.indices(batch.count) else { return Verdict::Refused };
    assert!(indices.is_sorted_by(|a, b| a < b) && indices.iter().all(|index| *index < batch.count));
    let issued = batch::check(batch, &indices, &issuance);
    let honest = story::issuance(&indices.iter().copied().collect());
    assert_eq!(issued.is_ok(), issuance == honest, "a code is proven that was not issued, or not proven that was");
    if issued.is_ok() { Verdict::Accepted } else { Verdict::Refused }
}

/// What a factory takes from a hand-over file are the issuer's own codes, each under its own index.
pub(super) fn handover(bytes: &[u8]) -> Verdict {
    let Ok(blocks) = serde_json::from_slice::<Vec<HandoverBlock>>(bytes) else { return Verdict::Refused };
    let batch = STORY.batch_row();
    if KnownTree::from_handover(batch.count, &batch.root, &blocks).is_err() {
        return Verdict::Refused;
    }
    for block in &blocks {
        // The hidden code is not under the root: only the issuer knows which claim code seeds a key.
        let honest = story::handover(block.first);
        let shown = |block: &HandoverBlock| {
            let codes = block.codes.iter().map(|code| (code.serial.clone(), code.claim_key.clone()));
            codes.collect::<Vec<_>>()
        };
        assert_eq!(shown(block), shown(&honest), "the block from {} has codes that were not issued", block.first);
        assert_eq!(block.path, honest.path, "the block from {} has another path", block.first);
    }
    Verdict::Accepted
}

pub(super) fn merkle_seeds() -> Vec<Vec<u8>> {
    let golden = golden::file("keys", "merkle.txt");
    let mut seeds: Vec<Vec<u8>> = golden.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let leaves: Vec<Hash> = (0..13_u64).map(|position| merkle::leaf(position.to_string().as_bytes())).collect();
    for positions in [vec![0], vec![0, 12], vec![3, 4, 5, 8]] {
        let path = merkle::path_text(&merkle::prove(&leaves, &positions.iter().copied().collect()));
        let positions: Vec<String> = positions.iter().map(usize::to_string).collect();
        seeds.push(format!("13 {} {path} {}", merkle::root(&leaves), positions.join(",")).into_bytes());
    }
    seeds
}

pub(super) fn parts_seeds() -> Vec<Vec<u8>> {
    vec![golden::file("keys", "parts.json")]
}

pub(super) fn issuance_seeds() -> Vec<Vec<u8>> {
    let all = [vec![(0, 1)], vec![(0, 3), (1_024, 1)], vec![(5, 2), (7, 1), (1_029, 1)]];
    let issued = |ranges: Vec<(u64, u64)>| {
        let indices = ranges.iter().flat_map(|(first, count)| *first..first + count).collect();
        json!(Issued { issuance: story::issuance(&indices), ranges }).to_string().into_bytes()
    };
    all.map(issued).to_vec()
}

pub(super) fn handover_seeds() -> Vec<Vec<u8>> {
    // The last block of the batch has few codes, the first one more than a mutation can usefully change.
    let last = story::handover(1_024);
    vec![json!([last]).to_string().into_bytes(), json!([last, last]).to_string().into_bytes()]
}
