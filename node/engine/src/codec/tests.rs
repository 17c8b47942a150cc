use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use hefu_keys::{Address, Hash, Signature};
use malachite::app::consensus::LivenessMsg;
use malachite::app::streaming::StreamContent;
use malachite::app::types::codec::{Codec as MessageCodec, HasEncodedLen};
use malachite::app::types::core::{
    NilOrVal, Round, RoundCertificate, RoundCertificateType, RoundSignature, SignedProposal, SignedVote,
    ValidatorProof, Validity, VoteType,
};
use malachite::app::types::streaming::{StreamId, StreamMessage};
use malachite::app::types::sync::{RawDecidedValue, Request, Response, Status};
use malachite::app::types::{PeerId, ProposedValue, SignedConsensusMsg};
use malachite_sync::{ValueRequest, ValueResponse};
use proptest::prelude::*;
use tokio::sync::mpsc;

use super::{Codec, CodecError, HEIGHT_MAX, ROUND_MAX, VERSION};
use crate::context::{Autograph, Block, Heading, Hefu, Height, Part, Proposal, Vote, Voter};
use crate::scene::{address, commit, polka};
use crate::sightings::Sighting;

fn height() -> impl Strategy<Value = Height> {
    (0..=HEIGHT_MAX).prop_map(Height)
}

fn round() -> impl Strategy<Value = Round> {
    prop::option::of(0..=ROUND_MAX).prop_map(Round::from)
}

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash::from_bytes)
}

fn voter() -> impl Strategy<Value = Voter> {
    any::<[u8; 32]>().prop_map(|bytes| Voter(Address::from_bytes(bytes)))
}

fn autograph() -> impl Strategy<Value = Autograph> {
    any::<[u8; 32]>().prop_map(|half| {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&half);
        Autograph(Signature::from_bytes(bytes))
    })
}

fn choice() -> impl Strategy<Value = NilOrVal<Hash>> {
    prop::option::of(hash()).prop_map(|block| block.map_or(NilOrVal::Nil, NilOrVal::Val))
}

fn kind() -> impl Strategy<Value = VoteType> {
    prop_oneof![Just(VoteType::Prevote), Just(VoteType::Precommit)]
}

fn body() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..300).prop_map(Bytes::from)
}

prop_compose! {
    fn vote()(kind in kind(), height in height(), round in round(), block in choice(), voter in voter(), by in autograph())
        -> SignedVote<Hefu> {
        SignedVote::new(Vote { kind, height, round, block, voter }, by)
    }
}

prop_compose! {
    fn proposal()(height in height(), round in round(), block in hash(), pol_round in round(), proposer in voter(), by in autograph())
        -> SignedProposal<Hefu> {
        SignedProposal::new(Proposal { height, round, block: Block(block), pol_round, proposer }, by)
    }
}

prop_compose! {
    fn heading()(height in height(), round in 0..=ROUND_MAX, block in hash(), builder in voter(), bytes in any::<u64>(), by in autograph())
        -> Heading {
        Heading { height: height.0, round, block, builder: builder.0, bytes, signature: by.0 }
    }
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![heading().prop_map(Part::Heading), body().prop_map(Part::Chunk)]
}

prop_compose! {
    fn round_end()(height in height(), round in round(), skip in any::<bool>(),
        votes in prop::collection::vec((kind(), choice(), voter(), autograph()), 0..5)) -> RoundCertificate<Hefu> {
        let cert_type = if skip { RoundCertificateType::Skip } else { RoundCertificateType::Precommit };
        let signed = votes.into_iter().map(|(kind, block, voter, by)| RoundSignature::new(kind, block, voter, by));
        RoundCertificate { height, round, cert_type, round_signatures: signed.collect() }
    }
}

