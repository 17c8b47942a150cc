//! Rows and buckets that were read lately.

use std::{borrow::Borrow, cell::RefCell, collections::HashMap, hash::Hash as Hashed, mem};

use hefu_contracts::{
    register::{Bucket, Buckets, Fault},
    row::Row,
    state::Snapshot,
};

use crate::store::Chain;

/// Rows remembered, in each of two generations; a row takes about a kilobyte.
const ROWS_MAX: usize = 50_000;

/// Buckets remembered, likewise; a bucket takes about a hundred bytes.
const BUCKETS_MAX: usize = 200_000;

/// What was read or written lately. Also that a row is absent is remembered: rules ask for many that are.
pub(super) struct Cache {
    rows: RefCell<Aged<String, Option<Row>>>,
    buckets: RefCell<Aged<u32, Bucket>>,
}

/// A map of bounded size: what is not asked for during a whole generation is forgotten.
struct Aged<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    max: usize,
}

impl<K: Eq + Hashed, V> Aged<K, V> {
    fn new(max: usize) -> Aged<K, V> {
        Aged { young: HashMap::new(), old: HashMap::new(), max }
    }

    fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.max {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    fn get<Q>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hashed + ?Sized,
    {
        if !self.young.contains_key(key) {
            let (key, value) = self.old.remove_entry(key)?;
            self.insert(key, value);
        }
        self.young.get(key)
    }
}

impl Cache {
    pub(super) fn new() -> Cache {
        Cache { rows: RefCell::new(Aged::new(ROWS_MAX)), buckets: RefCell::new(Aged::new(BUCKETS_MAX)) }
    }

    /// A row as a block has left it.
    pub(super) fn set_row(&self, row: Row) {
        self.rows.borrow_mut().insert(row.key.clone(), Some(row));
    }

    /// A bucket as a block has left it.
    pub(super) fn set_bucket(&self, index: u32, bucket: Bucket) {
        self.buckets.borrow_mut().insert(index, bucket);
    }
}

/// The committed state, read through the cache.
pub(super) struct Ground<'a> {
    pub chain: &'a Chain,
    pub cache: &'a Cache,
}

impl Snapshot for Ground<'_> {
    fn row(&self, key: &str) -> Result<Option<Row>, Fault> {
        if let Some(row) = self.cache.rows.borrow_mut().get(key) {
            return Ok(row.clone());
        }
        let row = self.chain.row(key)?;
        self.cache.rows.borrow_mut().insert(key.to_owned(), row.clone());
        Ok(row)
    }
}

impl Buckets for Ground<'_> {
    fn bucket(&self, index: u32) -> Result<Bucket, Fault> {
        if let Some(bucket) = self.cache.buckets.borrow_mut().get(&index) {
            return Ok(bucket.clone());
        }
        let bucket = self.chain.bucket(index)?;
        self.cache.buckets.borrow_mut().insert(index, bucket.clone());
        Ok(bucket)
    }
}
