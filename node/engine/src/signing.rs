//! The validator's hand: what it signs, and how signatures are verified.
//!
//! Nothing is signed that the guard has not written down before (see [`crate::guard`]).
//!
//! Every signature is over canonical JSON that names the chain (see `Wording`), so none means anything on another
//! chain or as anything else. The one exception is the proof that binds a node's network name to its validator key: its
//! bytes are set by the engine and begin with `PoV`, which no JSON text does.

use std::fs::File;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use hefu_keys::{Address, Hash, PublicKey, SecretKey, Signature};
use malachite::app::types::core::{
    Context, NilOrVal, Round, SignedMessage, SignedProposal, SignedVote, SigningScheme, ValidatorProof,
    VoteExtensionScope, VoteType,
};
use malachite::{Signer, Verifier};
use malachite_signing::{Error as SigningError, VerificationResult};

use crate::context::{Autograph, Block, Ed25519, Heading, Hefu, Proposal, Vote};
use crate::guard::{Claim, Guard, Refused, Step};
use crate::wording::{PartsText, ProposalText, VoteKind, VoteText, Wording};

/// Builds the texts of one chain.
#[derive(Clone, Copy)]
pub struct Texts {
    pub chain: Hash,
    pub wording: Wording,
}

/// What a validator can say.
pub enum Statement<'a> {
    Vote(&'a Vote),
    Proposal(&'a Proposal),
    Parts(&'a Heading),
}

impl Texts {
    /// The text of a statement; none if it names no round, which no honest one does.
    pub fn of(&self, statement: &Statement<'_>) -> Option<String> {
        match statement {
            Statement::Vote(vote) => self.vote(vote),
            Statement::Proposal(proposal) => self.proposal(proposal),
            Statement::Parts(heading) => Some(self.parts(heading)),
        }
    }

    /// The text of a claim, the same as that of the statement it was made of.
    pub fn of_claim(&self, claim: &Claim) -> Option<String> {
        let Claim { height, round, step, block, pol_round, body } = claim;
        let (chain, height, round) = (self.chain, *height, *round);
        let vote = |kind| (self.wording.vote)(&VoteText { chain, height, round, kind, block: *block });
        Some(match step {
            Step::Prevote => vote(VoteKind::Prevote),
            Step::Precommit => vote(VoteKind::Precommit),
            Step::Proposal => {
                let text = ProposalText { chain, height, round, block: (*block)?, pol_round: *pol_round };
                (self.wording.proposal)(&text)
            }
            Step::Parts => {
                let (builder, bytes) = (*body)?;
                (self.wording.parts)(&PartsText { chain, height, round, block: (*block)?, builder, bytes })
            }
        })
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

/// What a vote claims; none if it names no round.
pub fn claim_of_vote(vote: &Vote) -> Option<Claim> {
    let step = match vote.kind {
        VoteType::Prevote => Step::Prevote,
        VoteType::Precommit => Step::Precommit,
    };
    let block = match vote.block {
        NilOrVal::Nil => None,
        NilOrVal::Val(block) => Some(block),
    };
    let round = vote.round.as_u32()?;
    Some(Claim { height: vote.height.0, round, step, block, pol_round: None, body: None })
}

/// What a proposal claims; none if it names no round.
pub fn claim_of_proposal(proposal: &Proposal) -> Option<Claim> {
    let round = proposal.round.as_u32()?;
    let (block, pol_round) = (Some(proposal.block.0), proposal.pol_round.as_u32());
    Some(Claim { height: proposal.height.0, round, step: Step::Proposal, block, pol_round, body: None })
}

pub fn claim_of_heading(heading: &Heading) -> Claim {
    let Heading { height, round, block, builder, bytes, signature: _ } = *heading;
    Claim { height, round, step: Step::Parts, block: Some(block), pol_round: None, body: Some((builder, bytes)) }
}

/// The validator's key, and the guard without which it signs nothing.
#[derive(Clone)]
pub(crate) struct Signatory {
    key: Arc<SecretKey>,
    texts: Texts,
    guard: Guard,
    /// The engine's log, where there is one. It is held open, so that no limit on open files keeps it from being synced;
    /// the engine empties that file for a new height and never puts another in its place.
    log: Option<Arc<File>>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSigned {
    #[error("a statement without a round is never signed")]
    Roundless,
    #[error("vote extensions are not used")]
    Extension,
    #[error("the engine is stopping")]
    Stopping,
    #[error("the engine's log cannot be synced: {0}")]
    Log(#[source] io::Error),
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Signatory {
    pub(crate) fn new(key: SecretKey, texts: Texts, guard: Guard) -> Signatory {
        Signatory { key: Arc::new(key), texts, guard, log: None }
    }

    /// Signs nothing that binds before what led to it is durable in the engine's log.
    ///
    /// The engine syncs its log only when it sends. Were the power to fail between the two, the guard would know of a
    /// precommit of which the log does not tell how it came about, and the height would be quarantined for nothing: with
    /// another validator away as well, no block would be decided any more.
    pub(crate) fn after(self, log: File) -> Signatory {
        Signatory { log: Some(Arc::new(log)), ..self }
    }

    pub(crate) fn address(&self) -> Address {
        self.key.address()
    }

    /// Why nothing can be signed any more, if so.
    pub(crate) fn failure(&self) -> Option<String> {
        self.guard.failure()
    }

    /// Resolves with the reason once nothing can be signed any more.
    pub(crate) async fn fails(&self) -> String {
        self.guard.fails().await
    }

    /// Signs a claim: the only place where a vote, a proposal or a heading is signed. Where the guard knows that
    /// something was signed at this step before, that is what comes back.
    fn sign(&self, claim: Claim) -> Result<(Claim, Signature), NotSigned> {
        if claim.binds() {
            self.sync_log()?;
        }
        let sign = |claim: &Claim| Some(self.key.sign(self.texts.of_claim(claim)?.as_bytes()));
        self.guard.sign(claim, sign)?.ok_or(NotSigned::Roundless)
    }

    /// A log that cannot be synced once has perhaps lost what a later attempt would call synced, so this ends all signing. The
    /// engine does not say why it ends without a vote; whoever asks the guard is told.
    fn sync_log(&self) -> Result<(), NotSigned> {
        let Some(log) = &self.log else { return Ok(()) };
        log.sync_data().map_err(|reason| {
            let error = NotSigned::Log(reason);
            self.guard.fail(error.to_string());
            error
        })
    }

    /// Signs on a thread where a disk may be waited for.
    async fn sign_apart(&self, claim: Claim) -> Result<(Claim, Signature), NotSigned> {
        let signatory = self.clone();
        let signed = tokio::task::spawn_blocking(move || signatory.sign(claim)).await;
        signed.map_err(|_| NotSigned::Stopping)?
    }

    /// Signs a heading.
    pub(crate) fn announce(&self, heading: &Heading) -> Result<Signature, NotSigned> {
        Ok(self.sign(claim_of_heading(heading))?.1)
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
        let claim = claim_of_vote(&vote).ok_or(NotSigned::Roundless).map_err(SigningError::from_source)?;
        let (said, signature) = self.sign_apart(claim).await.map_err(SigningError::from_source)?;
        let block = said.block.map_or(NilOrVal::Nil, NilOrVal::Val);
        Ok(SignedVote::new(Vote { block, ..vote }, Autograph(signature)))
    }

    async fn sign_proposal(&self, proposal: Proposal) -> Result<SignedProposal<Hefu>, SigningError> {
        let claim = claim_of_proposal(&proposal).ok_or(NotSigned::Roundless).map_err(SigningError::from_source)?;
        let (said, signature) = self.sign_apart(claim).await.map_err(SigningError::from_source)?;
        let block = said.block.map_or(proposal.block, Block);
        let pol_round = said.pol_round.map_or(Round::Nil, Round::new);
        Ok(SignedProposal::new(Proposal { block, pol_round, ..proposal }, Autograph(signature)))
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
