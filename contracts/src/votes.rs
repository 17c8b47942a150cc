//! What validators sign, always as canonical JSON that names the chain.
//!
//! The signer's address is in none of these texts, so all signers of a certificate sign one message.

use hefu_keys::{Address, Hash};
use serde::{Deserialize, Serialize};

use crate::{canonical_text, height::Height};

/// Which of the two votes of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoteKind {
    /// First vote of a round: the proposal is valid.
    Prevote,
    /// Second vote of a round: a quorum found it valid.
    Precommit,
}

/// At which step of a round something was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// The round's proposer named a block.
    Proposal,
    /// First vote.
    Prevote,
    /// Second vote.
    Precommit,
}

impl Step {
    /// As it stands in the text.
    pub const fn name(self) -> &'static str {
        match self {
            Step::Proposal => "proposal",
            Step::Prevote => "prevote",
            Step::Precommit => "precommit",
        }
    }
}

impl From<VoteKind> for Step {
    fn from(kind: VoteKind) -> Step {
        match kind {
            VoteKind::Prevote => Step::Prevote,
            VoteKind::Precommit => Step::Precommit,
        }
    }
}

/// A vote or a proposal, as its text spells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Statement {
    /// The block; none in a vote for no block.
    pub block: Option<Hash>,
    /// The chain.
    pub chain: Hash,
    /// The height.
    pub height: Height,
    /// Of a proposal: the round whose quorum of prevotes locked the block, −1 for a fresh one (as in the Tendermint paper,
    /// arXiv:1807.04938). Absent in votes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pol_round: Option<i64>,
    /// The round.
    pub round: u32,
    /// The step.
    #[serde(rename = "type")]
    pub step: Step,
}

impl Statement {
    /// The text that is signed.
    pub fn text(&self) -> String {
        canonical_text(self)
    }

    /// Where it stands: an honest validator makes one statement at a place.
    pub const fn place(&self) -> (Height, u32, Step) {
        (self.height, self.round, self.step)
    }

    /// Whether it has what its step has, and nothing else.
    pub fn is_whole(&self) -> bool {
        match self.step {
            Step::Proposal => {
                self.block.is_some() && self.pol_round.is_some_and(|round| (-1..i64::from(self.round)).contains(&round))
            }
            Step::Prevote | Step::Precommit => self.pol_round.is_none(),
        }
    }
}

/// The text of a vote; `block` is `None` for a vote for no block.
pub fn vote(chain: &Hash, height: Height, round: u32, kind: VoteKind, block: Option<&Hash>) -> String {
    Statement { block: block.copied(), chain: *chain, height, pol_round: None, round, step: kind.into() }.text()
}

/// The text of a proposal; `pol_round` is the round whose quorum of prevotes locked the block, `None` for a fresh one.
pub fn proposal(chain: &Hash, height: Height, round: u32, pol_round: Option<u32>, block: &Hash) -> String {
    let pol_round = Some(pol_round.map_or(-1, i64::from));
    Statement { block: Some(*block), chain: *chain, height, pol_round, round, step: Step::Proposal }.text()
}

/// The heading of a stream of block parts: who built the block and how long its body is.
#[derive(Clone, Copy, Debug)]
pub struct PartsHeading<'a> {
    /// Id of the block.
    pub block: &'a Hash,
    /// Who built it; a later round may stream it again.
    pub builder: &'a Address,
    /// Length of the body in bytes.
    pub bytes: u64,
    /// The height it is proposed for.
    pub height: Height,
    /// The round it is proposed in.
    pub round: u32,
}

#[derive(Serialize)]
struct Parts<'a> {
    block: &'a Hash,
    builder: &'a Address,
    bytes: u64,
    chain: &'a Hash,
    height: Height,
    round: u32,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// The text that authenticates a stream of block parts.
pub fn parts(chain: &Hash, heading: &PartsHeading<'_>) -> String {
    let PartsHeading { block, builder, bytes, height, round } = *heading;
    canonical_text(&Parts { block, builder, bytes, chain, height, round, kind: "parts" })
}
