//! Records on their way between the nodes of a consortium.
//!
//! The consensus engine's network takes no other protocols, so records that wait for a block travel over a swarm of
//! their own, on a port of their own. It is a crate of its own because the generics of libp2p are compiled in the crate
//! that names them. It knows nothing of the ledger: a record is opaque bytes, named by a hash. What is sent to whom, and
//! when, is for the node to say. A node that has no state yet asks the others for theirs in the same way.
//!
//! Who may connect is a list. Every other node is turned away when it has proven who it is, before it can say a word,
//! and a node of another chain shares no protocol with this one.

#[expect(clippy::cast_possible_truncation, reason = "the derived code casts the constant indices of variants")]
mod message;
mod swarm;
#[cfg(test)]
mod tests;
mod wire;

use std::{io, time::Duration};

use hefu_keys::Hash;
use libp2p::{identity::Keypair, multiaddr::Protocol};
use tokio::sync::mpsc;

pub use libp2p::{Multiaddr, PeerId};
pub use message::{Answer, Ask, Message, RECORDS_MAX, ROW_KEY_BYTES_MAX, SEALS_MAX, Standing};
pub use swarm::Reply;
pub use wire::{ANSWER_BYTES_MAX, MESSAGE_BYTES_MAX};

/// How long a node that sent what no honest node sends is kept out.
pub const SHUNNED_FOR: Duration = Duration::from_secs(60);

/// How one node takes part.
#[derive(Clone)]
pub struct GossipConfig {
    /// The chain. Nodes of another speak another protocol.
    pub chain: Hash,
    /// Ed25519 seed of this node's name on the network.
    pub seed: [u8; 32],
    /// Where others connect, such as `/ip4/0.0.0.0/tcp/26657`.
    pub listen: Multiaddr,
    /// The other nodes, each with its peer id (`…/p2p/12D3Koo…`). Nobody else is let in.
    pub peers: Vec<Multiaddr>,
}

/// What happens on the network.
#[derive(Debug)]
pub enum Event {
    /// A node is connected.
    Joined(PeerId),
    /// It no longer is; what was sent to it and not answered fails.
    Left(PeerId),
    /// A node says something and waits for the answer.
    Asked {
        /// Who.
        peer: PeerId,
        /// What.
        message: Message,
        /// Takes the answer.
        reply: Reply,
    },
    /// What became of something that was sent.
    Answered {
        /// As it was named when it was sent.
        ticket: u64,
        /// None where no answer came.
        answer: Option<Answer>,
    },
}

/// Why there is no network.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Who is meant must be certain before anything is sent.
    #[error("the address {0} does not end in a peer id (/p2p/12D3Koo…)")]
    Nameless(Multiaddr),
    /// The node's key is not usable.
    #[error("the node's key is not usable: {0}")]
    Key(String),
    /// The transport cannot be set up.
    #[error("the transport cannot be set up: {0}")]
    Transport(String),
    /// The port is taken, or the address is not of this machine.
    #[error("cannot listen on {0}: {1}")]
    Listen(Multiaddr, io::Error),
}

/// The network, as the node holds it. Dropping it ends the connections.
#[derive(Clone)]
pub struct Gossip {
    commands: mpsc::UnboundedSender<swarm::Command>,
}

impl Gossip {
    /// Listens, and keeps connections to all peers from now on, inside a tokio runtime. Whatever happens arrives at the
    /// receiver, which is to be emptied without delay: a peer may have little under way at a time, but can call again.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: GossipConfig) -> Result<(Gossip, mpsc::UnboundedReceiver<Event>), StartError> {
        let peers = config.peers.iter().map(|address| Ok((name_in(address)?, address.clone())));
        let peers = peers.collect::<Result<Vec<_>, StartError>>()?;
        let (commands, asked) = mpsc::unbounded_channel();
        let (tell, events) = mpsc::unbounded_channel();
        let running = swarm::Running::start(&config, peers, (commands.downgrade(), tell)).await?;
        tokio::spawn(running.run(asked));
        Ok((Gossip { commands }, events))
    }

    /// Sends something to a node. What becomes of it is told as [`Event::Answered`] with `ticket`.
    pub fn send(&self, peer: PeerId, ticket: u64, message: Message) {
        self.command(swarm::Command::Send { peer, ticket, message });
    }

    /// Ends the connection with a node for [`SHUNNED_FOR`]: it sent what no honest node sends.
    pub fn shun(&self, peer: PeerId) {
        self.command(swarm::Command::Shun(peer));
    }

    fn command(&self, command: swarm::Command) {
        if self.commands.send(command).is_err() {
            tracing::debug!("the network of records has ended");
        }
    }
}

/// The peer id at the end of an address.
fn name_in(address: &Multiaddr) -> Result<PeerId, StartError> {
    match address.iter().last() {
        Some(Protocol::P2p(peer)) => Ok(peer),
        Some(_) | None => Err(StartError::Nameless(address.clone())),
    }
}

fn keypair(mut seed: [u8; 32]) -> Result<Keypair, StartError> {
    Keypair::ed25519_from_bytes(&mut seed).map_err(|reason| StartError::Key(reason.to_string()))
}
