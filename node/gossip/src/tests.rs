//! Real sockets on loopback.

use std::{net::TcpListener, time::Duration};

use bytes::Bytes;
use hefu_keys::Hash;
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, timeout, timeout_at},
};

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

const CHAIN: Hash = Hash::from_bytes([7; 32]);

/// A place to run a node at.
#[derive(Clone)]
struct Seat {
    seed: [u8; 32],
    port: u16,
}

impl Seat {
    fn new(number: u8) -> Seat {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Seat { seed: [number; 32], port: listener.local_addr().unwrap().port() }
    }

    fn peer(&self) -> PeerId {
        keypair(self.seed).unwrap().public().to_peer_id()
    }

    fn address(&self) -> Multiaddr {
        format!("/ip4/127.0.0.1/tcp/{}/p2p/{}", self.port, self.peer()).parse().unwrap()
    }

    fn config(&self, chain: Hash, others: &[&Seat]) -> GossipConfig {
        GossipConfig {
            chain,
            seed: self.seed,
            listen: format!("/ip4/127.0.0.1/tcp/{}", self.port).parse().unwrap(),
            peers: others.iter().map(|other| other.address()).collect(),
        }
    }

    async fn start(&self, others: &[&Seat]) -> (Gossip, UnboundedReceiver<Event>) {
        Gossip::start(self.config(CHAIN, others)).await.unwrap()
    }
}

async fn next(events: &mut UnboundedReceiver<Event>) -> Event {
    timeout(PATIENCE, events.recv()).await.expect("in time").expect("running")
}

async fn joined(events: &mut UnboundedReceiver<Event>, peer: PeerId) {
    while !matches!(next(events).await, Event::Joined(who) if who == peer) {}
}

