//! Votes, proposals and the certificates made of them.

use codec::{Decode, Encode};
use hefu_keys::{Address, Hash, Signature};
use malachite::app::consensus::LivenessMsg;
use malachite::app::types::core::{
    NilOrVal, PolkaCertificate, PolkaSignature, RoundCertificate, RoundCertificateType, RoundSignature, SignedProposal,
    SignedVote, ValidatorProof, Validity, VoteType,
};
use malachite::app::types::{ProposedValue, SignedConsensusMsg};

use super::{Raw32, Raw64, height, peer, round};
use crate::codec::CodecError;
use crate::context::{self, Autograph, Block, Hefu, Voter};

#[derive(Encode, Decode)]
pub(in crate::codec) struct Vote {
    precommit: bool,
    height: u64,
    round: Option<u32>,
    block: Option<Raw32>,
    voter: Raw32,
    signature: Raw64,
}

#[derive(Encode, Decode)]
pub(in crate::codec) struct Proposal {
    height: u64,
    round: Option<u32>,
    block: Raw32,
    pol_round: Option<u32>,
    proposer: Raw32,
    signature: Raw64,
}

#[derive(Encode, Decode)]
pub(in crate::codec) enum Consensus {
    #[codec(index = 0)]
    Vote(Vote),
    #[codec(index = 1)]
    Proposal(Proposal),
}

#[derive(Encode, Decode)]
pub(in crate::codec) struct Proposed {
    height: u64,
    round: Option<u32>,
    valid_round: Option<u32>,
    proposer: Raw32,
    block: Raw32,
    valid: bool,
}

#[derive(Encode, Decode)]
pub(in crate::codec) struct Polka {
    height: u64,
    round: Option<u32>,
    block: Raw32,
    signatures: Vec<(Raw32, Raw64)>,
}

#[derive(Encode, Decode)]
pub(in crate::codec) struct RoundVote {
    precommit: bool,
    block: Option<Raw32>,
    voter: Raw32,
    signature: Raw64,
}

#[derive(Encode, Decode)]
pub(in crate::codec) struct RoundEnd {
    height: u64,
    round: Option<u32>,
    skip: bool,
    signatures: Vec<RoundVote>,
}

#[derive(Encode, Decode)]
pub(in crate::codec) enum Liveness {
    #[codec(index = 0)]
    Vote(Vote),
    #[codec(index = 1)]
    Polka(Polka),
    #[codec(index = 2)]
    RoundEnd(RoundEnd),
}

#[derive(Encode, Decode)]
pub(in crate::codec) struct Proof {
    key: Vec<u8>,
    peer: Vec<u8>,
    signature: Raw64,
}

fn raw_block(block: &NilOrVal<Hash>) -> Option<Raw32> {
    match block {
        NilOrVal::Nil => None,
        NilOrVal::Val(hash) => Some(*hash.as_bytes()),
    }
}

fn block(raw: Option<Raw32>) -> NilOrVal<Hash> {
    raw.map_or(NilOrVal::Nil, |bytes| NilOrVal::Val(Hash::from_bytes(bytes)))
}

fn kind(precommit: bool) -> VoteType {
    if precommit { VoteType::Precommit } else { VoteType::Prevote }
}

fn voter(raw: Raw32) -> Voter {
    Voter(Address::from_bytes(raw))
}

fn autograph(raw: Raw64) -> Autograph {
    Autograph(Signature::from_bytes(raw))
}

impl From<&SignedVote<Hefu>> for Vote {
    fn from(signed: &SignedVote<Hefu>) -> Vote {
        let vote = &signed.message;
        Vote {
            precommit: vote.kind == VoteType::Precommit,
            height: vote.height.0,
            round: vote.round.as_u32(),
            block: raw_block(&vote.block),
            voter: *vote.voter.0.as_bytes(),
            signature: *signed.signature.0.as_bytes(),
        }
    }
}

impl TryFrom<Vote> for SignedVote<Hefu> {
    type Error = CodecError;

    fn try_from(vote: Vote) -> Result<SignedVote<Hefu>, CodecError> {
        let message = context::Vote {
            kind: kind(vote.precommit),
            height: height(vote.height)?,
            round: round(vote.round)?,
            block: block(vote.block),
            voter: voter(vote.voter),
        };
        Ok(SignedVote::new(message, autograph(vote.signature)))
    }
}

impl From<&SignedProposal<Hefu>> for Proposal {
    fn from(signed: &SignedProposal<Hefu>) -> Proposal {
        let proposal = &signed.message;
        Proposal {
            height: proposal.height.0,
            round: proposal.round.as_u32(),
            block: *proposal.block.0.as_bytes(),
            pol_round: proposal.pol_round.as_u32(),
            proposer: *proposal.proposer.0.as_bytes(),
            signature: *signed.signature.0.as_bytes(),
        }
    }
}

impl TryFrom<Proposal> for SignedProposal<Hefu> {
    type Error = CodecError;

    fn try_from(proposal: Proposal) -> Result<SignedProposal<Hefu>, CodecError> {
        let message = context::Proposal {
            height: height(proposal.height)?,
            round: round(proposal.round)?,
            block: Block(Hash::from_bytes(proposal.block)),
            pol_round: round(proposal.pol_round)?,
            proposer: voter(proposal.proposer),
        };
        Ok(SignedProposal::new(message, autograph(proposal.signature)))
    }
}

impl From<&SignedConsensusMsg<Hefu>> for Consensus {
    fn from(message: &SignedConsensusMsg<Hefu>) -> Consensus {
        match message {
            SignedConsensusMsg::Vote(vote) => Consensus::Vote(vote.into()),
            SignedConsensusMsg::Proposal(proposal) => Consensus::Proposal(proposal.into()),
        }
    }
}

