//! Contradictions that the engine caught, as texts that anybody can verify.

use hefu_keys::{Address, Signature};
use malachite::app::types::MisbehaviorEvidence;

use crate::application::{Equivocation, SignedText};
use crate::context::Hefu;
use crate::signing::{Statement, Texts};

/// The engine's evidence in plain form. The engine verified the signatures when it accepted the messages.
pub fn equivocations(evidence: &MisbehaviorEvidence<Hefu>, texts: &Texts) -> Vec<Equivocation> {
    let signed = |statement: &Statement<'_>, signature: Signature| {
        texts.of(statement).map(|text| SignedText { text, signature })
    };
    let pair = |validator: Address, first: Option<SignedText>, second: Option<SignedText>| {
        Some(Equivocation { validator, first: first?, second: second? })
    };
    let votes = evidence.votes.iter().flat_map(|(voter, pairs)| {
        pairs.iter().filter_map(|(one, other)| {
            pair(
                voter.0,
                signed(&Statement::Vote(&one.message), one.signature.0),
                signed(&Statement::Vote(&other.message), other.signature.0),
            )
        })
    });
    let proposals = evidence.proposals.iter().flat_map(|(proposer, pairs)| {
        pairs.iter().filter_map(|(one, other)| {
            pair(
                proposer.0,
                signed(&Statement::Proposal(&one.message), one.signature.0),
                signed(&Statement::Proposal(&other.message), other.signature.0),
            )
        })
    });
    votes.chain(proposals).collect()
}

#[cfg(test)]
mod tests;
