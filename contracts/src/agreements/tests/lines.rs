//! Order lines: reported once, attributed, shipped with codes, refunded.

use super::*;
use crate::agreements::SoldRow;

#[test]
fn a_line_earns_under_every_contract_that_shares_it() {
    let mut trade = Trade::signed();
    trade.sign(&sheet("C2")).unwrap();
    trade.paid("co-stream", 8_900, &[("C1", 600_000), ("C2", 400_000)]).unwrap();
    // 53.40 and 35.60, each 20 %, less a tenth of it as fee, shared 7 to 3.
    assert_eq!((trade.holds("C1", "adu", "accrued"), trade.holds("C1", "mcn", "accrued")), (673, 288));
    assert_eq!((trade.holds("C2", "adu", "accrued"), trade.holds("C2", "mcn", "accrued")), (449, 192));
    assert_eq!((trade.holds("C1", "douyin", "fee"), trade.holds("C1", "corenest", "obligation")), (107, -1_068));
    assert_eq!((trade.total("C1"), trade.total("C2")), (0, 0));
}

#[test]
fn refunds_in_any_number_end_at_nothing() {
    let mut trade = Trade::signed();
    let deed = trade.paid_deed("o", 9_999, 3, &[("C1", 333_333)]);
    trade.world.take("douyin", &deed).unwrap();
    for amount in [1, 3_332, 3_333] {
        trade.refunded("o", amount, 1).unwrap();
    }
    let refusal = trade.refunded("o", 1, 1).unwrap_err();
    assert_eq!(refusal.code, Code::RefundExceeds);
    trade.refunded("o", 3_333, 0).unwrap();
    for (party, bucket) in [("adu", "accrued"), ("mcn", "accrued"), ("douyin", "fee"), ("corenest", "obligation")] {
        assert_eq!(trade.holds("C1", party, bucket), 0, "{party}");
    }
    assert_eq!(trade.refunded("o", 1, 0).unwrap_err().code, Code::RefundExceeds);
}

#[test]
fn a_line_is_paid_once_whoever_reports_it() {
    let mut trade = Trade::signed();
    trade.take("douyin", Action::FeedPut, json!({"feed": "douyin:two", "key": key("douyin").address()})).unwrap();
    let record = trade.paid("o", 100, &[("C1", 1_000_000)]).unwrap();
    let mut other = trade.paid_deed("o", 200, 1, &[]);
    other.body["feed"] = json!("douyin:two");
    trade.world.refuses("douyin", &other, Code::LineExists, Some(record));
    let mut unknown = other.clone();
    unknown.body["feed"] = json!("douyin:three");
    trade.world.refuses("douyin", &unknown, Code::FeedUnknown, None);
}

#[test]
fn what_a_report_may_not_say_is_refused() {
    let mut trade = Trade::signed();
    let whole = [("C1", 1_000_000)];
    let good = trade.paid_deed("o", 100, 1, &whole);
    let mut edits: Vec<(Code, Deed)> = Vec::new();
    let mut edit = |code, path: &str, value: Value| {
        let mut deed = good.clone();
        *deed.body.pointer_mut(path).unwrap() = value;
        edits.push((code, deed));
    };
    edit(Code::FactFuture, "/at", json!("2026-09-22T00:00:00.000Z"));
    edit(Code::OrderMonth, "/fact/paid/createdAt", json!("2026-08-31T23:59:59.999Z"));
    edit(Code::RecordShape, "/fact/paid/order", json!("2026-09/ABC"));
    edit(Code::RecordShape, "/fact/paid/line", json!("a line"));
    edit(Code::UnitsRange, "/fact/paid/units", json!("0"));
    edit(Code::BaseNegative, "/fact/paid/parts/goods", json!("-1"));
    edit(Code::AmountRange, "/fact/paid/parts/goods", json!("100000000000000001"));
    edit(Code::CurrencyOther, "/fact/paid/currency", json!("JPY"));
    edit(Code::CurrencyOther, "/fact/paid/currency", json!("ABC"));
    edit(Code::AgreementCover, "/fact/paid/product", json!("09528880010144"));
    edit(Code::FieldMissing, "/feed", Value::Null);
    for (code, mut deed) in edits {
        if deed.body["feed"].is_null() {
            deed.body.as_object_mut().unwrap().remove("feed");
        }
        trade.world.refuses("douyin", &deed, code, None);
    }
    let strange = trade.paid_deed("o", 100, 1, &[("C9", 1_000_000)]);
    trade.world.refuses("douyin", &strange, Code::AgreementUnknown, None);
    trade.world.take("douyin", &good).unwrap();
    assert_eq!(trade.refunded("other", 1, 0).unwrap_err().code, Code::LineUnknown);
    assert_eq!(trade.received("other").unwrap_err().code, Code::LineUnknown);
}

