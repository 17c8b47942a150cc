//! Reading a store again from its first byte: `hefu verify --store`.
//!
//! Nothing is believed but the genesis document. Every block is checked against the one before and against its
//! certificate, every record's signatures are verified, and everything is executed again on a state in memory; then the
//! tables are compared with what came out. The first difference ends it: a logical one is named by height, table and
//! key, a damaged file by RocksDB's own words.

mod compare;
mod replay;

use std::path::Path;

use hefu_contracts::{height::Height, schema::Table, state::Fault};
use hefu_keys::Hash;

use super::{Chain, OpenError, Rocks, Store, StoreError};
use replay::Replay;

/// What is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Blocks are checked and executed again.
    Blocks,
    /// A table is compared with the result.
    Table(Table),
}

/// How far the reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being read.
    pub stage: Stage,
    /// Blocks or values read so far.
    pub done: u64,
    /// How many there are, where that is known.
    pub total: Option<u64>,
}

/// A store that holds what its genesis and its blocks say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyReport {
    /// The chain.
    pub chain: Hash,
    /// The last height.
    pub height: Height,
    /// Id of the last block; the chain's hash before the first.
    pub block: Hash,
    /// Root of the register.
    pub register: Hash,
    /// Records executed again.
    pub records: u64,
    /// Signatures of certificates verified; those of records come on top.
    pub precommits: u64,
    /// What the tables hold.
    pub compared: Compared,
}

/// Numbers of values that were compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Rows.
    pub rows: u64,
    /// Entries of rows.
    pub entries: u64,
    /// Buckets of the register.
    pub buckets: u64,
    /// Detached values; those that were erased are not counted.
    pub values: u64,
}

/// What is wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A table or a file is damaged.
    #[error(transparent)]
    Damaged(#[from] StoreError),
    /// What it holds does not follow from its genesis and its blocks.
    #[error("height {height}, table {table}, {key}: {what}")]
    Differs {
        /// Height of the block, or of the whole store.
        height: Height,
        /// The table's name.
        table: &'static str,
        /// The key, as people read it.
        key: String,
        /// What was found instead of what.
        what: String,
    },
    /// The register could not be computed.
    #[error("the register cannot be computed")]
    Fault(#[source] Fault),
}

impl VerifyError {
    fn differs(height: Height, table: Table, key: impl Into<String>, what: impl Into<String>) -> VerifyError {
        VerifyError::Differs { height, table: table.name(), key: key.into(), what: what.into() }
    }
}

/// Reads the store of a data directory again. Nothing on the disk is changed; no node may be running on it.
///
/// # Errors
/// [`VerifyError`], the first that is found.
pub fn verify_store(data: &Path, progress: impl FnMut(Progress)) -> Result<VerifyReport, VerifyError> {
    let (store, genesis) = Rocks::open_read_only(data)?;
    verify_view(&Chain::new(store.view(), genesis.into())?, progress)
}

/// Reads everything that a view holds again.
///
/// # Errors
/// [`VerifyError`], the first that is found.
pub fn verify_view(chain: &Chain, mut progress: impl FnMut(Progress)) -> Result<VerifyReport, VerifyError> {
    let tip = chain.tip();
    let mut replay = Replay::new(chain.genesis())?;
    let total = Some(tip.height.get());
    while replay.height() < tip.height {
        replay.next(chain)?;
        progress(Progress { stage: Stage::Blocks, done: replay.height().get(), total });
    }
    let compared = compare::tables(chain, &replay, &mut progress)?;
    Ok(VerifyReport {
        chain: chain.genesis().chain(),
        height: tip.height,
        block: tip.block,
        register: replay.root(),
        records: replay.records(),
        precommits: replay.precommits(),
        compared,
    })
}
