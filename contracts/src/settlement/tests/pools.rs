//! Pools: a waterfall over everything that came in so far, up and down (§5).

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{all, balance, event, paid, refund, submit};
use crate::settlement::{Book, Bucket, Fault, Outcome, Terms};

/// A platform's fee first, then what brand and creator put in, then 5 to 3 to 2; losses as contributions.
fn sheet() -> Value {
    json!({
        "obligor": "brand", "pool": {
            "tiers": [
                {"kind": "amount", "to": [["platform", "1"]], "amount": "5000"},
                {"kind": "return_capital", "contributions": [["brand", "20000"], ["kol", "10000"]]},
                {"kind": "split", "to": [["brand", "5"], ["kol", "3"], ["factory", "2"]]},
                {"kind": "loss", "to": [["brand", "2"], ["kol", "1"]]},
            ],
            "borne_by": {"fixed": ["brand", "kol"], "variable": ["brand"]},
        },
    })
}

fn book() -> Book {
    Book::new(Terms::read(&sheet()).unwrap())
}

fn cost(id: &str, category: &str, amount: i128) -> Value {
    json!({"id": id, "type": "cost", "item": format!("item-{id}"), "category": category, "amount": amount.to_string()})
}

fn accrued(book: &Book) -> [i128; 4] {
    ["platform", "brand", "kol", "factory"].map(|party| balance(book, party, Bucket::Accrued))
}

#[test]
fn what_comes_in_climbs_the_tiers_and_refunds_take_it_back_from_the_last() {
    let mut book = book();
    all(&mut book, &[cost("press", "fixed", 3_000)]);
    assert_eq!(accrued(&book), [0, -2_000, -1_000, 0], "nothing was sold, and the cost is borne");
    all(&mut book, &[paid("one", "L1", 18_000)]);
    // 150.00: the fee, then 100.00 of the capital.
    assert_eq!(accrued(&book), [5_000, 6_667, 3_333, 0]);
    all(&mut book, &[paid("two", "L2", 40_000)]);
    // 550.00: fee and capital, and 200.00 by 5, 3, 2.
    assert_eq!(accrued(&book), [5_000, 20_000 + 10_000, 10_000 + 6_000, 4_000]);
    all(&mut book, &[refund("back", "L2", 30_000)]);
    assert_eq!(accrued(&book), [5_000, 13_333, 6_667, 0]);
    all(&mut book, &[cost("parcels", "variable", 500), cost("credit", "variable", -200)]);
    assert_eq!(accrued(&book), [5_000, 13_133, 6_567, 0]);
    assert_eq!(balance(&book, "brand", Bucket::Obligation), -24_700, "everything is owed by the obligor");
    all(
        &mut book,
        &[
            json!({"id": "close", "type": "period_close", "at": "1000"}),
            json!({"id": "tick", "type": "tick", "at": "2000"}),
        ],
    );
    assert_eq!(balance(&book, "kol", Bucket::Payable), 6_567);
    all(&mut book, &[refund("rest", "L2", 10_000), refund("all", "L1", 18_000)]);
    assert_eq!(balance(&book, "kol", Bucket::Payable), -1_100, "the costs are left, and she bears a third of them");
}

#[test]
fn costs_are_refused_where_nobody_bears_them_and_when_told_twice() {
    let mut book = book();
    all(&mut book, &[cost("press", "fixed", 3_000)]);
    assert_eq!(submit(&mut book, &cost("liaison", "coordination", 1)), "cost_unborne");
    assert_eq!(submit(&mut book, &cost("nothing", "fixed", 0)), "amount_zero");
    assert_eq!(submit(&mut book, &cost("much", "fixed", -3_001)), "cost_negative");
    assert_eq!(submit(&mut book, &cost("huge", "fixed", 100_000_000_000_000_001)), "amount_range");
    let mut twice = cost("again", "fixed", 1);
    twice["item"] = json!("item-press");
    assert_eq!(submit(&mut book, &twice), "cost_exists");
    let mut plain = super::book(&json!({}));
    assert_eq!(submit(&mut plain, &cost("press", "fixed", 1)), "cost_unborne");
}

