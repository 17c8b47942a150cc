//! For whom records about agreements are.

use super::*;
use crate::audience::Audience;

/// Whom the last record is for, auditors apart: those of these parties that its audience includes.
fn audience(trade: &Trade, record: &Hash) -> Vec<&'static str> {
    use crate::{audience::Reader, parties::PartyKind};
    let submission = &trade.world.submissions[record];
    let audience = Audience::of_record(submission.record(), &trade.world.rows).unwrap();
    let includes = |id: &&str| audience.includes(&Reader::Party { id: (*id).to_owned(), kind: PartyKind::Kol });
    ["adu", "corenest", "douyin", "may", "mcn", "wise"].into_iter().filter(includes).collect()
}

#[test]
fn terms_are_for_whom_they_name_and_facts_for_whoever_reports_them() {
    let mut trade = Trade::new();
    let signed = trade.sign(&sheet("C1")).unwrap();
    assert_eq!(audience(&trade, &signed), ["adu", "corenest", "douyin", "mcn", "wise"]);
    let paid = trade.paid("o", 10_000, &[("C1", 1_000_000)]).unwrap();
    assert_eq!(audience(&trade, &paid), ["douyin"]);
    trade.received("o").unwrap();
    trade.wait(16);
    let released = trade.release("C1", &[unit("o")]).unwrap();
    assert_eq!(audience(&trade, &released), ["adu", "corenest", "douyin", "may", "mcn", "wise"], "may has said so");
    let payouts = json!([{"amount": "1260", "contract": "C1", "party": "adu"}]);
    let paying = trade.take("corenest", Action::PayoutInstruct, json!({"batch": "B", "payouts": payouts})).unwrap();
    assert_eq!(audience(&trade, &paying), ["corenest"]);
    let body = json!({"batch": "B", "contract": "C1", "paid": true, "party": "adu", "provider": "bank"});
    let arrived = Trade::deed(Action::PayoutReceipt, body).with("shen");
    let arrived = trade.world.take("corenest", &arrived).unwrap();
    assert_eq!(audience(&trade, &arrived), ["adu", "corenest"]);
}
