//! The validator's hand: what it signs, and how signatures are verified.
//!
//! Every signature is over canonical JSON that names the chain (see `Wording`), so none means anything on another
//! chain or as anything else. The one exception is the proof that binds a node's network name to its validator key: its
//! bytes are set by the engine and begin with `PoV`, which no JSON text does.

use std::sync::Arc;

use async_trait::async_trait;
use hefu_keys::{Address, Hash, PublicKey, SecretKey, Signature};
use malachite::app::types::core::{
    Context, NilOrVal, SignedMessage, SignedProposal, SignedVote, SigningScheme, ValidatorProof, VoteExtensionScope,
    VoteType,
};
use malachite::{Signer, Verifier};
use malachite_signing::{Error as SigningError, VerificationResult};

use crate::context::{Autograph, Ed25519, Heading, Hefu, Proposal, Vote};
use crate::wording::{PartsText, ProposalText, VoteKind, VoteText, Wording};

/// Builds the texts of one chain.
#[derive(Clone, Copy)]
pub(crate) struct Texts {
    pub(crate) chain: Hash,
    pub(crate) wording: Wording,
}

/// What a validator can say.
pub(crate) enum Statement<'a> {
    Vote(&'a Vote),
    Proposal(&'a Proposal),
    Parts(&'a Heading),
}

impl Texts {
    /// The text of a statement; none if it names no round, which no honest one does.
    pub(crate) fn of(&self, statement: &Statement<'_>) -> Option<String> {
        match statement {
            Statement::Vote(vote) => self.vote(vote),
            Statement::Proposal(proposal) => self.proposal(proposal),
            Statement::Parts(heading) => Some(self.parts(heading)),
        }
    }

    fn vote(&self, vote: &Vote) -> Option<String> {
        let text = VoteText {
            chain: self.chain,
            height: vote.height.0,
            round: vote.round.as_u32()?,
            kind: match vote.kind {
                VoteType::Prevote => VoteKind::Prevote,
                VoteType::Precommit => VoteKind::Precommit,
            },
            block: match vote.block {
                NilOrVal::Nil => None,
                NilOrVal::Val(block) => Some(block),
            },
        };
        Some((self.wording.vote)(&text))
    }

    fn proposal(&self, proposal: &Proposal) -> Option<String> {
        let text = ProposalText {
            chain: self.chain,
            height: proposal.height.0,
            round: proposal.round.as_u32()?,
            block: proposal.block.0,
            pol_round: proposal.pol_round.as_u32(),
        };
        Some((self.wording.proposal)(&text))
    }

    fn parts(&self, heading: &Heading) -> String {
        (self.wording.parts)(&PartsText {
            chain: self.chain,
            height: heading.height,
            round: heading.round,
            block: heading.block,
            builder: heading.builder,
            bytes: heading.bytes,
        })
    }
}

/// The validator's key.
#[derive(Clone)]
pub(crate) struct Signatory {
    key: Arc<SecretKey>,
    texts: Texts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotSigned {
    #[error("a statement without a round is never signed")]
    Roundless,
    #[error("vote extensions are not used")]
    Extension,
}

impl Signatory {
    pub(crate) fn new(key: SecretKey, texts: Texts) -> Signatory {
        Signatory { key: Arc::new(key), texts }
    }

    pub(crate) fn address(&self) -> Address {
        self.key.address()
    }

    /// Signs a statement. The only place where a vote, a proposal or a heading is signed: whatever must be known or
    /// written before a signature leaves this machine belongs here.
    pub(crate) fn sign(&self, statement: &Statement<'_>) -> Result<Signature, NotSigned> {
        let text = self.texts.of(statement).ok_or(NotSigned::Roundless)?;
        Ok(self.key.sign(text.as_bytes()))
    }

    /// Binds a network name to the key.
    pub(crate) fn prove(&self, peer_id: Vec<u8>) -> ValidatorProof<Hefu> {
        let key = self.address().as_bytes().to_vec();
        let bytes = ValidatorProof::<Hefu>::signing_bytes(&key, &peer_id);
        ValidatorProof::new(key, peer_id, Autograph(self.key.sign(&bytes)))
    }
}

#[async_trait]
impl Signer<Hefu> for Signatory {
    async fn sign_vote(&self, vote: Vote) -> Result<SignedVote<Hefu>, SigningError> {
        let signature = self.sign(&Statement::Vote(&vote)).map_err(SigningError::from_source)?;
        Ok(SignedVote::new(vote, Autograph(signature)))
    }

    async fn sign_proposal(&self, proposal: Proposal) -> Result<SignedProposal<Hefu>, SigningError> {
        let signature = self.sign(&Statement::Proposal(&proposal)).map_err(SigningError::from_source)?;
        Ok(SignedProposal::new(proposal, Autograph(signature)))
    }

    async fn sign_vote_extension(
        &self,
        _: VoteExtensionScope<Hefu>,
        (): <Hefu as Context>::Extension,
    ) -> Result<SignedMessage<Hefu, ()>, SigningError> {
        Err(SigningError::from_source(NotSigned::Extension))
    }

    async fn sign_validator_proof(&self, _: Vec<u8>, peer_id: Vec<u8>) -> Result<ValidatorProof<Hefu>, SigningError> {
        Ok(self.prove(peer_id))
    }
}

/// Verifies what others signed, by the strict rule of `hefu_keys`.
#[derive(Clone, Copy)]
pub(crate) struct Judge {
    pub(crate) texts: Texts,
}

impl Judge {
    pub(crate) fn accepts(&self, statement: &Statement<'_>, signature: &Signature, key: &PublicKey) -> bool {
        let text = self.texts.of(statement);
        text.is_some_and(|text| key.verify(text.as_bytes(), signature).is_ok())
    }
}

#[async_trait]
impl Verifier<Hefu> for Judge {
    async fn verify_signed_vote(
        &self,
        vote: &Vote,
        signature: &Autograph,
        key: &PublicKey,
    ) -> Result<VerificationResult, SigningError> {
        let valid = self.accepts(&Statement::Vote(vote), &signature.0, key);
        Ok(VerificationResult::from_bool(valid))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposal,
        signature: &Autograph,
        key: &PublicKey,
    ) -> Result<VerificationResult, SigningError> {
        let valid = self.accepts(&Statement::Proposal(proposal), &signature.0, key);
        Ok(VerificationResult::from_bool(valid))
    }

    async fn verify_signed_vote_extension(
        &self,
        _: &VoteExtensionScope<Hefu>,
        (): &<Hefu as Context>::Extension,
        _: &Autograph,
        _: &PublicKey,
    ) -> Result<VerificationResult, SigningError> {
        Ok(VerificationResult::Invalid)
    }

    async fn verify_validator_proof(&self, proof: &ValidatorProof<Hefu>) -> Result<VerificationResult, SigningError> {
        let key = Ed25519::decode_public_key(&proof.public_key);
        let valid = key.is_ok_and(|key| key.verify(&proof.preimage(), &proof.signature.0).is_ok());
        Ok(VerificationResult::from_bool(valid))
    }
}

#[cfg(test)]
mod tests;
