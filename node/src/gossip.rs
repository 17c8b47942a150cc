//! Passing records on between validators, so that whoever proposes next has them.
//!
//! ```text
//!   door, blocks ──► Spread: to whom, when ──► hefu-gossip ──► other nodes
//!                      ▲ answers                  │
//!   pool ◄── Taker ◄───┴──────── records, offers ◄┘
//! ```

mod parked;
mod places;
mod spread;
mod taking;

/// What the simulation drives by itself: whom a record is sent to, and how it is taken, without a network.
#[cfg(feature = "world")]
pub mod inner {
    pub use super::{spread::Spread, taking::Taker};
    pub use crate::ledger::Passed;
}

use std::{sync::Arc, time::Duration};

use hefu_gossip::{Answer, Event, Gossip, GossipConfig, Message, PeerId, Reply, Standing, StartError};
use hefu_keys::Hash;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    task::{self, JoinHandle, JoinSet},
    time::{Instant, sleep_until},
};

use crate::{
    config::Records,
    ledger::{Desk, News},
};
use places::Places;
use spread::Spread;
use taking::Taker;
pub use taking::Takes;

/// Messages of others that are worked on at once.
const TAKERS_MAX: usize = 4;

/// The part of a node that passes records on. Dropping it ends the connections, without waiting.
pub(crate) struct Passing {
    /// Dropped to stop it.
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Passing {
    /// Listens and connects.
    ///
    /// # Errors
    /// [`StartError`].
    pub(crate) async fn start(
        Records { listen, peers }: Records,
        (chain, seed): (Hash, [u8; 32]),
        desk: Arc<Desk>,
    ) -> Result<Passing, StartError> {
        let (gossip, events) = Gossip::start(GossipConfig { chain, seed, listen, peers }).await?;
        let (stop, stopped) = oneshot::channel();
        let passer = Passer {
            gossip,
            desk,
            spread: Spread::new(),
            taker: Arc::new(Taker::new()),
            places: Places::default(),
            takers: Arc::new(Semaphore::new(TAKERS_MAX)),
            taking: JoinSet::new(),
            started: Instant::now(),
        };
        Ok(Passing { stop, running: tokio::spawn(passer.run(events, stopped)) })
    }

    /// Ends the connections; afterwards nothing of the node is held any more.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        if self.running.await.is_err() {
            tracing::error!("passing records on has ended with a panic");
        }
    }
}

struct Passer {
    gossip: Gossip,
    desk: Arc<Desk>,
    spread: Spread<PeerId>,
    taker: Arc<Taker>,
    /// Of messages that wait to be worked on, and of those that are.
    places: Places<PeerId>,
    takers: Arc<Semaphore>,
    taking: JoinSet<()>,
    started: Instant,
}

impl Passer {
    async fn run(mut self, events: mpsc::UnboundedReceiver<Event>, stopped: oneshot::Receiver<()>) {
        self.pass(events, stopped).await;
        // What is being verified holds the node until it is done.
        while self.taking.join_next().await.is_some() {}
    }

    async fn pass(&mut self, mut events: mpsc::UnboundedReceiver<Event>, mut stopped: oneshot::Receiver<()>) {
        let Ok(mut news) = self.desk.news() else { return };
        loop {
            let wakes = self.spread.wakes().map(|at| self.started.checked_add(Duration::from_millis(at)));
            let wakes = wakes.flatten();
            tokio::select! {
                _ = &mut stopped => return,
                Some(_) = self.taking.join_next() => {}
                told = news.recv() => match told {
                    Some(told) => self.heard(told),
                    None => return,
                },
                event = events.recv() => match event {
                    Some(event) => self.happened(event),
                    None => return,
                },
                () = sleep_until(wakes.unwrap_or_else(Instant::now)), if wakes.is_some() => {}
            }
            // What has come together meanwhile goes out together.
            while let Ok(told) = news.try_recv() {
                self.heard(told);
            }
            for (peer, ticket, message) in self.spread.due(self.now()) {
                self.gossip.send(peer, ticket, message);
            }
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn heard(&mut self, news: News) {
        match news {
            News::Begun { sealed, from } => {
                let seal = sealed.submission().record().seal;
                self.spread.begin(self.now(), (seal, sealed.whole_text()), from);
            }
            News::Ended(seal) => self.spread.end(&seal),
        }
    }

    fn happened(&mut self, event: Event) {
        let now = self.now();
        match event {
            Event::Joined(peer) => self.spread.joined(now, peer),
            Event::Left(peer) => self.spread.left(peer),
            Event::Answered { ticket, answer } => {
                if let Some(peer) = self.spread.answered(now, ticket, answer) {
                    tracing::warn!(peer.id = %peer, "a node answers what fits nothing that it was sent");
                    self.gossip.shun(peer);
                }
            }
            Event::Asked { peer, message, reply } => self.take(peer, message, reply),
        }
    }

    /// On a thread where signatures may take their time.
    fn take(&mut self, peer: PeerId, message: Message, reply: Reply) {
        let Some(place) = self.places.take(peer) else {
            tracing::debug!(peer.id = %peer, "a node sends more than may wait; what it sends now is not answered");
            return;
        };
        let (desk, taker, takers) = (self.desk.clone(), self.taker.clone(), self.takers.clone());
        let gossip = self.gossip.clone();
        self.taking.spawn(async move {
            let Ok(_permit) = takers.acquire_owned().await else { return };
            let taken = task::spawn_blocking(move || desk.watched(|desk| taker.take(desk, peer, message))).await;
            // A fault has stopped the node already.
            let Ok(Ok(answer)) = taken else { return };
            let forged = matches!(&answer, Answer::Standings(told) if told.contains(&Standing::Forged));
            reply.send(answer);
            if forged {
                gossip.shun(peer);
            }
            drop(place);
        });
    }
}

#[cfg(test)]
mod tests;
