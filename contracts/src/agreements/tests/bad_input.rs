//! Whatever a settlement must never take, in one list: each is refused with its code. (That a refusal changes nothing is
//! checked by the world at every one.)

use super::*;

/// A line of 100.00 paid, received and payable; one more paid and disputed.
fn trade() -> (Trade, Hash) {
    let mut trade = Trade::new();
    let terms = trade.sign(&sheet("C1")).unwrap();
    for order in ["one", "two"] {
        trade.paid(order, 10_000, &[("C1", 1_000_000)]).unwrap();
        trade.received(order).unwrap();
    }
    trade.wait(16);
    trade.release("C1", &["one", "two"].map(unit)).unwrap();
    trade.take("adu", Action::DisputeOpen, json!({"contract": "C1", "reason": "amount", "unit": unit("two")})).unwrap();
    (trade, terms)
}

fn pay(batch: &str, amount: &str) -> Value {
    json!({"batch": batch, "payouts": [{"amount": amount, "contract": "C1", "party": "adu"}]})
}

#[test]
fn refunds_orders_and_facts() {
    let (mut trade, _) = trade();
    let refund = |trade: &mut Trade, order: &str, amount| trade.refunded(order, amount, 0).unwrap_err().code;
    assert_eq!(refund(&mut trade, "one", 10_001), Code::RefundExceeds);
    trade.refunded("one", 9_999, 0).unwrap();
    assert_eq!(refund(&mut trade, "one", 2), Code::RefundExceeds, "together with the one before");
    assert_eq!(refund(&mut trade, "not yet paid", 1), Code::LineUnknown);

    let mut again = trade.paid_deed("one", 10_000, 1, &[("C1", 1_000_000)]);
    again.body["fact"]["paid"]["order"] = json!(order_of("one", "2026-09"));
    again.body["fact"]["paid"]["createdAt"] = json!("2026-09-21T01:00:00.000Z");
    for amount in ["10000", "10001"] {
        again.body["fact"]["paid"]["parts"]["goods"] = json!(amount);
        assert_eq!(trade.world.take("douyin", &again).unwrap_err().code, Code::LineExists, "{amount}");
    }
    let other = trade.paid_deed("three", 100, 1, &[]);
    assert_eq!(trade.world.take("adu", &other).unwrap_err().code, Code::FeedKey);
}

#[test]
fn payouts() {
    let (mut trade, _) = trade();
    // 12.60 are payable; the other 12.60 are disputed.
    trade.refuses("corenest", Action::PayoutInstruct, pay("A", "1261"), Code::PayoutExceeds);
    trade.refuses("corenest", Action::PayoutInstruct, pay("A", "2520"), Code::PayoutExceeds);
    trade.take("corenest", Action::PayoutInstruct, pay("A", "1260")).unwrap();
    trade.refuses("corenest", Action::PayoutInstruct, pay("B", "1260"), Code::PayoutExceeds);
    let twice = json!({"batch": "C", "payouts": [pay("C", "630")["payouts"][0], pay("C", "630")["payouts"][0]]});
    let refusal = trade.take("corenest", Action::PayoutInstruct, twice).unwrap_err();
    assert_eq!(refusal.code, Code::PayoutExceeds, "{refusal}");
}

#[test]
fn rates_weights_and_amounts() {
    let refused = |field: &str, value: Value| {
        let mut sheet = sheet("C1");
        sheet[field] = value;
        let text = hefu_keys::canonical::to_string(&json!({"terms": sheet})).unwrap();
        crate::agreements::Act::read(Action::AgreementSign, &text).unwrap_err()
    };
    let component = |ppm: &str| json!([{"id": "c", "kind": "per_line", "ppm": ppm}]);
    let fixed = |amount: &str| json!([{"id": "c", "kind": "fixed", "amount": amount, "due": "sign"}]);
    let beyond_i128 = "1".repeat(40);
    for (field, value, pointer) in [
        ("components", component("1000001"), "/components/0/ppm"),
        ("components", fixed("100000000000000001"), "/components/0/amount"),
        ("components", fixed(&beyond_i128), "/components/0/amount"),
        ("split", json!([["adu", "0"], ["mcn", "0"]]), "/split"),
        ("split", json!([["adu", "1000000000001"]]), "/split"),
        ("risk_weights", json!([["corenest", "0"]]), "/risk_weights"),
    ] {
        let refusal = refused(field, value.clone());
        assert_eq!((refusal.code, refusal.pointer), (Code::TermsForm, format!("/body/terms{pointer}")), "{value}");
    }
    let (mut trade, _) = trade();
    for amount in ["100000000000000001", "170141183460469231731687303715884105727"] {
        let mut deed = trade.paid_deed("big", 1, 1, &[("C1", 1_000_000)]);
        deed.body["fact"]["paid"]["parts"]["goods"] = json!(amount);
        let refusal = trade.world.take("douyin", &deed).unwrap_err();
        assert_eq!(refusal.code, Code::AmountRange, "{refusal}");
        assert!(refusal.pointer.starts_with("/body/fact/paid/parts"), "{refusal}");
    }
    // The largest amounts that may be said are reckoned with exactly.
    let deed = trade.paid_deed("limit", 100_000_000_000_000_000, 1, &[("C1", 1_000_000)]);
    trade.world.take("douyin", &deed).unwrap();
    assert_eq!((trade.holds("C1", "adu", "accrued"), trade.total("C1")), (12_600_000_000_000_000, 0));
}

#[test]
fn amendments() {
    let (mut trade, terms) = trade();
    let change =
        |ppm: &str| json!({"components": [{"id": "comm", "kind": "per_line", "ppm": ppm, "fee_ppm": "100000"}]});
    let soon = "2026-10-08T00:00:00+08:00";
    let higher = amended(&sheet("C1"), terms, soon, &change("300000"));
    for signers in [&[][..], &["adu"], &["mcn"]] {
        let mut deed = Trade::deed(Action::AgreementSign, json!({"terms": higher}));
        for signer in signers {
            deed = deed.with(signer);
        }
        trade.world.refuses("corenest", &deed, Code::AgreementUnsigned, Some(terms));
    }
    let refusal = trade.sign(&amended(&sheet("C1"), terms, soon, &change("199999"))).unwrap_err();
    assert_eq!((refusal.code, refusal.conflict), (Code::AgreementNotice, Some(terms)));
    let late = amended(&sheet("C1"), terms, "2026-11-20T00:00:00+08:00", &change("199999"));
    trade.sign(&late).unwrap();
}
