//! Work on all processors.

use std::{num::NonZero, panic, sync::OnceLock, thread};

/// How many there are.
pub(crate) fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, NonZero::get))
}

/// Does a thing while so many other threads help; a panic of one is this one's.
pub(super) fn helped<T>(helpers: usize, help: impl Fn() + Sync, own: impl FnOnce() -> T) -> T {
    thread::scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(&help);
        }
        own()
    })
}

/// A block of so many records is written by the thread that has made it: of more, what else is to be done meanwhile takes
/// longer than another thread costs.
pub(super) const WRITTEN_ALONE: usize = 200;

/// Does a thing while another thread does the other, where it is worth a thread.
pub(super) fn alongside<T, R: Send>(worth: bool, other: impl FnOnce() -> R + Send, own: impl FnOnce() -> T) -> (T, R) {
    if !worth {
        return (own(), other());
    }
    thread::scope(|scope| {
        let other = scope.spawn(other);
        let own = own();
        (own, other.join().unwrap_or_else(|reason| panic::resume_unwind(reason)))
    })
}

/// Does something with many, spread over the processors where each gets as many as are worth a thread; the results in the
/// order given.
pub(crate) fn spread<T: Send, R: Send>(items: Vec<T>, worth: usize, each: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = processors().min(items.len().div_ceil(worth));
    if threads < 2 {
        return items.into_iter().map(each).collect();
    }
    let share = items.len().div_ceil(threads);
    let mut rest = items.into_iter();
    thread::scope(|scope| {
        let each = &each;
        let mut started = Vec::with_capacity(threads);
        loop {
            let some: Vec<T> = rest.by_ref().take(share).collect();
            if some.is_empty() {
                break;
            }
            started.push(scope.spawn(move || some.into_iter().map(each).collect::<Vec<R>>()));
        }
        let joined = started.into_iter().map(|thread| thread.join());
        joined.flat_map(|done| done.unwrap_or_else(|reason| panic::resume_unwind(reason))).collect()
    })
}
