//! Statements (§8): which stretch of every account was put before its party.
//!
//! A statement is written into rows of its own when it is issued, with the head, length and balances of the account at
//! both ends, so that it can be proven against any later header.

use std::collections::BTreeMap;

use hefu_keys::Hash;

use super::{
    body::{StatementAccept, StatementIssue},
    desk::Desk,
    rows::{AccountAt, Stated, StatementRow},
    sign::require_party,
    spell,
};
use crate::{
    execute::{Case, Checked},
    parties::KeyRole,
    refusal::{Code, Refusal},
    row::{self, Data, Row},
    settlement::{Period, Span, Terms},
    shared::Shared,
    state::Writes,
    time::Time,
};

/// Every party of the contract gets a statement of what happened since the one before.
pub(super) fn issue(case: &Case<'_>, body: &StatementIssue) -> Checked<Writes> {
    case.require(KeyRole::Contract)?;
    let mut desk = Desk::open(case, &body.contract, "/body/contract")?;
    let holders = desk.holders();
    require_party(case, &holders.iter().collect::<Vec<_>>())?;
    let stated = desk.agreement().stated.clone();
    let before = stated.as_ref().map_or(0, |stated| stated.number);
    check_period(case, desk.newest()?, body, stated.as_ref())?;
    let seq = desk.agreement().seq;
    if seq == stated.as_ref().map_or(0, |stated| stated.seq) && body.period.is_none() {
        return Err(Refusal::new(Code::StatementNothing).at("/body/contract").into());
    }
    let number = before.saturating_add(1);
    let mut writes = Writes::default();
    for party in &holders {
        let closing = account_at(case.row(&row::key_of_account(&body.contract, party.as_str()))?.as_deref());
        let last = row::key_of_statement(&body.contract, party.as_str(), before);
        let opening = case.get::<StatementRow>(&last)?.map_or_else(|| account_at(None), |last| last.closing.clone());
        let row = StatementRow {
            accepted: None,
            closing,
            opening,
            period: body.period.clone(),
            record: case.record().id,
            time: case.moment().time,
        };
        let key = row::key_of_statement(&body.contract, party.as_str(), number);
        writes.set(key, row);
    }
    desk.state(Stated { number, period: body.period.clone(), seq });
    writes.set(row::key_of_agreement(&body.contract), desk.into_row());
    Ok(writes)
}

/// Where the contract reckons by months, a statement names one that is over and was not stated.
fn check_period(case: &Case<'_>, terms: &Terms, body: &StatementIssue, last: Option<&Stated>) -> Result<(), Refusal> {
    let refuse = |code, detail: &str| Err(Refusal::new(code).at("/body/period").because(detail));
    let (span, Some(text)) = (terms.payment.span, &body.period) else {
        return match terms.payment.span {
            Span::Months(_) => refuse(Code::FieldMissing, "the contract reckons by months"),
            Span::Whole | Span::Campaign { .. } => Ok(()),
        };
    };
    let (Span::Months(_), Some(period)) = (span, spell::read_month(text)) else {
        return refuse(Code::PeriodOutside, "the contract has no such period");
    };
    if !span.is_over(period, case.moment().time) {
        return refuse(Code::PeriodRunning, text);
    }
    let stated: Option<Period> = last.and_then(|last| last.period.as_deref()).and_then(spell::read_month);
    if stated.is_some_and(|stated| period <= stated) {
        return refuse(Code::StatementNothing, text);
    }
    Ok(())
}

fn account_at(row: Option<&Row>) -> AccountAt {
    match row {
        Some(Row { data: Data::Account(account), head, n, .. }) => {
            AccountAt { balances: account.balances.clone(), head: *head, n: *n }
        }
        Some(_) | None => AccountAt { balances: BTreeMap::new(), head: Hash::ZERO, n: 0 },
    }
}

/// A party accepts its statement, or would have by now.
pub(super) fn accept(case: &Case<'_>, body: &StatementAccept) -> Checked<Writes> {
    case.require(KeyRole::Contract)?;
    let desk = Desk::open(case, &body.contract, "/body/contract")?;
    let key = row::key_of_statement(&body.contract, case.party(), body.number);
    let unknown = || Refusal::new(Code::StatementUnknown).at("/body/number").because(body.number.to_string());
    let mut row: Shared<StatementRow> = case.get(&key)?.ok_or_else(unknown)?;
    if row.accepted.is_some() || is_beyond_dispute(&row, desk.newest()?, case.moment().time) {
        let refusal = Refusal::new(Code::StatementAccepted).at("/body/number").because(body.number.to_string());
        return Err(refusal.into());
    }
    row.accepted = Some(case.moment().time);
    let mut writes = Writes::default();
    writes.set(key, row);
    Ok(writes)
}

/// Whether a statement was accepted, or counts as accepted because nobody disputed it in time (§8).
pub(super) fn is_beyond_dispute(row: &StatementRow, terms: &Terms, now: Time) -> bool {
    let lapsed = terms.payment.dispute_window.is_some_and(|window| now > row.time.plus(window));
    row.accepted.is_some() || lapsed
}

/// The first statement to a party that was issued at or after a moment: the one that shows what changed then.
pub(super) fn first_since(
    case: &Case<'_>,
    contract: &str,
    last: u64,
    since: Time,
) -> Checked<Option<Shared<StatementRow>>> {
    let (mut low, mut high) = (1, last.saturating_add(1));
    let mut found = None;
    while low < high {
        let middle = u64::midpoint(low, high);
        let row: Option<Shared<StatementRow>> = case.get(&row::key_of_statement(contract, case.party(), middle))?;
        match row {
            Some(row) if row.time >= since => {
                found = Some(row);
                high = middle;
            }
            Some(_) | None => low = middle.saturating_add(1),
        }
    }
    Ok(found)
}
