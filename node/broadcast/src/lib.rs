//! Messages to all connected nodes that want to hear of their topic, in place of `libp2p-scatter` 0.3, which the consensus
//! engine asks for.
//!
//! That one tells a node what it wants to hear on the first of their connections only. After a cut, one side may have closed
//! a connection that the other still holds: what is opened then is the first for the one and the second for the other,
//! which is never told anything and says nothing any more. Here every connection begins with what is wanted, and a message
//! takes the newest, since of several the oldest is the likeliest to be dead.
//!
//! What is on the wire is the same ([`packet`]).

mod figures;
mod packet;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    task::{Context, Poll},
};

use bytes::Bytes;
use libp2p::{
    Multiaddr, PeerId,
    core::{Endpoint, transport::PortUse},
    swarm::{
        CloseConnection, ConnectionDenied, ConnectionHandler, ConnectionId, FromSwarm, NetworkBehaviour, NotifyHandler,
        OneShotHandler, SubstreamProtocol, ToSwarm,
    },
};
use prometheus_client::registry::Registry;

use figures::Figures;
use packet::{Outgoing, Packet};

pub use packet::Topic;

/// Bytes that may wait for one connection. A node that reads more slowly than others speak would otherwise fill the memory of all of
/// them; its connection is closed, and it catches up by asking for what was decided.
const UNSENT_BYTES_MAX: usize = 32 << 20;

/// What a waiting message takes beside its bytes, so that small ones count too.
const MESSAGE_BYTES: usize = 256;

/// Limits.
#[derive(Clone, Debug)]
pub struct Config {
    /// Most bytes of a message with its topic; longer ones are not read.
    pub max_buf_size: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config { max_buf_size: 4 << 20 }
    }
}

/// What is told of other nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A node wants to hear of a topic. Told again with each of its connections.
    Subscribed(PeerId, Topic),
    /// A node no longer wants to.
    Unsubscribed(PeerId, Topic),
    /// A node has sent something.
    Received(PeerId, Topic, Bytes),
}

/// What a connection tells.
#[derive(Debug)]
pub enum Happened {
    /// Something came.
    Came(Packet),
    /// A message of so many bytes was sent.
    Sent(usize),
}

impl From<Packet> for Happened {
    fn from(packet: Packet) -> Happened {
        Happened::Came(packet)
    }
}

impl From<usize> for Happened {
    fn from(bytes: usize) -> Happened {
        Happened::Sent(bytes)
    }
}

/// A connected node.
#[derive(Debug, Default)]
struct Peer {
    /// Its connections, the newest last.
    connections: Vec<Line>,
    /// What it wants to hear.
    topics: BTreeSet<Topic>,
}

/// A connection.
#[derive(Debug)]
struct Line {
    id: ConnectionId,
    /// What was handed to it and has not been sent.
    unsent: usize,
    /// It is being closed: nothing more is handed to it.
    closing: bool,
}

/// Knows who wants to hear what.
#[derive(Default)]
pub struct Behaviour {
    config: Config,
    wanted: BTreeSet<Topic>,
    peers: BTreeMap<PeerId, Peer>,
    due: VecDeque<ToSwarm<Event, Outgoing>>,
    figures: Option<Figures>,
}

impl Behaviour {
    /// Wants to hear nothing yet.
    pub fn new(config: Config) -> Behaviour {
        Behaviour { config, ..Behaviour::default() }
    }

    /// As [`Behaviour::new`], with figures.
    pub fn new_with_metrics(config: Config, registry: &mut Registry) -> Behaviour {
        Behaviour { figures: Some(Figures::register(registry)), ..Behaviour::new(config) }
    }

