//! Events that may match a query, one after another in its order: of all events those whose listings do not rule it out.
//!
//! They come from where there are fewest of them: the histories of what the query names, its event ids, one of its values,
//! or all events between the times that it gives.

use std::{
    cmp::Ordering,
    collections::{BTreeSet, VecDeque},
    vec,
};

use hefu_contracts::{gs1::Epc, height::Height, provenance::listing::Field, row, state::Fault, time::Time};

use super::query::{Compare, EventQuery, OrderBy, compares};
use crate::ledger::{Ledger, Line, Place, Position, Walk, Way};

/// Most listings that one request goes through.
pub(super) const LISTINGS_MAX: usize = 50_000;

/// Listings read at a time: few at first, since a page may be full with them.
const AT_ONCE: usize = 64;
const AT_ONCE_MAX: usize = 1_024;

/// So many events at the end are gone through as they are, without asking for histories first.
const TAIL_MAX: usize = 1_000;

/// Most records of one row's history, or of one id, that are looked through.
const HISTORY_MAX: u64 = 100_000;

/// Of several values by which a query could be answered those of the first of these fields have the fewest events.
const NARROWEST: [Field; 6] =
    [Field::ReadPoint, Field::Location, Field::Step, Field::Disposition, Field::Kind, Field::Action];

/// What comes next.
pub(super) enum Next {
    /// An event that may match.
    Line(Box<Line>),
    /// None so far, and what one request may go through ends with this.
    Spent(Position),
    /// Nothing.
    End,
}

/// The events that may match, in the query's order.
pub(super) struct Candidates<'a> {
    ledger: &'a dyn Ledger,
    source: Source<'a>,
    narrow: Narrow<'a>,
    way: Way<'a>,
    descending: bool,
    /// The newest event when the query was begun: what comes later is not looked at.
    newest: Place,
    seen: usize,
    /// What was looked at ahead.
    ahead: Option<Next>,
}

enum Source<'a> {
    /// These.
    Lines(vec::IntoIter<Line>),
    /// Those of these places.
    Places(vec::IntoIter<Place>),
    /// Those of several walks.
    Walks(Vec<Walker<'a>>),
}

/// One walk, with what was read of it ahead.
pub(super) struct Walker<'a> {
    walk: Walk<'a>,
    read: VecDeque<Line>,
    at_once: usize,
    ended: bool,
}

/// What listings can tell of a query's conditions.
struct Narrow<'a> {
    fields: Vec<(Field, Vec<&'a str>)>,
    happened: Vec<(Compare, Time)>,
    recorded: Vec<(Compare, Time)>,
}

/// The newest event of a ledger.
///
/// # Errors
/// From the storage.
pub(super) fn newest(ledger: &dyn Ledger) -> Result<Option<Place>, Fault> {
    let walk = Walk { way: Way::Recorded, descending: true, after: None };
    Ok(ledger.events(&walk, 1)?.first().map(|line| line.place))
}

impl<'a> Candidates<'a> {
    /// Those behind a position, up to the newest event.
    ///
    /// # Errors
    /// From the storage.
    pub(super) fn new(
        ledger: &'a dyn Ledger,
        query: &'a EventQuery,
        (after, newest): (Option<Position>, Place),
    ) -> Result<Candidates<'a>, Fault> {
        let narrow = Narrow::of(query);
        let descending = query.descending;
        let way = match query.order_by {
            OrderBy::Ledger => Way::Recorded,
            OrderBy::Happened => Way::Happened,
        };
        let source = source(ledger, (query, &narrow), (way, after))?;
        Ok(Candidates { ledger, source, narrow, way, descending, newest, seen: 0, ahead: None })
    }

    /// The next event that may match.
    ///
    /// # Errors
    /// From the storage.
    pub(super) fn next(&mut self) -> Result<Next, Fault> {
        match self.ahead.take() {
            Some(next) => Ok(next),
            None => self.find(),
        }
    }

    /// Whether there may be more, and where to go on for it if what comes next is not to be looked at now: behind the
    /// position, or behind what was gone through since.
    ///
    /// # Errors
    /// From the storage.
    pub(super) fn more(&mut self, position: Position) -> Result<Option<Position>, Fault> {
        let next = self.next()?;
        let on = match &next {
            Next::Line(_) => Some(position),
            Next::Spent(spent) => Some(*spent),
            Next::End => None,
        };
        self.ahead = Some(next);
        Ok(on)
    }

    /// Where an event stands in the query's order.
    pub(super) fn position(&self, line: &Line) -> Position {
        self.way.position(line)
    }

    fn find(&mut self) -> Result<Next, Fault> {
        while let Some(line) = self.source.next(self.ledger)? {
            if self.narrow.is_past(&line, self.way, self.descending) {
                return Ok(Next::End);
            }
            if line.place <= self.newest && self.narrow.holds(&line) {
                return Ok(Next::Line(Box::new(line)));
            }
            self.seen = self.seen.saturating_add(1);
            if self.seen >= LISTINGS_MAX {
                return Ok(Next::Spent(self.way.position(&line)));
            }
        }
        Ok(Next::End)
    }
}

