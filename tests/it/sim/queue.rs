//! What happens next.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use hefu_engine::inner::malachite::app::types::core::Timeout;

use super::{post::Letter, schedule::Mishap};

/// Something that happens.
pub enum Event {
    Letter { to: usize, from: usize, letter: Letter },
    Timer { machine: usize, boot: u64, timeout: Timeout, ticket: u64 },
    Next { machine: usize, boot: u64 },
    Boot { machine: usize },
    Renew { machine: usize },
    Passing { machine: usize },
    Unanswered { machine: usize, boot: u64, ticket: u64 },
    Status { machine: usize },
    Client,
    Mishap(Mishap),
}

/// Everything that will happen, by its time and then in the order in which it was added.
#[derive(Default)]
pub struct Queue {
    heap: BinaryHeap<Reverse<Queued>>,
    added: u64,
}

struct Queued {
    at: u64,
    number: u64,
    event: Event,
}

impl PartialEq for Queued {
    fn eq(&self, other: &Queued) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Queued {}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Queued) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Queued) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl Queue {
    /// Adds something.
    pub fn add(&mut self, at: u64, event: Event) {
        self.added += 1;
        self.heap.push(Reverse(Queued { at, number: self.added, event }));
    }

    /// Takes what happens first, with its time.
    pub fn take(&mut self) -> Option<(u64, Event)> {
        self.heap.pop().map(|Reverse(Queued { at, event, .. })| (at, event))
    }
}

impl Event {
    /// The machine that it happens to, and a number of its kind.
    pub fn marks(&self) -> (usize, u64) {
        match self {
            Event::Letter { to, .. } => (*to, 1),
            Event::Timer { machine, .. } => (*machine, 2),
            Event::Next { machine, .. } => (*machine, 3),
            Event::Status { machine } => (*machine, 4),
            Event::Boot { machine } => (*machine, 5),
            Event::Client => (0, 6),
            Event::Mishap(_) => (0, 7),
            Event::Renew { machine } => (*machine, 8),
            Event::Passing { machine } => (*machine, 9),
            Event::Unanswered { machine, .. } => (*machine, 10),
        }
    }

    /// Whether it can wait for a machine that does nothing at the moment.
    pub fn waits(&self) -> bool {
        matches!(self, Event::Letter { .. } | Event::Timer { .. } | Event::Next { .. })
    }
}
