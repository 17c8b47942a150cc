//! Why an event has no effect: a stable word for machines, a sentence for people.

use std::fmt;

/// One list says variant, word and sentence, so that none can miss.
macro_rules! reasons {
    ($($variant:ident $word:literal $sentence:literal,)*) => {
        /// A reason for which an event is refused or a computation has no result. A word is never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Reason { $(#[doc = $sentence] $variant,)* }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant),*];

            /// The stable word, such as `line_exists`.
            pub const fn word(self) -> &'static str { match self { $(Reason::$variant => $word,)* } }

            /// What it means, lower case, without a full stop.
            pub const fn sentence(self) -> &'static str { match self { $(Reason::$variant => $sentence,)* } }
        }
    };
}

reasons! {
    AmountRange "amount_range" "an amount is larger than 10^17 minor units",
    Overflow "overflow" "a sum or product does not fit",
    BaseNegative "base_negative" "a base may not be negative",
    UnitsRange "units_range" "a count of units is negative or larger than 10^12",
    WeightsCount "weights_count" "a division has no weights or more than 64",
    WeightRange "weight_range" "a weight is negative or larger than 10^12",
    WeightsZero "weights_zero" "all weights are zero",
    RateRange "rate_range" "a rate is beyond 100 percent",
    StepsOrder "steps_order" "steps must begin at zero and rise",
    MetricNegative "metric_negative" "a metric may not be negative",
    LossUnborne "loss_unborne" "a loss has nobody to bear it",
    SurplusUnassigned "surplus_unassigned" "the tiers leave a surplus to nobody",
    MonthRange "month_range" "a month is 1 to 12",
    Conflict "conflict" "another event was accepted under this id",
    CurrencyOther "currency_other" "the contract is in another currency",
    TimeMissing "time_missing" "under these terms the event needs its time",
    NotInForce "not_in_force" "no version of the terms is in force at this time",
    PeriodOutside "period_outside" "the time lies outside the contract's period",
    PeriodRunning "period_running" "the period has not ended yet",
    MilestoneReached "milestone_reached" "the milestone was reached before",
    LineExists "line_exists" "the order line was paid before",
    LineUnknown "line_unknown" "no order line of this name was paid",
    LineShipped "line_shipped" "the order line was shipped or received before",
    LineReceived "line_received" "the order line was received before",
    RefundExceeds "refund_exceeds" "refunds would exceed what was paid",
    AftersaleOpen "aftersale_open" "an after-sales case of the line is open already",
    AftersaleNone "aftersale_none" "no after-sales case of the line is open",
    UnitUnknown "unit_unknown" "no unit of this name exists",
    UnitDisputed "unit_disputed" "the unit is in dispute already",
    UnitUndisputed "unit_undisputed" "the unit is not in dispute",
    PartyUnknown "party_unknown" "the organisation has no share in this contract",
    PayoutBelow "payout_below" "the payout would be below the agreed minimum",
    PayoutExceeds "payout_exceeds" "more would be paid than is payable",
    TaxExceeds "tax_exceeds" "more tax would be withheld than is paid",
    BatchExists "batch_exists" "a payout of this batch was instructed before",
    BatchUnknown "batch_unknown" "no payout of this batch is under way",
    AmountZero "amount_zero" "an amount of nothing has no effect",
    CostExists "cost_exists" "a cost of this name was reported before",
    CostNegative "cost_negative" "more costs would come back than there were",
    CostUnborne "cost_unborne" "under these terms nobody bears costs of this category",
    AdjustmentExists "adjustment_exists" "an adjustment of this name was made before",
    AmendmentContract "amendment_contract" "the new version changes contract, currency or obligor",
    AmendmentVersion "amendment_version" "the new version is not the next one",
    AmendmentUnsigned "amendment_unsigned" "a required signature is missing",
    AmendmentRetroactive "amendment_retroactive" "the new version would be in force before it was signed",
    AmendmentNotice "amendment_notice" "a reduction needs the agreed notice",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl std::error::Error for Reason {}
