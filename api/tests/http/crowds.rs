//! A lot that leads on to more than anybody is shown at once.

use std::sync::Arc;

use async_trait::async_trait;
use hefu_api::{
    ledger::{BlockFound, Found, Ledger, Outcome, Status, Unavailable, Wait},
    trace::TRACE_MAX,
};
use hefu_contracts::{
    agreements::bundle::{Bundle, Extent},
    entry::Entry,
    genesis::Genesis,
    gs1::Epc,
    height::Height,
    parties::KeyRow,
    proof::Proof,
    provenance::TransformationRow,
    receipt::Receipt,
    row::{Row, key_of_thing},
    state::Fault,
};
use hefu_keys::{Address, Hash};
use serde_json::Value;
use tokio::sync::watch;

use crate::{
    chain::Chain,
    client::get,
    demo::{Demo, LOT},
    traces::encoded,
};

/// A real ledger on which some of the lot went into so many more transformations.
struct Crowd {
    chain: Arc<Chain>,
    lot: String,
    more: usize,
}

impl Crowd {
    fn number(&self, key: &str) -> Option<usize> {
        key.strip_prefix("transformation/crowd/")?.parse().ok().filter(|number| *number < self.more)
    }
}

#[async_trait]
impl Ledger for Crowd {
    async fn submit(&self, submissions: Vec<Vec<u8>>, wait: Wait) -> Result<Vec<Outcome>, Unavailable> {
        self.chain.submit(submissions, wait).await
    }

    fn record(&self, id: &Hash) -> Result<Option<Found>, Fault> {
        self.chain.record(id)
    }

    fn receipt(&self, id: &Hash) -> Result<Option<Receipt>, Fault> {
        self.chain.receipt(id)
    }

    fn key(&self, address: &Address) -> Result<Option<KeyRow>, Fault> {
        self.chain.key(address)
    }

    fn row(&self, key: &str) -> Result<Option<Row>, Fault> {
        if self.number(key).is_none() {
            return self.chain.row(key);
        }
        let at = self.chain.now();
        let made = TransformationRow { at, by: "yueling".to_owned(), depth: 1, inputs: vec![self.lot.clone()] };
        Ok(Some(Row { key: key.to_owned(), data: made.into(), n: 0, head: Hash::ZERO }))
    }

    fn rows(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<Row>, Fault> {
        self.chain.rows(prefix, after, limit)
    }

    fn onward(&self, from: &str, after: Option<&str>, until: Option<&str>, limit: usize) -> Result<Vec<String>, Fault> {
        if self.number(from).is_some() {
            return Ok(Vec::new());
        }
        if from != self.lot {
            return self.chain.onward(from, after, until, limit);
        }
        let others = self.chain.onward(from, None, until, usize::MAX)?;
        let mut keys: Vec<String> = (0..self.more).map(|number| format!("transformation/crowd/{number:06}")).collect();
        keys.extend(others);
        keys.sort();
        let is_asked = |key: &String| {
            after.is_none_or(|after| key.as_str() > after) && until.is_none_or(|until| key.as_str() < until)
        };
        Ok(keys.into_iter().filter(is_asked).take(limit).collect())
    }

    fn entries(&self, key: &str, after: u64, until: u64) -> Result<Vec<Entry>, Fault> {
        self.chain.entries(key, after, until)
    }

    fn statement(&self, contract: &str, party: &str, number: u64, extent: Extent) -> Result<Option<Bundle>, Fault> {
        self.chain.statement(contract, party, number, extent)
    }

    fn proof(&self, subject: &str) -> Result<Option<Proof>, Fault> {
        self.chain.proof(subject)
    }

    fn block(&self, height: Height) -> Result<Option<BlockFound>, Fault> {
        self.chain.block(height)
    }

    fn status(&self) -> Result<Status, Fault> {
        self.chain.status()
    }

    fn genesis(&self) -> &Genesis {
        self.chain.genesis()
    }

    fn heights(&self) -> watch::Receiver<Height> {
        self.chain.heights()
    }

    fn sign(&self, document: &Value) -> Result<String, Fault> {
        self.chain.sign(document)
    }
}

/// What a trace of the lot shows: how many things, whether there is more, and how many are withheld.
async fn trace(more: usize) -> (usize, bool, u64) {
    let lot = key_of_thing(&Epc::parse(LOT).unwrap());
    let crowd = Arc::new(Crowd { chain: Demo::with_ancestry().chain, lot, more });
    let view = get(crowd, &format!("/v1/trace/{}?direction=forward", encoded(LOT))).await.json();
    let things = view["things"].as_array().unwrap();
    assert_eq!(things[0]["id"], LOT);
    assert!(
        things[1..].iter().all(|thing| thing["kind"] == "transformation" && thing["via"]["from"] == things[0]["row"])
    );
    let withheld = view["withheld"].as_array().into_iter().flatten();
    (things.len(), view["truncated"].as_bool().unwrap(), withheld.map(|some| some["count"].as_u64().unwrap()).sum())
}

#[actix_web::test]
async fn a_trace_that_leads_on_to_very_much_shows_what_it_has_found() {
    // More than is looked at; more than is remembered to be looked at; all but a little of what it was before.
    for more in [TRACE_MAX, 2 * TRACE_MAX + 10, 5 * TRACE_MAX] {
        assert_eq!(trace(more).await, (TRACE_MAX, true, 0), "{more}");
    }
    // Three items came of it, and two of them are in one container.
    assert_eq!(trace(100).await, (102, false, 4));
}
