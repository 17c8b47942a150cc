//! A contract's state in memory, and the two steps of every event: [`Book::judge`] computes what it changes and cannot
//! alter anything, [`Book::apply`] takes it over and cannot fail.
//!
//! A book need not be complete. What an event reads is its line, that line's segment and units, the balances of the
//! parties to them, and the terms: whoever keeps these as rows fills a book with the rows at hand, judges, and writes
//! the change.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    change::{Change, Draft},
    entitlement::Milestones,
    event::Event,
    few::Few,
    journal::{Balances, Entry},
    line::{Line, OrderCount},
    money::Minor,
    names::{AdjustmentId, BatchId, CostId, EventId, LineId, Party},
    reason::Reason,
    rules,
    segment::{Segment, SegmentId},
    terms::Terms,
    unit::{Unit, UnitId},
};
use crate::time::Time;

/// A payout that was instructed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// To whom.
    pub party: Party,
    /// How much leaves `payable`.
    pub amount: Minor,
    /// How much of it goes to the tax authority.
    pub tax_withheld: Minor,
    /// Number of the event that instructed it.
    pub seq: u64,
    /// Number of the payout before, which counts again where this one fails.
    pub before: u64,
    /// Whether bank or wallet have not answered yet.
    pub is_open: bool,
}

/// Every version of a contract's terms, by number. Many books look at the same ones.
pub type Versions = BTreeMap<u32, Arc<Terms>>;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken, perhaps without changing any balance.
    Ok,
    /// It had been taken before.
    Duplicate,
    /// It has no effect, and its id stays usable.
    Reject(Reason),
}

/// The state of one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// Number of accepted events.
    pub seq: u64,
    /// Every version of the terms, by number.
    pub versions: Versions,
    /// Milestones that were reached.
    pub milestones: Milestones,
    /// Order lines that were paid.
    pub lines: Few<LineId, Line>,
    /// Live lines of orders that have several.
    pub orders: BTreeMap<OrderCount, i128>,
    /// Running sums.
    pub segments: BTreeMap<SegmentId, Segment>,
    /// Units.
    pub units: Few<UnitId, Unit>,
    /// Units that a tick may release, by time: an index over `units`.
    pub due: BTreeSet<(Time, UnitId)>,
    /// What every account holds.
    pub balances: Balances,
    /// Payouts.
    pub batches: BTreeMap<BatchId, Batch>,
    /// Number of the last payout to each party that did not fail.
    pub paid_out: BTreeMap<Party, u64>,
    /// Costs of a pool that were reported.
    pub costs: BTreeSet<CostId>,
    /// Amounts agreed on outside of the terms.
    pub adjustments: BTreeSet<AdjustmentId>,
    /// Every accepted event, to know it again.
    pub events: BTreeMap<EventId, Event>,
}

impl Book {
    /// A contract under its first version of the terms, before anything happened.
    pub fn new(terms: impl Into<Arc<Terms>>) -> Book {
        let terms = terms.into();
        Book {
            seq: 0,
            versions: BTreeMap::from([(terms.heading.version, terms)]),
            milestones: BTreeMap::new(),
            lines: Few::default(),
            orders: BTreeMap::new(),
            segments: BTreeMap::new(),
            units: Few::default(),
            due: BTreeSet::new(),
            balances: Balances::default(),
            batches: BTreeMap::new(),
            paid_out: BTreeMap::new(),
            costs: BTreeSet::new(),
            adjustments: BTreeSet::new(),
            events: BTreeMap::new(),
        }
    }

    /// What an event changes; nothing where it was accepted before.
    ///
    /// # Errors
    /// Why it has no effect.
    pub fn judge(&self, event: &Event) -> Result<Option<Change>, Reason> {
        match self.events.get(&event.id) {
            Some(known) if known == event => Ok(None),
            Some(_) => Err(Reason::Conflict),
            None => {
                let mut draft = Draft::new(self, &event.id);
                rules::follow(&mut draft, event)?;
                draft.finish().map(Some)
            }
        }
    }

    /// Takes over what an event changes.
    pub fn apply(&mut self, event: &Event, change: Change) {
        self.take_over(change, |_| true);
        self.events.insert(event.id.clone(), event.clone());
    }

    /// As [`Book::apply`], for whoever knows events by other means, and when units are due but for some.
    pub(super) fn take_over(&mut self, change: Change, is_indexed: impl Fn(&UnitId) -> bool) {
        for (id, unit) in &change.units {
            if let Some(at) = self.units.get(id).and_then(Unit::due).filter(|_| !self.due.is_empty()) {
                self.due.remove(&(at, id.clone()));
            }
            if let Some(at) = unit.due().filter(|_| is_indexed(id)) {
                self.due.insert((at, id.clone()));
            }
        }
        self.units.extend(change.units);
        self.seq = change.seq;
        self.versions.extend(change.version.map(|terms| (terms.heading.version, terms)));
        if let Some(milestones) = change.milestones {
            self.milestones = milestones;
        }
        self.lines.extend(change.lines);
        self.orders.extend(change.orders);
        self.segments.extend(change.segments);
        self.balances.extend(change.balances);
        self.batches.extend(change.batches);
        self.paid_out.extend(change.paid_out);
        self.costs.extend(change.cost);
        self.adjustments.extend(change.adjustment);
    }

    /// Judges and applies: what became of the event, and what was posted.
    pub fn submit(&mut self, event: &Event) -> (Outcome, Vec<Entry>) {
        match self.judge(event) {
            Ok(Some(mut change)) => {
                let entries = std::mem::take(&mut change.entries);
                self.apply(event, change);
                (Outcome::Ok, entries)
            }
            Ok(None) => (Outcome::Duplicate, Vec::new()),
            Err(reason) => (Outcome::Reject(reason), Vec::new()),
        }
    }

    /// The terms of a version.
    ///
    /// # Errors
    /// [`Reason::NotInForce`] where there is none of this number.
    pub fn terms(&self, version: u32) -> Result<&Terms, Reason> {
        self.versions.get(&version).map(AsRef::as_ref).ok_or(Reason::NotInForce)
    }

    /// The newest version, whether or not it is in force yet.
    ///
    /// # Errors
    /// [`Reason::NotInForce`] where there is none at all.
    pub fn newest(&self) -> Result<&Terms, Reason> {
        self.versions.values().next_back().map(AsRef::as_ref).ok_or(Reason::NotInForce)
    }

    /// The version in force at a moment.
    ///
    /// # Errors
    /// [`Reason::TimeMissing`] where there are several and no time, [`Reason::NotInForce`].
    pub fn in_force(&self, at: Option<Time>) -> Result<&Terms, Reason> {
        let Some(at) = at else {
            let only = if self.versions.len() == 1 { self.versions.values().next() } else { None };
            return only.map(AsRef::as_ref).ok_or(Reason::TimeMissing);
        };
        let mut newest_first = self.versions.values().rev().map(AsRef::as_ref);
        let began = |terms: &&Terms| terms.heading.effective_from.is_none_or(|from| from <= at);
        newest_first.find(began).ok_or(Reason::NotInForce)
    }
}
