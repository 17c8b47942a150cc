//! Where a node keeps named queries and subscriptions: beside the ledger, for itself. No block ever holds them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use hefu_contracts::state::Fault;

/// Changes: the text under each key, or that there is none any more.
pub type Changes = Vec<(String, Option<String>)>;

/// Texts by keys, few enough to be read whole at the start.
pub trait Shelf: Send + Sync + 'static {
    /// Everything that stands there.
    ///
    /// # Errors
    /// From the storage.
    fn all(&self) -> Result<Vec<(String, String)>, Fault>;

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
    fn all(&self) -> Result<Vec<(String, String)>, Fault> {
        let texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(texts.iter().map(|(key, text)| (key.clone(), text.clone())).collect())
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
