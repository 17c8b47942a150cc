//! What survives a restart.
//!
//! A [`Store`] holds the tables of [`hefu_contracts::schema`] and knows two things: to give a [`View`], everything as it
//! stands at one moment, and to write a [`Batch`], all of it or nothing, durable before it answers. A block is one
//! batch. There are two: [`Rocks`] on disk, and [`Memory`] for the simulation and for tests.
//!
//! [`Chain`] reads a view as what it is: blocks, records, rows, buckets. [`Head`] is a chain with the register's tree of
//! the same height, so that whoever makes a proof sees one height only.
//!
//! A fault of the storage is never an answer. Whoever meets one stops.

mod alike;
mod chain;
mod create;
mod finding;
mod head;
mod layout;
mod listed;
mod memory;
mod restored;
mod rocks;
#[cfg(test)]
mod tests;
mod verify;
mod watermark;

use std::{error::Error, fmt, io, path::PathBuf, sync::Arc};

use bytes::Bytes;
use hefu_contracts::{height::Height, schema::Table, state::Fault};
use hefu_keys::Hash;

pub(crate) use alike::Tally;
pub use chain::{Chain, Held};
pub use create::{CreateError, create_store, found};
pub(crate) use create::{identity, open_or_create};
pub use head::{Head, Tip};
pub use layout::{
    block_text, bucket_key, count_value, entry_key, height_key, id_value, onward_key, record_key, value_key,
};
pub(crate) use listed::Listed;
pub use memory::Memory;
pub(crate) use restored::{Restoring, sweep};
pub use rocks::{OpenError, Rocks};
pub(crate) use rocks::{committed, exists};
pub use verify::{Compared, Progress, Stage, VerifyError, VerifyReport, verify_store, verify_view};

/// The consensus engine and the version of its log of votes. A log that another engine wrote cannot be continued, so a
/// store of another engine is refused.
pub const ENGINE: &str = "malachite-0.8";

/// Where blocks and the state are kept.
pub trait Store: Send + Sync {
    /// Everything as it stands now; later writes do not change it.
    fn view(&self) -> Arc<dyn View>;

    /// Writes everything in the batch or nothing. It is durable before the answer.
    ///
    /// # Errors
    /// [`StoreError`]; what of the batch has reached the disk is then unknown, and the node must stop.
    fn write(&self, batch: Batch) -> Result<(), StoreError>;

    /// Writes a block, then notes its height outside of the tables, where a lost tail of the tables is noticed.
    ///
    /// # Errors
    /// As [`Store::write`].
    fn commit(&self, batch: Batch, mark: Mark) -> Result<(), StoreError>;
}

/// The tables at one moment.
pub trait View: Send + Sync {
    /// The value under a key.
    ///
    /// # Errors
    /// [`StoreError`] where the storage cannot answer. It never means "no value".
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keys and values in the order of the keys' bytes, from `from` on, below `until` where it is given.
    fn scan<'a>(&'a self, table: Table, from: &[u8], until: Option<&[u8]>) -> Scan<'a>;

    /// Keys and values before `before`, in the opposite order of the keys' bytes.
    fn scan_back<'a>(&'a self, table: Table, before: &[u8]) -> Scan<'a>;

    /// What the store holds in memory now.
    fn footprint(&self) -> Footprint {
        Footprint::default()
    }
}

/// What a store on disk holds in memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Its cache: what was read, and room for what was written.
    pub cache: u64,
    /// Writes that are in no file yet.
    pub writes: u64,
}

/// Keys with their values. Nothing follows a fault.
pub type Scan<'a> = Box<dyn Iterator<Item = Result<Pair, StoreError>> + 'a>;

/// A key with its value.
pub type Pair = (Box<[u8]>, Box<[u8]>);

/// The last block that is known to have been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its height.
    pub height: Height,
    /// Its id.
    pub block: Hash,
}

/// Changes that are written together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    changes: Vec<Change>,
}

#[derive(Clone, Debug)]
struct Change {
    table: Table,
    key: Vec<u8>,
    /// `None` deletes.
    value: Option<Bytes>,
}

impl Change {
    /// Bytes of key and value.
    fn bytes(&self) -> usize {
        self.key.len().saturating_add(self.value.as_ref().map_or(0, Bytes::len))
    }
}

/// The storage failed, or holds something that it cannot hold.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// RocksDB could not read a table; its own words name the file, except where a value lies apart from its key.
    #[error("table {table} cannot be read{}: {source}", place.as_ref().map(|place| format!(" at {place}")).unwrap_or_default())]
    Read {
        /// The table's name.
        table: &'static str,
        /// Where in the table, where that is known.
        place: Option<String>,
        /// RocksDB's words.
        source: rocksdb::Error,
    },
    /// RocksDB could not write.
    #[error("the store cannot be written: {0}")]
    Write(#[source] rocksdb::Error),
    /// The file beside the tables could not be written.
    #[error("{path} cannot be written: {source}")]
    Watermark {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// Something that must be there is not.
    #[error("table {table} has no {key}")]
    Missing {
        /// The table's name.
        table: &'static str,
        /// What was looked for.
        key: String,
    },
    /// A value that is not what its table holds.
    #[error("table {table} is damaged at {key}: {source}")]
    Damaged {
        /// The table's name.
        table: &'static str,
        /// The key of the value.
        key: String,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl Batch {
    /// Sets a value.
    pub fn put(&mut self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Bytes>) {
        self.changes.push(Change { table, key: key.into(), value: Some(value.into()) });
    }

    /// Removes a value.
    pub fn delete(&mut self, table: Table, key: impl Into<Vec<u8>>) {
        self.changes.push(Change { table, key: key.into(), value: None });
    }

    /// Number of changes.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl StoreError {
    /// Says where in its table a reading failed.
    pub(crate) fn at(self, found: impl fmt::Display) -> StoreError {
        match self {
            StoreError::Read { table, place: None, source } => {
                StoreError::Read { table, place: Some(found.to_string()), source }
            }
            told @ (StoreError::Read { .. }
            | StoreError::Write(_)
            | StoreError::Watermark { .. }
            | StoreError::Missing { .. }
            | StoreError::Damaged { .. }) => told,
        }
    }

    pub(crate) fn missing(table: Table, key: impl fmt::Display) -> StoreError {
        StoreError::Missing { table: table.name(), key: key.to_string() }
    }

    pub(crate) fn damaged(
        table: Table,
        key: impl fmt::Display,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> StoreError {
        StoreError::Damaged { table: table.name(), key: key.to_string(), source: source.into() }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        Fault::new(error)
    }
}
