//! The ledger over HTTP: JSON for programs, and the door that a node opens to its servers.
//!
//! Only this crate knows HTTP bodies. It sees a node through [`Ledger`] alone: no store, no engine. [`configure`] mounts
//! everything; [`views`] is what JSON and pages show alike.

mod access;
mod agreements;
mod answer;
mod blocks;
mod body;
mod clock;
mod docs;
pub mod epcis;
mod following;
mod headers;
pub mod items;
mod keys;
pub mod ledger;
mod metrics;
mod node;
pub mod openapi;
mod origin;
pub mod problem;
mod query;
mod quotas;
mod reading;
mod records;
mod server;
mod starting;
mod stream;
pub mod trace;
mod unread;
pub mod views;

pub use access::{
    reader,
    session::{Reads, SessionView},
    shown,
};
pub use agreements::{Readable, agreements};
pub use blocks::readable;
pub use body::BODY_WITHIN;
pub use clock::now;
pub use epcis::Local;
pub use following::{Following, Gather};
pub use ledger::Ledger;
pub use metrics::metrics;
pub use origin::{BadOrigin, Origin};
pub use problem::{Door, Problem, ProblemView};
pub use reading::reading;
pub use records::{BATCH_BYTES_MAX, BATCH_LINES_MAX, ReceiptsView};
pub use server::configure;
pub use starting::starting;
pub use stream::{HEARTBEAT_AFTER, STREAMS_MAX};
pub use unread::unread;