#[test]
fn item_codes_leave_once_and_come_back_with_their_line() {
    let mut trade = Trade::signed();
    let code = |serial: &str| format!("https://id.gs1.org/01/{REFILL}/21/{serial}");
    let ship = |trade: &Trade, order: &str, codes: &[&str]| {
        let mut deed = trade.fact("shipped", order, &json!({}));
        deed.lists.insert(CODES.to_owned(), codes.iter().map(|serial| code(serial)).collect());
        deed
    };
    let back = |trade: &Trade, order: &str, units: u32, codes: &[&str]| {
        let mut deed = trade.fact("refunded", order, &json!({"parts": {"goods": "100"}, "units": units.to_string()}));
        if !codes.is_empty() {
            deed.lists.insert(CODES.to_owned(), codes.iter().map(|serial| code(serial)).collect());
        }
        deed
    };
    let deed = trade.paid_deed("one", 1_000, 2, &[("C1", 1_000_000)]);
    let one = trade.world.take("douyin", &deed).unwrap();
    trade.paid("two", 500, &[]).unwrap();
    let odd = ship(&trade, "one", &["A", "B", "C"]);
    trade.world.refuses("douyin", &odd, Code::LineCodes, None);
    let even = ship(&trade, "one", &["A", "B", "C", "D"]);
    let shipped = trade.world.take("douyin", &even).unwrap();
    trade.world.refuses("douyin", &even, Code::LineShipped, Some(one));
    let twice = ship(&trade, "two", &["D"]);
    trade.world.refuses("douyin", &twice, Code::CodeSold, Some(shipped));
    for codes in [&[][..], &["A"], &["A", "Z"]] {
        let deed = back(&trade, "one", 1, codes);
        trade.world.refuses("douyin", &deed, Code::LineCodes, Some(one));
    }
    let deed = back(&trade, "one", 1, &["C", "D"]);
    let returned = trade.world.take("douyin", &deed).unwrap();
    let again = back(&trade, "one", 1, &["C", "D"]);
    trade.world.refuses("douyin", &again, Code::LineCodes, Some(one));
    let key = format!("sold/01/{REFILL}/21/D");
    let Data::Sold(SoldRow { returned: found, .. }) = &trade.world.rows[&key].data else { panic!("not sold") };
    assert_eq!(*found, Some(returned));
    let again = ship(&trade, "two", &["D"]);
    trade.world.take("douyin", &again).unwrap();
}

#[test]
fn a_line_goes_forward_only() {
    let mut trade = Trade::signed();
    let paid = trade.paid("o", 10_000, &[("C1", 1_000_000)]).unwrap();
    trade.paid("own", 10_000, &[]).unwrap();
    for order in ["o", "own"] {
        trade.received(order).unwrap();
        let deed = trade.fact("received", order, &json!({}));
        assert_eq!(trade.world.take("douyin", &deed).unwrap_err().code, Code::LineReceived);
        let open = trade.fact("aftersaleOpen", order, &json!({}));
        trade.world.take("douyin", &open).unwrap();
        assert_eq!(trade.world.take("douyin", &open).unwrap_err().code, Code::AftersaleOpen);
        let close = trade.fact("aftersaleClosed", order, &json!({}));
        trade.world.take("douyin", &close).unwrap();
        assert_eq!(trade.world.take("douyin", &close).unwrap_err().code, Code::AftersaleNone);
    }
    let shipped = trade.fact("shipped", "o", &json!({}));
    trade.world.refuses("douyin", &shipped, Code::LineShipped, Some(paid));
}

#[test]
fn every_event_stands_in_every_account_of_its_contract() {
    let mut trade = Trade::signed();
    trade.paid("o", 10_000, &[("C1", 1_000_000)]).unwrap();
    trade.received("o").unwrap();
    let open = trade.fact("aftersaleOpen", "o", &json!({}));
    trade.world.take("douyin", &open).unwrap();
    let mut events: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for party in ["adu", "corenest", "douyin", "mcn"] {
        let entries = (1..=3).map(|n| trade.world.entries[&(format!("account/C1/{party}"), n)].clone());
        for entry in entries {
            let entry: Value = serde_json::from_str(&entry).unwrap();
            assert_eq!((entry["role"].as_str(), entry["visibility"].as_str()), (Some("settle"), Some("parties")));
            events.entry(party).or_default().push(entry["data"][0]["event"].clone());
        }
    }
    assert!(events.values().all(|list| list == &events["adu"]));
    let types: Vec<_> = events["adu"].iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["paid", "received", "aftersale_open"]);
}
