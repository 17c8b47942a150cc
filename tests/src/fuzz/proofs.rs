//! Proofs: of rows in the register, and files that tell a whole history.

use std::collections::BTreeMap;

use hefu_contracts::{
    entry::Entry,
    proof::{Proof, Story as Told},
    register::{Bucket, Depth, Multiproof, Tree, plan, prove},
    row::Row,
};
use hefu_keys::{Hash, canonical};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Verdict, golden, is_canonical,
    story::{self, STORY},
};

/// Deepest register that is built to compare with.
const LEVELS_MAX: u8 = 6;

/// Most rows and keys of it.
const ROWS_MAX: usize = 64;

#[derive(Deserialize)]
struct Question {
    absent: Vec<String>,
    depth: Depth,
    present: BTreeMap<String, Hash>,
    proof: Multiproof,
    rows: BTreeMap<String, Hash>,
}

/// Of a register with these rows, a proof holds exactly where what it is asked for is true and it is the one proof that
/// the register itself makes.
pub(super) fn register(bytes: &[u8]) -> Verdict {
    let Ok(question) = serde_json::from_slice::<Question>(bytes) else { return Verdict::Refused };
    let Question { absent, depth, present, proof, rows } = question;
    let written = serde_json::to_string(&proof).expect("a proof");
    assert!(is_canonical(&written), "not canonical: {written}");
    assert_eq!(serde_json::from_str::<Multiproof>(&written).ok().as_ref(), Some(&proof), "read otherwise than written");
    let largest = absent.len().max(present.len()).max(rows.len());
    if depth.levels() > LEVELS_MAX || largest > ROWS_MAX {
        return Verdict::Refused;
    }
    let (tree, buckets) = registered(depth, rows.iter().map(|(key, row)| (key.as_str(), *row)));
    let keys: Vec<&str> = present.keys().chain(&absent).map(String::as_str).collect();
    let honest = prove(&tree, &buckets, &keys).ok();
    let is_true =
        present.iter().all(|(key, row)| rows.get(key) == Some(row)) && absent.iter().all(|key| !rows.contains_key(key));
    let present: Vec<(&str, Hash)> = present.iter().map(|(key, row)| (key.as_str(), *row)).collect();
    let absent: Vec<&str> = absent.iter().map(String::as_str).collect();
    let check = |proof: &Multiproof| proof.check(depth, tree.root(), &present, &absent).is_ok();
    if let Some(honest) = &honest {
        assert_eq!(check(honest), is_true, "an honest proof holds of what is not so, or does not of what is");
    }
    let holds = check(&proof);
    assert_eq!(holds, is_true && honest.as_ref() == Some(&proof), "a proof holds that the register has not made");
    if holds { Verdict::Accepted } else { Verdict::Refused }
}

fn registered<'a>(depth: Depth, rows: impl Iterator<Item = (&'a str, Hash)>) -> (Tree, BTreeMap<u32, Bucket>) {
    let (mut tree, mut buckets) = (Tree::empty(depth), BTreeMap::new());
    let changes = rows.map(|(key, row)| (Hash::of(key.as_bytes()), row)).collect();
    let patch = plan(&tree, &buckets, &changes, None).expect("a register in memory");
    buckets.extend(patch.buckets().clone());
    tree.apply(patch).expect("a patch of this tree");
    (tree, buckets)
}

/// A proof file survives its text, and one that holds under the story's genesis tells nothing but the story.
pub(super) fn proof(bytes: &[u8]) -> Verdict {
    let Some(proof) = read(bytes) else { return Verdict::Refused };
    let Ok(told) = proof.check(&STORY.genesis.chain()) else { return Verdict::Refused };
    for (key, row) in &told.rows {
        assert_eq!(STORY.rows().get(key), Some(row), "a row that the chain does not have");
    }
    for step in &told.steps {
        let positions = (step.key.clone(), 0)..=(step.key.clone(), u64::MAX);
        let is_noted = STORY.entries.range(positions).any(|(_, text)| *text == step.entry.text());
        assert!(is_noted, "an entry that the chain does not have: {}", step.entry.text());
    }
    assert_eq!(told.rows.contains_key(&proof.subject), STORY.rows().contains_key(&proof.subject));
    is_whole(&proof, &told);
    Verdict::Accepted
}

