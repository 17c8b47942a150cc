//! The campaign of the story (§7.7), 6,000 order lines from signed records: both statements come out to the fen.

use super::{
    story::{GIFT, SET},
    *,
};
use crate::{
    agreements::bundle::{self, Extent},
    tests::kept::Kept,
};

const WHOLE: u32 = 1_000_000;

/// Price of a product, as it was paid.
const PRODUCTS: [(&str, i128); 3] = [(SET, 8_900), (REFILL, 4_500), (GIFT, 16_900)];

/// A way to the customers: by product how many lines were sold, and how many of them refunded within the hold.
struct Channel {
    name: &'static str,
    shares: &'static [(&'static str, u32)],
    sold: [usize; 3],
    refunded: [usize; 3],
}

const CHANNELS: [Channel; 7] = [
    Channel { name: "k1", shares: &[("K1", WHOLE)], sold: [1_600, 500, 180], refunded: [84, 10, 4] },
    Channel { name: "co", shares: &[("K1", 600_000), ("K2", 400_000)], sold: [200, 0, 0], refunded: [6, 0, 0] },
    Channel { name: "k2", shares: &[("K2", WHOLE)], sold: [700, 420, 60], refunded: [21, 8, 1] },
    Channel { name: "k3", shares: &[("K3", WHOLE)], sold: [260, 240, 10], refunded: [10, 12, 0] },
    Channel { name: "k4", shares: &[("K4", WHOLE)], sold: [220, 90, 20], refunded: [11, 2, 1] },
    Channel { name: "k5", shares: &[("K5", WHOLE)], sold: [180, 70, 0], refunded: [18, 4, 0] },
    Channel { name: "own", shares: &[], sold: [840, 380, 30], refunded: [30, 9, 2] },
];

/// Contracts over everything that is sold: co-creation, the fund and the platform.
const OF_ALL: [&str; 3] = ["K1-CO", "FUND", "PLATFORM"];

/// Whom each contract pays, and what stands payable to her on the first and on the second statement.
const EXPECTED: [(&str, &str, i128, i128); 9] = [
    ("K1", "adu", 6_000_000 + 1_670_776 + 300_000, -4_450),
    ("K1-CO", "adu", 695_705, -936),
    ("K2", "xiaoman", 1_200_000 + 958_484 + 95_848 + 100_000, -990),
    ("K3", "zhou", 810_000 + 342_000, 0),
    ("K4", "may", 386_580 + 30_000, 0),
    ("K4-ROYALTY", "may", 49_348, 0),
    ("K5", "lin", 260_820 - 34_776 + 30_000, 0),
    // 1 % and 5 % of 463,803.00 net; ¥624.00 came back after the payout.
    ("FUND", "fund", 463_803, -624),
    ("PLATFORM", "osm", 2_319_015, -3_120),
];

fn commission(steps: &[(i128, i128)]) -> Value {
    let steps: Vec<_> = steps.iter().map(|(from, ppm)| json!([from.to_string(), ppm.to_string()])).collect();
    json!({"id": "comm", "kind": "tiered", "mode": "marginal", "metric": "net_base", "steps": steps})
}

fn quality() -> Value {
    let steps = json!([["0", "10000"], ["30001", "0"], ["80001", "-20000"]]);
    json!({"id": "quality", "kind": "tiered", "mode": "slab", "metric": "refund_rate_ppm", "steps": steps})
}

fn base_fee(amount: i128) -> Value {
    let factor = json!({"milestone": "answered", "within_min": "120", "else_ppm": "900000"});
    json!({"id": "base", "kind": "fixed", "amount": amount.to_string(), "due": "delivered", "factor": factor})
}

fn response_bonus(amount: i128) -> Value {
    let factor = json!({"milestone": "answered", "within_min": "60", "else_ppm": "0"});
    json!({"id": "response", "kind": "fixed", "amount": amount.to_string(), "due": "answered", "factor": factor})
}

