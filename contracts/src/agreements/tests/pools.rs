//! Pools on the ledger: who signs what, what everybody gets, and that a bundle proves it.

use super::*;
use crate::{
    agreements::bundle::{Bundle, Extent, Which, build},
    tests::kept::Kept,
};

/// Brand and creator put 300.00 in; the agency gets a fifth of what is left when they have it back.
pub(super) fn sheet() -> Value {
    json!({
        "contract_id": "P1", "version": "1", "currency": "CNY", "effective_from": "2026-09-01T00:00:00+08:00",
        "required_signers": ["corenest", "adu", "mcn"], "obligor": "corenest", "feeds": [FEED],
        "scope": {"products": [REFILL], "contents": "any"}, "base": {"goods": "1"}, "hold_days": "15",
        "dispute_days": "30", "min_payout": "100", "clawback_limit": "5000000",
        "period": {"from": "2026-09-01T00:00:00+08:00", "to": "2026-10-01T00:00:00+08:00"},
        "pool": {
            "tiers": [
                {"kind": "return_capital", "contributions": [["corenest", "20000"], ["adu", "10000"]]},
                {"kind": "split", "to": [["corenest", "5"], ["adu", "3"], ["mcn", "2"]]},
                {"kind": "loss", "to": [["corenest", "2"], ["adu", "1"]]},
            ],
            "borne_by": {"fixed": ["corenest", "adu"], "variable": ["corenest"]},
        },
    })
}

pub(super) fn cost(trade: &Trade, item: &str, category: &str, amount: &str) -> Deed {
    let cost = json!({"amount": amount, "category": category, "contract": "P1", "item": item});
    Trade::deed(Action::FactReport, json!({"at": trade.world.time, "fact": {"cost": cost}}))
}

fn pooled() -> Trade {
    let mut trade = Trade::new();
    trade.sign(&sheet()).unwrap();
    trade
}

fn accrued(trade: &Trade) -> [i128; 3] {
    ["corenest", "adu", "mcn"].map(|party| trade.holds("P1", party, "accrued"))
}

#[test]
fn sales_less_costs_run_down_the_waterfall_and_are_paid_out() {
    let mut trade = pooled();
    let press = cost(&trade, "press", "fixed", "6000").with("adu");
    trade.world.take("corenest", &press).unwrap();
    assert_eq!(accrued(&trade), [-4_000, -2_000, 0]);
    trade.paid("one", 50_000, &[("P1", 1_000_000)]).unwrap();
    // 440.00: the capital, and 140.00 by 5, 3, 2.
    assert_eq!(accrued(&trade), [27_000, 14_200, 2_800]);
    trade.refunded("one", 10_000, 0).unwrap();
    assert_eq!(accrued(&trade), [22_000, 11_200, 800]);
    earnings::check(&trade, "P1", "adu");
    let [told] = earnings::earnings(&trade, "P1", "adu").try_into().unwrap();
    assert_eq!(told.formula, "400.00 − 60.00 = 340.00; return_capital 100.00 + split 12.00 = 112.00");
    assert_eq!((told.component.as_str(), told.unit.as_str()), ("pool", "pool:adu"));

    trade.wait(20);
    trade.take("adu", Action::PeriodClose, json!({"contract": "P1"})).unwrap();
    trade.take("adu", Action::DisputeOpen, json!({"contract": "P1", "reason": "amount", "unit": "pool:mcn"})).unwrap();
    trade.wait(16);
    trade.release("P1", &["pool:adu", "pool:corenest"].map(str::to_owned)).unwrap();
    assert_eq!((trade.holds("P1", "adu", "payable"), trade.holds("P1", "mcn", "disputed")), (11_200, 800));
    let payouts = json!([{"amount": "11200", "contract": "P1", "party": "adu"}]);
    trade.take("corenest", Action::PayoutInstruct, json!({"batch": "B", "payouts": payouts})).unwrap();
    let receipt = json!({"batch": "B", "contract": "P1", "paid": true, "party": "adu", "provider": "bank"});
    trade.world.take("corenest", &Trade::deed(Action::PayoutReceipt, receipt).with("adu")).unwrap();
    // A late refund claws back what was paid; a late cost of the campaign too.
    trade.refunded("one", 10_000, 0).unwrap();
    assert_eq!((trade.holds("P1", "adu", "payable"), trade.holds("P1", "mcn", "disputed")), (-3_200, 0));
    assert_eq!(trade.total("P1"), 0);
    earnings::check(&trade, "P1", "adu");

    trade.take("adu", Action::StatementIssue, json!({"contract": "P1"})).unwrap();
    let kept = Kept::new(trade.world);
    for party in ["adu", "mcn", "corenest"] {
        for extent in [Extent::Plain, Extent::Full] {
            let which = Which { contract: "P1", party, number: 1 };
            let bundle = build(&kept, &kept.tree, which, extent).unwrap().unwrap();
            let read = Bundle::read(bundle.text().unwrap().as_bytes()).unwrap();
            read.check(&kept.chain()).unwrap();
        }
    }
}

