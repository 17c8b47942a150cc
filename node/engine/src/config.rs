//! What a node chooses about its engine, and what it may not choose.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use hefu_keys::Hash;
use malachite::app::config::{
    ChannelNames, ConsensusConfig, DiscoveryConfig, NodeConfig, P2pConfig, ProtocolNames, PubSubProtocol, ValuePayload,
    ValueSyncConfig,
};
use malachite::app::net::Multiaddr;

use crate::codec::VERSION;
use crate::parts::CHUNK_BYTES;
use crate::wording::Wording;

/// How often nodes tell each other their height. Blocks come on demand, so a node that restarts in a quiet hour learns
/// only from this that it is behind.
const STATUS_INTERVAL: Duration = Duration::from_secs(1);

/// Room for certificates and framing beside the bodies of an answer to a node that catches up.
const ANSWER_BYTES_EXTRA: usize = 2 * 1024 * 1024;

/// Blocks in one answer, if they are small.
const ANSWER_BLOCKS_MAX: usize = 16;

/// Votes and proposals of a later height kept until that height starts: 50 validators, 2 votes, 20 rounds.
const QUEUED_PER_HEIGHT: usize = 2_000;

/// Limit of one message between nodes other than answers: a chunk, or a certificate of all validators.
const MESSAGE_BYTES_MAX: usize = 2 * CHUNK_BYTES;

/// How one node takes part.
#[derive(Clone)]
pub struct EngineConfig {
    /// The chain. Nodes of another chain are refused at the handshake, their signatures mean nothing here.
    pub chain: Hash,
    /// What validators sign.
    pub wording: Wording,
    /// A name for logs and metrics.
    pub moniker: String,
    /// Where to listen, for instance `/ip4/0.0.0.0/tcp/26656` or `/ip4/0.0.0.0/udp/26656/quic-v1`.
    pub listen: Multiaddr,
    /// Nodes to be connected with, always. Messages are not relayed, so validators list every other validator.
    pub peers: Vec<Multiaddr>,
    /// Whether nodes that are not listed may connect. With false the list must name each peer's id
    /// (`…/p2p/12D3Koo…`, see `peer_id`), or its incoming connections are refused.
    pub open: bool,
    /// Directory of the engine's log of this validator's votes: on the same durable disk as the ledger, never deleted
    /// while the key may have voted at an undecided height, never shared.
    pub log: PathBuf,
    /// Largest body of a block. A larger one is never assembled, and answers to nodes that catch up are sized by it,
    /// so it must be the same on all nodes.
    pub body_bytes_max: usize,
}

/// What cannot be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("the listen address {0} has neither tcp nor quic-v1")]
    Transport(Multiaddr),
    #[error("bodies of {found} bytes are too small, the least limit is {least}")]
    BodyLimit { found: usize, least: usize },
}

/// The engine's own settings, as it asks for them.
pub(crate) struct Settings {
    moniker: String,
    consensus: ConsensusConfig,
    sync: ValueSyncConfig,
}

impl EngineConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let transports = ["tcp", "quic", "quic-v1"];
        if !self.listen.protocol_stack().any(|protocol| transports.contains(&protocol)) {
            return Err(ConfigError::Transport(self.listen.clone()));
        }
        if self.body_bytes_max < CHUNK_BYTES {
            return Err(ConfigError::BodyLimit { found: self.body_bytes_max, least: CHUNK_BYTES });
        }
        Ok(())
    }

    /// The file of the log. Its name carries the format, so that another format starts another file.
    pub(crate) fn log_file(&self) -> PathBuf {
        self.log.join(format!("votes-v{VERSION}.wal"))
    }

    /// Bytes of an answer to a node that catches up: at least one body of the largest size must fit, or a node that
    /// lags behind such a block never catches up.
    pub(crate) fn answer_bytes_max(&self) -> usize {
        self.body_bytes_max.saturating_mul(2).saturating_add(ANSWER_BYTES_EXTRA)
    }

    /// Bodies to put into one answer.
    pub(crate) fn answer_bodies_max(&self) -> usize {
        self.body_bytes_max.saturating_mul(2)
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            moniker: self.moniker.clone(),
            consensus: ConsensusConfig {
                enabled: true,
                p2p: self.p2p(),
                value_payload: ValuePayload::ProposalAndParts,
                queue_per_height_capacity: QUEUED_PER_HEIGHT,
                ..ConsensusConfig::default()
            },
            sync: ValueSyncConfig {
                enabled: true,
                status_update_interval: STATUS_INTERVAL,
                max_response_size: size(self.answer_bytes_max()),
                batch_size: ANSWER_BLOCKS_MAX,
                ..ValueSyncConfig::default()
            },
        }
    }

    fn p2p(&self) -> P2pConfig {
        P2pConfig {
            listen_addr: self.listen.clone(),
            persistent_peers: self.peers.clone(),
            persistent_peers_only: !self.open,
            discovery: DiscoveryConfig { enabled: false, ..DiscoveryConfig::default() },
            // Every validator is connected with every other, so nothing needs to be relayed: half the processor time of
            // gossip, and a single validator needs no peers.
            protocol: PubSubProtocol::Broadcast,
            pubsub_max_size: size(MESSAGE_BYTES_MAX),
            rpc_max_size: size(self.answer_bytes_max()),
            protocol_names: self.protocol_names(),
            channel_names: self.channel_names(),
            ..P2pConfig::default()
        }
    }

    /// Nodes with another `consensus` name are disconnected, so two chains never talk.
    fn protocol_names(&self) -> ProtocolNames {
        let chain = self.chain;
        let name = |what: &str| format!("/hefu/{VERSION}/{chain}/{what}");
        ProtocolNames {
            consensus: name("consensus"),
            discovery_kad: name("discovery"),
            discovery_regres: name("peers"),
            sync: name("sync"),
            validator_proof: name("validator-proof"),
        }
    }

    /// The transport accepts names below 64 bytes, too few for the whole chain.
    fn channel_names(&self) -> ChannelNames {
        let chain: String = self.chain.to_string().chars().take(32).collect();
        let name = |what: &str| format!("/hefu/{chain}/{what}");
        ChannelNames {
            consensus: name("consensus"),
            proposal_parts: name("parts"),
            sync: name("sync"),
            liveness: name("liveness"),
        }
    }
}

fn size(bytes: usize) -> ByteSize {
    ByteSize::b(u64::try_from(bytes).unwrap_or(u64::MAX))
}

impl NodeConfig for Settings {
    fn moniker(&self) -> &str {
        &self.moniker
    }

    fn consensus(&self) -> &ConsensusConfig {
        &self.consensus
    }

    fn consensus_mut(&mut self) -> &mut ConsensusConfig {
        &mut self.consensus
    }

    fn value_sync(&self) -> &ValueSyncConfig {
        &self.sync
    }

    fn value_sync_mut(&mut self) -> &mut ValueSyncConfig {
        &mut self.sync
    }
}
