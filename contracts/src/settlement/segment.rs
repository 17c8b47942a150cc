//! Running sums over the lines of one contract-period under one version of the terms: what entitlements are computed
//! from without looking at any line again (§4).

use std::fmt;

use super::{
    money::{Minor, PPM_WHOLE, add, multiply, subtract},
    period::Period,
    reason::Reason,
    terms::Metric,
};

/// Which contract-period under which version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SegmentId {
    /// The period.
    pub period: Period,
    /// The version in force when its lines were paid.
    pub version: u32,
}

impl fmt::Display for SegmentId {
    /// What the names of its units end with: nothing for the only period of a first version, otherwise `@2026-09`,
    /// `@v2` or both.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.period)?;
        if self.version > 1 { write!(f, "@v{}", self.version) } else { Ok(()) }
    }
}

/// The running sums of a segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// What tiers and thresholds look at.
    pub metrics: Metrics,
    /// Net value of all units of its lines.
    pub lines_net: Minor,
}

/// Sums over lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Base as it was paid.
    pub gross_base: Minor,
    /// Base after refunds.
    pub net_base: Minor,
    /// Pieces after refunds.
    pub net_units: i128,
    /// Orders whose base after refunds is above zero.
    pub orders: i128,
    /// Costs that those who bear them have agreed to.
    pub costs: Minor,
}

impl Metrics {
    /// The sums of both.
    ///
    /// # Errors
    /// [`Reason::Overflow`].
    pub fn plus(&self, other: &Metrics) -> Result<Metrics, Reason> {
        Ok(Metrics {
            gross_base: self.gross_base.plus(other.gross_base)?,
            net_base: self.net_base.plus(other.net_base)?,
            net_units: add(self.net_units, other.net_units)?,
            orders: add(self.orders, other.orders)?,
            costs: self.costs.plus(other.costs)?,
        })
    }

    /// What a pool has to distribute; below zero where costs exceed sales.
    ///
    /// # Errors
    /// [`Reason::Overflow`].
    pub fn distributable(&self) -> Result<Minor, Reason> {
        self.net_base.minus(self.costs)
    }

    /// What is measured.
    ///
    /// # Errors
    /// [`Reason::Overflow`].
    pub fn get(&self, metric: Metric) -> Result<i128, Reason> {
        Ok(match metric {
            Metric::NetBase => self.net_base.get(),
            Metric::NetUnits => self.net_units,
            Metric::Orders => self.orders,
            Metric::RefundRatePpm => {
                let refunded = subtract(self.gross_base.get(), self.net_base.get())?;
                multiply(refunded, PPM_WHOLE)?.checked_div(self.gross_base.get()).unwrap_or(0)
            }
        })
    }
}
