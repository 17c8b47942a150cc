//! State: rows, the entries behind them, and what a record does to them.

use std::collections::BTreeMap;

use hefu_contracts::{
    block::{Invalid, execute_all},
    entry::Entry,
    exact,
    execute::Moment,
    row::Row,
    state::{Changes, Rows},
    submission::{Submission, Unverified},
};
use hefu_keys::{Hash, canonical};
use serde_json::Value;

use super::{Verdict, deed::sign, golden, is_canonical, story::STORY, text};

/// A row is written as it was read: its hash in the register is that of the one text.
pub(super) fn row(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let Ok(row) = Row::read(text) else { return Verdict::Refused };
    has_one_text(&row);
    assert_eq!(row.text(), text, "a row is written otherwise than it was read");
    Verdict::Accepted
}

/// A row's text is canonical and is read as the row.
pub(super) fn has_one_text(row: &Row) {
    let text = row.text();
    assert!(is_canonical(&text), "not canonical: {text}");
    assert_eq!(Row::read(&text).ok().as_ref(), Some(row), "read otherwise than written: {text}");
    assert_eq!(row.hash(), Row::hash_of(&text));
}

/// An entry is written as it was read: what the heads of a chain cover is the one text.
pub(super) fn entry(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let Ok(entry) = exact::read::<Entry>(text) else { return Verdict::Refused };
    assert_eq!(entry.text(), text, "an entry is written otherwise than it was read");
    Verdict::Accepted
}

/// Whatever somebody signs, at every height of the story: it is refused and nothing follows, or the same rows follow for
/// every validator, each of them readable, with chains of entries that grow by one and numbers that cannot be spent again.
pub(super) fn deed(bytes: &[u8]) -> Verdict {
    let Ok(unsigned) = serde_json::from_slice::<Value>(bytes) else { return Verdict::Refused };
    let Some(text) = sign(&unsigned) else { return Verdict::Refused };
    let Ok(unverified) = Unverified::read(text.as_bytes()) else { return Verdict::Refused };
    let submission = unverified.verify().expect("it was signed by whom it names");
    let mut verdict = Verdict::Refused;
    for (height, rows) in STORY.states.iter().enumerate() {
        let moment = STORY.moment(height);
        if let Some(changes) = execute(rows, &moment, &submission) {
            audit(rows, &changes);
            let mut after = rows.clone();
            after.extend(changes.rows);
            assert!(execute(&after, &STORY.moment(height + 1), &submission).is_none(), "it takes effect twice");
            verdict = Verdict::Accepted;
        }
    }
    verdict
}

fn execute(rows: &Rows, moment: &Moment, submission: &Submission) -> Option<Changes> {
    let one = std::slice::from_ref(submission);
    match execute_all(rows, moment, one) {
        Ok(changes) => {
            let again = execute_all(rows, moment, one).expect("it took effect before");
            assert_eq!(changes, again, "two validators come to different rows");
            Some(changes)
        }
        Err(invalid) => {
            assert!(matches!(invalid, Invalid::Refused { .. } | Invalid::Rows), "no rule: {invalid}");
            None
        }
    }
}

/// Rows as an auditor sees them who knows none of the rules.
fn audit(before: &Rows, changes: &Changes) {
    let entries: BTreeMap<&(String, u64), &String> =
        changes.entries.iter().map(|(place, text)| (place, text)).collect();
    assert_eq!(entries.len(), changes.entries.len(), "two entries have one place");
    for (key, row) in &changes.rows {
        assert_eq!(&row.key, key);
        has_one_text(row);
        let (n, head) = before.get(key).map_or((0, Hash::ZERO), |row| (row.n, row.head));
        let entry = entries.get(&(key.clone(), n + 1));
        let expected = entry.map_or((n, head), |text| {
            let entry: Entry = serde_json::from_str(text).expect("an entry");
            assert_eq!(entry.text(), **text);
            (n + 1, entry.extend(&head))
        });
        assert_eq!((row.n, row.head), expected, "the entries of {key} do not lead to its head");
    }
    let dangling = entries.keys().find(|(key, n)| changes.rows.get(key).is_none_or(|row| row.n != *n));
    assert!(dangling.is_none(), "an entry of no changed row: {dangling:?}");
}

pub(super) fn row_seeds() -> Vec<Vec<u8>> {
    let mut seeds = golden::files("contracts", "rows", ".json");
    seeds.extend(STORY.rows().values().map(|row| row.text().into_bytes()));
    seeds
}

pub(super) fn entry_seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![golden::file("contracts", "entry.json")];
    seeds.extend(STORY.entries.values().map(|text| text.as_bytes().to_vec()));
    seeds
}

pub(super) fn deed_seeds() -> Vec<Vec<u8>> {
    let mut seeds = golden::files("contracts", "records", ".json");
    seeds.extend(STORY.unsigned.iter().map(|deed| canonical::to_string(deed).expect("JSON").into_bytes()));
    seeds
}
