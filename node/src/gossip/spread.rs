//! What is sent to whom, and when: a plain state machine, without sockets and clocks.
//!
//! Every node is connected with every other, so whoever takes a record at its door sends it to all. While an answer is
//! under way more records come together, so batches grow with the load by themselves. Those who heard of a record from
//! somebody else offer its name a little later, in case that one could not reach everybody; and again from time to time
//! until a block holds it.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use bytes::Bytes;
use hefu_gossip::{Answer, Message, RECORDS_MAX, SEALS_MAX, Standing};
use hefu_keys::Hash;

/// Milliseconds since the node started.
pub type Now = u64;

/// Bytes of records in one message, unless a single one is larger.
const BATCH_BYTES: usize = 512 << 10;

/// Messages under way to one node.
const FLIGHTS_MAX: usize = 4;

/// After this time a record that somebody else took is offered.
const OFFER_AFTER: Now = 1_000;

/// After this time a record that a node has is offered again: it may have lost it.
const AGAIN_AFTER: Now = 30_000;

/// The first wait after an answer "later"; it doubles with each.
const LATER: Now = 250;

/// No wait grows beyond this.
const LATER_MAX: Now = 15_000;

/// The records that wait here, and who knows of them.
pub struct Spread<P> {
    waiting: HashMap<Hash, Bytes>,
    peers: BTreeMap<P, Peer>,
    flights: HashMap<u64, Flight<P>>,
    next: u64,
}

/// A connected node.
#[derive(Default)]
struct Peer {
    /// Records to be sent.
    fresh: VecDeque<Hash>,
    /// Records to be offered, when.
    later: BTreeSet<(Now, Hash)>,
    /// How often a record was answered with "later".
    tries: HashMap<Hash, u32>,
    flying: usize,
}

/// A message that is not answered yet.
struct Flight<P> {
    peer: P,
    seals: Vec<Hash>,
    /// Whether it carried the records, not their names alone.
    whole: bool,
}

impl<P> Default for Spread<P> {
    fn default() -> Spread<P> {
        Spread { waiting: HashMap::new(), peers: BTreeMap::new(), flights: HashMap::new(), next: 0 }
    }
}

impl<P: Copy + Ord> Spread<P> {
    /// Nothing waits yet.
    pub fn new() -> Spread<P> {
        Spread::default()
    }

    /// A record waits from now on; `from` is who sent it, unless it came to this node's own door.
    pub fn begin(&mut self, now: Now, (seal, text): (Hash, Bytes), from: Option<P>) {
        self.waiting.insert(seal, text);
        for (name, peer) in &mut self.peers {
            match from {
                None => peer.fresh.push_back(seal),
                Some(from) if from == *name => {
                    peer.later.insert((now.saturating_add(AGAIN_AFTER), seal));
                }
                Some(_) => {
                    peer.later.insert((now.saturating_add(OFFER_AFTER), seal));
                }
            }
        }
    }

    /// A record no longer waits.
    pub fn end(&mut self, seal: &Hash) {
        self.waiting.remove(seal);
        for peer in self.peers.values_mut() {
            peer.tries.remove(seal);
            peer.forget(&self.waiting);
        }
    }

    /// A node is connected: what it has is not known, so everything is offered.
    pub fn joined(&mut self, now: Now, name: P) {
        let later = self.waiting.keys().map(|seal| (now, *seal)).collect();
        self.peers.insert(name, Peer { later, ..Peer::default() });
    }

    /// A node is no longer connected.
    pub fn left(&mut self, name: P) {
        self.peers.remove(&name);
        self.flights.retain(|_, flight| flight.peer != name);
    }

