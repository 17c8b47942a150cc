use bytes::Bytes;
use hefu_keys::{Hash, Signature};
use malachite::app::streaming::StreamContent;
use malachite::app::types::PeerId;
use malachite::app::types::streaming::{StreamId, StreamMessage};
use proptest::prelude::*;

use super::{
    Arrival, BODIES_PER_PEER_MAX, CHUNKS_AT_ONCE, Growth, STREAMS_MAX, STREAMS_PER_PEER_MAX, Standing, Streams,
    bytes_of,
};
use crate::context::{Heading, Part};
use crate::parts::{CHUNK_BYTES, cut};
use crate::scene::address;

const BODY_BYTES_MAX: usize = 4 * CHUNK_BYTES;

fn peer(number: u8) -> PeerId {
    let mut bytes = vec![0, 32];
    bytes.extend([number; 32]);
    PeerId::from_bytes(&bytes).expect("an identity multihash")
}

/// A body whose chunks differ.
fn body(length: usize) -> Bytes {
    let mut body = vec![0; length];
    for (chunk, number) in body.chunks_mut(CHUNK_BYTES).zip(1..) {
        chunk.fill(number);
    }
    Bytes::from(body)
}

fn heading(height: u64, body: &Bytes) -> Heading {
    let signature = Signature::from_bytes([u8::try_from(height).expect("a small height"); 64]);
    Heading { height, round: 0, block: Hash::of(body), builder: address(1), bytes: bytes_of(body.len()), signature }
}

fn messages(height: u64, body: &Bytes) -> Vec<StreamMessage<Part>> {
    cut(heading(height, body), body).collect()
}

/// Height 5 is next, and every heading for it is genuine.
fn judge(heading: &Heading) -> Standing {
    match heading.height {
        5 => Standing::Genuine,
        6 => Standing::Early,
        _ => Standing::Refused,
    }
}

fn add_all(streams: &mut Streams, from: PeerId, messages: Vec<StreamMessage<Part>>) -> Vec<Arrival> {
    let arrivals = messages.into_iter().map(|message| streams.add(from, message, (5, 0), judge));
    arrivals.filter(|arrival| *arrival != Arrival::Nothing).collect()
}

fn whole(arrivals: &[Arrival]) -> Option<Bytes> {
    match arrivals.last() {
        Some(Arrival::Complete(whole)) => Some(whole.body.clone()),
        Some(Arrival::Nothing | Arrival::Grown(_) | Arrival::Announced(_)) | None => None,
    }
}

/// What was handed on of a growing body: its beginning, each byte once.
fn beginning(arrivals: &[Arrival]) -> Vec<u8> {
    let mut beginning = Vec::new();
    for arrival in arrivals {
        if let Arrival::Grown(Growth { from, chunks, .. }) = arrival {
            assert_eq!(*from, bytes_of(beginning.len()), "nothing is left out or handed on twice");
            assert!(!chunks.is_empty() && chunks.len() <= CHUNKS_AT_ONCE);
            chunks.iter().for_each(|chunk| beginning.extend_from_slice(chunk));
        }
    }
    beginning
}

