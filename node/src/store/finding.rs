//! How events, blocks and records are found.
//!
//! Indices are written with the block, follow from it alone, and rules never look at them; `hefu verify --store` compares them.

use std::iter;

use hefu_api::ledger::{Beginning, Line, Place, Position, Walk, Way};
use hefu_contracts::{
    height::Height,
    provenance::listing::{Field, Listing},
    schema::Table,
};
use hefu_keys::Hash;

use super::{
    Chain, StoreError, layout,
    listed::{self, HEIGHT_BYTES, PLACE_BYTES, SEPARATOR, beginning_of, joined, key_at},
};

/// Greater than what any moment, place or height begins with.
const BEHIND: u8 = 0xff;

/// An id with what it leads to.
type Named = (Hash, Box<[u8]>);

impl Chain {
    /// The events of a walk, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn events(&self, walk: &Walk<'_>, limit: usize) -> Result<Vec<Line>, StoreError> {
        let Walk { way, descending, after } = *walk;
        let beginning = beginning_of(way);
        // A key that leads to several places is looked at again: a walk on begins with it, a walk back behind it. Any other is
        // over. What comes directly behind a key is that key and a zero byte.
        let several = matches!(way, Way::With(..));
        let bound = after.map(|after| {
            let at = key_at(way, after);
            if several == descending { joined(&[&at, &[0]]) } else { at }
        });
        let found = if descending {
            let before = bound.unwrap_or_else(|| joined(&[&beginning, &[BEHIND]]));
            self.view().scan_back(Table::Events, &before)
        } else {
            self.view().scan(Table::Events, bound.as_ref().unwrap_or(&beginning), None)
        };
        let length = beginning.len().saturating_add(listed::rest_of(way));
        let mut lines = Vec::new();
        for pair in found {
            let (key, value) = pair?;
            if lines.len() >= limit || !key.starts_with(&beginning) {
                break;
            }
            if key.len() != length {
                continue;
            }
            match way {
                Way::Recorded => {
                    let place = place_of(&key)?;
                    lines.push(Line { place, listing: read(place, &value)? });
                }
                Way::Happened | Way::Id(_) => lines.push(self.known(place_of(&key)?)?),
                Way::With(..) => {
                    let mut places = places_of(&key, &value)?;
                    places.retain(|place| {
                        after.is_none_or(|Position(_, last)| if descending { *place < last } else { *place > last })
                    });
                    if descending {
                        places.reverse();
                    }
                    places.truncate(limit.saturating_sub(lines.len()));
                    for place in places {
                        lines.push(self.known(place)?);
                    }
                }
            }
        }
        Ok(lines)
    }

    /// The event of a place that an index names.
    fn known(&self, place: Place) -> Result<Line, StoreError> {
        let missing = || StoreError::missing(Table::Events, format!("the listing of {}", words(place)));
        self.event(place)?.ok_or_else(missing)
    }

    /// The event of a place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn event(&self, place: Place) -> Result<Option<Line>, StoreError> {
        let Some(text) = self.view().get(Table::Events, &listed::known(place))? else { return Ok(None) };
        Ok(Some(Line { place, listing: read(place, &text)? }))
    }

    /// The values of a field, or those that public events have, ascending.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn event_values(&self, field: Field, public: bool) -> Result<Vec<String>, StoreError> {
        let beginning = listed::values(field, public);
        let mut from = beginning.to_vec();
        let mut values = Vec::new();
        loop {
            let Some(pair) = self.view().scan(Table::Events, &from, None).next() else { break };
            let (key, _) = pair?;
            let Some(rest) = key.strip_prefix(&beginning) else { break };
            // Behind the value comes the next one: of the blocks in between there may be millions.
            let end = if public { rest.len() } else { rest.len().saturating_sub(HEIGHT_BYTES.saturating_add(1)) };
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

/// The places that a value's key in a block leads to.
fn places_of(key: &[u8], value: &[u8]) -> Result<Vec<Place>, StoreError> {
    let damaged = |what| StoreError::damaged(Table::Events, in_words(key), what);
    let height = key.get(key.len().saturating_sub(HEIGHT_BYTES)..).and_then(layout::read_height);
    let height = height.ok_or_else(|| damaged("it ends in no height"))?;
    let indices = listed::read_indices(value).ok_or_else(|| damaged("it leads to half a position"))?;
    Ok(indices.map(|index| Place { height, index }).collect())
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
