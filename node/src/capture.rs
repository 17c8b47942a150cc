//! EPCIS 2.0 documents as records: what a document's events become before they are signed.
//!
//! An event stays the text that its author wrote, made canonical, with four changes. Its list of identifiers and its
//! business transactions are detached (the record commits to them, the annex carries them), `recordTime` is left out
//! (the block's time is it), and the `@context` of the document comes into the event where the event needs it, so that
//! the signed text can be understood alone.
//!
//! [`read`] finds the events of a document, [`convert`] turns one into what [`Content`](crate::client::Content) needs.

mod context;
mod document;
mod event;

pub use document::{Source, read};
pub use event::{Captured, NotCaptured, commission, convert};

#[cfg(test)]
mod tests;
