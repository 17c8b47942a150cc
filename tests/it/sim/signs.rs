//! Signatures that cost a hash: nobody in the simulation forges one unless it is told to.

#![expect(clippy::result_large_err, reason = "the engine's own type of answer")]

use async_trait::async_trait;
use core::{
    CertificateError, CommitCertificate, ExtendedCommitCertificate, PolkaCertificate, RoundCertificate,
    ThresholdParams, ValidatorProof, VoteExtensionPolicy, VoteExtensionScope,
};
use futures_util::FutureExt as _;
use hefu_engine::inner::{
    Autograph, Hefu, Proposal, Statement, Texts, Validators, Vote,
    malachite::{Verifier, app::types::core},
    malachite_signing::{Error, VerificationResult, VerifierExt as _},
};
use hefu_keys::{Address, Hash, PublicKey, Signature};

/// Stands in for the signature of whoever has this address over a text.
pub fn sign(signer: &Address, text: &str) -> Signature {
    let mut bytes = Vec::with_capacity(32 + text.len());
    bytes.extend_from_slice(signer.as_bytes());
    bytes.extend_from_slice(text.as_bytes());
    let half = Hash::of(&bytes);
    let mut whole = [0; 64];
    whole[..32].copy_from_slice(half.as_bytes());
    whole[32..].copy_from_slice(half.as_bytes());
    Signature::from_bytes(whole)
}

/// Verifies them.
#[derive(Clone, Copy)]
pub struct Judge {
    /// What is signed.
    pub texts: Texts,
    /// Whether it looks at all.
    pub looks: bool,
}

/// What a certificate must reach.
pub type Verdict = Result<(), CertificateError<Hefu>>;

/// Nothing in here waits for anything.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("a verifier that does not wait")
}

impl Judge {
    /// Whether a statement bears its signer's signature.
    pub fn accepts(&self, statement: &Statement<'_>, signature: &Signature, signer: &Address) -> bool {
        !self.looks || self.texts.of(statement).is_some_and(|text| sign(signer, &text) == *signature)
    }

    pub fn commit(&self, certificate: &CommitCertificate<Hefu>, set: &Validators, least: ThresholdParams) -> Verdict {
        at_once(self.verify_commit_certificate(&Hefu, certificate, set, least))
    }

    pub fn extended(
        &self,
        certificate: &ExtendedCommitCertificate<Hefu>,
        set: &Validators,
        (least, policy): (ThresholdParams, VoteExtensionPolicy),
    ) -> Verdict {
        at_once(self.verify_extended_commit_certificate(&Hefu, certificate, set, least, policy))
    }

    pub fn polka(&self, certificate: &PolkaCertificate<Hefu>, set: &Validators, least: ThresholdParams) -> Verdict {
        at_once(self.verify_polka_certificate(&Hefu, certificate, set, least))
    }

    pub fn round(&self, certificate: &RoundCertificate<Hefu>, set: &Validators, least: ThresholdParams) -> Verdict {
        at_once(self.verify_round_certificate(&Hefu, certificate, set, least))
    }
}

#[async_trait]
impl Verifier<Hefu> for Judge {
    async fn verify_signed_vote(
        &self,
        vote: &Vote,
        signature: &Autograph,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        let valid = self.accepts(&Statement::Vote(vote), &signature.0, &key.address());
        Ok(VerificationResult::from_bool(valid))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposal,
        signature: &Autograph,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        let valid = self.accepts(&Statement::Proposal(proposal), &signature.0, &key.address());
        Ok(VerificationResult::from_bool(valid))
    }

    async fn verify_signed_vote_extension(
        &self,
        _: &VoteExtensionScope<Hefu>,
        (): &(),
        _: &Autograph,
        _: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::Invalid)
    }

    async fn verify_validator_proof(&self, _: &ValidatorProof<Hefu>) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::Invalid)
    }
}
