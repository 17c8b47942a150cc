//! Many schedules, on all processors.

use std::{
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{Broken, Report, faults::Faults};

/// What came of many schedules.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How many there were.
    pub schedules: u64,
    /// Those in which something happened that must not, by seed.
    pub broken: Vec<(u64, Broken)>,
    /// Sums over all of them.
    pub heights: u64,
    pub events: u64,
    pub faults: Faults,
    pub simulated: Duration,
    /// How long they took.
    pub took: Duration,
}

impl Tally {
    /// What it says in one line.
    pub fn line(&self) -> String {
        let (minutes, days) = (self.took.as_millis().max(1), self.simulated.as_secs() / 3_600);
        format!(
            "{} schedules in {:.1?} ({} a minute): {} heights, {} events, {} faults, {} crashes, {} wipes, \
             {days} simulated hours, {} broken",
            self.schedules,
            self.took,
            u128::from(self.schedules) * 60_000 / minutes,
            self.heights,
            self.events,
            self.faults.sum(),
            self.faults.crashes,
            self.faults.wipes,
            self.broken.len(),
        )
    }
}

/// Runs the schedule of each seed; where `until_broken`, only to the first in which something happens that must not.
pub fn campaign(seeds: Range<u64>, until_broken: bool, schedule: impl Fn(u64) -> Report + Sync) -> Tally {
    let begun = Instant::now();
    let (next, over) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let tally = Mutex::new(Tally::default());
    let work = || {
        while !over.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let report = schedule(seed);
            let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            tally.schedules += 1;
            tally.heights += report.heights;
            tally.events += report.events;
            tally.faults += report.faults;
            tally.simulated += Duration::from_millis(report.millis);
            over.fetch_or(until_broken && !report.broken.is_empty(), Ordering::Relaxed);
            tally.broken.extend(report.broken.into_iter().map(|broken| (seed, broken)));
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    tally.broken.sort_by_key(|(seed, _)| *seed);
    tally.took = begun.elapsed();
    tally
}
