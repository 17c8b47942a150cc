//! An order line on its way (§6): what was paid and refunded, and where it is.

use super::{
    money::{Minor, UNITS_MAX, add, subtract},
    names::OrderId,
    parts::{Formula, Parts},
    reason::Reason,
    segment::{Metrics, SegmentId},
};

/// Which order's live lines are counted, in which segment.
pub type OrderCount = (SegmentId, OrderId);

/// How far a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// It was paid.
    Paid,
    /// It left.
    Shipped,
    /// The buyer has it.
    Received,
}

/// An order line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The segment it counts in, by the time it was paid.
    pub segment: SegmentId,
    /// The order it shares with other lines.
    pub order: Option<OrderId>,
    /// What was paid, part by part.
    pub paid: Parts,
    /// What of it was refunded.
    pub refunded: Parts,
    /// Pieces paid.
    pub units: i128,
    /// Pieces that came back.
    pub units_back: i128,
    /// How far it is.
    pub progress: Progress,
    /// Whether an after-sales case is open.
    pub has_aftersale: bool,
}

impl Line {
    /// Its base as it was paid.
    ///
    /// # Errors
    /// [`Reason::BaseNegative`], [`Reason::AmountRange`].
    pub fn gross_base(&self, formula: &Formula) -> Result<Minor, Reason> {
        let base = formula.base(&self.paid)?.within_limits()?;
        if base.is_negative() { Err(Reason::BaseNegative) } else { Ok(base) }
    }

    /// Its base after refunds.
    ///
    /// # Errors
    /// [`Reason::RefundExceeds`] where refunds leave less than nothing.
    pub fn net_base(&self, formula: &Formula) -> Result<Minor, Reason> {
        let base = self.gross_base(formula)?.minus(formula.base(&self.refunded)?)?;
        if base.is_negative() { Err(Reason::RefundExceeds) } else { Ok(base) }
    }

    /// What the line adds to the sums of its segment, itself an order.
    ///
    /// # Errors
    /// As the bases.
    pub fn metrics(&self, formula: &Formula) -> Result<Metrics, Reason> {
        let net_base = self.net_base(formula)?;
        Ok(Metrics {
            gross_base: self.gross_base(formula)?,
            net_base,
            net_units: subtract(self.units, self.units_back)?,
            orders: i128::from(!net_base.is_zero()),
            costs: Minor::ZERO,
        })
    }

    /// The line after a refund.
    ///
    /// # Errors
    /// [`Reason::RefundExceeds`], [`Reason::UnitsRange`], limits.
    pub fn refund(&self, parts: &Parts, units: i128) -> Result<Line, Reason> {
        parts.check()?;
        let units_back = add(self.units_back, check_units(units)?)?;
        if units_back > self.units {
            return Err(Reason::RefundExceeds);
        }
        Ok(Line { refunded: Parts::refunded(&self.paid, &self.refunded, parts)?, units_back, ..self.clone() })
    }
}

/// A count of pieces within its limits.
///
/// # Errors
/// [`Reason::UnitsRange`].
pub(super) fn check_units(units: i128) -> Result<i128, Reason> {
    if (0..=UNITS_MAX).contains(&units) { Ok(units) } else { Err(Reason::UnitsRange) }
}
