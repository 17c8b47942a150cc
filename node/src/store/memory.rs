//! A store in memory, for the simulation and for tests. It forgets everything when the last who holds it is gone.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use bytes::Bytes;
use hefu_contracts::schema::Table;

use super::{Batch, Mark, Scan, Store, StoreError, View};

/// A store in memory.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Tables>>);

type Key = (Table, Vec<u8>);

/// Every value with the number of the write that set it, oldest first; only what some view still sees is kept.
#[derive(Default)]
struct Tables {
    values: BTreeMap<Key, Vec<(u64, Option<Bytes>)>>,
    writes: u64,
    views: Vec<Weak<u64>>,
}

struct At {
    tables: Arc<Mutex<Tables>>,
    /// The number of the last write that it sees.
    write: Arc<u64>,
}

impl Memory {
    /// Nothing in any table.
    pub fn new() -> Memory {
        Memory::default()
    }
}

/// A panic elsewhere leaves the tables whole: a write cannot fail half-way.
fn lock(tables: &Mutex<Tables>) -> MutexGuard<'_, Tables> {
    tables.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for Memory {
    fn view(&self) -> Arc<dyn View> {
        let mut tables = lock(&self.0);
        let write = Arc::new(tables.writes);
        tables.views.push(Arc::downgrade(&write));
        Arc::new(At { tables: self.0.clone(), write })
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        let mut tables = lock(&self.0);
        tables.views.retain(|view| view.strong_count() > 0);
        let oldest = tables.views.iter().filter_map(Weak::upgrade).map(|write| *write).min();
        tables.writes = tables.writes.saturating_add(1);
        let number = tables.writes;
        for change in batch.changes {
            let versions = tables.values.entry((change.table, change.key)).or_default();
            versions.push((number, change.value));
            // The newest version that the oldest view sees, and everything after it.
            let seen = versions.iter().rposition(|(write, _)| oldest.is_none_or(|oldest| *write <= oldest));
            versions.drain(..seen.unwrap_or(0));
        }
        Ok(())
    }

    fn commit(&self, batch: Batch, _mark: Mark) -> Result<(), StoreError> {
        self.write(batch)
    }
}

impl At {
    fn seen<'a>(&self, versions: &'a [(u64, Option<Bytes>)]) -> Option<&'a Bytes> {
        versions.iter().rev().find(|(write, _)| *write <= *self.write).and_then(|(_, value)| value.as_ref())
    }
}

impl View for At {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let tables = lock(&self.tables);
        let versions = tables.values.get(&(table, key.to_vec()));
        Ok(versions.and_then(|versions| self.seen(versions)).map(|value| value.to_vec()))
    }

    fn scan<'a>(&'a self, table: Table, from: &[u8], until: Option<&[u8]>) -> Scan<'a> {
        let end = until.map(|until| (table, until.to_vec()));
        let end = end.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let start = (table, from.to_vec());
        let tables = lock(&self.tables);
        let range = tables.values.range((Bound::Included(&start), end));
        let within = range.take_while(|((at, _), _)| *at == table);
        let found = within.filter_map(|((_, key), versions)| {
            let value = self.seen(versions)?;
            Some(Ok((key.clone().into_boxed_slice(), value.to_vec().into_boxed_slice())))
        });
        Box::new(found.collect::<Vec<_>>().into_iter())
    }

    fn scan_back<'a>(&'a self, table: Table, before: &[u8]) -> Scan<'a> {
        let before = (table, before.to_vec());
        let tables = lock(&self.tables);
        let range = tables.values.range(..&before).rev();
        let within = range.take_while(|((at, _), _)| *at == table);
        let found = within.filter_map(|((_, key), versions)| {
            let value = self.seen(versions)?;
            Some(Ok((key.clone().into_boxed_slice(), value.to_vec().into_boxed_slice())))
        });
        Box::new(found.collect::<Vec<_>>().into_iter())
    }
}
