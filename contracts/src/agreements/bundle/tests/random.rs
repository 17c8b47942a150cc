//! The ledger reckons with the few rows at hand; a reader of the bundle with the whole book from the first day. Whatever
//! happens in whichever order, both come to the same.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Extent, Which, build};
use crate::{
    action::Action,
    agreements::tests::{Trade, earnings, sheet, unit, written::Written},
    tests::{Deed, kept::Kept},
};

/// A sheet with everything in it that depends on more than one line.
fn involved() -> Value {
    let mut sheet = sheet("C1");
    sheet["components"] = json!([
        {"id": "comm", "kind": "per_line", "ppm": "80000", "fee_ppm": "50000"},
        {"id": "tier", "kind": "tiered", "mode": "marginal", "metric": "net_base", "steps": [["0", "0"], ["15000", "30000"]]},
        {"id": "quality", "kind": "tiered", "mode": "slab", "metric": "refund_rate_ppm",
         "steps": [["0", "10000"], ["30001", "0"], ["80001", "-20000"]]},
        {"id": "many", "kind": "threshold", "metric": "orders", "at_least": "4", "amount": "5000"},
        {"id": "base", "kind": "fixed", "amount": "3000", "due": "delivered",
         "factor": {"milestone": "answered", "within_min": "60", "else_ppm": "900000"}},
    ]);
    sheet["cap"] = json!("9000");
    sheet["guarantee"] = json!({"amount": "4000", "due": "sign"});
    sheet["clawback_limit"] = json!("300");
    sheet
}

const ORDERS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn step(trade: &mut Trade, kind: u8, order: usize, amount: u16) -> Result<(), crate::refusal::Refusal> {
    let order = ORDERS[order];
    let contract = json!({"contract": "C1"});
    let milestone = |name: &str, now| json!({"at": now, "fact": {"milestone": {"afterMin": amount % 120, "contract": "C1", "name": name}}});
    let now = trade.world.time;
    let segment_units = ["comp:tier", "comp:quality", "comp:many", "comp:base", "cap", "guarantee"];
    let of_september = |name: &&str| format!("{name}@2026-09");
    let fact = |trade: &mut Trade, fact: &str| {
        let deed: Deed = trade.fact(fact, order, &json!({}));
        trade.world.take("douyin", &deed)
    };
    match kind {
        0..=5 => trade.paid(order, i128::from(amount) + 1, &[("C1", 500_000 + u32::from(amount) * 7)]),
        6..=8 => trade.received(order),
        9..=11 => trade.refunded(order, i128::from(amount) / 3, u32::from(amount.is_multiple_of(2))),
        12 => fact(trade, "aftersaleOpen"),
        13 => fact(trade, "aftersaleClosed"),
        14 => trade.take("corenest", Action::FactReport, milestone("delivered", now)),
        15 => trade.take("corenest", Action::FactReport, milestone("answered", now)),
        16 => trade.take("adu", Action::FactReport, milestone("sign", now)),
        17 => trade.take("adu", Action::PeriodClose, contract),
        18 | 19 => trade.release("C1", &[unit(order)]),
        20 => trade.release("C1", &segment_units.iter().map(of_september).collect::<Vec<_>>()),
        21 => {
            let body = json!({"contract": "C1", "reason": "amount", "unit": unit(order)});
            trade.take("adu", Action::DisputeOpen, body)
        }
        22 => {
            let body = json!({"contract": "C1", "outcome": "withdrawn", "unit": unit(order)});
            trade.take("adu", Action::DisputeClose, body)
        }
        23 => {
            let payable = trade.holds("C1", "adu", "payable").to_string();
            let payouts = json!([{"amount": payable, "contract": "C1", "party": "adu"}]);
            let batch = format!("B{}", trade.world.height);
            trade.take("corenest", Action::PayoutInstruct, json!({"batch": batch, "payouts": payouts}))
        }
        24 => {
            let name = format!("A{}", trade.world.height);
            let amounts = json!({"adu": (i32::from(amount) - 20_000).to_string(), "mcn": "1"});
            let body = json!({"amounts": amounts, "contract": "C1", "name": name, "reason": "correction"});
            let deed = Trade::deed(Action::AgreementAdjust, body).with("corenest").with("adu");
            trade.world.take("mcn", &deed)
        }
        25 => {
            trade.wait(i64::from(amount % 17));
            return Ok(());
        }
        _ => trade.take("mcn", Action::StatementIssue, json!({"contract": "C1", "period": "2026-09"})),
    }
    .map(drop)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rows_at_hand_are_enough(steps in prop::collection::vec((0u8..27, 0usize..6, any::<u16>()), 20..90)) {
        let mut trade = Trade::new();
        trade.sign(&involved()).unwrap();
        let mut taken = 0;
        for (kind, order, amount) in steps {
            // A refusal changes nothing, which the world itself checks.
            let written = Written::of(&trade);
            taken += u32::from(step(&mut trade, kind, order, amount).is_ok());
            written.stands(&trade);
            prop_assert_eq!(trade.total("C1"), 0);
            for party in ["adu", "mcn"] {
                earnings::check(&trade, "C1", party);
            }
        }
        prop_assume!(taken > 5);
        trade.wait(120);
        let last = json!({"contract": "C1", "period": "2026-12"});
        trade.take("adu", Action::StatementIssue, last).unwrap();
        let kept = Kept::new(trade.world);
        let number = kept.world.rows.keys().filter(|key| key.starts_with("statement/C1/adu/")).count();
        for party in ["adu", "mcn", "corenest", "douyin"] {
            for extent in [Extent::Plain, Extent::Full] {
                let found = build(&kept, &kept.tree, Which { contract: "C1", party, number: u64::try_from(number).unwrap() }, extent);
                let bundle = found.unwrap().unwrap();
                let checked = bundle.check(&kept.chain());
                prop_assert!(checked.is_ok(), "{}", checked.unwrap_err());
                // Line by line it leads from one balance to the next, and to the closing.
                let statement = checked.unwrap().statement;
                let mut stands = statement.opening.balances.clone();
                for movement in bundle.movements().unwrap() {
                    let before = stands.get(&movement.bucket).map_or(0, |amount| amount.get());
                    prop_assert_eq!(before + movement.amount.get(), movement.balance.get());
                    stands.insert(movement.bucket, movement.balance);
                }
                stands.retain(|_, amount| !amount.is_zero());
                prop_assert_eq!(stands, statement.closing.balances);
            }
        }
    }
}
