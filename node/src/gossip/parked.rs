//! Records of others that could not be taken when they came: verified, and tried again when they are offered again.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use hefu_keys::Hash;

use crate::core::Sealed;

/// Most of them.
const PARKED_MAX: usize = 2_000;

/// Most bytes of them.
const PARKED_BYTES_MAX: usize = 8 << 20;

/// The newest of them, by seal.
#[derive(Default)]
pub(super) struct Parked {
    records: HashMap<Hash, Arc<Sealed>>,
    order: VecDeque<Hash>,
    bytes: usize,
}

impl Parked {
    pub(super) fn keep(&mut self, sealed: Arc<Sealed>) {
        let seal = sealed.submission().record().seal;
        self.bytes = self.bytes.saturating_add(sealed.bytes());
        match self.records.insert(seal, sealed) {
            // A record that comes with values is larger than the same without.
            Some(before) => self.bytes = self.bytes.saturating_sub(before.bytes()),
            None => self.order.push_back(seal),
        }
        while self.records.len() > PARKED_MAX || self.bytes > PARKED_BYTES_MAX {
            let Some(oldest) = self.order.front().copied() else { return };
            self.take(&oldest);
        }
    }

    pub(super) fn take(&mut self, seal: &Hash) -> Option<Arc<Sealed>> {
        let sealed = self.records.remove(seal)?;
        self.order.retain(|other| other != seal);
        self.bytes = self.bytes.saturating_sub(sealed.bytes());
        Some(sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Deed, REFILL, World};

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let mut world = World::new(1);
        let mut parked = Parked::default();
        let mut seals = Vec::new();
        for version in 1..=3 {
            let sealed = Arc::new(Sealed::read(world.sign("corenest", &Deed::product(REFILL, version))).unwrap());
            seals.push(sealed.submission().record().seal);
            parked.keep(sealed.clone());
            parked.keep(sealed);
        }
        assert_eq!(parked.order.len(), 3);
        // As if they were as large as may be: the next one takes the place of the oldest.
        parked.bytes = PARKED_BYTES_MAX;
        let another = Arc::new(Sealed::read(world.sign("corenest", &Deed::product(REFILL, 4))).unwrap());
        parked.keep(another);
        assert!(parked.take(&seals[0]).is_none() && parked.take(&seals[2]).is_some());
    }
    #[test]
    fn what_a_record_takes_is_counted_whichever_of_its_texts_came_last() {
        let mut world = World::new(1);
        let observe =
            Deed::event(&world, "OBSERVE", "inspecting", &["https://id.gs1.org/01/04012345999990/21/1".to_owned()]);
        let whole = Arc::new(Sealed::read(world.sign("corenest", &observe.with_transactions())).unwrap());
        let bare = Arc::new(Sealed::read(whole.text().to_vec()).unwrap());
        let seal = bare.submission().record().seal;
        assert!(whole.bytes() > bare.bytes());
        let mut parked = Parked::default();
        for last in [&bare, &whole, &bare, &whole] {
            parked.keep(last.clone());
            assert_eq!((parked.bytes, parked.records.len(), parked.order.len()), (last.bytes(), 1, 1));
        }
        assert!(parked.take(&seal).is_some());
        assert_eq!(parked.bytes, 0);
    }
}
