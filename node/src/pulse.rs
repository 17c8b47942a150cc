//! Whether the ledger goes on. A node that hears of no block although one is due cannot know why: it may be cut off, or too
//! many validators may be away. And one that catches up has blocks all the time, of days that are over. Either says so to
//! whoever watches, since what it serves is old.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use hefu_contracts::time::Time;
use tokio::time;

use crate::ledger::Desk;

/// Heartbeats that may fail before anybody is told.
const MISSED: u32 = 3;

/// Time beside them: for rounds that do not end, and for a start.
const SLACK: Duration = Duration::from_secs(10);

/// From one look to the next.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// When the newest block came, and how old it was.
pub(crate) struct Pulse {
    heartbeat: Duration,
    newest: Mutex<Newest>,
}

struct Newest {
    came: Instant,
    /// Its age when it came, by the time that it states and this machine's clock.
    age: Duration,
}

/// Why what a node serves is old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Old {
    /// No block has come for so long, although one is due after each heartbeat.
    Silent { age: Duration, heartbeat: Duration },
    /// Blocks come, and the newest was made so long before it came.
    Behind(Duration),
}

impl Pulse {
    /// Of a node that starts now; a block is due after each heartbeat, whether anything waits or not.
    pub(crate) fn new(heartbeat: Duration) -> Pulse {
        Pulse { heartbeat, newest: Mutex::new(Newest { came: Instant::now(), age: Duration::ZERO }) }
    }

    /// A block that states this time has come now.
    pub(crate) fn beat(&self, made: Time, now: Time) {
        let age = u64::try_from(now.millis().saturating_sub(made.millis())).unwrap_or_default();
        *self.newest() = Newest { came: Instant::now(), age: Duration::from_millis(age) };
    }

    /// Time since the newest block came, or since the start where none has come.
    pub(crate) fn age(&self) -> Duration {
        self.newest().came.elapsed()
    }

    /// Why the node is not ready, where what it serves is old.
    pub(crate) fn old(&self) -> Option<Old> {
        let most = self.heartbeat.saturating_mul(MISSED).saturating_add(SLACK);
        let newest = self.newest();
        let since = newest.came.elapsed();
        if since > most {
            return Some(Old::Silent { age: since, heartbeat: self.heartbeat });
        }
        (newest.age > most).then_some(Old::Behind(newest.age))
    }

    fn newest(&self) -> MutexGuard<'_, Newest> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Old {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Old::Silent { age, heartbeat } => {
                let (age, due) = (age.as_secs(), heartbeat.as_secs_f64());
                write!(
                    f,
                    "no block for {age} s, one is due every {due} s: this node hears nobody, or too many validators are away"
                )
            }
            Old::Behind(age) => {
                write!(
                    f,
                    "catching up: the newest that is here, block or genesis, was made {} s before it came",
                    age.as_secs()
                )
            }
        }
    }
}

/// Looks again and again, and logs when the ledger stops or the node falls behind, and when all is well again.
pub(crate) async fn watch(desk: Weak<Desk>) {
    let mut told = None;
    loop {
        time::sleep(LOOK_EVERY).await;
        let Some(desk) = desk.upgrade() else { return };
        let old = desk.pulse().old();
        let kind = old.as_ref().map(std::mem::discriminant);
        if kind != told {
            match old {
                Some(why @ Old::Silent { .. }) => tracing::error!("{why}"),
                Some(why @ Old::Behind(_)) => tracing::warn!("{why}"),
                None => tracing::info!("blocks come as they are made"),
            }
        }
        told = kind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_millis(1_700_000_000_000).expect("a time");

    fn before(millis: i64) -> Time {
        Time::from_millis(NOW.millis() - millis).expect("a time")
    }

    /// Of a node whose newest block came so long ago.
    fn pulse(heartbeat: Duration, came: Duration) -> Pulse {
        let pulse = Pulse::new(heartbeat);
        pulse.newest().came -= came;
        pulse
    }

    #[test]
    fn a_node_is_unready_after_three_heartbeats_and_some_seconds() {
        let minute = Duration::from_secs(60);
        assert_eq!(pulse(minute, Duration::from_secs(188)).old(), None);
        let why = pulse(minute, Duration::from_secs(191)).old().expect("a reason").to_string();
        assert!(why.starts_with("no block for 191 s, one is due every 60 s"), "{why}");
    }

    #[test]
    fn a_block_begins_the_wait_anew() {
        let pulse = pulse(Duration::from_millis(1), Duration::from_secs(60));
        assert!(pulse.old().is_some());
        pulse.beat(NOW, NOW);
        assert_eq!(pulse.old(), None);
    }

    #[test]
    fn a_node_is_unready_while_the_blocks_that_come_are_old() {
        let pulse = Pulse::new(Duration::from_secs(60));
        for (millis, old) in
            [(190_000, None), (190_001, Some(Old::Behind(Duration::from_millis(190_001)))), (-4_000, None)]
        {
            pulse.beat(before(millis), NOW);
            assert_eq!(pulse.old(), old, "{millis}");
        }
        pulse.beat(before(86_400_000), NOW);
        let why = pulse.old().expect("a reason").to_string();
        assert_eq!(why, "catching up: the newest that is here, block or genesis, was made 86400 s before it came");
    }
}
