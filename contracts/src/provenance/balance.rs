//! Balances: how much of a lot or class each organisation has, and how much is inside each container.
//!
//! Nobody gives away, uses up or ends more than is there: what was made plus what was received, less what went. The rules
//! bind lots and classes whose company prefix is registered here. Amounts of different units never mix.

use std::collections::BTreeMap;

use hefu_keys::Hash;
use serde::{Deserialize, Serialize};

use super::{Amount, Event, EventAction, EventKind, Quantity, Side, transit::Transits};
use crate::{
    execute::{Case, Checked},
    refusal::{Code, Refusal},
    row,
    shared::Shared,
    state::Writes,
};

/// Row `balance/<unit>/<lot>@<who>`: what an organisation, or the container of this row key, has of a lot in a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalanceRow {
    /// How much it is.
    pub amount: Amount,
    /// The record that changed it last.
    pub record: Hash,
}

/// The balances that an event changes.
pub(super) struct Book<'a> {
    case: &'a Case<'a>,
    rows: BTreeMap<String, BalanceRow>,
}

impl<'a> Book<'a> {
    fn new(case: &'a Case<'a>) -> Book<'a> {
        Book { case, rows: BTreeMap::new() }
    }

    fn row(&self, key: &str) -> Checked<BalanceRow> {
        if let Some(row) = self.rows.get(key) {
            return Ok(row.clone());
        }
        let none = BalanceRow { amount: Amount::ZERO, record: self.case.record().id };
        Ok(self.case.get(key)?.map_or(none, Shared::into_owned))
    }

    /// Adds to, or takes from, what somebody has, as much as the event says.
    fn change(&mut self, quantity: &Quantity, who: &str, more: bool) -> Checked<()> {
        let amount = amount(quantity)?;
        if more { self.give(quantity, who, amount) } else { self.take(quantity, who, amount) }
    }

    /// Adds to what somebody has.
    pub(super) fn give(&mut self, quantity: &Quantity, who: &str, amount: Amount) -> Checked<()> {
        let key = row::key_of_balance(quantity, who);
        let before = self.row(&key)?;
        let amount = before.amount.plus(amount).ok_or_else(|| {
            let detail = format!("{} and {amount} of {}", before.amount, quantity.class);
            Refusal::new(Code::BalanceLarge).at(&quantity.pointer).because(detail)
        })?;
        self.rows.insert(key, BalanceRow { amount, record: self.case.record().id });
        Ok(())
    }

    /// Takes from what somebody has.
    pub(super) fn take(&mut self, quantity: &Quantity, who: &str, amount: Amount) -> Checked<()> {
        let key = row::key_of_balance(quantity, who);
        let before = self.row(&key)?;
        let left = before.amount.minus(amount).ok_or_else(|| {
            let unit = &quantity.unit;
            let detail = format!("{who} has {} {unit} of {}, not {amount}", before.amount, quantity.class);
            let refusal = Refusal::new(Code::BalanceShort).at(&quantity.pointer).because(detail);
            let there = before.record != self.case.record().id;
            Refusal { conflict: there.then_some(before.record), ..refusal }
        })?;
        self.rows.insert(key, BalanceRow { amount: left, record: self.case.record().id });
        Ok(())
    }

    /// Balances of somebody that the event changes, and whether anything is left.
    fn changed_of(&self, who: &str) -> Vec<(String, bool)> {
        let own = |key: &str| key.split_once('@').is_some_and(|(_, owner)| owner == who);
        self.rows.iter().filter(|(key, _)| own(key)).map(|(key, row)| (key.clone(), !row.amount.is_zero())).collect()
    }

    fn write(self, writes: &mut Writes) {
        for (key, row) in self.rows {
            writes.set(key, row);
        }
    }
}

/// What an event does to balances and to what is on its way.
pub(super) struct Moved<'a> {
    book: Book<'a>,
    transits: Transits,
}

impl Moved<'_> {
    pub(super) fn write(self, writes: &mut Writes) {
        self.book.write(writes);
        self.transits.write(writes);
    }

    /// Whether no balance changes.
    pub(super) fn is_empty(&self) -> bool {
        self.book.rows.is_empty()
    }

    /// The balances inside a container, as the event leaves them.
    pub(super) fn lots_of(&self, container: &str, before: &[String]) -> Vec<String> {
        let changed = self.book.changed_of(container);
        let kept = before.iter().filter(|key| changed.iter().all(|(known, _)| known != *key)).cloned();
        let mut lots: Vec<String> =
            kept.chain(changed.iter().filter(|(_, some)| *some).map(|(key, _)| key.clone())).collect();
        lots.sort();
        lots
    }

    /// Lots of which less, or more, came than was shipped.
    pub(super) fn mismatches(&self) -> &BTreeMap<String, super::Flag> {
        self.transits.mismatches()
    }
}

/// How much an event names, where it changes balances.
pub(super) fn amount(quantity: &Quantity) -> Result<Amount, Refusal> {
    let none = || Refusal::new(Code::QuantityNone).at(format!("{}/quantity", quantity.pointer));
    quantity.amount.ok_or_else(|| none().because(quantity.class.as_str()))
}

/// Which way an event's effects go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// As the event says.
    On,
    /// Back, because the event of this record was in error.
    Back(Hash),
}

/// Checks and computes what an event does to the lots among `quantities`. `parent` is the container's row key where the
/// rules bind it.
pub(super) fn moved<'a>(
    case: &'a Case<'a>,
    event: &Event,
    quantities: &[&Quantity],
    parent: Option<&str>,
    course: Course,
) -> Checked<Moved<'a>> {
    let mut moved = Moved { book: Book::new(case), transits: Transits::default() };
    let (book, own) = (&mut moved.book, case.party());
    // What a transformation uses up must be there before; what comes of it is no input of it.
    let mut sorted = quantities.to_vec();
    sorted.sort_by_key(|quantity| quantity.side);
    for quantity in sorted {
        let on = course == Course::On;
        match (event.kind, quantity.side) {
            (EventKind::Transformation, Side::Input) | (EventKind::Object(EventAction::Delete), _) => {
                book.change(quantity, own, !on)?;
            }
            (EventKind::Transformation, _) | (EventKind::Object(EventAction::Add), _) => {
                book.change(quantity, own, on)?;
            }
            (EventKind::Aggregation(action) | EventKind::Association(action), _) => {
                let Some(parent) = parent else { continue };
                let (from, to) = match (action, on) {
                    (EventAction::Add, true) | (EventAction::Delete, false) => (own, parent),
                    (EventAction::Add, false) | (EventAction::Delete, true) => (parent, own),
                    (EventAction::Observe, _) => continue,
                };
                book.change(quantity, from, false)?;
                book.change(quantity, to, true)?;
            }
            (EventKind::Object(EventAction::Observe), _) => match course {
                Course::On => moved.transits.step(case, event, book, quantity)?,
                Course::Back(original) => moved.transits.step_back(case, (event, &original), book, quantity)?,
            },
            (EventKind::Transaction(_), _) => {}
        }
    }
    Ok(moved)
}
