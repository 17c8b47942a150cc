//! Mirrors of the engine's messages: the same content in types that SCALE can write. The order of fields and variants
//! is the format.

mod catchup;
mod parts;
mod votes;

use malachite::app::types::PeerId;
use malachite::app::types::core::Round;

use super::{CodecError, HEIGHT_MAX, ROUND_MAX};
use crate::context::Height;

pub(super) use catchup::{Request, Response, Status};
pub(super) use parts::{Part, Stream};
pub(super) use votes::{Consensus, Liveness, Polka, Proof, Proposed};

type Raw32 = [u8; 32];
type Raw64 = [u8; 64];

fn height(number: u64) -> Result<Height, CodecError> {
    if number > HEIGHT_MAX { Err(CodecError::Height(number)) } else { Ok(Height(number)) }
}

fn round_number(number: u32) -> Result<u32, CodecError> {
    if number > ROUND_MAX { Err(CodecError::Round(number)) } else { Ok(number) }
}

fn round(number: Option<u32>) -> Result<Round, CodecError> {
    Ok(Round::from(number.map(round_number).transpose()?))
}

fn peer(bytes: &[u8]) -> Result<PeerId, CodecError> {
    PeerId::from_bytes(bytes).map_err(|_| CodecError::Name(bytes.len()))
}
