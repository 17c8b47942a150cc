//! Committing a decided block: one synced batch, then everything that is in memory.

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use hefu_contracts::{
    block::Header,
    certificate::Certificate,
    height::Height,
    provenance::onward,
    receipt::Receipt,
    register::Fault,
    row::{Data, Row},
    schema::Table,
    shared::Shared,
    state::Snapshot,
    time::Time,
};
use hefu_keys::Hash;

use super::{
    Core, Left, News,
    build::{Begun, Next},
    cache::Ground,
    candidates::{Judgement, Ready},
    pool::{is_spent, spends_alone},
    processors::{WRITTEN_ALONE, alongside},
    receipts,
    sealed::Sealed,
};
use crate::store::{
    Batch, Listed, Mark, Tally, Tip, block_text, bucket_key, count_value, height_key, id_value, onward_key, record_key,
    value_key,
};

/// A block that is final and on the disk.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Its height.
    pub height: Height,
    /// Its id.
    pub block: Hash,
    /// Its time.
    pub time: Time,
    /// Its records, in their order.
    pub finals: Vec<Final>,
    /// Records that waited and can no longer take effect.
    pub left: Vec<(Left, Receipt)>,
}

/// A record that is final.
#[derive(Clone, Debug)]
pub struct Final {
    /// The record.
    pub sealed: Arc<Sealed>,
    /// What this node says of it.
    pub receipt: Receipt,
}

/// A block was decided that this node cannot commit.
#[derive(Debug, thiserror::Error)]
enum Undecidable {
    #[error("block {0} was decided, but this node never had it")]
    Unknown(Hash),
    #[error("block {0} was decided, but it breaks a rule here: {1}. This node follows other rules than the others")]
    Invalid(Hash, String),
}

impl Core {
    /// Commits a decided block. It is durable before the answer, and so is everything that it changes. The block after it is
    /// begun while it is written, where `next` wants that.
    ///
    /// # Errors
    /// [`Fault`] from the storage, or where the block was never here or is not valid here. The node must stop.
    pub fn commit(&mut self, now: Time, certificate: Certificate, next: Next) -> Result<Committed, Fault> {
        self.expect_next(certificate.height.get())?;
        let id = certificate.block;
        let candidate = self.candidates.get(&id).ok_or_else(|| Fault::new(Undecidable::Unknown(id)))?;
        let header = candidate.header.clone();
        let ready = match &candidate.judgement {
            Judgement::Valid(ready) => ready,
            Judgement::Invalid(why) => return Err(Fault::new(Undecidable::Invalid(id, why.clone()))),
            Judgement::Open => return Err(Fault::new(Undecidable::Unknown(id))),
        };
        let height = header.height;
        let mut batch = self.batch(&header, ready)?;
        batch.put(Table::Blocks, height_key(height), block_text(&header, &certificate));
        batch.put(Table::Heights, *id.as_bytes(), height_key(height).to_vec());
        batch.put(Table::Tip, "height", height_key(height).to_vec());
        self.candidates.clear(&mut batch);
        let (store, mark) = (&*self.store, Mark { height, block: id });
        let worth = next != Next::Elsewhere || ready.records.len() > WRITTEN_ALONE;
        let write = || store.commit(batch, mark);
        let (found, written) = alongside(worth, write, || self.meanwhile(now, (&header, ready), next));
        written?;
        let (news, begun) = found?;

        // From here on the block is final.
        let candidate = self.candidates.take().remove(&id);
        let tip = Tip::of_block(header, certificate);
        let time = tip.time;
        let (Some(Judgement::Valid(ready)), chain) =
            (candidate.map(|candidate| candidate.judgement), self.chain.next(self.store.view(), tip))
        else {
            return Err(Fault::new(Undecidable::Unknown(id)));
        };
        let Ready { records, executed } = *ready;
        for (index, bucket) in executed.patch.buckets() {
            self.cache.set_bucket(*index, bucket.clone());
        }
        executed.rows.into_iter().for_each(|(row, _)| self.cache.set_row(row));
        self.chain = chain.clone();
        self.write_head()?.advance(chain, executed.patch)?;
        self.ahead.reached(height);
        let finals = self.finals(height, time, records);
        let left = self.settle(now, news)?;
        self.keep_begun(begun);
        tracing::info!(
            block.height = height.get(),
            block.id = %id,
            block.records = finals.len(),
            pool.waiting = self.pool.len(),
            "block committed"
        );
        Ok(Committed { height, block: id, time, finals, left })
    }

