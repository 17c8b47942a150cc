//! Order lines: reported once, attributed, shipped with codes, refunded.

use super::*;
use crate::tests::{event, sorted};

const YUELING: &str = "9528880300016";

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

/// A trade in which four refills were made at Yueling, and their codes.
fn stocked() -> (Trade, Vec<String>) {
    let (mut world, refills, _) = World::with_codes();
    world.take("yueling", &refills.commission(0, 4, YUELING, "2026-09-21T10:00:00.000+08:00")).unwrap();
    let mut trade = Trade::over(world);
    trade.sign(&sheet("C1")).unwrap();
    (trade, (0..4).map(|index| refills.epc(index)).collect())
}

/// Somebody who has things sees them in this state.
fn see(trade: &mut Trade, disposition: &str, at: &str, codes: &[&String]) {
    let things: Vec<String> = codes.iter().map(|code| (*code).clone()).collect();
    let mut deed = event("ObjectEvent", "OBSERVE", "inspecting", YUELING, at, &things);
    deed.body["event"]["disposition"] = json!(disposition);
    deed.body["cbv"] = json!(Hash::of(format!("{disposition}{at}{things:?}").as_bytes()));
    trade.world.take("yueling", &deed).unwrap();
}

fn ship(trade: &Trade, order: &str, codes: &[&String]) -> Deed {
    let mut deed = trade.fact("shipped", order, &json!({}));
    deed.lists.insert(CODES.to_owned(), sorted(codes.iter().map(|code| (*code).clone())));
    deed
}

fn back(trade: &Trade, order: &str, units: u32, codes: &[&String]) -> Deed {
    let mut deed = trade.fact("refunded", order, &json!({"parts": {"goods": "100"}, "units": units.to_string()}));
    if !codes.is_empty() {
        deed.lists.insert(CODES.to_owned(), sorted(codes.iter().map(|code| (*code).clone())));
    }
    deed
}

#[test]
fn item_codes_leave_once_and_come_back_with_their_line() {
    let (mut trade, codes) = stocked();
    let [a, b, c, d] = [0, 1, 2, 3].map(|place| &codes[place]);
    let deed = trade.paid_deed("one", 1_000, 2, &[("C1", 1_000_000)]);
    let one = trade.world.take("douyin", &deed).unwrap();
    trade.paid("two", 500, &[]).unwrap();
    let odd = ship(&trade, "one", &[a, b, c]);
    trade.world.refuses("douyin", &odd, Code::LineCodes, None);
    let even = ship(&trade, "one", &[a, b, c, d]);
    let shipped = trade.world.take("douyin", &even).unwrap();
    trade.world.refuses("douyin", &even, Code::LineShipped, Some(one));
    let twice = ship(&trade, "two", &[d]);
    trade.world.refuses("douyin", &twice, Code::CodeSold, Some(shipped));
    let unknown = format!("https://id.gs1.org/01/{REFILL}/21/Z");
    for codes in [&[][..], &[a], &[a, &unknown]] {
        let deed = back(&trade, "one", 1, codes);
        let refusal = trade.world.take("douyin", &deed).unwrap_err();
        let is_first = codes.len() == 2;
        assert_eq!(refusal.code, if is_first { Code::CodeNotReturned } else { Code::LineCodes }, "{refusal}");
    }
    let deed = back(&trade, "one", 1, &[c, d]);
    trade.world.refuses("douyin", &deed, Code::CodeNotReturned, Some(shipped));
    see(&mut trade, "returned", "2026-09-21T11:00:00.000+08:00", &[c, d]);
    let strange = back(&trade, "one", 1, &[d, &unknown]);
    trade.world.refuses("douyin", &strange, Code::LineCodes, Some(one));
    let returned = trade.world.take("douyin", &deed).unwrap();
    trade.world.refuses("douyin", &deed, Code::LineCodes, Some(one));
    let key = crate::row::key_of_sold(&crate::gs1::Epc::parse(d).unwrap());
    let Data::Sold(sold) = &trade.world.rows[&key].data else { panic!("not sold") };
    assert_eq!(sold.returned, Some(returned));

    let again = ship(&trade, "two", &[d]);
    trade.world.refuses("douyin", &again, Code::CodeReturned, Some(returned));
    see(&mut trade, "sellable_accessible", "2026-09-21T12:00:00.000+08:00", &[d]);
    trade.world.take("douyin", &again).unwrap();
}

#[test]
fn what_never_came_back_is_refunded_with_a_reason_and_not_sold_again() {
    let (mut trade, codes) = stocked();
    let one = trade.paid("one", 1_000, &[("C1", 1_000_000)]).unwrap();
    trade.paid("two", 500, &[]).unwrap();
    let out = ship(&trade, "one", &[&codes[0]]);
    let shipped = trade.world.take("douyin", &out).unwrap();
    let mut kept = back(&trade, "one", 1, &[&codes[0]]);
    trade.world.refuses("douyin", &kept, Code::CodeNotReturned, Some(shipped));
    kept.body["fact"]["refunded"]["refundOnly"] = json!("damaged");
    trade.world.take("douyin", &kept).unwrap();
    trade.world.refuses("douyin", &kept, Code::RefundExceeds, Some(one));
    let again = ship(&trade, "two", &[&codes[0]]);
    trade.world.refuses("douyin", &again, Code::CodeSold, Some(shipped));
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
