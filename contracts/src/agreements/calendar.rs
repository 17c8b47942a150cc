//! The passing of time: anybody may say that it has passed, and says it about what is concerned.

use super::{
    body::{HoldRelease, PeriodClose, UNITS_MAX},
    desk::Desk,
    sign::require_party,
};
use crate::{
    execute::{Case, Checked},
    parties::KeyRole,
    refusal::{Code, Refusal},
    settlement::{Span, What},
    state::Writes,
};

/// Units whose hold is over become payable. The record names them, since no rule can look for what it does not know;
/// those that are not due are left alone, so that two who say the same at once do not refuse each other.
pub(super) fn release(case: &Case<'_>, body: &HoldRelease) -> Checked<Writes> {
    let count = body.units.len();
    if count == 0 || count > UNITS_MAX {
        let detail = format!("names {count} units, 1 to {UNITS_MAX} are accepted");
        return Err(Refusal::new(Code::RecordShape).at("/body/units").because(detail).into());
    }
    let mut desk = Desk::open(case, &body.contract, "/body/contract")?;
    for unit in &body.units {
        desk.take_unit(unit)?;
    }
    desk.submit(case.moment().time, What::Release { units: body.units.clone() })?;
    let releases = desk.has_changed();
    finish(desk, releases, Code::UnitNotDue, "/body/units")
}

/// Periods that are over are closed.
pub(super) fn close(case: &Case<'_>, body: &PeriodClose) -> Checked<Writes> {
    case.require(KeyRole::Contract)?;
    let mut desk = Desk::open(case, &body.contract, "/body/contract")?;
    let terms = desk.newest()?;
    match terms.payment.span {
        // The period ends by this very record: whoever owes must say so.
        Span::Whole => require_party(case, &[&terms.roles.obligor])?,
        Span::Campaign { .. } | Span::Months(_) => require_party(case, &desk.holders().iter().collect::<Vec<_>>())?,
    }
    desk.take_open_segments()?;
    desk.take_whole()?;
    desk.submit(case.moment().time, What::PeriodClose)?;
    // A period of lines alone has nothing that waits for its end; it is closed all the same.
    let closes = desk.forget_closed() || desk.has_changed();
    finish(desk, closes, Code::PeriodRunning, "/body/contract")
}

fn finish(desk: Desk<'_>, changes: bool, nothing: Code, pointer: &str) -> Checked<Writes> {
    if !changes {
        return Err(Refusal::new(nothing).at(pointer).into());
    }
    let mut writes = Writes::default();
    desk.write(&mut writes)?;
    Ok(writes)
}
