//! The pure functions of settlement as a text of questions, and a text of answers: `hefu settle eval`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{
    allocate::{WEIGHTS_MAX, Weights, allocate},
    money::Minor,
    parts::{Formula, Parts},
    rate::{Rounding, rate},
    read::{Fault, Fields, Node, Read, parse},
    reason::Reason,
    tax::{cn_cumulative_2025, cn_labour_2018},
    terms::{Mode, read_mode, read_rounding, read_steps, read_tiers},
    tier,
    waterfall::waterfall,
};
use crate::canonical_text;

#[derive(Debug, Serialize)]
struct Answers {
    results: Vec<Answer>,
}

/// Amounts are decimal texts.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Answer {
    One(String),
    Many(Vec<String>),
    ByParty(Vec<BTreeMap<String, String>>),
    Named(BTreeMap<&'static str, String>),
}

type Function = fn(&Fields<'_>) -> Read<Answer>;

const FUNCTIONS: [(&str, Function); 8] = [
    ("allocate", eval_allocate),
    ("rate", eval_rate),
    ("tier", eval_tier),
    ("waterfall", eval_waterfall),
    ("cn_labour_2018", eval_labour),
    ("cn_cumulative_2025", eval_cumulative),
    ("base", eval_base),
    ("refund", eval_refund),
];

/// Answers `{"vectors": [{"fn", …}, …]}` with `{"results": […]}` in the same order. A vector that has no answer gets
/// `"error"`; fields that its function does not know, such as `expect`, are ignored.
///
/// # Errors
/// [`Malformed`](super::Malformed) where the text is no such list.
pub fn eval(text: &str) -> Read<String> {
    let value: Value = parse(text)?;
    let vectors = Node::root(&value).fields(&["note", "vectors"])?.get("vectors")?.list(usize::MAX)?;
    let results = vectors.iter().map(|node| answer(node).unwrap_or_else(|_| Answer::One("error".to_owned())));
    Ok(canonical_text(&Answers { results: results.collect() }))
}

fn answer(node: &Node<'_>) -> Read<Answer> {
    let fields = node.any_fields()?;
    let function = fields.get("fn")?.word(&FUNCTIONS)?;
    function(&fields)
}

fn one(node: &Node<'_>, result: Result<Minor, Reason>) -> Read<Answer> {
    result.map(|amount| Answer::One(amount.to_string())).map_err(|reason| node.refused(reason))
}

fn eval_allocate(fields: &Fields<'_>) -> Read<Answer> {
    let node = fields.get("weights")?;
    let each = node.list(WEIGHTS_MAX)?.iter().map(|weight| weight.integer()).collect::<Read<_>>()?;
    let total = fields.get("total")?.amount()?;
    let parts = Weights::new(each).and_then(|weights| allocate(total, &weights));
    let parts = parts.map_err(|reason| node.refused(reason))?;
    Ok(Answer::Many(parts.iter().map(Minor::to_string).collect()))
}

fn eval_rate(fields: &Fields<'_>) -> Read<Answer> {
    let base = fields.get("base")?;
    one(&base, rate(base.amount()?, fields.get("ppm")?.ppm_signed()?, read_rounding(fields)?))
}

fn eval_tier(fields: &Fields<'_>) -> Read<Answer> {
    let steps = read_steps(&fields.get("steps")?)?;
    let metric = fields.get("metric")?;
    let base = fields.map("base", |node| node.amount())?;
    let rounding = read_rounding(fields)?;
    let amount = metric.amount()?;
    let base = base.unwrap_or(amount);
    one(
        &metric,
        match read_mode(fields)? {
            Mode::Marginal => tier::marginal(&steps, Minor::ZERO, base, rounding),
            Mode::Slab => tier::slab(&steps, amount.get(), base, rounding),
        },
    )
}

fn eval_waterfall(fields: &Fields<'_>) -> Read<Answer> {
    let tiers = read_tiers(&fields.get("tiers")?)?;
    let mut answers = Vec::new();
    for node in fields.get("cumulative")?.list(usize::MAX)? {
        let got = waterfall(&tiers, node.amount()?).map_err(|reason| node.refused(reason))?;
        answers.push(got.iter().map(|(party, amount)| (party.to_string(), amount.to_string())).collect());
    }
    Ok(Answer::ByParty(answers))
}

fn eval_labour(fields: &Fields<'_>) -> Read<Answer> {
    let income = fields.get("income")?;
    one(&income, cn_labour_2018(income.amount()?))
}

fn eval_cumulative(fields: &Fields<'_>) -> Read<Answer> {
    let income = fields.get("cum_income")?;
    let month = fields.get("month")?.small()?;
    one(&income, cn_cumulative_2025(month, income.amount()?, fields.get("cum_withheld_before")?.amount()?))
}

/// The base of a line under the usual formula, from its parts.
fn eval_base(fields: &Fields<'_>) -> Read<Answer> {
    let goods = fields.get("goods")?;
    let mut parts = BTreeMap::new();
    for name in ["goods", "merchant_discount", "platform_coupon", "shipping", "tax"] {
        if let Some(amount) = fields.map(name, |node| node.amount_positive())? {
            parts.insert(name.to_owned(), amount);
        }
    }
    one(&goods, Formula::default().base(&Parts::from(parts)))
}

/// What a share of a base is after a refund, and by how much it changed.
fn eval_refund(fields: &Fields<'_>) -> Read<Answer> {
    let (base, ppm) = (fields.get("base")?, fields.get("ppm")?.ppm()?);
    let rounding: Rounding = read_rounding(fields)?;
    let refund = fields.get("refund")?;
    let refunded = refund.amount_positive()?;
    let share = |base| rate(base, ppm, rounding).map_err(|reason| refund.refused(reason));
    let left = base.amount()?.minus(refunded).map_err(|reason| refund.refused(reason))?;
    if left.is_negative() {
        return Err(refund.fault(Fault::Value(Reason::RefundExceeds), Reason::RefundExceeds.sentence()));
    }
    let (before, after) = (share(base.amount()?)?, share(left)?);
    let delta = after.minus(before).map_err(|reason| refund.refused(reason))?;
    Ok(Answer::Named(BTreeMap::from([("after", after.to_string()), ("delta", delta.to_string())])))
}
