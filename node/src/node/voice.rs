//! Whether this node votes: its key's guard must be there, sound, and know everything that the key has signed.

use std::path::Path;

use anyhow::Context;
use hefu_contracts::{
    height::Height,
    state::Fault,
    time::{Millis, Time},
};
use hefu_engine::{Guard, GuardError};
use hefu_keys::Address;

use crate::{
    core::{AHEAD_MAX, Core},
    ledger::{Desk, Spoken},
};

/// What is to be done about the guard at a start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GuardWish {
    /// The one that is there is used. Without one the node follows and does not vote.
    #[default]
    Keep,
    /// One is made where the store is made too: the key is as new as the chain.
    WithStore,
    /// A new one is made for a key that may have voted before: its old guard is lost or damaged.
    Renew,
}

/// Whether the node votes. How it comes to vote again is said in here without a clock, a thread or a disk: the simulation
/// asks the same.
pub enum Voice {
    /// It does.
    Votes(Guard),
    /// It will from this height on.
    Waits {
        /// The guard, awake.
        guard: Guard,
        /// The height.
        from: u64,
    },
    /// It will when it has seen a block that was certainly made after its start.
    Sleeps {
        /// The guard, asleep.
        guard: Guard,
        /// When the node started.
        since: Time,
    },
    /// It does not, for this reason.
    Silent(String),
    /// Nobody expects it to: its key is no validator's, and it has no guard.
    Follows,
}

/// What the ledger says of a validator that looks at its guard.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// The height that is decided next.
    pub next: u64,
    /// The last of the newest heights whose certificate holds the validator's signature.
    pub signed: Option<u64>,
    /// Whether there is no other validator.
    pub alone: bool,
}

/// What a person does about a guard that is not to be had.
const PROCEDURE: &str = "If the validator's directory was moved from another machine, stop the node there and bring its \
    whole data directory. If the guard is lost, make sure that no other process uses this validator's key, then start \
    once with --renew-guard: the node follows, and votes again from the second height after a \
    block that is made ten seconds later";

/// Before how many heights a chain's own votes are certainly over: votes of a height end when it is decided, so what a
/// key may have signed lies at the height after the newest block at most.
const HEIGHTS_AFTER: u64 = 2;

/// How much later than a start a block says that it was made, where that is certain: it may say so much more than the
/// clocks of those who vote for it show, and those may be as wrong.
const CERTAINLY_LATER: Millis = Millis(AHEAD_MAX.0.saturating_mul(2));

impl Voice {
    /// Looks for the guard in a directory.
    ///
    /// # Errors
    /// From the file system, or the storage.
    pub(super) fn find(
        directory: &Path,
        wish: GuardWish,
        (core, is_new, me): (&Core, bool, Address),
        now: Time,
    ) -> anyhow::Result<Voice> {
        match wish {
            GuardWish::WithStore if is_new => Guard::create(directory, me).context("making the guard")?,
            GuardWish::Renew => Guard::renew(directory, me).context("renewing the guard")?,
            GuardWish::Keep | GuardWish::WithStore => {}
        }
        let standing = Standing {
            next: core.height().next().get(),
            signed: core.signed_last()?.map(Height::get),
            alone: core.genesis().members.0.len() == 1,
        };
        let opened = Guard::open(directory, me);
        let lost = matches!(
            &opened,
            Err(GuardError::Missing(_)
                | GuardError::Exists(_)
                | GuardError::Damaged { .. }
                | GuardError::Foreign { .. })
        );
        if lost && core.genesis().members.get(&me).is_none() {
            return Ok(Voice::Follows);
        }
        Voice::of(opened, standing, now).context("opening the guard")
    }

    /// What a guard lets its validator do at a start.
    ///
    /// # Errors
    /// [`GuardError`] where a disk failed, or another process has the guard. One that is not there, or damaged, is a voice
    /// that is silent.
    pub fn of(
        opened: Result<Guard, GuardError>,
        Standing { next, signed, alone }: Standing,
        now: Time,
    ) -> Result<Voice, GuardError> {
        let guard = match opened {
            Ok(guard) => guard,
            Err(error @ (GuardError::InUse(_) | GuardError::Io { .. })) => return Err(error),
            Err(
                error @ (GuardError::Missing(_)
                | GuardError::Exists(_)
                | GuardError::Damaged { .. }
                | GuardError::Foreign { .. }),
            ) => {
                return Ok(Voice::silent(&error.to_string()));
            }
        };
        if guard.is_asleep() {
            if !alone {
                return Ok(Voice::Sleeps { guard, since: now });
            }
            // Alone there is nobody who could have gone on without it.
            guard.wake(next)?;
        }
        if let Some(signed) = signed.filter(|signed| *signed > guard.height()) {
            let why = format!("the guard ends at height {}, but the key has signed at height {signed}", guard.height());
            return Ok(Voice::silent(&why));
        }
        if guard.height() > next {
            return Ok(Voice::Waits { from: guard.height(), guard });
        }
        Ok(Voice::Votes(guard))
    }

    fn silent(why: &str) -> Voice {
        tracing::error!(reason = why, "this validator does not vote. {PROCEDURE}");
        Voice::Silent(format!("this validator does not vote: {why}"))
    }

    /// The guard, where the node may vote now.
    pub fn guard(&self) -> Option<&Guard> {
        match self {
            Voice::Votes(guard) => Some(guard),
            Voice::Waits { .. } | Voice::Sleeps { .. } | Voice::Silent(_) | Voice::Follows => None,
        }
    }

    /// What the servers are to know of it.
    pub(super) fn spoken(&self) -> Spoken {
        let silence = match self {
            Voice::Votes(_) | Voice::Follows => None,
            Voice::Waits { from, .. } => Some(format!("this validator votes again from height {from} on")),
            Voice::Sleeps { .. } => Some(
                "this validator votes again soon after a block that is made ten seconds after its start".to_owned(),
            ),
            Voice::Silent(why) => Some(why.clone()),
        };
        Spoken { guard: self.guard().cloned(), silence }
    }

    /// A height is final, and its block was made at that time: whether the node may vote from now on although it could not
    /// before.
    ///
    /// # Errors
    /// [`GuardError`] where the guard cannot be written.
    pub fn reaches(&mut self, height: Height, made: Option<Time>) -> Result<bool, GuardError> {
        if let Voice::Sleeps { guard, since } = self {
            if made.is_none_or(|made| made <= since.plus(CERTAINLY_LATER)) {
                return Ok(false);
            }
            let from = height.get().saturating_add(HEIGHTS_AFTER);
            guard.wake(from)?;
            tracing::info!(block.height = from, "this validator votes again from this height on");
            *self = Voice::Waits { guard: guard.clone(), from };
        }
        let Voice::Waits { guard, from } = self else { return Ok(false) };
        if height.next().get() < *from {
            return Ok(false);
        }
        *self = Voice::Votes(guard.clone());
        Ok(true)
    }

    /// Resolves when the node may vote although it could not at its start. Dropping it loses nothing.
    pub(super) async fn comes_back(&mut self, desk: &Desk) -> Result<(), Fault> {
        let mut heights = desk.heights();
        while let Voice::Waits { .. } | Voice::Sleeps { .. } = self {
            let height = *heights.borrow_and_update();
            if self.reaches(height, desk.time_of(height)?).map_err(Fault::new)? {
                return Ok(());
            }
            if heights.changed().await.is_err() {
                break;
            }
        }
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests;