#[test]
fn a_sheet_says_who_takes_what_is_left_and_who_bears_what_is_missing() {
    let faulty = |pointer: &str, edit: &dyn Fn(&mut Value)| {
        let mut sheet = sheet();
        edit(&mut sheet);
        let malformed = Terms::read(&sheet).unwrap_err();
        assert_eq!(malformed.pointer, pointer, "{malformed:?}");
        malformed.fault
    };
    let tiers = |sheet: &mut Value, keep: &[usize]| {
        let all = sheet["pool"]["tiers"].as_array().unwrap().clone();
        sheet["pool"]["tiers"] = keep.iter().map(|place| all[*place].clone()).collect();
    };
    assert!(matches!(faulty("/pool/tiers", &|sheet| tiers(sheet, &[0, 1, 3])), Fault::Value(_)));
    assert!(matches!(faulty("/pool/tiers", &|sheet| tiers(sheet, &[0, 1, 2])), Fault::Value(_)));
    assert_eq!(faulty("/pool/tiers", &|sheet| tiers(sheet, &[2, 0, 3])), Fault::Unsupported);
    for (field, value) in [
        ("split", json!([["kol", "1"]])),
        ("components", json!([])),
        ("cap", json!("1")),
        ("fee_to", json!("platform")),
        ("period", json!("month")),
        ("carry_metrics", json!(false)),
    ] {
        let fault = faulty(&format!("/{field}"), &|sheet| {
            sheet["tz_offset_min"] = json!("480");
            sheet[field] = value.clone();
        });
        assert_eq!(fault, Fault::Unsupported, "{field}");
    }
    assert_eq!(faulty("/pool/borne_by/fixed", &|sheet| sheet["pool"]["borne_by"]["fixed"] = json!([])), Fault::Count);
    assert_eq!(
        faulty("/pool/borne_by/rent", &|sheet| sheet["pool"]["borne_by"]["rent"] = json!(["kol"])),
        Fault::FieldUnknown
    );
}

#[test]
fn a_new_version_goes_on_where_the_one_before_stood() {
    let mut first = sheet();
    first["required_signers"] = json!(["brand", "kol"]);
    let mut book = Book::new(Terms::read(&first).unwrap());
    let at = |mut value: Value, at: &str| {
        value["at"] = json!(at);
        value
    };
    all(&mut book, &[at(paid("one", "L1", 55_000), "1000")]);
    let mut second = first.clone();
    second["version"] = json!("2");
    second["effective_from"] = json!("1970-01-01T00:01:40Z");
    second["pool"]["tiers"][2]["to"] = json!([["brand", "1"], ["kol", "1"], ["factory", "0"]]);
    let amend = json!({"id": "amend", "type": "amend", "at": "2000", "terms": second, "signers": ["brand", "kol"]});
    all(&mut book, &[amend, at(paid("two", "L2", 10_000), "100000")]);
    // 200.00 by 5, 3, 2; the next 100.00 by halves, and none of it to fee or capital again.
    assert_eq!(accrued(&book), [5_000, 20_000 + 10_000 + 5_000, 10_000 + 6_000 + 5_000, 4_000]);
    all(&mut book, &[refund("back", "L1", 10_000)]);
    // The first version distributed 100.00 less, and what came in later lies as much lower.
    assert_eq!(accrued(&book), [5_000, 20_000 + 5_000 + 5_000, 10_000 + 3_000 + 5_000, 2_000]);
}

/// One unit after the other to whoever is furthest behind her quota, the earlier one first: what largest remainders
/// come to, without any of their arithmetic.
fn dealt(total: i128, weights: &[i128]) -> Vec<i128> {
    let sum: i128 = weights.iter().sum();
    let mut got: Vec<i128> = weights.iter().map(|weight| total.abs() * weight / sum).collect();
    while got.iter().sum::<i128>() < total.abs() {
        let behind = |place: &usize| total.abs() * weights[*place] - got[*place] * sum;
        let next = (0..weights.len()).rev().max_by_key(behind).unwrap();
        got[next] += 1;
    }
    got.iter().map(|part| part * total.signum()).collect()
}

