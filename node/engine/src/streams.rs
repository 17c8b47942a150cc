//! Bodies on their way in, put together from parts.
//!
//! The engine hands on whatever parts arrive, from anybody, in any order. A body counts only if its heading is signed by
//! the proposer of the round it names: the engine keeps two values for each round, and two forged ones would crowd out
//! the genuine. Until then a stream is a stranger's, and everything a stranger can make this node remember is bounded.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{Bytes, BytesMut};
use malachite::app::types::PeerId;
use malachite::app::types::streaming::{StreamId, StreamMessage};

use crate::context::{Heading, Part};
use crate::parts::{CHUNK_BYTES, named};

/// Streams remembered for one peer; of those that may be anything, the one that got nothing for longest goes first.
const STREAMS_PER_PEER_MAX: usize = 8;

/// Streams remembered for all peers.
const STREAMS_MAX: usize = 256;

/// Bytes held for one peer, in bodies of the largest size.
const BODIES_PER_PEER_MAX: usize = 2;

/// Bytes held for all peers, likewise.
const BODIES_MAX: usize = 16;

/// What is known of a heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Signed by the proposer of its round at the height that is decided next.
    Genuine,
    /// For the height after that, whose proposers are not known yet.
    Early,
    /// Neither: forged, over, or out of reach.
    Refused,
}

/// Chunks that are handed on for one part that comes. A body whose heading or round came late may have more waiting; those wait
/// for its next parts.
const CHUNKS_AT_ONCE: usize = 8;

/// A body put together. That it is the body it claims to be is for the application to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) heading: Heading,
    pub(crate) body: Bytes,
}

/// Some of a body, in order: `from` so many bytes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Growth {
    pub(crate) heading: Heading,
    pub(crate) from: u64,
    pub(crate) chunks: Vec<Bytes>,
}

/// What a part brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    Nothing,
    /// Of a body that is still on the way, more is there.
    Grown(Growth),
    /// A genuine heading; its body is still on the way.
    Announced(Heading),
    Complete(Whole),
}

/// Whether a stream is worth following further.
enum Taken {
    In,
    /// Its heading does not count; whoever judged it has said so.
    Refused,
    /// No body has such a part.
    Misshapen,
}

impl Taken {
    const fn of(fits: bool) -> Taken {
        if fits { Taken::In } else { Taken::Misshapen }
    }
}

/// All streams that are being received.
pub(crate) struct Streams {
    body_bytes_max: usize,
    streams: BTreeMap<(PeerId, StreamId), Stream>,
    clock: u64,
    /// Streams of this height that have brought their body: a peer brings one for each heading, whatever else it sends. There
    /// are no more of them than genuine headings for each peer.
    delivered: BTreeSet<(PeerId, StreamId)>,
    /// Of each heading of the round that runs one stream is handed on while it grows, the first that brings some of the body: others
    /// may be copies, or bring anything.
    followed: BTreeMap<StreamId, Followed>,
    /// Who has sent at this height what cannot be a part of a body, which was logged.
    told: BTreeSet<PeerId>,
}

/// Whose stream of a name is handed on as it grows, and how many chunks of it were.
struct Followed {
    peer: PeerId,
    handed: u64,
}

struct Stream {
    heading: Option<(Heading, Standing)>,
    /// By position in the body, from 1 as on the wire.
    chunks: BTreeMap<u64, Bytes>,
    bytes: usize,
    /// Refused or brought: further parts are ignored without being remembered.
    closed: bool,
    touched: u64,
    /// The height that was next when the stream began.
    since: u64,
}

impl Streams {
    pub(crate) fn new(body_bytes_max: usize) -> Streams {
        Streams {
            body_bytes_max,
            streams: BTreeMap::new(),
            clock: 0,
            delivered: BTreeSet::new(),
            followed: BTreeMap::new(),
            told: BTreeSet::new(),
        }
    }

    /// Adds a part. `height` is the height that is decided next, with the round that runs; `judge` knows its proposers.
    pub(crate) fn add(
        &mut self,
        peer: PeerId,
        message: StreamMessage<Part>,
        (height, round): (u64, u32),
        judge: impl FnOnce(&Heading) -> Standing,
    ) -> Arrival {
        let Some(part) = message.content.into_data() else {
            return Arrival::Nothing;
        };
        self.clock = self.clock.saturating_add(1);
        let key = (peer, message.stream_id);
        if self.delivered.contains(&key) {
            return Arrival::Nothing;
        }
        let stream = self.streams.entry(key.clone()).or_insert_with(|| Stream::begun_at(height));
        let before = (stream.standing(), stream.bytes);
        let was = before.0;
        // Under other names one heading could bring any number of bodies.
        let taken = match &part {
            Part::Heading(heading) if key.1 != named(heading) => Taken::Misshapen,
            Part::Heading(_) | Part::Chunk(_) => stream.take(part, message.sequence, self.body_bytes_max, judge),
        };
        match taken {
            Taken::In => {}
            Taken::Refused => stream.close(),
            Taken::Misshapen => {
                stream.close();
                if self.told.insert(peer) {
                    tracing::warn!(peer.id = %peer, "parts are refused that make no body: too large, or in no order");
                }
            }
        }
        // What brings nothing new keeps nothing here.
        if stream.touched == 0 || (stream.standing(), stream.bytes) != before {
            stream.touched = self.clock;
        }
        let mut arrival = stream.arrival(was);
        if arrival == Arrival::Nothing
            && let Some(growth) = self.growth(&key, round)
        {
            arrival = Arrival::Grown(growth);
        }
        if let Arrival::Complete(_) = arrival {
            self.streams.remove(&key);
            self.delivered.insert(key);
        }
        self.make_room(peer);
        arrival
    }

