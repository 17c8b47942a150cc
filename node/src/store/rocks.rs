//! The store on disk: RocksDB, one column family per table.

mod logs;
mod options;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use hefu_contracts::{
    genesis::Genesis,
    height::Height,
    schema::{STORE_VERSION, Table},
};
use hefu_keys::Hash;
use rocksdb::{
    Cache, ColumnFamily, ColumnFamilyDescriptor, DB, Direction, ErrorKind, IteratorMode, ReadOptions, Snapshot,
    WriteBatch,
};

use super::{
    Batch, Chain, ENGINE, Footprint, Mark, Scan, Store, StoreError, View,
    watermark::{self, Watermark, WatermarkError},
};

/// Directory of the tables within a node's data directory.
pub(super) const TABLES: &str = "store";

/// The file beside them that remembers the height.
pub(super) const WATERMARK: &str = "watermark";

/// Most of what RocksDB writes beside a key and its value: what is done, to which table, and two lengths.
const CHANGE_BYTES: usize = 16;

/// A store on disk.
pub struct Rocks {
    db: Arc<DB>,
    /// None while it is only read.
    watermark: Option<Mutex<Watermark>>,
}

/// Why a store is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none.
    #[error("there is no store in {0}")]
    None(PathBuf),
    /// There is one already.
    #[error("there is a store in {0} already")]
    Exists(PathBuf),
    /// Its creation was interrupted.
    #[error("the store in {0} was not completely created: remove the directory and start again")]
    HalfMade(PathBuf),
    /// Another format.
    #[error(
        "the store in {path} has format version {found}, this program reads {STORE_VERSION}: use the program that wrote \
         it, or move the directory away and let the node catch up from others"
    )]
    Version {
        /// The data directory.
        path: PathBuf,
        /// The version found.
        found: String,
    },
    /// Another consensus engine.
    #[error(
        "the store in {path} was written with the consensus engine {found}, this program has {ENGINE}: votes of one \
         cannot be continued by the other; use the program that wrote it"
    )]
    Engine {
        /// The data directory.
        path: PathBuf,
        /// The engine found.
        found: String,
    },
    /// Another chain.
    #[error(
        "the store in {path} is of chain {found}, the configuration says {expected}: check the data directory and the genesis file"
    )]
    Genesis {
        /// The data directory.
        path: PathBuf,
        /// The chain in the store.
        found: Hash,
        /// The chain asked for.
        expected: Hash,
    },
    /// The file beside the tables does not fit them.
    #[error(transparent)]
    Watermark(#[from] WatermarkError),
    /// The directory cannot be used.
    #[error("{path} cannot be used: {source}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// Somebody has it open.
    #[error("another process uses the store in {0}: one data directory is for one node")]
    InUse(PathBuf),
    /// RocksDB does not open it; its own words name the file.
    #[error("the tables in {path} cannot be opened: {source}")]
    Tables {
        /// Where they are.
        path: PathBuf,
        /// RocksDB's words.
        source: rocksdb::Error,
    },
    /// A log of RocksDB's is damaged where RocksDB would not notice.
    #[error("{file} is damaged at byte {at}: without it the tables are not whole, so none is read")]
    Log {
        /// The list of the tables' files, or what was written last.
        file: PathBuf,
        /// Where.
        at: usize,
    },
    /// What it holds cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Rocks {
    /// Opens the store of a node.
    ///
    /// # Errors
    /// [`OpenError`], each with advice: another format, another engine, another genesis, a store that was not
    /// completely created, or one that has lost blocks.
    pub fn open(data: &Path, genesis: &Genesis) -> Result<Rocks, OpenError> {
        let tables = check_tables(data)?;
        let db = open_tables(&tables, false)?;
        let store = Rocks { db: Arc::new(db), watermark: None };
        let tip = check_identity(data, store.view(), genesis)?;
        let watermark = Watermark::open(&data.join(WATERMARK), tip)?;
        Ok(Rocks { watermark: Some(Mutex::new(watermark)), ..store })
    }

    /// Opens a store for reading alone: nothing on the disk is changed. The watermark is compared as well.
    ///
    /// # Errors
    /// As [`Rocks::open`].
    pub fn open_read_only(data: &Path) -> Result<(Rocks, Genesis), OpenError> {
        let tables = check_tables(data)?;
        let store = Rocks { db: Arc::new(open_tables(&tables, true)?), watermark: None };
        let genesis = read_genesis(data, &*store.view())?;
        let tip = check_identity(data, store.view(), &genesis)?;
        Watermark::compare(&data.join(WATERMARK), tip)?;
        Ok((store, genesis))
    }

    /// Creates an empty store. It counts as half made until its first batch is written.
    pub(super) fn create(data: &Path) -> Result<Rocks, OpenError> {
        let path = data.join(TABLES);
        let used = |source| OpenError::Directory { path: data.to_owned(), source };
        if path.exists() {
            return Err(OpenError::Exists(data.to_owned()));
        }
        fs::create_dir_all(&path).map_err(used)?;
        let cache = options::cache();
        let mut options = options::opened(&cache);
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        let failed = |source| OpenError::Tables { path: path.clone(), source };
        let db = DB::open_cf_descriptors(&options, &path, families(&cache)).map_err(failed)?;
        let watermark = Watermark::create(&data.join(WATERMARK))?;
        fs::File::open(data).and_then(|directory| directory.sync_all()).map_err(used)?;
        Ok(Rocks { db: Arc::new(db), watermark: Some(Mutex::new(watermark)) })
    }

    fn batch(&self, batch: Batch) -> Result<WriteBatch, StoreError> {
        // Megabytes: without room for all of them they would be copied again and again.
        let bytes = batch.changes.iter().map(|change| change.bytes().saturating_add(CHANGE_BYTES));
        let mut writes = WriteBatch::with_capacity_bytes(bytes.fold(CHANGE_BYTES, usize::saturating_add));
        for change in batch.changes {
            let family = family(&self.db, change.table)?;
            match change.value {
                Some(value) => writes.put_cf(family, change.key, value),
                None => writes.delete_cf(family, change.key),
            }
        }
        Ok(writes)
    }
}

