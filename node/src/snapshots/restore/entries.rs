//! Entries, row by row: each row's lead to the head that the row holds.

use std::collections::VecDeque;

use bytes::Bytes;
use hefu_contracts::{entry::Entry, row::Row, schema::Table, state::Fault};
use hefu_gossip::Ask;
use hefu_keys::Hash;

use super::{Card, Filling, Lie, Source, Stop, gather};
use crate::store::{Batch, StoreError, entry_key};

/// Entries that are asked for at once, unless a single row has more.
const WANTED_MAX: u64 = 4_000;

/// Bytes of the entries of a single row. A row with more cannot be restored; the node then executes all blocks.
const ROW_BYTES_MAX: usize = 256 << 20;

/// A row whose entries are wanted.
struct Wanted {
    key: String,
    n: u64,
    head: Hash,
}

impl<S: Source> Filling<'_, S> {
    pub(super) fn entries(&mut self, card: &Card) -> Result<(), Stop> {
        let height = card.header.height.get();
        let total = super::total(card);
        let view = self.store.view();
        let mut rows = view.scan(Table::Rows, &[], None);
        let mut wanted: VecDeque<Wanted> = VecDeque::new();
        let mut done: u64 = 0;
        loop {
            let mut missing: u64 = wanted.iter().map(|row| row.n).sum();
            while missing < WANTED_MAX {
                let Some(pair) = rows.next() else { break };
                let (key, text) = pair.map_err(Fault::from)?;
                done = done.saturating_add(1);
                let row = read(&key, &text)?;
                if row.n > 0 {
                    missing = missing.saturating_add(row.n);
                    wanted.push_back(row);
                }
            }
            let Some(first) = wanted.front() else { return Ok(()) };
            let (key, n) = (Bytes::from(first.key.clone()), first.n);
            let ask = |from: u64| Ask::Entries { height, row: key.clone(), n: from.saturating_add(1) };
            let get = |source: &mut S, peer, patience| gather(source, peer, patience, (n, ROW_BYTES_MAX), ask);
            let (batch, rows) = self.fetch("entries", get, |entries: Vec<Bytes>| checked(&wanted, &entries))?;
            self.store.write(batch).map_err(Fault::from)?;
            wanted.drain(..rows);
            self.tell("entries of rows", done.saturating_sub(wanted.len() as u64), total);
        }
    }
}

fn read(key: &[u8], text: &[u8]) -> Result<Wanted, Fault> {
    let name = String::from_utf8_lossy(key);
    let damaged = |bad: Box<dyn std::error::Error + Send + Sync>| StoreError::damaged(Table::Rows, &name, bad);
    let text = std::str::from_utf8(text).map_err(|bad| damaged(bad.into()))?;
    let Row { key, n, head, .. } = Row::read_own(text).map_err(|bad| damaged(bad.into()))?;
    Ok(Wanted { key, n, head })
}

/// What the entries of as many whole rows as are there write, and how many rows that are.
fn checked(wanted: &VecDeque<Wanted>, entries: &[Bytes]) -> Result<(Batch, usize), Lie> {
    let mut batch = Batch::default();
    let mut rest = entries;
    let mut rows: usize = 0;
    for row in wanted {
        let count = usize::try_from(row.n).unwrap_or(usize::MAX);
        let Some((own, after)) = rest.split_at_checked(count) else { break };
        let mut head = Hash::ZERO;
        for (n, text) in (1..).zip(own) {
            let entry: Entry = serde_json::from_slice(text)?;
            if entry.text().as_bytes() != &**text {
                return Err(Lie::new(format!("entry {n} of {} is not canonical", row.key)));
            }
            head = entry.extend(&head);
            batch.put(Table::Entries, entry_key(&row.key, n), text.clone());
        }
        if head != row.head {
            return Err(Lie::new(format!("the entries of {} do not lead to its head", row.key)));
        }
        rest = after;
        rows = rows.saturating_add(1);
    }
    if rows == 0 {
        return Err(Lie::new("the entries of a row are longer than any can be"));
    }
    Ok((batch, rows))
}
