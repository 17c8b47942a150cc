//! What must never happen, watched from outside.

use std::collections::BTreeMap;

use hefu_engine::inner::{
    Claim, Heading, Step, claim_of_heading, claim_of_proposal, claim_of_vote,
    malachite::app::consensus::{LivenessMsg, SignedConsensusMsg},
};
use hefu_keys::Hash;

use super::post::Letter;

/// Something that must never happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Two honest validators have different blocks at one height.
    Fork(u64),
    /// An honest validator has signed two things at one step.
    DoubleSign(usize, u64),
    /// An honest validator no longer has a height that it had.
    Lost(usize, u64),
    /// An honest validator cannot go on by itself.
    Fault(usize, String),
    /// After everything healed there was no progress; where everybody stands.
    Stuck(Vec<String>),
    /// The ledgers do not hold what they must.
    Ledger(String),
}

/// Remembers what the honest have said and decided.
#[derive(Default)]
pub struct Watch {
    said: BTreeMap<(usize, u64, u32, Step), Claim>,
    decided: BTreeMap<u64, Hash>,
    last: BTreeMap<usize, u64>,
    /// What has happened that must not.
    pub broken: Vec<Broken>,
}

impl Watch {
    /// An honest validator sends a letter; `own` tells whether it signs the headings of a round.
    pub fn says(&mut self, machine: usize, letter: &Letter, own: impl FnOnce(&Heading) -> bool) {
        let claim = match letter {
            Letter::Consensus(SignedConsensusMsg::Vote(vote)) | Letter::Liveness(LivenessMsg::Vote(vote)) => {
                claim_of_vote(&vote.message)
            }
            Letter::Consensus(SignedConsensusMsg::Proposal(proposal)) => claim_of_proposal(&proposal.message),
            Letter::Body(heading, _) if own(heading) => Some(claim_of_heading(heading)),
            Letter::Body(..)
            | Letter::Liveness(_)
            | Letter::Status(_)
            | Letter::Ask(_)
            | Letter::Served(_)
            | Letter::Passed(..)
            | Letter::Answered(..) => None,
        };
        let Some(claim) = claim else { return };
        let key = (machine, claim.height, claim.round, claim.step);
        let first = self.said.entry(key).or_insert_with(|| claim.clone());
        if *first != claim {
            self.broken.push(Broken::DoubleSign(machine, claim.height));
        }
    }

    /// An honest validator has committed a block.
    pub fn decides(&mut self, machine: usize, height: u64, block: Hash) {
        if *self.decided.entry(height).or_insert(block) != block {
            self.broken.push(Broken::Fork(height));
        }
        self.last.insert(machine, height);
    }

    /// An honest validator has lost its disk.
    pub fn forgets(&mut self, machine: usize) {
        self.last.remove(&machine);
    }

    /// An honest validator starts, with this height to decide next.
    pub fn starts(&mut self, machine: usize, next: u64) {
        let last = self.last.get(&machine).copied().unwrap_or_default();
        if next <= last {
            self.broken.push(Broken::Lost(machine, last));
        }
    }

    /// The highest height that anybody honest has decided.
    pub fn height(&self) -> u64 {
        self.decided.keys().next_back().copied().unwrap_or_default()
    }

    /// The last height that a validator has decided.
    pub fn height_of(&self, machine: usize) -> u64 {
        self.last.get(&machine).copied().unwrap_or_default()
    }
}
