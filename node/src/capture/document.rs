//! Where the events stand in what people hand in.

use serde_json::{Map, Value};
use thiserror::Error;

/// Events in one array, lists of lists included, at most this deep: a document in an array is as far as tools go.
const NESTING_MAX: usize = 2;

/// An event with the contexts of the documents around it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The `@context` values around the event, outermost first.
    pub contexts: Vec<Value>,
    /// The event.
    pub event: Map<String, Value>,
}

/// A text that is no EPCIS document in JSON.
#[derive(Debug, Error)]
pub enum NotEpcis {
    /// No JSON.
    #[error("the text is not JSON")]
    Json(#[from] serde_json::Error),
    /// Something else than a document, an event, or an array of them.
    #[error("found {0}, expected an EPCISDocument, an EPCISQueryDocument, an event, or an array of them")]
    Shape(&'static str),
    /// A document without the list that it is there for.
    #[error("the {document} has no `{pointer}`")]
    NoEvents {
        /// The type of document.
        document: String,
        /// Where its events should stand.
        pointer: &'static str,
    },
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
                Err(NotEpcis::Shape("an event that is no object"))
            }
        }
    }

    /// The event's type, or an empty text.
    pub fn kind(&self) -> &str {
        self.event.get("type").and_then(Value::as_str).unwrap_or_default()
    }
}

/// The events of an `EPCISDocument` or `EPCISQueryDocument`, of a bare event, or of an array of such things, in their
/// order. Events of every type are found; which of them can be captured is for [`convert`](super::convert) to say.
///
/// # Errors
/// [`NotEpcis`].
pub fn read(text: &str) -> Result<Vec<Source>, NotEpcis> {
    let mut found = Vec::new();
    collect(serde_json::from_str(text)?, &[], NESTING_MAX, &mut found)?;
    Ok(found)
}

fn collect(value: Value, contexts: &[Value], nesting: usize, found: &mut Vec<Source>) -> Result<(), NotEpcis> {
    match value {
        Value::Array(items) => {
            let nesting = nesting.checked_sub(1).ok_or(NotEpcis::Shape("arrays in arrays"))?;
            items.into_iter().try_for_each(|item| collect(item, contexts, nesting, found))
        }
        Value::Object(members) => {
            let source = Source { contexts: contexts.to_vec(), event: members };
            match source.kind() {
                "EPCISDocument" => events(source, "/epcisBody/eventList", found),
                "EPCISQueryDocument" => events(source, "/epcisBody/queryResults/resultsBody/eventList", found),
                "" => Err(NotEpcis::Shape("an object without `type`")),
                _ => {
                    found.push(source);
                    Ok(())
                }
            }
        }
        Value::String(_) => Err(NotEpcis::Shape("a text")),
        Value::Null | Value::Bool(_) | Value::Number(_) => Err(NotEpcis::Shape("a number or word")),
    }
}

fn events(document: Source, pointer: &'static str, found: &mut Vec<Source>) -> Result<(), NotEpcis> {
    let missing = NotEpcis::NoEvents { document: document.kind().to_owned(), pointer };
    let Source { mut contexts, event: mut members } = document;
    contexts.extend(members.remove("@context"));
    let mut body = Value::Object(members);
    match body.pointer_mut(pointer).map(Value::take) {
        Some(Value::Array(events)) => {
            for event in events {
                found.push(Source { contexts: contexts.clone(), ..Source::alone(event)? });
            }
            Ok(())
        }
        Some(_) | None => Err(missing),
    }
}
