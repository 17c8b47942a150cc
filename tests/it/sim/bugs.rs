//! Mistakes that the simulation must find: one that finds none of these proves nothing by finding nothing.

use super::watch::Broken;

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

    /// Whether it is looked for where no disk does. Without a guard whoever has lost the end of a log contradicts itself
    /// by that alone; and among so many who lose something nobody may lose a whole disk.
    pub fn wants_whole_logs(self) -> bool {
        matches!(self, Bug::LogUnsynced | Bug::BuiltAnew | Bug::RenewedAtOnce)
    }

    /// Whether this is how it shows. Whatever else may come of it, or of what goes wrong beside it, finds nothing: where
    /// all disks lose the ends of logs, validators without a mistake may stand still for good as well.
    pub fn shows_as(self, broken: &Broken) -> bool {
        match self {
            // Somebody has forgotten what it signed. Which of the two comes of it first is chance.
            Bug::GuardOff | Bug::LogUnsynced | Bug::BuiltAnew | Bug::RenewedAtOnce => {
                matches!(broken, Broken::DoubleSign(..) | Broken::Fork(_))
            }
            // A validator sees at its start that its signature stands in a certificate and its guard ends below that: it
            // does not vote again by itself. Before its first certificate, only a second signature shows anything.
            Bug::GuardUnsynced => matches!(broken, Broken::Fault(..) | Broken::DoubleSign(..) | Broken::Fork(_)),
            // A block is decided that is not there.
            Bug::BodyUnstored => matches!(broken, Broken::Fault(..)),
            // The engine knows nothing of the vote that is signed in place of its own: after a restart it derives another
            // from its log than stands there, and never starts again. A fork takes more luck.
            Bug::LockForgotten => matches!(broken, Broken::Stuck(_) | Broken::Fork(_)),
            Bug::QuorumTooSmall | Bug::SyncUnchecked | Bug::SignaturesUnchecked => matches!(broken, Broken::Fork(_)),
            // Some of the blocks that break rules cannot even be written by a whole ledger.
            Bug::BlocksUnjudged => matches!(broken, Broken::Ledger(_) | Broken::Fault(..)),
            Bug::CommitUnsynced => matches!(broken, Broken::Lost(..)),
            // Somebody says nothing wrong, and does not go on.
            Bug::RulesDiffer | Bug::OverruledLogged | Bug::TimersLost => matches!(broken, Broken::Stuck(_)),
            Bug::NameUnchecked => matches!(broken, Broken::Ledger(_)),
        }
    }
}
