//! The CBV 2.0 event hash: a name that follows from what an event says (Core Business Vocabulary 2.0, EPCIS Event Hash
//! ID).
//!
//! The event is written as a *pre-hash string*: its fields in a fixed order, lists sorted, times in UTC milliseconds,
//! numbers without trailing zeros, vocabulary words and compact URIs in full, identifiers as constrained Digital Links.
//! The SHA-256 of that string is the same for every spelling of the event, in JSON or XML.
//!
//! It is an identity and no seal: `recordTime`, `eventID` and `errorDeclaration` do not enter, so an error declaration
//! has the hash of the event that it retracts, and its reason can be changed without changing the hash.
//!
//! Where the standard's text and the reference implementation (`epcis-event-hash-generator`, as of October 2025)
//! differ, its published pre-hash strings decide: the type of a transaction, source or destination stands before its
//! value, their lists stand behind the sensors among what has no place in the order, and a member whose name ends in
//! `List` is written as a list with elements of the shorter name. Where no published string tells, the standard's text
//! decides. Then this differs from that implementation, which
//!
//! - leaves the prefixes of the EPCIS context (`gs1:`, `cbvmda:` …) in place unless the document declares them again,
//! - takes every string that equals a vocabulary word for that word, wherever it stands,
//! - writes JSON's `true` as `True`, and `null`, which says nothing, as `None`,
//! - rounds half a millisecond to the even neighbour instead of up, and loses events that round up to a full second,
//! - computes with binary floats: digits behind the 17th are lost, so that two codes of 20 digits could have one hash,
//!   and small numbers get an exponent,
//! - writes a member whose namespace does not end in `/`, or which is alone in its parent, at the end of the event
//!   instead of the end of its parent,
//! - takes a transaction's type and value in the order of the document,
//! - leaves Digital Links with capitals in the scheme or percent-encoded characters under their domain.
//!
//! Its versions since July 2026 mend times, numbers and `true` in the same way, but also redefine the order for
//! `CBV2.0`, so that they find other hashes than all earlier ones for events with extensions, sensors, sources or
//! destinations. That change is not followed: a name that has been given stays.

mod bare;
pub(crate) mod decimal;
mod document;
pub(crate) mod json;
mod namespaces;
mod order;
mod time;
mod value;
pub(crate) mod words;
mod write;

use std::fmt::Display;

pub use bare::bare;
pub use document::{EventText, NotEpcis, events};
use hefu_keys::Hash;
use thiserror::Error;

use json::Json;
use namespaces::Namespaces;

/// Deepest nesting of an event and of a context.
pub const DEPTH_MAX: usize = hefu_keys::canonical::DEPTH_MAX;

/// An event that has no hash.
#[derive(Debug, Error)]
pub enum NotHashable {
    /// No JSON.
    #[error("the event or its context is no JSON")]
    Json(#[from] serde_json::Error),
    /// Nested too deep.
    #[error("the event or its context is nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    /// Something else than an object.
    #[error("the event is no JSON object")]
    NotAnObject,
    /// No kind of event.
    #[error("the event has no type")]
    NoType,
    /// A time field that holds no time with an offset.
    #[error("{pointer} is {text:?}, not a time like 2026-09-18T02:00:00.000Z")]
    Time {
        /// The field, from the event (RFC 6901).
        pointer: String,
        /// Its value, shortened.
        text: String,
    },
}

impl NotHashable {
    /// Where in the event it is; the event itself where nothing finer is known.
    pub fn pointer(&self) -> &str {
        match self {
            NotHashable::Time { pointer, .. } => pointer,
            NotHashable::Json(_) | NotHashable::TooDeep | NotHashable::NotAnObject | NotHashable::NoType => "",
        }
    }

    /// The same, told by the parent whose member or element `step` it is in.
    fn below(self, step: impl Display) -> NotHashable {
        match self {
            NotHashable::Time { pointer, text } => NotHashable::Time { pointer: format!("/{step}{pointer}"), text },
            NotHashable::Json(_) | NotHashable::TooDeep | NotHashable::NotAnObject | NotHashable::NoType => self,
        }
    }
}

/// The pre-hash string of one EPCIS event in JSON.
///
/// `contexts` are the `@context` values of the documents around the event, outermost first, each as JSON text; the
/// event's own `@context` is found in it. They name the namespaces of user extensions. Numbers are taken from the text
/// as they are spelled.
///
/// # Errors
/// [`NotHashable`] where the event is no JSON object with a type and readable times.
pub fn prehash(event: &str, contexts: &[&str]) -> Result<String, NotHashable> {
    let Json::Object(members) = json::read(event)? else { return Err(NotHashable::NotAnObject) };
    let mut namespaces = Namespaces::default();
    for context in contexts {
        namespaces.declare(&json::read(context)?);
    }
    if let Some(own) = json::member(&members, "@context") {
        namespaces.declare(own);
    }
    write::event(&members, &namespaces)
}

/// The CBV 2.0 hash of one EPCIS event in JSON: SHA-256 of its [`prehash`].
///
/// # Errors
/// As [`prehash`].
pub fn event_hash(event: &str, contexts: &[&str]) -> Result<Hash, NotHashable> {
    Ok(Hash::of(prehash(event, contexts)?.as_bytes()))
}

/// A hash as an `eventID` (RFC 6920): `ni:///sha-256;<64 hex digits>?ver=CBV2.0`.
pub fn event_id(hash: &Hash) -> String {
    format!("{ID_START}{hash}{ID_END}")
}

/// The hash that an `eventID` states; `None` for identifiers of another form, such as UUIDs.
pub fn hash_of_event_id(id: &str) -> Option<Hash> {
    id.strip_prefix(ID_START)?.strip_suffix(ID_END)?.parse().ok()
}

const ID_START: &str = "ni:///sha-256;";
const ID_END: &str = "?ver=CBV2.0";

#[cfg(test)]
mod tests;