proptest! {
    #[test]
    fn parts_in_any_order_give_the_body_once(
        length in 0..BODY_BYTES_MAX,
        order in Just((0..8_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let body = body(length);
        let parts = messages(5, &body);
        let shuffled = order.iter().filter_map(|at| parts.get(*at).cloned()).collect();
        let mut streams = Streams::new(BODY_BYTES_MAX);
        let arrivals = add_all(&mut streams, peer(1), shuffled);
        prop_assert!(body.starts_with(&beginning(&arrivals)));
        prop_assert_eq!(whole(&arrivals), Some(body));
        let again = add_all(&mut streams, peer(1), parts);
        prop_assert!(again.is_empty(), "a second delivery is ignored");
    }
}

#[test]
fn a_peer_brings_one_body_for_a_heading_whatever_it_calls_the_stream() {
    let body = body(CHUNK_BYTES + 1);
    let mut streams = Streams::new(BODY_BYTES_MAX);
    let renamed = |number: u8| {
        let mut parts = messages(5, &body);
        for part in &mut parts {
            part.stream_id = StreamId::new(Bytes::copy_from_slice(&[number; 32]));
        }
        parts
    };
    assert!(add_all(&mut streams, peer(1), renamed(1)).is_empty(), "that is not what the heading is called");
    assert_eq!(streams.told, [peer(1)].into());
    assert_eq!(whole(&add_all(&mut streams, peer(1), messages(5, &body))), Some(body.clone()));
    // However much else it sends, so that older streams are forgotten.
    for number in 0..100 {
        add_all(&mut streams, peer(1), renamed(number));
    }
    assert!(add_all(&mut streams, peer(1), messages(5, &body)).is_empty());
    assert_eq!(whole(&add_all(&mut streams, peer(2), messages(5, &body))), Some(body), "another peer's is its own");
}

#[test]
fn a_genuine_heading_is_announced_before_its_body_is_there() {
    let body = body(CHUNK_BYTES + 1);
    let mut streams = Streams::new(BODY_BYTES_MAX);
    let arrivals = add_all(&mut streams, peer(1), messages(5, &body).drain(..2).collect());
    assert_eq!(arrivals[0], Arrival::Announced(heading(5, &body)));
    assert_eq!((arrivals.len(), beginning(&arrivals)), (2, body[..CHUNK_BYTES].to_vec()));
}

#[test]
fn one_stream_of_a_heading_is_handed_on_as_it_grows_and_no_byte_of_it_twice() {
    let body = body(4 * CHUNK_BYTES);
    let parts = messages(5, &body);
    let mut streams = Streams::new(BODY_BYTES_MAX);
    let first = add_all(&mut streams, peer(1), parts[..3].to_vec());
    assert_eq!(beginning(&first), body[..2 * CHUNK_BYTES]);
    assert!(beginning(&add_all(&mut streams, peer(2), parts[..4].to_vec())).is_empty(), "it may bring anything");
    let mut later = Streams::new(BODY_BYTES_MAX);
    let of_a_later_round = parts[..3].iter().map(|part| later.add(peer(1), part.clone(), (5, 1), judge));
    assert!(beginning(&of_a_later_round.collect::<Vec<_>>()).is_empty(), "its round is over");
    // Other bodies that peer announces and begins push out the one that is followed.
    for number in 1..=u8::try_from(STREAMS_PER_PEER_MAX).expect("few") {
        let other = Heading { signature: Signature::from_bytes([100 + number; 64]), ..heading(5, &body) };
        add_all(&mut streams, peer(1), cut(other, &body).take(2).collect());
    }
    assert!(!streams.streams.contains_key(&(peer(1), parts[0].stream_id.clone())));
    let again = add_all(&mut streams, peer(1), parts[..4].to_vec());
    let grown: Vec<u64> =
        again.iter().filter_map(|one| if let Arrival::Grown(one) = one { Some(one.from) } else { None }).collect();
    assert_eq!(grown, [2 * bytes_of(CHUNK_BYTES)], "only what was not handed on before");
    assert_eq!(whole(&add_all(&mut streams, peer(1), parts[4..].to_vec())), Some(body));
}

#[test]
fn a_heading_without_a_body_keeps_nobody_elses_from_being_followed() {
    let body = body(3 * CHUNK_BYTES);
    let parts = messages(5, &body);
    let mut streams = Streams::new(BODY_BYTES_MAX);
    add_all(&mut streams, peer(1), parts[..1].to_vec());
    let grown = add_all(&mut streams, peer(2), parts[..2].to_vec());
    assert_eq!(beginning(&grown), body[..CHUNK_BYTES]);
    assert!(whole(&add_all(&mut streams, peer(3), parts.clone())).is_some());
    assert!(beginning(&add_all(&mut streams, peer(2), parts[..3].to_vec())).is_empty(), "somebody has brought it");
    streams.advance(6, |_, _| Standing::Refused);
    assert!(streams.followed.is_empty(), "nothing is remembered of what is over");
}

#[test]
fn what_waits_of_a_growing_body_is_handed_on_a_few_chunks_at_a_time() {
    let body = body(20 * CHUNK_BYTES);
    let mut parts = messages(5, &body);
    let mut streams = Streams::new(20 * CHUNK_BYTES);
    let heading = parts.remove(0);
    let last = parts.pop().expect("chunks");
    let final_but_one = parts.pop().expect("chunks");
    assert!(add_all(&mut streams, peer(1), parts).is_empty(), "nobody has announced it");
    assert!(beginning(&add_all(&mut streams, peer(1), vec![heading])).is_empty());
    let grown = add_all(&mut streams, peer(1), vec![final_but_one]);
    assert_eq!(beginning(&grown), body[..CHUNKS_AT_ONCE * CHUNK_BYTES]);
    assert_eq!(whole(&add_all(&mut streams, peer(1), vec![last])), Some(body));
}

#[test]
fn who_announces_a_body_that_nobody_brings_is_named_when_its_height_is_over() {
    let (body, other) = (body(2 * CHUNK_BYTES), body(CHUNK_BYTES));
    let mut streams = Streams::new(BODY_BYTES_MAX);
    add_all(&mut streams, peer(1), messages(5, &body).drain(..2).collect());
    assert!(streams.withheld(5).is_empty(), "it may still come");
    assert_eq!(streams.withheld(6), [(peer(1), heading(5, &body))]);
    assert!(whole(&add_all(&mut streams, peer(2), messages(5, &body))).is_some());
    assert!(streams.withheld(6).is_empty(), "somebody else has brought it");
    add_all(&mut streams, peer(3), messages(4, &other).drain(..1).collect());
    assert!(streams.withheld(6).is_empty(), "what does not count was not announced");
}

#[test]
fn a_refused_heading_ends_its_stream_whatever_follows() {
    let body = body(2 * CHUNK_BYTES);
    let mut parts = messages(5, &body);
    let mut streams = Streams::new(BODY_BYTES_MAX);
    let refuse = |_: &Heading| Standing::Refused;
    assert_eq!(streams.add(peer(1), parts.remove(0), (5, 0), refuse), Arrival::Nothing);
    assert!(add_all(&mut streams, peer(1), parts).is_empty());
    assert!(add_all(&mut streams, peer(1), messages(5, &body)).is_empty(), "not even the same heading, judged anew");
    assert_eq!(whole(&add_all(&mut streams, peer(2), messages(5, &body))), Some(body), "another peer's is its own");
}

#[test]
fn a_stream_that_does_not_fit_its_heading_is_dropped() {
    let body = body(2 * CHUNK_BYTES + 10);
    let with = |sequence: u64, chunk: usize| {
        let mut parts = messages(5, &body);
        let id = parts[0].stream_id.clone();
        let content = StreamContent::Data(Part::Chunk(Bytes::from(vec![0; chunk])));
        parts.insert(1, StreamMessage::new(id, sequence, content));
        whole(&add_all(&mut Streams::new(BODY_BYTES_MAX), peer(1), parts))
    };
    assert_eq!(with(1, CHUNK_BYTES - 1), None, "too short");
    assert_eq!(with(1, CHUNK_BYTES + 1), None, "too long");
    assert_eq!(with(3, 11), None, "last one too long");
    assert_eq!(with(4, 1), None, "beyond the end");
    assert_eq!(with(0, 1), None, "in the place of the heading");
    assert_eq!(with(u64::MAX, 1), None, "far beyond the end");
    assert_eq!(with(2, 0), None, "empty");
}

#[test]
fn a_body_above_the_limit_is_refused() {
    let body = body(BODY_BYTES_MAX + 1);
    let mut streams = Streams::new(BODY_BYTES_MAX);
    assert!(add_all(&mut streams, peer(1), messages(5, &body)).is_empty());
    assert_eq!(streams.told, [peer(1)].into(), "it is said who sent it");
}

#[test]
fn who_sends_what_makes_no_body_is_named_and_who_is_late_is_not() {
    let mut streams = Streams::new(BODY_BYTES_MAX);
    assert!(add_all(&mut streams, peer(1), messages(4, &body(CHUNK_BYTES))).is_empty());
    assert!(streams.told.is_empty(), "its height is over, which may be nobody's fault");

    let mut parts = messages(5, &body(2 * CHUNK_BYTES));
    let Some(last) = parts.iter_mut().rfind(|part| matches!(part.content, StreamContent::Data(Part::Chunk(_)))) else {
        panic!("no chunk");
    };
    last.content = StreamContent::Data(Part::Chunk(body(3)));
    assert!(whole(&add_all(&mut streams, peer(2), parts)).is_none());
    assert_eq!(streams.told, [peer(2)].into());
    streams.advance(6, |_, _| Standing::Refused);
    assert!(streams.told.is_empty(), "at the next height it is said again");
}

#[test]
fn a_body_for_the_height_after_the_next_is_kept_until_its_proposer_is_known() {
    let early = body(CHUNK_BYTES + 1);
    let genuine = |_: &PeerId, heading: &Heading| match heading.height {
        6 => Standing::Genuine,
        _ => Standing::Refused,
    };
    let mut streams = Streams::new(BODY_BYTES_MAX);
    assert!(add_all(&mut streams, peer(1), messages(6, &early)).is_empty());
    let arrivals: Vec<Arrival> = streams.advance(6, genuine).into_iter().map(|(_, arrival)| arrival).collect();
    assert_eq!(whole(&arrivals), Some(early.clone()));

    let mut forged = Streams::new(BODY_BYTES_MAX);
    assert!(add_all(&mut forged, peer(1), messages(6, &early)).is_empty());
    assert!(forged.advance(6, |_, _| Standing::Refused).is_empty());
    assert!(forged.advance(7, genuine).is_empty());
    assert!(forged.streams.is_empty(), "nothing is remembered of what is over");
}

#[test]
fn a_peer_can_fill_only_its_own_share() {
    let mut streams = Streams::new(BODY_BYTES_MAX);
    let flood = |streams: &mut Streams, from: PeerId, number: u8| {
        let id = StreamId::new(Bytes::copy_from_slice(&[number; 32]));
        for sequence in 1..=4 {
            let content = StreamContent::Data(Part::Chunk(body(CHUNK_BYTES)));
            streams.add(from, StreamMessage::new(id.clone(), sequence, content), (5, 0), judge);
        }
    };
    let honest = body(3 * CHUNK_BYTES);
    let mut parts = messages(5, &honest);
    let last = parts.split_off(3);
    add_all(&mut streams, peer(1), parts);
    for number in 0..100 {
        flood(&mut streams, peer(2), number);
    }
    let held: usize = streams.streams.values().map(|stream| stream.bytes).sum();
    assert!(held <= (BODIES_PER_PEER_MAX + 1) * BODY_BYTES_MAX, "{held} bytes are held");
    assert!(streams.streams.len() <= STREAMS_PER_PEER_MAX + 1);
    assert_eq!(whole(&add_all(&mut streams, peer(1), last)), Some(honest));
}

/// A chunk that may be of anything.
fn stray(stream: u8, sequence: u64) -> StreamMessage<Part> {
    let id = StreamId::new(Bytes::copy_from_slice(&[stream; 32]));
    StreamMessage::new(id, sequence, StreamContent::Data(Part::Chunk(body(CHUNK_BYTES))))
}

#[test]
fn many_peers_together_stay_within_bounds_and_push_no_body_out_that_is_awaited() {
    let mut streams = Streams::new(BODY_BYTES_MAX);
    let awaited = body(3 * CHUNK_BYTES);
    let mut parts = messages(5, &awaited);
    let last = parts.split_off(3);
    add_all(&mut streams, peer(0), parts);
    for number in 1..=255 {
        for stream in 0..4 {
            streams.add(peer(number), stray(stream, 1), (5, 0), judge);
        }
    }
    // Nor do those who repeat its heading, and bring something else.
    let junk = cut(heading(5, &awaited), &Bytes::from(vec![0; awaited.len()])).take(3).collect::<Vec<_>>();
    for number in 1..=60 {
        add_all(&mut streams, peer(number), junk.clone());
    }
    let held: usize = streams.streams.values().map(|stream| stream.bytes).sum();
    assert!(streams.streams.len() <= STREAMS_MAX);
    assert!(held <= super::BODIES_MAX * BODY_BYTES_MAX, "{held} bytes are held");
    assert_eq!(whole(&add_all(&mut streams, peer(0), last)), Some(awaited));
}

#[test]
fn a_stream_is_kept_for_what_it_brings_and_not_for_what_it_repeats() {
    let mut streams = Streams::new(BODY_BYTES_MAX);
    for stream in 0..STREAMS_PER_PEER_MAX {
        streams.add(peer(1), stray(u8::try_from(stream).expect("few"), 1), (5, 0), judge);
    }
    let holds =
        |streams: &Streams, stream: u8| streams.streams.keys().any(|(_, name)| *name == stray(stream, 1).stream_id);
    streams.add(peer(1), stray(0, 1), (5, 0), judge);
    streams.add(peer(1), stray(100, 1), (5, 0), judge);
    assert!(!holds(&streams, 0) && holds(&streams, 1), "it has only repeated itself");
    streams.add(peer(1), stray(1, 2), (5, 0), judge);
    streams.add(peer(1), stray(101, 1), (5, 0), judge);
    assert!(holds(&streams, 1) && !holds(&streams, 2), "it has brought something");
}
