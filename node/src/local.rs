//! What a node keeps for itself beside the ledger: named queries and subscriptions of those who read at it, and what became
//! of documents that were handed in.

mod shelf;
mod webhook;

pub use shelf::Kept;
pub use webhook::{Sender, Webhooks};

/// Directory of the shelf, in the node's own.
pub const SHELF: &str = "queries";
