//! Indices by which events, blocks and records are found: their keys, what each record adds to them, and how they are read.
//!
//! They are written with the block, follow from it alone, and rules never look at them; `hefu verify --store` compares them.

use std::{collections::BTreeMap, iter};

use hefu_api::ledger::{Beginning, Line, Place, Position, Walk, Way};
use hefu_contracts::{
    height::Height,
    provenance::listing::{Field, Listing, id_key, ids},
    record::Record,
    schema::Table,
    time::Time,
};
use hefu_keys::Hash;

use super::{
    Chain, StoreError,
    layout::{self, record_key},
};

/// What the keys of the table of events begin with: by place, with the listing; by time; by id; by value; and values that
/// public events have, without places.
const LISTED: u8 = b'l';
const HAPPENED: u8 = b't';
const NAMED: u8 = b'i';
const VALUED: u8 = b'v';
const PUBLIC: u8 = b'p';

/// Separates a value from a place: no value holds a zero byte.
const SEPARATOR: u8 = 0;

/// Greater than what any moment or place begins with.
const BEHIND: u8 = 0xff;

/// Bytes of a place, and of a moment before one.
const PLACE_BYTES: usize = 12;
const MOMENT_BYTES: usize = 8;

/// An id with what it leads to.
type Named = (Hash, Box<[u8]>);

/// Keys and values that a record adds to the table of events; none where it captures no event.
pub(crate) fn listed(record: &Record, place: layout::Place, recorded: Time) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let Some(listing) = Listing::of(record, recorded) else { return BTreeMap::new() };
    let place = record_key(place);
    let mut keys = vec![joined(&[&[HAPPENED], &moment(listing.happened.millis()), &place])];
    // An event may have the very id that follows from what it says.
    keys.extend(ids(record).into_iter().map(|id| joined(&[&[NAMED], &id.to_be_bytes(), &place])));
    for field in Field::ALL {
        let Some(value) = listing.field(field) else { continue };
        keys.push(joined(&[&valued(field, value), &place]));
        if listing.public {
            keys.push(joined(&[&[PUBLIC, field as u8], value.as_bytes()]));
        }
    }
    let mut listed: BTreeMap<Vec<u8>, Vec<u8>> = keys.into_iter().map(|key| (key, Vec::new())).collect();
    listed.insert(joined(&[&[LISTED], &place]), listing.text().into_bytes());
    listed
}

