//! Whole engines over real sockets and files, with a ledger of text lines.

mod cluster;
mod damage;
mod ledger;
mod single;

use std::future::Future;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use hefu_keys::{Hash, SecretKey};
use malachite::app::net::Multiaddr;
use tokio::time::{Instant, sleep};

use super::{Engine, peer_id};
use crate::config::EngineConfig;
use crate::guard::Guard;
use crate::scene::{CHAIN, guard, key, wording};
use crate::wake::Wake;
use ledger::Ledger;

/// Longest that anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Whether `condition` holds before the time is over.
async fn within<F: Future<Output = bool>>(limit: Duration, condition: impl Fn() -> F) -> bool {
    let started = Instant::now();
    loop {
        if condition().await {
            return true;
        }
        if started.elapsed() >= limit {
            return false;
        }
        sleep(Duration::from_millis(5)).await;
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// A place to run an engine at: who it is, of which chain, where it listens, whom it knows, where its log lies.
struct Seat {
    number: u8,
    chain: Hash,
    port: u16,
    peers: Vec<Multiaddr>,
    open: bool,
}

impl Seat {
    fn alone(number: u8) -> Seat {
        Seat { number, chain: CHAIN, port: free_port(), peers: Vec::new(), open: false }
    }

    /// Seats 1 to `count` that know each other.
    fn table(count: u8) -> Vec<Seat> {
        let mut seats: Vec<Seat> = (1..=count).map(Seat::alone).collect();
        let addresses: Vec<Multiaddr> = seats.iter().map(Seat::address).collect();
        for (at, seat) in seats.iter_mut().enumerate() {
            let others = addresses.iter().enumerate().filter(|(other, _)| *other != at);
            seat.peers = others.map(|(_, address)| address.clone()).collect();
        }
        seats
    }

    /// Of its name on the network, which is not its key as a validator.
    fn seed(&self) -> [u8; 32] {
        [self.number.saturating_add(100); 32]
    }

    fn address(&self) -> Multiaddr {
        let peer = peer_id(self.seed()).expect("a peer id");
        format!("/ip4/127.0.0.1/tcp/{}/p2p/{peer}", self.port).parse().expect("an address")
    }

    fn config(&self, directory: &Path) -> EngineConfig {
        EngineConfig {
            chain: self.chain,
            wording: wording(),
            moniker: format!("node-{}", self.number),
            listen: format!("/ip4/127.0.0.1/tcp/{}", self.port).parse().expect("an address"),
            peers: self.peers.clone(),
            open: self.open,
            log: directory.join(format!("log-{}", self.number)),
            body_bytes_max: BODY_BYTES_MAX,
        }
    }

    async fn start(
        &self,
        directory: &Path,
        signer: Option<(SecretKey, Guard)>,
        ledger: &Ledger,
        wake: &Wake,
    ) -> Engine {
        Engine::start(self.config(directory), signer, self.seed(), wake.clone(), ledger.clone())
            .await
            .expect("the engine starts")
    }

    /// Starts a validator.
    async fn vote(&self, directory: &Path, ledger: &Ledger, wake: &Wake) -> Engine {
        let signer = (key(self.number), guard(directory, self.number));
        self.start(directory, Some(signer), ledger, wake).await
    }

    /// Starts a node that follows.
    async fn follow(&self, directory: &Path, ledger: &Ledger) -> Engine {
        self.start(directory, None, ledger, &Wake::new()).await
    }
}
