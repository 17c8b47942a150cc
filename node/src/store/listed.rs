//! The index of events: its keys, and what each block adds to it.
//!
//! ```text
//! l place                   what is known of an event
//! t moment place            events by when they happened
//! i id place                events by id
//! v field value 0 height    events of a block by value: their positions in it, ascending, four bytes each
//! p field value             values that public events have
//! ```
//!
//! Events of a block have many values in common, so a value's key is a block's and not an event's: an event alone needs three.

use std::collections::BTreeMap;

use hefu_api::ledger::{Place, Position, Way};
use hefu_contracts::{
    block::Header,
    provenance::listing::{Field, Listing, id_key, ids},
    record::Record,
};

use super::layout::{height_key, record_key};

/// What the keys begin with.
const LISTED: u8 = b'l';
const HAPPENED: u8 = b't';
const NAMED: u8 = b'i';
const VALUED: u8 = b'v';
const PUBLIC: u8 = b'p';

/// Separates a value from a height: no value holds a zero byte.
pub(super) const SEPARATOR: u8 = 0;

/// Bytes of a place, of a moment before one, of a height, and of a position in a block.
pub(super) const PLACE_BYTES: usize = 12;
pub(super) const MOMENT_BYTES: usize = 8;
pub(super) const HEIGHT_BYTES: usize = 8;
const INDEX_BYTES: usize = 4;

/// What a block adds to the table of events.
#[derive(Default)]
pub(crate) struct Listed(BTreeMap<Vec<u8>, Vec<u8>>);

impl Listed {
    /// What the records of a block add, in their order.
    pub(crate) fn of<'a>(header: &Header, records: impl IntoIterator<Item = &'a Record>) -> Listed {
        let mut listed = Listed::default();
        for (index, record) in (0_u32..).zip(records) {
            listed.add(header, index, record);
        }
        listed
    }

    /// Adds the next record of the block; nothing where it captures no event.
    pub(crate) fn add(&mut self, header: &Header, index: u32, record: &Record) {
        let Some(listing) = Listing::of(record, header.time) else { return };
        let place = Place { height: header.height, index };
        self.0.insert(happened(listing.happened.millis(), place), Vec::new());
        // An event may have the very id that follows from what it says.
        for id in ids(record) {
            self.0.insert(joined(&[&named(id), &record_key((place.height, index))]), Vec::new());
        }
        for field in Field::ALL {
            let Some(value) = listing.field(field) else { continue };
            self.0.entry(valued_in(field, value, place)).or_default().extend(index.to_be_bytes());
            if listing.public {
                self.0.insert(joined(&[&values(field, true), value.as_bytes()]), Vec::new());
            }
        }
        self.0.insert(known(place), listing.text().into_bytes());
    }
}

impl IntoIterator for Listed {
    type Item = (Vec<u8>, Vec<u8>);
    type IntoIter = std::collections::btree_map::IntoIter<Vec<u8>, Vec<u8>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Whether a key of that table says the same of several blocks.
pub(super) fn is_shared(key: &[u8]) -> bool {
    key.first() == Some(&PUBLIC)
}

pub(super) fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// A moment, so that the order of bytes is the order of time, before 1970 too.
fn moment(millis: i64) -> [u8; MOMENT_BYTES] {
    (millis.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

/// Key of what is known of an event.
pub(super) fn known(Place { height, index }: Place) -> Vec<u8> {
    joined(&[&[LISTED], &record_key((height, index))])
}

fn happened(millis: i64, Place { height, index }: Place) -> Vec<u8> {
    joined(&[&[HAPPENED], &moment(millis), &record_key((height, index))])
}

fn named(id: u64) -> Vec<u8> {
    joined(&[&[NAMED], &id.to_be_bytes()])
}

/// Beginning of the keys of a field's values, or of those that public events have.
pub(super) fn values(field: Field, public: bool) -> [u8; 2] {
    [if public { PUBLIC } else { VALUED }, field as u8]
}

/// Beginning of the keys of events with a value.
fn valued(field: Field, value: &str) -> Vec<u8> {
    joined(&[&values(field, false), value.as_bytes(), &[SEPARATOR]])
}

/// Key of the events with a value in the block of a place.
pub(super) fn valued_in(field: Field, value: &str, place: Place) -> Vec<u8> {
    joined(&[&valued(field, value), &height_key(place.height)])
}

/// Beginning of the keys of a way.
pub(super) fn beginning_of(way: Way<'_>) -> Vec<u8> {
    match way {
        Way::Recorded => vec![LISTED],
        Way::Happened => vec![HAPPENED],
        Way::With(field, value) => valued(field, value),
        Way::Id(id) => named(id_key(id)),
    }
}

/// The key of a way at which a position stands.
pub(super) fn key_at(way: Way<'_>, Position(millis, place): Position) -> Vec<u8> {
    match way {
        Way::Recorded => known(place),
        Way::Happened => happened(millis, place),
        Way::With(field, value) => valued_in(field, value, place),
        Way::Id(_) => joined(&[&beginning_of(way), &record_key((place.height, place.index))]),
    }
}

/// Bytes of a way's keys behind what they begin with.
pub(super) const fn rest_of(way: Way<'_>) -> usize {
    match way {
        Way::Recorded | Way::Id(_) => PLACE_BYTES,
        Way::Happened => MOMENT_BYTES.saturating_add(PLACE_BYTES),
        Way::With(..) => HEIGHT_BYTES,
    }
}

/// The positions that a value's key in a block leads to; `None` where they are not written as [`Listed`] writes them.
pub(super) fn read_indices(value: &[u8]) -> Option<impl DoubleEndedIterator<Item = u32> + '_> {
    let (indices, rest) = value.as_chunks::<INDEX_BYTES>();
    rest.is_empty().then(|| indices.iter().map(|index| u32::from_be_bytes(*index)))
}
