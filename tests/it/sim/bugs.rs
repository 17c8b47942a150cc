//! Mistakes that the simulation must find: one that finds none of these proves nothing by finding nothing.

/// A mistake in every honest validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Nothing remembers what was signed, and disks cut logs short.
    GuardOff,
    /// The guard answers before its files are synced, and disks cut logs short.
    GuardUnsynced,
    /// The engine's log is never synced, and there is no guard.
    LogUnsynced,
    /// Votes are given for bodies that are not on the disk.
    BodyUnstored,
    /// A restarted proposer builds another block for its round, and there is no guard.
    BuiltAnew,
    /// Whoever has precommitted to a block forgets it when the next round proposes another.
    LockForgotten,
    /// A third of the power is taken for a quorum.
    QuorumTooSmall,
    /// The certificates of blocks that others serve are not looked at.
    SyncUnchecked,
    /// Nor are signatures.
    SignaturesUnchecked,
    /// Blocks are voted for without being judged.
    BlocksUnjudged,
    /// A decision is reported before it is durable.
    CommitUnsynced,
    /// One validator follows another rule than the rest, so that some blocks are invalid for it alone.
    RulesDiffer,
    /// The engine's log holds what the guard gave out in place of something else, and contradicts itself when it is read.
    OverruledLogged,
    /// A guard that is made anew for a key that has voted before lets it vote at once.
    RenewedAtOnce,
    /// No timer survives a restart, and none is set after it.
    TimersLost,
    /// Nobody compares a body with the block that it was announced as.
    NameUnchecked,
}

impl Bug {
    /// Those that consensus and the guard show.
    pub const OF_CONSENSUS: [Bug; 15] = [
        Bug::GuardOff,
        Bug::GuardUnsynced,
        Bug::LogUnsynced,
        Bug::BodyUnstored,
        Bug::BuiltAnew,
        Bug::LockForgotten,
        Bug::QuorumTooSmall,
        Bug::SyncUnchecked,
        Bug::SignaturesUnchecked,
        Bug::BlocksUnjudged,
        Bug::CommitUnsynced,
        Bug::RulesDiffer,
        Bug::OverruledLogged,
        Bug::RenewedAtOnce,
        Bug::TimersLost,
    ];

    /// Those that the whole ledger shows.
    pub const OF_LEDGERS: [Bug; 4] = [Bug::BlocksUnjudged, Bug::CommitUnsynced, Bug::RulesDiffer, Bug::NameUnchecked];

    /// Whether validators with it have no guard.
    pub fn is_unguarded(self) -> bool {
        matches!(self, Bug::GuardOff | Bug::LogUnsynced | Bug::BuiltAnew)
    }

    /// Whether it shows where disks lose the ends of logs.
    pub fn wants_damage(self) -> bool {
        matches!(self, Bug::GuardOff | Bug::GuardUnsynced)
    }
}
