//! What the engine needs from a ledger, and the plain types in which they speak.

use std::error::Error;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hefu_keys::{Address, Hash, Signature};

/// A ledger, as the consensus engine sees it.
///
/// The engine calls from one thread of its own, never two functions at once, and waits for each answer before it goes
/// on: a slow answer delays this node's votes, nothing else. A [`Fault`] from any function ends the engine: it means
/// that this machine can no longer be trusted to keep what it promised, and a validator that guesses forks the chain.
pub trait Application: Send + 'static {
    /// The first height that is not decided yet, with the terms that the state sets for it.
    ///
    /// Asked once at the start and after every decision. A start opens that height at once, so a restarted proposer
    /// may decide one block without records: it shows that the quorum lives.
    ///
    /// # Errors
    /// A fault of storage.
    fn next(&mut self) -> Result<Upcoming, Fault>;

    /// Whether anything waits that the next height should carry.
    ///
    /// Asked after a decision and whenever the node calls `Wake::wake`. As long as it is false no height starts until
    /// another proposer starts it or the heartbeat is due. What waits must reach every validator: one that opens a
    /// height alone only times out.
    fn wanted(&mut self) -> bool;

    /// Builds the block that this node proposes. The others wait [`Timeouts::propose`] for the block and its body, so
    /// the answer must take much less.
    ///
    /// The body must be stored durably before the answer, together with (height, round): asked again for them, also
    /// after a crash, the answer must be the same, or the node contradicts its own signature.
    ///
    /// # Errors
    /// A fault of storage. A block without records can always be built, so there is no other.
    fn propose(&mut self, height: u64, round: u32) -> Result<Proposed, Fault>;

    /// The bodies already stored for this undecided height, whoever sent them, except those still held back.
    ///
    /// Asked at the start of each round and must be answered at once: after a crash the engine's log remembers votes
    /// but not bodies.
    ///
    /// # Errors
    /// A fault of storage.
    fn undecided(&mut self, height: u64) -> Result<Vec<Undecided>, Fault>;

    /// Some of a body has come whose rest is still on its way. What takes time about a large one can be spread over its parts
    /// so: the engine waits for each. What [`Application::received`] answers does not depend on it.
    ///
    /// # Errors
    /// A fault of storage.
    fn arriving(&mut self, _portion: Portion) -> Result<(), Fault> {
        Ok(())
    }

    /// Judges a body that a proposer sent. The body must be stored durably before any answer but
    /// [`Verdict::Malformed`].
    ///
    /// # Errors
    /// A fault of storage.
    fn received(&mut self, proposal: Received) -> Result<Verdict, Fault>;

    /// The body of a block of this undecided height, to be sent again.
    ///
    /// # Errors
    /// A fault of storage.
    fn body(&mut self, height: u64, block: &Hash) -> Result<Option<Kept>, Fault>;

    /// Commits a decided block, whose body this node was given or built earlier. Everything must be durable before the
    /// answer: at that moment the node tells others that it has this height. `proposes_next` says that the next block is this
    /// node's to propose, as far as is known before that height begins, so that it can be built meanwhile.
    ///
    /// # Errors
    /// A fault of storage.
    fn decide(&mut self, certificate: Certificate, proposes_next: bool) -> Result<(), Fault>;

    /// Validators caught contradicting themselves at the height just decided, with the two texts each of them signed.
    /// The signatures have been verified.
    ///
    /// # Errors
    /// A fault of storage.
    fn misbehaved(&mut self, evidence: Vec<Equivocation>) -> Result<(), Fault>;

    /// Decided blocks for a node that catches up: consecutive, beginning with the first of `heights`, as many as there
    /// are and as fit into `bytes_max` together, but at least the first if it is there.
    ///
    /// # Errors
    /// A fault of storage.
    fn decided(&mut self, heights: RangeInclusive<u64>, bytes_max: usize) -> Result<Vec<Decided>, Fault>;

    /// The lowest height that [`Application::decided`] can serve.
    ///
    /// # Errors
    /// A fault of storage.
    fn history_min(&mut self) -> Result<u64, Fault>;

    /// Who hears of bodies that others serve, if anybody does. Asked once at the start.
    fn ahead(&self) -> Option<Ahead> {
        None
    }

    /// Judges a body that another node served as decided. Its certificate has been verified, so a sound body is valid
    /// unless the two nodes follow different rules; an honest node that answers [`Verdict::Invalid`] stays at this
    /// height until it is started with the right ones. The body must be stored durably before the answer.
    ///
    /// # Errors
    /// A fault of storage.
    fn synced(&mut self, decided: Synced) -> Result<Verdict, Fault>;
}

