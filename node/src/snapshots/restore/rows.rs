//! Rows, range by range, with the buckets and the indices that follow from them.

use bytes::Bytes;
use hefu_contracts::{
    provenance::onward,
    register::{Depth, Pair, Range},
    row::Row,
    schema::Table,
    state::Fault,
};
use hefu_gossip::Ask;
use hefu_keys::Hash;

use super::{Card, Filling, Lie, Source, Stop, gather};
use crate::store::{Batch, Tally, bucket_key, onward_key};

/// Bytes of one range. A quarter of a MiB is the mean; more than this nobody is believed to need.
const RANGE_BYTES_MAX: usize = 64 << 20;

/// Rows of one range: more do not go into so many bytes, since a key, its data and their names come to more than 32.
pub(super) const ROWS_MAX: u32 = 2 << 20;

impl<S: Source> Filling<'_, S> {
    pub(super) fn rows(&mut self, card: &Card) -> Result<(), Stop> {
        let depth = self.genesis.register_depth;
        let total = super::total(card);
        let mut done: u64 = 0;
        for ((index, root), count) in (0_u32..).zip(&card.roots).zip(&card.counts) {
            let (height, cut) = (card.header.height.get(), card.cut());
            let ask = |from: u64| {
                let skip = u32::try_from(from).unwrap_or(u32::MAX);
                Ask::Rows { height, cut, range: index, skip }
            };
            let most = (u64::from(*count), RANGE_BYTES_MAX);
            let get = |source: &mut S, peer, patience| gather(source, peer, patience, most, ask);
            let check = |rows: Vec<Bytes>| checked(depth, (card.cut(), index), &rows, *root);
            let (mut batch, alike) = if *count == 0 {
                check(Vec::new()).map_err(|_| Stop::Nobody("rows"))?
            } else {
                self.fetch("rows", get, check)?
            };
            alike.write(&*self.store.view(), &mut batch).map_err(Fault::from)?;
            self.store.write(batch).map_err(Fault::from)?;
            done = done.saturating_add(u64::from(*count));
            self.tell("rows", done, total);
        }
        Ok(())
    }
}

/// What a range of rows writes, and what of it is alike, if it is the one that the header binds.
fn checked(depth: Depth, which: (u8, u32), rows: &[Bytes], root: Hash) -> Result<(Batch, Tally), Lie> {
    let (mut batch, mut alike) = (Batch::default(), Tally::default());
    let mut pairs = Vec::with_capacity(rows.len());
    for text in rows {
        // The register binds the text; read is only what it is about.
        let row = Row::read_own(std::str::from_utf8(text)?)?;
        pairs.push(Pair { key: Hash::of(row.key.as_bytes()), row: Row::hash_of(std::str::from_utf8(text)?) });
        for from in onward::behind(&row) {
            batch.put(Table::Onward, onward_key(&from, &row.key), Bytes::new());
        }
        alike.add(&row);
        batch.put(Table::Rows, row.key, text.clone());
    }
    let range = Range::of(depth, which, pairs).ok().filter(|range| range.root() == root);
    let range = range.ok_or_else(|| Lie::new(format!("the rows of range {} do not lead to its root", which.1)))?;
    for (index, bucket) in range.buckets() {
        batch.put(Table::Buckets, bucket_key(*index), bucket.encode());
    }
    Ok((batch, alike))
}
