//! What a node keeps for itself beside the ledger: named queries of those who read at it.

mod shelf;

pub use shelf::Kept;

/// Directory of the shelf, in the node's own.
pub const SHELF: &str = "queries";
