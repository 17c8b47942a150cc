//! A view read as what it is: the chain as it stood at one height.

use std::{collections::BTreeMap, sync::Arc};

use hefu_contracts::{
    annex::{Annex, ListAnnex},
    block::{Block, Header},
    certificate::Certificate,
    entry::Entry,
    genesis::Genesis,
    height::Height,
    proof::build::{Archive, Kept},
    register::{Bucket, Buckets, Fault},
    row::Row,
    schema::Table,
    shared::Shared,
    state::Snapshot,
};
use hefu_keys::{Hash, canonical};

use super::{
    Mark, Pair, StoreError, Tip, View,
    layout::{self, BlockIn, Place, bucket_key, entry_key, height_key, onward_key, record_key},
};

/// The chain at one height.
#[derive(Clone)]
pub struct Chain {
    view: Arc<dyn View>,
    genesis: Arc<Genesis>,
    tip: Tip,
}

/// A record as a block holds it: `{"annex":…,"record":…}`.
#[derive(Clone, Debug)]
pub struct Held(String);

impl Held {
    /// The whole text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The signed document alone.
    pub fn record(&self) -> &str {
        canonical::member(&self.0, "record").unwrap_or_default()
    }

    fn lists(&self) -> Result<BTreeMap<String, ListAnnex>, serde_json::Error> {
        match canonical::member(&self.0, "annex") {
            Some(annex) => Ok(serde_json::from_str::<Annex>(annex)?.lists),
            None => Ok(BTreeMap::new()),
        }
    }
}

impl Chain {
    /// The chain that a view holds.
    ///
    /// # Errors
    /// [`StoreError`], also where the last block is not there.
    pub fn new(view: Arc<dyn View>, genesis: Arc<Genesis>) -> Result<Chain, StoreError> {
        let tip = Tip::of_genesis(&genesis);
        let chain = Chain { view, genesis, tip };
        let height = chain.height()?;
        if height == Height::GENESIS {
            return Ok(chain);
        }
        let (header, certificate) = chain.block(height)?.ok_or_else(|| StoreError::missing(Table::Blocks, height))?;
        Ok(Chain { tip: Tip::of_block(header, certificate), ..chain })
    }

    /// The chain after a block that was just written.
    pub(crate) fn next(&self, view: Arc<dyn View>, tip: Tip) -> Chain {
        Chain { view, genesis: self.genesis.clone(), tip }
    }

    fn height(&self) -> Result<Height, StoreError> {
        let bytes = self.get(Table::Tip, b"height", "height")?;
        layout::read_height(&bytes).ok_or_else(|| StoreError::damaged(Table::Tip, "height", "not a height"))
    }