impl TryFrom<Consensus> for SignedConsensusMsg<Hefu> {
    type Error = CodecError;

    fn try_from(message: Consensus) -> Result<SignedConsensusMsg<Hefu>, CodecError> {
        Ok(match message {
            Consensus::Vote(vote) => SignedConsensusMsg::Vote(vote.try_into()?),
            Consensus::Proposal(proposal) => SignedConsensusMsg::Proposal(proposal.try_into()?),
        })
    }
}

impl From<&ProposedValue<Hefu>> for Proposed {
    fn from(value: &ProposedValue<Hefu>) -> Proposed {
        Proposed {
            height: value.height.0,
            round: value.round.as_u32(),
            valid_round: value.valid_round.as_u32(),
            proposer: *value.proposer.0.as_bytes(),
            block: *value.value.0.as_bytes(),
            valid: value.validity.to_bool(),
        }
    }
}

impl TryFrom<Proposed> for ProposedValue<Hefu> {
    type Error = CodecError;

    fn try_from(value: Proposed) -> Result<ProposedValue<Hefu>, CodecError> {
        Ok(ProposedValue {
            height: height(value.height)?,
            round: round(value.round)?,
            valid_round: round(value.valid_round)?,
            proposer: voter(value.proposer),
            value: Block(Hash::from_bytes(value.block)),
            validity: Validity::from_bool(value.valid),
        })
    }
}

impl From<&PolkaCertificate<Hefu>> for Polka {
    fn from(certificate: &PolkaCertificate<Hefu>) -> Polka {
        let signatures = certificate.polka_signatures.iter();
        Polka {
            height: certificate.height.0,
            round: certificate.round.as_u32(),
            block: *certificate.value_id.as_bytes(),
            signatures: signatures.map(|one| (*one.address.0.as_bytes(), *one.signature.0.as_bytes())).collect(),
        }
    }
}

impl TryFrom<Polka> for PolkaCertificate<Hefu> {
    type Error = CodecError;

    fn try_from(certificate: Polka) -> Result<PolkaCertificate<Hefu>, CodecError> {
        let signatures = certificate.signatures.into_iter();
        Ok(PolkaCertificate {
            height: height(certificate.height)?,
            round: round(certificate.round)?,
            value_id: Hash::from_bytes(certificate.block),
            polka_signatures: signatures
                .map(|(address, signature)| PolkaSignature::new(voter(address), autograph(signature)))
                .collect(),
        })
    }
}

impl From<&RoundSignature<Hefu>> for RoundVote {
    fn from(signature: &RoundSignature<Hefu>) -> RoundVote {
        RoundVote {
            precommit: signature.vote_type == VoteType::Precommit,
            block: raw_block(&signature.value_id),
            voter: *signature.address.0.as_bytes(),
            signature: *signature.signature.0.as_bytes(),
        }
    }
}

impl From<RoundVote> for RoundSignature<Hefu> {
    fn from(vote: RoundVote) -> RoundSignature<Hefu> {
        RoundSignature::new(kind(vote.precommit), block(vote.block), voter(vote.voter), autograph(vote.signature))
    }
}

impl From<&RoundCertificate<Hefu>> for RoundEnd {
    fn from(certificate: &RoundCertificate<Hefu>) -> RoundEnd {
        RoundEnd {
            height: certificate.height.0,
            round: certificate.round.as_u32(),
            skip: certificate.cert_type == RoundCertificateType::Skip,
            signatures: certificate.round_signatures.iter().map(RoundVote::from).collect(),
        }
    }
}

impl TryFrom<RoundEnd> for RoundCertificate<Hefu> {
    type Error = CodecError;

    fn try_from(certificate: RoundEnd) -> Result<RoundCertificate<Hefu>, CodecError> {
        let cert_type = match certificate.skip {
            true => RoundCertificateType::Skip,
            false => RoundCertificateType::Precommit,
        };
        Ok(RoundCertificate {
            height: height(certificate.height)?,
            round: round(certificate.round)?,
            cert_type,
            round_signatures: certificate.signatures.into_iter().map(Into::into).collect(),
        })
    }
}

impl From<&LivenessMsg<Hefu>> for Liveness {
    fn from(message: &LivenessMsg<Hefu>) -> Liveness {
        match message {
            LivenessMsg::Vote(vote) => Liveness::Vote(vote.into()),
            LivenessMsg::PolkaCertificate(certificate) => Liveness::Polka(certificate.into()),
            LivenessMsg::SkipRoundCertificate(certificate) => Liveness::RoundEnd(certificate.into()),
        }
    }
}

impl TryFrom<Liveness> for LivenessMsg<Hefu> {
    type Error = CodecError;

    fn try_from(message: Liveness) -> Result<LivenessMsg<Hefu>, CodecError> {
        Ok(match message {
            Liveness::Vote(vote) => LivenessMsg::Vote(vote.try_into()?),
            Liveness::Polka(polka) => LivenessMsg::PolkaCertificate(polka.try_into()?),
            Liveness::RoundEnd(end) => LivenessMsg::SkipRoundCertificate(end.try_into()?),
        })
    }
}

impl From<&ValidatorProof<Hefu>> for Proof {
    fn from(proof: &ValidatorProof<Hefu>) -> Proof {
        Proof { key: proof.public_key.clone(), peer: proof.peer_id.clone(), signature: *proof.signature.0.as_bytes() }
    }
}

impl TryFrom<Proof> for ValidatorProof<Hefu> {
    type Error = CodecError;

    fn try_from(proof: Proof) -> Result<ValidatorProof<Hefu>, CodecError> {
        peer(&proof.peer)?;
        Ok(ValidatorProof::new(proof.key, proof.peer, autograph(proof.signature)))
    }
}
