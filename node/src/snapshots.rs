//! Snapshots: the whole ledger at one height, for a node that has none of it.
//!
//! A node that is new, or has lost its disk, need not execute everything that ever happened. It asks the others for their
//! newest snapshot, checks the header's certificate against the members that genesis names, and takes piece by piece what
//! the header binds: rows in ranges of the register, each with a root of its own; entries, which lead to the heads in the
//! rows; blocks, each certified. Nothing is believed, and nothing is used before all of it is there. Whoever sends what
//! does not fit is dropped, and somebody else is asked.
//!
//! ```text
//!   commit of every n-th block ──► Shelf: rows by ranges, in files ──┐
//!   store: entries, blocks ──────────────────────────────────────────┴─► serve ──► hefu-gossip ──► restore, elsewhere
//! ```
//!
//! What comes out is a store like any other: it serves all of the history, and `hefu verify --store` executes it again.

mod begin;
mod lines;
mod pace;
mod restore;
mod serve;
mod shelf;
#[cfg(test)]
mod tests;

use serde::Deserialize;

pub(crate) use begin::{Begun, begin};
pub(crate) use serve::answer;
pub(crate) use shelf::{Shelf, keep};

/// What the simulation drives by itself: the same questions, answers and checks without a network.
#[cfg(feature = "world")]
pub mod inner {
    pub use super::{
        restore::{Lie, Progress, Source, Stop, fill},
        serve::answer,
        shelf::Shelf,
    };
}

/// Blocks from one snapshot to the next, unless the configuration says otherwise: catching up so many takes seconds.
const EVERY: u64 = 1_000;

/// Handing the state over to nodes that have none, and taking it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Snapshots {
    /// Blocks from one snapshot to the next; 0 takes none. The validators of a network should agree on it, so that a node
    /// that restores can go on with another one.
    pub every: u64,
    /// Whether a node without a store asks the others for a snapshot. Otherwise it executes all blocks.
    pub restore: bool,
}

impl Default for Snapshots {
    fn default() -> Snapshots {
        Snapshots { every: EVERY, restore: true }
    }
}
