//! How much of one node waits to be worked on.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Messages of one node that may wait or be worked on, several times what an honest one has under way. What a node has sent
/// stays here when its connection ends: without a limit it could send, hang up and call again, and so fill the memory
/// and keep the others waiting.
const PLACES_EACH: usize = 16;

/// Who has which places. Only listed nodes get any, so there are few.
pub(super) struct Places<P>(BTreeMap<P, Arc<Semaphore>>);

impl<P> Default for Places<P> {
    fn default() -> Places<P> {
        Places(BTreeMap::new())
    }
}

impl<P: Ord> Places<P> {
    /// A place for a message of a node, until it is dropped. None where it has all that it may have.
    pub(super) fn take(&mut self, name: P) -> Option<OwnedSemaphorePermit> {
        let places = self.0.entry(name).or_insert_with(|| Arc::new(Semaphore::new(PLACES_EACH)));
        places.clone().try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_sends_without_end_takes_no_place_of_another() {
        let mut places = Places::default();
        let mut taken: Vec<_> = std::iter::from_fn(|| places.take("liar")).take(1_000).collect();
        assert_eq!(taken.len(), PLACES_EACH);
        let other = places.take("other");
        assert!(other.is_some());
        drop(other);
        assert!(places.take("liar").is_none(), "a place of another is not its own");
        taken.pop();
        assert!(places.take("liar").is_some(), "what is done has made room");
    }
}
