//! Going through the events of a ledger: in which order, from where on, and which of them.

use hefu_contracts::provenance::listing::{Field, Listing};
use serde::{Deserialize, Serialize};

use super::Place;

/// An event, as far as it is known before its record is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where its record stands.
    pub place: Place,
    /// What is known of it.
    pub listing: Listing,
}

/// Which events are gone through, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way<'a> {
    /// All, in the order of the ledger.
    Recorded,
    /// All, by when they happened, those of one moment in the order of the ledger.
    Happened,
    /// Those with a value in a field, in the order of the ledger.
    With(Field, &'a str),
    /// Those that may have an id, in the order of the ledger: the events themselves tell whether they have it.
    Id(&'a str),
}

/// Where in the order of a way something stands: milliseconds since 1970 where the order is by when events happened,
/// otherwise 0; then the place of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position(pub i64, pub Place);

/// A walk through events.
#[derive(Clone, Copy, Debug)]
pub struct Walk<'a> {
    /// Which, and in which order.
    pub way: Way<'a>,
    /// Whether the order is the other way round.
    pub descending: bool,
    /// Only what follows this.
    pub after: Option<Position>,
}

impl Way<'_> {
    /// Where an event stands.
    pub fn position(self, line: &Line) -> Position {
        let moment = match self {
            Way::Happened => line.listing.happened.millis(),
            Way::Recorded | Way::With(..) | Way::Id(_) => 0,
        };
        Position(moment, line.place)
    }
}

impl Walk<'_> {
    /// Whether something is still to come on it.
    pub(crate) fn follows(&self, position: Position) -> bool {
        self.after.is_none_or(|after| if self.descending { position < after } else { position > after })
    }
}
