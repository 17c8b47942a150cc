//! A body on its way out: a signed heading, then the body in chunks.

use bytes::Bytes;
use hefu_keys::Hash;
use malachite::app::streaming::StreamContent;
use malachite::app::types::streaming::{StreamId, StreamMessage};

use crate::context::{Heading, Part};

/// Bytes of each chunk but the last. Smaller ones cost more messages, larger ones delay votes behind them.
pub const CHUNK_BYTES: usize = 128 * 1024;

/// Length of a stream's name.
pub(crate) const STREAM_ID_BYTES: usize = 32;

/// The name of the stream that carries the body of a heading.
pub(crate) fn named(heading: &Heading) -> StreamId {
    StreamId::new(Bytes::copy_from_slice(Hash::of(heading.signature.as_bytes()).as_bytes()))
}

/// The messages that carry `body`. The stream is named after the heading's signature, so sending it again after a
/// crash repeats the same messages.
pub(crate) fn cut(heading: Heading, body: &Bytes) -> impl Iterator<Item = StreamMessage<Part>> {
    let id = named(&heading);
    let body = body.clone();
    let chunks = (0..body.len()).step_by(CHUNK_BYTES).map(move |start| {
        let end = start.saturating_add(CHUNK_BYTES).min(body.len());
        Part::Chunk(body.slice(start..end))
    });
    std::iter::once(Part::Heading(heading))
        .chain(chunks)
        .zip(0..)
        .map(move |(part, sequence)| StreamMessage::new(id.clone(), sequence, StreamContent::Data(part)))
}
