//! What single events do, beyond the logs that were computed elsewhere.

use serde_json::{Value, json};

use super::{all, balance, balances, book, line, paid, refund, sheet, submit};
use crate::settlement::{Book, Bucket};

const DAY: i128 = 86_400_000;

fn at(id: &str, kind: &str, day: i128) -> Value {
    json!({"id": id, "type": kind, "at": (day * DAY).to_string()})
}

fn received(id: &str, line: &str, day: i128) -> Value {
    json!({"id": id, "type": "received", "line": line, "at": (day * DAY).to_string()})
}

fn about(id: &str, kind: &str, what: &str, name: &str) -> Value {
    json!({"id": id, "type": kind, what: name})
}

/// A line of 1,000 that earned 100, released on day 16.
fn released(more: &Value) -> Book {
    let mut book = book(more);
    all(&mut book, &[paid("p", "L", 1_000), received("r", "L", 1), at("t", "tick", 16)]);
    book
}

#[test]
fn an_open_aftersale_case_keeps_a_line_from_release() {
    let mut book = book(&json!({}));
    all(&mut book, &[paid("p", "L", 1_000), received("r", "L", 1), about("o", "aftersale_open", "line", "L")]);
    assert_eq!(submit(&mut book, &about("o2", "aftersale_open", "line", "L")), "aftersale_open");
    all(&mut book, &[at("t", "tick", 20)]);
    assert_eq!(balance(&book, "kol", Bucket::Held), 100);
    all(&mut book, &[about("c", "aftersale_closed", "line", "L"), at("t2", "tick", 20)]);
    assert_eq!(balance(&book, "kol", Bucket::Payable), 100);
    assert_eq!(submit(&mut book, &about("c2", "aftersale_closed", "line", "L")), "aftersale_none");

    let mut lax = super::book(&json!({"release_blocked_by_aftersale": false}));
    all(&mut lax, &[paid("p", "L", 1_000), about("o", "aftersale_open", "line", "L"), received("r", "L", 1)]);
    all(&mut lax, &[at("t", "tick", 20)]);
    assert_eq!(balance(&lax, "kol", Bucket::Payable), 100);
}

#[test]
fn a_disputed_unit_stands_aside_wherever_it_was() {
    let mut book = released(&json!({"min_payout": "1"}));
    all(&mut book, &[paid("p2", "M", 5_000), about("d", "dispute_open", "unit", "line:L:comm")]);
    assert_eq!(balances(&book), "brand:obligation=-600 kol:accrued=500 kol:disputed=100");
    assert_eq!(submit(&mut book, &json!({"id": "b", "type": "payout", "party": "kol", "batch": "B"})), "payout_below");
    all(&mut book, &[refund("f", "L", 400), about("c", "dispute_close", "unit", "line:L:comm")]);
    assert_eq!(balances(&book), "brand:obligation=-560 kol:accrued=500 kol:payable=60");
}

#[test]
fn a_paid_unit_gets_a_claim_without_a_move() {
    let mut book = released(&json!({}));
    all(&mut book, &[json!({"id": "b", "type": "payout", "party": "kol", "batch": "B"})]);
    all(&mut book, &[about("d", "dispute_open", "unit", "line:L:comm")]);
    assert_eq!(balances(&book), "brand:obligation=-100 kol:in_payout=100");
    assert_eq!(submit(&mut book, &about("d2", "dispute_open", "unit", "line:L:comm")), "unit_disputed");
    // The payout fails: what it took is payable again, and a new dispute holds it back.
    all(&mut book, &[about("c", "dispute_close", "unit", "line:L:comm")]);
    all(&mut book, &[json!({"id": "n", "type": "payout_result", "batch": "B", "ok": false})]);
    all(&mut book, &[about("d3", "dispute_open", "unit", "line:L:comm")]);
    assert_eq!(balances(&book), "brand:obligation=-100 kol:disputed=100");
}

#[test]
fn unknown_units_and_lines_are_refused_and_colons_are_names() {
    let mut book = book(&json!({}));
    all(&mut book, &[paid("p", "taobao:O1:1", 1_000), about("d", "dispute_open", "unit", "line:taobao:O1:1:comm")]);
    for unit in ["line:L:comm", "line:taobao:O1:1:tier", "comp:comm", "cap", "", "line:"] {
        assert_eq!(submit(&mut book, &about("x", "dispute_open", "unit", unit)), "unit_unknown", "{unit}");
    }
    for (id, kind) in [("s", "shipped"), ("a", "aftersale_open")] {
        assert_eq!(submit(&mut book, &about(id, kind, "line", "L")), "line_unknown");
    }
    assert_eq!(submit(&mut book, &refund("f", "L", 1)), "line_unknown");
}

