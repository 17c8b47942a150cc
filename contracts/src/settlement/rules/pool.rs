//! Costs of a pool (§5), and amounts that all who are bound agree on outside of the terms (§10).

use crate::{
    settlement::{
        change::{Draft, Postings},
        event::{Adjustment, Cost},
        journal::Bucket,
        money::Minor,
        reason::Reason,
        segment::{Metrics, Segment},
        unit::UnitName,
    },
    time::Time,
};

/// A cost takes from what is to be distributed as a refund does. A negative amount is a cost that came back.
pub(super) fn cost(draft: &mut Draft<'_>, cost: &Cost, at: Option<Time>) -> Result<(), Reason> {
    if draft.book.costs.contains(&cost.id) {
        return Err(Reason::CostExists);
    }
    if cost.amount.within_limits()?.is_zero() {
        return Err(Reason::AmountZero);
    }
    let terms = draft.book.in_force(at)?;
    if !terms.pool.as_ref().is_some_and(|pool| pool.borne_by.contains_key(&cost.category)) {
        return Err(Reason::CostUnborne);
    }
    let id = super::segment_at(draft, at)?;
    let Segment { metrics, lines_net } = draft.segment(&id).ok_or(Reason::NotInForce)?;
    let costs = metrics.costs.plus(cost.amount)?;
    if costs.is_negative() {
        return Err(Reason::CostNegative);
    }
    let segment = Segment { metrics: Metrics { costs, ..*metrics }, lines_net: *lines_net };
    draft.change.segments.insert(id, segment);
    draft.change.cost = Some(cost.id.clone());
    super::reprice(draft, id)
}

/// What everybody who must sign the terms has signed belongs to its receivers at once: it is no entitlement that waits,
/// and no rule takes it back.
pub(super) fn adjust(draft: &mut Draft<'_>, adjustment: &Adjustment, at: Option<Time>) -> Result<(), Reason> {
    let Adjustment { id, amounts } = adjustment;
    if draft.book.adjustments.contains(id) {
        return Err(Reason::AdjustmentExists);
    }
    let terms = draft.book.in_force(at)?;
    let mut postings = Postings::default();
    let mut owed = Minor::ZERO;
    for (party, amount) in amounts {
        if !draft.book.versions.values().any(|terms| terms.roles.split.parties.contains(party)) {
            return Err(Reason::PartyUnknown);
        }
        if amount.within_limits()?.is_zero() {
            return Err(Reason::AmountZero);
        }
        owed = owed.plus(*amount)?;
        postings.push(party, Bucket::Payable, *amount);
    }
    postings.push(&terms.roles.obligor, Bucket::Obligation, owed.negated()?);
    draft.post(terms, Some(UnitName::Adjustment(id.clone())), postings)?;
    draft.change.adjustment = Some(id.clone());
    Ok(())
}
