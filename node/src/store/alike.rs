//! The index of what is alike: how many items of one source are in the same state, and what of it stands alone.
//!
//! It is written with the block and follows from the rows of now alone, so `hefu verify --store` makes it anew and compares;
//! a node that is handed the rows counts them.

use std::collections::BTreeMap;

use hefu_contracts::{
    provenance::{
        ThingRow,
        alike::{Alike, sources, thing_of},
    },
    row::Row,
    schema::Table,
};

use super::{
    Batch, Chain, StoreError, View,
    layout::{count_value, read_count},
};

/// What follows the source in a key: what is alike, as its text; what stands alone, as its row's key.
const ALIKE: u8 = b'a';
const ALONE: u8 = b'o';

/// Separates a source from the rest: no row key holds a zero byte.
const SEPARATOR: u8 = 0;

/// What rows add to the index and take from it.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<Vec<u8>, i64>);

impl Tally {
    /// Counts a row in.
    pub(crate) fn add(&mut self, row: &Row) {
        if let Some(thing) = thing_of(row) {
            self.count(&row.key, thing, 1);
        }
    }

    /// Counts a row in that was another before.
    pub(crate) fn change(&mut self, before: Option<&Row>, row: &Row) {
        let (before, now) = (before.and_then(thing_of), thing_of(row));
        if let (Some(before), Some(now)) = (before, now)
            && before.sources == now.sources
            && Alike::of(&row.key, before) == Alike::of(&row.key, now)
        {
            return;
        }
        for (thing, by) in [(before, -1), (now, 1)] {
            if let Some(thing) = thing {
                self.count(&row.key, thing, by);
            }
        }
    }

    fn count(&mut self, key: &str, thing: &ThingRow, by: i64) {
        let alike = Alike::of(key, thing).map(|alike| alike.text());
        for source in sources(key, thing) {
            let key = match &alike {
                Some(alike) => join(&source, ALIKE, alike),
                None => join(&source, ALONE, key),
            };
            let count = self.0.entry(key).or_default();
            *count = count.saturating_add(by);
        }
    }

    /// Puts what the index will hold into a batch.
    ///
    /// # Errors
    /// [`StoreError`], also where less is there than is taken from it.
    pub(crate) fn write(self, view: &dyn View, batch: &mut Batch) -> Result<(), StoreError> {
        for (key, by) in self.0.into_iter().filter(|(_, by)| *by != 0) {
            let before = match view.get(Table::Alike, &key)? {
                Some(bytes) => read(&key, &bytes)?,
                None => 0,
            };
            match before.checked_add_signed(by) {
                Some(0) => batch.delete(Table::Alike, key),
                Some(count) => batch.put(Table::Alike, key, count_value(count).to_vec()),
                None => return Err(StoreError::damaged(Table::Alike, in_words(&key), "fewer are there than leave")),
            }
        }
        Ok(())
    }

    /// Keys and numbers, once all rows were counted in.
    pub(super) fn counts(self) -> impl Iterator<Item = (Vec<u8>, u64)> {
        self.0.into_iter().map(|(key, count)| (key, count.unsigned_abs()))
    }
}

impl Chain {
    /// How many items of a source are alike, of what follows `after`, at most `limit` kinds of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn alike(
        &self,
        source: &str,
        after: Option<&Alike>,
        limit: usize,
    ) -> Result<Vec<(Alike, u64)>, StoreError> {
        let after = after.map(Alike::text);
        let mut found = Vec::new();
        for pair in self.beyond(source, ALIKE, after.as_deref()).take(limit) {
            let (key, count) = pair?;
            let text = key.get(join(source, ALIKE, "").len()..).unwrap_or_default();
            let alike = serde_json::from_slice(text);
            let alike = alike.map_err(|bad| StoreError::damaged(Table::Alike, in_words(&key), bad))?;
            found.push((alike, read(&key, &count)?));
        }
        Ok(found)
    }

    /// Keys of rows that came of a source and stand alone, of those that follow `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn alone(&self, source: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        for pair in self.beyond(source, ALONE, after).take(limit) {
            let (key, _) = pair?;
            let row = key.get(join(source, ALONE, "").len()..).unwrap_or_default();
            let row = std::str::from_utf8(row).map_err(|bad| StoreError::damaged(Table::Alike, in_words(&key), bad))?;
            found.push(row.to_owned());
        }
        Ok(found)
    }

    fn beyond(
        &self,
        source: &str,
        kind: u8,
        after: Option<&str>,
    ) -> impl Iterator<Item = Result<super::Pair, StoreError>> {
        let beginning = join(source, kind, "");
        let mut from = join(source, kind, after.unwrap_or_default());
        if after.is_some() {
            // The next key is this one and a zero byte.
            from.push(0);
        }
        let found = self.view().scan(Table::Alike, &from, None);
        found.take_while(move |pair| pair.as_ref().map_or(true, |(key, _)| key.starts_with(&beginning)))
    }
}

fn join(source: &str, kind: u8, rest: &str) -> Vec<u8> {
    [source.as_bytes(), &[SEPARATOR, kind], rest.as_bytes()].concat()
}

fn read(key: &[u8], count: &[u8]) -> Result<u64, StoreError> {
    read_count(count).ok_or_else(|| StoreError::damaged(Table::Alike, in_words(key), "not a number"))
}

/// A key as people can read it.
pub(super) fn in_words(key: &[u8]) -> String {
    String::from_utf8_lossy(key).replace("\0a", " alike ").replace("\0o", " alone ")
}
