//! The bytes of the engine's messages, on the wire and in its log: one version byte, then SCALE.
//!
//! None of these bytes is ever signed or hashed (signatures are over canonical JSON), so their only duties are to be
//! compact, to refuse garbage, and to carry bodies without copying them. A log written with another version cannot be
//! read: the version changes only together with a stopped height.

#[expect(clippy::cast_possible_truncation, reason = "the derived code casts the constant indices of variants")]
mod wire;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use codec::{Decode, Encode};
use malachite::app::consensus::LivenessMsg;
use malachite::app::types::codec::{Codec as MessageCodec, HasEncodedLen};
use malachite::app::types::core::{PolkaCertificate, ValidatorProof};
use malachite::app::types::streaming::StreamMessage;
use malachite::app::types::sync::{Request, Response, Status};
use malachite::app::types::{ProposedValue, SignedConsensusMsg};
use tokio::sync::mpsc;

use crate::application::Ahead;
use crate::context::{Hefu, Part};
use crate::guard::Guard;
use crate::logbook;
use crate::sightings::Sighting;

/// Version of every message below; never reused.
pub(crate) const VERSION: u8 = 1;

/// Highest height a message may name: JSON numbers are exact below 2^53.
const HEIGHT_MAX: u64 = (1 << 53) - 1;

/// Highest round a message may name. No honest height comes near; beyond it arithmetic on rounds could overflow.
const ROUND_MAX: u32 = 1 << 24;

/// Why bytes are not a message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodecError {
    #[error("the message has no version byte")]
    Empty,
    #[error("the message has version {0}, this node speaks {VERSION}")]
    Version(u8),
    #[error("the message is malformed: {0}")]
    Malformed(#[from] codec::Error),
    #[error("the message has {0} bytes, {1} of which mean something")]
    Length(usize, usize),
    #[error("height {0} is above {HEIGHT_MAX}")]
    Height(u64),
    #[error("round {0} is above {ROUND_MAX}")]
    Round(u32),
    #[error("a name of a peer or a stream has {0} bytes, which is not possible")]
    Name(usize),
}

/// Translates between messages and bytes. Messages that prove a quorum are reported as they pass, see [`Sighting`], and
/// the guard has its say in what the log holds of its validator.
#[derive(Clone)]
pub(crate) struct Codec {
    sightings: Option<mpsc::Sender<Sighting>>,
    ahead: Option<Ahead>,
    guard: Option<Guard>,
}

impl Codec {
    /// For the log: nothing is read from it but what this node wrote.
    pub(crate) fn of_log(guard: Option<Guard>) -> Codec {
        Codec { sightings: None, ahead: None, guard }
    }

    /// For the network.
    pub(crate) fn of_network(sightings: mpsc::Sender<Sighting>, ahead: Option<Ahead>) -> Codec {
        Codec { sightings: Some(sightings), ahead, guard: None }
    }

    /// A report that finds no room is dropped: with it less is waited for, and a served block need not be asked for again.
    fn report(&self, sighting: impl FnOnce() -> Sighting) {
        if let Some(place) = self.sightings.as_ref().and_then(|sender| sender.try_reserve().ok()) {
            place.send(sighting());
        }
    }
}

fn seal<T: Encode>(message: &T) -> Bytes {
    let mut bytes = BytesMut::with_capacity(message.size_hint().saturating_add(1)).writer();
    bytes.get_mut().put_u8(VERSION);
    message.encode_to(&mut bytes);
    bytes.into_inner().freeze()
}

fn open<T: Decode + Encode>(mut bytes: Bytes) -> Result<T, CodecError> {
    let length = bytes.len();
    match bytes.first().copied() {
        None => return Err(CodecError::Empty),
        Some(VERSION) => bytes.advance(1),
        Some(other) => return Err(CodecError::Version(other)),
    }
    let message: T = codec::decode_from_bytes(bytes)?;
    let meant = message.encoded_size().saturating_add(1);
    if meant == length { Ok(message) } else { Err(CodecError::Length(length, meant)) }
}

/// Implements the engine's codec for a message by way of its mirror in [`wire`].
macro_rules! mirrored {
    ($message:ty, $mirror:ty) => {
        impl MessageCodec<$message> for Codec {
            type Error = CodecError;

            fn encode(&self, message: &$message) -> Result<Bytes, CodecError> {
                Ok(seal(&<$mirror>::from(message)))
            }

            fn decode(&self, bytes: Bytes) -> Result<$message, CodecError> {
                open::<$mirror>(bytes)?.try_into()
            }
        }
    };
}

mirrored!(Part, wire::Part);
mirrored!(StreamMessage<Part>, wire::Stream);
mirrored!(ProposedValue<Hefu>, wire::Proposed);
mirrored!(PolkaCertificate<Hefu>, wire::Polka);
mirrored!(ValidatorProof<Hefu>, wire::Proof);
mirrored!(Status<Hefu>, wire::Status);
mirrored!(Request<Hefu>, wire::Request);

impl MessageCodec<SignedConsensusMsg<Hefu>> for Codec {
    type Error = CodecError;

    fn encode(&self, message: &SignedConsensusMsg<Hefu>) -> Result<Bytes, CodecError> {
        Ok(match &self.guard {
            Some(guard) => seal(&wire::Consensus::from(&logbook::written(guard, message))),
            None => seal(&wire::Consensus::from(message)),
        })
    }

    fn decode(&self, bytes: Bytes) -> Result<SignedConsensusMsg<Hefu>, CodecError> {
        let message = open::<wire::Consensus>(bytes)?.try_into()?;
        if let Some(guard) = &self.guard {
            logbook::read(guard, &message);
        }
        Ok(message)
    }
}

impl MessageCodec<LivenessMsg<Hefu>> for Codec {
    type Error = CodecError;

    fn encode(&self, message: &LivenessMsg<Hefu>) -> Result<Bytes, CodecError> {
        Ok(seal(&wire::Liveness::from(message)))
    }

    fn decode(&self, bytes: Bytes) -> Result<LivenessMsg<Hefu>, CodecError> {
        let message = open::<wire::Liveness>(bytes)?.try_into()?;
        if let LivenessMsg::PolkaCertificate(certificate) = &message {
            self.report(|| Sighting::Polka(certificate.clone()));
        }
        Ok(message)
    }
}

impl MessageCodec<Response<Hefu>> for Codec {
    type Error = CodecError;

    fn encode(&self, message: &Response<Hefu>) -> Result<Bytes, CodecError> {
        Ok(seal(&wire::Response::from(message)))
    }

    fn decode(&self, bytes: Bytes) -> Result<Response<Hefu>, CodecError> {
        let message = open::<wire::Response>(bytes)?.try_into()?;
        let Response::ValueResponse(values) = &message;
        for value in &values.values {
            self.report(|| Sighting::Commit(value.certificate.clone()));
        }
        if let Some(ahead) = &self.ahead {
            ahead(values.values.iter().map(|value| value.value_bytes.clone()).collect());
        }
        Ok(message)
    }
}

impl HasEncodedLen<Response<Hefu>> for Codec {
    fn encoded_len(&self, message: &Response<Hefu>) -> Result<usize, CodecError> {
        Ok(wire::Response::from(message).encoded_size().saturating_add(1))
    }
}

#[cfg(test)]
mod tests;