    /// Number of records of all blocks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count(&self) -> Result<u64, StoreError> {
        let bytes = self.get(Table::Tip, b"records", "records")?;
        layout::read_count(&bytes).ok_or_else(|| StoreError::damaged(Table::Tip, "records", "not a number"))
    }

    /// The last block.
    pub fn tip(&self) -> &Tip {
        &self.tip
    }

    /// The last block as the watermark knows it.
    pub fn mark(&self) -> Mark {
        Mark { height: self.tip.height, block: self.tip.block }
    }

    /// The genesis document.
    pub fn genesis(&self) -> &Arc<Genesis> {
        &self.genesis
    }

    /// The tables themselves.
    pub(crate) fn view(&self) -> &Arc<dyn View> {
        &self.view
    }

    /// A block's header and certificate.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn block(&self, height: Height) -> Result<Option<(Header, Certificate)>, StoreError> {
        let Some(bytes) = self.view.get(Table::Blocks, &height_key(height))? else { return Ok(None) };
        let BlockIn { certificate, header } =
            serde_json::from_slice(&bytes).map_err(|bad| StoreError::damaged(Table::Blocks, height, bad))?;
        Ok(Some((header, certificate)))
    }

    /// The records of a block in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn records(&self, height: Height) -> Result<Vec<Held>, StoreError> {
        let (from, until) = (record_key((height, 0)), height_key(height.next()));
        let found = self.view.scan(Table::Records, &from, Some(&until));
        let read = |pair: Result<Pair, StoreError>| {
            let (_, text) = pair.map_err(|error| error.at(format!("block {height}")))?;
            held(text.into_vec(), format!("block {height}"))
        };
        found.map(read).collect()
    }

    /// A block as it was proposed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn body(&self, height: Height) -> Result<Option<(Certificate, String)>, StoreError> {
        let Some((header, certificate)) = self.block(height)? else { return Ok(None) };
        let records = self.records(height)?;
        Ok(Some((certificate, Block::write(&header, records.into_iter().map(|held| held.0)))))
    }

    /// Where the record of this id stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn place(&self, id: &Hash) -> Result<Option<Place>, StoreError> {
        let Some(bytes) = self.view.get(Table::Ids, id.as_bytes())? else { return Ok(None) };
        let place = layout::read_place(&bytes);
        place.map(Some).ok_or_else(|| StoreError::damaged(Table::Ids, id, "not the place of a record"))
    }

    /// The record at a place.
    ///
    /// # Errors
    /// [`StoreError`], also where there is none: a place is only known from the store itself.
    pub fn held(&self, place: Place) -> Result<Held, StoreError> {
        let (height, index) = place;
        let key = format!("record {index} of block {height}");
        held(self.get(Table::Records, &record_key(place), &key)?, key)
    }

    /// A row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn row(&self, key: &str) -> Result<Option<Row>, StoreError> {
        let Some(bytes) = self.view.get(Table::Rows, key.as_bytes())? else { return Ok(None) };
        read_row(&bytes, key).map(Some)
    }

    /// Rows whose keys begin with a prefix and follow `after`, in the order of their keys, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn rows(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<Row>, StoreError> {
        let from = after.unwrap_or(prefix);
        let mut rows = Vec::new();
        for pair in self.view.scan(Table::Rows, from.as_bytes(), None) {
            let (key, text) = pair?;
            if rows.len() == limit || !key.starts_with(prefix.as_bytes()) {
                break;
            }
            if after.is_some_and(|after| *key == *after.as_bytes()) {
                continue;
            }
            rows.push(read_row(&text, &String::from_utf8_lossy(&key))?);
        }
        Ok(rows)
    }

    /// Keys of rows that a row has led on to and that follow `after` and come before `until`, in their order, at most
    /// `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn onward(
        &self,
        from: &str,
        after: Option<&str>,
        until: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let first = onward_key(from, after.unwrap_or_default());
        let prefix = onward_key(from, "");
        let end = until.map(|until| onward_key(from, until));
        let mut found = Vec::new();
        for pair in self.view.scan(Table::Onward, &first, end.as_deref()) {
            let (key, _) = pair?;
            if found.len() == limit || !key.starts_with(&prefix) {
                break;
            }
            let to = layout::read_onward_key(&key).ok_or_else(|| {
                StoreError::damaged(Table::Onward, String::from_utf8_lossy(&key), "not the key of a row")
            })?;
            if after.is_none_or(|after| after != to) {
                found.push(to.to_owned());
            }
        }
        Ok(found)
    }

    fn get(&self, table: Table, key: &[u8], name: &str) -> Result<Vec<u8>, StoreError> {
        let value = self.view.get(table, key).map_err(|error| error.at(name))?;
        value.ok_or_else(|| StoreError::missing(table, name))
    }
}

fn held(bytes: Vec<u8>, key: impl std::fmt::Display) -> Result<Held, StoreError> {
    String::from_utf8(bytes).map(Held).map_err(|bad| StoreError::damaged(Table::Records, key, bad))
}

/// A row from the bytes of its table.
pub(super) fn read_row(bytes: &[u8], key: &str) -> Result<Row, StoreError> {
    let damaged = |bad: Box<dyn std::error::Error + Send + Sync>| StoreError::damaged(Table::Rows, key, bad);
    let text = std::str::from_utf8(bytes).map_err(|bad| damaged(bad.into()))?;
    let row = Row::read_own(text).map_err(|bad| damaged(bad.into()))?;
    if row.key == key { Ok(row) } else { Err(damaged(format!("it holds the row {}", row.key).into())) }
}

impl Snapshot for Chain {
    fn row(&self, key: &str) -> Result<Option<Shared<Row>>, Fault> {
        Ok(Chain::row(self, key)?.map(Shared::from))
    }
}

impl Buckets for Chain {
    fn bucket(&self, index: u32) -> Result<Bucket, Fault> {
        let bytes = self.view.get(Table::Buckets, &bucket_key(index))?.unwrap_or_default();
        Bucket::decode(&bytes).map_err(|cause| Fault::Damaged { index, cause })
    }
}

impl Archive for Chain {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn head(&self) -> Result<Option<(Header, Certificate)>, Fault> {
        Ok(self.tip.certified.as_deref().cloned())
    }

    fn entries(&self, key: &str, after: u64, until: Option<u64>) -> Result<Vec<Entry>, Fault> {
        let from = entry_key(key, after.saturating_add(1));
        let until = entry_key(key, until.unwrap_or(u64::MAX - 1).saturating_add(1));
        let mut entries = Vec::new();
        for pair in self.view.scan(Table::Entries, &from, Some(&until)) {
            let (_, text) = pair?;
            let entry = serde_json::from_slice(&text);
            entries.push(entry.map_err(|bad| StoreError::damaged(Table::Entries, key, bad))?);
        }
        Ok(entries)
    }

    fn record(&self, id: &Hash) -> Result<Option<Kept>, Fault> {
        let Some(place) = self.place(id)? else { return Ok(None) };
        let held = self.held(place)?;
        let lists = held.lists().map_err(|bad| StoreError::damaged(Table::Records, id, bad))?;
        Ok(Some(Kept { text: held.record().to_owned(), lists }))
    }
}