/// What the sheet's four takers have of everything that came in, written out by hand.
fn naive(distributable: i128) -> [i128; 4] {
    if distributable < 0 {
        let lost = dealt(distributable, &[2, 1]);
        return [0, lost[0], lost[1], 0];
    }
    let fee = distributable.min(5_000);
    let capital = (distributable - fee).min(30_000);
    let (back, rest) = (dealt(capital, &[20_000, 10_000]), dealt(distributable - fee - capital, &[5, 3, 2]));
    [fee, back[0] + rest[0], back[1] + rest[1], rest[2]]
}

/// Sales and refunds of six lines, and costs with what came back of them.
fn steps() -> impl Strategy<Value = Vec<(u8, u8, i128)>> {
    proptest::collection::vec((0..4_u8, 0..6_u8, 0..30_000_i128), 1..50)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(300), ..ProptestConfig::default() })]

    /// I1 and I4: whatever order things come in, everybody has what the waterfall gives of the whole.
    #[test]
    fn a_pool_has_given_what_a_naive_waterfall_gives_of_everything(steps in steps()) {
        let mut book = book();
        let (mut sold, mut costs) = (0, 0);
        for (number, (kind, line, amount)) in steps.iter().enumerate() {
            let id = format!("e{number}");
            let value = match kind {
                0 => paid(&id, &format!("L{line}"), *amount),
                1 => refund(&id, &format!("L{line}"), *amount),
                2 => cost(&id, "fixed", *amount),
                _ => cost(&id, "variable", -amount / 4),
            };
            let taken = book.submit(&event(&value)).0 == Outcome::Ok;
            if taken {
                match kind {
                    0 => sold += amount,
                    1 => sold -= amount,
                    2 => costs += amount,
                    _ => costs -= amount / 4,
                }
            }
            prop_assert_eq!(accrued(&book), naive(sold - costs), "after {:?}", value);
            prop_assert_eq!(balance(&book, "brand", Bucket::Obligation), costs - sold);
            prop_assert_eq!(book.balances.values().map(|amount| amount.get()).sum::<i128>(), 0);
        }
    }
}

#[test]
fn an_adjustment_belongs_to_its_receivers_at_once() {
    let mut book = super::book(&json!({"split": [["kol", "7"], ["mcn", "3"]], "clawback_limit": "500"}));
    let adjust =
        |id: &str, name: &str, amounts: Value| json!({"id": id, "type": "adjust", "name": name, "amounts": amounts});
    all(&mut book, &[adjust("a", "bonus", json!({"kol": "1200", "mcn": "-300"}))]);
    assert_eq!((balance(&book, "kol", Bucket::Payable), balance(&book, "mcn", Bucket::Payable)), (1_200, -300));
    assert_eq!(balance(&book, "brand", Bucket::Obligation), -900);
    for (name, amounts, word) in [
        ("bonus", json!({"kol": "1"}), "adjustment_exists"),
        ("other", json!({"brand": "1"}), "party_unknown"),
        ("other", json!({"kol": "0"}), "amount_zero"),
        ("other", json!({"kol": "100000000000000001"}), "amount_range"),
    ] {
        assert_eq!(submit(&mut book, &adjust("b", name, amounts)), word);
    }
    // What would push her below the agreed limit is written off like any other clawback.
    all(&mut book, &[adjust("c", "back", json!({"mcn": "-300"}))]);
    assert_eq!((balance(&book, "mcn", Bucket::Payable), balance(&book, "brand", Bucket::Writeoff)), (-500, -100));
    assert_eq!(book.balances.values().map(|amount| amount.get()).sum::<i128>(), 0);
}
