//! Several nodes, each with its own sockets, log and ledger.

use std::collections::BTreeSet;

use hefu_keys::{Address, Hash};
use tempfile::{TempDir, tempdir};
use tokio::time::{Instant, sleep};

use super::ledger::Ledger;
use super::{BODY_BYTES_MAX, PATIENCE, Seat, within};
use crate::application::Certificate;
use crate::engine::Engine;
use crate::scene::{CHAIN, address, members, proposer, terms, validators, vote_text};
use crate::validators::Validators;
use crate::wake::Wake;
use crate::wording::{VoteKind, VoteText};

const COUNT: u8 = 4;

/// More bytes than the first line of a block takes.
const HEAD_BYTES_MAX: usize = 512;

struct Node {
    seat: Seat,
    ledger: Ledger,
    wake: Wake,
    engine: Option<Engine>,
}

struct Cluster {
    directory: TempDir,
    nodes: Vec<Node>,
}

impl Cluster {
    async fn start() -> Cluster {
        let node = |seat: Seat| {
            let ledger = Ledger::new(address(seat.number), terms(members(COUNT)));
            Node { seat, ledger, wake: Wake::new(), engine: None }
        };
        let nodes = Seat::table(COUNT).into_iter().map(node).collect();
        let mut cluster = Cluster { directory: tempdir().expect("a directory"), nodes };
        for at in 0..cluster.nodes.len() {
            cluster.start_node(at).await;
        }
        cluster
    }

    async fn start_node(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        let engine = node.seat.vote(self.directory.path(), &node.ledger, &node.wake).await;
        node.engine = Some(engine);
    }

    async fn stop_node(&mut self, at: usize) {
        if let Some(engine) = self.nodes[at].engine.take() {
            engine.shutdown().await;
        }
    }

    async fn stop(mut self) {
        for at in 0..self.nodes.len() {
            self.stop_node(at).await;
        }
    }

    /// A line that reaches every validator, running or not.
    fn submit(&self, line: &str) {
        for node in &self.nodes {
            node.ledger.submit(line);
            node.wake.wake();
        }
    }

    fn running(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.engine.is_some())
    }

    /// Whether every running node gets to have the line.
    async fn decides(&self, line: &str) -> bool {
        let line = line.to_owned();
        let everywhere = || self.running().all(|node| node.ledger.lines().contains(&line));
        within(PATIENCE, || async { everywhere() }).await
    }

    fn heights(&self) -> Vec<u64> {
        self.nodes.iter().map(|node| node.ledger.height()).collect()
    }
}

