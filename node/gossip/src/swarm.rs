//! The swarm: connections to the listed nodes, and one exchange of messages over them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
    time::Duration,
};

use futures_util::StreamExt;
use libp2p::{
    Multiaddr, PeerId, Swarm, SwarmBuilder,
    allow_block_list::{self, AllowedPeers},
    connection_limits::{self, ConnectionLimits},
    noise,
    request_response::{self, OutboundFailure, OutboundRequestId, ProtocolSupport, ResponseChannel},
    swarm::{
        NetworkBehaviour, SwarmEvent,
        dial_opts::{DialOpts, PeerCondition},
    },
    tcp, yamux,
};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use crate::{
    Event, GossipConfig, SHUNNED_FOR, StartError, keypair,
    message::{Answer, Message},
    wire::{Excess, Name, Wire},
};

/// How often nodes that are not connected are called.
const CALL_EVERY: Duration = Duration::from_millis(500);

/// How long an answer may take: a full batch is verified in far less.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// Messages of one node that may be under way at once; their bytes are held in memory.
const STREAMS_MAX: usize = 8;

/// Both sides may call each other in the same moment.
const CONNECTIONS_PER_PEER_MAX: u32 = 4;

/// Callers that have not proven yet who they are.
const STRANGERS_MAX: u32 = 64;

/// Strangers whose names are remembered, so that each is logged once.
const LOGGED_MAX: usize = 1_000;

const LISTEN_WITHIN: Duration = Duration::from_secs(5);

/// What the node wants.
#[derive(Debug)]
pub(crate) enum Command {
    Send { peer: PeerId, ticket: u64, message: Message },
    Answer { channel: ResponseChannel<Answer>, answer: Answer },
    Shun(PeerId),
}

/// Takes the answer to a message.
#[derive(Debug)]
pub struct Reply {
    channel: ResponseChannel<Answer>,
    commands: mpsc::WeakUnboundedSender<Command>,
}

impl Reply {
    /// Answers. A node that no longer waits is not told.
    pub fn send(self, answer: Answer) {
        let Reply { channel, commands } = self;
        let told = commands.upgrade().is_some_and(|to| to.send(Command::Answer { channel, answer }).is_ok());
        if !told {
            tracing::debug!("the network of records has ended");
        }
    }
}

#[derive(NetworkBehaviour)]
struct Behaviour {
    // First, so that nobody else is asked about a stranger.
    allowed: allow_block_list::Behaviour<AllowedPeers>,
    limits: connection_limits::Behaviour,
    exchange: request_response::Behaviour<Wire>,
}

/// The swarm while it runs.
pub(crate) struct Running {
    swarm: Swarm<Behaviour>,
    peers: BTreeMap<PeerId, Multiaddr>,
    /// Under which names the node knows what was sent.
    tickets: HashMap<OutboundRequestId, u64>,
    shunned: BTreeMap<PeerId, Instant>,
    logged: BTreeSet<PeerId>,
    commands: mpsc::WeakUnboundedSender<Command>,
    tell: mpsc::UnboundedSender<Event>,
}

impl Running {
    pub(crate) async fn start(
        config: &GossipConfig,
        peers: Vec<(PeerId, Multiaddr)>,
        (commands, tell): (mpsc::WeakUnboundedSender<Command>, mpsc::UnboundedSender<Event>),
    ) -> Result<Running, StartError> {
        let mut behaviour = behaviour(config);
        for (peer, _) in &peers {
            behaviour.allowed.allow_peer(*peer);
        }
        let mut swarm = swarm(config, behaviour)?;
        listen(&mut swarm, &config.listen).await?;
        let peers = peers.into_iter().collect();
        Ok(Running {
            swarm,
            peers,
            tickets: HashMap::new(),
            shunned: BTreeMap::new(),
            logged: BTreeSet::new(),
            commands,
            tell,
        })
    }

