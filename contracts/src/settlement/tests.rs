//! The published and computed vectors, the rules, and the invariants of settlement.

mod isolation;
mod pools;
mod properties;
mod random;
mod rules;
mod scenarios;
mod story;
mod stream;
mod terms;
mod vectors;

use serde_json::{Value, json};

use super::{Account, Book, Bucket, Event, LineId, Outcome, Party, Terms};
use crate::gs1::fixtures;

/// The text of a fixture, or `None` where the fixtures are not on this machine: a test says so and stands on the
/// project's own data, except in continuous integration, where it fails.
fn fixture_text(name: &str) -> Option<String> {
    let text = fixtures::read(&format!("settlement/{name}"));
    #[expect(clippy::disallowed_methods, reason = "a test may ask where it runs; no rule does")]
    let in_ci = std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "0" && value != "false");
    assert!(text.is_some() || !in_ci, "the fixture settlement/{name} is absent");
    text
}

fn fixture(name: &str) -> Option<Value> {
    fixture_text(name).map(|text| serde_json::from_str(&text).expect("a fixture is JSON"))
}

/// Terms with one beneficiary, to which a test adds what it is about.
fn sheet(more: &Value) -> Value {
    let mut sheet = json!({
        "obligor": "brand", "fee_to": "platform", "split": [["kol", "1"]], "hold_days": "15",
        "components": [{"id": "comm", "kind": "per_line", "ppm": "100000"}],
    });
    for (name, value) in more.as_object().unwrap() {
        sheet[name] = value.clone();
    }
    sheet
}

fn book(more: &Value) -> Book {
    Book::new(Terms::read(&sheet(more)).unwrap())
}

fn event(value: &Value) -> Event {
    Event::read(value).unwrap()
}

/// Submits and tells `ok`, `duplicate` or the reason's word.
fn submit(book: &mut Book, value: &Value) -> &'static str {
    match book.submit(&event(value)).0 {
        Outcome::Ok => "ok",
        Outcome::Duplicate => "duplicate",
        Outcome::Reject(reason) => reason.word(),
    }
}

/// Submits events, all of which are taken.
fn all(book: &mut Book, events: &[Value]) {
    for value in events {
        assert_eq!(submit(book, value), "ok", "{value}");
    }
}

fn balance(book: &Book, party: &str, bucket: Bucket) -> i128 {
    let account = Account { party: Party::new(party).unwrap(), bucket };
    book.balances.get(&account).copied().unwrap_or_default().get()
}

/// Balances that are not zero, as `kol:held=5 …`.
fn balances(book: &Book) -> String {
    let held = book.balances.iter().filter(|(_, amount)| !amount.is_zero());
    held.map(|(account, amount)| format!("{account}={amount}")).collect::<Vec<_>>().join(" ")
}

fn paid(id: &str, line: &str, base: i128) -> Value {
    json!({"id": id, "type": "paid", "line": line, "base": base.to_string(), "units": "1"})
}

fn refund(id: &str, line: &str, base: i128) -> Value {
    json!({"id": id, "type": "refund", "line": line, "base": base.to_string(), "units": "0"})
}

fn line(name: &str) -> LineId {
    LineId::new(name).unwrap()
}
