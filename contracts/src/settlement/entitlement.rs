//! What a segment and its lines are entitled to: pure functions of sums and milestones (§4).

use std::collections::BTreeMap;

use super::{
    book::Versions,
    money::{Minor, PPM_WHOLE, multiply},
    names::MilestoneName,
    rate::{Rounding, divide, rate},
    reason::Reason,
    segment::{Metrics, Segment, SegmentId},
    terms::{Component, Fixed, Kind, Mode, Terms},
    tier,
};

/// What a unit is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Worth {
    /// What is split among those who earn.
    pub net: Minor,
    /// What goes to whoever gets the fees.
    pub fee: Minor,
}

/// A unit of a segment that no single line causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The component at this place of the term sheet.
    Component(usize),
    /// What exceeds the cap, below zero.
    Cap,
    /// What is missing to the guarantee.
    Guarantee,
    /// What the pool gives to the taker at this place of the split.
    Pool(usize),
}

/// A milestone that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Milestone {
    /// The segment whose fixed amounts became due by it.
    pub segment: SegmentId,
    /// How many minutes after what it answers.
    pub after_min: Option<u64>,
}

/// All milestones that were reached.
pub type Milestones = BTreeMap<MilestoneName, Milestone>;

/// What entitlements of a segment are computed from.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// Which segment.
    pub id: SegmentId,
    /// Its own sums.
    pub segment: &'a Segment,
    /// The sums that earlier versions carry over.
    pub carried: Metrics,
    /// What was reached so far.
    pub milestones: &'a Milestones,
}

/// The sums of the same period that earlier versions hand on, as far as each carries them; `metrics` knows those of a
/// segment.
///
/// # Errors
/// [`Reason::NotInForce`] where there is no such version, limits.
pub fn carried(
    versions: &Versions,
    id: SegmentId,
    metrics: impl Fn(SegmentId) -> Option<Metrics>,
) -> Result<Metrics, Reason> {
    let mut sums = Metrics::default();
    let mut version = id.version;
    while versions.get(&version).ok_or(Reason::NotInForce)?.heading.carries_metrics
        && let Some(before) = version.checked_sub(1)
        && versions.contains_key(&before)
    {
        version = before;
        if let Some(earlier) = metrics(SegmentId { version, ..id }) {
            sums = sums.plus(&earlier)?;
        }
    }
    Ok(sums)
}

/// What a line with this net base earns under a component; nothing where it is none per line.
///
/// # Errors
/// [`Reason::BaseNegative`], limits.
pub fn of_line(component: &Component, base: Minor) -> Result<Option<Worth>, Reason> {
    match &component.kind {
        Kind::PerLine { ppm } => worth(component, rate(base, *ppm, component.rounding)?).map(Some),
        Kind::Tiered { .. } | Kind::Threshold { .. } | Kind::Fixed(_) => Ok(None),
    }
}

/// What the units of a segment are worth, in the order of the term sheet, then cap and guarantee, then the pool.
///
/// # Errors
/// Limits.
pub fn of_segment(terms: &Terms, basis: &Basis<'_>) -> Result<Vec<(Part, Worth)>, Reason> {
    let mut parts = Vec::new();
    let mut variable = basis.segment.lines_net;
    for (place, component) in terms.components.iter().enumerate() {
        let Some(gross) = gross(component, basis)? else { continue };
        let worth = worth(component, gross)?;
        if component.kind.is_variable() {
            variable = variable.plus(worth.net)?;
        }
        parts.push((Part::Component(place), worth));
    }
    let without_fee = |net| Worth { net, fee: Minor::ZERO };
    if let Some(cap) = terms.cap {
        parts.push((Part::Cap, without_fee(cap.minus(variable)?.min(Minor::ZERO))));
        variable = variable.min(cap);
    }
    if let Some(guarantee) = &terms.guarantee {
        let missing = guarantee.amount.minus(variable)?.max(Minor::ZERO);
        let is_due = basis.has_due(&guarantee.due);
        parts.push((Part::Guarantee, without_fee(if is_due { missing } else { Minor::ZERO })));
    }
    if let Some(pool) = &terms.pool {
        let before = pool.got(basis.carried.distributable()?)?;
        let after = pool.got(basis.segment.metrics.plus(&basis.carried)?.distributable()?)?;
        for (place, (before, after)) in before.into_iter().zip(after).enumerate() {
            parts.push((Part::Pool(place), without_fee(after.minus(before)?)));
        }
    }
    Ok(parts)
}

fn worth(component: &Component, gross: Minor) -> Result<Worth, Reason> {
    let fee = divide(multiply(gross.get(), component.fee.get())?, PPM_WHOLE, component.rounding)?;
    Ok(Worth { net: gross.minus(fee)?, fee })
}

/// What a component of the whole segment comes to, before the fee; nothing where it counts line by line.
fn gross(component: &Component, basis: &Basis<'_>) -> Result<Option<Minor>, Reason> {
    let own = &basis.segment.metrics;
    let total = own.plus(&basis.carried)?;
    Ok(Some(match &component.kind {
        Kind::PerLine { .. } => return Ok(None),
        Kind::Tiered { mode: Mode::Marginal, metric: _, steps } => {
            tier::marginal(steps, basis.carried.net_base, own.net_base, component.rounding)?
        }
        Kind::Tiered { mode: Mode::Slab, metric, steps } => {
            tier::slab(steps, total.get(*metric)?, own.net_base, component.rounding)?
        }
        Kind::Threshold { metric, at_least, amount } => {
            // What earlier versions reached, they have paid.
            let was_reached = basis.carried != Metrics::default() && basis.carried.get(*metric)? >= *at_least;
            if total.get(*metric)? >= *at_least && !was_reached { *amount } else { Minor::ZERO }
        }
        Kind::Fixed(fixed) => gross_fixed(fixed, component.rounding, basis)?,
    }))
}

fn gross_fixed(fixed: &Fixed, rounding: Rounding, basis: &Basis<'_>) -> Result<Minor, Reason> {
    if !basis.has_due(&fixed.due) {
        return Ok(Minor::ZERO);
    }
    let mut amount = fixed.amount;
    if let Some(factor) = &fixed.factor {
        let after_min = basis.milestones.get(&factor.milestone).and_then(|milestone| milestone.after_min);
        if after_min.is_none_or(|minutes| minutes > factor.within_min) {
            amount = rate(amount, factor.otherwise, rounding)?;
        }
    }
    if let Some(below) = &fixed.refund_below {
        let metric = basis.segment.metrics.plus(&basis.carried)?.get(below.metric)?;
        amount = divide(multiply(amount.get(), metric.min(below.target))?, below.target, Rounding::Floor)?;
    }
    Ok(amount)
}

impl Basis<'_> {
    /// A milestone makes amounts due once, in the segment in which it was reached.
    pub(super) fn has_due(&self, milestone: &MilestoneName) -> bool {
        self.milestones.get(milestone).is_some_and(|reached| reached.segment == self.id)
    }
}
