//! Comparing the tables with what the blocks lead to.

use std::collections::BTreeSet;

use hefu_contracts::{
    annex::{Part, ValueAnnex},
    entry::Entry,
    height::Height,
    record::Record,
    register::Bucket,
    row::Row,
    schema::Table,
};
use hefu_keys::{Hash, parts};

use super::{Chain, Compared, Progress, Replay, Stage, StoreError, VerifyError, replay::links};
use crate::store::{Pair, Tally, alike::in_words, chain::read_row, head::hex, layout};

/// Values between two calls of the progress function.
const STEP: u64 = 1_024;

/// A table that is being compared.
struct Reading<'a> {
    chain: &'a Chain,
    height: Height,
    progress: &'a mut dyn FnMut(Progress),
}

pub(super) fn tables(
    chain: &Chain,
    replay: &Replay,
    progress: &mut dyn FnMut(Progress),
) -> Result<Compared, VerifyError> {
    let mut reading = Reading { chain, height: replay.height(), progress };
    let rows = reading.rows(replay)?;
    let entries = reading.entries(replay)?;
    reading.onward(replay)?;
    reading.alike(replay)?;
    let buckets = reading.buckets(replay)?;
    let values = reading.values()?;
    let blocks = reading.count(Table::Blocks, replay.height().get())?;
    reading.count(Table::Records, replay.records())?;
    reading.count(Table::Ids, replay.records())?;
    reading.count(Table::Events, replay.events())?;
    reading.count(Table::Heights, replay.height().get())?;
    let count = chain.count()?;
    if count != replay.records() {
        let what = format!("is {count}, the chain has {}", replay.records());
        return Err(reading.differs(Table::Tip, "records", what));
    }
    // What these hold is checked where it is used; here, that every byte of it can be read.
    for table in [Table::Genesis, Table::Candidates, Table::Tip] {
        reading.each(table, None, |_, _| Ok(()))?;
    }
    tracing::debug!(blocks, rows, entries, buckets, values, "tables compared");
    Ok(Compared { rows, entries, buckets, values })
}