/// What each contract pays for, in the order of [`EXPECTED`].
fn components() -> [Value; 9] {
    let plain = |ppm| commission(&[(0, ppm)]);
    [
        json!([
            commission(&[(0, 80_000), (15_000_000, 100_000)]),
            quality(),
            base_fee(6_000_000),
            response_bonus(300_000)
        ]),
        json!([plain(15_000)]),
        json!([plain(100_000), quality(), base_fee(1_200_000), response_bonus(100_000)]),
        json!([plain(100_000), quality(), base_fee(900_000), response_bonus(100_000)]),
        json!([plain(150_000), quality(), response_bonus(30_000)]),
        json!([plain(10_000)]),
        json!([plain(150_000), quality(), response_bonus(30_000)]),
        json!([plain(10_000)]),
        json!([plain(50_000)]),
    ]
}

/// Everybody has joined and signed.
fn signed() -> Trade {
    let mut trade = Trade::new();
    for (id, kind) in [("xiaoman", "kol"), ("zhou", "kol"), ("lin", "kol"), ("fund", "brand"), ("osm", "platform")] {
        let party = json!({"admin": key(id).address(), "id": id, "kind": kind, "name": name(id, id)});
        trade.world.take("corenest", &Deed::new(Action::PartyAdd, party).with(id)).unwrap();
    }
    for ((contract, party, ..), components) in EXPECTED.into_iter().zip(components()) {
        let mut terms = sheet(contract);
        terms["components"] = components;
        terms["split"] = json!([[party, "1"]]);
        terms["required_signers"] = json!(["corenest", party]);
        terms["scope"]["products"] = if contract == "K4-ROYALTY" { json!([GIFT]) } else { json!([SET, REFILL, GIFT]) };
        terms["min_payout"] = json!("1");
        let deed = Trade::deed(Action::AgreementSign, json!({"terms": terms}));
        trade.world.take("corenest", &deed.with(party)).unwrap();
    }
    trade
}

impl Trade {
    fn reach(&mut self, contract: &str, milestone: &str, after_min: Option<u64>) {
        let mut reached = json!({"contract": contract, "name": milestone});
        if let Some(minutes) = after_min {
            reached["afterMin"] = json!(minutes);
        }
        let body = json!({"at": self.world.time, "fact": {"milestone": reached}});
        self.take("corenest", Action::FactReport, body).unwrap();
    }

    /// Every line of a channel is paid and received.
    fn sell_through(&mut self, channel: &Channel) {
        for ((product, price), sold) in PRODUCTS.into_iter().zip(channel.sold) {
            let mut shares = channel.shares.to_vec();
            shares.extend(OF_ALL.map(|contract| (contract, WHOLE)));
            if product == GIFT {
                shares.push(("K4-ROYALTY", WHOLE));
            }
            for number in 0..sold {
                let order = order(channel.name, product, number);
                let mut deed = self.paid_deed(&order, price, 1, &shares);
                deed.body["fact"]["paid"]["product"] = json!(product);
                self.world.take("douyin", &deed).unwrap();
                self.received(&order).unwrap();
            }
        }
    }

    fn send_back(&mut self, channel: &str, product: usize, numbers: std::ops::Range<usize>) {
        let (product, price) = PRODUCTS[product];
        for number in numbers {
            self.refunded(&order(channel, product, number), price, 1).unwrap();
        }
    }

    fn state(&mut self, period: &str) {
        for (contract, ..) in EXPECTED {
            let body = json!({"contract": contract, "period": period});
            self.take("corenest", Action::StatementIssue, body).unwrap();
        }
    }

    /// What stands payable at the end of a party's statement.
    fn stated(&self, contract: &str, party: &str, number: u64) -> i128 {
        let row = &self.world.rows[&format!("statement/{contract}/{party}/{number}")].data;
        let Data::Statement(statement) = row else { panic!("no statement") };
        let open =
            statement.closing.balances.keys().filter(|bucket| !["payable", "settled"].contains(&bucket.as_str()));
        assert_eq!(open.collect::<Vec<_>>(), Vec::<&String>::new(), "{contract}: everything was released");
        statement.closing.balances.get("payable").map_or(0, |amount| amount.get())
    }

