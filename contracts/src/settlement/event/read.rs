//! Events as JSON objects with an `id` and a `type`; numbers are decimal texts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Adjustment, Amendment, Cost, Event, Paid, Payout, What};
use crate::settlement::{
    allocate::WEIGHTS_MAX,
    money::{Currency, Minor},
    names::{AdjustmentId, BatchId, CostId, EventId, LineId, MilestoneName, OrderId, Party},
    parts::{PARTS_MAX, Parts},
    read::{Fault, Fields, Node, Read},
    terms::{CostCategory, Terms},
};

/// Longest delay of a milestone: a hundred years, in minutes.
const MINUTES_MAX: u64 = 52_704_000;

/// Most units of one release.
const RELEASES_MAX: usize = 1_000;

type Reader = fn(&Fields<'_>) -> Read<What>;

/// Every type, its own fields and how they are read.
const TYPES: [(&str, (&[&str], Reader)); 17] = [
    ("milestone", (&["name", "after_min"], milestone)),
    ("paid", (&["line", "order", "base", "parts", "units", "currency"], paid)),
    ("shipped", (&["line"], |fields| Ok(What::Shipped { line: line(fields)? }))),
    ("received", (&["line"], |fields| timed(fields, What::Received { line: line(fields)? }))),
    ("refund", (&["line", "base", "parts", "units"], refund)),
    ("aftersale_open", (&["line"], |fields| Ok(What::AftersaleOpen { line: line(fields)? }))),
    ("aftersale_closed", (&["line"], |fields| Ok(What::AftersaleClosed { line: line(fields)? }))),
    ("tick", (&[], |fields| timed(fields, What::Tick))),
    ("release", (&["units"], |fields| timed(fields, What::Release { units: units(fields)? }))),
    ("period_close", (&[], |fields| timed(fields, What::PeriodClose))),
    ("dispute_open", (&["unit"], |fields| Ok(What::DisputeOpen { unit: unit(fields)? }))),
    ("dispute_close", (&["unit"], |fields| Ok(What::DisputeClose { unit: unit(fields)? }))),
    ("payout", (&["party", "batch", "amount", "tax_withheld"], payout)),
    ("payout_result", (&["batch", "ok"], payout_result)),
    ("cost", (&["item", "category", "amount"], cost)),
    ("adjust", (&["name", "amounts"], adjust)),
    ("amend", (&["terms", "signers"], amend)),
];

impl Event {
    /// Reads an event.
    ///
    /// # Errors
    /// [`Malformed`](crate::settlement::Malformed), with a pointer to the first field that does not hold.
    pub fn read(value: &Value) -> Read<Event> {
        Event::read_node(&Node::root(value))
    }

    pub(in crate::settlement) fn read_node(node: &Node<'_>) -> Read<Event> {
        let (own, read) = node.any_fields()?.get("type")?.word(&TYPES)?;
        let known: Vec<_> = ["id", "type", "at"].iter().chain(own).copied().collect();
        let fields = node.fields(&known)?;
        let id = fields.get("id")?.name(EventId::new)?;
        Ok(Event { id, at: fields.map("at", |node| node.millis())?, what: read(&fields)? })
    }
}

/// An event that says nothing without its time.
fn timed(fields: &Fields<'_>, what: What) -> Read<What> {
    fields.get("at").map(|_| what)
}

fn line(fields: &Fields<'_>) -> Read<LineId> {
    fields.get("line")?.name(LineId::new)
}

fn unit(fields: &Fields<'_>) -> Read<String> {
    fields.get("unit")?.text().map(str::to_owned)
}

fn units(fields: &Fields<'_>) -> Read<Vec<String>> {
    fields.get("units")?.list(RELEASES_MAX)?.iter().map(|node| node.text().map(str::to_owned)).collect()
}

fn batch(fields: &Fields<'_>) -> Read<BatchId> {
    fields.get("batch")?.name(BatchId::new)
}

fn milestone(fields: &Fields<'_>) -> Read<What> {
    Ok(What::Milestone {
        name: fields.get("name")?.name(MilestoneName::new)?,
        after_min: fields.map("after_min", |node| node.count(MINUTES_MAX))?,
    })
}

fn paid(fields: &Fields<'_>) -> Read<What> {
    Ok(What::Paid(Paid {
        line: line(fields)?,
        order: fields.map("order", |node| node.name(OrderId::new))?,
        parts: parts(fields)?,
        units: fields.get("units")?.integer()?,
        currency: fields.map("currency", |node| node.name(Currency::of))?,
    }))
}

fn refund(fields: &Fields<'_>) -> Read<What> {
    Ok(What::Refund { line: line(fields)?, parts: parts(fields)?, units: fields.get("units")?.integer()? })
}

/// Either a `base` that the feed computed, or `parts` for the formula of the terms.
fn parts(fields: &Fields<'_>) -> Read<Parts> {
    let Some(node) = fields.find("parts") else { return Ok(Parts::whole(fields.get("base")?.amount_unjudged()?)) };
    if let Some(base) = fields.find("base") {
        return Err(base.fault(Fault::Twice, "stands beside parts, which it follows from"));
    }
    let named = node.any_fields()?;
    let mut parts = BTreeMap::new();
    for name in named.names() {
        parts.insert(name.to_owned(), named.get(name)?.amount_unjudged()?);
    }
    if parts.is_empty() || parts.len() > PARTS_MAX {
        return Err(node.fault(Fault::Count, format!("names {} parts, 1 to {PARTS_MAX} are accepted", parts.len())));
    }
    Ok(Parts::from(parts))
}

fn payout(fields: &Fields<'_>) -> Read<What> {
    Ok(What::Payout(Payout {
        batch: batch(fields)?,
        party: fields.get("party")?.name(Party::new)?,
        amount: fields.map("amount", |node| node.amount_unjudged())?,
        tax_withheld: fields.map("tax_withheld", |node| node.amount_unjudged())?.unwrap_or(Minor::ZERO),
    }))
}

fn payout_result(fields: &Fields<'_>) -> Read<What> {
    Ok(What::PayoutResult { batch: batch(fields)?, is_paid: fields.get("ok")?.truth()? })
}

fn cost(fields: &Fields<'_>) -> Read<What> {
    Ok(What::Cost(Cost {
        id: fields.get("item")?.name(CostId::new)?,
        category: fields.get("category")?.word(&CostCategory::WORDS)?,
        amount: fields.get("amount")?.amount_unjudged()?,
    }))
}

fn adjust(fields: &Fields<'_>) -> Read<What> {
    let node = fields.get("amounts")?;
    let named = node.any_fields()?;
    let mut amounts = BTreeMap::new();
    for name in named.names() {
        let party = Party::new(name).ok_or_else(|| node.fault(Fault::Word, format!("{name:?} is no organisation")))?;
        amounts.insert(party, named.get(name)?.amount_unjudged()?);
    }
    if amounts.is_empty() || amounts.len() > WEIGHTS_MAX {
        return Err(
            node.fault(Fault::Count, format!("names {} parties, 1 to {WEIGHTS_MAX} are accepted", amounts.len()))
        );
    }
    Ok(What::Adjust(Adjustment { id: fields.get("name")?.name(AdjustmentId::new)?, amounts }))
}

fn amend(fields: &Fields<'_>) -> Read<What> {
    let terms = Terms::read_node(&fields.get("terms")?)?;
    let signers = fields.get("signers")?.list(WEIGHTS_MAX)?;
    let signers = signers.iter().map(|node| node.name(Party::new)).collect::<Read<_>>()?;
    timed(fields, What::Amend(Box::new(Amendment { terms, signers })))
}
