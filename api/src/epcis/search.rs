//! Running a query: candidates from the index or from the histories of what the query names, then every condition on each
//! event as its reader may see it.

use std::collections::BTreeSet;

use hefu_contracts::{cbv, gs1::Epc, row, state::Fault, time::Time};
use serde_json::{Map, Value};

use super::{
    event::{self, EpcFormat, Eyes, Seen},
    index::{Field, Index, Line, Symbol},
    query::{Compare, EventQuery, OrderBy, compares},
};
use crate::{
    following::Following,
    ledger::{Ledger, Place},
    problem::{Door, Problem},
};

/// Most records that one request reads. A page then ends before it is full, and the next one goes on.
const LOOKED_AT_MAX: usize = 5_000;

/// Most bytes of events in one answer.
const PAGE_BYTES: usize = 4 << 20;

/// So many events at the end are looked through as they are, without asking for histories first.
const TAIL_MAX: usize = 1_000;

/// Most records of one row's history that are looked through.
const HISTORY_MAX: u64 = 100_000;

/// Where in a query's order something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(crate) struct Position(pub i64, pub usize);

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
    /// How many events the index had when the query was run.
    pub known: usize,
}

/// One event that may match.
struct Candidate {
    position: Position,
    line: Line,
}

/// Runs a query over everything that the index knows.
///
/// # Errors
/// `E-QUERY-LARGE` where more events match than the query allows, or a fault.
pub(crate) fn search(
    (ledger, index): (&dyn Ledger, &Following<Index>),
    eyes: &Eyes,
    (query, format): (&EventQuery, EpcFormat),
    part: Part,
) -> Result<Found, Problem> {
    let (candidates, known) = candidates(ledger, index, query, part.after)?;
    let from = match part.after {
        None => 0,
        Some(after) if query.descending => candidates.partition_point(|candidate| candidate.position >= after),
        Some(after) => candidates.partition_point(|candidate| candidate.position <= after),
    };
    let mut found = Found { known, ..Found::default() };
    let (mut bytes, mut looked_at) = (0_usize, 0_usize);
    let mut candidates = candidates.get(from..).unwrap_or_default().iter().peekable();
    while let Some(Candidate { position, line }) = candidates.next() {
        looked_at = looked_at.saturating_add(1);
        if let Some(Seen { mut event, .. }) = event::seen(ledger, eyes, (&line.record, line.recorded))?
            && query.conditions.iter().all(|condition| condition.holds(&event))
        {
            event::write_identifiers(ledger, &mut event, format)?;
            bytes = bytes.saturating_add(serde_json::to_string(&event)?.len());
            found.events.push(event);
            found.records.push(line.record);
        }
        let full = found.events.len() >= part.most || bytes >= PAGE_BYTES || looked_at >= LOOKED_AT_MAX;
        if full && candidates.peek().is_some() {
            found.next = Some(*position);
            break;
        }
    }
    Ok(found)
}

/// The events of an id: their own, or the one that follows from what they say.
///
/// # Errors
/// A fault.
pub(crate) fn with_id(
    (ledger, index): (&dyn Ledger, &Following<Index>),
    eyes: &Eyes,
    id: &str,
    format: EpcFormat,
) -> Result<Found, Problem> {
    let lines: Vec<Line> =
        index.read(|index| index.with_id(id).filter_map(|at| index.lines.get(at).copied()).collect());
    let mut found = Found::default();
    for line in lines.into_iter().take(LOOKED_AT_MAX) {
        let Some(Seen { cbv, mut event }) = event::seen(ledger, eyes, (&line.record, line.recorded))? else { continue };
        let own = event.get("eventID").and_then(Value::as_str);
        if own == Some(id) || cbv::hash_of_event_id(id) == Some(cbv) {
            event::write_identifiers(ledger, &mut event, format)?;
            found.events.push(event);
            found.records.push(line.record);
        }
    }
    Ok(found)
}

/// That no more events match than the query allows.
///
/// # Errors
/// `E-QUERY-LARGE`; `E-QUERY-COMPLEX` where that cannot be told within one request.
pub(crate) fn check_count(
    within: (&dyn Ledger, &Following<Index>),
    eyes: &Eyes,
    (query, format): (&EventQuery, EpcFormat),
) -> Result<(), Problem> {
    let Some(most) = query.max_event_count else { return Ok(()) };
    let found = search(within, eyes, (query, format), Part { after: None, most: most.saturating_add(1) })?;
    if found.events.len() > most {
        return Err(Problem::from(Door::QueryLarge).because(format!("more than {most} events match")));
    }
    if found.next.is_some() {
        let detail = "whether more events match than maxEventCount cannot be told; narrow the query by time";
        return Err(Problem::from(Door::QueryComplex).because(detail));
    }
    Ok(())
}