    /// Runs until nobody holds the network any more.
    pub(crate) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        let mut calls = interval(CALL_EVERY);
        calls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                event = self.swarm.select_next_some() => self.happened(event),
                _ = calls.tick() => self.call(),
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Send { peer, ticket, message } => {
                let request = self.swarm.behaviour_mut().exchange.send_request(&peer, Ok(message));
                self.tickets.insert(request, ticket);
            }
            Command::Answer { channel, answer } => {
                if self.swarm.behaviour_mut().exchange.send_response(channel, answer).is_err() {
                    tracing::debug!("a node no longer waits for the answer");
                }
            }
            Command::Shun(peer) => self.shun(peer),
        }
    }

    /// Ends the connections to a node and takes no others for a while.
    fn shun(&mut self, peer: PeerId) {
        let until = Instant::now().checked_add(SHUNNED_FOR).unwrap_or_else(Instant::now);
        self.shunned.insert(peer, until);
        self.swarm.behaviour_mut().allowed.disallow_peer(peer);
    }

    /// Calls every node that is not connected.
    fn call(&mut self) {
        let now = Instant::now();
        for (peer, address) in &self.peers {
            match self.shunned.get(peer) {
                Some(until) if *until > now => continue,
                Some(_) => {
                    self.shunned.remove(peer);
                    self.swarm.behaviour_mut().allowed.allow_peer(*peer);
                }
                None => {}
            }
            let call = DialOpts::peer_id(*peer).condition(PeerCondition::DisconnectedAndNotDialing);
            // It is refused where the node is connected or called already, and otherwise told as an event.
            if let Err(error) = self.swarm.dial(call.addresses(vec![address.clone()]).build()) {
                tracing::trace!(peer.id = %peer, %error, "not called");
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most that a swarm tells is of no interest here")]
    fn happened(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Exchange(event)) => self.exchanged(event),
            SwarmEvent::ConnectionEstablished { peer_id, num_established, .. } if num_established.get() == 1 => {
                tracing::info!(peer.id = %peer_id, "connected for records");
                self.tell(Event::Joined(peer_id));
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established: 0, .. } => {
                tracing::info!(peer.id = %peer_id, "no longer connected for records");
                self.tell(Event::Left(peer_id));
            }
            SwarmEvent::IncomingConnectionError { peer_id, send_back_addr, error, .. } => {
                self.turned_away(peer_id, &send_back_addr, &error);
            }
            SwarmEvent::OutgoingConnectionError { peer_id, error, .. } => {
                tracing::debug!(peer.id = ?peer_id, %error, "a node cannot be reached");
            }
            SwarmEvent::ListenerError { error, .. } => tracing::warn!(%error, "the listener for records"),
            SwarmEvent::ListenerClosed { reason, .. } => {
                tracing::error!(?reason, "nobody can connect for records any more");
            }
            _ => {}
        }
    }

    fn exchanged(&mut self, event: request_response::Event<Result<Message, Excess>, Answer>) {
        use request_response::{Event as Exchange, Message as Side};
        match event {
            Exchange::Message { peer, message: Side::Request { request, channel, .. }, .. } => match request {
                Ok(message) => {
                    let reply = Reply { channel, commands: self.commands.clone() };
                    self.tell(Event::Asked { peer, message, reply });
                }
                Err(excess) => self.exceeded(peer, &excess),
            },
            Exchange::Message { message: Side::Response { request_id, response }, .. } => {
                self.answered(request_id, Some(response));
            }
            Exchange::OutboundFailure { peer, request_id, error, .. } => {
                if matches!(error, OutboundFailure::UnsupportedProtocols) && self.logs(peer) {
                    tracing::warn!(peer.id = %peer, "a listed node speaks for another chain, or another version");
                }
                tracing::debug!(peer.id = %peer, %error, "no answer");
                if let OutboundFailure::Io(error) = &error
                    && error.kind() == io::ErrorKind::InvalidData
                {
                    self.exceeded(peer, error);
                }
                self.answered(request_id, None);
            }
            Exchange::InboundFailure { peer, error, .. } => {
                tracing::debug!(peer.id = %peer, %error, "a message was not answered");
            }
            Exchange::ResponseSent { .. } => {}
        }
    }

    fn answered(&mut self, request: OutboundRequestId, answer: Option<Answer>) {
        if let Some(ticket) = self.tickets.remove(&request) {
            self.tell(Event::Answered { ticket, answer });
        }
    }

    /// A listed node sent what is too long or asks for too much, which no node does that follows the protocol.
    fn exceeded(&mut self, peer: PeerId, excess: &impl std::fmt::Display) {
        tracing::error!(peer.id = %peer, %excess, "a node sends what no node may send");
        self.shun(peer);
    }

    /// Somebody who is not on the list, or somebody who failed to say who it is.
    fn turned_away(&mut self, peer: Option<PeerId>, from: &Multiaddr, error: &impl std::fmt::Display) {
        match peer {
            Some(peer) if !self.peers.contains_key(&peer) && self.logs(peer) => {
                tracing::warn!(peer.id = %peer, peer.address = %from, "turned away: not on the list");
            }
            Some(_) | None => tracing::debug!(peer.address = %from, %error, "an incoming connection failed"),
        }
    }

    /// Whether something about this node has not been logged yet.
    fn logs(&mut self, peer: PeerId) -> bool {
        if self.logged.len() >= LOGGED_MAX {
            self.logged.pop_first();
        }
        self.logged.insert(peer)
    }

    fn tell(&self, event: Event) {
        if self.tell.send(event).is_err() {
            tracing::debug!("nobody follows the network of records any more");
        }
    }
}

