//! The demo's smallest set of sales (§7.9 of the story), from signed records: both statements come out to the fen.

use super::*;

pub(super) const SET: &str = "09528880010014";
pub(super) const GIFT: &str = "09528880010038";

/// The five agreements: three creators' commissions, one's share in all that is sold, another's royalty.
fn signed() -> Trade {
    let mut trade = Trade::new();
    let party =
        json!({"admin": key("xiaoman").address(), "id": "xiaoman", "kind": "kol", "name": name("Xiaoman", "小满")});
    trade.world.take("corenest", &Deed::new(Action::PartyAdd, party).with("xiaoman")).unwrap();
    let per_line = |ppm: &str| json!([{"id": "comm", "kind": "per_line", "ppm": ppm}]);
    let of_all =
        json!([{"id": "co", "kind": "tiered", "mode": "marginal", "metric": "net_base", "steps": [["0", "15000"]]}]);
    let any = json!("any");
    for (contract, kol, components, products) in [
        ("K1", "adu", per_line("80000"), any.clone()),
        ("K2", "xiaoman", per_line("100000"), any.clone()),
        ("K4", "may", per_line("150000"), any),
        ("K1-CO", "adu", of_all, json!([SET, REFILL, GIFT])),
        ("K4-ROYALTY", "may", per_line("10000"), json!([GIFT])),
    ] {
        let mut terms = sheet(contract);
        terms["components"] = components;
        terms["split"] = json!([[kol, "1"]]);
        terms["required_signers"] = json!(["corenest", kol]);
        terms["scope"]["products"] = products;
        terms["min_payout"] = json!("1");
        let deed = Trade::deed(Action::AgreementSign, json!({"terms": terms}));
        trade.world.take("corenest", &deed.with(kol)).unwrap();
    }
    trade
}

impl Trade {
    fn sell(&mut self, order: &str, product: &str, amount: i128, shares: &[(&str, u32)]) {
        let mut deed = self.paid_deed(order, amount, 1, shares);
        deed.body["fact"]["paid"]["product"] = json!(product);
        self.world.take("douyin", &deed).unwrap();
    }

    /// What a creator's accounts hold in a bucket, over all her contracts.
    fn of(&self, contracts: &[&str], party: &str, bucket: &str) -> i128 {
        contracts.iter().map(|contract| self.holds(contract, party, bucket)).sum()
    }

    fn issue(&mut self, period: &str) {
        for contract in ["K1", "K2", "K4", "K1-CO", "K4-ROYALTY"] {
            let body = json!({"contract": contract, "period": period});
            self.take("corenest", Action::StatementIssue, body).unwrap();
        }
    }
}

#[test]
fn both_statements_come_out_to_the_fen() {
    let mut trade = signed();
    let whole = 1_000_000;
    trade.sell("T1", SET, 8_900, &[("K1", whole), ("K1-CO", whole)]);
    trade.sell("T2", REFILL, 4_500, &[("K1", whole), ("K1-CO", whole)]);
    trade.sell("T3", SET, 8_900, &[("K1", 600_000), ("K2", 400_000), ("K1-CO", whole)]);
    trade.sell("T4", SET, 8_900, &[("K4", whole), ("K1-CO", whole)]);
    trade.sell("T5", GIFT, 16_900, &[("K1-CO", whole), ("K4-ROYALTY", whole)]);
    trade.sell("T6", SET, 8_900, &[("K2", whole), ("K1-CO", whole)]);
    trade.sell("T7", REFILL, 4_500, &[("K4", whole), ("K1-CO", whole)]);
    for order in ["T1", "T2", "T3", "T4", "T5", "T6", "T7"] {
        trade.received(order).unwrap();
    }
    trade.refunded("T6", 8_900, 1).unwrap();
    trade.wait(13);
    trade.take("adu", Action::PeriodClose, json!({"contract": "K1-CO"})).unwrap();
    trade.wait(16);
    for (contract, orders) in
        [("K1", &["T1", "T2", "T3"][..]), ("K2", &["T3", "T6"]), ("K4", &["T4", "T7"]), ("K4-ROYALTY", &["T5"])]
    {
        trade.release(contract, &orders.iter().map(|order| unit(order)).collect::<Vec<_>>()).unwrap();
    }
    trade.release("K1-CO", &["comp:co@2026-09".to_owned()]).unwrap();
    trade.issue("2026-09");

    let payable = |trade: &Trade| {
        [
            trade.of(&["K1", "K1-CO"], "adu", "payable"),
            trade.of(&["K2"], "xiaoman", "payable"),
            trade.of(&["K4", "K4-ROYALTY"], "may", "payable"),
        ]
    };
    assert_eq!(payable(&trade), [2_288, 356, 2_179]);
    assert_eq!(trade.holds("K1-CO", "adu", "payable"), 789);

    let payouts: Vec<Value> = [
        ("K1", "adu"),
        ("K1-CO", "adu"),
        ("K2", "xiaoman"),
        ("K4", "may"),
        ("K4-ROYALTY", "may"),
    ]
    .map(|(contract, party)| {
        json!({"amount": trade.holds(contract, party, "payable").to_string(), "contract": contract, "party": party})
    })
    .into();
    trade.take("corenest", Action::PayoutInstruct, json!({"batch": "2026-10-20", "payouts": payouts})).unwrap();
    for payout in &payouts {
        let mut body = json!({"batch": "2026-10-20", "paid": true, "provider": "bank"});
        body["contract"] = payout["contract"].clone();
        body["party"] = payout["party"].clone();
        let receipt = Trade::deed(Action::PayoutReceipt, body).with(payout["party"].as_str().unwrap());
        trade.world.take("corenest", &receipt).unwrap();
    }
    assert_eq!(payable(&trade), [0, 0, 0]);

    trade.refunded("T7", 4_500, 1).unwrap();
    trade.wait(31);
    trade.issue("2026-10");
    assert_eq!(payable(&trade), [-67, 0, -675]);
    let settled = [trade.of(&["K1", "K1-CO"], "adu", "settled"), trade.of(&["K4", "K4-ROYALTY"], "may", "settled")];
    assert_eq!(settled, [2_288, 2_179]);
    let Data::Statement(statement) = &trade.world.rows["statement/K4/may/2"].data else { panic!("no statement") };
    assert_eq!(statement.closing.balances["payable"].get(), -675);
}
