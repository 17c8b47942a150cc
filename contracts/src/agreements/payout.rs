//! Payouts (§13): what is payable is handed to a bank or wallet once, and its answer is attested.

use std::collections::BTreeMap;

use super::{
    body::{PayoutInstruct, PayoutItem, PayoutReceipt, UNITS_MAX},
    desk::{Desk, batch_id},
    sign::{has_auditor, require_party},
    spell,
};
use crate::{
    execute::{Case, Checked},
    parties::KeyRole,
    refusal::{Code, Refusal},
    settlement::{Minor, Party, Payout, What},
    state::Writes,
};

/// The obligor instructs payouts under its contracts: all of them or none.
pub(super) fn instruct(case: &Case<'_>, body: &PayoutInstruct) -> Checked<Writes> {
    case.require(KeyRole::Pay)?;
    let count = body.payouts.len();
    if count == 0 || count > UNITS_MAX {
        let detail = format!("has {count} payouts, 1 to {UNITS_MAX} are accepted");
        return Err(Refusal::new(Code::RecordShape).at("/body/payouts").because(detail).into());
    }
    if !spell::is_plain(&body.batch) {
        return Err(Refusal::new(Code::RecordShape).at("/body/batch").because(body.batch.clone()).into());
    }
    let mut desks: BTreeMap<&str, Desk<'_>> = BTreeMap::new();
    for (place, item) in body.payouts.iter().enumerate() {
        let pointer = format!("/body/payouts/{place}");
        let mut desk = match desks.remove(item.contract.as_str()) {
            Some(desk) => desk,
            None => open(case, &item.contract, &format!("{pointer}/contract"))?,
        };
        pay(case, &mut desk, &body.batch, item, &pointer)?;
        desks.insert(&item.contract, desk);
    }
    let mut writes = Writes::default();
    desks.into_values().try_for_each(|desk| desk.write(&mut writes))?;
    Ok(writes)
}

fn open<'c>(case: &'c Case<'c>, contract: &str, pointer: &str) -> Checked<Desk<'c>> {
    let desk = Desk::open(case, contract, pointer)?;
    require_party(case, &[&desk.newest()?.roles.obligor])?;
    Ok(desk)
}

fn pay(case: &Case<'_>, desk: &mut Desk<'_>, batch: &str, item: &PayoutItem, pointer: &str) -> Checked<()> {
    let party = party(&item.party, &format!("{pointer}/party"))?;
    if let Some(before) = desk.take_payout(batch, &party)? {
        return Err(Refusal::new(Code::PayoutExists).at(pointer).against(before.record).into());
    }
    let payout = Payout {
        batch: batch_id(batch, &party)?,
        party,
        amount: Some(item.amount),
        tax_withheld: item.tax_withheld.unwrap_or(Minor::ZERO),
    };
    desk.submit(case.moment().time, What::Payout(payout)).map_err(|refusal| refusal.at(pointer))?;
    Ok(())
}

/// Bank or wallet has answered. That money arrived, the obligor alone cannot say.
pub(super) fn receipt(case: &Case<'_>, body: &PayoutReceipt) -> Checked<Writes> {
    case.require(KeyRole::Pay)?;
    let mut desk = open(case, &body.contract, "/body/contract")?;
    let chars = body.provider.chars().count();
    if chars == 0 || chars > 64 || body.provider.chars().any(char::is_control) {
        return Err(Refusal::new(Code::RecordShape).at("/body/provider").because("1 to 64 characters").into());
    }
    if body.paid && !case.organisations().contains(&body.party) && !has_auditor(case)? {
        return Err(Refusal::new(Code::PayoutReceipt).at("/signers").because(body.party.clone()).into());
    }
    let party = party(&body.party, "/body/party")?;
    let unknown = || Refusal::new(Code::PayoutUnknown).at("/body/batch").because(body.batch.clone());
    let payout = desk.take_payout(&body.batch, &party)?.ok_or_else(unknown)?;
    let what = What::PayoutResult { batch: batch_id(&body.batch, &party)?, is_paid: body.paid };
    desk.submit(case.moment().time, what).map_err(|refusal| {
        let answered = payout.result.as_ref().map(|result| result.record);
        Refusal { conflict: answered, ..refusal.at("/body/batch") }
    })?;

    let mut writes = Writes::default();
    desk.write(&mut writes)?;
    Ok(writes)
}

fn party(name: &str, pointer: &str) -> Result<Party, Refusal> {
    Party::new(name).ok_or_else(|| Refusal::new(Code::PartyUnknown).at(pointer).because(name))
}
