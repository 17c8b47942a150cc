//! The demo's two statements, to the fen: every number follows from terms and events alone.

use serde_json::{Value, json};

use super::{all, balance, event, paid, refund, submit};
use crate::settlement::{Book, Bucket, Entry, Minor, Shares, Terms, Weights, allocate};

const SET: i128 = 8_900;
const REFILL: i128 = 4_500;
const GIFT: i128 = 16_900;

/// A contract of one person.
struct Contract(Book);

impl Contract {
    fn new(components: &Value) -> Contract {
        let sheet = json!({
            "obligor": "brand", "fee_to": "platform", "split": [["kol", "1"]], "hold_days": "15",
            "clawback_limit": "5000000", "components": components,
        });
        Contract(Book::new(Terms::read(&sheet).unwrap()))
    }

    /// Sells lines of one product and refunds some of them: bases are the shares attributed to this contract.
    fn sell(&mut self, lines: &str, base: i128, sold: usize, refunded: usize) {
        for number in 0..sold {
            let line = format!("{lines}-{number}");
            all(&mut self.0, &[paid(&format!("paid {line}"), &line, base)]);
        }
        self.refund(lines, base, 0..refunded);
    }

    fn refund(&mut self, lines: &str, base: i128, numbers: std::ops::Range<usize>) {
        for number in numbers {
            let line = format!("{lines}-{number}");
            all(&mut self.0, &[refund(&format!("refund {line}"), &line, base)]);
        }
    }

    fn reach(&mut self, name: &str, after_min: u64) {
        let reached = json!({"id": name, "type": "milestone", "name": name, "after_min": after_min.to_string()});
        all(&mut self.0, &[reached]);
    }

    fn accrued(&self) -> i128 {
        balance(&self.0, "kol", Bucket::Accrued)
    }
}

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

/// Shares of a co-streamed set: 53.40 and 35.60.
fn co_streamed() -> (i128, i128) {
    let parts = allocate(Minor::new(SET).unwrap(), &Weights::new(vec![60, 40]).unwrap()).unwrap();
    (parts[0].get(), parts[1].get())
}

/// Everything that all channels sold: the base of co-creation, fund and platform.
fn sell_everything(contract: &mut Contract) {
    contract.sell("SET", SET, 4_000, 180);
    contract.sell("RF", REFILL, 1_700, 45);
    contract.sell("GX", GIFT, 300, 8);
}

#[test]
fn the_first_and_second_statement_of_the_strategic_creator() {
    let (share, _) = co_streamed();
    let mut adu = Contract::new(&json!([
        commission(&[(0, 80_000), (15_000_000, 100_000)]),
        quality(),
        base_fee(6_000_000),
        response_bonus(300_000)
    ]));
    adu.reach("answered", 37);
    adu.reach("delivered", 0);
    adu.sell("SET", SET, 1_600, 84);
    adu.sell("RF", REFILL, 500, 10);
    adu.sell("GX", GIFT, 180, 4);
    adu.sell("CO", share, 200, 6);
    assert_eq!(adu.accrued(), 6_000_000 + 1_670_776 + 300_000);

    let mut co_creation = Contract::new(&json!([commission(&[(0, 15_000)])]));
    sell_everything(&mut co_creation);
    assert_eq!(co_creation.accrued(), 695_705);
    assert_eq!(adu.accrued() + co_creation.accrued(), 8_666_481);

    adu.refund("SET", SET, 84..89);
    assert_eq!(adu.accrued(), 6_000_000 + 1_670_776 + 300_000 - 4_450);
    co_creation.refund("SET", SET, 180..186);
    co_creation.refund("RF", REFILL, 45..47);
    assert_eq!(co_creation.accrued(), 695_705 - 936);
}

#[test]
fn the_first_and_second_statement_of_the_reviewer_with_few_refunds() {
    let (_, share) = co_streamed();
    let mut xiaoman =
        Contract::new(&json!([commission(&[(0, 100_000)]), quality(), base_fee(1_200_000), response_bonus(100_000)]));
    xiaoman.reach("answered", 41);
    xiaoman.reach("delivered", 0);
    xiaoman.sell("SET", SET, 700, 21);
    xiaoman.sell("RF", REFILL, 420, 8);
    xiaoman.sell("GX", GIFT, 60, 1);
    xiaoman.sell("CO", share, 200, 6);
    assert_eq!(xiaoman.accrued(), 1_200_000 + 958_484 + 95_848 + 100_000);
    assert_eq!(xiaoman.accrued(), 2_354_332);
    xiaoman.refund("RF", REFILL, 8..10);
    assert_eq!(xiaoman.accrued(), 2_354_332 - 990);
}