/// Events that may match, and how many there are in all. Where only what came lately is wanted, that is looked through.
fn candidates(
    ledger: &dyn Ledger,
    index: &Following<Index>,
    query: &EventQuery,
    after: Option<Position>,
) -> Result<(Vec<Candidate>, usize), Fault> {
    let begin = match (after, query.order_by, query.descending) {
        (Some(Position(_, at)), OrderBy::Ledger, false) => at.saturating_add(1),
        (Some(_) | None, _, _) => 0,
    };
    let is_short = begin > 0 && index.read(|index| index.lines.len().saturating_sub(begin)) <= TAIL_MAX;
    let places = match query.things().filter(|_| !is_short) {
        Some(things) => Some(histories(ledger, &things)?),
        None => None,
    };
    Ok(index.read(|index| {
        let known = index.lines.len();
        let Some(narrow) = Narrow::of(index, query) else { return (Vec::new(), known) };
        let candidate = |at: usize| {
            let line = *index.lines.get(at)?;
            let key = match query.order_by {
                OrderBy::Ledger => 0,
                OrderBy::Happened => line.happened.millis(),
            };
            narrow.holds(&line).then_some(Candidate { position: Position(key, at), line })
        };
        let chosen: Option<BTreeSet<usize>> = match (&places, query.event_ids()) {
            (Some(places), _) => Some(places.iter().filter_map(|place| index.at(*place)).collect()),
            (None, Some(ids)) if !is_short => Some(ids.iter().flat_map(|id| index.with_id(id)).collect()),
            (None, Some(_) | None) => None,
        };
        let mut candidates: Vec<Candidate> = match chosen {
            Some(chosen) => chosen.into_iter().filter_map(candidate).collect(),
            None => (begin..known).filter_map(candidate).collect(),
        };
        match (query.order_by, query.descending) {
            (OrderBy::Ledger, false) => {}
            (OrderBy::Ledger, true) => candidates.reverse(),
            (OrderBy::Happened, false) => candidates.sort_unstable_by_key(|candidate| candidate.position),
            (OrderBy::Happened, true) => {
                candidates.sort_unstable_by_key(|candidate| std::cmp::Reverse(candidate.position));
            }
        }
        (candidates, known)
    }))
}

/// Where the records stand that are in the histories of some things.
fn histories(ledger: &dyn Ledger, things: &[&str]) -> Result<BTreeSet<Place>, Fault> {
    let mut places = BTreeSet::new();
    for thing in things {
        let Ok(epc) = Epc::parse(thing) else { continue };
        for entry in ledger.entries(&row::key_of_thing(&epc), 0, HISTORY_MAX)? {
            if let Some(place) = ledger.record(&entry.record)?.and_then(|found| found.place) {
                places.insert(place);
            }
        }
    }
    Ok(places)
}

/// What the index can tell of a query's conditions.
struct Narrow {
    fields: Vec<(Field, Vec<Symbol>)>,
    happened: Vec<(Compare, Time)>,
    recorded: Vec<(Compare, Time)>,
}

impl Narrow {
    /// `None` where no event of the index can match.
    fn of(index: &Index, query: &EventQuery) -> Option<Narrow> {
        let mut fields = Vec::new();
        for (field, texts) in query.narrowed() {
            let symbols: Vec<Symbol> = texts.into_iter().filter_map(|text| index.known(text)).collect();
            if symbols.is_empty() {
                return None;
            }
            fields.push((field, symbols));
        }
        let times = |field: &str| query.conditions.iter().filter_map(|condition| condition.time(field)).collect();
        Some(Narrow { fields, happened: times("eventTime"), recorded: times("recordTime") })
    }

    fn holds(&self, line: &Line) -> bool {
        self.fields.iter().all(|(field, symbols)| line.field(*field).is_some_and(|symbol| symbols.contains(&symbol)))
            && self.happened.iter().all(|wanted| compares(*wanted, line.happened))
            && self.recorded.iter().all(|wanted| compares(*wanted, line.recorded))
    }
}
