//! Rows and buckets that were read lately.

use std::{
    borrow::Borrow,
    cell::RefCell,
    collections::HashMap,
    hash::Hash as Hashed,
    mem,
    sync::{RwLock, RwLockReadGuard},
};

use hefu_contracts::{
    register::{Bucket, Buckets, Fault, Patch, Tree},
    row::Row,
    shared::Shared,
    state::Snapshot,
};

use super::{Poisoned, execution::Executed};
use crate::store::{Chain, Head};

/// Rows remembered, in each of two generations; a row takes about a kilobyte.
const ROWS_MAX: usize = 50_000;

/// Buckets remembered, likewise; a bucket takes about a hundred bytes.
const BUCKETS_MAX: usize = 200_000;

/// What was read or written lately. Also that a row is absent is remembered where it had to be looked for.
pub(super) struct Cache {
    rows: RefCell<Aged<String, Option<Shared<Row>>>>,
    buckets: RefCell<Aged<u32, Bucket>>,
}

/// A map of bounded size: what is not asked for during a whole generation is forgotten.
struct Aged<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    max: usize,
}

impl<K: Eq + Hashed, V: Clone> Aged<K, V> {
    fn new(max: usize) -> Aged<K, V> {
        Aged { young: HashMap::new(), old: HashMap::new(), max }
    }

    fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.max {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    fn get<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hashed + ?Sized,
    {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value.clone());
        Some(value)
    }
}

impl Cache {
    pub(super) fn new() -> Cache {
        Cache { rows: RefCell::new(Aged::new(ROWS_MAX)), buckets: RefCell::new(Aged::new(BUCKETS_MAX)) }
    }

    /// A row as a block has left it.
    pub(super) fn set_row(&self, row: Shared<Row>) {
        self.rows.borrow_mut().insert(row.key.clone(), Some(row));
    }

    /// A bucket as a block has left it.
    pub(super) fn set_bucket(&self, index: u32, bucket: Bucket) {
        self.buckets.borrow_mut().insert(index, bucket);
    }
}

/// The committed state, read through the cache; with what one more block changes before it.
pub(super) struct Ground<'a> {
    chain: &'a Chain,
    cache: &'a Cache,
    head: RwLockReadGuard<'a, Head>,
    after: Option<&'a Executed>,
}

impl<'a> Ground<'a> {
    /// The state of a chain, which must be the head's.
    ///
    /// # Errors
    /// [`Fault`] where a thread has panicked that was changing the head.
    pub(super) fn new(chain: &'a Chain, cache: &'a Cache, head: &'a RwLock<Head>) -> Result<Ground<'a>, Fault> {
        let head = head.read().map_err(|_| Fault::new(Poisoned))?;
        Ok(Ground { chain, cache, head, after: None })
    }

    /// The same after a block that is executed on it.
    pub(super) fn after(self, block: &'a Executed) -> Ground<'a> {
        Ground { after: Some(block), ..self }
    }

    /// What that block does to the register.
    pub(super) fn patch(&self) -> Option<&Patch> {
        self.after.map(|block| &block.patch)
    }

    /// The register over the committed rows.
    pub(super) fn tree(&self) -> &Tree {
        &self.head.tree
    }
}

impl Snapshot for Ground<'_> {
    fn row(&self, key: &str) -> Result<Option<Shared<Row>>, Fault> {
        if let Some(row) = self.after.and_then(|block| block.row(key)) {
            return Ok(Some(row.clone()));
        }
        if let Some(row) = self.cache.rows.borrow_mut().get(key) {
            return Ok(row);
        }
        // Rules ask for many rows that are not there.
        if !self.tree().may_hold(key) {
            return Ok(None);
        }
        let row = self.chain.row(key)?.map(Shared::from);
        self.cache.rows.borrow_mut().insert(key.to_owned(), row.clone());
        Ok(row)
    }
}

impl Buckets for Ground<'_> {
    fn bucket(&self, index: u32) -> Result<Bucket, Fault> {
        if let Some(bucket) = self.cache.buckets.borrow_mut().get(&index) {
            return Ok(bucket);
        }
        let bucket = self.chain.bucket(index)?;
        self.cache.buckets.borrow_mut().insert(index, bucket.clone());
        Ok(bucket)
    }
}
