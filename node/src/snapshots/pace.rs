//! Reading and writing in the background no faster than the node can spare.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Bytes a second that taking a snapshot reads and writes: a tenth of what a plain disk can do.
const BYTES_PER_SECOND: u64 = 16 << 20;

/// Waiting for less is not worth it.
const LEAST: Duration = Duration::from_millis(5);

/// Counts bytes and waits.
pub(super) struct Pace<'a> {
    stopped: &'a AtomicBool,
    begun: Instant,
    bytes: u64,
}

/// The node ends meanwhile.
#[derive(Debug, thiserror::Error)]
#[error("the node is stopping")]
pub struct Stopped;

impl Pace<'_> {
    pub(super) fn new(stopped: &AtomicBool) -> Pace<'_> {
        Pace { stopped, begun: Instant::now(), bytes: 0 }
    }

    /// Waits until so many more bytes are due.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Stopped> {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        let micros = self.bytes.saturating_mul(1_000_000).checked_div(BYTES_PER_SECOND).unwrap_or_default();
        let early = Duration::from_micros(micros).saturating_sub(self.begun.elapsed());
        if early > LEAST {
            thread::sleep(early);
        }
        if self.stopped.load(Ordering::Relaxed) { Err(Stopped) } else { Ok(()) }
    }
}