    /// What can be found out while a block is written.
    fn meanwhile(
        &self,
        now: Time,
        (header, Ready { records, executed }): (&Header, &Ready),
        next: Next,
    ) -> Result<(News, Option<Begun>), Fault> {
        let news = self.news(records, &executed.rows)?;
        let begun = self.begin_next(now, (header, executed), &news.included, next)?;
        Ok((news, begun))
    }

    /// What a block writes, except for its header.
    fn batch(&self, header: &Header, ready: &Ready) -> Result<Batch, Fault> {
        let mut batch = Batch::default();
        let count = u64::try_from(ready.records.len()).unwrap_or(u64::MAX);
        batch.put(Table::Tip, "records", count_value(self.chain.count()?.saturating_add(count)).to_vec());
        for (index, sealed) in (0_u32..).zip(&ready.records) {
            let place = (header.height, index);
            batch.put(Table::Records, record_key(place), sealed.text().clone());
            batch.put(Table::Ids, *sealed.id().as_bytes(), id_value(place).to_vec());
            self.put_values(&mut batch, &sealed.id());
        }
        let records = ready.records.iter().map(|sealed| &**sealed.submission().record());
        for (key, value) in Listed::of(header, records) {
            batch.put(Table::Events, key, value);
        }
        // The cache still has the rows as they were.
        let before = Ground::new(&self.chain, &self.cache, &self.head)?;
        let mut alike = Tally::default();
        for (row, text) in &ready.executed.rows {
            if let Data::Thing(_) = &row.data {
                alike.change(before.row(&row.key)?.as_deref(), row);
            }
            batch.put(Table::Rows, row.key.as_bytes(), text.clone());
            for from in onward::behind(row) {
                batch.put(Table::Onward, onward_key(&from, &row.key), Bytes::new());
            }
        }
        alike.write(&**self.chain.view(), &mut batch)?;
        for (key, text) in &ready.executed.entries {
            batch.put(Table::Entries, key.as_slice(), text.clone());
        }
        for (index, bucket) in ready.executed.patch.buckets() {
            batch.put(Table::Buckets, bucket_key(*index), bucket.encode());
        }
        Ok(batch)
    }

    /// Detached values are in no block: they are those that came with the record to this node's own door.
    fn put_values(&self, batch: &mut Batch, id: &Hash) {
        let waiting = self.pool.get(id);
        for (pointer, value) in waiting.iter().flat_map(|sealed| &sealed.submission().annex().values) {
            let text = format!("{{\"salt\":\"{}\",\"value\":{}}}", value.salt, value.value.get());
            batch.put(Table::Values, value_key(id, pointer), text);
        }
    }

    /// What the pool must know of a block.
    fn news(&self, records: &[Arc<Sealed>], rows: &[(Shared<Row>, Bytes)]) -> Result<News, Fault> {
        // The cache still has the rows as they were.
        let before = Ground::new(&self.chain, &self.cache, &self.head)?;
        let mut news = News { included: records.iter().map(|sealed| sealed.id()).collect(), ..News::default() };
        let mut spent = HashSet::new();
        for (row, _) in rows {
            let key: Arc<str> = Arc::from(row.key.as_str());
            if is_spent(&row.key) {
                let before = before.row(&row.key)?;
                if !spends_alone(before.as_deref().map(|row| &row.data), &row.data) {
                    spent.insert(key.clone());
                }
            }
            news.rows.insert(key);
        }
        news.spent = spent;
        Ok(news)
    }

    fn finals(&self, height: Height, time: Time, records: Vec<Arc<Sealed>>) -> Vec<Final> {
        let placed = (0_u32..).zip(records);
        let settled = placed.map(|(index, sealed)| {
            let receipt = receipts::settled(&self.identity, sealed.id(), (height, index), time);
            Final { sealed, receipt }
        });
        settled.collect()
    }
}