/// Hears of the bodies in an answer to this node, which is behind, as soon as they are here: what takes time and needs no state
/// can be begun while the blocks before them are executed. Nothing about them has been verified. Called on a thread of the
/// engine's network, so it must return at once.
pub type Ahead = Arc<dyn Fn(Vec<Bytes>) + Send + Sync>;

/// The height to decide next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upcoming {
    pub height: u64,
    pub terms: Terms,
}

/// What the state says about one height. All validators must have the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Who votes. Not empty, no address twice, every power above zero.
    pub members: Vec<Member>,
    pub timeouts: Timeouts,
    /// Least time from the start of this height to the start of the next; late votes that arrive meanwhile make the
    /// certificates of others fuller. Without it the next height may start as soon as this one is decided.
    pub block_time: Option<Duration>,
    /// Longest time without a block, measured from the decision before this height.
    pub heartbeat: Duration,
}

/// A validator of a height. Its address is its public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    pub address: Address,
    pub power: u64,
}

/// How long a step of a round waits for others: the base in round 0, one delta more in each later round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the proposal and its body.
    pub propose: Duration,
    pub propose_delta: Duration,
    /// For more prevotes, once two thirds have voted for different things.
    pub prevote: Duration,
    pub prevote_delta: Duration,
    /// For more precommits, likewise.
    pub precommit: Duration,
    pub precommit_delta: Duration,
    /// Until the last votes are sent again in a round that does not end.
    pub rebroadcast: Duration,
    /// No wait grows beyond this.
    pub longest: Duration,
}

/// A block of this node's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    pub block: Hash,
    pub body: Bytes,
}

/// A block stored for an undecided height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The round in which the body was received or built.
    pub round: u32,
    pub block: Hash,
    pub valid: bool,
}

/// A body from a proposer. That the proposer of `round` announced `block` for `height` has been verified; that this is its
/// body has not, and whatever else is said here is said of that block alone: another body is [`Verdict::Malformed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub height: u64,
    pub round: u32,
    pub block: Hash,
    /// Who built the block, as the sender says: a validator of this height.
    pub builder: Address,
    pub body: Bytes,
    /// No quorum is known to have prevoted for this block, so the clock must judge its time. False only when this node
    /// has verified the prevotes of more than two thirds.
    pub fresh: bool,
}

/// Some of a body from a proposer. That the proposer of `round`, which runs, announced `block` for `height` has been verified;
/// that these bytes are of its body has not. Of each announcement one sender's bytes are told, in order; a proposer may announce
/// a block twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portion {
    pub height: u64,
    pub round: u32,
    pub block: Hash,
    /// How many bytes come before.
    pub from: u64,
    pub chunks: Vec<Bytes>,
}

/// A body from a node that has decided it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    pub height: u64,
    pub round: u32,
    /// The block that two thirds have decided: another body is [`Verdict::Malformed`]. None where their certificate was not
    /// seen in time; then the clock must judge the block's time.
    pub block: Option<Hash>,
    /// The proposer of `round`; another may have built the block.
    pub proposer: Address,
    pub body: Bytes,
}

/// What a ledger thinks of a body. The hash is computed from the body, never taken from the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Follows the rules. A pure function of the parent state and the block.
    Valid(Hash),
    /// Breaks a rule. Likewise.
    Invalid(Hash),
    /// Cannot be judged now: its time is ahead of the clock, or something of this node's own is not ready. It is
    /// neither voted for nor against; `Application::undecided` returns it once it can be judged.
    HeldBack,
    /// Not a body at all.
    Malformed,
}

/// A stored body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub builder: Address,
    pub body: Bytes,
}

/// A decided block, as served to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub certificate: Certificate,
    pub body: Bytes,
}

/// The precommits that decided a block: more than two thirds of the power, each over the same text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub height: u64,
    pub round: u32,
    pub block: Hash,
    /// Sorted by the bytes of the address, no address twice.
    pub signatures: Vec<(Address, Signature)>,
}

/// Two texts signed by one validator that an honest one never signs both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equivocation {
    pub validator: Address,
    pub first: SignedText,
    pub second: SignedText,
}

/// A canonical text with its signature, verifiable by anyone who knows the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedText {
    pub text: String,
    pub signature: Signature,
}

/// This machine failed: a disk, a damaged store, a broken invariant of our own. Never a fault of a peer.
#[derive(Clone, Debug)]
pub struct Fault {
    doing: &'static str,
    cause: Arc<dyn Error + Send + Sync>,
}

impl Fault {
    /// A fault that happened while `doing` something, as in `Fault::new("committing a block", error)`.
    pub fn new(doing: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Fault {
        Fault { doing, cause: Arc::from(cause.into()) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed: {}", self.doing, self.cause)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}
