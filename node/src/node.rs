//! A running validator: store, core, consensus engine and ledger put together.

#[cfg(test)]
mod tests;
mod voice;

use std::{fmt, path::PathBuf, sync::Arc};

use anyhow::Context;
use hefu_contracts::{block::BODY_BYTES_MAX, genesis::Genesis, state::Fault};
use hefu_engine::{Engine, EngineConfig, Guard, Multiaddr, StartError, Stopped, Wake};
use hefu_keys::{Address, SecretKey};
use tokio::task::{self, JoinSet};

use crate::{
    config::Records,
    consensus::{Participant, WORDING},
    core::Core,
    gossip::Passing,
    ledger::{Ended, NodeLedger, now},
    metrics::Meter,
    pulse,
    snapshots::{self, Begun, Shelf, Snapshots},
    space::{self, Gauge, Room, look},
    store::open_or_create,
};

pub use voice::{GuardWish, Standing, Voice};

/// Directory of the engine's log of votes within the data directory.
const VOTES: &str = "votes";

/// Directory of the guard within the data directory.
pub(crate) const GUARD: &str = "guard";

/// What a node is started with.
pub struct NodeConfig {
    /// Directory of the store, the height watermark, the guard and the engine's log of votes. It belongs to the
    /// validator's key.
    pub data: PathBuf,
    /// The chain.
    pub genesis: Genesis,
    /// Signs votes and receipts. Never used by two processes at once.
    pub validator: SecretKey,
    /// What is to be done about the guard, without which the node does not vote.
    pub guard: GuardWish,
    /// The node's name on the network, another key than the validator's; see [`hefu_engine::peer_id`].
    pub node: SecretKey,
    /// Where other validators connect, such as `/ip4/127.0.0.1/tcp/26656`.
    pub listen: Multiaddr,
    /// The other validators, each with its peer id (`…/p2p/12D3Koo…`).
    pub peers: Vec<Multiaddr>,
    /// Where records are passed on. A validator without others needs none.
    pub records: Option<Records>,
    /// Handing the state over to nodes that have none, and taking it from others.
    pub snapshots: Snapshots,
    /// Whether nodes that are not listed may connect, to follow.
    pub open: bool,
    /// Tells how much of the disk is free.
    pub disk: Arc<dyn Gauge>,
    /// A name for logs and metrics.
    pub moniker: String,
}

/// A running node. Dropping it stops the engine without waiting.
pub struct Node {
    ledger: NodeLedger,
    engine: Option<Engine>,
    seat: Seat,
    voice: Voice,
    passing: Option<Passing>,
    /// Looks at the disk, until it is dropped.
    _looking: JoinSet<()>,
    /// Takes snapshots. It holds the ledger, so a shutdown waits for its end.
    keeping: JoinSet<()>,
}

/// With what the engine is started.
struct Seat {
    config: EngineConfig,
    validator: SecretKey,
    node_seed: [u8; 32],
    wake: Wake,
}

/// What a running node has to see to.
enum Turn {
    /// It has ended.
    Ends(StopReason),
    /// It may vote again, unless the storage failed.
    Votes(Result<(), Fault>),
    /// The disk is full, or no longer.
    Room,
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
    /// The engine could not write or read its log of votes: somebody must look at the disk before the next start.
    Unsafe(String),
}

impl Seat {
    /// Starts the engine, to vote where there is a guard, else to follow.
    async fn start(&self, guard: Option<&Guard>, ledger: &NodeLedger) -> anyhow::Result<Engine> {
        let key = SecretKey::from_seed(*self.validator.expose_seed());
        let signer = guard.map(|guard| (key, guard.clone()));
        let participant = Participant::new(ledger.desk().clone());
        let engine = Engine::start(self.config.clone(), signer, self.node_seed, self.wake.clone(), participant).await;
        engine.context("starting the consensus engine")
    }
}

/// Opens the store and looks for the guard.
fn open(
    data: &std::path::Path,
    genesis: Genesis,
    begun: Begun,
    (me, wish): (Address, GuardWish),
) -> anyhow::Result<(Core, Voice)> {
    let (store, is_made) = open_or_create(data, &genesis)?;
    // Where others have handed the store over, the key may have voted for it.
    let is_new = is_made && begun == Begun::AsItWas;
    let core = Core::open(store, &Arc::new(genesis), me)?;
    let voice = Voice::find(&data.join(GUARD), wish, (&core, is_new, me), now())?;
    Ok((core, voice))
}

