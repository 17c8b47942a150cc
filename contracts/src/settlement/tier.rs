//! Rates that depend on how much was sold (§4.2).

use super::{
    money::{Minor, PPM_WHOLE, Ppm, add, multiply},
    rate::{Rounding, divide, rate},
    reason::Reason,
};

/// Most steps of one tier.
pub const STEPS_MAX: usize = 64;

/// Half-open steps: the rate of a step holds from its start on and ends before the next one's. The first starts at
/// zero, so that every metric lies in exactly one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Steps(Vec<(i128, Ppm)>);

impl Steps {
    /// Checks steps.
    ///
    /// # Errors
    /// [`Reason::StepsOrder`] unless they start at zero and rise, and are at most [`STEPS_MAX`].
    pub fn new(steps: Vec<(i128, Ppm)>) -> Result<Steps, Reason> {
        let begins = steps.first().is_some_and(|(from, _)| *from == 0);
        let rises = steps.iter().zip(steps.iter().skip(1)).all(|((one, _), (next, _))| one < next);
        if begins && rises && steps.len() <= STEPS_MAX { Ok(Steps(steps)) } else { Err(Reason::StepsOrder) }
    }

    /// The rate of the step that a metric lies in.
    ///
    /// # Errors
    /// [`Reason::MetricNegative`].
    pub fn rate_at(&self, metric: i128) -> Result<Ppm, Reason> {
        let step = self.0.iter().rev().find(|(from, _)| *from <= metric);
        step.map(|(_, ppm)| *ppm).ok_or(Reason::MetricNegative)
    }

    /// Where steps start.
    pub(super) fn starts(&self) -> impl Iterator<Item = i128> {
        self.0.iter().map(|(from, _)| *from)
    }

    /// Whether some step takes away.
    pub(super) fn has_negative_rate(&self) -> bool {
        self.0.iter().any(|(_, ppm)| ppm.is_negative())
    }

    /// The stretches of the base from one point to another that have a rate each, in order.
    pub(super) fn stretches(&self, from: i128, to: i128) -> impl Iterator<Item = (i128, Ppm)> {
        let ends = self.starts().skip(1).map(Some).chain([None]);
        self.0.iter().zip(ends).filter_map(move |((start, ppm), end)| {
            let (start, upto) = (from.max(*start), end.map_or(to, |end| end.min(to)));
            (upto > start).then_some((upto.saturating_sub(start), *ppm))
        })
    }

    /// Each stretch of the base at its own step's rate, summed exactly: in millionths of a minor unit.
    fn area(&self, from: i128, to: i128) -> Result<i128, Reason> {
        self.stretches(from, to).try_fold(0, |area, (stretch, ppm)| add(area, multiply(stretch, ppm.get())?))
    }
}

/// What the stretch of base from `before` to `before + own` earns when each part of it has its own step's rate: one
/// rounding for all. `before` is what earlier versions of the terms carry over, otherwise zero.
///
/// # Errors
/// [`Reason::BaseNegative`], [`Reason::Overflow`].
pub fn marginal(steps: &Steps, before: Minor, own: Minor, rounding: Rounding) -> Result<Minor, Reason> {
    if before.is_negative() || own.is_negative() {
        return Err(Reason::BaseNegative);
    }
    divide(steps.area(before.get(), before.plus(own)?.get())?, PPM_WHOLE, rounding)
}

/// What a base earns when all of it has the rate of the step that the metric lies in.
///
/// # Errors
/// [`Reason::MetricNegative`], [`Reason::BaseNegative`], [`Reason::Overflow`].
pub fn slab(steps: &Steps, metric: i128, base: Minor, rounding: Rounding) -> Result<Minor, Reason> {
    rate(base, steps.rate_at(metric)?, rounding)
}
