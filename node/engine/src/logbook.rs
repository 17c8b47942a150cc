//! What the engine's log holds of this validator's own statements.
//!
//! The engine compares what it derives from a log with its own statements in there, and never starts again where they
//! differ: it takes that for a mistake in itself. A guard that gives out something else than the engine wanted to say
//! would bring that about at the next start. So such a statement stands in the log in nobody's name; derived again, it
//! goes to the guard again, which gives out the same.

use hefu_keys::Address;
use malachite::app::types::SignedConsensusMsg;

use crate::context::{Hefu, Voter};
use crate::guard::{Claim, Guard};
use crate::signing::{claim_of_proposal, claim_of_vote};

/// The address of nobody. It is no usable key, so no member can have it.
pub const NOBODY: Address = Address::from_bytes([0; 32]);

fn claimed(message: &SignedConsensusMsg<Hefu>) -> (Address, Option<Claim>) {
    match message {
        SignedConsensusMsg::Vote(vote) => (vote.message.voter.0, claim_of_vote(&vote.message)),
        SignedConsensusMsg::Proposal(proposal) => (proposal.message.proposer.0, claim_of_proposal(&proposal.message)),
    }
}

/// Tells the guard what the log holds.
pub fn read(guard: &Guard, message: &SignedConsensusMsg<Hefu>) {
    if let (voter, Some(claim)) = claimed(message) {
        guard.logged(&voter, &claim);
    }
}

/// A message as it is to stand in the log.
pub fn written(guard: &Guard, message: &SignedConsensusMsg<Hefu>) -> SignedConsensusMsg<Hefu> {
    let mut written = message.clone();
    let (voter, claim) = claimed(message);
    if claim.is_some_and(|claim| guard.has_overruled(&voter, &claim)) {
        match &mut written {
            SignedConsensusMsg::Vote(vote) => vote.message.voter = Voter(NOBODY),
            SignedConsensusMsg::Proposal(proposal) => proposal.message.proposer = Voter(NOBODY),
        }
    }
    written
}

#[cfg(test)]
mod tests;
