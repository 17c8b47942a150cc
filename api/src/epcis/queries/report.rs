//! What a standing query has to tell: the events that match behind the place that it has reached.

use hefu_contracts::{audience::Reader, time::Time};
use hefu_keys::Hash;
use serde_json::{Map, Value};

use super::definition::NamedQuery;
use crate::{
    epcis::{
        answering,
        event::{EpcFormat, Eyes},
        query::EventQuery,
        search::{self, Part},
    },
    ledger::{Ledger, Place, Position},
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
    /// A fault.
    pub(super) fn since(
        &self,
        ledger: &dyn Ledger,
        reader: &Reader,
        format: EpcFormat,
        (after, most): (Place, usize),
    ) -> Result<Report, Problem> {
        let eyes = Eyes { reader: reader.clone(), presented: self.query.presented() };
        let part = Part { after: Some(Position(0, after)), most };
        let found = search::search(ledger, &eyes, (&self.query, format), part)?;
        let reached = found.next.map(|Position(_, place)| place).or(found.newest);
        Ok(Report { events: found.events, records: found.records, reached, more: found.next.is_some() })
    }
}
