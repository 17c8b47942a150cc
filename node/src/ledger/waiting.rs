//! Who waits for what: the records in the pool as readers see them, and those who asked to be told.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use hefu_contracts::{receipt::Receipt, refusal::Refusal};
use hefu_gossip::PeerId;
use hefu_keys::{Address, Hash};
use tokio::sync::{mpsc, oneshot};

use crate::core::Sealed;

/// What becomes of a waiting record.
pub(super) type Ending = Result<Receipt, Refusal>;

/// What whoever passes records on must know of the pool.
pub(crate) enum News {
    /// A record waits; `from` is the node that sent it, unless it came to this node's own door.
    Begun { sealed: Arc<Sealed>, from: Option<PeerId> },
    /// The record with this seal no longer waits.
    Ended(Hash),
}

/// A mirror of the pool, so that readers need not wait for a block that is being executed.
#[derive(Default)]
pub(crate) struct Waiting {
    records: HashMap<Hash, Arc<Sealed>>,
    seals: HashSet<Hash>,
    /// Who passes records on.
    passing: Option<mpsc::UnboundedSender<News>>,
    seqs: HashMap<Address, BTreeSet<u64>>,
    askers: HashMap<Hash, Vec<oneshot::Sender<Ending>>>,
}

impl Waiting {
    pub(super) fn begin(&mut self, sealed: Arc<Sealed>, from: Option<PeerId>) {
        self.seqs.entry(*sealed.author()).or_default().insert(sealed.submission().record().seq);
        self.seals.insert(sealed.submission().record().seal);
        self.records.insert(sealed.id(), sealed.clone());
        self.tell(News::Begun { sealed, from });
    }

    /// What waits now, then whatever changes. Its length is bounded as that of the pool is.
    pub(super) fn follow(&mut self) -> mpsc::UnboundedReceiver<News> {
        let (tell, news) = mpsc::unbounded_channel();
        self.passing = Some(tell);
        for sealed in self.records.values() {
            self.tell(News::Begun { sealed: sealed.clone(), from: None });
        }
        news
    }

    fn tell(&self, news: News) {
        let told = self.passing.as_ref().map(|passing| passing.send(news));
        if let Some(Err(_)) = told {
            tracing::debug!("records are no longer passed on");
        }
    }

    /// Whether the record with this seal waits.
    pub(super) fn has(&self, seal: &Hash) -> bool {
        self.seals.contains(seal)
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
        if let Some(waited) = self.records.remove(&id) {
            let seal = waited.submission().record().seal;
            self.seals.remove(&seal);
            self.tell(News::Ended(seal));
            self.spend(sealed);
        }
        for asker in self.askers.remove(&id).unwrap_or_default() {
            if asker.send(ending.clone()).is_err() {
                tracing::debug!(record.id = %id, "nobody waits for the record any more");
            }
        }
    }

    /// The record's sequence number is no longer one of those that wait.
    fn spend(&mut self, sealed: &Sealed) {
        if let Some(seqs) = self.seqs.get_mut(sealed.author()) {
            seqs.remove(&sealed.submission().record().seq);
            if seqs.is_empty() {
                self.seqs.remove(sealed.author());
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
