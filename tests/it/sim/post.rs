//! What machines send each other.

use bytes::Bytes;
use hefu_engine::inner::{
    Heading, Hefu,
    malachite::app::{
        consensus::{LivenessMsg, SignedConsensusMsg},
        types::core::ExtendedCommitCertificate,
    },
};
use hefu_gossip::{Answer, Message};

/// A decided block with its certificate.
pub type Decision = (Bytes, ExtendedCommitCertificate<Hefu>);

/// A message.
#[derive(Clone)]
pub enum Letter {
    /// A vote or a proposal.
    Consensus(SignedConsensusMsg<Hefu>),
    /// What is said again in a round that does not end.
    Liveness(LivenessMsg<Hefu>),
    /// A block's body under the heading that a proposer signed.
    Body(Heading, Bytes),
    /// The last height that the sender has decided.
    Status(u64),
    /// Wants decided blocks from this height on.
    Ask(u64),
    /// Some of them.
    Served(Vec<Decision>),
    /// What is said of records that wait, and under which ticket it is answered.
    Passed(u64, Message),
    /// The answer.
    Answered(u64, Answer),
}