    /// What became of a message. The node that was asked, where the answer is one that no honest node gives.
    pub fn answered(&mut self, now: Now, ticket: u64, answer: Option<Answer>) -> Option<P> {
        let Flight { peer: name, seals, whole } = self.flights.remove(&ticket)?;
        let peer = self.peers.get_mut(&name)?;
        peer.flying = peer.flying.saturating_sub(1);
        let (told, fits) = match answer {
            Some(Answer::Standings(told)) => (told, true),
            Some(Answer::Pieces(_)) => (Vec::new(), false),
            None => (Vec::new(), true),
        };
        // What was sent is not asked for, or somebody could have it sent for ever.
        let is_odd = |one: &Standing| *one == Standing::Forged || (whole && *one == Standing::Wanted);
        let sound = (told.is_empty() && fits) || (told.len() == seals.len() && !told.iter().any(is_odd));
        for (at, seal) in seals.into_iter().enumerate() {
            if !self.waiting.contains_key(&seal) {
                continue;
            }
            match told.get(at).filter(|_| sound) {
                Some(Standing::Held) => {
                    peer.tries.remove(&seal);
                    peer.later.insert((now.saturating_add(AGAIN_AFTER), seal));
                }
                Some(Standing::Wanted) => peer.fresh.push_back(seal),
                Some(Standing::Later | Standing::Forged) | None => peer.put_off(now, seal),
            }
        }
        (!sound).then_some(name)
    }

    /// The messages to be sent now, each with the ticket under which it is answered.
    pub fn due(&mut self, now: Now) -> Vec<(P, u64, Message)> {
        let mut messages = Vec::new();
        for (name, peer) in &mut self.peers {
            while peer.flying < FLIGHTS_MAX {
                let Some((message, seals)) = peer.next(now, &self.waiting) else { break };
                let ticket = self.next;
                self.next = self.next.saturating_add(1);
                peer.flying = peer.flying.saturating_add(1);
                let whole = matches!(message, Message::Records(_));
                self.flights.insert(ticket, Flight { peer: *name, seals, whole });
                messages.push((*name, ticket, message));
            }
        }
        messages
    }

    /// When something will be due, if nothing else happens.
    pub fn wakes(&self) -> Option<Now> {
        let free = self.peers.values().filter(|peer| peer.flying < FLIGHTS_MAX);
        free.filter_map(|peer| peer.later.first().map(|(due, _)| *due)).min()
    }
}

impl Peer {
    fn put_off(&mut self, now: Now, seal: Hash) {
        let tries = self.tries.entry(seal).or_default();
        let wait = LATER.checked_shl(*tries).unwrap_or(LATER_MAX).min(LATER_MAX);
        *tries = tries.saturating_add(1).min(16);
        self.later.insert((now.saturating_add(wait), seal));
    }

    /// Lets go of what no longer waits, once it is most of what is noted here: a node that is always behind with what it is sent
    /// is never offered anything.
    fn forget(&mut self, waiting: &HashMap<Hash, Bytes>) {
        let most = waiting.len().saturating_mul(2).saturating_add(SEALS_MAX);
        if self.later.len() > most {
            self.later.retain(|(_, seal)| waiting.contains_key(seal));
        }
        if self.fresh.len() > most {
            self.fresh.retain(|seal| waiting.contains_key(seal));
        }
    }

    fn next(&mut self, now: Now, waiting: &HashMap<Hash, Bytes>) -> Option<(Message, Vec<Hash>)> {
        self.records(waiting).or_else(|| self.offer(now, waiting))
    }

    fn records(&mut self, waiting: &HashMap<Hash, Bytes>) -> Option<(Message, Vec<Hash>)> {
        let (mut seals, mut texts, mut bytes) = (Vec::new(), Vec::new(), 0_usize);
        while let Some(seal) = self.fresh.front() {
            if let Some(text) = waiting.get(seal) {
                bytes = bytes.saturating_add(text.len());
                if texts.len() >= RECORDS_MAX || (bytes > BATCH_BYTES && !texts.is_empty()) {
                    break;
                }
                seals.push(*seal);
                texts.push(text.clone());
            }
            self.fresh.pop_front();
        }
        (!seals.is_empty()).then_some((Message::Records(texts), seals))
    }

    fn offer(&mut self, now: Now, waiting: &HashMap<Hash, Bytes>) -> Option<(Message, Vec<Hash>)> {
        let mut seals = Vec::new();
        while seals.len() < SEALS_MAX {
            match self.later.pop_first() {
                Some((due, seal)) if due <= now => {
                    if waiting.contains_key(&seal) {
                        seals.push(seal);
                    }
                }
                Some(not_yet) => {
                    self.later.insert(not_yet);
                    break;
                }
                None => break,
            }
        }
        let names = seals.iter().map(|seal| *seal.as_bytes()).collect();
        (!seals.is_empty()).then_some((Message::Offer(names), seals))
    }
}