impl Node {
    /// Opens the store, or creates it where there is none, and starts to take part in consensus.
    ///
    /// # Errors
    /// A store that cannot be used (its message says why and what to do), a port that is taken, or an engine that does
    /// not start.
    pub async fn start(config: NodeConfig) -> anyhow::Result<Node> {
        let NodeConfig { data, genesis, validator, guard, node, listen, peers, records, open: is_open, .. } = config;
        let (snapshots, disk, moniker) = (config.snapshots, config.disk, config.moniker);
        let chain = genesis.chain();
        let config = EngineConfig {
            chain,
            wording: WORDING,
            moniker,
            listen,
            peers,
            open: is_open,
            log: data.join(VOTES),
            body_bytes_max: BODY_BYTES_MAX,
        };
        let me = validator.address();
        let begun = snapshots::begin(&data, &genesis, *node.expose_seed(), (records.as_ref(), snapshots)).await?;
        let shelf = Shelf::open(&data, snapshots.every);
        let opened = task::spawn_blocking(move || open(&data, genesis, begun, (me, guard)));
        let (core, voice) = opened.await.context("opening the store")??;
        let wake = Wake::new();
        // One secret in two hands: the engine signs votes, the ledger receipts.
        let receipts = SecretKey::from_seed(*validator.expose_seed());
        let ledger = NodeLedger::new(core, receipts, wake.clone()).with_shelf(shelf);
        ledger.desk().set_voice(voice.spoken());
        // What was there before this start may be old; a start brings a block at once where all is well.
        let last = *ledger.desk().heights().borrow();
        // Where there is none yet, nothing is known of the chain since its genesis.
        let made = ledger.desk().time_of(last)?.unwrap_or(ledger.desk().genesis().time);
        ledger.desk().pulse().beat(made, now());
        ledger.desk().spaces().send_replace(look(&*disk, Room::Ample));
        let seat = Seat { config, validator, node_seed: *node.expose_seed(), wake };
        if records.is_none() && ledger.desk().genesis().members.0.len() > 1 {
            tracing::warn!(
                "[records] is missing in the configuration: what is handed in here is proposed by nobody else"
            );
        }
        let passing = match records {
            Some(records) => {
                let passing = Passing::start(records, (chain, seat.node_seed), ledger.desk().clone()).await;
                Some(passing.context("starting to pass records on")?)
            }
            None => None,
        };
        // Without room the node begins as it goes on without: it serves what it has.
        let engine = match ledger.desk().space().room {
            Room::Spent => None,
            Room::Scarce | Room::Ample => Some(seat.start(voice.guard(), &ledger).await?),
        };
        let (mut looking, mut keeping) = (JoinSet::new(), JoinSet::new());
        looking.spawn(space::watch(disk, ledger.desk().spaces().clone()));
        looking.spawn(pulse::watch(Arc::downgrade(ledger.desk())));
        keeping.spawn(snapshots::keep(ledger.desk().clone()));
        Ok(Node { ledger, engine, seat, voice, passing, _looking: looking, keeping })
    }

    /// What servers see.
    pub fn ledger(&self) -> Arc<NodeLedger> {
        Arc::new(self.ledger.clone())
    }

    /// What whoever watches the node reads.
    pub fn meter(&self) -> Meter {
        Meter(self.ledger())
    }

    /// Resolves when the node has ended, whatever the reason. A process without a running node is of no use.
    pub async fn stopped(&mut self) -> StopReason {
        let desk = self.ledger.desk().clone();
        let (mut ended, mut space) = (desk.ended(), desk.spaces().subscribe());
        let reason = loop {
            let runs = self.engine.is_some();
            // What comes is told first and handled after: nothing that is awaited here may be held meanwhile.
            let turn = tokio::select! {
                stopped = engine_stopped(self.engine.as_ref()) => Turn::Ends(reason(&stopped)),
                ended = ended.wait_for(Option::is_some) => Turn::Ends(match ended.ok().and_then(|ended| ended.clone()) {
                    Some(Ended::Fault(words)) => StopReason::Fault(words),
                    Some(Ended::Stopped) | None => StopReason::Shutdown,
                }),
                back = self.voice.comes_back(&desk) => Turn::Votes(back),
                _ = space.wait_for(|space| (space.room == Room::Spent) == runs) => Turn::Room,
            };
            let stopped = match turn {
                Turn::Ends(stopped) => Some(stopped),
                Turn::Votes(back) => self.vote_again(back).await.err(),
                Turn::Room => self.begin_anew().await.err(),
            };
            if let Some(stopped) = stopped {
                break stopped;
            }
        };
        desk.stop();
        reason
    }

    /// Starts the engine anew, this time to vote.
    async fn vote_again(&mut self, back: Result<(), Fault>) -> Result<(), StopReason> {
        if let Err(fault) = back {
            self.ledger.desk().fail(&fault);
            return Err(StopReason::Fault(fault.to_string()));
        }
        self.begin_anew().await
    }

    /// Stops the engine, and starts it again where there is room on the disk.
    async fn begin_anew(&mut self) -> Result<(), StopReason> {
        if let Some(engine) = self.engine.take() {
            // What it ended with by itself meanwhile is not forgotten: after some of it nobody may start it again.
            match engine.shutdown().await {
                Stopped::Shutdown => {}
                stopped @ (Stopped::Fault(_) | Stopped::Panicked | Stopped::Failed | Stopped::Unsafe) => {
                    return Err(reason(&stopped));
                }
            }
        }
        if self.ledger.desk().space().room > Room::Spent {
            let started = self.seat.start(self.voice.guard(), &self.ledger).await;
            self.engine = Some(started.map_err(|error| not_started(&error))?);
        }
        self.ledger.desk().set_voice(self.voice.spoken());
        Ok(())
    }

    /// Stops the node: afterwards its port is free, and its store is closed as soon as nobody holds the ledger.
    pub async fn shutdown(mut self) -> StopReason {
        if let Some(passing) = self.passing {
            passing.stop().await;
        }
        let stopped = match self.engine {
            Some(engine) => engine.shutdown().await,
            None => Stopped::Shutdown,
        };
        self.ledger.desk().stop();
        while self.keeping.join_next().await.is_some() {}
        reason(&stopped)
    }
}

/// Resolves when the engine has ended; one that does not run never does.
async fn engine_stopped(engine: Option<&Engine>) -> Stopped {
    match engine {
        Some(engine) => engine.stopped().await,
        None => std::future::pending().await,
    }
}

/// Why a node ends whose engine did not start again.
fn not_started(error: &anyhow::Error) -> StopReason {
    let words = format!("{error:#}");
    if error.downcast_ref::<StartError>().is_some_and(StartError::is_damage) {
        StopReason::Unsafe(words)
    } else {
        StopReason::Engine(words)
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
