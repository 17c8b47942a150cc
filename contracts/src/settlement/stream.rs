//! A contract's whole history in one pass, in memory that grows by what later events need and by nothing else.
//!
//! The rules are those of a [`Book`], whose terms, sums and balances stay where they are. A line and its units are
//! packed away between the events that concern them; of an accepted event only digests are kept, to know it again; the
//! journal goes to whoever wants it, entry by entry.

mod digest;
mod packed;

use std::{
    collections::BTreeMap,
    hash::{BuildHasherDefault, DefaultHasher},
    mem,
};

use indexmap::{IndexMap, map::Entry as Known};

use super::{
    book::{Book, Outcome},
    event::{Event, What},
    few::Few,
    journal::{Balances, Entry},
    names::LineId,
    reason::Reason,
    terms::Terms,
    unit::UnitId,
};
use crate::time::Time;

use digest::{AsIs, Digest};
use packed::Packed;

/// How many lines a tick unpacks at once.
const LINES_AT_ONCE: usize = 8;

/// Keeps the order of insertion and hashes without randomness, so that every run is the same.
type Index<K, V> = IndexMap<K, V, BuildHasherDefault<DefaultHasher>>;

/// A contract that events run through. What becomes of them, what is posted and every balance are as in a [`Book`].
#[derive(Debug)]
pub struct Stream {
    contract: Contract,
    /// Accepted events.
    known: IndexMap<Digest, Digest, AsIs>,
}

#[derive(Debug)]
struct Contract {
    /// Everything but lines and their units, which it holds only while an event is judged; when they are due it knows
    /// only during a tick.
    book: Book,
    lines: Index<LineId, Packed>,
    /// Places of lines that a tick may release, by time. Who was released or blocked since still stands here.
    waiting: BTreeMap<Time, Vec<usize>>,
    /// Places of the lines that the book has.
    at_hand: Few<LineId, usize>,
    /// Where a line is packed.
    packing: Vec<u8>,
}

impl Stream {
    /// A contract under its first version of the terms, before anything happened.
    pub fn new(terms: Terms) -> Stream {
        let contract = Contract {
            book: Book::new(terms),
            lines: Index::default(),
            waiting: BTreeMap::new(),
            at_hand: Few::default(),
            packing: Vec::new(),
        };
        Stream { contract, known: IndexMap::default() }
    }

    /// Judges an event and takes it over; `sink` gets what is posted. A refused event posts nothing.
    pub fn submit(&mut self, event: &Event, mut sink: impl FnMut(Entry)) -> Outcome {
        let (id, whole) = (Digest::of(&event.id), Digest::of(event));
        let place = match self.known.entry(id) {
            Known::Occupied(known) if *known.get() == whole => return Outcome::Duplicate,
            Known::Occupied(_) => return Outcome::Reject(Reason::Conflict),
            Known::Vacant(place) => place,
        };
        let judged = match (&event.what, event.at) {
            (What::Tick, Some(at)) => self.contract.tick(event, at, &mut sink),
            _ => self.contract.judge(event, &mut sink),
        };
        match judged {
            Ok(()) => {
                place.insert(whole);
                Outcome::Ok
            }
            Err(reason) => Outcome::Reject(reason),
        }
    }

    /// What every account holds.
    pub fn balances(&self) -> &Balances {
        &self.contract.book.balances
    }

    /// How many order lines were paid.
    pub fn lines(&self) -> usize {
        self.contract.lines.len()
    }
}

impl Contract {
    /// With the lines at hand that the event concerns.
    fn judge(&mut self, event: &Event, sink: &mut impl FnMut(Entry)) -> Result<(), Reason> {
        if let What::Release { units } = &event.what {
            units.iter().for_each(|unit| self.unpack_unit(unit));
        } else if let What::DisputeOpen { unit } | What::DisputeClose { unit } = &event.what {
            self.unpack_unit(unit);
        } else if let Some(line) = event.what.line() {
            self.unpack(line);
        }
        let judged = self.take_over(event, sink);
        self.pack();
        judged
    }

