//! Disputes (§9): who may open one and how long, and whose word ends it.

use super::{
    body::{DisputeClose, DisputeOpen, DisputeOutcome},
    desk::Desk,
    rows::DisputeRow,
    sign::require_party,
    statement,
};
use crate::{
    execute::{Case, Checked},
    parties::KeyRole,
    refusal::{Code, Refusal},
    row,
    settlement::{Party, Roles, What},
    shared::Shared,
    state::Writes,
};

/// The obligor or somebody who earns disputes a unit, as long as the statement that shows it is not accepted.
pub(super) fn open(case: &Case<'_>, body: &DisputeOpen) -> Checked<Writes> {
    case.require(KeyRole::Contract)?;
    let mut desk = Desk::open(case, &body.contract, "/body/contract")?;
    let roles = &desk.newest()?.roles;
    let sides: Vec<&Party> = roles.split.parties.iter().chain(std::iter::once(&roles.obligor)).collect();
    require_party(case, &sides)?;
    desk.take_unit(&body.unit)?;
    let key = row::key_of_dispute(&body.contract, &body.unit);
    let before = case.get::<DisputeRow>(&key)?.filter(|row| row.closed.is_none()).map(|row| row.record);
    check_in_time(case, &mut desk, body)?;
    let what = What::DisputeOpen { unit: body.unit.clone() };
    desk.submit(case.moment().time, what)
        .map_err(|refusal| Refusal { conflict: before, ..refusal.at("/body/unit") })?;

    let mut writes = Writes::default();
    desk.write(&mut writes)?;
    let row = DisputeRow { by: case.party().to_owned(), closed: None, record: case.record().id };
    writes.set(key, row);
    Ok(writes)
}

fn check_in_time(case: &Case<'_>, desk: &mut Desk<'_>, body: &DisputeOpen) -> Checked<()> {
    let Some(changed_at) = desk.unit_changed_at(&body.unit) else { return Ok(()) };
    let last = desk.agreement().stated.as_ref().map_or(0, |stated| stated.number);
    let Some(shown) = statement::first_since(case, &body.contract, last, changed_at)? else { return Ok(()) };
    if statement::is_beyond_dispute(&shown, desk.newest()?, case.moment().time) {
        let refusal = Refusal::new(Code::DisputeLate).at("/body/unit").because(body.unit.clone());
        return Err(refusal.against(shown.record).into());
    }
    Ok(())
}

/// A dispute is withdrawn by whoever opened it, or decided by two of obligor, beneficiary and arbiter.
pub(super) fn close(case: &Case<'_>, body: &DisputeClose) -> Checked<Writes> {
    case.require_of_all(KeyRole::Contract)?;
    let mut desk = Desk::open(case, &body.contract, "/body/contract")?;
    let key = row::key_of_dispute(&body.contract, &body.unit);
    let row: Option<Shared<DisputeRow>> = case.get(&key)?;
    let Some(mut row) = row.filter(|row| row.closed.is_none()) else {
        return Err(Refusal::new(Code::UnitUndisputed).at("/body/unit").because(body.unit.clone()).into());
    };
    let may = match body.outcome {
        DisputeOutcome::Withdrawn => row.by == case.party(),
        DisputeOutcome::Dismissed | DisputeOutcome::Upheld => is_decided(case, &desk.newest()?.roles),
    };
    if !may {
        return Err(Refusal::new(Code::DisputeDecision).at("/signers").against(row.record).into());
    }
    desk.take_unit(&body.unit)?;
    desk.submit(case.moment().time, What::DisputeClose { unit: body.unit.clone() })?;

    let mut writes = Writes::default();
    desk.write(&mut writes)?;
    row.closed = Some(case.record().id);
    writes.set(key, row);
    Ok(writes)
}

/// Two of the three sides, and not one organisation that is two of them.
fn is_decided(case: &Case<'_>, roles: &Roles) -> bool {
    let is = |party: &Party| case.organisations().iter().any(|by| by == party.as_str());
    let obligor = is(&roles.obligor);
    let beneficiary = roles.split.parties.iter().any(|party| *party != roles.obligor && is(party));
    let arbiter = roles.arbiter.as_ref().is_some_and(is);
    [obligor, beneficiary, arbiter].into_iter().filter(|side| *side).count() >= 2
}
