//! Lots on their way: what was shipped to a receiver and has not come yet.
//!
//! A receiver may take a part at a time; the rest stays on its way. Who receives more than was shipped gets what was
//! shipped, and the lot is flagged. A receiver that is done with less says so by the disposition `mismatch_quantity`: the
//! rest is the shipper's again, and the lot is flagged. By `returned` it takes nothing of it, and by the step
//! `void_shipping` the shipper takes back what it shipped. What nobody took in time is the shipper's again.

use std::collections::BTreeMap;

use hefu_keys::Hash;
use serde::{Deserialize, Serialize};

use super::{
    Amount, Event, Flag, Quantity, TRANSFER_OPEN,
    balance::{Book, amount},
    custody,
};
use crate::{
    execute::{Case, Checked},
    refusal::{Code, Refusal},
    row,
    shared::Shared,
    state::Writes,
    time::Time,
};

/// Most shipments of one lot in one unit that may be on their way to one receiver.
pub const SHIPMENTS_MAX: usize = 256;

/// Some of a lot on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shipment {
    /// What has not come yet.
    pub amount: Amount,
    /// When it was shipped.
    pub at: Time,
    /// Block time after which it is the shipper's again.
    pub expires: Time,
    /// Who shipped it.
    pub from: String,
    /// The record of the shipping.
    pub record: Hash,
}

/// Row `transit/<unit>/<lot>@<receiver>`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransitRow {
    /// What is on its way, the first shipped first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<Shipment>,
}

/// What an event changes of that.
#[derive(Default)]
pub(super) struct Transits {
    rows: BTreeMap<String, TransitRow>,
    mismatches: BTreeMap<String, Flag>,
}

impl Transits {
    pub(super) fn mismatches(&self) -> &BTreeMap<String, Flag> {
        &self.mismatches
    }

    pub(super) fn write(self, writes: &mut Writes) {
        for (key, row) in self.rows {
            writes.set(key, row);
        }
    }

    /// What an ObjectEvent that observes does to some of a lot.
    pub(super) fn step(
        &mut self,
        case: &Case<'_>,
        event: &Event,
        book: &mut Book<'_>,
        quantity: &Quantity,
    ) -> Checked<()> {
        match event.biz_step.as_deref() {
            Some("shipping") => self.ship(case, event, book, quantity),
            Some("void_shipping") => self.take_back(case, event, book, quantity),
            Some("receiving") => self.receive(case, event, book, quantity),
            _ => Ok(()),
        }
    }

    /// Undoes what the event of a record did, where that is still as it was.
    pub(super) fn step_back(
        &mut self,
        case: &Case<'_>,
        (event, original): (&Event, &Hash),
        book: &mut Book<'_>,
        quantity: &Quantity,
    ) -> Checked<()> {
        let none = || Refusal::new(Code::TransferNone).at(&quantity.pointer).because(quantity.class.as_str());
        match event.biz_step.as_deref() {
            Some("shipping") => {}
            // What was received or taken back cannot be told apart from what came before.
            Some("void_shipping" | "receiving") => return Err(none().into()),
            _ => return Ok(()),
        }
        let to = custody::receiver(case, event)?.ok_or_else(none)?;
        let (key, mut row) = self.row(case, book, quantity, &to)?;
        let shipped = amount(quantity)?;
        let whole = |shipment: &Shipment| shipment.record == *original && shipment.amount == shipped;
        let at = row.shipments.iter().position(whole).ok_or_else(none)?;
        row.shipments.remove(at);
        book.give(quantity, case.party(), shipped)?;
        self.rows.insert(key, row);
        Ok(())
    }

    /// What is on its way to somebody; what has expired is given back first.
    fn row(
        &self,
        case: &Case<'_>,
        book: &mut Book<'_>,
        quantity: &Quantity,
        to: &str,
    ) -> Checked<(String, TransitRow)> {
        let key = row::key_of_transit(quantity, to);
        let mut row = match self.rows.get(&key) {
            Some(row) => row.clone(),
            None => case.get(&key)?.map(Shared::into_owned).unwrap_or_default(),
        };
        let now = case.moment().time;
        for expired in row.shipments.iter().filter(|shipment| shipment.expires < now) {
            book.give(quantity, &expired.from, expired.amount)?;
        }
        row.shipments.retain(|shipment| shipment.expires >= now);
        Ok((key, row))
    }

