//! What a standing query has to tell: the events that match behind the place that it has reached.

use hefu_contracts::{audience::Reader, time::Time};
use hefu_keys::Hash;
use serde_json::{Map, Value};

use super::definition::NamedQuery;
use crate::{
    epcis::{
        answering,
        event::{EpcFormat, Eyes},
        events,
        index::Index,
        query::EventQuery,
        search::{self, Part, Position},
    },
    following::Following,
    ledger::{Ledger, Place},
    problem::{Door, Problem},
};

/// Most events of one report. There is no paging: the next report goes on.
pub const EVENTS_MAX: usize = 100;

/// Events that match.
pub(super) struct Report {
    pub events: Vec<Map<String, Value>>,
    records: Vec<Hash>,
    /// What was looked at ends here; `None` where there is no event on the ledger.
    pub reached: Option<Place>,
    /// Whether there is more at once.
    pub more: bool,
}

/// A query that is to stand.
pub(super) struct Standing {
    name: String,
    query: EventQuery,
}

impl Standing {
    /// The query, of which only what was recorded from a time on is told.
    ///
    /// # Errors
    /// `E-SUBSCRIPTION` where it orders or limits what it tells.
    pub(super) fn new(query: &NamedQuery, from: Option<Time>) -> Result<Standing, Problem> {
        let mut events = query.events()?;
        if !events.is_plain() {
            let detail =
                "the query orders or limits its events, and a subscription tells all in the order of the ledger";
            return Err(Problem::from(Door::Subscription).because(detail));
        }
        if let Some(from) = from {
            events = events.and("GE_recordTime", &from.to_string())?;
        }
        Ok(Standing { name: query.name.clone(), query: events })
    }

    /// Its document.
    ///
    /// # Errors
    /// A fault.
    pub(super) fn document(&self, report: &Report, subscription: Option<&str>) -> Result<String, Problem> {
        let document = answering::document((&self.name, subscription), &report.events, &report.records)?;
        Ok(serde_json::to_string(&document)?)
    }

    /// What matches behind a place, as the reader may see it now.
    ///
    /// # Errors
    /// `E-NODE-UNREADY` while the index is gathered, or a fault.
    pub(super) fn since(
        &self,
        (ledger, index): (&dyn Ledger, &Following<Index>),
        reader: &Reader,
        format: EpcFormat,
        (after, most): (Place, usize),
    ) -> Result<Report, Problem> {
        events::up_to_date(index, ledger)?;
        let before = index.read(|index| index.until(after));
        let after = before.checked_sub(1).map(|last| Position(0, last));
        let eyes = Eyes { reader: reader.clone(), presented: self.query.presented() };
        let found = search::search((ledger, index), &eyes, (&self.query, format), Part { after, most })?;
        let last = found.next.map(|Position(_, at)| at).or_else(|| found.known.checked_sub(1));
        let reached = index.read(|index| last.and_then(|at| index.lines.get(at)).map(|line| line.place));
        Ok(Report { events: found.events, records: found.records, reached, more: found.next.is_some() })
    }
}
