//! A running validator: store, core, consensus engine and ledger put together.

#[cfg(test)]
mod tests;

use std::{fmt, path::PathBuf, sync::Arc};

use anyhow::Context;
use hefu_contracts::{block::BODY_BYTES_MAX, genesis::Genesis};
use hefu_engine::{Engine, EngineConfig, Multiaddr, Stopped, Wake};
use hefu_keys::SecretKey;
use tokio::task;

use crate::{
    consensus::{Participant, WORDING},
    core::Core,
    ledger::{Ended, NodeLedger},
    store::open_or_create,
};

/// Directory of the engine's log of votes within the data directory.
const VOTES: &str = "votes";

/// What a node is started with.
pub struct NodeConfig {
    /// Directory of the store, the height watermark and the engine's log of votes. It belongs to the validator's key.
    pub data: PathBuf,
    /// The chain.
    pub genesis: Genesis,
    /// Signs votes and receipts. Never used by two processes at once.
    pub validator: SecretKey,
    /// The node's name on the network, another key than the validator's; see [`hefu_engine::peer_id`].
    pub node: SecretKey,
    /// Where other validators connect, such as `/ip4/127.0.0.1/tcp/26656`.
    pub listen: Multiaddr,
    /// The other validators, each with its peer id (`…/p2p/12D3Koo…`).
    pub peers: Vec<Multiaddr>,
    /// Whether nodes that are not listed may connect, to follow.
    pub open: bool,
    /// A name for logs and metrics.
    pub moniker: String,
}

/// A running node. Dropping it stops the engine without waiting.
pub struct Node {
    ledger: NodeLedger,
    engine: Engine,
}

/// Why a node has ended.
#[derive(Clone, Debug)]
pub enum StopReason {
    /// [`Node::shutdown`] was called.
    Shutdown,
    /// This machine failed: its storage, or an invariant of our own. The process must exit.
    Fault(String),
    /// The consensus engine ended by itself. A restart may cure it.
    Engine(String),
    /// The engine could not write its log of votes: somebody must look at the disk before the next start.
    Unsafe(String),
}

impl Node {
    /// Opens the store, or creates it where there is none, and starts to take part in consensus.
    ///
    /// # Errors
    /// A store that cannot be used (its message says why and what to do), or an engine that does not start.
    pub async fn start(config: NodeConfig) -> anyhow::Result<Node> {
        let NodeConfig { data, genesis, validator, node, listen, peers, open, moniker } = config;
        let engine = EngineConfig {
            chain: genesis.chain(),
            wording: WORDING,
            moniker,
            listen,
            peers,
            open,
            log: data.join(VOTES),
            body_bytes_max: BODY_BYTES_MAX,
        };
        let address = validator.address();
        let opened = task::spawn_blocking(move || -> anyhow::Result<Core> {
            let store = open_or_create(&data, &genesis)?;
            Ok(Core::open(store, &Arc::new(genesis), address)?)
        });
        let core = opened.await.context("opening the store")??;
        let wake = Wake::new();
        // One secret in two hands: the engine signs votes, the ledger receipts.
        let votes = SecretKey::from_seed(*validator.expose_seed());
        let ledger = NodeLedger::new(core, validator, wake.clone());
        let participant = Participant(ledger.desk().clone());
        let seed = *node.expose_seed();
        let engine = Engine::start(engine, Some(votes), seed, wake, participant)
            .await
            .context("starting the consensus engine")?;
        Ok(Node { ledger, engine })
    }

    /// What servers see.
    pub fn ledger(&self) -> Arc<NodeLedger> {
        Arc::new(self.ledger.clone())
    }

    /// Resolves when the node has ended, whatever the reason. A process without a running node is of no use.
    pub async fn stopped(&mut self) -> StopReason {
        let mut ended = self.ledger.desk().ended();
        let reason = tokio::select! {
            stopped = self.engine.stopped() => reason(&stopped),
            fault = ended.wait_for(Option::is_some) => match fault.ok().and_then(|ended| ended.clone()) {
                Some(Ended::Fault(words)) => StopReason::Fault(words),
                Some(Ended::Stopped) | None => StopReason::Shutdown,
            },
        };
        self.ledger.desk().stop();
        reason
    }

    /// Stops the node: afterwards its port is free, and its store is closed as soon as nobody holds the ledger.
    pub async fn shutdown(self) -> StopReason {
        let stopped = self.engine.shutdown().await;
        self.ledger.desk().stop();
        reason(&stopped)
    }
}

fn reason(stopped: &Stopped) -> StopReason {
    let words = stopped.to_string();
    match stopped {
        Stopped::Shutdown => StopReason::Shutdown,
        Stopped::Fault(_) => StopReason::Fault(words),
        Stopped::Panicked | Stopped::Failed => StopReason::Engine(words),
        Stopped::Unsafe => StopReason::Unsafe(words),
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StopReason::Shutdown => f.write_str("the node was shut down"),
            StopReason::Fault(why) | StopReason::Engine(why) | StopReason::Unsafe(why) => f.write_str(why),
        }
    }
}
