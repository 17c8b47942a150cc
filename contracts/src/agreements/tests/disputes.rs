//! Disputes: one unit stands aside, everything else flows on.

use super::*;

fn open(order: &str) -> Value {
    json!({"contract": "C1", "reason": "amount", "unit": unit(order)})
}

fn end(order: &str, outcome: &str) -> Deed {
    let body = json!({"contract": "C1", "outcome": outcome, "unit": unit(order)});
    Trade::deed(Action::DisputeClose, body)
}

/// Two lines of 100.00, received, their hold over and payable.
fn payable() -> Trade {
    let mut trade = Trade::signed();
    for order in ["one", "two"] {
        trade.paid(order, 10_000, &[("C1", 1_000_000)]).unwrap();
        trade.received(order).unwrap();
    }
    trade.wait(16);
    trade.release("C1", &[unit("one"), unit("two")]).unwrap();
    trade
}

#[test]
fn a_disputed_line_is_not_paid_and_the_rest_is() {
    let mut trade = payable();
    trade.refuses("may", Action::DisputeOpen, open("one"), Code::AgreementParty);
    trade.refuses("adu", Action::DisputeOpen, open("none"), Code::UnitUnknown);
    let opened = trade.take("adu", Action::DisputeOpen, open("one")).unwrap();
    let refusal = trade.take("mcn", Action::DisputeOpen, open("one")).unwrap_err();
    assert_eq!((refusal.code, refusal.conflict), (Code::UnitDisputed, Some(opened)));
    assert_eq!((trade.holds("C1", "adu", "disputed"), trade.holds("C1", "adu", "payable")), (1_260, 1_260));
    let pay = |amount: &str| json!({"batch": "B", "payouts": [{"amount": amount, "contract": "C1", "party": "adu"}]});
    trade.refuses("corenest", Action::PayoutInstruct, pay("2520"), Code::PayoutExceeds);
    trade.take("corenest", Action::PayoutInstruct, pay("1260")).unwrap();
    assert_eq!(trade.total("C1"), 0);
}

#[test]
fn it_ends_by_whoever_opened_it_or_by_two_of_three() {
    let mut trade = payable();
    let opened = trade.take("adu", Action::DisputeOpen, open("one")).unwrap();
    trade.world.refuses("corenest", &end("one", "withdrawn"), Code::DisputeDecision, Some(opened));
    trade.world.refuses("wise", &end("one", "dismissed"), Code::DisputeDecision, Some(opened));
    trade.world.refuses("adu", &end("one", "upheld").with("mcn"), Code::DisputeDecision, Some(opened));
    trade.world.take("wise", &end("one", "dismissed").with("corenest")).unwrap();
    assert_eq!((trade.holds("C1", "adu", "disputed"), trade.holds("C1", "adu", "payable")), (0, 2_520));
    trade.world.refuses("adu", &end("one", "withdrawn"), Code::UnitUndisputed, None);
    trade.take("adu", Action::DisputeOpen, open("one")).unwrap();
    trade.world.take("adu", &end("one", "withdrawn")).unwrap();
}

#[test]
fn the_feed_corrects_what_was_rightly_disputed() {
    let mut trade = payable();
    trade.take("corenest", Action::DisputeOpen, open("one")).unwrap();
    trade.refunded("one", 5_000, 0).unwrap();
    assert_eq!(trade.holds("C1", "adu", "disputed"), 630);
    trade.world.take("adu", &end("one", "upheld").with("corenest")).unwrap();
    assert_eq!(trade.holds("C1", "adu", "payable"), 1_890);
}

#[test]
fn an_accepted_statement_is_beyond_dispute_until_something_changes() {
    let mut trade = payable();
    let issue = |period: &str| json!({"contract": "C1", "period": period});
    let issued = trade.take("corenest", Action::StatementIssue, issue("2026-09")).unwrap();
    trade.take("adu", Action::DisputeOpen, open("two")).unwrap();
    trade.take("adu", Action::StatementAccept, json!({"contract": "C1", "number": 1})).unwrap();
    let refusal = trade.take("adu", Action::DisputeOpen, open("one")).unwrap_err();
    assert_eq!((refusal.code, refusal.conflict), (Code::DisputeLate, Some(issued)));
    // The agency has not accepted its own, until its time is over.
    trade.take("mcn", Action::DisputeOpen, open("one")).unwrap();
    trade.world.take("mcn", &end("one", "withdrawn")).unwrap();
    trade.wait(31);
    assert_eq!(trade.take("mcn", Action::DisputeOpen, open("one")).unwrap_err().code, Code::DisputeLate);
    trade.refunded("one", 100, 0).unwrap();
    trade.take("adu", Action::DisputeOpen, open("one")).unwrap();
}
