//! Random contracts, and random logs of what is tried on them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{event, paid, refund};
use crate::settlement::{Book, Entry, Event, Outcome, Terms};

const DAY: i128 = 86_400_000;
const LINES: u8 = 6;

/// What a contract may look like.
#[derive(Clone, Debug)]
pub(super) struct Deal {
    pub ppm: i128,
    pub fee: i128,
    pub marginal: bool,
    pub malus: bool,
    pub cap: Option<i128>,
    pub guarantee: Option<i128>,
    pub split: Vec<i128>,
    pub limit: Option<i128>,
}

impl Deal {
    pub fn terms(&self) -> Terms {
        let split: Vec<_> = ["kol", "mcn", "factory"]
            .iter()
            .zip(&self.split)
            .map(|(party, weight)| json!([party, weight.to_string()]))
            .collect();
        let metric = if self.malus { "refund_rate_ppm" } else { "net_base" };
        let (mode, metric) = if self.marginal { ("marginal", "net_base") } else { ("slab", metric) };
        let high = if self.malus && !self.marginal { "-20000" } else { "30000" };
        let text = |amount: i128| amount.to_string();
        Terms::read(&json!({
            "obligor": "brand", "fee_to": "platform", "split": split, "hold_days": "15",
            "cap": self.cap.map(text), "clawback_limit": self.limit.map(text),
            "guarantee": self.guarantee.map(|amount| json!({"amount": text(amount), "due": "sign"})),
            "risk_weights": [["brand", "2"], ["platform", "1"]],
            "components": [
                {"id": "comm", "kind": "per_line", "ppm": text(self.ppm), "fee_ppm": text(self.fee)},
                {"id": "tier", "kind": "tiered", "mode": mode, "metric": metric,
                 "steps": [["0", "0"], ["50000", "10000"], ["200000", high]], "fee_ppm": text(self.fee)},
                {"id": "bonus", "kind": "threshold", "metric": "orders", "at_least": "3", "amount": "8888"},
                {"id": "base", "kind": "fixed", "amount": "30000", "due": "sign"},
            ],
        }))
        .unwrap()
    }
}

pub(super) fn deals() -> impl Strategy<Value = Deal> {
    (
        (0..=1_000_000_i128, 0..=1_000_000_i128, any::<bool>(), any::<bool>()),
        (
            proptest::option::of(0..200_000_i128),
            proptest::option::of(0..200_000_i128),
            prop_oneof![Just(vec![1]), Just(vec![7, 3]), Just(vec![1, 1, 1]), Just(vec![0, 2, 5])],
            proptest::option::of(0..20_000_i128),
        ),
    )
        .prop_map(|((ppm, fee, marginal, malus), (cap, guarantee, split, limit))| Deal {
            ppm,
            fee,
            marginal,
            malus,
            cap,
            guarantee,
            split,
            limit,
        })
}

/// An attempt; most of them are refused in some states and taken in others.
#[derive(Clone, Debug)]
pub(super) enum Try {
    Paid(u8, i128),
    Refund(u8, i128),
    Received(u8),
    Aftersale(u8, bool),
    Dispute(u8, bool, bool),
    Tick,
    Close,
    Sign,
    Payout(u8, u8, i128),
    Result(u8, bool),
    Repeat(usize),
}

pub(super) fn tries() -> impl Strategy<Value = Vec<(Try, i128)>> {
    let line = 0..LINES;
    let one = prop_oneof![
        4 => (line.clone(), 0..120_000_i128).prop_map(|(line, base)| Try::Paid(line, base)),
        4 => (line.clone(), 0..120_000_i128).prop_map(|(line, base)| Try::Refund(line, base)),
        3 => line.clone().prop_map(Try::Received),
        1 => (line.clone(), any::<bool>()).prop_map(|(line, open)| Try::Aftersale(line, open)),
        3 => (line, any::<bool>(), any::<bool>()).prop_map(|(line, tier, open)| Try::Dispute(line, tier, open)),
        3 => Just(Try::Tick),
        1 => Just(Try::Close),
        1 => Just(Try::Sign),
        2 => (0..3_u8, 0..6_u8, 0..40_000_i128).prop_map(|(party, batch, amount)| Try::Payout(party, batch, amount)),
        2 => (0..6_u8, any::<bool>()).prop_map(|(batch, ok)| Try::Result(batch, ok)),
        1 => (0..60_usize).prop_map(Try::Repeat),
    ];
    proptest::collection::vec((one, 0..6_i128), 1..60)
}

/// The attempts as events; each has its own id, except for those that repeat an earlier one.
pub(super) fn events(tries: &[(Try, i128)]) -> Vec<Event> {
    let mut values: Vec<Value> = Vec::new();
    let mut day = 0;
    for (number, (attempt, days)) in tries.iter().enumerate() {
        day += days;
        let (id, at) = (format!("e{number}"), (day * DAY).to_string());
        let line = |line: &u8| format!("L{line}");
        let value = match attempt {
            Try::Paid(at, base) => paid(&id, &line(at), *base),
            Try::Refund(at, base) => refund(&id, &line(at), *base),
            Try::Received(to) => json!({"id": id, "type": "received", "line": line(to), "at": at}),
            Try::Aftersale(of, open) => {
                json!({"id": id, "type": if *open { "aftersale_open" } else { "aftersale_closed" }, "line": line(of)})
            }
            Try::Dispute(of, tier, open) => {
                let unit = if *tier { "comp:tier".to_owned() } else { format!("line:{}:comm", line(of)) };
                json!({"id": id, "type": if *open { "dispute_open" } else { "dispute_close" }, "unit": unit})
            }
            Try::Tick => json!({"id": id, "type": "tick", "at": at}),
            Try::Close => json!({"id": id, "type": "period_close", "at": at}),
            Try::Sign => json!({"id": id, "type": "milestone", "name": "sign"}),
            Try::Payout(party, batch, amount) => {
                let party = ["kol", "mcn", "factory"][usize::from(*party)];
                let amount = if *amount < 20_000 { Value::Null } else { json!((amount - 20_000).to_string()) };
                json!({"id": id, "type": "payout", "party": party, "batch": format!("B{batch}"), "amount": amount})
            }
            Try::Result(batch, ok) => {
                json!({"id": id, "type": "payout_result", "batch": format!("B{batch}"), "ok": ok})
            }
            Try::Repeat(of) => match values.get(*of % (number + 1)) {
                Some(earlier) => earlier.clone(),
                None => json!({"id": id, "type": "tick", "at": at}),
            },
        };
        values.push(value);
    }
    values.iter().map(event).collect()
}

pub(super) fn run(deal: &Deal, events: &[Event]) -> (Book, Vec<Entry>, Vec<Outcome>) {
    let mut book = Book::new(deal.terms());
    let (mut entries, mut outcomes) = (Vec::new(), Vec::new());
    for event in events {
        let (outcome, posted) = book.submit(event);
        entries.extend(posted);
        outcomes.push(outcome);
    }
    (book, entries, outcomes)
}