    /// Releases what is due in the order of a [`Book`]: by time, and where that is the same lines by name, then
    /// segments. It changes nothing's worth and therefore cannot be refused on the way.
    fn tick(&mut self, event: &Event, at: Time, sink: &mut impl FnMut(Entry)) -> Result<(), Reason> {
        let seq = self.book.seq;
        let mut segments = mem::take(&mut self.book.due);
        while let Some(entry) = self.waiting.first_entry().filter(|entry| *entry.key() <= at) {
            let (due, mut places) = entry.remove_entry();
            places.sort_unstable_by_key(|place| self.lines.get_index(*place).map(|(line, _)| line));
            places.dedup();
            while let Some(unit) = segments.pop_first() {
                if unit.0 >= due {
                    segments.insert(unit);
                    break;
                }
                self.book.due.insert(unit);
            }
            for places in places.chunks(LINES_AT_ONCE) {
                places.iter().for_each(|place| self.unpack_at(*place));
                let Book { units, due, .. } = &mut self.book;
                let of_lines = units.iter().filter(|(id, _)| is_of_line(id));
                due.extend(of_lines.filter_map(|(id, unit)| Some((unit.due()?, id.clone()))));
                let judged = self.take_over(event, sink);
                self.pack();
                judged?;
                self.book.seq = seq;
            }
        }
        self.book.due.append(&mut segments);
        self.take_over(event, sink)
    }

    fn take_over(&mut self, event: &Event, sink: &mut impl FnMut(Entry)) -> Result<(), Reason> {
        let mut change = self.book.judge(event)?.ok_or(Reason::Conflict)?;
        mem::take(&mut change.entries).into_iter().for_each(sink);
        self.book.take_over(change, |id| !is_of_line(id));
        Ok(())
    }

    fn unpack_unit(&mut self, name: &str) {
        if let Some((line, _)) = UnitId::of_line(name) {
            self.unpack(&line);
        }
    }

    fn unpack(&mut self, line: &LineId) {
        if let Some(place) = self.lines.get_index_of(line) {
            self.unpack_at(place);
        }
    }

    fn unpack_at(&mut self, place: usize) {
        let Some((id, packed)) = self.lines.get_index(place) else { return };
        let Some((line, units)) = packed.unpack() else { return };
        for (component, unit) in units {
            let name = UnitId::Line { line: id.clone(), component };
            self.book.units.insert(name, unit);
        }
        self.book.lines.insert(id.clone(), line);
        self.at_hand.insert(id.clone(), place);
    }

    /// Packs all lines away that the book has.
    fn pack(&mut self) {
        while let Some((id, line)) = self.book.lines.pop_first() {
            let (mut units, mut release_at) = (Vec::new(), None);
            let components = self.book.terms(line.segment.version).map_or(0, |terms| terms.components.len());
            for component in 0..components {
                let name = UnitId::Line { line: id.clone(), component };
                let Some(unit) = self.book.units.remove(&name) else { continue };
                if let Some(at) = unit.due() {
                    self.book.due.remove(&(at, name));
                    release_at = Some(at);
                }
                units.push((component, unit));
            }
            let packed = Packed::new(&line, &units, &mut self.packing);
            let place = self.at_hand.remove(&id);
            let place = match place.and_then(|place| Some((place, self.lines.get_index_mut(place)?.1))) {
                Some((_, before)) if *before == packed => continue,
                Some((place, before)) => {
                    *before = packed;
                    place
                }
                None => self.lines.insert_full(id, packed).0,
            };
            if let Some(at) = release_at {
                self.waiting.entry(at).or_default().push(place);
            }
        }
    }
}

const fn is_of_line(id: &UnitId) -> bool {
    matches!(id, UnitId::Line { .. })
}
