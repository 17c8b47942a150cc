//! A stream is a book that forgets: whatever is tried, both say and post the same.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    event, fixture,
    random::{deals, events, run, tries},
    sheet,
};
use crate::settlement::{Book, Entry, Event, Outcome, Stream, Terms};

const DAY: i64 = 86_400_000;

fn stream(terms: Terms, events: &[Event]) -> (Stream, Vec<Entry>, Vec<Outcome>) {
    let (mut stream, mut entries) = (Stream::new(terms), Vec::new());
    let outcomes = events.iter().map(|event| stream.submit(event, |entry| entries.push(entry))).collect();
    (stream, entries, outcomes)
}

/// Runs both ways and tells what was said.
fn both(terms: &Terms, events: &[Event]) -> Vec<Outcome> {
    let mut book = Book::new(terms.clone());
    let (mut entries, mut outcomes) = (Vec::new(), Vec::new());
    for event in events {
        let (outcome, posted) = book.submit(event);
        outcomes.push(outcome);
        entries.extend(posted);
    }
    let (stream, posted, said) = stream(terms.clone(), events);
    assert_eq!((&posted, &said), (&entries, &outcomes));
    assert_eq!(*stream.balances(), book.balances);
    outcomes
}

proptest! {
    // PROPTEST_CASES asks for more.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(400), ..ProptestConfig::default() })]

    /// I8 and I14: postings, their order, refusals, repetitions and balances are those of a whole book.
    #[test]
    fn a_stream_says_and_posts_what_a_book_does(deal in deals(), tries in tries()) {
        let events = events(&tries);
        let (book, entries, outcomes) = run(&deal, &events);
        let (stream, posted, said) = stream(deal.terms(), &events);
        prop_assert_eq!(said, outcomes);
        prop_assert_eq!(posted, entries);
        prop_assert_eq!(stream.balances(), &book.balances);
        prop_assert_eq!(stream.lines(), book.lines.len());
    }
}

/// Months, orders, parts, an amendment, named releases and many lines that are due at one moment, of which the limit
/// of what is clawed back lets no two change places.
#[test]
fn a_stream_keeps_the_order_of_a_book() {
    let at = |day: i64| (day * DAY).to_string();
    let terms = sheet(&json!({
        "period": "month", "tz_offset_min": "480", "version": "1", "required_signers": ["brand"],
        "clawback_limit": "50", "risk_weights": [["brand", "2"], ["platform", "1"]],
        "components": [
            {"id": "comm", "kind": "per_line", "ppm": "100000", "fee_ppm": "30000"},
            {"id": "more", "kind": "per_line", "ppm": "7777"},
            {"id": "tier", "kind": "tiered", "mode": "slab", "metric": "orders", "steps": [["0", "0"], ["40", "20000"]]},
        ],
    }));
    let mut later = terms.clone();
    for (name, value) in [("version", json!("2")), ("effective_from", json!("1970-03-01T00:00:00+08:00"))] {
        later[name] = value;
    }
    let mut log: Vec<Value> = Vec::new();
    for number in 0..300_i64 {
        let line = format!("L{}", number * 7 % 300);
        log.push(json!({"id": format!("p{number}"), "type": "paid", "line": line, "order": format!("O{}", number / 3),
            "parts": {"goods": (900 + number).to_string(), "merchant_discount": "9"}, "units": "2",
            "at": at(1 + number / 5)}));
        log.push(json!({"id": format!("r{number}"), "type": "received", "line": line, "at": at(2 + number / 50)}));
        if number == 100 {
            log.push(json!({"id": "v2", "type": "amend", "terms": later, "signers": ["brand"], "at": at(21)}));
        }
        if number % 4 == 0 {
            log.push(json!({"id": format!("o{number}"), "type": "aftersale_open", "line": line}));
        }
        if number % 8 == 0 {
            log.push(json!({"id": format!("c{number}"), "type": "aftersale_closed", "line": line}));
        }
    }
    log.push(json!({"id": "d", "type": "dispute_open", "unit": "line:L14:comm"}));
    log.push(json!({"id": "close", "type": "period_close", "at": at(70)}));
    log.push(json!({"id": "some", "type": "release", "units": ["line:L7:comm", "line:L0:more"], "at": at(18)}));
    log.push(json!({"id": "t1", "type": "tick", "at": at(19)}));
    log.push(json!({"id": "all", "type": "payout", "party": "kol", "batch": "B", "at": at(20)}));
    for number in 0..300_i64 {
        log.push(json!({"id": format!("b{number}"), "type": "refund", "line": format!("L{number}"), "units": "1",
            "parts": {"goods": "400"}}));
    }
    log.push(json!({"id": "t2", "type": "tick", "at": at(99)}));
    log.push(json!({"id": "t2", "type": "tick", "at": at(98)}));
    let events: Vec<_> = log.iter().map(event).collect();
    let said = both(&Terms::read(&terms).unwrap(), &events);
    let refused = said.iter().filter(|outcome| matches!(outcome, Outcome::Reject(_))).count();
    assert_eq!(refused, 1, "only the second t2: {said:?}");
}

#[test]
fn a_stream_ends_where_the_examples_end() {
    let Some(examples) = fixture("scenario_examples.json") else { return };
    for scenario in examples["scenarios"].as_array().unwrap() {
        let events: Vec<_> = scenario["events"].as_array().unwrap().iter().map(event).collect();
        both(&Terms::read(&scenario["terms"]).unwrap(), &events);
    }
}