#[test]
fn a_line_goes_forward_only() {
    let mut book = book(&json!({}));
    all(&mut book, &[paid("p", "L", 1_000), about("s", "shipped", "line", "L")]);
    assert_eq!(submit(&mut book, &about("s2", "shipped", "line", "L")), "line_shipped");
    all(&mut book, &[received("r", "L", 1)]);
    assert_eq!(submit(&mut book, &received("r2", "L", 2)), "line_received");
    assert_eq!(submit(&mut book, &about("s3", "shipped", "line", "L")), "line_shipped");
    assert_eq!(submit(&mut book, &paid("p2", "L", 1_000)), "line_exists");
    assert_eq!(submit(&mut book, &paid("p", "M", 1_000)), "conflict");
}

#[test]
fn a_refund_is_limited_part_by_part() {
    let mut book = book(&json!({"base": {"goods": "1", "merchant_discount": "-1", "shipping": "0"}}));
    fn parts(id: &str, kind: &str, parts: &Value, units: &str) -> Value {
        json!({"id": id, "type": kind, "line": "L", "parts": parts, "units": units})
    }
    all(
        &mut book,
        &[parts("p", "paid", &json!({"goods": "10000", "merchant_discount": "1000", "shipping": "500"}), "2")],
    );
    assert_eq!(balance(&book, "kol", Bucket::Accrued), 900);
    for (more, units) in [
        (json!({"goods": "10001"}), "0"),
        (json!({"shipping": "501"}), "0"),
        (json!({"tax": "1"}), "0"),
        (json!({"goods": "10000"}), "0"),
        (json!({"goods": "1"}), "3"),
    ] {
        assert_eq!(submit(&mut book, &parts("f", "refund", &more, units)), "refund_exceeds", "{more} {units}");
    }
    assert_eq!(submit(&mut book, &refund("f", "L", 1)), "refund_exceeds");
    all(
        &mut book,
        &[parts("f", "refund", &json!({"goods": "5000", "merchant_discount": "500", "shipping": "500"}), "1")],
    );
    assert_eq!(balance(&book, "kol", Bucket::Accrued), 450);
    assert_eq!(submit(&mut book, &parts("g", "refund", &json!({"goods": "-1"}), "0")), "base_negative");
    assert_eq!(submit(&mut book, &parts("g", "refund", &json!({"goods": "1"}), "-1")), "units_range");
}

#[test]
fn orders_count_once_however_many_lines_they_have() {
    let bonus = json!({"id": "bonus", "kind": "threshold", "metric": "orders", "at_least": "2", "amount": "7"});
    let mut book = book(&json!({"components": [bonus]}));
    fn of_order(line: &str, order: &str) -> Value {
        json!({"id": line, "type": "paid", "line": line, "order": order, "base": "5", "units": "1"})
    }
    all(&mut book, &[of_order("1", "A"), of_order("2", "A")]);
    assert_eq!(balances(&book), "");
    all(&mut book, &[of_order("3", "B")]);
    assert_eq!(balance(&book, "kol", Bucket::Accrued), 7);
    all(&mut book, &[refund("f", "1", 5)]);
    assert_eq!(balance(&book, "kol", Bucket::Accrued), 7);
    all(&mut book, &[refund("g", "2", 5)]);
    assert_eq!(balances(&book), "");
}

#[test]
fn what_cannot_be_clawed_back_is_written_off_where_the_terms_say() {
    let terms = json!({"clawback_limit": "60", "risk_weights": [["brand", "2"], ["platform", "1"]]});
    let mut book = released(&terms);
    all(
        &mut book,
        &[
            json!({"id": "b", "type": "payout", "party": "kol", "batch": "B"}),
            json!({"id": "y", "type": "payout_result", "batch": "B", "ok": true}),
            refund("f", "L", 500),
        ],
    );
    assert_eq!(balances(&book), "brand:obligation=-50 kol:payable=-50 kol:settled=100");
    all(&mut book, &[refund("g", "L", 500)]);
    assert_eq!(balances(&book), "brand:writeoff=-27 kol:payable=-60 kol:settled=100 platform:writeoff=-13");
    // Without weights the obligor bears it; the next earnings make up for the debt first.
    let mut book = released(&json!({"clawback_limit": "0"}));
    all(&mut book, &[json!({"id": "b", "type": "payout", "party": "kol", "batch": "B"}), refund("g", "L", 1_000)]);
    assert_eq!(balances(&book), "brand:writeoff=-100 kol:in_payout=100");
}