    /// Everything payable is paid, and each receiver says so.
    fn pay_out(&mut self, batch: &str) {
        let payouts = EXPECTED.map(|(contract, party, ..)| {
            let amount = self.holds(contract, party, "payable").to_string();
            json!({"amount": amount, "contract": contract, "party": party})
        });
        self.take("corenest", Action::PayoutInstruct, json!({"batch": batch, "payouts": payouts})).unwrap();
        for (contract, party, ..) in EXPECTED {
            let body = json!({"batch": batch, "contract": contract, "paid": true, "party": party, "provider": "bank"});
            self.world.take("corenest", &Trade::deed(Action::PayoutReceipt, body).with(party)).unwrap();
        }
    }
}

fn order(channel: &str, product: &str, number: usize) -> String {
    format!("{channel} {product} {number}")
}

#[test]
fn the_campaigns_statements_come_out_to_the_fen() {
    let mut trade = signed();
    for (contract, minutes) in [("K1", 37), ("K2", 41), ("K3", 190), ("K4", 12), ("K5", 25)] {
        trade.reach(contract, "answered", Some(minutes));
    }
    for contract in ["K1", "K2", "K3"] {
        trade.reach(contract, "delivered", None);
    }
    for channel in &CHANNELS {
        trade.sell_through(channel);
    }
    for Channel { name, refunded, .. } in &CHANNELS {
        for (product, refunded) in refunded.iter().enumerate() {
            trade.send_back(name, product, 0..*refunded);
        }
    }
    trade.wait(13);
    for (contract, ..) in EXPECTED {
        trade.take("corenest", Action::PeriodClose, json!({"contract": contract})).unwrap();
    }
    trade.wait(16);
    for ((contract, ..), components) in EXPECTED.into_iter().zip(components()) {
        let ids = components.as_array().unwrap().iter().map(|component| component["id"].as_str().unwrap());
        trade.release(contract, &ids.map(|id| format!("comp:{id}@2026-09")).collect::<Vec<_>>()).unwrap();
    }
    trade.state("2026-09");
    for (contract, party, payable, _) in EXPECTED {
        assert_eq!(trade.stated(contract, party, 1), payable, "{contract}");
    }
    let of = |party: &str| EXPECTED.iter().filter(|row| row.1 == party).map(|row| row.2).sum::<i128>();
    let pay = ["adu", "xiaoman", "zhou", "may", "lin"].map(of);
    assert_eq!(pay, [8_666_481, 2_354_332, 1_152_000, 465_928, 256_044]);
    assert_eq!(pay.iter().sum::<i128>(), 12_894_785);

    trade.pay_out("2026-10");
    trade.send_back("k1", 0, 84..89);
    trade.send_back("k2", 1, 8..10);
    trade.send_back("own", 0, 30..31);
    trade.wait(31);
    trade.state("2026-10");
    for (contract, party, paid, carried) in EXPECTED {
        assert_eq!(trade.stated(contract, party, 2), carried, "{contract}");
        assert_eq!(trade.holds(contract, party, "settled"), paid, "{contract}");
        let payouts = json!([{"amount": "1", "contract": contract, "party": party}]);
        let again = json!({"batch": "2026-11", "payouts": payouts});
        trade.refuses("corenest", Action::PayoutInstruct, again, Code::PayoutExceeds);
        assert_eq!(trade.total(contract), 0);
    }

    let kept = Kept::new(trade.world);
    let theirs =
        bundle::build(&kept, &kept.tree, bundle::Which { contract: "K1", party: "adu", number: 2 }, Extent::Full)
            .unwrap()
            .unwrap();
    let proven = theirs.check(&kept.chain()).unwrap();
    assert_eq!(proven.statement.closing.balances["settled"].get(), 7_970_776);
    // Each refund is an entry, and so are the payout and its receipt.
    assert_eq!(proven.entries.len(), 2 + 5);
}