    /// Judges again what was early, now that `height` is the next, and forgets what is over.
    pub(crate) fn advance(
        &mut self,
        height: u64,
        mut judge: impl FnMut(&PeerId, &Heading) -> Standing,
    ) -> Vec<(PeerId, Arrival)> {
        for (peer, Heading { height, round, block, .. }) in self.withheld(height) {
            tracing::warn!(
                peer.id = %peer,
                block.height = height,
                block.round = round,
                block.id = %block,
                "a body that was announced has not come whole"
            );
        }
        self.told.clear();
        self.delivered.clear();
        self.followed.clear();
        // Parts may precede their heading, so a nameless stream lives one height longer than it began.
        self.streams.retain(|_, stream| match stream.heading {
            Some((heading, _)) => heading.height >= height && !stream.closed,
            None => !stream.closed && stream.since.saturating_add(1) >= height,
        });
        let mut arrivals = Vec::new();
        for (key, stream) in &mut self.streams {
            let (peer, was) = (&key.0, stream.standing());
            if let Some((heading, Standing::Early)) = stream.heading {
                stream.heading = Some((heading, judge(peer, &heading)));
                if stream.standing() == Some(Standing::Refused) {
                    stream.close();
                }
                let arrival = stream.arrival(was);
                if let Arrival::Complete(_) = arrival {
                    self.delivered.insert(key.clone());
                }
                arrivals.push((*peer, arrival));
            }
        }
        arrivals.retain(|(_, arrival)| *arrival != Arrival::Nothing);
        arrivals
    }

    /// Bodies of heights before `height` that were announced and that nobody has brought, with who announced them here.
    fn withheld(&self, height: u64) -> Vec<(PeerId, Heading)> {
        let brought = |name: &StreamId| self.delivered.iter().any(|(_, one)| one == name);
        let of_stream = |((peer, name), stream): (&(PeerId, StreamId), &Stream)| match stream.heading {
            Some((heading, Standing::Genuine)) if heading.height < height && !stream.closed && !brought(name) => {
                Some((*peer, heading))
            }
            Some(_) | None => None,
        };
        self.streams.iter().filter_map(of_stream).collect()
    }

    /// What follows of a growing body on what was handed on.
    fn growth(&mut self, key: &(PeerId, StreamId), round: u32) -> Option<Growth> {
        let ((peer, name), stream) = (key, self.streams.get(key)?);
        let heading = stream.growing(round)?;
        let handed = match self.followed.get(name) {
            Some(followed) if followed.peer != *peer => return None,
            Some(followed) => followed.handed,
            None => 0,
        };
        let chunks = stream.chunks_after(handed);
        if chunks.is_empty() || self.delivered.iter().any(|(_, brought)| brought == name) {
            return None;
        }
        let followed = Followed { peer: *peer, handed: handed.saturating_add(bytes_of(chunks.len())) };
        self.followed.insert(name.clone(), followed);
        Some(Growth { heading, from: handed.saturating_mul(bytes_of(CHUNK_BYTES)), chunks })
    }

    fn make_room(&mut self, peer: PeerId) {
        let of_peer = self.body_bytes_max.saturating_mul(BODIES_PER_PEER_MAX);
        while self.exceeds(Some(peer), STREAMS_PER_PEER_MAX, of_peer) {
            self.drop_oldest(Some(peer));
        }
        let of_all = self.body_bytes_max.saturating_mul(BODIES_MAX);
        while self.exceeds(None, STREAMS_MAX, of_all) {
            self.drop_oldest(None);
        }
    }

    fn exceeds(&self, peer: Option<PeerId>, streams_max: usize, bytes_max: usize) -> bool {
        let of = self.streams.iter().filter(|((from, _), _)| peer.is_none_or(|peer| peer == *from));
        let (count, bytes) = of.fold((0_usize, 0_usize), |(count, bytes), (_, stream)| {
            (count.saturating_add(1), bytes.saturating_add(stream.bytes))
        });
        count > streams_max || bytes > bytes_max
    }

