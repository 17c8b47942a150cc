//! Work on all processors.

use std::{num::NonZero, panic, sync::OnceLock, thread};

/// How many there are.
pub(crate) fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, NonZero::get))
}

/// Does the same on so many threads, of which this is one; a panic of one is this one's.
pub(super) fn helped(threads: usize, work: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(&work);
        }
        work();
    });
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