fn behaviour(config: &GossipConfig) -> Behaviour {
    let peers = u32::try_from(config.peers.len()).unwrap_or(u32::MAX);
    let limits = ConnectionLimits::default()
        .with_max_pending_incoming(Some(STRANGERS_MAX))
        .with_max_established(Some(peers.saturating_mul(CONNECTIONS_PER_PEER_MAX)))
        .with_max_established_per_peer(Some(CONNECTIONS_PER_PEER_MAX));
    let exchange = request_response::Config::default()
        .with_request_timeout(ANSWER_WITHIN)
        .with_max_concurrent_streams(STREAMS_MAX);
    let name = Name(format!("/hefu/2/{}/records", config.chain));
    Behaviour {
        allowed: allow_block_list::Behaviour::default(),
        limits: connection_limits::Behaviour::new(limits),
        exchange: request_response::Behaviour::with_codec(Wire, [(name, ProtocolSupport::Full)], exchange),
    }
}

fn swarm(config: &GossipConfig, behaviour: Behaviour) -> Result<Swarm<Behaviour>, StartError> {
    let transport = |reason: &dyn std::fmt::Display| StartError::Transport(reason.to_string());
    Ok(SwarmBuilder::with_existing_identity(keypair(config.seed)?)
        .with_tokio()
        .with_tcp(tcp::Config::new().nodelay(true), noise::Config::new, yamux::Config::default)
        .map_err(|reason| transport(&reason))?
        .with_quic()
        .with_dns()
        .map_err(|reason| transport(&reason))?
        .with_behaviour(|_| behaviour)
        .map_err(|reason| transport(&reason))?
        // Listed nodes stay connected, however little there is to say.
        .with_swarm_config(|swarm| swarm.with_idle_connection_timeout(Duration::MAX))
        .build())
}

/// Listens, and waits until that has worked.
#[expect(clippy::wildcard_enum_match_arm, reason = "most that a swarm tells is of no interest here")]
async fn listen(swarm: &mut Swarm<Behaviour>, address: &Multiaddr) -> Result<(), StartError> {
    let failed = |error: io::Error| StartError::Listen(address.clone(), error);
    swarm.listen_on(address.clone()).map_err(|error| failed(io::Error::other(error)))?;
    let listening = async {
        loop {
            match swarm.select_next_some().await {
                SwarmEvent::NewListenAddr { .. } => return Ok(()),
                SwarmEvent::ListenerClosed { reason: Err(error), .. } | SwarmEvent::ListenerError { error, .. } => {
                    return Err(error);
                }
                _ => {}
            }
        }
    };
    let late = || Err(io::Error::from(io::ErrorKind::TimedOut));
    timeout(LISTEN_WITHIN, listening).await.unwrap_or_else(|_| late()).map_err(failed)
}