/// Where candidates come from.
fn source<'a>(
    ledger: &dyn Ledger,
    (query, narrow): (&'a EventQuery, &Narrow<'a>),
    (way, after): (Way<'a>, Option<Position>),
) -> Result<Source<'a>, Fault> {
    let descending = query.descending;
    if after.is_some() && way == Way::Recorded && !descending {
        // What comes lately is asked for most: by subscriptions, with every block.
        let tail = ledger.events(&Walk { way, descending, after }, TAIL_MAX.saturating_add(1))?;
        if tail.len() <= TAIL_MAX {
            return Ok(Source::Lines(tail.into_iter()));
        }
    }
    if let Some(things) = query.things() {
        let places = histories(ledger, &things)?;
        return places_in(ledger, places, (way, descending, after));
    }
    if let Some(ids) = query.event_ids() {
        let mut places = BTreeSet::new();
        for id in ids {
            let walk = Walk { way: Way::Id(id), descending: false, after: None };
            let most = usize::try_from(HISTORY_MAX).unwrap_or(usize::MAX);
            places.extend(ledger.events(&walk, most)?.into_iter().map(|line| line.place));
        }
        return places_in(ledger, places, (way, descending, after));
    }
    let after = narrow.begin(ledger, (way, descending), after)?;
    let narrowest = NARROWEST.iter().find_map(|field| narrow.fields.iter().find(|(known, _)| known == field));
    let ways: Vec<Way<'a>> = match narrowest.filter(|_| way == Way::Recorded) {
        Some((field, values)) => {
            let values: BTreeSet<&'a str> = values.iter().copied().collect();
            values.into_iter().map(|value| Way::With(*field, value)).collect()
        }
        None => vec![way],
    };
    let walker = |way| Walker::new(Walk { way, descending, after });
    Ok(Source::Walks(ways.into_iter().map(walker).collect()))
}

/// The events of some places, in the order of a way.
fn places_in<'a>(
    ledger: &dyn Ledger,
    places: BTreeSet<Place>,
    (way, descending, after): (Way<'_>, bool, Option<Position>),
) -> Result<Source<'a>, Fault> {
    if way == Way::Recorded {
        let follows = |place: &Place| {
            let position = Position(0, *place);
            after.is_none_or(|after| if descending { position < after } else { position > after })
        };
        let mut places: Vec<Place> = places.into_iter().filter(follows).collect();
        if descending {
            places.reverse();
        }
        return Ok(Source::Places(places.into_iter()));
    }
    let mut lines = Vec::new();
    for place in places {
        lines.extend(ledger.event(place)?);
    }
    lines.retain(|line| Walk { way, descending, after }.follows(way.position(line)));
    lines.sort_unstable_by_key(|line| way.position(line));
    if descending {
        lines.reverse();
    }
    Ok(Source::Lines(lines.into_iter()))
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

impl Source<'_> {
    fn next(&mut self, ledger: &dyn Ledger) -> Result<Option<Line>, Fault> {
        match self {
            Source::Lines(lines) => Ok(lines.next()),
            Source::Places(places) => {
                for place in places {
                    if let Some(line) = ledger.event(place)? {
                        return Ok(Some(line));
                    }
                }
                Ok(None)
            }
            Source::Walks(walkers) => {
                let mut first: Option<(usize, Position)> = None;
                for (at, walker) in walkers.iter_mut().enumerate() {
                    let Some(position) = walker.head(ledger)? else { continue };
                    let ahead = |(_, known): (usize, Position)| {
                        position.cmp(&known) == if walker.walk.descending { Ordering::Greater } else { Ordering::Less }
                    };
                    if first.is_none_or(ahead) {
                        first = Some((at, position));
                    }
                }
                Ok(first.and_then(|(at, _)| walkers.get_mut(at)?.read.pop_front()))
            }
        }
    }
}

