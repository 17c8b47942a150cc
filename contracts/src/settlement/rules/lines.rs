//! Order lines: paid, shipped, received, refunded (§6).

use crate::{
    settlement::{
        change::Draft,
        entitlement,
        event::Paid,
        line::{Line, Progress, check_units},
        money::{Minor, add, subtract},
        names::LineId,
        parts::Parts,
        reason::Reason,
        segment::{Metrics, Segment},
        terms::Terms,
        unit::{Stage, Unit, UnitId},
    },
    time::Time,
};

pub(super) fn paid(draft: &mut Draft<'_>, paid: &Paid, at: Option<Time>) -> Result<(), Reason> {
    if draft.line(&paid.line).is_ok() {
        return Err(Reason::LineExists);
    }
    paid.parts.check()?;
    let segment = super::segment_at(draft, at)?;
    let terms = draft.book.terms(segment.version)?;
    if paid.currency.is_some_and(|currency| currency != terms.heading.currency) {
        return Err(Reason::CurrencyOther);
    }
    let line = Line {
        segment,
        order: paid.order.clone(),
        paid: paid.parts.clone(),
        refunded: Parts::default(),
        units: check_units(paid.units)?,
        units_back: 0,
        progress: Progress::Paid,
        has_aftersale: false,
    };
    count(draft, &paid.line, None, line)
}

pub(super) fn refund(draft: &mut Draft<'_>, id: &LineId, parts: &Parts, units: i128) -> Result<(), Reason> {
    let before = draft.line(id)?.clone();
    let after = before.refund(parts, units)?;
    count(draft, id, Some(&before), after)
}

/// Takes a line as it is now into its units and its segment's sums.
fn count(draft: &mut Draft<'_>, id: &LineId, before: Option<&Line>, after: Line) -> Result<(), Reason> {
    let segment_id = after.segment;
    let terms = draft.book.terms(segment_id.version)?;
    let was = before.map_or(Ok(Metrics::default()), |line| line.metrics(&terms.base))?;
    let is = after.metrics(&terms.base)?;
    let orders = orders_delta(draft, &after, subtract(is.orders, was.orders)?)?;
    let net = set_line_units(draft, terms, id, is.net_base)?;
    let Segment { metrics, lines_net } = draft.segment(&segment_id).ok_or(Reason::NotInForce)?;
    let segment = Segment {
        metrics: Metrics {
            gross_base: metrics.gross_base.plus(is.gross_base.minus(was.gross_base)?)?,
            net_base: metrics.net_base.plus(is.net_base.minus(was.net_base)?)?,
            net_units: add(metrics.net_units, subtract(is.net_units, was.net_units)?)?,
            orders: add(metrics.orders, orders)?,
            costs: metrics.costs,
        },
        lines_net: lines_net.plus(net)?,
    };
    draft.change.segments.insert(segment_id, segment);
    draft.change.lines.insert(id.clone(), after);
    super::reprice(draft, segment_id)
}

/// How many more orders have a base above zero, where `delta` is how many more lines of this one have.
fn orders_delta(draft: &mut Draft<'_>, line: &Line, delta: i128) -> Result<i128, Reason> {
    let Some(order) = &line.order else { return Ok(delta) };
    let key = (line.segment, order.clone());
    let was = draft.book.orders.get(&key).copied().unwrap_or(0);
    let is = add(was, delta)?;
    draft.change.orders.insert(key, is);
    subtract(is.min(1), was.min(1))
}

/// Posts what a line earns now; by how much its net worth changed.
fn set_line_units(draft: &mut Draft<'_>, terms: &Terms, id: &LineId, base: Minor) -> Result<Minor, Reason> {
    let mut delta = Minor::ZERO;
    for (place, component) in terms.components.iter().enumerate() {
        let Some(worth) = entitlement::of_line(component, base)? else { continue };
        let unit = UnitId::Line { line: id.clone(), component: place };
        let was = draft.unit(&unit).map_or(Minor::ZERO, |unit| unit.worth.net);
        delta = delta.plus(worth.net.minus(was)?)?;
        draft.set_worth(unit, terms.heading.version, worth)?;
    }
    Ok(delta)
}

pub(super) fn shipped(draft: &mut Draft<'_>, id: &LineId) -> Result<(), Reason> {
    let line = draft.line(id)?;
    if line.progress >= Progress::Shipped {
        return Err(Reason::LineShipped);
    }
    let line = Line { progress: Progress::Shipped, ..line.clone() };
    draft.change.lines.insert(id.clone(), line);
    Ok(())
}

/// The buyer has the line: its units wait out the hold.
pub(super) fn received(draft: &mut Draft<'_>, id: &LineId, at: Time) -> Result<(), Reason> {
    let line = draft.line(id)?;
    if line.progress == Progress::Received {
        return Err(Reason::LineReceived);
    }
    let line = Line { progress: Progress::Received, ..line.clone() };
    let release_at = at.plus(draft.book.terms(line.segment.version)?.payment.hold);
    for (id, unit) in units_of(draft, id, &line)? {
        draft.set_unit(id, Unit { stage: Stage::Held { release_at }, ..unit })?;
    }
    draft.change.lines.insert(id.clone(), line);
    Ok(())
}

/// An after-sales case is opened or closed.
pub(super) fn aftersale(draft: &mut Draft<'_>, id: &LineId, is_open: bool) -> Result<(), Reason> {
    let line = draft.line(id)?;
    if line.has_aftersale == is_open {
        return Err(if is_open { Reason::AftersaleOpen } else { Reason::AftersaleNone });
    }
    let line = Line { has_aftersale: is_open, ..line.clone() };
    if draft.book.terms(line.segment.version)?.payment.blocked_by_aftersale {
        for (id, unit) in units_of(draft, id, &line)? {
            draft.set_unit(id, Unit { is_blocked: is_open, ..unit })?;
        }
    }
    draft.change.lines.insert(id.clone(), line);
    Ok(())
}

fn units_of(draft: &Draft<'_>, id: &LineId, line: &Line) -> Result<Vec<(UnitId, Unit)>, Reason> {
    let components = draft.book.terms(line.segment.version)?.components.len();
    let ids = (0..components).map(|component| UnitId::Line { line: id.clone(), component });
    Ok(ids.filter_map(|id| draft.unit(&id).cloned().map(|unit| (id, unit))).collect())
}