    /// What this node wants to hear.
    pub fn subscribed(&self) -> impl Iterator<Item = &Topic> + '_ {
        self.wanted.iter()
    }

    /// From now on this node wants to hear of a topic; all are told, again where they were before.
    pub fn subscribe(&mut self, topic: Topic) {
        self.wanted.insert(topic);
        self.tell_all(&Packet::Subscribe(topic));
    }

    /// From now on it does not.
    pub fn unsubscribe(&mut self, topic: &Topic) {
        self.wanted.remove(topic);
        self.tell_all(&Packet::Unsubscribe(*topic));
    }

    /// Sends something to all who want to hear of its topic.
    pub fn broadcast(&mut self, topic: &Topic, contents: Bytes) {
        let bytes = contents.len();
        // Written once, however many it is sent to.
        let message = Packet::Broadcast(*topic, contents).write();
        let hearers = self.peers.iter_mut().filter(|(_, peer)| peer.topics.contains(topic));
        let mut sent = 0_usize;
        for (name, peer) in hearers {
            if peer.send(*name, &message, &mut self.due) {
                sent = sent.saturating_add(1);
            }
        }
        if let Some(figures) = &self.figures {
            figures.sent(topic, sent, bytes);
        }
    }

    fn tell_all(&mut self, packet: &Packet) {
        let message = packet.write();
        for (name, peer) in &mut self.peers {
            peer.send(*name, &message, &mut self.due);
        }
    }

    fn opened(&mut self, peer: PeerId, connection: ConnectionId) {
        let known = self.peers.entry(peer).or_default();
        known.connections.push(Line { id: connection, unsent: 0, closing: false });
        for topic in &self.wanted {
            known.send(peer, &Packet::Subscribe(*topic).write(), &mut self.due);
        }
    }

    /// A message has left.
    fn sent(&mut self, peer: PeerId, connection: ConnectionId, bytes: usize) {
        let lines = self.peers.get_mut(&peer).into_iter().flat_map(|peer| &mut peer.connections);
        for line in lines.filter(|line| line.id == connection) {
            line.unsent = line.unsent.saturating_sub(weight(bytes));
        }
    }

    fn closed(&mut self, peer: PeerId, connection: ConnectionId) {
        let Some(known) = self.peers.get_mut(&peer) else { return };
        known.connections.retain(|line| line.id != connection);
        if known.connections.is_empty()
            && let Some(Peer { topics, .. }) = self.peers.remove(&peer)
        {
            topics.iter().for_each(|topic| self.count_hearers(topic));
        }
    }

    /// What a packet tells; nothing where it is about what this node does not want to hear of. Nobody else can make it remember
    /// names of topics, of which there is no end.
    fn came(&mut self, peer: PeerId, packet: Packet) -> Option<Event> {
        if !self.wanted.contains(packet.topic()) {
            tracing::debug!(peer.id = %peer, topic = ?packet.topic(), "a node speaks of what nobody here wants to hear");
            return None;
        }
        Some(match packet {
            Packet::Subscribe(topic) => {
                self.peers.entry(peer).or_default().topics.insert(topic);
                self.count_hearers(&topic);
                Event::Subscribed(peer, topic)
            }
            Packet::Unsubscribe(topic) => {
                self.peers.entry(peer).or_default().topics.remove(&topic);
                self.count_hearers(&topic);
                Event::Unsubscribed(peer, topic)
            }
            Packet::Broadcast(topic, contents) => {
                if let Some(figures) = &self.figures {
                    figures.received(&topic, contents.len());
                }
                Event::Received(peer, topic, contents)
            }
        })
    }

    fn count_hearers(&self, topic: &Topic) {
        if let Some(figures) = &self.figures {
            figures.hearers(topic, self.peers.values().filter(|peer| peer.topics.contains(topic)).count());
        }
    }

    fn handler(&self) -> Handler {
        OneShotHandler::new(SubstreamProtocol::new(self.config.clone(), ()), Default::default())
    }
}

type Handler = OneShotHandler<Config, Outgoing, Happened>;

/// What a message of so many bytes counts while it waits.
const fn weight(bytes: usize) -> usize {
    bytes.saturating_add(MESSAGE_BYTES)
}

impl Peer {
    /// Hands a message to the newest connection; whether it did. One that does not keep up is closed instead.
    fn send(&mut self, peer_id: PeerId, message: &Outgoing, due: &mut VecDeque<ToSwarm<Event, Outgoing>>) -> bool {
        let Some(line) = self.connections.last_mut().filter(|line| !line.closing) else { return false };
        let unsent = line.unsent.saturating_add(weight(message.length()));
        if unsent > UNSENT_BYTES_MAX {
            line.closing = true;
            tracing::warn!(peer.id = %peer_id, bytes = line.unsent, "a node reads too slowly, its connection is closed");
            due.push_back(ToSwarm::CloseConnection { peer_id, connection: CloseConnection::One(line.id) });
            return false;
        }
        line.unsent = unsent;
        let event = message.clone();
        due.push_back(ToSwarm::NotifyHandler { peer_id, handler: NotifyHandler::One(line.id), event });
        true
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Event;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<Handler, ConnectionDenied> {
        Ok(self.handler())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<Handler, ConnectionDenied> {
        Ok(self.handler())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most that a swarm tells is of no interest here")]
    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(opened) => self.opened(opened.peer_id, opened.connection_id),
            FromSwarm::ConnectionClosed(closed) => self.closed(closed.peer_id, closed.connection_id),
            _ => {}
        }
    }

    fn on_connection_handler_event(
        &mut self,
        peer_id: PeerId,
        connection: ConnectionId,
        told: <Handler as ConnectionHandler>::ToBehaviour,
    ) {
        match told {
            Ok(Happened::Came(packet)) => {
                let event = self.came(peer_id, packet);
                self.due.extend(event.map(ToSwarm::GenerateEvent));
            }
            Ok(Happened::Sent(bytes)) => self.sent(peer_id, connection, bytes),
            Err(error) => {
                tracing::debug!(peer.id = %peer_id, %error, "a message could not be sent, its connection is closed");
                self.due.push_back(ToSwarm::CloseConnection { peer_id, connection: CloseConnection::One(connection) });
            }
        }
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Event, Outgoing>> {
        self.due.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}

#[cfg(test)]
mod tests;
