//! Whether the ledger goes on. A node that hears of no block although one is due cannot know why: it may be cut off, or too
//! many validators may be away. It says so to whoever watches, and what it serves may be old.

use std::{
    sync::{Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use tokio::time;

use crate::ledger::Desk;

/// Heartbeats that may fail before anybody is told.
const MISSED: u32 = 3;

/// Time beside them: for rounds that do not end, and for a start.
const SLACK: Duration = Duration::from_secs(10);

/// From one look to the next.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// When the newest block came.
pub(crate) struct Pulse {
    heartbeat: Duration,
    newest: Mutex<Instant>,
}

impl Pulse {
    /// Of a node that starts now; a block is due after each heartbeat, whether anything waits or not.
    pub(crate) fn new(heartbeat: Duration) -> Pulse {
        Pulse { heartbeat, newest: Mutex::new(Instant::now()) }
    }

    /// A block has come.
    pub(crate) fn beat(&self) {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Time since the newest block, or since the start where none has come.
    pub(crate) fn age(&self) -> Duration {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Why the node is not ready, where no block has come for so long.
    pub(crate) fn unready(&self, age: Duration) -> Option<String> {
        let most = self.heartbeat.saturating_mul(MISSED).saturating_add(SLACK);
        (age > most).then(|| {
            let (age, due) = (age.as_secs(), self.heartbeat.as_secs());
            format!(
                "no block for {age} s, one is due every {due} s: this node hears nobody, or too many validators are away"
            )
        })
    }
}

/// Looks again and again, and logs when the ledger stops and when it goes on.
pub(crate) async fn watch(desk: Weak<Desk>) {
    let mut stopped = false;
    loop {
        time::sleep(LOOK_EVERY).await;
        let Some(desk) = desk.upgrade() else { return };
        let pulse = desk.pulse();
        let unready = pulse.unready(pulse.age());
        match &unready {
            Some(why) if !stopped => tracing::error!("{why}"),
            None if stopped => tracing::info!("blocks come again"),
            Some(_) | None => {}
        }
        stopped = unready.is_some();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_unready_after_three_heartbeats_and_some_seconds() {
        let pulse = Pulse::new(Duration::from_secs(60));
        assert!(pulse.age() < Duration::from_secs(10));
        assert_eq!(pulse.unready(Duration::from_secs(190)), None);
        let why = pulse.unready(Duration::from_secs(191)).expect("a reason");
        assert!(why.starts_with("no block for 191 s, one is due every 60 s"), "{why}");
    }

    #[test]
    fn a_block_begins_the_wait_anew() {
        let pulse = Pulse::new(Duration::from_millis(1));
        *pulse.newest.lock().expect("whole") -= Duration::from_secs(60);
        assert!(pulse.unready(pulse.age()).is_some());
        pulse.beat();
        assert_eq!(pulse.unready(pulse.age()), None);
    }
}