    fn ship(&mut self, case: &Case<'_>, event: &Event, book: &mut Book<'_>, quantity: &Quantity) -> Checked<()> {
        let to = custody::receiver(case, event)?;
        let to = to.ok_or_else(|| custody::no_receiver(quantity.class.as_str()))?;
        let amount = amount(quantity)?;
        let (key, mut row) = self.row(case, book, quantity, &to)?;
        book.take(quantity, case.party(), amount)?;
        if row.shipments.len() >= SHIPMENTS_MAX {
            let detail = format!("{SHIPMENTS_MAX} shipments to {to} have not been received");
            return Err(Refusal::new(Code::TransferMany).at(&quantity.pointer).because(detail).into());
        }
        let (from, record) = (case.party().to_owned(), case.record().id);
        let expires = case.moment().time.plus(TRANSFER_OPEN);
        row.shipments.push(Shipment { amount, at: event.time, expires, from, record });
        self.rows.insert(key, row);
        Ok(())
    }

    /// Of the author's own shipments the last is taken back first.
    fn take_back(&mut self, case: &Case<'_>, event: &Event, book: &mut Book<'_>, quantity: &Quantity) -> Checked<()> {
        let to = custody::receiver(case, event)?;
        let to = to.ok_or_else(|| custody::no_receiver(quantity.class.as_str()))?;
        let (key, mut row) = self.row(case, book, quantity, &to)?;
        let mut left = amount(quantity)?;
        for shipment in row.shipments.iter_mut().rev().filter(|shipment| shipment.from == case.party()) {
            let part = shipment.amount.min(left);
            shipment.amount = shipment.amount.minus(part).unwrap_or_default();
            left = left.minus(part).unwrap_or_default();
        }
        if !left.is_zero() {
            let detail = format!("{left} {} of {} more than is on its way to {to}", quantity.unit, quantity.class);
            return Err(Refusal::new(Code::TransferNone).at(&quantity.pointer).because(detail).into());
        }
        row.shipments.retain(|shipment| !shipment.amount.is_zero());
        book.give(quantity, case.party(), amount(quantity)?)?;
        self.rows.insert(key, row);
        Ok(())
    }

    fn receive(&mut self, case: &Case<'_>, event: &Event, book: &mut Book<'_>, quantity: &Quantity) -> Checked<()> {
        let own = case.party().to_owned();
        let giver = custody::giver(case, event)?;
        let amount = amount(quantity)?;
        let (key, mut row) = self.row(case, book, quantity, &own)?;
        let is_meant = |shipment: &Shipment| giver.as_ref().is_none_or(|giver| *giver == shipment.from);
        if !row.shipments.iter().any(is_meant) {
            let detail = format!("none of {} is on its way to {own}", quantity.class);
            return Err(Refusal::new(Code::TransferNone).at(&quantity.pointer).because(detail).into());
        }
        let refused = event.disposition.as_deref() == Some("returned");
        let done = event.disposition.as_deref() == Some("mismatch_quantity");
        let mut left = amount;
        let mut short = false;
        for shipment in row.shipments.iter_mut().filter(|shipment| is_meant(shipment)) {
            let part = shipment.amount.min(left);
            shipment.amount = shipment.amount.minus(part).unwrap_or_default();
            left = left.minus(part).unwrap_or_default();
            let taker = if refused { shipment.from.as_str() } else { own.as_str() };
            book.give(quantity, taker, part)?;
            if done && !shipment.amount.is_zero() {
                short = true;
                book.give(quantity, &shipment.from, shipment.amount)?;
                shipment.amount = Amount::ZERO;
            }
        }
        row.shipments.retain(|shipment| !shipment.amount.is_zero());
        self.rows.insert(key, row);
        let lot = row::key_of_thing(&quantity.class);
        if short {
            self.mismatches.insert(lot, Flag::ShortReceived);
        } else if !left.is_zero() {
            self.mismatches.insert(lot, Flag::OverReceived);
        }
        Ok(())
    }
}
