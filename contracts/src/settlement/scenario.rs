//! Term sheets and events as a text, and what becomes of them as another: `hefu settle scenario`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    book::{Book, Outcome},
    event::Event,
    export,
    journal::{Balances, Entry},
    read::{Fault, Malformed, Node, Read, parse},
    terms::Terms,
};
use crate::canonical_text;

/// What a scenario's answer contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// The result of every event, and the balances in the end.
    Results,
    /// The balances after every event as well.
    Trace,
    /// The journal, as beancount reads it.
    Beancount,
    /// The journal, as hledger and ledger read it.
    Ledger,
}

/// The answer to one scenario.
#[derive(Debug, Serialize)]
struct Answer {
    r#final: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<Vec<Step>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Vec<Step>>,
}

/// The answer to one event.
#[derive(Debug, Serialize)]
struct Step {
    #[serde(skip_serializing_if = "Option::is_none")]
    balances: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    id: String,
    result: &'static str,
}

#[derive(Debug, Serialize)]
struct Answers {
    scenarios: Vec<Answer>,
}

/// What is expected of a scenario stands beside it, and is ignored.
const FIELDS: [&str; 6] = ["terms", "events", "results", "final", "trace", "note"];

/// Runs one scenario, `{"terms", "events"}`, or several, `{"scenarios": […]}`, and answers in the same form.
///
/// # Errors
/// [`Malformed`] with a pointer to what could not be read. Events that are refused are part of the answer.
pub fn scenario(text: &str, show: Show) -> Read<String> {
    let value = parse(text)?;
    let root = Node::root(&value);
    let Some(several) = root.any_fields()?.find("scenarios") else { return one(&root, show) };
    root.fields(&["scenarios", "note"])?;
    let mut scenarios = Vec::new();
    for node in several.list(usize::MAX)? {
        match show {
            Show::Results | Show::Trace => scenarios.push(answer(&node, show == Show::Trace)?),
            Show::Beancount | Show::Ledger => return Err(unexportable(&several)),
        }
    }
    Ok(canonical_text(&Answers { scenarios }))
}

fn unexportable(node: &Node<'_>) -> Malformed {
    node.fault(Fault::Unsupported, "cannot be exported together: a journal has one contract")
}

fn one(node: &Node<'_>, show: Show) -> Read<String> {
    if let Show::Results | Show::Trace = show {
        return Ok(canonical_text(&answer(node, show == Show::Trace)?));
    }
    let (mut book, events) = read(node)?;
    let entries: Vec<Entry> = events.iter().flat_map(|event| book.submit(event).1).collect();
    let heading = &book.newest().map_err(|reason| node.refused(reason))?.heading;
    Ok(match show {
        Show::Beancount => export::beancount(&entries, heading.currency, heading.contract.as_deref()),
        Show::Ledger | Show::Results | Show::Trace => export::ledger(&entries, heading.currency),
    })
}

fn read(node: &Node<'_>) -> Read<(Book, Vec<Event>)> {
    let fields = node.fields(&FIELDS)?;
    let book = Book::new(Terms::read_node(&fields.get("terms")?)?);
    let events = fields.get("events")?.list(usize::MAX)?.iter().map(Event::read_node).collect::<Read<_>>()?;
    Ok((book, events))
}

fn answer(node: &Node<'_>, traced: bool) -> Read<Answer> {
    let (mut book, events) = read(node)?;
    let mut steps = Vec::new();
    for event in &events {
        let (result, code) = match book.submit(event).0 {
            Outcome::Ok => ("ok", None),
            Outcome::Duplicate => ("duplicate", None),
            Outcome::Reject(reason) => ("reject", Some(reason.word())),
        };
        let balances = traced.then(|| shown(&book.balances));
        steps.push(Step { balances, code, id: event.id.to_string(), result });
    }
    let (results, trace) = if traced { (None, Some(steps)) } else { (Some(steps), None) };
    Ok(Answer { r#final: shown(&book.balances), results, trace })
}

/// Balances that are not zero.
fn shown(balances: &Balances) -> BTreeMap<String, String> {
    let held = balances.iter().filter(|(_, amount)| !amount.is_zero());
    held.map(|(account, amount)| (account.to_string(), amount.to_string())).collect()
}
