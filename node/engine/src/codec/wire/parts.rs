//! Bodies in parts.

use bytes::Bytes;
use codec::{Decode, Encode};
use hefu_keys::{Address, Hash, Signature};
use malachite::app::streaming::StreamContent;
use malachite::app::types::streaming::{StreamId, StreamMessage};

use super::{Raw32, Raw64, height, round_number};
use crate::codec::CodecError;
use crate::context;
use crate::parts::STREAM_ID_BYTES;

#[derive(Encode, Decode)]
pub(in crate::codec) enum Part {
    #[codec(index = 0)]
    Heading { height: u64, round: u32, block: Raw32, builder: Raw32, bytes: u64, signature: Raw64 },
    #[codec(index = 1)]
    Chunk(Bytes),
}

#[derive(Encode, Decode)]
pub(in crate::codec) struct Stream {
    id: Bytes,
    sequence: u64,
    /// None is the engine's mark of the end, which this node neither sends nor needs.
    content: Option<Part>,
}

impl From<&context::Part> for Part {
    fn from(part: &context::Part) -> Part {
        match part {
            context::Part::Heading(heading) => Part::Heading {
                height: heading.height,
                round: heading.round,
                block: *heading.block.as_bytes(),
                builder: *heading.builder.as_bytes(),
                bytes: heading.bytes,
                signature: *heading.signature.as_bytes(),
            },
            context::Part::Chunk(bytes) => Part::Chunk(bytes.clone()),
        }
    }
}

impl TryFrom<Part> for context::Part {
    type Error = CodecError;

    fn try_from(part: Part) -> Result<context::Part, CodecError> {
        Ok(match part {
            Part::Heading { height: number, round, block, builder, bytes, signature } => {
                context::Part::Heading(context::Heading {
                    height: height(number)?.0,
                    round: round_number(round)?,
                    block: Hash::from_bytes(block),
                    builder: Address::from_bytes(builder),
                    bytes,
                    signature: Signature::from_bytes(signature),
                })
            }
            Part::Chunk(bytes) => context::Part::Chunk(bytes),
        })
    }
}

impl From<&StreamMessage<context::Part>> for Stream {
    fn from(message: &StreamMessage<context::Part>) -> Stream {
        Stream {
            id: message.stream_id.to_bytes(),
            sequence: message.sequence,
            content: message.content.as_data().map(Part::from),
        }
    }
}

impl TryFrom<Stream> for StreamMessage<context::Part> {
    type Error = CodecError;

    fn try_from(stream: Stream) -> Result<StreamMessage<context::Part>, CodecError> {
        if stream.id.len() != STREAM_ID_BYTES {
            return Err(CodecError::Name(stream.id.len()));
        }
        let content = match stream.content {
            Some(part) => StreamContent::Data(part.try_into()?),
            None => StreamContent::Fin,
        };
        // A copy, so that a remembered name does not keep a whole message in memory.
        let id = StreamId::new(Bytes::copy_from_slice(&stream.id));
        Ok(StreamMessage::new(id, stream.sequence, content))
    }
}
