//! What a party is told about each of its units is what its account holds.

use super::*;
use crate::{
    agreements::{AdjustmentRow, AgreementRow, Earning, Earnings, PayoutRow, SaleRow, SegmentRow, Standing},
    settlement::Versions,
};

/// Rows below a prefix, by the rest of their keys.
fn below<'t, T: Clone + 't>(trade: &'t Trade, prefix: &str, of: fn(&'t Data) -> Option<&'t T>) -> BTreeMap<String, T> {
    let rows = trade.world.rows.iter();
    let found = rows.filter_map(|(key, row)| Some((key.strip_prefix(prefix)?.to_owned(), of(&row.data)?.clone())));
    found.collect()
}

/// Every unit of a party under a contract.
pub(in crate::agreements) fn earnings(trade: &Trade, contract: &str, party: &str) -> Vec<Earning> {
    let Data::Agreement(agreement) = &trade.world.rows[&format!("agreement/{contract}")].data else { panic!("no row") };
    let AgreementRow { milestones, version, .. } = &**agreement;
    let terms = (1..=*version).map(|version| {
        let Data::Terms(row) = &trade.world.rows[&format!("terms/{contract}/{version}")].data else { panic!("no row") };
        (version, row.sheet.terms().unwrap())
    });
    let terms: Versions = terms.collect();
    let payouts: BTreeMap<String, PayoutRow> = below(trade, &format!("payout/{contract}/"), |data| match data {
        Data::Payout(row) => Some(row),
        _ => None,
    });
    let payouts: Vec<PayoutRow> =
        payouts.into_iter().filter(|(key, _)| key.ends_with(&format!("/{party}"))).map(|(_, row)| row).collect();
    let told = Earnings::new(party, &terms, milestones, &payouts, trade.world.time).unwrap();
    let sales: BTreeMap<String, SaleRow> = below(trade, &format!("sale/{contract}/"), |data| match data {
        Data::Sale(row) => Some(row),
        _ => None,
    });
    let segments: BTreeMap<String, SegmentRow> = below(trade, &format!("segment/{contract}/"), |data| match data {
        Data::Segment(row) => Some(row),
        _ => None,
    });
    let of_lines = sales.iter().flat_map(|(name, sale)| told.of_line(name, sale).unwrap());
    let adjustments: BTreeMap<String, AdjustmentRow> =
        below(trade, &format!("adjustment/{contract}/"), |data| match data {
            Data::Adjustment(row) => Some(row),
            _ => None,
        });
    let agreed = told.of_adjustments(&adjustments).unwrap();
    let of_lines = of_lines.collect::<Vec<_>>().into_iter();
    of_lines
        .chain(told.of_segments(&segments).unwrap().into_iter().flat_map(|(_, earnings)| earnings))
        .chain(agreed)
        .collect()
}

/// That a party's units add up to its account: those that are pending to what is accrued, and so on.
pub(in crate::agreements) fn check(trade: &Trade, contract: &str, party: &str) {
    let earnings = earnings(trade, contract, party);
    let sum = |counts: &dyn Fn(&Earning) -> bool| -> i128 {
        earnings.iter().filter(|earning| counts(earning)).map(|earning| earning.amount.get()).sum()
    };
    let holds = |bucket| trade.holds(contract, party, bucket);
    assert_eq!(sum(&|earning| earning.standing.state() == "held"), holds("held"), "{party}: {earnings:?}");
    assert_eq!(sum(&|earning| earning.standing.state() == "pending"), holds("accrued"), "{party}: {earnings:?}");
    let buckets = ["accrued", "held", "disputed", "payable", "in_payout", "settled", "withheld_tax"];
    let written_off = trade.holds(contract, "corenest", "writeoff");
    if written_off == 0 {
        assert_eq!(sum(&|_| true), buckets.map(holds).iter().sum::<i128>(), "{party}: {earnings:?}");
    }
}

fn standing(trade: &Trade, order: &str) -> Standing {
    earnings(trade, "C1", "adu").into_iter().find(|earning| earning.unit == unit(order)).unwrap().standing
}

#[test]
fn a_unit_says_where_it_stands_and_why() {
    let mut trade = Trade::signed();
    trade.paid("o", 10_000, &[("C1", 1_000_000)]).unwrap();
    assert_eq!(standing(&trade, "o"), Standing::AwaitsReceipt);
    trade.received("o").unwrap();
    let until = trade.world.time.plus(Millis(15 * 86_400_000));
    assert_eq!(standing(&trade, "o"), Standing::Held { until });
    let case = trade.fact("aftersaleOpen", "o", &json!({}));
    trade.world.take("douyin", &case).unwrap();
    assert_eq!(standing(&trade, "o"), Standing::Blocked);
    let case = trade.fact("aftersaleClosed", "o", &json!({}));
    trade.world.take("douyin", &case).unwrap();
    trade.wait(16);
    assert_eq!(standing(&trade, "o"), Standing::Due { since: until });
    trade.release("C1", &[unit("o")]).unwrap();
    assert_eq!(standing(&trade, "o"), Standing::Payable);
    check(&trade, "C1", "adu");
    let dispute = json!({"contract": "C1", "reason": "amount", "unit": unit("o")});
    trade.take("adu", Action::DisputeOpen, dispute).unwrap();
    assert_eq!(standing(&trade, "o"), Standing::Disputed);
    let withdrawn = json!({"contract": "C1", "outcome": "withdrawn", "unit": unit("o")});
    trade.take("adu", Action::DisputeClose, withdrawn).unwrap();
    let payouts = json!([{"amount": "1260", "contract": "C1", "party": "adu"}]);
    trade.take("corenest", Action::PayoutInstruct, json!({"batch": "B", "payouts": payouts})).unwrap();
    assert_eq!(standing(&trade, "o"), Standing::Paying);
    let receipt = json!({"batch": "B", "contract": "C1", "paid": true, "party": "adu", "provider": "bank"});
    trade.world.take("corenest", &Trade::deed(Action::PayoutReceipt, receipt).with("adu")).unwrap();
    assert_eq!(standing(&trade, "o"), Standing::Paid);
    check(&trade, "C1", "adu");
    trade.refunded("o", 10_000, 1).unwrap();
    let earning = earnings(&trade, "C1", "adu").remove(0);
    assert_eq!((earning.standing, earning.amount.get(), earning.reversed.get()), (Standing::Reversed, 0, 1_260));
    check(&trade, "C1", "adu");
}

#[test]
fn a_unit_tells_how_it_comes_about() {
    let mut trade = Trade::signed();
    trade.paid("o", 8_900, &[("C1", 600_000)]).unwrap();
    trade.refunded("o", 1_000, 0).unwrap();
    let [earning] = earnings(&trade, "C1", "mcn").try_into().unwrap();
    assert_eq!(earning.formula, "47.40 × 20% = 9.48; − 10% = 8.53; × 3/10 = 2.56");
    assert_eq!((earning.amount.get(), earning.reversed.get()), (256, 32));
    assert_eq!((earning.component.as_str(), earning.version), ("comm", 1));
}
