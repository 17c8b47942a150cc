//! Whether this node votes: its key's guard must be there, sound, and know everything that the key has signed.

use std::path::Path;

use anyhow::Context;
use hefu_contracts::{height::Height, state::Fault, time::Time};
use hefu_engine::{Guard, GuardError};
use hefu_keys::Address;

use crate::{
    core::Core,
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

/// Whether the node votes.
pub(super) enum Voice {
    /// It does.
    Votes(Guard),
    /// It will from this height on.
    Waits { guard: Guard, from: u64 },
    /// It will when it has seen a block that was made after its start.
    Sleeps { guard: Guard, since: Time },
    /// It does not, for this reason.
    Silent(String),
    /// Nobody expects it to: its key is no validator's, and it has no guard.
    Follows,
}

/// What a person does about a guard that is not to be had.
const PROCEDURE: &str = "If the validator's directory was moved from another machine, stop the node there and bring its \
    whole data directory. If the guard is lost, make sure that no other process uses this validator's key, then start \
    once with --renew-guard: the node follows, and votes again from the second height after the next block";

/// Before how many heights a chain's own votes are certainly over: votes of a height end when it is decided, so what a
/// key may have signed lies at the height after the newest block at most.
const HEIGHTS_AFTER: u64 = 2;

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
        let guard = match Guard::open(directory, me) {
            Ok(guard) => guard,
            Err(error @ (GuardError::InUse(_) | GuardError::Io { .. })) => {
                return Err(error).context("opening the guard");
            }
            Err(
                error @ (GuardError::Missing(_)
                | GuardError::Exists(_)
                | GuardError::Damaged { .. }
                | GuardError::Foreign { .. }),
            ) => {
                let votes = core.genesis().members.get(&me).is_some();
                return Ok(if votes { Voice::silent(&error.to_string()) } else { Voice::Follows });
            }
        };
        let next = core.height().next().get();
        if guard.is_asleep() {
            if core.genesis().members.0.len() > 1 {
                return Ok(Voice::Sleeps { guard, since: now });
            }
            // Alone there is nobody who could have gone on without it.
            guard.wake(next).context("waking the guard")?;
        }
        if let Some(signed) = core.signed_last()?.filter(|signed| signed.get() > guard.height()) {
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
    pub(super) fn guard(&self) -> Option<&Guard> {
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
            Voice::Sleeps { .. } => Some("this validator votes again soon after the next block".to_owned()),
            Voice::Silent(why) => Some(why.clone()),
        };
        Spoken { guard: self.guard().cloned(), silence }
    }

    /// Resolves when the node may vote although it could not at its start. Dropping it loses nothing.
    pub(super) async fn comes_back(&mut self, desk: &Desk) -> Result<(), Fault> {
        let mut heights = desk.heights();
        if let Voice::Sleeps { guard, since } = self {
            let from = loop {
                let height = *heights.borrow_and_update();
                if is_younger(desk, height, *since)? {
                    break height.get().saturating_add(HEIGHTS_AFTER);
                }
                if heights.changed().await.is_err() {
                    return std::future::pending().await;
                }
            };
            guard.wake(from).map_err(Fault::new)?;
            tracing::info!(block.height = from, "this validator votes again from this height on");
            *self = Voice::Waits { guard: guard.clone(), from };
        }
        let Voice::Waits { guard, from } = self else { return std::future::pending().await };
        let reached = heights.wait_for(|height| height.next().get() >= *from).await.is_ok();
        if !reached {
            return std::future::pending().await;
        }
        *self = Voice::Votes(guard.clone());
        Ok(())
    }
}

/// Whether a height's block was made later than that.
fn is_younger(desk: &Desk, height: Height, since: Time) -> Result<bool, Fault> {
    Ok(desk.time_of(height)?.is_some_and(|time| time > since))
}