/// A proof file whose rows were certified, whatever they say: what validators that lie together could hand out. Nothing
/// panics, and a story that is told leaves no gap in what it tells.
pub(super) fn history(bytes: &[u8]) -> Verdict {
    let Some(mut proof) = read(bytes) else { return Verdict::Refused };
    let rows: Option<BTreeMap<String, Hash>> = proof.rows.iter().map(|raw| row_of(raw.get())).collect();
    let Some(rows) = rows.filter(|rows| rows.len() <= ROWS_MAX) else { return Verdict::Refused };
    let depth = STORY.genesis.register_depth;
    let (tree, buckets) = registered(depth, rows.iter().map(|(key, row)| (key.as_str(), *row)));
    let mut keys: Vec<&str> = rows.keys().map(String::as_str).collect();
    if !rows.contains_key(&proof.subject) {
        keys.push(&proof.subject);
    }
    proof.register = prove(&tree, &buckets, &keys).expect("a register in memory");
    proof.genesis = STORY.genesis.clone();
    proof.header = STORY.header().clone();
    proof.header.register = tree.root();
    proof.certificate = story::certify(&proof.header);
    let Ok(told) = proof.check(&STORY.genesis.chain()) else { return Verdict::Refused };
    is_whole(&proof, &told);
    Verdict::Accepted
}

fn read(bytes: &[u8]) -> Option<Proof> {
    let proof = Proof::read(bytes).ok()?;
    let text = proof.text().expect("a text");
    let again = Proof::read(text.as_bytes()).expect("what was written");
    assert_eq!(again.text().ok().as_ref(), Some(&text), "read otherwise than written");
    let entries = proof.histories.iter().flat_map(|history| &history.entries).map(Entry::text);
    let hashed = [proof.genesis.text(), proof.header.text(), proof.certificate.text()].into_iter().chain(entries);
    hashed.for_each(|text| assert!(is_canonical(&text), "hashed, but not canonical: {text}"));
    Some(proof)
}

fn row_of(text: &str) -> Option<(String, Hash)> {
    canonical::check(text.as_bytes()).ok()?;
    Some((Row::read(text).ok()?.key, Row::hash_of(text)))
}

/// Every entry of the subject is told, in its order, and every record that is shown is the one its entry names.
fn is_whole(proof: &Proof, told: &Told) {
    for step in &told.steps {
        if let Some(record) = &step.record {
            assert_eq!((record.id, record.chain), (step.entry.record, STORY.genesis.chain()), "another record");
        }
        let is_withheld = step.record.is_none();
        assert!(!is_withheld || !step.entry.visibility.is_public(), "a public record is not shown");
    }
    let Some(row) = told.rows.get(&proof.subject) else {
        assert!(told.steps.is_empty(), "a history of a row that is absent");
        return;
    };
    let own: Vec<&Entry> = told.steps.iter().filter(|step| step.key == row.key).map(|step| &step.entry).collect();
    let head = own.iter().fold(Hash::ZERO, |head, entry| entry.extend(&head));
    assert_eq!((u64::try_from(own.len()), head), (Ok(row.n), row.head), "a history with a gap");
}

/// The golden proofs, each with the rows of its register.
pub(super) fn register_seeds() -> Vec<Vec<u8>> {
    let roots = golden::json("contracts", "register/roots.json");
    let mut rows = serde_json::Map::new();
    for step in roots["steps"].as_array().into_iter().flatten() {
        rows.extend(step["changes"].as_object().cloned().unwrap_or_default());
    }
    let with_rows = |name: &str| {
        let mut question = golden::json("contracts", name);
        if question["rows"] == Value::Null {
            question["rows"] = json!(rows);
        }
        canonical::to_string(&question).expect("JSON").into_bytes()
    };
    ["register/presence.json", "register/absence.json"].map(with_rows).to_vec()
}

pub(super) fn proof_seeds() -> Vec<Vec<u8>> {
    STORY.proofs()
}
