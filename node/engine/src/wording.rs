//! What a validator signs, as facts. The canonical JSON of each is written by the ledger's own crate, so that the
//! text in a certificate is the one every other verifier of certificates builds.

use hefu_keys::{Address, Hash};

/// The texts that validators sign. Functions of nothing but their argument: the engine asks for a text again whenever
/// it verifies a signature.
#[derive(Clone, Copy)]
pub struct Wording {
    pub vote: fn(&VoteText) -> String,
    pub proposal: fn(&ProposalText) -> String,
    pub parts: fn(&PartsText) -> String,
}

/// A vote. The voter is not part of it: all signers of a certificate sign one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoteText {
    pub chain: Hash,
    pub height: u64,
    pub round: u32,
    pub kind: VoteKind,
    /// The block voted for; none is a vote to go on to the next round.
    pub block: Option<Hash>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoteKind {
    Prevote,
    Precommit,
}

/// The statement of a round's proposer that it proposes `block`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProposalText {
    pub chain: Hash,
    pub height: u64,
    pub round: u32,
    pub block: Hash,
    /// The earlier round in which more than two thirds prevoted for this block, when it is proposed again.
    pub pol_round: Option<u32>,
}

/// The heading of a body that follows in parts, signed by the proposer of `round`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartsText {
    pub chain: Hash,
    pub height: u64,
    pub round: u32,
    pub block: Hash,
    /// Who built the block. A later round may propose it again, then this is not the signer.
    pub builder: Address,
    /// Length of the body.
    pub bytes: u64,
}
