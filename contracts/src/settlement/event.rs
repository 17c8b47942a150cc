//! What can happen to a contract (§6), and how events are spelt.

mod read;
mod write;

use std::collections::BTreeMap;

use super::{
    money::{Currency, Minor},
    names::{AdjustmentId, BatchId, CostId, EventId, LineId, MilestoneName, OrderId, Party},
    parts::Parts,
    terms::{CostCategory, Terms},
};
use crate::time::Time;

/// An event. Two with the same id are the same where everything else is the same, otherwise they conflict (§7).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// When it happened; absent only where neither the event nor the terms need to know.
    pub at: Option<Time>,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// A milestone of the contract was reached.
    Milestone {
        /// Which.
        name: MilestoneName,
        /// How many minutes after what it answers, as an offer.
        after_min: Option<u64>,
    },
    /// An order line was paid.
    Paid(Paid),
    /// It was shipped.
    Shipped {
        /// Which line.
        line: LineId,
    },
    /// The buyer received it.
    Received {
        /// Which line.
        line: LineId,
    },
    /// Some or all of it was refunded.
    Refund {
        /// Which line.
        line: LineId,
        /// How much, part by part.
        parts: Parts,
        /// How many pieces came back.
        units: i128,
    },
    /// A case about a line keeps its units from release.
    AftersaleOpen {
        /// Which line.
        line: LineId,
    },
    /// The case is closed.
    AftersaleClosed {
        /// Which line.
        line: LineId,
    },
    /// Time passed: anyone may say so.
    Tick,
    /// Time passed for these units: what keeps no list of all that wait says so unit by unit.
    Release {
        /// Names of the units.
        units: Vec<String>,
    },
    /// Periods that are over are closed.
    PeriodClose,
    /// Somebody disputes a unit.
    DisputeOpen {
        /// Name of the unit.
        unit: String,
    },
    /// The dispute is withdrawn or decided.
    DisputeClose {
        /// Name of the unit.
        unit: String,
    },
    /// A payout was instructed.
    Payout(Payout),
    /// The bank or wallet answered.
    PayoutResult {
        /// Which payout.
        batch: BatchId,
        /// Whether the money went out.
        is_paid: bool,
    },
    /// A pool had a cost.
    Cost(Cost),
    /// All who are bound agreed on amounts outside of the terms.
    Adjust(Adjustment),
    /// A new version of the terms was agreed.
    Amend(Box<Amendment>),
}

/// An order line was paid.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Paid {
    /// Which line: unique over platform, order and line.
    pub line: LineId,
    /// The order it belongs to; absent: one of its own.
    pub order: Option<OrderId>,
    /// What it was paid with.
    pub parts: Parts,
    /// How many pieces.
    pub units: i128,
    /// In which currency, where the feed says so.
    pub currency: Option<Currency>,
}

/// A payout was instructed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Payout {
    /// Its name, never used again.
    pub batch: BatchId,
    /// To whom.
    pub party: Party,
    /// How much; absent: all that is payable.
    pub amount: Option<Minor>,
    /// How much of it goes to the tax authority.
    pub tax_withheld: Minor,
}

/// A cost of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cost {
    /// Its name, never used again.
    pub id: CostId,
    /// What kind of cost.
    pub category: CostCategory,
    /// How much; below zero where it came back.
    pub amount: Minor,
}

/// Amounts that all who are bound agreed on outside of the terms: the only way in which something is changed
/// afterwards (§10).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Adjustment {
    /// Its name, never used again.
    pub id: AdjustmentId,
    /// Who gets how much more; below zero who gives it back.
    pub amounts: BTreeMap<Party, Minor>,
}

/// A new version of the terms.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Amendment {
    /// The version.
    pub terms: Terms,
    /// Whose signatures over it were checked; the event's time is that of the last one.
    pub signers: Vec<Party>,
}
