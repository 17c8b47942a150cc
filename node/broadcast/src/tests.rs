//! Two nodes that hand over what they send by hand, and connections that one side holds longer than the other.

use libp2p::{
    core::ConnectedPoint,
    swarm::behaviour::{ConnectionClosed, ConnectionEstablished},
};

use super::*;

struct Node {
    name: PeerId,
    behaviour: Behaviour,
}

fn point() -> ConnectedPoint {
    let address = Multiaddr::empty();
    ConnectedPoint::Listener { local_addr: address.clone(), send_back_addr: address }
}

fn connection(number: usize) -> ConnectionId {
    ConnectionId::new_unchecked(number)
}

impl Node {
    fn hearing(topic: Topic) -> Node {
        let mut behaviour = Behaviour::new(Config::default());
        behaviour.subscribe(topic);
        Node { name: PeerId::random(), behaviour }
    }

    fn opens(&mut self, peer: &PeerId, number: usize) {
        self.behaviour.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished {
            peer_id: *peer,
            connection_id: connection(number),
            endpoint: &point(),
            failed_addresses: &[],
            other_established: 0,
        }));
    }

    fn closes(&mut self, peer: &PeerId, number: usize) {
        self.behaviour.on_swarm_event(FromSwarm::ConnectionClosed(ConnectionClosed {
            peer_id: *peer,
            connection_id: connection(number),
            endpoint: &point(),
            cause: None,
            remaining_established: 0,
        }));
    }

    /// Hands over what is due by the connections that are still whole, and tells what came of it there.
    fn reaches(&mut self, other: &mut Node, whole: &[usize]) -> Vec<Event> {
        let mut context = Context::from_waker(std::task::Waker::noop());
        while let Poll::Ready(due) = self.behaviour.poll(&mut context) {
            let ToSwarm::NotifyHandler { handler: NotifyHandler::One(by), event, .. } = due else { continue };
            if whole.iter().any(|number| connection(*number) == by) {
                other.behaviour.on_connection_handler_event(self.name, by, Ok(Happened::Came(event.packet())));
            }
        }
        let mut told = Vec::new();
        other.behaviour.due.retain(|due| {
            let ToSwarm::GenerateEvent(event) = due else { return true };
            told.push(event.clone());
            false
        });
        told
    }
}

/// Two that want to hear of a topic and have told each other, over a first connection.
fn connected(topic: Topic) -> (Node, Node) {
    let (mut one, mut other) = (Node::hearing(topic), Node::hearing(topic));
    one.opens(&other.name, 1);
    other.opens(&one.name, 1);
    one.reaches(&mut other, &[1]);
    other.reaches(&mut one, &[1]);
    (one, other)
}

#[test]
fn who_wants_to_hear_is_sent_what_others_say() {
    let topic = Topic::new(b"votes");
    let (mut one, mut other) = (Node::hearing(topic), Node::hearing(topic));
    let names = (one.name, other.name);
    one.opens(&names.1, 1);
    other.opens(&names.0, 1);
    assert_eq!(one.reaches(&mut other, &[1]), [Event::Subscribed(names.0, topic)]);
    let said = Bytes::from_static(b"yes");
    other.behaviour.broadcast(&topic, said.clone());
    let heard = other.reaches(&mut one, &[1]);
    assert_eq!(heard, [Event::Subscribed(names.1, topic), Event::Received(names.1, topic, said.clone())]);
    one.behaviour.unsubscribe(&topic);
    assert_eq!(one.reaches(&mut other, &[1]), [Event::Unsubscribed(names.0, topic)]);
    other.behaviour.broadcast(&topic, said);
    assert_eq!(other.reaches(&mut one, &[1]), []);
}

#[test]
fn a_node_that_closed_what_the_other_still_holds_is_heard_again() {
    let topic = Topic::new(b"votes");
    let (mut one, mut other) = connected(topic);
    let names = (one.name, other.name);
    // Only one side knows that the first connection is over.
    one.closes(&names.1, 1);
    one.opens(&names.1, 2);
    other.opens(&names.0, 2);
    one.reaches(&mut other, &[2]);
    other.reaches(&mut one, &[2]);
    let said = Bytes::from_static(b"yes");
    one.behaviour.broadcast(&topic, said.clone());
    assert_eq!(one.reaches(&mut other, &[2]), [Event::Received(names.0, topic, said.clone())]);
    other.behaviour.broadcast(&topic, said.clone());
    assert_eq!(other.reaches(&mut one, &[2]), [Event::Received(names.1, topic, said.clone())]);
    // It hears of it at last.
    other.closes(&names.0, 1);
    other.behaviour.broadcast(&topic, said.clone());
    assert_eq!(other.reaches(&mut one, &[2]), [Event::Received(names.1, topic, said)]);
}

#[test]
fn topics_that_this_node_does_not_want_leave_no_trace() {
    let topic = Topic::new(b"votes");
    let (one, mut other) = connected(topic);
    let names = (one.name, other.name);
    let mut registry = Registry::default();
    other.behaviour.figures = Some(Figures::register(&mut registry));
    for number in 0..1_000_u32 {
        let strange = Topic::new(&number.to_be_bytes());
        for packet in
            [Packet::Subscribe(strange), Packet::Broadcast(strange, Bytes::new()), Packet::Unsubscribe(strange)]
        {
            other.behaviour.on_connection_handler_event(names.0, connection(1), Ok(Happened::Came(packet)));
        }
    }
    assert_eq!(other.behaviour.peers[&names.0].topics, [topic].into());
    assert!(!other.behaviour.due.iter().any(|due| matches!(due, ToSwarm::GenerateEvent(_))));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(!text.contains("topic=\""), "{text}");
}

#[test]
fn a_node_that_reads_too_slowly_is_let_go_and_heard_again_on_its_next_connection() {
    let topic = Topic::new(b"parts");
    let (mut one, mut slow) = connected(topic);
    let names = (one.name, slow.name);
    let part = Bytes::from(vec![0; 1 << 20]);
    let handed = |one: &mut Node| {
        let due = one.behaviour.due.drain(..).collect::<Vec<_>>();
        let sent = due.iter().filter(|due| matches!(due, ToSwarm::NotifyHandler { .. })).count();
        (sent, due.iter().any(|due| matches!(due, ToSwarm::CloseConnection { .. })))
    };
    handed(&mut one);
    // As long as it takes what it is handed, nothing happens to it.
    for _ in 0..100 {
        one.behaviour.broadcast(&topic, part.clone());
        assert_eq!(handed(&mut one), (1, false));
        let length = Packet::Broadcast(topic, part.clone()).write().length();
        one.behaviour.on_connection_handler_event(names.1, connection(1), Ok(Happened::Sent(length)));
    }
    for _ in 0..100 {
        one.behaviour.broadcast(&topic, part.clone());
    }
    let (sent, closed) = handed(&mut one);
    assert!(closed && sent * part.len() <= UNSENT_BYTES_MAX, "{sent} parts wait");
    one.closes(&names.1, 1);
    one.opens(&names.1, 2);
    slow.opens(&names.0, 2);
    slow.reaches(&mut one, &[2]);
    handed(&mut one);
    one.behaviour.broadcast(&topic, part);
    assert_eq!(handed(&mut one), (1, false));
}
