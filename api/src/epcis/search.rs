//! Running a query: [`candidates`](super::candidates), then every condition on each event as its reader may see it.

use hefu_contracts::{cbv, provenance::listing::Listing};
use serde_json::{Map, Value};

use super::{
    candidates::{self, Candidates, Next},
    event::{self, EpcFormat, Eyes, Seen},
    query::{EventQuery, OrderBy},
};
use crate::{
    ledger::{Ledger, Line, Place, Position, Walk, Way},
    problem::{Door, Problem},
};

/// Most records that one request reads. A page then ends before it is full, and the next one goes on.
const LOOKED_AT_MAX: usize = 5_000;

/// Most bytes of events in one answer.
const PAGE_BYTES: usize = 4 << 20;

/// Which part of the events that match is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// Behind this one.
    pub after: Option<Position>,
    /// At most so many.
    pub most: usize,
}

/// Events that match.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub events: Vec<Map<String, Value>>,
    /// Their records.
    pub records: Vec<hefu_keys::Hash>,
    /// Where to go on, if there may be more.
    pub next: Option<Position>,
    /// The newest event when the query was run.
    pub newest: Option<Place>,
}

/// Runs a query over all events.
///
/// # Errors
/// `E-QUERY-LARGE` where more events match than the query allows, or a fault.
pub(crate) fn search(
    ledger: &dyn Ledger,
    eyes: &Eyes,
    (query, format): (&EventQuery, EpcFormat),
    part: Part,
) -> Result<Found, Problem> {
    let Some(newest) = candidates::newest(ledger)? else { return Ok(Found::default()) };
    let mut found = Found { newest: Some(newest), ..Found::default() };
    let (mut bytes, mut looked_at) = (0_usize, 0_usize);
    let mut candidates = Candidates::new(ledger, query, (part.after, newest))?;
    loop {
        let line = match candidates.next()? {
            Next::Line(line) => line,
            Next::Spent(position) => {
                found.next = Some(position);
                break;
            }
            Next::End => break,
        };
        looked_at = looked_at.saturating_add(1);
        let Listing { record, recorded, .. } = line.listing;
        if let Some(Seen { mut event, .. }) = event::seen(ledger, eyes, (&record, recorded))?
            && query.conditions.iter().all(|condition| condition.holds(&event))
        {
            event::write_identifiers(ledger, &mut event, format)?;
            bytes = bytes.saturating_add(serde_json::to_string(&event)?.len());
            found.events.push(event);
            found.records.push(record);
        }
        let full = found.events.len() >= part.most || bytes >= PAGE_BYTES || looked_at >= LOOKED_AT_MAX;
        if full {
            found.next = candidates.more(candidates.position(&line))?;
            break;
        }
    }
    Ok(found)
}

/// The events of an id: their own, or the one that follows from what they say.
///
/// # Errors
/// A fault.
pub(crate) fn with_id(ledger: &dyn Ledger, eyes: &Eyes, id: &str, format: EpcFormat) -> Result<Found, Problem> {
    let walk = Walk { way: Way::Id(id), descending: false, after: None };
    let mut found = Found::default();
    for Line { listing: Listing { record, recorded, .. }, .. } in ledger.events(&walk, LOOKED_AT_MAX)? {
        let Some(Seen { cbv, mut event }) = event::seen(ledger, eyes, (&record, recorded))? else { continue };
        let own = event.get("eventID").and_then(Value::as_str);
        if own == Some(id) || cbv::hash_of_event_id(id) == Some(cbv) {
            event::write_identifiers(ledger, &mut event, format)?;
            found.events.push(event);
            found.records.push(record);
        }
    }
    Ok(found)
}

/// That no more events match than the query allows.
///
/// # Errors
/// `E-QUERY-LARGE`; `E-QUERY-COMPLEX` where that cannot be told within one request.
pub(crate) fn check_count(
    ledger: &dyn Ledger,
    eyes: &Eyes,
    (query, format): (&EventQuery, EpcFormat),
) -> Result<(), Problem> {
    let Some(most) = query.max_event_count else { return Ok(()) };
    // However they are ordered, there are as many: in the order of the ledger fewest are gone through.
    let query = &EventQuery { order_by: OrderBy::Ledger, ..query.clone() };
    let found = search(ledger, eyes, (query, format), Part { after: None, most: most.saturating_add(1) })?;
    if found.events.len() > most {
        return Err(Problem::from(Door::QueryLarge).because(format!("more than {most} events match")));
    }
    if found.next.is_some() {
        let detail = "whether more events match than maxEventCount cannot be told; narrow the query by time";
        return Err(Problem::from(Door::QueryComplex).because(detail));
    }
    Ok(())
}
