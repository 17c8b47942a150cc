//! Room on the disk, and what a node no longer does without it.
//!
//! A disk that is full in the middle of a block stops a node wherever it is. So it ends earlier what it can end in order:
//! first it takes no records of its own clients, then no part in consensus. What it has, it goes on to serve; with room
//! again it goes on by itself.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use nix::sys::statvfs::statvfs;
use tokio::{sync::watch, task, time};

/// With less than this share of the disk free no records are taken, in percent.
pub const RECORDS_PERCENT: u64 = 5;

/// With less than this no part is taken in consensus: no vote, no block.
pub const VOTES_PERCENT: u64 = 2;

/// How much more must be free before something is begun again, in percent. Else it would be ended with the next block.
const MORE_PERCENT: u64 = 1;

/// From one look at the disk to the next. What is written meanwhile is far less than a hundredth of any disk that a node
/// should have.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Tells how much of a disk is free.
pub trait Gauge: Send + Sync + 'static {
    /// Free and all bytes that whoever runs this may use.
    ///
    /// # Errors
    /// From the system.
    fn free(&self) -> io::Result<Free>;
}

/// What of a disk is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    /// Bytes that can still be written.
    pub free: u64,
    /// Bytes of the disk.
    pub all: u64,
}

/// The disk on which a path lies, or will once it is made.
pub struct DiskOf(pub PathBuf);

/// How much a node can still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// No part in consensus.
    Spent,
    /// No records of clients.
    Scarce,
    /// Everything.
    Ample,
}

impl Free {
    /// The free share in whole percent.
    pub fn percent(&self) -> u64 {
        self.free.saturating_mul(100).checked_div(self.all).unwrap_or_default()
    }
}

impl Gauge for DiskOf {
    fn free(&self) -> io::Result<Free> {
        let there = self.0.ancestors().find(|path| path.exists());
        let found = statvfs(there.unwrap_or(&self.0)).map_err(io::Error::from)?;
        let unit = found.fragment_size();
        let (free, all) = (found.blocks_available(), found.blocks());
        Ok(Free { free: free.saturating_mul(unit), all: all.saturating_mul(unit) })
    }
}

impl Room {
    /// What there is room for, where `before` tells what there was room for until now.
    pub fn of(free: Free, before: Room) -> Room {
        let percent = free.percent();
        // Whatever had been ended needs some more before it begins again.
        let least = |limit: u64, ended: bool| limit.saturating_add(if ended { MORE_PERCENT } else { 0 });
        if percent < least(VOTES_PERCENT, before == Room::Spent) {
            Room::Spent
        } else if percent < least(RECORDS_PERCENT, before < Room::Ample) {
            Room::Scarce
        } else {
            Room::Ample
        }
    }

    /// Why a node with no more room than this is not ready for requests.
    pub const fn unready(self) -> Option<&'static str> {
        match self {
            Room::Spent => Some("the disk is full: this validator takes no part until there is room"),
            Room::Scarce => Some("the disk is nearly full: no records are taken until there is room"),
            Room::Ample => None,
        }
    }
}

/// What of the disk a node knows; the last look, and what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// What there is room for.
    pub room: Room,
    /// The free share in percent; `None` where the system does not tell.
    pub percent: Option<u64>,
}

/// Looks at the disk now.
pub(crate) fn look(gauge: &dyn Gauge, before: Room) -> Space {
    match gauge.free() {
        Ok(free) => Space { room: Room::of(free, before), percent: Some(free.percent()) },
        Err(error) => {
            tracing::warn!(%error, "the disk does not tell how much of it is free");
            Space { room: before, percent: None }
        }
    }
}

/// Looks again and again.
pub(crate) async fn watch(gauge: Arc<dyn Gauge>, told: watch::Sender<Space>) {
    loop {
        time::sleep(LOOK_EVERY).await;
        let before = *told.borrow();
        let (looked, gauge) = (before.room, gauge.clone());
        let Ok(now) = task::spawn_blocking(move || look(&*gauge, looked)).await else { return };
        if now.room != before.room {
            let percent = now.percent.unwrap_or_default();
            match now.room.unready() {
                Some(why) => tracing::error!(disk.free = percent, "{why}"),
                None => tracing::info!(disk.free = percent, "there is room on the disk again"),
            }
        }
        told.send_replace(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn percent(percent: u64) -> Free {
        Free { free: percent, all: 100 }
    }

    #[test]
    fn what_ended_begins_again_only_with_some_more_room() {
        let mut room = Room::Ample;
        for (free, expected) in [
            (5, Room::Ample),
            (4, Room::Scarce),
            (5, Room::Scarce),
            (6, Room::Ample),
            (2, Room::Scarce),
            (1, Room::Spent),
            (2, Room::Spent),
            (3, Room::Scarce),
            (5, Room::Scarce),
            (90, Room::Ample),
            (0, Room::Spent),
        ] {
            room = Room::of(percent(free), room);
            assert_eq!(room, expected, "with {free} % free");
        }
    }

    #[test]
    fn a_disk_tells_what_is_free_also_before_the_directory_is_made() {
        let directory = tempfile::tempdir().expect("a directory");
        let free = DiskOf(directory.path().join("not/yet")).free().expect("a disk");
        assert!(free.all > 0 && free.free <= free.all, "{free:?}");
    }

    #[test]
    fn a_disk_of_no_size_is_full() {
        assert_eq!(Room::of(Free { free: 0, all: 0 }, Room::Ample), Room::Spent);
    }
}
