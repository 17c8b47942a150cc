//! The others, over the network of records, before this node has a ledger.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use hefu_gossip::{Answer, Ask, Event, Gossip, Message, PeerId, Standing};
use tokio::{
    runtime::Handle,
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::restore::{Lie, Source};

/// How long an answer is waited for. The network itself gives up before.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// Connections to the others, used from a thread of its own.
pub(super) struct Lines {
    gossip: Gossip,
    events: mpsc::UnboundedReceiver<Event>,
    runtime: Handle,
    peers: BTreeSet<PeerId>,
    next: u64,
    begun: Instant,
}

impl Lines {
    pub(super) fn new(gossip: Gossip, events: mpsc::UnboundedReceiver<Event>, runtime: Handle) -> Lines {
        Lines { gossip, events, runtime, peers: BTreeSet::new(), next: 0, begun: Instant::now() }
    }

    /// Waits until so many are connected, or for so long.
    pub(super) fn wait(&mut self, peers: usize, longest: Duration) {
        let until = Instant::now().checked_add(longest).unwrap_or_else(Instant::now);
        while self.peers.len() < peers && self.hear(until).is_some() {}
    }

    /// Ends the connections and waits until the port is free.
    pub(super) fn close(self) {
        let Lines { gossip, mut events, runtime, .. } = self;
        drop(gossip);
        // The network drops its sender when it has let go of everything else.
        runtime.block_on(async { while events.recv().await.is_some() {} });
    }

    /// The next thing that happens until then, seen to; `None` where nothing does.
    fn hear(&mut self, until: Instant) -> Option<Option<(u64, Option<Answer>)>> {
        let event = self.runtime.block_on(timeout_at(until, self.events.recv())).ok()??;
        match event {
            Event::Joined(peer) => {
                self.peers.insert(peer);
            }
            Event::Left(peer) => {
                self.peers.remove(&peer);
            }
            Event::Asked { message, reply, .. } => reply.send(nothing_yet(&message)),
            Event::Answered { ticket, answer } => return Some(Some((ticket, answer))),
        }
        Some(None)
    }
}

/// What a node without a ledger answers.
fn nothing_yet(message: &Message) -> Answer {
    match message {
        Message::Records(_) | Message::Offer(_) => Answer::Standings(vec![Standing::Later; message.len()]),
        Message::Ask(_) => Answer::Pieces(Vec::new()),
    }
}

impl Source for Lines {
    fn peers(&mut self) -> Vec<PeerId> {
        // What has happened meanwhile is seen to first.
        while self.hear(Instant::now()).is_some() {}
        self.peers.iter().copied().collect()
    }

    fn ask(&mut self, peer: PeerId, ask: Ask) -> Option<Vec<Bytes>> {
        let ticket = self.next;
        self.next = self.next.saturating_add(1);
        self.gossip.send(peer, ticket, Message::Ask(ask));
        let until = Instant::now().checked_add(ANSWER_WITHIN)?;
        loop {
            match self.hear(until)? {
                Some((answered, answer)) if answered == ticket => {
                    return match answer {
                        Some(Answer::Pieces(pieces)) => Some(pieces),
                        Some(Answer::Standings(_)) | None => None,
                    };
                }
                Some(_) | None => {}
            }
        }
    }

    fn clock(&self) -> Duration {
        self.begun.elapsed()
    }

    fn expose(&mut self, peer: PeerId, lie: &Lie) {
        tracing::error!(peer.id = %peer, what = lie.0, "a node hands over what is not so; others are asked");
        self.peers.remove(&peer);
        self.gossip.shun(peer);
    }
}
