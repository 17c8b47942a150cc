//! The door: what a server needs from a node.

mod events;
mod unindexed;

use std::collections::BTreeSet;

use async_trait::async_trait;
use hefu_contracts::{
    agreements::bundle::{Bundle, Extent},
    annex::Annex,
    block::Header,
    certificate::Certificate,
    entry::Entry,
    genesis::Genesis,
    height::Height,
    parties::KeyRow,
    proof::Proof,
    provenance::{alike::Alike, listing::Field, onward},
    receipt::Receipt,
    refusal::{Code, Refusal},
    row::Row,
    shared::Shared,
    state::Fault,
};
use hefu_keys::{Address, Hash};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;
use tokio::sync::watch;

pub use events::{Line, Position, Walk, Way};

/// Rows that a ledger without an index looks through at a time.
const LOOKED_THROUGH: usize = 1_000;

/// How long a submission waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Until the rules were run and the record waits for a block.
    Pending,
    /// Until the record stands in a certified block.
    Final,
}

/// What became of one submission.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was taken just now, and is pending or final.
    Taken(Receipt),
    /// It was pending or final before; nothing has changed.
    Known(Receipt),
    /// It was malformed, rejected or refused; nothing has changed.
    Not {
        /// The record's id, where it could be read.
        id: Option<Hash>,
        /// Why.
        refusal: Refusal,
    },
}

/// A record that the node holds.
#[derive(Clone, Debug)]
pub struct Found {
    /// The signed document, canonical.
    pub text: String,
    /// Height, block time and position, where it is final.
    pub place: Option<Place>,
}

/// Where a final record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Height of its block.
    pub height: Height,
    /// Position in the block, from 0.
    pub index: u32,
}

impl Place {
    /// Before all others.
    pub const FIRST: Place = Place { height: Height::GENESIS, index: 0 };

    /// The last of a block, and behind everything in it.
    pub const fn end_of(height: Height) -> Place {
        Place { height, index: u32::MAX }
    }
}

/// What begins with the same digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beginning {
    /// Blocks with such an id.
    pub blocks: Vec<Height>,
    /// Records with such an id.
    pub records: Vec<Hash>,
}

/// A final block without its records' texts.
#[derive(Clone, Debug)]
pub struct BlockFound {
    /// The certificate.
    pub certificate: Certificate,
    /// The header.
    pub header: Header,
    /// Ids of the records, in the order executed, and whether each is public.
    pub records: Vec<(Hash, bool)>,
}

/// How a node is doing.
#[derive(Clone, Debug)]
pub struct Status {
    /// Last final height.
    pub height: Height,
    /// The node's own address, which signs its receipts.
    pub node: Address,
    /// Records that wait for a block.
    pub pending: usize,
    /// Why the node should not be sent requests, if so.
    pub unready: Option<String>,
}

/// The node cannot answer now.
#[derive(Debug, Error)]
pub enum Unavailable {
    /// Its storage failed.
    #[error("the node's storage failed")]
    Fault(#[from] Fault),
    /// It is stopping.
    #[error("the node is stopping")]
    Stopping,
    /// Its disk is nearly full: it takes no records, and another node may.
    #[error("the node's disk is nearly full, it takes no records: hand them to another node")]
    DiskFull,
    /// The record was taken but was not final in time; it still waits.
    #[error("the records were taken but are not final yet")]
    NotFinalYet,
}

/// A node as its servers see it. Calls that only read do not block on consensus; they may block on the disk for
/// microseconds to milliseconds.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// Hands submissions in (canonical bytes, each at most `SUBMISSION_BYTES_MAX`); one outcome for each, in order.
    async fn submit(&self, submissions: Vec<Vec<u8>>, wait: Wait) -> Result<Vec<Outcome>, Unavailable>;

    /// As [`submit`](Ledger::submit), all of them or none: where one would be refused as the ledger stands now, nothing has
    /// changed, and the others are answered with `E-RECORD-TOGETHER`. An event that was recorded before keeps none of
    /// them out. A ledger that cannot do so takes only one at a time.
    async fn submit_together(&self, submissions: Vec<Vec<u8>>, wait: Wait) -> Result<Vec<Outcome>, Unavailable> {
        if submissions.len() <= 1 {
            return self.submit(submissions, wait).await;
        }
        let refusal = Refusal::new(Code::RecordTogether).because("this ledger takes records one by one");
        Ok(submissions.iter().map(|_| Outcome::Not { id: None, refusal: refusal.clone() }).collect())
    }

    /// A record by its id, pending or final.
    fn record(&self, id: &Hash) -> Result<Option<Found>, Fault>;

    /// How a record stands: it waits, it is final, or it has left lately without having taken effect. None where the node
    /// knows nothing of it, any more.
    fn receipt(&self, id: &Hash) -> Result<Option<Receipt>, Fault>;

    /// A key's row, with the window of its sequence numbers as the pending records leave it.
    fn key(&self, address: &Address) -> Result<Option<KeyRow>, Fault>;