impl<'a> Walker<'a> {
    pub(super) const fn new(walk: Walk<'a>) -> Walker<'a> {
        Walker { walk, read: VecDeque::new(), at_once: AT_ONCE, ended: false }
    }

    /// Its next event.
    ///
    /// # Errors
    /// From the storage.
    pub(super) fn next(&mut self, ledger: &dyn Ledger) -> Result<Option<Line>, Fault> {
        self.head(ledger)?;
        Ok(self.read.pop_front())
    }

    /// Where its next event stands.
    fn head(&mut self, ledger: &dyn Ledger) -> Result<Option<Position>, Fault> {
        if self.read.is_empty() && !self.ended {
            let lines = ledger.events(&self.walk, self.at_once)?;
            self.ended = lines.len() < self.at_once;
            self.walk.after = lines.last().map(|line| self.walk.way.position(line)).or(self.walk.after);
            self.at_once = self.at_once.saturating_mul(2).min(AT_ONCE_MAX);
            self.read = lines.into();
        }
        Ok(self.read.front().map(|line| self.walk.way.position(line)))
    }
}

impl<'a> Narrow<'a> {
    fn of(query: &'a EventQuery) -> Narrow<'a> {
        let times = |field: &str| query.conditions.iter().filter_map(|condition| condition.time(field)).collect();
        Narrow { fields: query.narrowed().collect(), happened: times("eventTime"), recorded: times("recordTime") }
    }

    fn holds(&self, line: &Line) -> bool {
        let listing = &line.listing;
        let has =
            |(field, values): &(Field, Vec<&str>)| listing.field(*field).is_some_and(|value| values.contains(&value));
        self.fields.iter().all(has)
            && self.happened.iter().all(|wanted| compares(*wanted, listing.happened))
            && self.recorded.iter().all(|wanted| compares(*wanted, listing.recorded))
    }

    /// Whether nothing that follows in the order can hold: it is later than what is wanted, or earlier where the order is
    /// the other way round.
    fn is_past(&self, line: &Line, way: Way<'_>, descending: bool) -> bool {
        let (found, wanted) = match way {
            Way::Happened => (line.listing.happened, &self.happened),
            Way::Recorded | Way::With(..) | Way::Id(_) => (line.listing.recorded, &self.recorded),
        };
        wanted.iter().any(|(compare, wanted)| match (compare, descending) {
            (Compare::Equal | Compare::Less | Compare::LessOrEqual, false) => found > *wanted,
            (Compare::Equal | Compare::Greater | Compare::GreaterOrEqual, true) => found < *wanted,
            (Compare::Greater | Compare::GreaterOrEqual, false) | (Compare::Less | Compare::LessOrEqual, true) => false,
        })
    }

    /// Behind which position to begin: nothing before it can hold.
    fn begin(
        &self,
        ledger: &dyn Ledger,
        (way, descending): (Way<'_>, bool),
        after: Option<Position>,
    ) -> Result<Option<Position>, Fault> {
        let wanted = if way == Way::Happened { &self.happened } else { &self.recorded };
        let bounds = wanted.iter().filter(|(compare, _)| match compare {
            Compare::Equal => true,
            Compare::Greater | Compare::GreaterOrEqual => !descending,
            Compare::Less | Compare::LessOrEqual => descending,
        });
        let times = bounds.map(|(_, time)| *time);
        let bound = if descending { times.min() } else { times.max() };
        let Some(bound) = bound else { return Ok(after) };
        let begin = match (way == Way::Happened, descending) {
            (true, false) => Position(bound.millis(), Place::FIRST),
            (true, true) => Position(bound.millis().saturating_add(1), Place::FIRST),
            (false, false) => Position(0, Place::end_of(before(ledger, |time| time >= bound)?)),
            (false, true) => Position(0, Place::end_of(before(ledger, |time| time > bound)?)),
        };
        Ok(Some(match after {
            None => begin,
            Some(after) if descending => after.min(begin),
            Some(after) => after.max(begin),
        }))
    }
}

/// A height up to which no event's block has reached a time, and behind which all have: times of blocks ascend.
fn before(ledger: &dyn Ledger, is_reached: impl Fn(Time) -> bool) -> Result<Height, Fault> {
    let mut reached = ledger.heights().borrow().get();
    let mut low: u64 = 0;
    while low < reached {
        let middle = low.midpoint(reached);
        let height = Height::new(middle).unwrap_or_default();
        let after = Some(Position(0, Place::end_of(height)));
        let walk = Walk { way: Way::Recorded, descending: false, after };
        match ledger.events(&walk, 1)?.first() {
            Some(line) if !is_reached(line.listing.recorded) => low = line.place.height.get(),
            Some(_) | None => reached = middle,
        }
    }
    Ok(Height::new(reached).unwrap_or_default())
}