/// Whether a key of that table says the same of several events.
pub(super) fn is_shared(key: &[u8]) -> bool {
    key.first() == Some(&PUBLIC)
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// A moment, so that the order of bytes is the order of time, before 1970 too.
fn moment(millis: i64) -> [u8; MOMENT_BYTES] {
    (millis.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

/// Beginning of the keys of events with a value.
fn valued(field: Field, value: &str) -> Vec<u8> {
    joined(&[&[VALUED, field as u8], value.as_bytes(), &[SEPARATOR]])
}

/// Beginning of the keys of a way.
fn beginning_of(way: Way<'_>) -> Vec<u8> {
    match way {
        Way::Recorded => vec![LISTED],
        Way::Happened => vec![HAPPENED],
        Way::With(field, value) => valued(field, value),
        Way::Id(id) => joined(&[&[NAMED], &id_key(id).to_be_bytes()]),
    }
}

/// The end of a key of a way.
fn end_of(way: Way<'_>, Position(millis, Place { height, index }): Position) -> Vec<u8> {
    let place = record_key((height, index));
    match way {
        Way::Happened => joined(&[&moment(millis), &place]),
        Way::Recorded | Way::With(..) | Way::Id(_) => place.to_vec(),
    }
}

impl Chain {
    /// The events of a walk, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn events(&self, walk: &Walk<'_>, limit: usize) -> Result<Vec<Line>, StoreError> {
        let Walk { way, descending, after } = *walk;
        let beginning = beginning_of(way);
        let behind = after.map(|after| joined(&[&beginning, &end_of(way, after)]));
        let found = if descending {
            let before = behind.unwrap_or_else(|| joined(&[&beginning, &[BEHIND]]));
            self.view().scan_back(Table::Events, &before)
        } else {
            // The next key is this one and a zero byte.
            let from = behind.map_or_else(|| beginning.clone(), |behind| joined(&[&behind, &[0]]));
            self.view().scan(Table::Events, &from, None)
        };
        let length = beginning.len().saturating_add(match way {
            Way::Happened => MOMENT_BYTES.saturating_add(PLACE_BYTES),
            Way::Recorded | Way::With(..) | Way::Id(_) => PLACE_BYTES,
        });
        let mut lines = Vec::new();
        for pair in found {
            let (key, text) = pair?;
            if lines.len() >= limit || !key.starts_with(&beginning) {
                break;
            }
            if key.len() != length {
                continue;
            }
            let place = place_of(&key)?;
            lines.push(match way {
                Way::Recorded => Line { place, listing: read(place, &text)? },
                Way::Happened | Way::With(..) | Way::Id(_) => self
                    .event(place)?
                    .ok_or_else(|| StoreError::missing(Table::Events, format!("the listing of {}", words(place))))?,
            });
        }
        Ok(lines)
    }

    /// The event of a place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn event(&self, place: Place) -> Result<Option<Line>, StoreError> {
        let key = joined(&[&[LISTED], &record_key((place.height, place.index))]);
        let Some(text) = self.view().get(Table::Events, &key)? else { return Ok(None) };
        Ok(Some(Line { place, listing: read(place, &text)? }))
    }

    /// The values of a field, or those that public events have, ascending.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn event_values(&self, field: Field, public: bool) -> Result<Vec<String>, StoreError> {
        let beginning = [if public { PUBLIC } else { VALUED }, field as u8];
        let mut from = beginning.to_vec();
        let mut values = Vec::new();
        loop {
            let Some(pair) = self.view().scan(Table::Events, &from, None).next() else { break };
            let (key, _) = pair?;
            let Some(rest) = key.strip_prefix(&beginning) else { break };
            // Behind the value comes the next one: of the places in between there may be millions.
            let end = if public { rest.len() } else { rest.len().saturating_sub(PLACE_BYTES.saturating_add(1)) };
            let value = rest.get(..end).unwrap_or_default();
            let damaged = |bad| StoreError::damaged(Table::Events, in_words(&key), bad);
            values.push(std::str::from_utf8(value).map_err(damaged)?.to_owned());
            from = joined(&[&beginning, value, &[if public { 0 } else { SEPARATOR.saturating_add(1) }]]);
        }
        Ok(values)
    }

    /// Blocks and records whose ids begin with these hex digits, of each at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn beginning(&self, digits: &str, limit: usize) -> Result<Beginning, StoreError> {
        let Some(first) = lowest(digits) else { return Ok(Beginning::default()) };
        let mut found = Beginning::default();
        for (id, height) in self.ids_from(Table::Heights, &first, digits, limit)? {
            let height =
                layout::read_height(&height).ok_or_else(|| StoreError::damaged(Table::Heights, id, "not a height"))?;
            found.blocks.push(height);
        }
        found.records = self.ids_from(Table::Ids, &first, digits, limit)?.into_iter().map(|(id, _)| id).collect();
        Ok(found)
    }

    fn ids_from(&self, table: Table, first: &[u8], digits: &str, limit: usize) -> Result<Vec<Named>, StoreError> {
        let mut found = Vec::new();
        for pair in self.view().scan(table, first, None) {
            let (key, value) = pair?;
            let id = <[u8; 32]>::try_from(&*key).map(Hash::from_bytes);
            let id = id.map_err(|bad| StoreError::damaged(table, in_words(&key), bad))?;
            if found.len() >= limit || !id.to_string().starts_with(digits) {
                break;
            }
            found.push((id, value));
        }
        Ok(found)
    }
}

/// The least id that begins with these digits; none where they are no hex digits.
fn lowest(digits: &str) -> Option<Vec<u8>> {
    let whole: String = digits.chars().chain(iter::repeat('0')).take(64).collect();
    whole.parse().ok().map(|id: Hash| id.as_bytes().to_vec())
}

fn place_of(key: &[u8]) -> Result<Place, StoreError> {
    let at = key.len().saturating_sub(PLACE_BYTES);
    let place = key.get(at..).and_then(layout::read_place);
    let damaged = || StoreError::damaged(Table::Events, in_words(key), "it ends in no place of a record");
    place.map(|(height, index)| Place { height, index }).ok_or_else(damaged)
}

fn read(place: Place, text: &[u8]) -> Result<Listing, StoreError> {
    serde_json::from_slice(text).map_err(|bad| StoreError::damaged(Table::Events, words(place), bad))
}

fn words(Place { height, index }: Place) -> String {
    format!("record {index} of block {height}")
}

/// A key as people can read it, as far as it is text.
pub(super) fn in_words(key: &[u8]) -> String {
    key.escape_ascii().to_string()
}

/// Height of a block by its id.
///
/// # Errors
/// [`StoreError`].
pub(super) fn height_of(chain: &Chain, block: &Hash) -> Result<Option<Height>, StoreError> {
    let Some(bytes) = chain.view().get(Table::Heights, block.as_bytes())? else { return Ok(None) };
    let damaged = || StoreError::damaged(Table::Heights, block, "not a height");
    layout::read_height(&bytes).map(Some).ok_or_else(damaged)
}
