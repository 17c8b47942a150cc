//! What EPCIS events of the story have in common.

use serde_json::{Value, json};

use super::teller::Teller;

/// What every event of an ObjectEvent's kind has; the time is so many minutes before the chain began.
pub(super) fn event(teller: &Teller, minutes_ago: i64, (action, step, disposition): (&str, &str, &str)) -> Value {
    json!({
        "action": action,
        "bizStep": step,
        "disposition": disposition,
        "eventTime": teller.ago(minutes_ago),
        "eventTimeZoneOffset": "+08:00",
        "type": "ObjectEvent",
    })
}

/// An event, or a fact, that says more.
pub(super) fn with(mut event: Value, more: Value) -> Value {
    if let (Value::Object(event), Value::Object(more)) = (&mut event, more) {
        event.extend(more);
    }
    event
}

/// A place as events name it.
pub(super) fn place(gln: &str) -> Value {
    json!({"id": format!("https://id.gs1.org/414/{gln}")})
}

/// Seen at a site, and there afterwards.
pub(super) fn at(gln: &str) -> Value {
    json!({"bizLocation": place(gln), "readPoint": place(gln)})
}

/// On the way from one organisation to another.
pub(super) fn from_to(from: &str, to: &str, despatch_advice: &str) -> Value {
    let party = |gln: &str| format!("https://id.gs1.org/417/{gln}");
    json!({
        "bizTransactionList": [{"bizTransaction": despatch_advice, "type": "desadv"}],
        "destinationList": [{"destination": party(to), "type": "possessing_party"}],
        "sourceList": [{"source": party(from), "type": "possessing_party"}],
    })
}
