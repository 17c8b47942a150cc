//! From earned to paid: holds, periods, statements, payouts.

use super::*;
use crate::agreements::StatementRow;

/// A trade in which one line of 100.00 was received and its hold is over.
fn due() -> Trade {
    let mut trade = Trade::signed();
    trade.paid("o", 10_000, &[("C1", 1_000_000)]).unwrap();
    trade.received("o").unwrap();
    trade.wait(16);
    trade
}

/// … and payable: 12.60 to the creator, 5.40 to her agency.
fn payable() -> Trade {
    let mut trade = due();
    trade.release("C1", &[unit("o")]).unwrap();
    trade
}

fn instruct(batch: &str, party: &str, amount: i128) -> Value {
    json!({"batch": batch, "payouts": [{"amount": amount.to_string(), "contract": "C1", "party": party}]})
}

fn answer(batch: &str, paid: bool) -> Deed {
    let body = json!({"batch": batch, "contract": "C1", "paid": paid, "party": "adu", "provider": "bank"});
    Trade::deed(Action::PayoutReceipt, body)
}

#[test]
fn anybody_may_say_that_a_hold_is_over_and_nobody_before_it_is() {
    let mut trade = Trade::signed();
    trade.paid("o", 10_000, &[("C1", 1_000_000)]).unwrap();
    let not_due = |trade: &mut Trade| trade.release("C1", &[unit("o")]).unwrap_err().code;
    assert_eq!(not_due(&mut trade), Code::UnitNotDue);
    trade.received("o").unwrap();
    trade.wait(15);
    trade.world.time = trade.world.time.plus(Millis(0));
    let open = trade.fact("aftersaleOpen", "o", &json!({}));
    trade.world.take("douyin", &open).unwrap();
    assert_eq!(not_due(&mut trade), Code::UnitNotDue, "a case is open");
    let close = trade.fact("aftersaleClosed", "o", &json!({}));
    trade.world.take("douyin", &close).unwrap();
    trade.release("C1", &[unit("o")]).unwrap();
    assert_eq!((trade.holds("C1", "adu", "payable"), trade.holds("C1", "adu", "held")), (1_260, 0));
    assert_eq!(not_due(&mut trade), Code::UnitNotDue);
    assert_eq!(trade.release("C1", &[unit("none")]).unwrap_err().code, Code::UnitUnknown);
    assert_eq!(trade.release("C1", &[]).unwrap_err().code, Code::RecordShape);
    assert_eq!(trade.release("C7", &[unit("o")]).unwrap_err().code, Code::AgreementUnknown);
}

#[test]
fn a_payout_is_at_most_what_is_payable_and_only_once() {
    let mut trade = payable();
    trade.refuses("adu", Action::PayoutInstruct, instruct("B1", "adu", 1_260), Code::AgreementParty);
    trade.refuses("corenest", Action::PayoutInstruct, instruct("B1", "adu", 1_261), Code::PayoutExceeds);
    trade.refuses("corenest", Action::PayoutInstruct, instruct("B1", "adu", 99), Code::PayoutBelow);
    trade.refuses("corenest", Action::PayoutInstruct, instruct("B1", "may", 500), Code::AgreementParty);
    let mut taxed = instruct("B1", "adu", 1_000);
    taxed["payouts"][0]["taxWithheld"] = json!("1001");
    trade.refuses("corenest", Action::PayoutInstruct, taxed, Code::TaxExceeds);
    let first = trade.take("corenest", Action::PayoutInstruct, instruct("B1", "adu", 1_000)).unwrap();
    // The other half of a race for the same balance.
    trade.refuses("corenest", Action::PayoutInstruct, instruct("B2", "adu", 1_000), Code::PayoutExceeds);
    let refusal = trade.take("corenest", Action::PayoutInstruct, instruct("B1", "adu", 200)).unwrap_err();
    assert_eq!((refusal.code, refusal.conflict), (Code::PayoutExists, Some(first)));
    assert_eq!((trade.holds("C1", "adu", "in_payout"), trade.holds("C1", "adu", "payable")), (1_000, 260));
}

#[test]
fn money_arrived_when_its_receiver_or_an_auditor_says_so_too() {
    let mut trade = payable();
    trade.take("corenest", Action::PayoutInstruct, instruct("B1", "adu", 1_260)).unwrap();
    trade.world.refuses("corenest", &answer("B1", true), Code::PayoutReceipt, None);
    trade.world.refuses("corenest", &answer("B1", true).with("may"), Code::PayoutReceipt, None);
    trade.world.refuses("corenest", &answer("B2", true).with("adu"), Code::PayoutUnknown, None);
    let failed = trade.world.take("corenest", &answer("B1", false)).unwrap();
    assert_eq!(trade.holds("C1", "adu", "payable"), 1_260);
    trade.world.refuses("corenest", &answer("B1", true).with("adu"), Code::PayoutUnknown, Some(failed));
    trade.take("corenest", Action::PayoutInstruct, instruct("B2", "adu", 1_260)).unwrap();
    trade.world.take("corenest", &answer("B2", true).with("shen")).unwrap();
    assert_eq!((trade.holds("C1", "adu", "settled"), trade.holds("C1", "adu", "payable")), (1_260, 0));
    assert_eq!(trade.total("C1"), 0);
}