#[test]
fn the_first_statement_of_the_others() {
    let mut zhou =
        Contract::new(&json!([commission(&[(0, 100_000)]), quality(), base_fee(900_000), response_bonus(100_000)]));
    zhou.reach("answered", 190);
    zhou.reach("delivered", 0);
    zhou.sell("SET", SET, 260, 10);
    zhou.sell("RF", REFILL, 240, 12);
    zhou.sell("GX", GIFT, 10, 0);
    assert_eq!(zhou.accrued(), 810_000 + 342_000);

    let mut may = Contract::new(&json!([commission(&[(0, 150_000)]), quality(), response_bonus(30_000)]));
    may.reach("answered", 12);
    may.sell("SET", SET, 220, 11);
    may.sell("RF", REFILL, 90, 2);
    may.sell("GX", GIFT, 20, 1);
    let mut royalty = Contract::new(&json!([commission(&[(0, 10_000)])]));
    royalty.sell("GX", GIFT, 300, 8);
    assert_eq!((may.accrued(), royalty.accrued()), (386_580 + 30_000, 49_348));

    let mut lin = Contract::new(&json!([commission(&[(0, 150_000)]), quality(), response_bonus(30_000)]));
    lin.reach("answered", 25);
    lin.sell("SET", SET, 180, 18);
    lin.sell("RF", REFILL, 70, 4);
    assert_eq!(lin.accrued(), 260_820 - 34_776 + 30_000);
    assert_eq!(8_666_481 + 2_354_332 + zhou.accrued() + may.accrued() + royalty.accrued() + lin.accrued(), 12_894_785);

    for (ppm, expected) in [(10_000, 463_803), (50_000, 2_319_015)] {
        let mut share = Contract::new(&json!([commission(&[(0, ppm)])]));
        sell_everything(&mut share);
        assert_eq!(share.accrued(), expected);
    }
}

/// What a beneficiary was credited by events with this beginning, in the journal's order.
fn credited(entries: &[Entry], event: &str) -> Vec<i128> {
    let of_event = entries.iter().filter(|entry| entry.event.as_str().starts_with(event));
    of_event.map(|entry| entry.postings[0].amount.get()).collect()
}

#[test]
fn the_tiny_set_settles_as_the_first_demo_shows_it() {
    let (share_of_first, share_of_second) = co_streamed();
    let per_line = |ppm: &str| json!([{"id": "comm", "kind": "per_line", "ppm": ppm}]);
    let journal = |contract: &mut Contract, events: &[Value]| {
        events.iter().flat_map(|value| contract.0.submit(&event(value)).1).collect::<Vec<_>>()
    };
    let mut first = Contract::new(&per_line("80000"));
    let entries =
        journal(&mut first, &[paid("T1", "T1", SET), paid("T2", "T2", REFILL), paid("T3", "T3", share_of_first)]);
    assert_eq!(credited(&entries, "T"), [712, 360, 427]);

    let mut second = Contract::new(&per_line("100000"));
    let entries =
        journal(&mut second, &[paid("T3", "T3", share_of_second), paid("T6", "T6", SET), refund("T6 back", "T6", SET)]);
    assert_eq!(credited(&entries, "T"), [356, 890, -890]);

    let mut fourth = Contract::new(&per_line("150000"));
    all(&mut fourth.0, &[paid("T4", "T4", SET), paid("T7", "T7", REFILL)]);
    let mut royalty = Contract::new(&json!([commission(&[(0, 10_000)])]));
    all(&mut royalty.0, &[paid("T5", "T5", GIFT)]);
    let mut co_creation = Contract::new(&json!([commission(&[(0, 15_000)])]));
    for (line, base) in
        [("T1", SET), ("T2", REFILL), ("T3", SET), ("T4", SET), ("T5", GIFT), ("T6", SET), ("T7", REFILL)]
    {
        all(&mut co_creation.0, &[paid(line, line, base)]);
    }
    all(&mut co_creation.0, &[refund("T6 back", "T6", SET)]);
    assert_eq!((first.accrued() + co_creation.accrued(), second.accrued()), (2_288, 356));
    assert_eq!(fourth.accrued() + royalty.accrued(), 2_179);

    // Everything is received, released and paid; then T7 comes back.
    for contract in [&mut fourth, &mut co_creation] {
        let lines: Vec<_> = contract.0.lines.keys().cloned().collect();
        for line in lines {
            let received =
                json!({"id": format!("received {line}"), "type": "received", "line": line.as_str(), "at": "1"});
            all(&mut contract.0, &[received]);
        }
        all(
            &mut contract.0,
            &[
                json!({"id": "close", "type": "period_close", "at": "1"}),
                json!({"id": "tick", "type": "tick", "at": "1296000001"}),
                json!({"id": "pay", "type": "payout", "party": "kol", "batch": "B"}),
                json!({"id": "paid out", "type": "payout_result", "batch": "B", "ok": true}),
                refund("T7 back", "T7", REFILL),
            ],
        );
    }
    assert_eq!(balance(&fourth.0, "kol", Bucket::Payable), -675);
    assert_eq!(balance(&co_creation.0, "kol", Bucket::Payable), 722 - 789);
    let pay = json!({"id": "pay 2", "type": "payout", "party": "kol", "batch": "B2"});
    assert_eq!((submit(&mut fourth.0, &pay), submit(&mut co_creation.0, &pay)), ("payout_below", "payout_below"));
}

/// Shares are reachable for whoever builds a waterfall of her own.
#[test]
fn the_fund_and_the_factories_share_what_is_left() {
    use crate::settlement::{Party, Tier, waterfall};
    let shares = |all: &[(&str, i128)]| Shares {
        parties: all.iter().map(|(party, _)| Party::new(party).unwrap()).collect(),
        weights: Weights::new(all.iter().map(|(_, weight)| *weight).collect()).unwrap(),
    };
    let tiers = [
        Tier::Amount { to: shares(&[("platform", 1)]), amount: Minor::new(2_319_015).unwrap() },
        Tier::Split(shares(&[("huaxu", 3), ("fund", 1)])),
    ];
    let got = |total| {
        waterfall(&tiers, Minor::new(total).unwrap()).unwrap().iter().map(|(_, share)| share.get()).collect::<Vec<_>>()
    };
    assert_eq!(got(2_319_019), [2_319_015, 3, 1]);
    assert_eq!(got(2_000_000), [2_000_000, 0, 0]);
}