#[test]
fn a_full_bundle_shows_who_signed_a_cost_and_an_adjustment() {
    let mut trade = pooled();
    let press = cost(&trade, "press", "fixed", "6000").with("adu");
    let record = trade.world.take("corenest", &press).unwrap();
    let body = json!({"amounts": {"adu": "100"}, "contract": "P1", "name": "thanks", "reason": "goodwill"});
    let adjustment =
        trade.world.take("mcn", &Trade::deed(Action::AgreementAdjust, body).with("corenest").with("adu")).unwrap();
    trade.take("adu", Action::StatementIssue, json!({"contract": "P1"})).unwrap();
    let kept = Kept::new(trade.world);
    let which = Which { contract: "P1", party: "mcn", number: 1 };
    let bundle = build(&kept, &kept.tree, which, Extent::Full).unwrap().unwrap();
    let records: Vec<_> = bundle.facts.as_ref().unwrap().records.iter().map(|proven| proven.record.get()).collect();
    assert_eq!(records.len(), 2);
    let good: Value = serde_json::from_str(&bundle.text().unwrap()).unwrap();
    let found = |bundle: &Value| {
        let text = hefu_keys::canonical::to_string(bundle).unwrap();
        Bundle::read(text.as_bytes()).unwrap().check(&kept.chain()).map(drop).map_err(|broken| broken.reason)
    };
    assert_eq!(found(&good), Ok(()));
    for place in [0, 1] {
        let mut without = good.clone();
        without["facts"]["records"].as_array_mut().unwrap().remove(place);
        assert!(found(&without).unwrap_err().contains("missing"), "record {place}");
        // A signer less is another record, whose id no entry names.
        let mut unsigned = good.clone();
        let proofs = unsigned["facts"]["records"][place]["record"]["proof"].as_array_mut().unwrap();
        proofs.pop();
        assert!(found(&unsigned).is_err(), "record {place}");
    }
    assert_ne!(record, adjustment);
}

#[test]
fn a_pool_binds_nobody_who_did_not_sign() {
    let mut trade = Trade::new();
    let mut loose = sheet();
    loose["required_signers"] = json!(["corenest", "mcn"]);
    assert_eq!(trade.sign(&loose).unwrap_err().code, Code::AgreementObliged, "who put money in must be asked");
    trade.sign(&sheet()).unwrap();
    let alone = cost(&trade, "press", "fixed", "6000");
    trade.world.refuses("corenest", &alone, Code::CostUnsigned, None);
    let strangers = cost(&trade, "press", "fixed", "6000").with("mcn");
    trade.world.refuses("corenest", &strangers, Code::CostUnsigned, None);
    let good = cost(&trade, "press", "fixed", "6000").with("adu");
    let record = trade.world.take("corenest", &good).unwrap();
    let again = cost(&trade, "press", "variable", "1");
    trade.world.refuses("corenest", &again, Code::CostExists, Some(record));
    let unborne = cost(&trade, "liaison", "coordination", "1");
    trade.world.refuses("corenest", &unborne, Code::CostUnborne, None);
    for (category, amount, code) in [
        ("variable", "0", Code::AmountZero),
        ("variable", "-6001", Code::CostNegative),
        ("variable", "100000000000000001", Code::AmountRange),
        ("rent", "1", Code::RecordShape),
    ] {
        let deed = cost(&trade, "other", category, amount);
        trade.world.refuses("corenest", &deed, code, None);
    }
    let mut by_feed = cost(&trade, "other", "variable", "1");
    by_feed.body["feed"] = json!(FEED);
    trade.world.refuses("douyin", &by_feed, Code::RecordShape, None);
    let mut late = cost(&trade, "other", "variable", "1");
    late.body["at"] = json!("2026-10-22T00:00:00.000Z");
    trade.world.refuses("corenest", &late, Code::FactFuture, None);
    let mut elsewhere = cost(&trade, "other", "variable", "1");
    elsewhere.body["fact"]["cost"]["contract"] = json!("C9");
    trade.world.refuses("corenest", &elsewhere, Code::AgreementUnknown, None);
}

#[test]
fn what_all_who_are_bound_agree_on_is_an_entry_of_its_own() {
    let mut trade = Trade::signed();
    trade.paid("one", 10_000, &[("C1", 1_000_000)]).unwrap();
    let body = json!({"about": unit("one"), "amounts": {"adu": "500", "mcn": "-200"}, "contract": "C1",
        "name": "october", "reason": "terms"});
    let deed = Trade::deed(Action::AgreementAdjust, body.clone());
    trade.world.refuses("corenest", &deed.clone().with("adu"), Code::AgreementUnsigned, None);
    let record = trade.world.take("corenest", &deed.clone().with("adu").with("mcn")).unwrap();
    trade.world.refuses("corenest", &deed.with("adu").with("mcn"), Code::AdjustmentExists, Some(record));
    assert_eq!((trade.holds("C1", "adu", "payable"), trade.holds("C1", "mcn", "payable")), (500, -200));
    assert_eq!((trade.holds("C1", "adu", "accrued"), trade.total("C1")), (1_260, 0), "the unit stays what it was");
    let told = earnings::earnings(&trade, "C1", "adu").pop().unwrap();
    assert_eq!((told.unit.as_str(), told.amount.get(), told.standing.state()), ("adjustment:october", 500, "payable"));
    earnings::check(&trade, "C1", "adu");
    for (amounts, code) in [
        (json!({"corenest": "1"}), Code::AgreementParty),
        (json!({"adu": "0"}), Code::AmountZero),
        (json!({}), Code::RecordShape),
        (json!({"adu": "100000000000000001"}), Code::AmountRange),
    ] {
        let mut other = body.clone();
        (other["name"], other["amounts"]) = (json!("other"), amounts);
        let deed = Trade::deed(Action::AgreementAdjust, other).with("adu").with("mcn");
        trade.world.refuses("corenest", &deed, code, None);
    }
}
