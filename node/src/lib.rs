//! A node of the ledger: it stores blocks, judges and executes them, agrees on them with its peers, and answers those
//! who hand in records or ask for proofs.
//!
//! ```text
//!   servers ──► NodeLedger ──┐                 ┌── hefu-engine (Byzantine agreement)
//!               (ledger)     ▼                 ▼
//!                          Core: pool, candidates, execution, commitment   (core, synchronous, no clock)
//!                            │
//!                          Store: one synced batch per block               (store: RocksDB, memory)
//! ```
#![cfg_attr(
    test,
    expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::string_slice,
        reason = "tests compute with small known numbers"
    )
)]

pub mod capture;
pub mod cli;
pub mod client;
pub mod config;
pub mod consensus;
pub mod core;
pub mod demo;
pub mod facts;
pub mod gateway;
pub mod gossip;
pub mod ledger;
pub mod local;
pub mod memory;
pub mod metrics;
pub mod node;
pub mod ports;
mod pulse;
pub mod snapshots;
pub mod space;
pub mod store;
#[cfg(any(test, feature = "world"))]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a world that is not sound must end the test that made it"
)]
pub mod world;

/// Executing a record makes very many small allocations and few that stay; glibc spends a fifth of the time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub use ledger::NodeLedger;
pub use node::{GuardWish, Node, NodeConfig, StopReason};
pub use store::{Progress, VerifyError, VerifyReport, create_store, verify_store};
