//! A client of one validator.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result, ensure};
use hefu_contracts::{
    block::{Header, records_root},
    certificate::Certificate,
    genesis::Genesis,
    height::Height,
};
use hefu_keys::{Hash, file};
use hefu_tests::testnet::Testnet;
use serde_json::Value;

/// A connection that is kept open.
pub struct Door {
    url: String,
    agent: ureq::Agent,
}

impl Door {
    /// To a validator's address.
    pub fn to(url: &str) -> Door {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            // A node lets go of a connection that nothing was said on for five seconds.
            .max_idle_age(Duration::from_secs(3))
            .build()
            .new_agent();
        Door { url: url.to_owned(), agent }
    }

    /// Hands records in and waits until they are final or refused; an answer for each.
    pub fn hand_in(&self, records: &[String]) -> Result<Vec<Value>> {
        let sent = self.agent.post(format!("{}/v1/records?wait=final", self.url));
        let sent = sent.header("content-type", "application/jsonl").send(format!("{}\n", records.join("\n")));
        let mut answer = sent?;
        let text = answer.body_mut().with_config().limit(64 << 20).read_to_string()?;
        let mut answers: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        // The node's signature over all receipts comes last.
        let signed = answers.pop().is_some_and(|last| last["count"] == records.len());
        ensure!(signed && answers.len() == records.len(), "{} records were answered with {text}", records.len());
        Ok(answers)
    }

    /// A JSON document.
    pub fn get(&self, path: &str) -> Result<Value> {
        let text = self.agent.get(format!("{}{path}", self.url)).call()?.body_mut().read_to_string()?;
        Ok(serde_json::from_str(&text)?)
    }

    /// The next free sequence number of an organisation's admin.
    pub fn next_seq(&self, net: &Testnet, at: usize) -> Result<u64> {
        let passphrase = std::fs::read_to_string(net.passphrase())?;
        let admin = file::open(&net.home(at).join("keys/admin.key"), passphrase.trim())?;
        let key = self.get(&format!("/v1/keys/{}", admin.address()))?;
        key["nextSeq"].as_u64().with_context(|| format!("no sequence number in {key}"))
    }

    /// The last final height.
    pub fn height(&self) -> Result<u64> {
        self.get("/v1/status")?["height"].as_u64().context("no height")
    }

    /// Records in the blocks up to a height.
    pub fn count(&self, height: u64) -> Result<usize> {
        let blocks = (1..=height).map(|height| self.get(&format!("/v1/blocks/{height}")));
        let counts = blocks.map(|block| Ok(block?["records"].as_array().map_or(0, Vec::len)));
        counts.sum()
    }

    /// How many of a client's records stand in the blocks after `after`, up to the last. The client believes nobody: it
    /// checks each block's certificate, and that the header binds the seals that it remembers.
    pub fn proven(&self, genesis: &Genesis, after: u64, seals: &HashMap<Hash, Hash>) -> Result<usize> {
        let (chain, mut proven) = (genesis.chain(), 0);
        for height in after + 1..=self.height()? {
            let block = self.get(&format!("/v1/blocks/{height}"))?;
            let header: Header = serde_json::from_value(block["header"].clone())?;
            let certificate: Certificate = serde_json::from_value(block["certificate"].clone())?;
            ensure!(header.id() == certificate.block && Height::new(height) == Some(header.height), "another block");
            certificate.check(&chain, &genesis.members)?;
            let listed = block["records"].as_array().context("no records")?;
            let ids = listed.iter().map(|one| one["id"].as_str().unwrap_or_default().parse::<Hash>());
            let seals: Vec<Option<&Hash>> = ids.map(|id| Ok(seals.get(&id?))).collect::<Result<_>>()?;
            let own: Vec<&Hash> = seals.iter().copied().flatten().collect();
            ensure!(own.len() == seals.len(), "block {height} holds what nobody has handed in");
            ensure!(records_root(own.iter().copied()) == header.records, "the header of block {height} binds others");
            proven += own.len();
        }
        Ok(proven)
    }
}
