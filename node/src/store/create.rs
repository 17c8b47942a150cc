//! Making a store: genesis, its rows and their register, in one batch.

use std::{path::Path, sync::Arc};

use hefu_contracts::{
    genesis::Genesis,
    height::Height,
    schema::{STORE_VERSION, Table},
    state::Fault,
};

use super::{Batch, ENGINE, OpenError, Rocks, Store, bucket_key, count_value, head, height_key};

/// Why a store is not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The directory or RocksDB.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The storage failed.
    #[error("the store cannot be filled")]
    Fault(#[from] Fault),
}

/// Creates the store of a new chain in a data directory. A store whose creation was interrupted is refused when it is
/// opened.
///
/// # Errors
/// [`CreateError`], also where there is a store already.
pub fn create_store(data: &Path, genesis: &Genesis) -> Result<(), CreateError> {
    let store = Rocks::create(data)?;
    found(&store, genesis)?;
    tracing::info!(chain.id = %genesis.chain(), chain.name = genesis.name, "store created");
    Ok(())
}

/// Fills an empty store with what a chain begins with.
///
/// # Errors
/// [`Fault`] from the storage.
pub fn found(store: &dyn Store, genesis: &Genesis) -> Result<(), Fault> {
    let rows = genesis.rows()?;
    let patch = head::first(genesis.register_depth, &rows)?;
    let mut batch = identity(genesis);
    for (key, row) in &rows {
        batch.put(Table::Rows, key.as_bytes(), row.text());
    }
    for (index, bucket) in patch.buckets() {
        batch.put(Table::Buckets, bucket_key(*index), bucket.encode());
    }
    batch.put(Table::Tip, "height", height_key(Height::GENESIS).to_vec());
    batch.put(Table::Tip, "records", count_value(0).to_vec());
    Ok(store.write(batch)?)
}

/// What a whole store says of itself. Until it is written, a store counts as half made.
pub(crate) fn identity(genesis: &Genesis) -> Batch {
    let mut batch = Batch::default();
    batch.put(Table::Genesis, "genesis", genesis.text());
    batch.put(Table::Genesis, "version", STORE_VERSION.to_string());
    batch.put(Table::Genesis, "engine", ENGINE);
    batch
}

/// Opens the store of a data directory, or creates it where there is none; whether it is new.
///
/// # Errors
/// [`CreateError`].
pub(crate) fn open_or_create(data: &Path, genesis: &Genesis) -> Result<(Arc<dyn Store>, bool), CreateError> {
    let is_new = !super::rocks::exists(data);
    if is_new {
        create_store(data, genesis)?;
    }
    Ok((Arc::new(Rocks::open(data, genesis)?), is_new))
}