impl Reading<'_> {
    fn differs(&self, table: Table, key: impl Into<String>, what: impl Into<String>) -> VerifyError {
        VerifyError::differs(self.height, table, key, what)
    }

    /// Calls `each` for every value of a table.
    fn each(
        &mut self,
        table: Table,
        total: Option<u64>,
        mut each: impl FnMut(&Self, Pair) -> Result<(), VerifyError>,
    ) -> Result<u64, VerifyError> {
        let mut done: u64 = 0;
        for found in self.chain.view().scan(table, &[], None) {
            each(self, found?)?;
            done = done.saturating_add(1);
            if done.is_multiple_of(STEP) {
                (self.progress)(Progress { stage: Stage::Table(table), done, total });
            }
        }
        (self.progress)(Progress { stage: Stage::Table(table), done, total: Some(done) });
        Ok(done)
    }

    /// That a table holds as many values as the chain has brought about; each of those was found already.
    fn count(&mut self, table: Table, expected: u64) -> Result<u64, VerifyError> {
        let found = self.each(table, Some(expected), |_, _| Ok(()))?;
        if found == expected {
            return Ok(found);
        }
        Err(self.differs(table, "all keys", format!("{found} values are there, the chain has {expected}")))
    }

    fn rows(&mut self, replay: &Replay) -> Result<u64, VerifyError> {
        let mut expected = replay.rows.iter();
        let total = Some(replay.rows.len() as u64);
        let count = self.each(Table::Rows, total, |reading, (key, text)| {
            let found = name(Table::Rows, &key)?;
            match expected.next() {
                Some((key, row)) if key == found => reading.row(row, &text),
                Some((key, _)) if key.as_str() < found => {
                    Err(reading.differs(Table::Rows, key.as_str(), "the row is missing"))
                }
                Some(_) | None => Err(reading.differs(Table::Rows, found, "no block has made this row")),
            }
        })?;
        match expected.next() {
            Some((key, _)) => Err(self.differs(Table::Rows, key.as_str(), "the row is missing")),
            None => Ok(count),
        }
    }

    /// Everything that the rows lead back to is there, and nothing that no block has ever led to. What earlier rows led
    /// back to is there only where the node has executed those blocks itself.
    fn onward(&mut self, replay: &Replay) -> Result<u64, VerifyError> {
        let needed: BTreeSet<Vec<u8>> = replay.rows.values().flat_map(|row| links(row)).collect();
        let mut needed = needed.into_iter().peekable();
        let words = |key: &[u8]| String::from_utf8_lossy(key).replace('\0', " to ");
        let missing =
            |reading: &Self, key: &[u8]| reading.differs(Table::Onward, words(key), "it is missing from the index");
        let count = self.each(Table::Onward, Some(replay.onward.len() as u64), |reading, (key, value)| {
            match needed.peek() {
                Some(wanted) if **wanted < *key => return Err(missing(reading, wanted)),
                Some(wanted) if **wanted == *key => needed.next(),
                Some(_) | None => None,
            };
            if value.is_empty() && replay.onward.contains(&*key) {
                return Ok(());
            }
            Err(reading.differs(Table::Onward, words(&key), "no block has led there"))
        })?;
        match needed.next() {
            Some(wanted) => Err(missing(self, &wanted)),
            None => Ok(count),
        }
    }

    /// What is alike is counted as the rows say.
    fn alike(&mut self, replay: &Replay) -> Result<u64, VerifyError> {
        let mut tally = Tally::default();
        replay.rows.values().for_each(|row| tally.add(row));
        let mut expected = tally.counts();
        let count = self.each(Table::Alike, None, |reading, (key, bytes)| {
            let found = layout::read_count(&bytes);
            match expected.next() {
                Some((wanted, count)) if *wanted == *key && found == Some(count) => Ok(()),
                Some((wanted, count)) if *wanted == *key => {
                    let what = format!("the rows lead to {count}, here are {found:?}");
                    Err(reading.differs(Table::Alike, in_words(&key), what))
                }
                Some((wanted, _)) if *wanted < *key => {
                    Err(reading.differs(Table::Alike, in_words(&wanted), "it is missing from the index"))
                }
                Some(_) | None => Err(reading.differs(Table::Alike, in_words(&key), "no row leads there")),
            }
        })?;
        match expected.next() {
            Some((wanted, _)) => Err(self.differs(Table::Alike, in_words(&wanted), "it is missing from the index")),
            None => Ok(count),
        }
    }

    fn row(&self, expected: &Row, text: &[u8]) -> Result<(), VerifyError> {
        let should = expected.text();
        if text == should.as_bytes() {
            return Ok(());
        }
        let found = read_row(text, &expected.key)?;
        Err(self.differs(
            Table::Rows,
            expected.key.as_str(),
            format!("the row is {found}, the blocks lead to {should}"),
        ))
    }

    /// Every row's entries lead to its head, which the rows' comparison has confirmed.
    fn entries(&mut self, replay: &Replay) -> Result<u64, VerifyError> {
        let mut rows = replay.rows.values().map(|row| &**row).filter(|row| row.n > 0);
        let mut row: Option<&Row> = None;
        let mut at = (0, Hash::ZERO);
        let count = self.each(Table::Entries, None, |reading, (key, text)| {
            let damaged = || StoreError::damaged(Table::Entries, hex(&key), "not the key of an entry");
            let (found, n) = layout::read_entry_key(&key).ok_or_else(damaged)?;
            if row.is_none_or(|row| (row.n, row.head) == at) {
                row = rows.next();
                at = (0, Hash::ZERO);
            }
            let place = || format!("{found} entry {n}");
            let expected =
                row.ok_or_else(|| reading.differs(Table::Entries, place(), "no block has made this entry"))?;
            if expected.key != found || n != at.0.saturating_add(1) {
                let what = format!("entry {} of {} should stand here", at.0.saturating_add(1), expected.key);
                return Err(reading.differs(Table::Entries, place(), what));
            }
            let entry: Entry =
                serde_json::from_slice(&text).map_err(|bad| StoreError::damaged(Table::Entries, place(), bad))?;
            if entry.text().as_bytes() != &*text {
                return Err(StoreError::damaged(Table::Entries, place(), "it is not canonical").into());
            }
            at = (n, entry.extend(&at.1));
            if n == expected.n && at.1 != expected.head {
                let what = format!("the entries up to here do not lead to the row's head {}", expected.head);
                return Err(reading.differs(Table::Entries, place(), what));
            }
            Ok(())
        })?;
        let unfinished = row.filter(|row| (row.n, row.head) != at).or_else(|| rows.next());
        match unfinished {
            Some(row) => {
                Err(self.differs(Table::Entries, row.key.as_str(), format!("{} entries are not all there", row.n)))
            }
            None => Ok(count),
        }
    }

    fn buckets(&mut self, replay: &Replay) -> Result<u64, VerifyError> {
        let mut expected = replay.buckets.iter();
        let total = Some(replay.buckets.len() as u64);
        let count = self.each(Table::Buckets, total, |reading, (key, bytes)| {
            let damaged = |_| StoreError::damaged(Table::Buckets, hex(&key), "not the key of a bucket");
            let index = u32::from_be_bytes(<[u8; 4]>::try_from(&*key).map_err(damaged)?);
            let name = || format!("bucket {index}");
            let found = Bucket::decode(&bytes).map_err(|bad| StoreError::damaged(Table::Buckets, name(), bad))?;
            match expected.next() {
                Some((at, bucket)) if *at == index && *bucket == found => Ok(()),
                Some((at, _)) if *at == index => {
                    Err(reading.differs(Table::Buckets, name(), "its rows are not those that the blocks lead to"))
                }
                Some((at, _)) if *at < index => {
                    Err(reading.differs(Table::Buckets, format!("bucket {at}"), "it is missing"))
                }
                Some(_) | None => Err(reading.differs(Table::Buckets, name(), "no row belongs into it")),
            }
        })?;
        match expected.next() {
            Some((at, _)) => Err(self.differs(Table::Buckets, format!("bucket {at}"), "it is missing")),
            None => Ok(count),
        }
    }

    /// Every detached value that is still there is the one that its record commits to.
    fn values(&mut self) -> Result<u64, VerifyError> {
        self.each(Table::Values, None, |reading, (key, text)| {
            let damaged = || StoreError::damaged(Table::Values, hex(&key), "not the key of a value");
            let (id, pointer) = layout::read_value_key(&key).ok_or_else(damaged)?;
            let name = || format!("{pointer} of record {id}");
            let value: ValueAnnex =
                serde_json::from_slice(&text).map_err(|bad| StoreError::damaged(Table::Values, name(), bad))?;
            match reading.commitment(&id, pointer)? {
                Some(part) if part == parts::value(&value.salt, value.value.get()).sha256 => Ok(()),
                Some(_) => {
                    Err(reading.differs(Table::Values, name(), "it is not the value that the record commits to"))
                }
                None => Err(reading.differs(Table::Values, name(), "no record commits to it")),
            }
        })
    }

    fn commitment(&self, id: &Hash, pointer: &str) -> Result<Option<Hash>, VerifyError> {
        let Some(place) = self.chain.place(id)? else { return Ok(None) };
        let held = self.chain.held(place)?;
        let record = Record::read(held.record()).map_err(|bad| StoreError::damaged(Table::Records, id, bad))?;
        Ok(record.parts.get(pointer).and_then(|part| match part {
            Part::Value { sha256 } => Some(*sha256),
            Part::List { .. } => None,
        }))
    }
}

fn name(table: Table, key: &[u8]) -> Result<&str, StoreError> {
    std::str::from_utf8(key).map_err(|bad| StoreError::damaged(table, hex(key), bad))
}
