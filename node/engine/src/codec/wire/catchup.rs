//! What nodes exchange to catch up.

use bytes::Bytes;
use codec::{Decode, Encode};
use hefu_keys::{Address, Hash, Signature};
use malachite::app::types::core::{ExtendedCommitCertificate, ExtendedCommitSignature};
use malachite::app::types::sync;
use malachite_sync::{ValueRequest, ValueResponse};

use super::{Raw32, Raw64, height, peer, round};
use crate::codec::CodecError;
use crate::context::{Autograph, Hefu, Voter};

#[derive(Encode, Decode)]
pub(in crate::codec) struct Status {
    peer: Vec<u8>,
    tip: u64,
    history_min: u64,
}

#[derive(Encode, Decode)]
pub(in crate::codec) enum Request {
    #[codec(index = 0)]
    Values { first: u64, last: u64 },
}

#[derive(Encode, Decode)]
pub(in crate::codec) enum Response {
    #[codec(index = 0)]
    Values { first: u64, values: Vec<Value> },
}

#[derive(Encode, Decode)]
pub(in crate::codec) struct Value {
    height: u64,
    round: Option<u32>,
    block: Raw32,
    signatures: Vec<(Raw32, Raw64)>,
    body: Bytes,
}

impl From<&sync::Status<Hefu>> for Status {
    fn from(status: &sync::Status<Hefu>) -> Status {
        Status { peer: status.peer_id.to_bytes(), tip: status.tip_height.0, history_min: status.history_min_height.0 }
    }
}

impl TryFrom<Status> for sync::Status<Hefu> {
    type Error = CodecError;

    fn try_from(status: Status) -> Result<sync::Status<Hefu>, CodecError> {
        Ok(sync::Status {
            peer_id: peer(&status.peer)?,
            tip_height: height(status.tip)?,
            history_min_height: height(status.history_min)?,
        })
    }
}

impl From<&sync::Request<Hefu>> for Request {
    fn from(request: &sync::Request<Hefu>) -> Request {
        let sync::Request::ValueRequest(values) = request;
        Request::Values { first: values.range.start().0, last: values.range.end().0 }
    }
}

impl TryFrom<Request> for sync::Request<Hefu> {
    type Error = CodecError;

    fn try_from(request: Request) -> Result<sync::Request<Hefu>, CodecError> {
        let Request::Values { first, last } = request;
        Ok(sync::Request::ValueRequest(ValueRequest::new(height(first)?..=height(last)?)))
    }
}

impl From<&sync::RawDecidedValue<Hefu>> for Value {
    fn from(decided: &sync::RawDecidedValue<Hefu>) -> Value {
        let certificate = &decided.certificate;
        let signatures = certificate.commit_signatures.iter();
        Value {
            height: certificate.height.0,
            round: certificate.round.as_u32(),
            block: *certificate.value_id.as_bytes(),
            signatures: signatures.map(|one| (*one.address.0.as_bytes(), *one.signature.0.as_bytes())).collect(),
            body: decided.value_bytes.clone(),
        }
    }
}

impl TryFrom<Value> for sync::RawDecidedValue<Hefu> {
    type Error = CodecError;

    fn try_from(value: Value) -> Result<sync::RawDecidedValue<Hefu>, CodecError> {
        let signatures = value.signatures.into_iter();
        let certificate = ExtendedCommitCertificate {
            height: height(value.height)?,
            round: round(value.round)?,
            value_id: Hash::from_bytes(value.block),
            commit_signatures: signatures
                .map(|(address, signature)| {
                    let voter = Voter(Address::from_bytes(address));
                    let autograph = Autograph(Signature::from_bytes(signature));
                    ExtendedCommitSignature::new(voter, autograph, None)
                })
                .collect(),
        };
        Ok(sync::RawDecidedValue::new(value.body, certificate))
    }
}

impl From<&sync::Response<Hefu>> for Response {
    fn from(response: &sync::Response<Hefu>) -> Response {
        let sync::Response::ValueResponse(response) = response;
        Response::Values { first: response.start_height.0, values: response.values.iter().map(Value::from).collect() }
    }
}

impl TryFrom<Response> for sync::Response<Hefu> {
    type Error = CodecError;

    fn try_from(response: Response) -> Result<sync::Response<Hefu>, CodecError> {
        let Response::Values { first, values } = response;
        let values = values.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        Ok(sync::Response::ValueResponse(ValueResponse::new(height(first)?, values)))
    }
}
