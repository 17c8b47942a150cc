//! The events of an EPCIS document, each as the text that its author wrote: numbers keep the spelling that the hash is
//! computed from.

use std::collections::BTreeMap;

use hefu_keys::Hash;
use serde_json::value::RawValue;
use thiserror::Error;

use super::{NotHashable, event_hash, hash_of_event_id, prehash};

/// Arrays in one another around a document or an event, at most so many: farther no tool goes.
const NESTING_MAX: usize = 2;

/// An event in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventText<'a> {
    /// Where it stands in the document (RFC 6901); empty where it is the whole.
    pub pointer: String,
    /// The `@context` values of the documents around it, outermost first, each as JSON text.
    pub contexts: Vec<&'a str>,
    /// The event as JSON text.
    pub text: &'a str,
}

impl EventText<'_> {
    /// The event's pre-hash string.
    ///
    /// # Errors
    /// As [`prehash`].
    pub fn prehash(&self) -> Result<String, NotHashable> {
        prehash(self.text, &self.contexts)
    }

    /// The event's hash.
    ///
    /// # Errors
    /// As [`prehash`].
    pub fn hash(&self) -> Result<Hash, NotHashable> {
        event_hash(self.text, &self.contexts)
    }

    /// Whether it stands in a document that does not say what names mean. A bare event may do without a context: it then
    /// says that it has no names but the standard's (EPCIS 2.0 §10.2).
    pub fn lacks_context(&self) -> bool {
        let own = || serde_json::from_str::<Members>(self.text).is_ok_and(|members| members.contains_key("@context"));
        self.contexts.is_empty() && self.pointer.contains("/epcisBody/") && !own()
    }

    /// The hash that the event's own `eventID` states.
    pub fn stated(&self) -> Option<Hash> {
        let members: Members = serde_json::from_str(self.text).ok()?;
        let id: String = serde_json::from_str(members.get("eventID")?.get()).ok()?;
        hash_of_event_id(&id)
    }
}

/// A text that is no EPCIS document in JSON.
#[derive(Debug, Error)]
pub enum NotEpcis {
    /// No JSON.
    #[error("the text is not JSON")]
    Json(#[from] serde_json::Error),
    /// Something else than a document, an event, or an array of them.
    #[error(
        "found {found}{}, expected an EPCISDocument, an EPCISQueryDocument, an event, or an array of them",
        at(pointer)
    )]
    Shape {
        /// What it is.
        found: &'static str,
        /// Where it stands (RFC 6901).
        pointer: String,
    },
    /// A document whose events are to be recorded, without the context that says what their names mean.
    #[error("the document around {pointer} has no `@context`")]
    NoContext {
        /// Where its first event stands (RFC 6901).
        pointer: String,
    },
    /// A document without the list that it is there for.
    #[error("the {document} has no `{pointer}`")]
    NoEvents {
        /// The type of document.
        document: String,
        /// Where its events should stand (RFC 6901).
        pointer: String,
    },
}

fn at(pointer: &str) -> String {
    if pointer.is_empty() { String::new() } else { format!(" at {pointer}") }
}

/// The events of an `EPCISDocument` or `EPCISQueryDocument`, of a bare event, or of an array of such things, in their
/// order. Of an event nothing is judged but that it is an object.
///
/// # Errors
/// [`NotEpcis`].
pub fn events(text: &str) -> Result<Vec<EventText<'_>>, NotEpcis> {
    let whole: &RawValue = serde_json::from_str(text)?;
    let mut found = Vec::new();
    collect(whole, String::new(), NESTING_MAX, &mut found)?;
    Ok(found)
}

type Members<'a> = BTreeMap<String, &'a RawValue>;

fn collect<'a>(
    raw: &'a RawValue,
    pointer: String,
    nesting: usize,
    found: &mut Vec<EventText<'a>>,
) -> Result<(), NotEpcis> {
    let wrong = |what| NotEpcis::Shape { found: what, pointer: pointer.clone() };
    match raw.get().as_bytes().first() {
        Some(b'[') => {
            let nesting = nesting.checked_sub(1).ok_or_else(|| wrong("arrays in arrays"))?;
            let items: Vec<&RawValue> = serde_json::from_str(raw.get())?;
            let mut items = items.into_iter().enumerate();
            items.try_for_each(|(index, item)| collect(item, format!("{pointer}/{index}"), nesting, found))
        }
        Some(b'{') => {
            let members: Members<'a> = serde_json::from_str(raw.get())?;
            match kind(&members).as_str() {
                kind @ "EPCISDocument" => document(&members, &["epcisBody", "eventList"], kind, &pointer, found),
                kind @ "EPCISQueryDocument" => {
                    let path = ["epcisBody", "queryResults", "resultsBody", "eventList"];
                    document(&members, &path, kind, &pointer, found)
                }
                "EPCISMasterDataDocument" => Err(wrong("master data")),
                "" => Err(wrong("an object without `type`")),
                _ => {
                    found.push(EventText { pointer, contexts: Vec::new(), text: raw.get() });
                    Ok(())
                }
            }
        }
        Some(b'"') => Err(wrong("a text")),
        _ => Err(wrong("a number or word")),
    }
}

/// The type, or an empty text.
fn kind(members: &Members) -> String {
    members.get("type").and_then(|kind| serde_json::from_str(kind.get()).ok()).unwrap_or_default()
}

/// Adds the events of the list that stands at `path`.
fn document<'a>(
    members: &Members<'a>,
    path: &[&str],
    kind: &str,
    around: &str,
    found: &mut Vec<EventText<'a>>,
) -> Result<(), NotEpcis> {
    let pointer = format!("{around}/{}", path.join("/"));
    let events = list(members, path);
    let events = events.ok_or_else(|| NotEpcis::NoEvents { document: kind.to_owned(), pointer: pointer.clone() })?;
    let contexts: Vec<&str> = members.get("@context").map(|context| context.get()).into_iter().collect();
    for (index, event) in events.into_iter().enumerate() {
        let pointer = format!("{pointer}/{index}");
        if !event.get().starts_with('{') {
            return Err(NotEpcis::Shape { found: "an event that is no object", pointer });
        }
        found.push(EventText { pointer, contexts: contexts.clone(), text: event.get() });
    }
    Ok(())
}

/// The list below some objects.
fn list<'a>(members: &Members<'a>, path: &[&str]) -> Option<Vec<&'a RawValue>> {
    let (first, rest) = path.split_first()?;
    let text = members.get(*first)?.get();
    if rest.is_empty() { serde_json::from_str(text).ok() } else { list(&serde_json::from_str(text).ok()?, rest) }
}

#[cfg(test)]
mod tests;
