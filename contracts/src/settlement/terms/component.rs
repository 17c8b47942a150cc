//! What a contract pays for.

use crate::settlement::{
    money::{Minor, Ppm},
    names::{ComponentId, MilestoneName},
    rate::Rounding,
    tier::Steps,
};

/// One component of a term sheet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Component {
    /// Its name, which its units bear.
    pub id: ComponentId,
    /// How it is computed.
    pub kind: Kind,
    /// Which share of it goes to whoever gets the fees.
    pub fee: Ppm,
    /// How it and its fee are rounded.
    pub rounding: Rounding,
}

/// How a component is computed (§4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A share of the net base of every line, rounded line by line.
    PerLine {
        /// The share.
        ppm: Ppm,
    },
    /// A share of the net base of the period that depends on a metric, rounded once.
    Tiered {
        /// Which rate which part of the base has.
        mode: Mode,
        /// What is measured.
        metric: Metric,
        /// The rates.
        steps: Steps,
    },
    /// An amount as long as a metric is large enough: refunds may take it back.
    Threshold {
        /// What is measured.
        metric: Metric,
        /// How large it must be.
        at_least: i128,
        /// The amount.
        amount: Minor,
    },
    /// An amount for a milestone, outside cap and guarantee.
    Fixed(Fixed),
}

impl Kind {
    /// Whether it counts towards cap and guarantee (§4.4).
    pub const fn is_variable(&self) -> bool {
        match self {
            Kind::PerLine { .. } | Kind::Tiered { .. } | Kind::Threshold { .. } => true,
            Kind::Fixed(_) => false,
        }
    }
}

/// Which rate which part of the base has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Every part that of its own step.
    Marginal,
    /// All of it that of the step which the metric lies in.
    Slab,
}

impl Mode {
    pub(super) const WORDS: [(&'static str, Mode); 2] = [("marginal", Mode::Marginal), ("slab", Mode::Slab)];
}

/// What is measured over the lines of a contract-period, after refunds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Sum of the net bases, in minor units.
    NetBase,
    /// Pieces sold and not returned.
    NetUnits,
    /// Orders whose net base is above zero.
    Orders,
    /// Refunded base per million of gross base, rounded down; zero where nothing was sold.
    RefundRatePpm,
}

impl Metric {
    pub(super) const WORDS: [(&'static str, Metric); 4] = [
        (Metric::NetBase.word(), Metric::NetBase),
        (Metric::NetUnits.word(), Metric::NetUnits),
        (Metric::Orders.word(), Metric::Orders),
        (Metric::RefundRatePpm.word(), Metric::RefundRatePpm),
    ];

    /// As term sheets spell it.
    pub const fn word(self) -> &'static str {
        match self {
            Metric::NetBase => "net_base",
            Metric::NetUnits => "net_units",
            Metric::Orders => "orders",
            Metric::RefundRatePpm => "refund_rate_ppm",
        }
    }

    /// Whether more of it is better for those who earn.
    pub(super) const fn rises(self) -> bool {
        match self {
            Metric::NetBase | Metric::NetUnits | Metric::Orders => true,
            Metric::RefundRatePpm => false,
        }
    }
}

/// An amount for a milestone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fixed {
    /// The amount.
    pub amount: Minor,
    /// The milestone from which on it is due.
    pub due: MilestoneName,
    /// What it becomes where somebody was late.
    pub factor: Option<Factor>,
    /// What it becomes where too little was sold.
    pub refund_below: Option<RefundBelow>,
}

/// A fixed amount is whole where a milestone was reached in time, otherwise it is a share of it. Until the milestone
/// is reached it is the share: nobody is owed for what has not happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Factor {
    /// The milestone.
    pub milestone: MilestoneName,
    /// In time means at most this many minutes after what the milestone answers, as its event states.
    pub within_min: u64,
    /// The share otherwise.
    pub otherwise: Ppm,
}

/// A fixed amount is `amount × min(1, metric / target)`, rounded down (坑位费 with 保量).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RefundBelow {
    /// What was promised, above zero.
    pub target: i128,
    /// What is measured.
    pub metric: Metric,
}
