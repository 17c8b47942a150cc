//! The gateway: a capture endpoint on a supplier's own machine. It takes plain EPCIS events, signs each as one record with
//! her key, and hands them in.
//!
//! An event is signed once. The signed bytes and the job are on the disk before the client is answered, and the same bytes
//! are handed in until the node has said what became of them; a record handed in twice is taken once. So a gateway that is
//! killed at any moment loses nothing and doubles nothing.

mod door;
mod forward;
mod outbox;
mod relay;

pub use door::{Gateway, GatewayDoor, NotOpened};
pub use outbox::{Outbox, OutboxError};
pub use relay::NodeRelay;
