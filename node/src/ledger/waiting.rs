//! Who waits for what: the records in the pool as readers see them, and those who asked to be told.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use hefu_contracts::{receipt::Receipt, refusal::Refusal};
use hefu_keys::{Address, Hash};
use tokio::sync::oneshot;

use crate::core::Sealed;

/// What becomes of a waiting record.
pub(super) type Ending = Result<Receipt, Refusal>;

/// A mirror of the pool, so that readers need not wait for a block that is being executed.
#[derive(Default)]
pub(crate) struct Waiting {
    records: HashMap<Hash, Arc<Sealed>>,
    seqs: HashMap<Address, BTreeSet<u64>>,
    askers: HashMap<Hash, Vec<oneshot::Sender<Ending>>>,
}

impl Waiting {
    pub(super) fn begin(&mut self, sealed: Arc<Sealed>) {
        self.seqs.entry(*sealed.author()).or_default().insert(sealed.submission().record().seq);
        self.records.insert(sealed.id(), sealed);
    }

    /// Tells the asker when the record's waiting ends.
    pub(super) fn ask(&mut self, id: Hash) -> oneshot::Receiver<Ending> {
        let (tell, told) = oneshot::channel();
        let askers = self.askers.entry(id).or_default();
        askers.retain(|asker| !asker.is_closed());
        askers.push(tell);
        told
    }

    pub(super) fn end(&mut self, sealed: &Sealed, ending: &Ending) {
        let id = sealed.id();
        if self.records.remove(&id).is_some()
            && let Some(seqs) = self.seqs.get_mut(sealed.author())
        {
            seqs.remove(&sealed.submission().record().seq);
            if seqs.is_empty() {
                self.seqs.remove(sealed.author());
            }
        }
        for asker in self.askers.remove(&id).unwrap_or_default() {
            if asker.send(ending.clone()).is_err() {
                tracing::debug!(record.id = %id, "nobody waits for the record any more");
            }
        }
    }

    /// Nobody will be told anything any more.
    pub(super) fn let_go(&mut self) {
        self.askers.clear();
    }

    pub(super) fn get(&self, id: &Hash) -> Option<&Arc<Sealed>> {
        self.records.get(id)
    }

    /// Sequence numbers of a key's waiting records, ascending.
    pub(super) fn seqs(&self, author: &Address) -> impl Iterator<Item = u64> + '_ {
        self.seqs.get(author).into_iter().flatten().copied()
    }

    /// How many are to be told something.
    #[cfg(test)]
    pub(super) fn askers(&self) -> usize {
        self.askers.values().map(Vec::len).sum()
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }
}