#[test]
fn a_payout_takes_no_more_than_is_payable_and_once() {
    let mut book = released(&json!({"min_payout": "30"}));
    fn pay(id: &str, batch: &str, amount: &str, tax: &str) -> Value {
        json!({"id": id, "type": "payout", "party": "kol", "batch": batch, "amount": amount, "tax_withheld": tax})
    }
    for (amount, tax, expected) in [
        ("101", "0", "payout_exceeds"),
        ("29", "0", "payout_below"),
        ("-50", "0", "payout_below"),
        ("50", "51", "tax_exceeds"),
    ] {
        assert_eq!(submit(&mut book, &pay("x", "X", amount, tax)), expected);
    }
    all(&mut book, &[pay("a", "A", "60", "9"), pay("b", "B", "40", "0")]);
    assert_eq!(submit(&mut book, &pay("c", "A", "30", "0")), "batch_exists");
    assert_eq!(submit(&mut book, &pay("c", "C", "30", "0")), "payout_exceeds");
    let result = |id: &str, batch: &str, ok: bool| json!({"id": id, "type": "payout_result", "batch": batch, "ok": ok});
    all(&mut book, &[result("ra", "A", true), result("rb", "B", false)]);
    assert_eq!(submit(&mut book, &result("rc", "A", true)), "batch_unknown");
    assert_eq!(balances(&book), "brand:obligation=-100 kol:payable=40 kol:settled=51 kol:withheld_tax=9");
    let stranger = json!({"id": "s", "type": "payout", "party": "brand", "batch": "S"});
    assert_eq!(submit(&mut book, &stranger), "party_unknown");
}

#[test]
fn guarantee_and_base_fee_follow_what_was_sold() {
    let slot = json!({"id": "slot", "kind": "fixed", "amount": "1000", "due": "sign",
        "refund_below": {"target": "30", "metric": "net_units"}});
    let comm = json!({"id": "comm", "kind": "per_line", "ppm": "100000"});
    let mut book = book(&json!({"components": [comm, slot], "guarantee": {"amount": "250", "due": "sign"}}));
    all(&mut book, &[paid("p", "L", 1_000)]);
    assert_eq!(balance(&book, "kol", Bucket::Accrued), 100);
    all(&mut book, &[about("m", "milestone", "name", "sign")]);
    assert_eq!(balance(&book, "kol", Bucket::Accrued), 250 + 33);
    assert_eq!(submit(&mut book, &about("m2", "milestone", "name", "sign")), "milestone_reached");
    all(&mut book, &[json!({"id": "q", "type": "paid", "line": "M", "base": "2000", "units": "40"})]);
    assert_eq!(balance(&book, "kol", Bucket::Accrued), 300 + 1_000);
}

#[test]
fn every_month_has_its_own_tier_and_closes_in_its_own_time() {
    let tier = json!({"id": "tier", "kind": "tiered", "mode": "slab", "metric": "net_base",
        "steps": [["0", "0"], ["1000", "100000"]]});
    let mut book = book(&json!({"components": [tier], "period": "month", "tz_offset_min": "480", "hold_days": "0"}));
    let paid_on = |line: &str, day: i128| {
        json!({"id": line, "type": "paid", "line": line, "base": "600", "units": "1",
        "at": (day * DAY).to_string()})
    };
    assert_eq!(submit(&mut book, &paid("p", "L", 600)), "time_missing");
    all(&mut book, &[paid_on("a", 1), paid_on("b", 40)]);
    assert_eq!(balances(&book), "");
    all(&mut book, &[paid_on("c", 2), at("close", "period_close", 31), at("tick", "tick", 31)]);
    assert_eq!(balances(&book), "brand:obligation=-120 kol:payable=120");
    all(&mut book, &[paid_on("d", 41), at("again", "period_close", 32)]);
    assert_eq!(balances(&book), "brand:obligation=-240 kol:accrued=120 kol:payable=120");
    all(&mut book, &[about("o", "dispute_open", "unit", "comp:tier@1970-02")]);
    assert_eq!(balance(&book, "kol", Bucket::Disputed), 120);
}