    fn drop_oldest(&mut self, peer: Option<PeerId>) {
        let of = self.streams.iter().filter(|((from, _), _)| peer.is_none_or(|peer| peer == *from));
        // What a proposer of this height has announced stays longest, and of its copies the one that came first.
        let followed = |(peer, name): &(PeerId, StreamId)| self.followed.get(name).is_some_and(|one| one.peer == *peer);
        let rank =
            |(key, stream): &(&(PeerId, StreamId), &Stream)| (stream.is_awaited(), followed(key), stream.touched);
        let oldest = of.min_by_key(rank).map(|(key, _)| key.clone());
        if let Some(key) = oldest {
            tracing::debug!(peer.id = %key.0, "dropping a stream of parts to stay within bounds");
            self.streams.remove(&key);
        }
    }
}

impl Stream {
    fn begun_at(height: u64) -> Stream {
        Stream { heading: None, chunks: BTreeMap::new(), bytes: 0, closed: false, touched: 0, since: height }
    }

    fn standing(&self) -> Option<Standing> {
        self.heading.map(|(_, standing)| standing)
    }

    /// Whether its body is one that may be decided, and is still on the way.
    fn is_awaited(&self) -> bool {
        self.standing() == Some(Standing::Genuine) && !self.closed
    }

    /// Takes a part in.
    fn take(
        &mut self,
        part: Part,
        sequence: u64,
        body_bytes_max: usize,
        judge: impl FnOnce(&Heading) -> Standing,
    ) -> Taken {
        if self.closed {
            return Taken::In;
        }
        match part {
            Part::Heading(heading) => {
                if self.heading.is_some() {
                    return Taken::In;
                }
                let fits = sequence == 0 && usize::try_from(heading.bytes).is_ok_and(|bytes| bytes <= body_bytes_max);
                let standing = if fits { judge(&heading) } else { Standing::Refused };
                self.heading = Some((heading, standing));
                if fits && standing == Standing::Refused {
                    return Taken::Refused;
                }
                Taken::of(fits && self.chunks.iter().all(|(at, chunk)| chunk_fits(heading.bytes, *at, chunk)))
            }
            Part::Chunk(chunk) => {
                let limit = self.heading.map_or(bytes_of(body_bytes_max), |(heading, _)| heading.bytes);
                let fits = match self.heading {
                    Some(_) => chunk_fits(limit, sequence, &chunk),
                    None => chunk_may_fit(limit, sequence, &chunk),
                };
                if fits && !self.chunks.contains_key(&sequence) {
                    self.bytes = self.bytes.saturating_add(chunk.len());
                    self.chunks.insert(sequence, chunk);
                }
                Taken::of(fits)
            }
        }
    }

    /// What has come about, if the standing before the last change was `was`.
    fn arrival(&mut self, was: Option<Standing>) -> Arrival {
        let Some((heading, Standing::Genuine)) = self.heading else {
            return Arrival::Nothing;
        };
        if self.closed {
            return Arrival::Nothing;
        }
        if bytes_of(self.bytes) == heading.bytes {
            // Each chunk fits and none is there twice, so the right number of bytes is the whole body.
            let mut body = BytesMut::with_capacity(self.bytes);
            for chunk in self.chunks.values() {
                body.extend_from_slice(chunk);
            }
            self.close();
            return Arrival::Complete(Whole { heading, body: body.freeze() });
        }
        if was == Some(Standing::Genuine) { Arrival::Nothing } else { Arrival::Announced(heading) }
    }

    /// The heading of a body of the round that runs, of which some is worth looking at before all of it is there.
    fn growing(&self, round: u32) -> Option<Heading> {
        match self.heading {
            Some((heading, Standing::Genuine)) if heading.round == round && !self.closed => Some(heading),
            Some(_) | None => None,
        }
    }

    /// The next chunks after so many, as far as they are there.
    fn chunks_after(&self, handed: u64) -> Vec<Bytes> {
        let next = (handed.saturating_add(1)..).map_while(|at| self.chunks.get(&at));
        next.take(CHUNKS_AT_ONCE).cloned().collect()
    }

    fn close(&mut self) {
        self.closed = true;
        self.chunks.clear();
        self.bytes = 0;
    }
}

/// Whether `chunk` is as long as the chunk at `sequence` of a body of `total` bytes must be.
fn chunk_fits(total: u64, sequence: u64, chunk: &Bytes) -> bool {
    let start = sequence.checked_sub(1).and_then(|before| before.checked_mul(bytes_of(CHUNK_BYTES)));
    let rest = start.and_then(|start| total.checked_sub(start));
    rest.is_some_and(|rest| !chunk.is_empty() && bytes_of(chunk.len()) == rest.min(bytes_of(CHUNK_BYTES)))
}

/// Whether `chunk` may be the chunk at `sequence` of a body of unknown length, at most `limit` bytes.
fn chunk_may_fit(limit: u64, sequence: u64, chunk: &Bytes) -> bool {
    let start = sequence.checked_sub(1).and_then(|before| before.checked_mul(bytes_of(CHUNK_BYTES)));
    let sized = !chunk.is_empty() && chunk.len() <= CHUNK_BYTES;
    sized && start.is_some_and(|start| start < limit)
}

fn bytes_of(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