fn records() -> Message {
    Message::Records(vec![Bytes::from_static(b"one"), Bytes::from(vec![1; 500_000])])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listed_nodes_exchange_records_and_answers() {
    let (one, two) = (Seat::new(1), Seat::new(2));
    let (left, mut at_left) = one.start(&[&two]).await;
    let (_right, mut at_right) = two.start(&[&one]).await;
    joined(&mut at_left, two.peer()).await;
    joined(&mut at_right, one.peer()).await;
    left.send(two.peer(), 17, records());
    let Event::Asked { peer, message, reply } = next(&mut at_right).await else { panic!("something else") };
    assert_eq!((peer, message), (one.peer(), records()));
    let answer = Answer::Standings(vec![Standing::Held, Standing::Later]);
    reply.send(answer.clone());
    let Event::Answered { ticket, answer: told } = next(&mut at_left).await else { panic!("something else") };
    assert_eq!((ticket, told), (17, Some(answer)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_away_is_connected_again_and_what_was_sent_to_it_has_failed() {
    let (one, two) = (Seat::new(3), Seat::new(4));
    let (left, mut at_left) = one.start(&[&two]).await;
    let (right, mut at_right) = two.start(&[&one]).await;
    joined(&mut at_left, two.peer()).await;
    left.send(two.peer(), 1, records());
    while !matches!(next(&mut at_right).await, Event::Asked { .. }) {}
    drop((right, at_right));
    let mut told = (false, false);
    while told != (true, true) {
        match next(&mut at_left).await {
            Event::Answered { ticket: 1, answer: None } => told.0 = true,
            Event::Left(peer) if peer == two.peer() => told.1 = true,
            Event::Joined(_) | Event::Left(_) | Event::Asked { .. } | Event::Answered { .. } => {
                panic!("something else")
            }
        }
    }
    let (_right, mut at_right) = two.start(&[&one]).await;
    joined(&mut at_left, two.peer()).await;
    joined(&mut at_right, one.peer()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_and_a_node_of_another_chain_say_nothing() {
    let (one, two, stranger) = (Seat::new(5), Seat::new(6), Seat::new(7));
    let (_left, mut at_left) = one.start(&[&two]).await;
    // It knows where to call, but nobody has listed it.
    let (strange, _events) = stranger.start(&[&one]).await;
    // It is listed, and believes in another chain.
    let (other, mut at_other) = Gossip::start(two.config(Hash::from_bytes([8; 32]), &[&one])).await.unwrap();
    joined(&mut at_other, one.peer()).await;
    strange.send(one.peer(), 1, records());
    other.send(one.peer(), 2, records());
    let answered = next(&mut at_other).await;
    assert!(matches!(answered, Event::Answered { ticket: 2, answer: None }), "{answered:?}");
    let deadline = Instant::now() + Duration::from_secs(2);
    while let Ok(event) = timeout_at(deadline, at_left.recv()).await {
        let harmless = matches!(&event, Some(Event::Joined(peer) | Event::Left(peer)) if *peer == two.peer());
        assert!(harmless, "{event:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_shunned_is_disconnected() {
    let (one, two) = (Seat::new(8), Seat::new(9));
    let (left, mut at_left) = one.start(&[&two]).await;
    let (_right, mut at_right) = two.start(&[&one]).await;
    joined(&mut at_left, two.peer()).await;
    joined(&mut at_right, one.peer()).await;
    left.shun(two.peer());
    while !matches!(next(&mut at_left).await, Event::Left(peer) if peer == two.peer()) {}
    let deadline = Instant::now() + Duration::from_secs(2);
    let again = timeout_at(deadline, at_left.recv()).await;
    assert!(again.is_err(), "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_sends_too_much_is_disconnected() {
    let (one, two) = (Seat::new(12), Seat::new(13));
    let (left, mut at_left) = one.start(&[&two]).await;
    let (_right, mut at_right) = two.start(&[&one]).await;
    joined(&mut at_left, two.peer()).await;
    joined(&mut at_right, one.peer()).await;
    left.send(two.peer(), 1, Message::Records(vec![Bytes::new(); RECORDS_MAX + 1]));
    let left = next(&mut at_right).await;
    assert!(matches!(left, Event::Left(peer) if peer == one.peer()), "{left:?}");
    let deadline = Instant::now() + Duration::from_secs(2);
    let again = timeout_at(deadline, at_right.recv()).await;
    assert!(again.is_err(), "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_answers_with_too_many_pieces_is_disconnected() {
    let (one, two) = (Seat::new(14), Seat::new(15));
    let (left, mut at_left) = one.start(&[&two]).await;
    let (_right, mut at_right) = two.start(&[&one]).await;
    joined(&mut at_left, two.peer()).await;
    joined(&mut at_right, one.peer()).await;
    left.send(two.peer(), 1, Message::Ask(Ask::Snapshot));
    let Event::Asked { reply, .. } = next(&mut at_right).await else { panic!("something else") };
    reply.send(Answer::Pieces(vec![Bytes::new(); Answer::PIECES_MAX + 1]));
    let answered = next(&mut at_left).await;
    assert!(matches!(answered, Event::Answered { ticket: 1, answer: None }), "{answered:?}");
    let left = next(&mut at_left).await;
    assert!(matches!(left, Event::Left(peer) if peer == two.peer()), "{left:?}");
}

#[tokio::test]
async fn addresses_without_a_name_and_ports_that_are_taken_are_refused() {
    let (one, two) = (Seat::new(10), Seat::new(11));
    let nameless = GossipConfig { peers: vec!["/ip4/127.0.0.1/tcp/1".parse().unwrap()], ..one.config(CHAIN, &[]) };
    assert!(matches!(Gossip::start(nameless).await, Err(StartError::Nameless(_))));
    let _taken = TcpListener::bind(("127.0.0.1", one.port)).unwrap();
    let error = Gossip::start(one.config(CHAIN, &[&two])).await.err().unwrap();
    assert!(matches!(error, StartError::Listen(..)), "{error}");
}
