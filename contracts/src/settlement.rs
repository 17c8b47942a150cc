//! Settlement: who is owed what of every sale, as a pure function of state.
//!
//! Refunds are never divided. Every event posts the difference `f(after) − f(before)` of what each unit is worth to
//! each party, so that any order and any splitting of sales and refunds leads to the same balances, a full refund takes
//! a variable commission back to exactly zero, and the journal always sums to zero.
//!
//! The way through: a [`Terms`] is read from its term sheet, an [`Event`] from its report; a [`Book`] judges the event,
//! which yields a [`Change`] or a [`Reason`], and applies it. The cost of an event grows with the components and
//! parties of the contract, not with its lines: segments keep running sums. Numbers are whole and checked; there is no
//! clock, no order by hash, and no knowledge of records or rows. Section numbers (§) are those of the settlement rules
//! that term sheets refer to.

mod allocate;
mod book;
mod change;
pub mod decimal;
mod entitlement;
mod eval;
mod event;
mod export;
mod few;
mod journal;
mod line;
mod money;
mod names;
mod parts;
mod period;
mod rate;
mod read;
mod reason;
mod reckoning;
mod rules;
mod scenario;
mod segment;
mod stream;
mod tax;
mod terms;
mod tier;
mod unit;
mod waterfall;

#[cfg(test)]
mod tests;

pub use allocate::{WEIGHT_MAX, WEIGHTS_MAX, Weights, allocate};
pub use book::{Batch, Book, Outcome, Versions};
pub use change::Change;
pub use entitlement::{Basis, Milestone, Milestones, Part, Worth, carried, of_line, of_segment};
pub use eval::eval;
pub use event::{Adjustment, Amendment, Cost, Event, Paid, Payout, What};
pub use export::{Accounting, Journal, Transaction, beancount, ledger};
pub use few::{Entries, Few, Given};
pub use journal::{Account, Balances, Bucket, Entry, Posting};
pub use line::{Line, Progress};
pub use money::{AMOUNT_MAX, Currency, Minor, Money, Ppm, UNITS_MAX};
pub use names::{AdjustmentId, BatchId, ComponentId, CostId, EventId, LineId, MilestoneName, OrderId, Party};
pub use parts::{Formula, Parts, Sign};
pub use period::{Period, Span, Zone};
pub use rate::{Rounding, rate};
pub use read::{Fault, Malformed};
pub use reason::Reason;
pub use reckoning::{Reckoning, percent};
pub use scenario::{Show, scenario};
pub use segment::{Metrics, Segment, SegmentId};
pub use stream::Stream;
pub use tax::{cn_cumulative_2025, cn_labour_2018};
pub use terms::{
    Component, CostCategory, Cover, Factor, Fixed, Guarantee, Heading, Kind, Metric, Mode, Payment, Pool, RefundBelow,
    Roles, Terms,
};
pub use tier::{Steps, marginal, slab};
pub use unit::{Dispute, Stage, Unit, UnitId, UnitName};
pub use waterfall::{Shares, Tier, waterfall};
