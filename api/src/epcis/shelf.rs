//! Where a node keeps what is its own beside the ledger: named queries, subscriptions, and the jobs of documents that were handed
//! in. No block ever holds them.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, PoisonError},
};

use hefu_contracts::state::Fault;

use super::queries::Post;

/// What a node keeps for itself beside the ledger.
#[derive(Clone)]
pub struct Local {
    /// Where named queries, subscriptions and capture jobs are kept.
    pub shelf: Arc<dyn Shelf>,
    /// Who sends reports; where nobody does, subscriptions by webhook are refused.
    pub post: Option<Arc<dyn Post>>,
}

impl Local {
    /// Nothing that outlives the process, and nobody who sends.
    pub fn in_memory() -> Local {
        Local { shelf: Arc::new(InMemory::default()), post: None }
    }
}

/// Changes: the text under each key, or that there is none any more.
pub type Changes = Vec<(String, Option<String>)>;

/// Texts by keys.
pub trait Shelf: Send + Sync + 'static {
    /// The text under a key.
    ///
    /// # Errors
    /// From the storage.
    fn get(&self, key: &str) -> Result<Option<String>, Fault>;

    /// What stands under keys that begin with a prefix and follow `after`, in their order, at most so many.
    ///
    /// # Errors
    /// From the storage.
    fn under(&self, prefix: &str, after: Option<&str>, most: usize) -> Result<Vec<(String, String)>, Fault>;

    /// Makes all changes or none; they last once it returns.
    ///
    /// # Errors
    /// From the storage; then nothing has changed.
    fn write(&self, changes: Changes) -> Result<(), Fault>;
}

/// A shelf that is gone with the process.
#[derive(Debug, Default)]
pub struct InMemory(Mutex<BTreeMap<String, String>>);

impl Shelf for InMemory {
    fn get(&self, key: &str) -> Result<Option<String>, Fault> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn under(&self, prefix: &str, after: Option<&str>, most: usize) -> Result<Vec<(String, String)>, Fault> {
        let texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let behind = texts.range::<str, _>((from, Bound::Unbounded)).take_while(|(key, _)| key.starts_with(prefix));
        Ok(behind.take(most).map(|(key, text)| (key.clone(), text.clone())).collect())
    }

    fn write(&self, changes: Changes) -> Result<(), Fault> {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, text) in changes {
            match text {
                Some(text) => texts.insert(key, text),
                None => texts.remove(&key),
            };
        }
        Ok(())
    }
}
