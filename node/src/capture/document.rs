//! The events of what people hand in, as values.

use hefu_contracts::cbv::{self, NotEpcis};
use serde_json::{Map, Value};

/// An event with the contexts of the documents around it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The `@context` values around the event, outermost first.
    pub contexts: Vec<Value>,
    /// The event.
    pub event: Map<String, Value>,
}

impl Source {
    /// An event without a document around it.
    ///
    /// # Errors
    /// [`NotEpcis::Shape`] where it is no object.
    pub fn alone(event: Value) -> Result<Source, NotEpcis> {
        match event {
            Value::Object(event) => Ok(Source { contexts: Vec::new(), event }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(NotEpcis::Shape { found: "an event that is no object", pointer: String::new() })
            }
        }
    }

    /// The event's type, or an empty text.
    pub fn kind(&self) -> &str {
        self.event.get("type").and_then(Value::as_str).unwrap_or_default()
    }
}

/// The events of a document, as [`cbv::events`] finds them. Which of them can be captured is for
/// [`convert`](super::convert) to say.
///
/// # Errors
/// [`NotEpcis`].
pub fn read(text: &str) -> Result<Vec<Source>, NotEpcis> {
    let value = |found: cbv::EventText<'_>| {
        if found.lacks_context() {
            return Err(NotEpcis::NoContext { pointer: found.pointer });
        }
        let event: Map<String, Value> = serde_json::from_str(found.text)?;
        let contexts = found.contexts.into_iter().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(Source { contexts, event })
    };
    cbv::events(text)?.into_iter().map(value).collect()
}
