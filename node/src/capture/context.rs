//! The `@context` that an event needs when it stands alone.
//!
//! Every event has the EPCIS context built in. What a document declares beside it (prefixes of user extensions, other
//! contexts) goes with an event only where the event makes use of it, so that records stay small.

use serde_json::{Map, Value};

/// Where GS1 publishes the context that every EPCIS 2.0 event has; versions differ in what follows.
const STANDARD: [&str; 2] = ["https://ref.gs1.org/standards/epcis/", "https://gs1.github.io/EPCIS/"];

/// The context of an event that is taken out of its document: `around` are the contexts of the documents around it,
/// outermost first, its own comes last. `None` where the standard's alone is enough.
pub(super) fn of_event(around: &[Value], event: &Map<String, Value>) -> Option<Value> {
    let mut items: Vec<&Value> = Vec::new();
    for context in around.iter().chain(event.get("@context")) {
        for item in context.as_array().map_or(std::slice::from_ref(context), Vec::as_slice) {
            if !items.contains(&item) {
                items.push(item);
            }
        }
    }
    if !items.iter().any(|item| is_needed(item, event)) {
        return None;
    }
    match items.as_slice() {
        [only] => Some((*only).clone()),
        several => Some(several.iter().copied().cloned().collect()),
    }
}

fn is_needed(item: &Value, event: &Map<String, Value>) -> bool {
    match item {
        // Another published context may define any name; only its reader knows.
        Value::String(uri) => !STANDARD.iter().any(|standard| uri.starts_with(standard)),
        Value::Object(terms) => terms.keys().any(|term| term.starts_with('@') || uses(event, term)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => false,
    }
}

/// Whether a member's name or a text makes use of a term: `term` itself as a name, or `term:…`.
fn uses(members: &Map<String, Value>, term: &str) -> bool {
    let mut members = members.iter().filter(|(name, _)| *name != "@context");
    members.any(|(name, value)| name == term || is_compact(name, term) || uses_in(value, term))
}

fn uses_in(value: &Value, term: &str) -> bool {
    match value {
        Value::String(text) => is_compact(text, term),
        Value::Array(items) => items.iter().any(|item| uses_in(item, term)),
        Value::Object(members) => uses(members, term),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A compact URI of this prefix (JSON-LD 1.1 §4.1.5).
fn is_compact(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(':')).is_some_and(|local| !local.starts_with("//"))
}
