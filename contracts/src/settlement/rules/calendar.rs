//! The passing of time: periods close, held units are released (§6). Both may be said again without effect.

use std::collections::BTreeSet;

use crate::{
    settlement::{
        change::Draft,
        period::{Period, Span},
        reason::Reason,
        segment::SegmentId,
        unit::{Stage, Unit},
    },
    time::Time,
};

/// Releases what is due. It costs what is released, not what waits.
pub(super) fn tick(draft: &mut Draft<'_>, at: Time) -> Result<(), Reason> {
    let seq = draft.change.seq;
    let book = draft.book;
    for (_, id) in book.due.iter().take_while(|(due, _)| *due <= at) {
        let unit = draft.unit(id).cloned().ok_or(Reason::UnitUnknown)?;
        draft.set_unit(id.clone(), Unit { stage: Stage::Released { seq }, ..unit })?;
    }
    Ok(())
}

/// Releases those of the named units that are due, in the order of their names' first mention. One that is not due, or
/// was released before, stays as it is.
pub(super) fn release(draft: &mut Draft<'_>, units: &[String], at: Time) -> Result<(), Reason> {
    let seq = draft.change.seq;
    for name in units {
        let (id, unit) = super::find(draft, name)?;
        if unit.due().is_some_and(|due| due <= at) {
            draft.set_unit(id, Unit { stage: Stage::Released { seq }, ..unit })?;
        }
    }
    Ok(())
}

/// Lets the units of segments wait out the hold whose period is over. A segment that was closed before stays as it is,
/// so that closing again delays nothing.
pub(super) fn close(draft: &mut Draft<'_>, at: Time) -> Result<(), Reason> {
    let terms = draft.book.in_force(Some(at)).or_else(|_| draft.book.newest())?;
    let whole = SegmentId { period: Period::Whole, version: terms.heading.version };
    match terms.payment.span {
        Span::Campaign { to, .. } if at < to => return Err(Reason::PeriodRunning),
        Span::Whole | Span::Campaign { .. } => super::begin(draft, whole)?,
        // A month in which nothing happened has nothing to close.
        Span::Months(_) => {}
    }
    let book = draft.book;
    let begun: BTreeSet<_> = book.segments.keys().chain(draft.change.segments.keys()).copied().collect();
    for segment in begun {
        let payment = &book.terms(segment.version)?.payment;
        if !payment.span.is_over(segment.period, at) {
            continue;
        }
        let release_at = at.plus(payment.hold);
        for (id, unit) in draft.units_of_segment(segment)? {
            if unit.stage == Stage::Accrued {
                draft.set_unit(id, Unit { stage: Stage::Held { release_at }, ..unit })?;
            }
        }
    }
    Ok(())
}
