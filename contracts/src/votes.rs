//! What validators sign, always as canonical JSON that names the chain.
//!
//! The signer's address is in none of these texts, so all signers of a certificate sign one message.

use hefu_keys::{Address, Hash};
use serde::Serialize;

use crate::{canonical_text, height::Height};

/// Which of the two votes of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VoteKind {
    /// First vote of a round: the proposal is valid.
    Prevote,
    /// Second vote of a round: a quorum found it valid.
    Precommit,
}

#[derive(Serialize)]
struct Vote<'a> {
    block: Option<&'a Hash>,
    chain: &'a Hash,
    height: Height,
    round: u32,
    #[serde(rename = "type")]
    kind: VoteKind,
}

/// The text of a vote; `block` is `None` for a vote for no block.
pub fn vote(chain: &Hash, height: Height, round: u32, kind: VoteKind, block: Option<&Hash>) -> String {
    canonical_text(&Vote { block, chain, height, round, kind })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Proposal<'a> {
    block: &'a Hash,
    chain: &'a Hash,
    height: Height,
    pol_round: i64,
    round: u32,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// The text of a proposal; `pol_round` is the round whose quorum of prevotes locked the block, `None` for a fresh one
/// (written −1, as in the Tendermint paper, arXiv:1807.04938).
pub fn proposal(chain: &Hash, height: Height, round: u32, pol_round: Option<u32>, block: &Hash) -> String {
    let pol_round = pol_round.map_or(-1, i64::from);
    canonical_text(&Proposal { block, chain, height, pol_round, round, kind: "proposal" })
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