    /// What travelled beside a record and is still there: its lists, and those of its private values that were not erased.
    /// For whom it is, the ledger does not ask. A ledger that keeps no annexes has none to give.
    fn annex(&self, _id: &Hash) -> Result<Annex, Fault> {
        Ok(Annex::default())
    }

    /// A row as the last block left it. A ledger that can read rows one by one does so; the proof of a row, from which it
    /// is taken otherwise, costs the row's whole history.
    fn row(&self, key: &str) -> Result<Option<Row>, Fault> {
        let Some(proof) = self.proof(key)? else {
            return Ok(self.genesis().rows()?.remove(key).map(Shared::into_owned));
        };
        let rows = proof.rows.iter().map(|text| Row::read(text.get()).map_err(Fault::from));
        let is_wanted = |row: &Result<Row, Fault>| row.as_ref().map_or(true, |row| row.key == key);
        rows.into_iter().find(is_wanted).transpose()
    }

    /// Rows whose keys begin with a prefix and follow `after`, in the order of their keys, at most `limit`.
    fn rows(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<Row>, Fault>;

    /// Keys of rows that a row has led on to ([`onward`]) and that follow `after` and come before `until`, in their order, at
    /// most `limit`. Some may be led to no more: their rows tell. A ledger without an index looks through its rows.
    fn onward(&self, from: &str, after: Option<&str>, until: Option<&str>, limit: usize) -> Result<Vec<String>, Fault> {
        let mut found = BTreeSet::new();
        for beginning in onward::LED_TO {
            let mut last: Option<String> = None;
            loop {
                let rows = self.rows(beginning, last.as_deref(), LOOKED_THROUGH)?;
                let is_last = rows.len() < LOOKED_THROUGH;
                last = rows.last().map(|row| row.key.clone()).or(last);
                let leads = |row: &Row| onward::behind(row).iter().any(|behind| behind == from);
                found.extend(rows.into_iter().filter(leads).map(|row| row.key));
                if is_last {
                    break;
                }
            }
        }
        let is_asked = |key: &String| {
            after.is_none_or(|after| key.as_str() > after) && until.is_none_or(|until| key.as_str() < until)
        };
        Ok(found.into_iter().filter(is_asked).take(limit).collect())
    }

    /// How many items of a source are alike ([`alike`](hefu_contracts::provenance::alike)), of those that follow `after`, at
    /// most `limit` kinds of them. None from a ledger that does not count them: then each is looked at.
    fn alike(&self, _source: &str, _after: Option<&Alike>, _limit: usize) -> Result<Option<Vec<(Alike, u64)>>, Fault> {
        Ok(None)
    }

    /// Keys of rows that came of such a source and are not counted there, of those that follow `after`, at most `limit`.
    fn alone(&self, _source: &str, _after: Option<&str>, _limit: usize) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }

    /// The events of a walk, at most `limit`. A ledger without an index reads all its blocks.
    fn events(&self, walk: &Walk<'_>, limit: usize) -> Result<Vec<Line>, Fault> {
        unindexed::walked(self, walk, limit)
    }

    /// The event whose record stands in a place; none where the record captures no event.
    fn event(&self, place: Place) -> Result<Option<Line>, Fault> {
        unindexed::at(self, place)
    }

    /// The values that events have in a field, or public events alone, ascending.
    fn event_values(&self, field: Field, public: bool) -> Result<Vec<String>, Fault> {
        unindexed::values(self, field, public)
    }

    /// Entries of a row after the first `after`, up to position `until`.
    fn entries(&self, key: &str, after: u64, until: u64) -> Result<Vec<Entry>, Fault>;

    /// The bundle of a statement; `None` where it was not issued.
    fn statement(&self, contract: &str, party: &str, number: u64, extent: Extent) -> Result<Option<Bundle>, Fault>;

    /// The proof of a row, or of its absence, under the newest certified header; `None` before the first block.
    fn proof(&self, subject: &str) -> Result<Option<Proof>, Fault>;

    /// Blocks and final records whose ids begin with these hex digits, of each at most `limit`. A ledger without an index
    /// reads all its blocks.
    fn beginning(&self, digits: &str, limit: usize) -> Result<Beginning, Fault> {
        unindexed::beginning(self, digits, limit)
    }

    /// Number of final records. A ledger that does not keep count reads all its blocks.
    fn count(&self) -> Result<u64, Fault> {
        unindexed::count(self)
    }

    /// A final block.
    fn block(&self, height: Height) -> Result<Option<BlockFound>, Fault>;

    /// How the node is doing.
    fn status(&self) -> Result<Status, Fault>;

    /// The chain's genesis document.
    fn genesis(&self) -> &Genesis;

    /// Changes with every final height.
    fn heights(&self) -> watch::Receiver<Height>;

    /// Secures a document of the node's own, such as a receipt, with the node's key; canonical text.
    fn sign(&self, document: &Value) -> Result<String, Fault>;
}