/// Verifies a certificate the way anybody outside would; `seen` are signatures already verified for this text.
fn verify(certificate: &Certificate, block: Hash, members: &Validators, seen: &mut BTreeSet<(Address, [u8; 64])>) {
    let text = vote_text(&VoteText {
        chain: CHAIN,
        height: certificate.height,
        round: certificate.round,
        kind: VoteKind::Precommit,
        block: Some(block),
    });
    let signatures = &certificate.signatures;
    for (signer, signature) in signatures {
        let key = members.find(signer).expect("a member").key();
        if seen.insert((*signer, *signature.as_bytes())) {
            key.verify(text.as_bytes(), signature).expect("a valid signature");
        }
    }
    assert!(signatures.windows(2).all(|pair| pair[0].0 < pair[1].0), "sorted, nobody twice");
    assert!(signatures.len() >= 3, "more than two thirds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_validators_agree_on_twenty_heights_with_certificates_that_anybody_can_verify() {
    let cluster = Cluster::start().await;
    for number in 0..20 {
        let line = format!("line {number}");
        cluster.submit(&line);
        assert!(cluster.decides(&line).await, "{line}: {:?}", cluster.heights());
    }
    let chains: Vec<_> = cluster.nodes.iter().map(|node| node.ledger.blocks()).collect();
    let members = validators(COUNT);
    let heights = chains.iter().map(Vec::len).min().unwrap_or_default();
    assert!(heights >= 20, "{heights} heights");
    for at in 0..heights {
        let mut seen = BTreeSet::new();
        for chain in &chains {
            assert_eq!(chain[at].body, chains[0][at].body, "height {}", at + 1);
            verify(&chain[at].certificate, Hash::of(&chain[at].body), &members, &mut seen);
        }
    }
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_height_that_only_its_proposer_wants_is_opened_by_the_proposal() {
    let cluster = Cluster::start().await;
    cluster.submit("everybody's");
    assert!(cluster.decides("everybody's").await, "{:?}", cluster.heights());
    let next = cluster.nodes[0].ledger.height().saturating_add(1);
    let turn = usize::from(proposer(COUNT, next, 0)).saturating_sub(1);
    cluster.nodes[turn].ledger.submit("mine");
    cluster.nodes[turn].wake.wake();
    assert!(cluster.decides("mine").await, "{:?}", cluster.heights());
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validator_that_was_away_catches_up_in_a_quiet_hour() {
    let mut cluster = Cluster::start().await;
    cluster.submit("before");
    assert!(cluster.decides("before").await, "{:?}", cluster.heights());
    cluster.stop_node(3).await;
    for number in 0..6 {
        let line = format!("meanwhile {number}");
        cluster.submit(&line);
        assert!(cluster.decides(&line).await, "{line}: {:?}", cluster.heights());
    }
    // Its own lines are gone, nobody else wants a height, and no heartbeat is due within the hour.
    cluster.nodes[3].ledger.forget_lines();
    cluster.start_node(3).await;
    assert!(cluster.decides("meanwhile 5").await, "{:?}", cluster.heights());
    cluster.submit("after");
    assert!(cluster.decides("after").await, "{:?}", cluster.heights());
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_validators_continue_after_all_have_stopped() {
    let mut cluster = Cluster::start().await;
    cluster.submit("first");
    assert!(cluster.decides("first").await, "{:?}", cluster.heights());
    for at in 0..usize::from(COUNT) {
        cluster.stop_node(at).await;
    }
    for at in 0..usize::from(COUNT) {
        cluster.start_node(at).await;
    }
    cluster.submit("second");
    assert!(cluster.decides("second").await, "{:?}", cluster.heights());
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_without_a_key_follows() {
    let directory = tempdir().expect("a directory");
    let validator = Seat { open: true, ..Seat::alone(1) };
    let ledger = Ledger::new(address(1), terms(members(1)));
    let wake = Wake::new();
    let engine = validator.vote(directory.path(), &ledger, &wake).await;
    let follower = Seat { peers: vec![validator.address()], ..Seat::alone(2) };
    let copy = Ledger::new(address(2), terms(members(1)));
    let following = follower.follow(directory.path(), &copy).await;
    for number in 0..5 {
        let line = format!("line {number}");
        ledger.submit(&line);
        wake.wake();
        assert!(within(PATIENCE, || async { copy.lines().contains(&line) }).await, "{line}");
    }
    assert_eq!(copy.lines(), ledger.lines());
    following.shutdown().await;
    engine.shutdown().await;
}

/// A validator whose ledger has a line; callers that are not served do not come as far as to ask for it.
struct Served {
    directory: TempDir,
    seat: Seat,
    ledger: Ledger,
    wake: Wake,
    engine: Engine,
}

impl Served {
    /// `listed` may follow, and whoever else does where the validator is open to all.
    async fn start(listed: &Seat, open: bool) -> Served {
        let directory = tempdir().expect("a directory");
        let seat = Seat { open, peers: vec![listed.address()], ..Seat::alone(1) };
        let (ledger, wake) = (Ledger::new(address(1), terms(members(1))), Wake::new());
        let engine = seat.vote(directory.path(), &ledger, &wake).await;
        let served = Served { directory, seat, ledger, wake, engine };
        served.decides("first").await;
        served
    }

    async fn decides(&self, line: &str) {
        self.ledger.submit(line);
        self.wake.wake();
        assert!(within(PATIENCE, || async { self.ledger.lines().iter().any(|one| one == line) }).await, "{line}");
    }

    fn calling(&self, mut seat: Seat) -> Seat {
        seat.peers = vec![self.seat.address()];
        seat
    }

    /// Who may follow does; whoever else calls has three times as long for it.
    async fn serves_alone(self, listed: Seat, stranger: Seat) {
        let copy = || Ledger::new(address(2), terms(members(1)));
        let (own, started) = (copy(), Instant::now());
        let following = self.calling(listed).follow(self.directory.path(), &own).await;
        assert!(within(PATIENCE, || async { own.lines() == self.ledger.lines() }).await);
        let took = started.elapsed();
        following.shutdown().await;

        let (served, strange) = (self.ledger.served(), copy());
        assert!(served > 0);
        let calling = self.calling(stranger).follow(self.directory.path(), &strange).await;
        sleep(took.saturating_mul(3)).await;
        assert_eq!((self.ledger.served(), strange.height()), (served, 0));
        calling.shutdown().await;
        // The validator has taken no harm.
        self.decides("last").await;
        self.engine.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_another_chain_is_served_nothing_by_those_who_let_everybody_follow() {
    let listed = Seat::alone(2);
    let served = Served::start(&listed, true).await;
    served.serves_alone(listed, Seat { chain: Hash::ZERO, ..Seat::alone(3) }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_not_listed_is_served_nothing() {
    let listed = Seat::alone(2);
    let served = Served::start(&listed, false).await;
    served.serves_alone(listed, Seat::alone(3)).await;
}

/// Bodies as large as they may be pass the network in pieces, and whoever was away is served them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_blocks_are_decided_and_caught_up_with() {
    let mut cluster = Cluster::start().await;
    let large =
        |number: u8| char::from(b'a'.saturating_add(number)).to_string().repeat(BODY_BYTES_MAX - HEAD_BYTES_MAX);
    cluster.submit(&large(0));
    assert!(cluster.decides(&large(0)).await, "{:?}", cluster.heights());
    cluster.stop_node(3).await;
    for number in 1..6 {
        cluster.submit(&large(number));
        assert!(cluster.decides(&large(number)).await, "{number}: {:?}", cluster.heights());
    }
    cluster.nodes[3].ledger.forget_lines();
    cluster.start_node(3).await;
    assert!(cluster.decides(&large(5)).await, "{:?}", cluster.heights());
    let bodies = cluster.nodes[3].ledger.blocks();
    let largest = bodies.iter().map(|block| block.body.len()).max().unwrap_or_default();
    assert!(largest > BODY_BYTES_MAX - HEAD_BYTES_MAX && largest <= BODY_BYTES_MAX, "{largest} bytes");
    let early: usize = cluster.nodes.iter().map(|node| node.ledger.early()).sum();
    assert!(early > BODY_BYTES_MAX, "ledgers saw {early} bytes of bodies before the rest of them");
    cluster.stop().await;
}