#[test]
fn what_is_refunded_after_its_payout_is_carried() {
    let mut trade = payable();
    trade.take("corenest", Action::PayoutInstruct, instruct("B1", "adu", 1_260)).unwrap();
    trade.world.take("corenest", &answer("B1", true).with("adu")).unwrap();
    trade.refunded("o", 10_000, 1).unwrap();
    assert_eq!((trade.holds("C1", "adu", "payable"), trade.holds("C1", "adu", "settled")), (-1_260, 1_260));
    assert_eq!(trade.holds("C1", "mcn", "payable"), 0);
    assert_eq!(trade.total("C1"), 0);
}

fn issue(trade: &mut Trade, by: &str, period: Option<&str>) -> Result<Hash, Refusal> {
    let mut body = json!({"contract": "C1"});
    if let Some(period) = period {
        body["period"] = json!(period);
    }
    trade.take(by, Action::StatementIssue, body)
}

fn statement(trade: &Trade, party: &str, number: u64) -> StatementRow {
    let Data::Statement(row) = &trade.world.rows[&format!("statement/C1/{party}/{number}")].data else { panic!() };
    StatementRow::clone(row)
}

#[test]
fn statements_join_without_a_gap() {
    let mut trade = payable();
    assert_eq!(issue(&mut trade, "corenest", Some("2026-10")).unwrap_err().code, Code::PeriodRunning);
    assert_eq!(issue(&mut trade, "corenest", None).unwrap_err().code, Code::FieldMissing);
    assert_eq!(issue(&mut trade, "corenest", Some("2026-9")).unwrap_err().code, Code::PeriodOutside);
    assert_eq!(issue(&mut trade, "may", Some("2026-09")).unwrap_err().code, Code::AgreementParty);
    issue(&mut trade, "adu", Some("2026-09")).unwrap();
    assert_eq!(issue(&mut trade, "adu", Some("2026-09")).unwrap_err().code, Code::StatementNothing);
    trade.refunded("o", 5_000, 0).unwrap();
    trade.wait(31);
    issue(&mut trade, "corenest", Some("2026-10")).unwrap();
    for party in ["adu", "mcn", "douyin", "corenest"] {
        let (first, second) = (statement(&trade, party, 1), statement(&trade, party, 2));
        assert_eq!((first.opening.n, first.opening.head), (0, Hash::ZERO));
        assert_eq!(first.closing, second.opening);
        let row = &trade.world.rows[&format!("account/C1/{party}")];
        assert_eq!((second.closing.n, second.closing.head), (row.n, row.head));
    }
    assert_eq!(statement(&trade, "adu", 1).closing.balances["payable"].get(), 1_260);
    assert_eq!(statement(&trade, "adu", 2).closing.balances["payable"].get(), 630);
}

#[test]
fn a_party_accepts_its_own_statement_once_and_silence_accepts_too() {
    let mut trade = payable();
    let accept = |number: u64| json!({"contract": "C1", "number": number});
    trade.refuses("adu", Action::StatementAccept, accept(1), Code::StatementUnknown);
    issue(&mut trade, "corenest", Some("2026-09")).unwrap();
    trade.take("adu", Action::StatementAccept, accept(1)).unwrap();
    trade.refuses("adu", Action::StatementAccept, accept(1), Code::StatementAccepted);
    trade.wait(31);
    trade.refuses("mcn", Action::StatementAccept, accept(1), Code::StatementAccepted);
}

#[test]
fn a_period_is_closed_when_it_is_over() {
    let mut trade = Trade::new();
    let mut terms = sheet("C1");
    terms["components"] = json!([{"id": "fee", "kind": "fixed", "amount": "10000", "due": "delivered"}]);
    trade.sign(&terms).unwrap();
    let reached = |at| json!({"at": at, "fact": {"milestone": {"contract": "C1", "name": "delivered"}}});
    let now = trade.world.time;
    trade.refuses("adu", Action::FactReport, reached(now), Code::AgreementParty);
    trade.take("corenest", Action::FactReport, reached(now)).unwrap();
    trade.refuses("corenest", Action::FactReport, reached(now), Code::MilestoneReached);
    assert_eq!(trade.holds("C1", "adu", "accrued"), 7_000);
    let close = json!({"contract": "C1"});
    trade.refuses("adu", Action::PeriodClose, close.clone(), Code::PeriodRunning);
    trade.wait(10);
    trade.refuses("may", Action::PeriodClose, close.clone(), Code::AgreementParty);
    trade.take("adu", Action::PeriodClose, close.clone()).unwrap();
    trade.refuses("adu", Action::PeriodClose, close, Code::PeriodRunning);
    assert_eq!(trade.holds("C1", "adu", "held"), 7_000);
    trade.wait(15);
    trade.release("C1", &["comp:fee@2026-09".to_owned()]).unwrap();
    assert_eq!(trade.holds("C1", "adu", "payable"), 7_000);
}

#[test]
fn that_it_was_signed_every_party_may_say() {
    let mut trade = Trade::new();
    let mut terms = sheet("C1");
    terms["guarantee"] = json!({"amount": "20000", "due": "sign"});
    trade.sign(&terms).unwrap();
    let body =
        json!({"at": time("2026-09-21T07:00:00.000Z"), "fact": {"milestone": {"contract": "C1", "name": "sign"}}});
    trade.refuses("may", Action::FactReport, body.clone(), Code::AgreementParty);
    trade.take("adu", Action::FactReport, body).unwrap();
    assert_eq!(trade.holds("C1", "adu", "accrued"), 14_000);
}
