//! Costs of a pool (§5): reported by those who bear them, each of whom signs.

use crate::{
    agreements::{
        body::{CostFact, FactReport},
        desk::{self, Desk},
        rows::CostRow,
        sign::require_signers,
    },
    execute::{Case, Checked},
    parties::KeyRole,
    refusal::{Code, Refusal},
    row,
    settlement::{Cost, CostCategory, CostId, Reason, What},
    state::Writes,
};

pub(super) fn cost(case: &Case<'_>, body: &FactReport, fact: &CostFact, writes: &mut Writes) -> Checked<()> {
    if body.feed.is_some() {
        let refusal = Refusal::new(Code::RecordShape).at("/body/feed");
        return Err(refusal.because("costs are reported by those who bear them").into());
    }
    case.require_of_all(KeyRole::Contract)?;
    let mut desk = Desk::open(case, &fact.contract, "/body/fact/cost/contract")?;
    let cost = read(fact)?;
    let terms = desk.in_force(body.at)?;
    let bearers = terms.pool.as_ref().and_then(|pool| pool.borne_by.get(&cost.category));
    let unborne = || desk::refuse(Reason::CostUnborne).at("/body/fact/cost/category");
    require_signers(case, bearers.ok_or_else(unborne)?, Code::CostUnsigned)?;
    let key = row::key_of_cost(&fact.contract, &fact.item);
    if let Some(before) = case.get::<CostRow>(&key)? {
        let refusal = Refusal::new(Code::CostExists).at("/body/fact/cost/item").because(fact.item.clone());
        return Err(refusal.against(before.record).into());
    }
    desk.take_segments_at(body.at)?;
    desk.submit(body.at, What::Cost(cost)).map_err(|refusal| refusal.at("/body/fact/cost/amount"))?;
    let row = CostRow {
        amount: fact.amount,
        at: body.at,
        category: fact.category.clone(),
        evidence: fact.evidence,
        record: case.record().id,
        seq: desk.seq(),
    };
    desk.write(writes)?;
    writes.set(key, row);
    Ok(())
}

/// What the rules of settlement are told of it.
pub(in crate::agreements) fn read(fact: &CostFact) -> Result<Cost, Refusal> {
    let shape = |pointer: &str, detail: &str| Refusal::new(Code::RecordShape).at(pointer).because(detail);
    let category = CostCategory::WORDS.into_iter().find(|(word, _)| *word == fact.category);
    let (_, category) = category
        .ok_or_else(|| shape("/body/fact/cost/category", "the category is none of coordination, fixed, variable"))?;
    let id = CostId::new(&fact.item).ok_or_else(|| {
        shape("/body/fact/cost/item", "the item is not 1 to 128 of A-Z, a-z, 0-9, hyphen and underscore")
    })?;
    Ok(Cost { id, category, amount: fact.amount })
}
