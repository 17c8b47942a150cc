//! Starting and stopping.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use hefu_keys::SecretKey;
use malachite::app::engine::consensus::Msg as CoreMsg;
use malachite::app::engine::network::NetworkMsg as NetworkActorMsg;
use malachite::app::types::Keypair;
use malachite::app::types::codec::Codec as _;
use malachite::app::wal::Log;
use malachite::{
    ConsensusContext, EngineHandle, NetworkContext, NetworkIdentity, RequestContext, SyncContext, WalContext,
    start_engine,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::application::{Application, Fault};
use crate::codec::Codec;
use crate::config::{ConfigError, EngineConfig};
use crate::context::{Hefu, Voter};
use crate::glue::{self, Ended, Wiring};
use crate::guard::Guard;
use crate::logbook::NOBODY;
use crate::sightings::SIGHTINGS_MAX;
use crate::signing::{Judge, Signatory, Texts};
use crate::wake::Wake;

/// How long a stopping engine may take to close its connections and its log.
const STOP_MAX: Duration = Duration::from_secs(10);

/// How long an engine that fell silent is given to end. One that does not end has stopped for safety.
const SILENCE_MAX: Duration = Duration::from_secs(3);

const POLL: Duration = Duration::from_millis(10);

/// What a system says of a disk that cannot be read or written, EIO; the standard library has no name for it.
const DISK_ERROR: i32 = 5;

/// Requests that may wait for the engine.
const REQUESTS_MAX: usize = 100;

/// A running engine. Dropping it stops the engine without waiting.
pub struct Engine {
    stop: watch::Sender<bool>,
    stopped: watch::Receiver<Option<Stopped>>,
}

/// Why an engine has ended. Only the first is what somebody wanted; after any other the process must exit. Whoever
/// learns it logs it.
#[derive(Clone, Debug)]
pub enum Stopped {
    /// `Engine::shutdown` was called, or the engine was dropped.
    Shutdown,
    /// The application reported a fault of this machine.
    Fault(Fault),
    /// The application panicked.
    Panicked,
    /// A part of the engine failed in a way that a restart can cure.
    Failed,
    /// The engine could not write its log of votes, or could not read what stands in it. Starting again by itself might
    /// contradict a vote already sent: somebody must look at the disk first.
    Unsafe,
}

/// Why an engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("the engine's log cannot be used: {0}")]
    Log(#[source] io::Error),
    /// No start changes that: somebody must put the log aside, and keep the guard, which then stands in for it.
    #[error("the engine's log of votes in {path} is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    #[error("the node's key is not usable: {0}")]
    NodeKey(String),
    #[error("the engine's thread cannot be started: {0}")]
    Thread(#[source] io::Error),
    #[error("the engine does not start: {0:#}")]
    Engine(eyre::Report),
}

impl StartError {
    /// Whether the engine's log is damaged, so that every further start would fail as well.
    pub fn is_damage(&self) -> bool {
        matches!(self, StartError::Damaged { .. })
    }
}

impl Engine {
    /// Starts the engine of one node, inside a tokio runtime.
    ///
    /// With `signer`, a key and its guard, the node votes at every height whose members include that key; two processes
    /// must never run with the same one. Without, it follows. `node_seed` is the Ed25519 seed of its name on the network (see
    /// [`peer_id`]), another key than the validator's. `wake` is what the node calls when something waits.
    ///
    /// # Errors
    /// A configuration that cannot work, or resources that are not to be had. Nothing is left running then.
    pub async fn start<A: Application>(
        config: EngineConfig,
        signer: Option<(SecretKey, Guard)>,
        node_seed: [u8; 32],
        wake: Wake,
        application: A,
    ) -> Result<Engine, StartError> {
        config.check()?;
        fs::create_dir_all(&config.log).map_err(StartError::Log)?;
        let texts = Texts { chain: config.chain, wording: config.wording };
        let judge = Judge { texts };
        let log = open_log(&config.log_file())?;
        // A start within the same process is one like any other: the log may have lost its end meanwhile.
        let signer = signer.map(|(key, guard)| (key, guard.begin()));
        let guard = signer.as_ref().map(|(_, guard)| guard.clone());
        let signatory = signer.map(|(key, guard)| Signatory::new(key, texts, guard).after(log));
        let me = signatory.as_ref().map_or(NOBODY, Signatory::address);
        let (reports, sightings) = mpsc::channel(SIGHTINGS_MAX);
        let codec = Codec::of_network(reports, application.ahead());
        let identity = identity(&config, signatory.as_ref(), node_seed, &codec)?;
        let (channels, handle) = start_engine(
            Hefu,
            config.settings(),
            WalContext::new(config.log_file(), Codec::of_log(guard)),
            NetworkContext::new(identity, codec.clone()),
            member(signatory.as_ref(), judge),
            SyncContext::new(codec),
            RequestContext::new(REQUESTS_MAX),
        )
        .await
        .map_err(StartError::Engine)?;
        // The log's name must be durable before the first vote in it is.
        sync_directory(&config.log).map_err(StartError::Log)?;
        tracing::info!(node.moniker = config.moniker, validator.address = %me, listen = %config.listen, "engine started");

        let (stop, stop_asked) = watch::channel(false);
        let wiring = Wiring {
            channels,
            sightings,
            wake,
            stop: stop_asked,
            judge,
            signatory,
            me,
            body_bytes_max: config.body_bytes_max,
            answer_bodies_max: config.answer_bodies_max(),
        };
        let ended = spawn_glue(application, wiring).map_err(StartError::Thread)?;
        let (tell, stopped) = watch::channel(None);
        tokio::spawn(async move {
            let outcome = settle(ended, handle).await;
            until_unlocked(&config.log_file()).await;
            tell.send_replace(Some(outcome));
        });
        Ok(Engine { stop, stopped })
    }

    /// Resolves when the engine has ended, whatever the reason. A process without a running engine is of no use.
    pub async fn stopped(&self) -> Stopped {
        let mut stopped = self.stopped.clone();
        let outcome = stopped.wait_for(Option::is_some).await;
        outcome.ok().and_then(|outcome| outcome.clone()).unwrap_or(Stopped::Panicked)
    }

    /// Stops the engine. Afterwards its port is free, its log is closed and the application has been dropped.
    pub async fn shutdown(self) -> Stopped {
        self.stop.send_replace(true);
        self.stopped().await
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stopped::Shutdown => f.write_str("the engine was shut down"),
            Stopped::Fault(fault) => write!(f, "the engine was stopped by a fault: {fault}"),
            Stopped::Panicked => f.write_str("the engine was stopped by a panic of the application"),
            Stopped::Failed => f.write_str("a part of the engine failed"),
            Stopped::Unsafe => f.write_str(
                "the engine could not write or read its log of votes; look at the disk before starting again",
            ),
        }
    }
}

/// The name on the network that belongs to a node's seed, as it stands at the end of an address (`…/p2p/12D3Koo…`).
///
/// # Errors
/// Never for a seed of 32 bytes, unless the network library changes its mind.
pub fn peer_id(node_seed: [u8; 32]) -> Result<String, StartError> {
    Ok(keypair(node_seed)?.public().to_peer_id().to_string())
}

/// The engine's gauges and counters of all engines in this process, in the text format of Prometheus.
pub fn metrics() -> String {
    let mut text = String::new();
    malachite::app::metrics::export(&mut text);
    text
}

fn keypair(mut node_seed: [u8; 32]) -> Result<Keypair, StartError> {
    Keypair::ed25519_from_bytes(&mut node_seed).map_err(|reason| StartError::NodeKey(reason.to_string()))
}

fn identity(
    config: &EngineConfig,
    signatory: Option<&Signatory>,
    node_seed: [u8; 32],
    codec: &Codec,
) -> Result<NetworkIdentity, StartError> {
    let keypair = keypair(node_seed)?;
    let moniker = config.moniker.clone();
    let Some(signatory) = signatory else {
        return Ok(NetworkIdentity::new(moniker, keypair, None));
    };
    let proof = signatory.prove(keypair.public().to_peer_id().to_bytes());
    let proof = codec.encode(&proof).map_err(|reason| StartError::Engine(reason.into()))?;
    let address = signatory.address().to_string();
    Ok(NetworkIdentity::new_validator(moniker, keypair, address, proof))
}

fn member(signatory: Option<&Signatory>, judge: Judge) -> ConsensusContext<Hefu> {
    match signatory {
        Some(signatory) => {
            ConsensusContext::new_validator(Voter(signatory.address()), Box::new(judge), Box::new(signatory.clone()))
        }
        None => ConsensusContext::new_full_node(Voter(NOBODY), Box::new(judge)),
    }
}

type Outcome = Result<Ended, Fault>;

/// Runs the loop on a thread of its own with a clock of its own: the application's functions block.
fn spawn_glue<A: Application>(application: A, wiring: Wiring) -> Result<oneshot::Receiver<Outcome>, io::Error> {
    let (tell, ended) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    thread::Builder::new().name("hefu-consensus".into()).spawn(move || {
        let outcome = runtime.block_on(glue::run(application, wiring));
        if tell.send(outcome).is_err() {
            tracing::debug!("nobody waits for the end of the consensus loop");
        }
    })?;
    Ok(ended)
}

/// Waits for the end of the loop, ends the rest of the engine, and names the reason.
async fn settle(ended: oneshot::Receiver<Outcome>, mut handle: EngineHandle) -> Stopped {
    // A loop that ends without a word has panicked; its sender is dropped with its stack.
    let outcome = ended.await;
    if let Ok(Ok(Ended::Silent)) = outcome {
        // The engine ends its node when a part fails, but lets it live on, silent, when it stopped for safety.
        let ended = timeout(SILENCE_MAX, &mut handle.handle).await.is_ok();
        return if ended { Stopped::Failed } else { Stopped::Unsafe };
    }
    let core_ended = close(&mut handle).await;
    match outcome {
        // Whoever has asked for the end may want to start another engine in this process.
        Ok(Ok(Ended::Stopped | Ended::Silent)) if !core_ended => Stopped::Unsafe,
        Ok(Ok(Ended::Stopped | Ended::Silent)) => Stopped::Shutdown,
        Ok(Err(fault)) => Stopped::Fault(fault),
        Err(_) => Stopped::Panicked,
    }
}

/// Stops the engine's actors, the network first: only a network that is asked to stop releases its port. Answers whether
/// the core ended in time. One whose log fails stands still for ever; of one that still waits for its disk nobody knows.
async fn close(handle: &mut EngineHandle) -> bool {
    let children = handle.actor.get_children();
    for network in children.iter().filter(|child| child.is_message_type_of::<NetworkActorMsg<Hefu>>() == Some(true)) {
        // Else its supervisor would take the end of the network for a failure and say so.
        network.unlink(handle.actor.get_cell());
        let closed = network.stop_and_wait(None, Some(STOP_MAX)).await;
        if closed.is_err() {
            tracing::warn!("the network did not close in time");
        }
    }
    let mut core_ended = true;
    for core in children.iter().filter(|child| child.is_message_type_of::<CoreMsg<Hefu>>() == Some(true)) {
        core.unlink(handle.actor.get_cell());
        core.stop(None);
        if core.wait(Some(STOP_MAX)).await.is_err() {
            core_ended = false;
            core.kill();
        }
    }
    handle.actor.stop(None);
    if timeout(STOP_MAX, &mut handle.handle).await.is_err() {
        tracing::warn!("the engine did not end in time");
    }
    core_ended
}

/// Waits until the engine's thread has let go of its log, so that whoever comes next can open it.
async fn until_unlocked(log: &Path) {
    let deadline = Instant::now().checked_add(STOP_MAX);
    while deadline.is_some_and(|deadline| Instant::now() < deadline) {
        match File::open(log).map(|file| file.try_lock()) {
            Ok(Err(TryLockError::WouldBlock)) => sleep(POLL).await,
            Ok(Ok(()) | Err(TryLockError::Error(_))) | Err(_) => return,
        }
    }
    tracing::warn!("the engine's log is still open");
}

/// Opens the engine's log, for syncing it, and finds out whether the engine will be able to read it.
fn open_log(path: &Path) -> Result<File, StartError> {
    match Log::open(path) {
        Err(source) if is_damage(&source) => return Err(StartError::Damaged { path: path.to_owned(), source }),
        // Whatever else keeps the engine from opening it, another process above all, it will say itself.
        Ok(_) | Err(_) => {}
    }
    File::open(path).map_err(StartError::Log)
}

/// Whether a log is no log, or a disk does not give it out. Anything else may be over at the next start.
fn is_damage(error: &io::Error) -> bool {
    let kind = error.kind();
    kind == io::ErrorKind::InvalidData
        || kind == io::ErrorKind::UnexpectedEof
        || error.raw_os_error() == Some(DISK_ERROR)
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests;