/// The message survives, no shorter or longer form of it is accepted, and none of another version.
fn check<T: PartialEq + Debug>(message: &T)
where
    Codec: MessageCodec<T, Error = CodecError>,
{
    let codec = Codec::of_log(None);
    let bytes: Bytes = MessageCodec::<T>::encode(&codec, message).expect("encoded");
    let decode = |bytes: Bytes| MessageCodec::<T>::decode(&codec, bytes);
    assert_eq!(&decode(bytes.clone()).expect("decoded"), message);

    assert!(decode(bytes.slice(..bytes.len().saturating_sub(1))).is_err(), "cut short");
    let longer: Bytes = bytes.iter().copied().chain([0]).collect();
    assert!(decode(longer).is_err(), "with a byte more");
    let newer: Bytes = [VERSION + 1].into_iter().chain(bytes.iter().copied().skip(1)).collect();
    assert!(matches!(decode(newer), Err(CodecError::Version(2))), "of another version");
}

proptest! {
    // Fewer than usual: every case signs a dozen times.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn messages_survive(
        vote in vote(), proposal in proposal(), part in part(), end in round_end(),
        (height, round, block, voter) in (height(), round(), hash(), voter()),
        (id, sequence, valid) in (any::<[u8; 32]>(), any::<u64>(), any::<bool>()), body in body(),
    ) {
        check(&part);
        let id = StreamId::new(Bytes::copy_from_slice(&id));
        check(&StreamMessage::new(id.clone(), sequence, StreamContent::Data(part)));
        check(&StreamMessage::<Part>::new(id, sequence, StreamContent::Fin));
        check(&SignedConsensusMsg::Vote(vote.clone()));
        check(&SignedConsensusMsg::Proposal(proposal));
        check(&LivenessMsg::Vote(vote));
        check(&LivenessMsg::SkipRoundCertificate(end));
        check(&LivenessMsg::PolkaCertificate(polka(height.0, block, &[1, 2])));
        check(&polka(height.0, block, &[1]));
        let validity = Validity::from_bool(valid);
        check(&ProposedValue::<Hefu> { height, round, valid_round: round, proposer: voter, value: Block(block), validity });
        let values = vec![RawDecidedValue::new(body, commit(height.0, block, &[1, 2, 3])); 2];
        check(&Response::<Hefu>::ValueResponse(ValueResponse::new(height, values)));
        check(&Request::<Hefu>::ValueRequest(ValueRequest::new(height..=height)));
        check(&Status::<Hefu> { peer_id: PeerId::from_bytes(&[0, 1, 9]).expect("a peer"), tip_height: height, history_min_height: Height(1) });
        let key = address(1).as_bytes().to_vec();
        check(&ValidatorProof::<Hefu>::new(key, vec![0, 1, 9], Autograph(Signature::from_bytes([5; 64]))));
    }
}

proptest! {
    #[test]
    fn garbage_is_refused_without_harm(mut bytes in prop::collection::vec(any::<u8>(), 0..400), versioned in any::<bool>()) {
        if let (true, Some(first)) = (versioned, bytes.first_mut()) {
            *first = VERSION;
        }
        let bytes = Bytes::from(bytes);
        let codec = Codec::of_log(None);
        fn decode<T>(codec: &Codec, bytes: &Bytes) where Codec: MessageCodec<T, Error = CodecError> {
            // What happens to be a message must be written again as the same bytes.
            if let Ok(message) = MessageCodec::<T>::decode(codec, bytes.clone()) {
                assert_eq!(&MessageCodec::<T>::encode(codec, &message).expect("encoded"), bytes);
            }
        }
        decode::<Part>(&codec, &bytes);
        decode::<StreamMessage<Part>>(&codec, &bytes);
        decode::<SignedConsensusMsg<Hefu>>(&codec, &bytes);
        decode::<LivenessMsg<Hefu>>(&codec, &bytes);
        decode::<ProposedValue<Hefu>>(&codec, &bytes);
        decode::<Response<Hefu>>(&codec, &bytes);
        decode::<Request<Hefu>>(&codec, &bytes);
        decode::<Status<Hefu>>(&codec, &bytes);
    }
}