/// Whether a data directory holds a store, complete or not.
pub(crate) fn exists(data: &Path) -> bool {
    data.join(TABLES).exists()
}

/// The last height that the node of a data directory has committed, as far as it can be read.
pub(crate) fn committed(data: &Path) -> Option<Height> {
    watermark::read(&data.join(WATERMARK)).ok().map(|mark| mark.height)
}

/// The directory of the tables, whose names must be those of this version.
fn check_tables(data: &Path) -> Result<PathBuf, OpenError> {
    let path = data.join(TABLES);
    if !path.exists() {
        return Err(OpenError::None(data.to_owned()));
    }
    if !path.join("CURRENT").exists() {
        return Err(OpenError::HalfMade(data.to_owned()));
    }
    let unread = |source| OpenError::Directory { path: path.clone(), source };
    if let Some(logs::Damage { file, at }) = logs::damage(&path).map_err(unread)? {
        return Err(OpenError::Log { file: path.join(file), at });
    }
    let failed = |source| OpenError::Tables { path: path.clone(), source };
    let mut found = DB::list_cf(&options::database(), &path).map_err(failed)?;
    found.retain(|name| name != rocksdb::DEFAULT_COLUMN_FAMILY_NAME);
    found.sort_unstable();
    let mut expected = Table::ALL.map(Table::name);
    expected.sort_unstable();
    if found.is_empty() {
        return Err(OpenError::HalfMade(data.to_owned()));
    }
    if found != expected {
        let found = format!("unknown (tables {})", found.join(", "));
        return Err(OpenError::Version { path: data.to_owned(), found });
    }
    Ok(path)
}

fn families(cache: &Cache) -> impl Iterator<Item = ColumnFamilyDescriptor> {
    Table::ALL.map(|table| ColumnFamilyDescriptor::new(table.name(), options::table(table, cache))).into_iter()
}

fn open_tables(path: &Path, read_only: bool) -> Result<DB, OpenError> {
    let cache = options::cache();
    let options = options::opened(&cache);
    let opened = if read_only {
        DB::open_cf_descriptors_read_only(&options, path, families(&cache), false)
    } else {
        DB::open_cf_descriptors(&options, path, families(&cache))
    };
    opened.map_err(|source| {
        // RocksDB has no kind of its own for it.
        if source.kind() == ErrorKind::IOError && source.as_ref().contains("lock file") {
            return OpenError::InUse(path.to_owned());
        }
        OpenError::Tables { path: path.to_owned(), source }
    })
}

/// That the store was written by a program of this format for this chain. Returns its last block.
fn check_identity(data: &Path, view: Arc<dyn View>, genesis: &Genesis) -> Result<Mark, OpenError> {
    let found = read_genesis(data, &*view)?;
    let (found, expected) = (found.chain(), genesis.chain());
    if found != expected {
        return Err(OpenError::Genesis { path: data.to_owned(), found, expected });
    }
    Ok(Chain::new(view, Arc::new(genesis.clone()))?.mark())
}

