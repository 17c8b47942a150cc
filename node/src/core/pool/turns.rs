//! The order in which a block takes what waits.
//!
//! What cannot wait comes first. The rest comes in the order of admission, except that the records of one key come in the
//! order of their sequence numbers. Where more waits than a block holds, the organisations take turns, one record each, so
//! that who has little waiting is not behind who has much; who waits longest begins.

use std::{
    collections::{HashMap, VecDeque, btree_map},
    sync::Arc,
};

use hefu_keys::Address;

use super::{Pool, Sealed, Ticket, room::is_urgent};

/// A waiting record and its place in the order of admission.
pub(in super::super) type Turn<'a> = (Ticket, &'a Arc<Sealed>);

impl Pool {
    /// The records in the order in which a block takes them.
    pub(in super::super) fn in_order(&self) -> impl Iterator<Item = Turn<'_>> {
        let urgent = self.urgent.iter().filter_map(|ticket| Some((*ticket, &self.waiting.get(ticket)?.sealed)));
        urgent.chain(Turns::of(self).filter(|(_, sealed)| !is_urgent(sealed)))
    }
}

struct Turns<'a> {
    pool: &'a Pool,
    /// Whose turn it is, with the places that are still to be taken.
    ring: VecDeque<Box<dyn Iterator<Item = &'a Ticket> + 'a>>,
    keys: HashMap<&'a Address, btree_map::Values<'a, u64, Ticket>>,
}

impl<'a> Turns<'a> {
    fn of(pool: &'a Pool) -> Turns<'a> {
        let mut ring: VecDeque<Box<dyn Iterator<Item = &'a Ticket> + 'a>> = VecDeque::new();
        if pool.room.fits_a_block() {
            ring.push_back(Box::new(pool.waiting.keys()));
        } else {
            let mut queues: Vec<&Vec<Ticket>> = pool.parties.values().collect();
            queues.sort_unstable_by_key(|tickets| tickets.first());
            ring.extend(queues.into_iter().map(|tickets| Box::new(tickets.iter()) as _));
        }
        Turns { pool, ring, keys: HashMap::new() }
    }

    /// Whoever signed what was admitted at this place has its next record here.
    fn take(&mut self, place: Ticket) -> Option<Turn<'a>> {
        let author = self.pool.waiting.get(&place)?.sealed.author();
        let ticket = match self.keys.get_mut(author) {
            Some(queue) => queue.next(),
            None => {
                let mut queue = self.pool.seqs.get(author)?.values();
                let first = queue.next();
                self.keys.insert(author, queue);
                first
            }
        };
        Some((*ticket?, &self.pool.waiting.get(ticket?)?.sealed))
    }
}

impl<'a> Iterator for Turns<'a> {
    type Item = Turn<'a>;

    fn next(&mut self) -> Option<Turn<'a>> {
        while let Some(mut places) = self.ring.pop_front() {
            let Some(place) = places.next() else { continue };
            self.ring.push_back(places);
            if let Some(turn) = self.take(*place) {
                return Some(turn);
            }
        }
        None
    }
}
