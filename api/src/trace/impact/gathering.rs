//! Gathering an impact: what stands alone is looked at, what is alike is counted by the ledger's index.

use std::collections::{BTreeMap, BTreeSet};

use hefu_contracts::{
    provenance::{
        ThingRow,
        alike::{Alike, sources},
    },
    row::{self, Row},
};

use super::{Hit, Impact, Scope, more};
use crate::{
    problem::Problem,
    trace::{
        reach::{Found, Met, Place},
        view::{Desk, state},
        walk::{Walk, outermost, site_of},
    },
};

/// Kinds that are read of the index at a time.
const AT_ONCE: usize = 1_000;

/// An impact that is being gathered.
pub(super) struct Gathering<'d, 'l> {
    desk: &'d mut Desk<'l>,
    for_sheet: bool,
    impact: Impact,
    /// Whether there is any record of the source.
    is_known: bool,
    /// Whether what is alike is counted by the ledger's index.
    counts: bool,
    /// Sources of which it is.
    counted: BTreeSet<String>,
    /// What was looked at though the index counts it too, by source.
    met: BTreeMap<String, BTreeMap<Alike, u64>>,
}

impl<'d, 'l> Gathering<'d, 'l> {
    /// Nothing was gathered yet.
    pub(super) fn of(desk: &'d mut Desk<'l>, impact: Impact, for_sheet: bool) -> Result<Gathering<'d, 'l>, Problem> {
        let counts = !for_sheet && desk.ledger.alike(impact.source.as_str(), None, 0)?.is_some();
        let (counted, met) = (BTreeSet::new(), BTreeMap::new());
        Ok(Gathering { desk, for_sheet, impact, is_known: false, counts, counted, met })
    }

    /// Walks on from the source; nothing where there is no record of it.
    pub(super) fn gather(mut self, walk: &Walk<'_>) -> Result<Option<Impact>, Problem> {
        let source = row::key_of_thing(&self.impact.source);
        let truncated = walk.visit(&source, &mut self)? | self.count_alike(walk.limit)?;
        Ok(self.is_known.then_some(Impact { truncated, ..self.impact }))
    }

    /// Adds what the index counts of the sources that were met, once; whether there is more than may be read.
    fn count_alike(&mut self, limit: usize) -> Result<bool, Problem> {
        let counted = std::mem::take(&mut self.counted);
        let mut left = limit;
        for source in &counted {
            let mut after: Option<Alike> = None;
            loop {
                let asked = AT_ONCE.min(left);
                let kinds = self.desk.ledger.alike(source, after.as_ref(), asked)?.unwrap_or_default();
                left = left.saturating_sub(kinds.len());
                let is_last = kinds.len() < asked;
                after = kinds.last().map(|(alike, _)| alike.clone());
                for (alike, count) in kinds {
                    // Those of a class that was met are counted there, whatever they came of.
                    if *source != alike.class && counted.contains(&alike.class) {
                        continue;
                    }
                    let met = self.met.get(source).and_then(|met| met.get(&alike)).copied().unwrap_or_default();
                    let count = count.saturating_sub(met);
                    if count > 0 {
                        self.add(alike.class.clone(), alike.specimen(), count)?;
                    }
                }
                if is_last {
                    break;
                }
                if left == 0 {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Counts so many things that are like this one.
    fn add(&mut self, key: String, thing: ThingRow, number: u64) -> Result<(), Problem> {
        let Gathering { desk, for_sheet, impact, .. } = self;
        let outer = outermost(desk.ledger, &thing, &mut desk.around)?;
        let state = state(&thing, &outer);
        more(&mut impact.things, number);
        more(impact.states.entry((state, thing.disposition.clone())).or_default(), number);
        desk.fetch_names(&key, &thing)?;
        desk.fetch_names(&key, &outer)?;
        if impact.scope == Scope::All || (impact.scope == Scope::Own && desk.may_read(&key, &thing, &outer)) {
            let hit = Hit { key, thing, outer, state };
            impact.show(&hit, number);
            impact.hits.extend(for_sheet.then_some(hit));
        }
        Ok(())
    }
}

impl Found for Gathering<'_, '_> {
    const STEPS: bool = false;

    fn place(&mut self, place: Place, _: bool) -> Result<(), Problem> {
        self.is_known = true;
        let Place { key, met: Met::Thing(thing), around: false, .. } = place else { return Ok(()) };
        // Of a lot its stocks tell who has it.
        if key.starts_with("lot/") || site_of(&key).is_some() {
            return Ok(());
        }
        if self.counts
            && let Some(alike) = Alike::of(&key, &thing)
        {
            for source in sources(&key, &thing) {
                more(self.met.entry(source).or_default().entry(alike.clone()).or_default(), 1);
            }
        }
        self.add(key, *thing, 1)
    }

    fn balance(&mut self, row: Row) -> Result<(), Problem> {
        self.impact.stock(self.desk, &row.key, row.data)
    }

    fn counts(&mut self, source: &str) -> bool {
        if self.counts {
            self.counted.insert(source.to_owned());
        }
        self.counts
    }
}