#[test]
fn a_campaign_counts_what_was_paid_within_it() {
    let period = json!({"from": "1970-01-02T00:00:00Z", "to": "1970-01-05T00:00:00Z"});
    let mut book = book(&json!({"period": period}));
    let paid_on = |line: &str, day: i128| {
        json!({"id": line, "type": "paid", "line": line, "base": "600", "units": "1",
        "at": (day * DAY).to_string()})
    };
    for (line, day, expected) in
        [("a", 0, "period_outside"), ("b", 1, "ok"), ("c", 3, "ok"), ("d", 4, "period_outside")]
    {
        assert_eq!(submit(&mut book, &paid_on(line, day)), expected);
    }
    assert_eq!(submit(&mut book, &at("x", "period_close", 3)), "period_running");
    all(&mut book, &[at("y", "period_close", 4)]);
}

/// A contract that is amended on day 10: 20 % instead of 10 %, and a bonus.
fn amended(carries: bool) -> Book {
    let components = |ppm: &str| {
        json!([
            {"id": "comm", "kind": "per_line", "ppm": ppm},
            {"id": "tier", "kind": "tiered", "mode": "marginal", "metric": "net_base",
             "steps": [["0", "0"], ["1000", "100000"]]},
            {"id": "bonus", "kind": "threshold", "metric": "net_units", "at_least": "2", "amount": "50"},
        ])
    };
    let mut second = sheet(&json!({"components": components("200000"), "version": "2", "carry_metrics": carries}));
    second["effective_from"] = json!("1970-01-11T00:00:00Z");
    let mut book = book(&json!({"components": components("100000")}));
    let paid_on = |line: &str, day: i128| {
        json!({"id": line, "type": "paid", "line": line, "base": "800", "units": "1",
        "at": (day * DAY).to_string()})
    };
    let amend =
        |signers: Value| json!({"id": "amend", "type": "amend", "terms": second, "signers": signers, "at": "0"});
    all(
        &mut book,
        &[paid_on("a", 1), amend(json!(["brand", "kol"])), paid_on("b", 9), paid_on("c", 10), paid_on("d", 11)],
    );
    assert_eq!(submit(&mut book, &paid("e", "E", 800)), "time_missing");
    book
}

#[test]
fn a_line_stays_under_the_version_of_its_paid_time() {
    let mut book = amended(false);
    // Per line 80+80+160+160, tier (1600−1000)·10 % twice, bonus twice.
    assert_eq!(balance(&book, "kol", Bucket::Accrued), 480 + 120 + 100);
    assert_eq!(book.lines.get(&line("b")).unwrap().segment.version, 1);
    all(&mut book, &[refund("f", "b", 800)]);
    assert_eq!(balance(&book, "kol", Bucket::Accrued), 400 + 60 + 100);
}

#[test]
fn carried_metrics_continue_and_are_paid_once() {
    let mut book = amended(true);
    // The tier of the second version begins where 1,600 of the first ended; the bonus was earned before.
    assert_eq!(balance(&book, "kol", Bucket::Accrued), 480 + 60 + 160 + 50);
    all(&mut book, &[refund("f", "b", 800)]);
    // Everything moves down by 800: first tier 0, second (2400−1000)·10 %; units under the first fall to 2 of 3.
    assert_eq!(balance(&book, "kol", Bucket::Accrued), 400 + 140 + 50);
}

#[test]
fn another_currency_is_another_contract() {
    let mut book = book(&json!({"currency": "JPY"}));
    fn of(currency: &str) -> Value {
        json!({"id": "p", "type": "paid", "line": "L", "base": "600", "units": "1", "currency": currency})
    }
    assert_eq!((submit(&mut book, &of("CNY")), submit(&mut book, &of("JPY"))), ("currency_other", "ok"));
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut book = book(&json!({}));
    let before = book.clone();
    for base in ["100000000000000001", "170141183460469231731687303715884105727", &"9".repeat(60)] {
        let huge = json!({"id": "p", "type": "paid", "line": "L", "base": base, "units": "1"});
        assert_eq!(submit(&mut book, &huge), "amount_range");
    }
    let many = json!({"id": "p", "type": "paid", "line": "L", "base": "1", "units": "1000000000001"});
    assert_eq!(submit(&mut book, &many), "units_range");
    assert_eq!(book, before);
}
