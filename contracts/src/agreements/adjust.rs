//! Adjustments: what everybody who must sign the terms agrees on outside of them (§10). There is no other way in which
//! something is changed afterwards.

use std::collections::BTreeMap;

use super::{
    body::AgreementAdjust,
    desk::{self, Desk},
    rows::AdjustmentRow,
    sign::require_signers,
};
use crate::{
    execute::{Case, Checked},
    parties::KeyRole,
    refusal::{Code, Refusal},
    row,
    settlement::{Adjustment, AdjustmentId, Party, What},
    state::Writes,
};

pub(super) fn adjust(case: &Case<'_>, body: &AgreementAdjust) -> Checked<Writes> {
    case.require_of_all(KeyRole::Contract)?;
    let mut desk = Desk::open(case, &body.contract, "/body/contract")?;
    let terms = desk.newest()?;
    require_signers(case, &terms.roles.required_signers, Code::AgreementUnsigned)?;
    let adjustment = read(body)?;
    let key = row::key_of_adjustment(&body.contract, adjustment.id.as_str());
    if let Some(before) = case.get::<AdjustmentRow>(&key)? {
        let refusal = Refusal::new(Code::AdjustmentExists).at("/body/name").because(body.name.clone());
        return Err(refusal.against(before.record).into());
    }
    let time = case.moment().time;
    desk.submit(time, What::Adjust(adjustment)).map_err(|refusal| refusal.at("/body/amounts"))?;
    let row = AdjustmentRow {
        about: body.about.clone(),
        amounts: body.amounts.clone(),
        reason: body.reason,
        record: case.record().id,
        seq: desk.seq(),
        time,
    };
    let mut writes = Writes::default();
    desk.write(&mut writes)?;
    writes.set(key, row);
    Ok(writes)
}

/// What the rules of settlement are told of it.
pub(super) fn read(body: &AgreementAdjust) -> Result<Adjustment, Refusal> {
    let shape = |pointer: &str, detail: &str| Refusal::new(Code::RecordShape).at(pointer).because(detail);
    let id = AdjustmentId::new(&body.name)
        .ok_or_else(|| shape("/body/name", "the name is not 1 to 128 of A-Z, a-z, 0-9, hyphen and underscore"))?;
    let count = body.amounts.len();
    if count == 0 || count > crate::settlement::WEIGHTS_MAX {
        let detail = format!("names {count} parties, 1 to {} are accepted", crate::settlement::WEIGHTS_MAX);
        return Err(shape("/body/amounts", &detail));
    }
    let mut amounts = BTreeMap::new();
    for (party, amount) in &body.amounts {
        let party = Party::new(party).ok_or_else(|| shape("/body/amounts", "an organisation's id has another form"))?;
        amounts.insert(party, *amount);
    }
    if let Some(refused) = amounts.values().find_map(|amount| amount.within_limits().err()) {
        return Err(desk::refuse(refused).at("/body/amounts"));
    }
    Ok(Adjustment { id, amounts })
}