/// The genesis of a complete store of this version.
fn read_genesis(data: &Path, view: &dyn View) -> Result<Genesis, OpenError> {
    let text = |key: &str| -> Result<Option<String>, StoreError> {
        let value = view.get(Table::Genesis, key.as_bytes())?;
        value.map(String::from_utf8).transpose().map_err(|bad| StoreError::damaged(Table::Genesis, key, bad))
    };
    let path = data.to_owned();
    match text("version")? {
        None => return Err(OpenError::HalfMade(path)),
        Some(found) if found != STORE_VERSION.to_string() => return Err(OpenError::Version { path, found }),
        Some(_) => {}
    }
    match text("engine")? {
        Some(found) if found == ENGINE => {}
        found => return Err(OpenError::Engine { path, found: found.unwrap_or_default() }),
    }
    let genesis = text("genesis")?.ok_or_else(|| StoreError::missing(Table::Genesis, "genesis"))?;
    Ok(Genesis::read(&genesis).map_err(|bad| StoreError::damaged(Table::Genesis, "genesis", bad))?)
}

fn family(db: &DB, table: Table) -> Result<&ColumnFamily, StoreError> {
    db.cf_handle(table.name()).ok_or_else(|| StoreError::missing(table, "column family"))
}

impl Store for Rocks {
    fn view(&self) -> Arc<dyn View> {
        Arc::new(Snap::new(self.db.clone(), |db| db.snapshot()))
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        let batch = self.batch(batch)?;
        self.db.write_opt(batch, &options::synced()).map_err(StoreError::Write)
    }

    fn commit(&self, batch: Batch, mark: Mark) -> Result<(), StoreError> {
        self.write(batch)?;
        let Some(watermark) = &self.watermark else { return Ok(()) };
        // A panic elsewhere cannot leave it half changed: it is one write to one slot.
        watermark.lock().unwrap_or_else(PoisonError::into_inner).note(mark)
    }
}

self_cell::self_cell!(
    /// A snapshot that keeps its database open.
    struct Snap {
        owner: Arc<DB>,

        #[covariant]
        dependent: Snapshot,
    }
);

/// Bytes that RocksDB tells of a table; none where it does not.
fn bytes_of(db: &DB, table: Table, property: &str) -> u64 {
    let told = family(db, table).ok().and_then(|family| db.property_int_value_cf(family, property).ok());
    told.flatten().unwrap_or_default()
}

impl View for Snap {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let family = family(self.borrow_owner(), table)?;
        let value = self.borrow_dependent().get_cf(family, key);
        value.map_err(|source| StoreError::Read { table: table.name(), place: None, source })
    }

    fn scan<'a>(&'a self, table: Table, from: &[u8], until: Option<&[u8]>) -> Scan<'a> {
        let family = match family(self.borrow_owner(), table) {
            Ok(family) => family,
            Err(missing) => return Box::new(std::iter::once(Err(missing))),
        };
        let mut options = ReadOptions::default();
        if let Some(until) = until {
            options.set_iterate_upper_bound(until);
        }
        let mode = IteratorMode::From(from, Direction::Forward);
        let found = self.borrow_dependent().iterator_cf_opt(family, options, mode);
        Box::new(
            found.map(move |pair| pair.map_err(|source| StoreError::Read { table: table.name(), place: None, source })),
        )
    }

    fn scan_back<'a>(&'a self, table: Table, before: &[u8]) -> Scan<'a> {
        let family = match family(self.borrow_owner(), table) {
            Ok(family) => family,
            Err(missing) => return Box::new(std::iter::once(Err(missing))),
        };
        let mode = IteratorMode::From(before, Direction::Reverse);
        let found = self.borrow_dependent().iterator_cf_opt(family, ReadOptions::default(), mode);
        let found =
            found.map(move |pair| pair.map_err(|source| StoreError::Read { table: table.name(), place: None, source }));
        let before = before.to_vec();
        // The key itself, if it is there, comes first.
        Box::new(found.skip_while(move |pair| pair.as_ref().is_ok_and(|(key, _)| **key >= *before)))
    }

    fn footprint(&self) -> Footprint {
        let db = self.borrow_owner();
        let writes = Table::ALL.iter().map(|table| bytes_of(db, *table, "rocksdb.cur-size-all-mem-tables"));
        // All tables share the cache, so each tells of the whole.
        Footprint { cache: bytes_of(db, Table::Rows, "rocksdb.block-cache-usage"), writes: writes.sum() }
    }
}
