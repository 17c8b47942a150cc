//! A node in trouble: a real ledger behind a door that fails in one way.

use std::sync::Arc;

use async_trait::async_trait;
use hefu_api::ledger::{BlockFound, Found, Ledger, Outcome, Status, Unavailable, Wait};
use hefu_contracts::{
    agreements::bundle::{Bundle, Extent},
    annex::Annex,
    entry::Entry,
    genesis::Genesis,
    height::Height,
    parties::KeyRow,
    proof::Proof,
    receipt::{self, Receipt},
    refusal::{Code, Refusal},
    row::Row,
    state::Fault,
};
use hefu_keys::{Address, Hash};
use serde_json::Value;
use tokio::sync::watch;

use crate::chain::Chain;

/// In which way it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Its pool is full.
    Full,
    /// No block is decided in time.
    Late,
    /// It does not hold the first blocks.
    Pruned,
    /// Everything that waited lost its race.
    Overtaken,
    /// It is catching up.
    Unready,
    /// Its disk does not answer.
    Unreadable,
    /// It is stopping.
    Stopping,
}

/// The node.
pub struct Trouble {
    pub chain: Arc<Chain>,
    pub way: Way,
}

impl Trouble {
    pub fn new(chain: &Arc<Chain>, way: Way) -> Arc<Trouble> {
        Arc::new(Trouble { chain: Arc::clone(chain), way })
    }

    fn disk(&self) -> Result<(), Fault> {
        match self.way {
            Way::Unreadable => Err(Fault::new(std::io::Error::other("/data/000017.sst: input/output error"))),
            Way::Full | Way::Late | Way::Overtaken | Way::Pruned | Way::Unready | Way::Stopping => Ok(()),
        }
    }
}

#[async_trait]
impl Ledger for Trouble {
    async fn submit(&self, submissions: Vec<Vec<u8>>, wait: Wait) -> Result<Vec<Outcome>, Unavailable> {
        self.disk()?;
        match (self.way, wait) {
            (Way::Stopping, _) => Err(Unavailable::Stopping),
            (Way::Late, Wait::Final) => {
                self.chain.submit(submissions, Wait::Pending).await?;
                Err(Unavailable::NotFinalYet)
            }
            (Way::Full, _) => {
                let full = |_| Outcome::Not { id: None, refusal: Refusal::new(Code::PoolFull) };
                Ok(submissions.into_iter().map(full).collect())
            }
            _ => self.chain.submit(submissions, wait).await,
        }
    }

    fn record(&self, id: &Hash) -> Result<Option<Found>, Fault> {
        self.disk()?;
        if self.way == Way::Overtaken { Ok(None) } else { self.chain.record(id) }
    }

    fn receipt(&self, id: &Hash) -> Result<Option<Receipt>, Fault> {
        self.disk()?;
        let receipt = self.chain.receipt(id)?;
        if self.way != Way::Overtaken {
            return Ok(receipt);
        }
        Ok(receipt.map(|receipt| Receipt {
            code: Some(Code::RecordExpired),
            status: receipt::Status::Expired,
            ..receipt
        }))
    }

    fn annex(&self, id: &Hash) -> Result<Annex, Fault> {
        self.disk()?;
        self.chain.annex(id)
    }

    fn key(&self, address: &Address) -> Result<Option<KeyRow>, Fault> {
        self.disk()?;
        self.chain.key(address)
    }

    fn rows(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<Row>, Fault> {
        self.disk()?;
        self.chain.rows(prefix, after, limit)
    }

    fn entries(&self, key: &str, after: u64, until: u64) -> Result<Vec<Entry>, Fault> {
        self.disk()?;
        self.chain.entries(key, after, until)
    }

    fn statement(&self, contract: &str, party: &str, number: u64, extent: Extent) -> Result<Option<Bundle>, Fault> {
        self.disk()?;
        self.chain.statement(contract, party, number, extent)
    }

    fn proof(&self, subject: &str) -> Result<Option<Proof>, Fault> {
        self.disk()?;
        self.chain.proof(subject)
    }

    fn block(&self, height: Height) -> Result<Option<BlockFound>, Fault> {
        self.disk()?;
        let held = self.way != Way::Pruned || height.get() > 2;
        if held { self.chain.block(height) } else { Ok(None) }
    }

    fn status(&self) -> Result<Status, Fault> {
        self.disk()?;
        let mut status = self.chain.status()?;
        status.unready = (self.way == Way::Unready).then(|| "catching up, 12 blocks behind".to_owned());
        Ok(status)
    }

    fn genesis(&self) -> &Genesis {
        self.chain.genesis()
    }

    fn heights(&self) -> watch::Receiver<Height> {
        self.chain.heights()
    }

    fn sign(&self, document: &Value) -> Result<String, Fault> {
        self.disk()?;
        self.chain.sign(document)
    }
}
