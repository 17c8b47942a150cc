//! What each event does to a contract. Every rule reads through a [`Draft`] and writes into it; nothing reaches the
//! book unless all of it went well.

mod calendar;
mod dispute;
mod find;
mod lines;
mod payout;
mod pool;

use std::{collections::BTreeSet, sync::Arc};

use super::{
    book::Book,
    change::Draft,
    entitlement::{self, Basis, Milestone, carried},
    event::{Amendment, Event, What},
    names::MilestoneName,
    reason::Reason,
    segment::{Segment, SegmentId},
    unit::UnitId,
};
use crate::time::Time;

use find::find;

/// Gathers what an event changes.
pub(super) fn follow(draft: &mut Draft<'_>, event: &Event) -> Result<(), Reason> {
    match &event.what {
        What::Milestone { name, after_min } => milestone(draft, name, *after_min, event.at),
        What::Paid(paid) => lines::paid(draft, paid, event.at),
        What::Shipped { line } => lines::shipped(draft, line),
        What::Received { line } => lines::received(draft, line, needed(event.at)?),
        What::Refund { line, parts, units } => lines::refund(draft, line, parts, *units),
        What::AftersaleOpen { line } => lines::aftersale(draft, line, true),
        What::AftersaleClosed { line } => lines::aftersale(draft, line, false),
        What::Tick => calendar::tick(draft, needed(event.at)?),
        What::Release { units } => calendar::release(draft, units, needed(event.at)?),
        What::PeriodClose => calendar::close(draft, needed(event.at)?),
        What::DisputeOpen { unit } => dispute::open(draft, unit),
        What::DisputeClose { unit } => dispute::close(draft, unit),
        What::Payout(payout) => payout::instruct(draft, payout, event.at),
        What::PayoutResult { batch, is_paid } => payout::result(draft, batch, *is_paid, event.at),
        What::Cost(cost) => pool::cost(draft, cost, event.at),
        What::Adjust(adjustment) => pool::adjust(draft, adjustment, event.at),
        What::Amend(amendment) => amend(draft, amendment, needed(event.at)?),
    }
}

fn needed(at: Option<Time>) -> Result<Time, Reason> {
    at.ok_or(Reason::TimeMissing)
}

/// The segment of what happens at a moment. It is begun with all its units, so that a period that sold nothing closes
/// like any other.
fn segment_at(draft: &mut Draft<'_>, at: Option<Time>) -> Result<SegmentId, Reason> {
    let terms = draft.book.in_force(at)?;
    let id = SegmentId { period: terms.payment.span.period(at)?, version: terms.heading.version };
    begin(draft, id)?;
    Ok(id)
}

fn begin(draft: &mut Draft<'_>, id: SegmentId) -> Result<(), Reason> {
    if draft.segment(&id).is_some() {
        return Ok(());
    }
    draft.change.segments.insert(id, Segment::default());
    price(draft, id)
}

/// Posts what a segment's sums changed: in the segment itself, and in later versions that carry its metrics on.
fn reprice(draft: &mut Draft<'_>, id: SegmentId) -> Result<(), Reason> {
    price(draft, id)?;
    let later = draft.book.versions.range(id.version..).skip(1);
    for (version, terms) in later {
        let next = SegmentId { version: *version, ..id };
        if !terms.heading.carries_metrics {
            break;
        }
        if draft.segment(&next).is_some() {
            price(draft, next)?;
        }
    }
    Ok(())
}

fn price(draft: &mut Draft<'_>, id: SegmentId) -> Result<(), Reason> {
    let (book, terms) = (draft.book, draft.book.terms(id.version)?);
    let parts = entitlement::of_segment(terms, &basis(draft, book, id)?)?;
    for (part, worth) in parts {
        draft.set_worth(UnitId::Segment { segment: id, part }, id.version, worth)?;
    }
    Ok(())
}

fn basis<'d>(draft: &'d Draft<'_>, book: &Book, id: SegmentId) -> Result<Basis<'d>, Reason> {
    let segment = draft.segment(&id).ok_or(Reason::NotInForce)?;
    let carried = carried(&book.versions, id, |id| draft.segment(&id).map(|earlier| earlier.metrics))?;
    Ok(Basis { id, segment, carried, milestones: draft.milestones() })
}

/// A milestone makes fixed amounts and the guarantee due, and decides about factors of those that are due already.
fn milestone(
    draft: &mut Draft<'_>,
    name: &MilestoneName,
    after_min: Option<u64>,
    at: Option<Time>,
) -> Result<(), Reason> {
    if draft.milestones().contains_key(name) {
        return Err(Reason::MilestoneReached);
    }
    let segment = segment_at(draft, at)?;
    let mut milestones = draft.milestones().clone();
    milestones.insert(name.clone(), Milestone { segment, after_min });
    let concerned: BTreeSet<_> = milestones.values().map(|reached| reached.segment).collect();
    draft.change.milestones = Some(milestones);
    concerned.into_iter().try_for_each(|segment| price(draft, segment))
}

/// A new version of the terms; it changes nothing that was earned under the versions before (§10).
fn amend(draft: &mut Draft<'_>, amendment: &Amendment, at: Time) -> Result<(), Reason> {
    let newest = draft.book.newest()?;
    newest.check_amendment(&amendment.terms, &amendment.signers, at)?;
    draft.change.version = Some(Arc::new(amendment.terms.clone()));
    Ok(())
}