#[test]
fn numbers_that_no_honest_node_sends_are_refused() {
    let codec = Codec::of_log(None);
    let vote = |height: u64, round: u32| {
        let voter = Voter(Address::from_bytes([1; 32]));
        let block = NilOrVal::Nil;
        let (height, round) = (Height(height), Round::new(round));
        let vote = Vote { kind: VoteType::Prevote, height, round, block, voter };
        let message = SignedConsensusMsg::Vote(SignedVote::new(vote, Autograph(Signature::from_bytes([0; 64]))));
        let bytes = codec.encode(&message).expect("encoded");
        MessageCodec::<SignedConsensusMsg<Hefu>>::decode(&codec, bytes).err()
    };
    assert!(vote(HEIGHT_MAX, ROUND_MAX).is_none());
    assert!(matches!(vote(HEIGHT_MAX + 1, 0), Some(CodecError::Height(_))));
    assert!(matches!(vote(1, ROUND_MAX + 1), Some(CodecError::Round(_))));
}

#[test]
fn a_body_is_not_copied_out_of_its_message() {
    let codec = Codec::of_log(None);
    let id = StreamId::new(Bytes::from_static(&[3; 32]));
    let chunk = Bytes::from(vec![5; 1000]);
    let message = StreamMessage::new(id, 1, StreamContent::Data(Part::Chunk(chunk)));
    let bytes = codec.encode(&message).expect("encoded");
    let decoded: StreamMessage<Part> = codec.decode(bytes.clone()).expect("decoded");
    let Some(Part::Chunk(chunk)) = decoded.content.into_data() else {
        panic!("a chunk was sent");
    };
    assert!(bytes.as_ptr_range().contains(&chunk.as_ptr()));
}

#[test]
fn the_length_of_an_answer_is_known_without_writing_it() {
    let codec = Codec::of_log(None);
    let value = RawDecidedValue::new(Bytes::from(vec![1; 70_000]), commit(3, Hash::ZERO, &[1, 2, 3]));
    for count in [0, 1, 5] {
        let answer = Response::ValueResponse(ValueResponse::new(Height(3), vec![value.clone(); count]));
        let written: Bytes = codec.encode(&answer).expect("encoded");
        assert_eq!(codec.encoded_len(&answer).expect("counted"), written.len());
    }
}

#[test]
fn certificates_are_reported_as_they_pass_and_dropped_when_nobody_looks() {
    let (reports, mut seen) = mpsc::channel(2);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = heard.clone();
    let codec = Codec::of_network(reports, Some(Arc::new(move |bodies| hears.lock().expect("whole").extend(bodies))));
    let value = RawDecidedValue::new(Bytes::from_static(b"body"), commit(3, Hash::ZERO, &[1]));
    let answer = Response::ValueResponse(ValueResponse::new(Height(3), vec![value; 3]));
    let decoded: Response<Hefu> = codec.decode(codec.encode(&answer).expect("encoded")).expect("decoded");
    assert_eq!(decoded, answer);
    assert_eq!(*heard.lock().expect("whole"), ["body"; 3], "bodies are heard of before anybody is asked about them");
    assert!(matches!(seen.try_recv(), Ok(Sighting::Commit(_))));
    assert!(matches!(seen.try_recv(), Ok(Sighting::Commit(_))));
    assert!(seen.try_recv().is_err(), "the third found no room");

    let prevotes = LivenessMsg::PolkaCertificate(polka(3, Hash::ZERO, &[1]));
    let decoded: LivenessMsg<Hefu> = codec.decode(codec.encode(&prevotes).expect("encoded")).expect("decoded");
    assert_eq!(decoded, prevotes);
    assert!(matches!(seen.try_recv(), Ok(Sighting::Polka(_))));
}
