//! The consensus engine behind one trait.
//!
//! Hefu does not implement Byzantine agreement: [Malachite] does. This crate is the glue around it, kept apart for two
//! reasons: its interface breaks with every minor version, and its generics are compiled in the crate that names
//! them, a minute and a half each time.
//!
//! ```text
//!            records wait ─► Wake
//!                             │
//!  Application ◄── Glue ◄─────┴──── messages ◄── Malachite ◄── TCP ──► other nodes
//!  (the node)       │                               │
//!                   └── Streams (bodies in parts)   ├── Codec (bytes on the wire and in the log)
//!                                                   └── Signatory, Judge (what is signed)
//! ```
//!
//! The crate knows nothing of the ledger: a body is opaque bytes, a block is named by a [`hefu_keys::Hash`], and the
//! texts that validators sign come from functions in [`Wording`]. The node implements [`Application`] and calls
//! [`Engine::start`].
//!
//! What survives a damaged log: whatever a validator signs stands in its [`Guard`] before the signature leaves this
//! machine, in other files than the log. Without one a validator does not vote.
//!
//! What survives `kill -9`: the engine writes its votes to a log, synced, before it sends them, and the application
//! stores every body before it answers with it. Both together let a node that starts again at an undecided height
//! repeat exactly what it said. The log lies in [`EngineConfig::log`] and belongs to the validator's key: it is never
//! deleted while that key may have voted at an undecided height.
//!
//! [Malachite]: https://github.com/circlefin/malachite

mod application;
mod codec;
mod config;
mod context;
mod engine;
mod evidence;
mod glue;
mod guard;
mod logbook;
mod parts;
mod peers;
mod plain;
#[cfg(test)]
mod scene;
mod sightings;
mod signing;
mod streams;
mod validators;
mod wake;
mod wording;

pub use application::{
    Ahead, Application, Certificate, Decided, Equivocation, Fault, Kept, Member, Portion, Proposed, Received,
    SignedText, Synced, Terms, Timeouts, Undecided, Upcoming, Verdict,
};
pub use config::{ConfigError, EngineConfig};
pub use engine::{Engine, StartError, Stopped, metrics, peer_id};
pub use guard::{Counts, Guard, GuardError, Medium};
pub use malachite::app::net::Multiaddr;
pub use parts::CHUNK_BYTES;
pub use validators::BadMembers;
pub use wake::Wake;
pub use wording::{PartsText, ProposalText, VoteKind, VoteText, Wording};

/// What the simulation drives by itself: the same types, guard and texts without sockets, clocks and threads.
#[cfg(feature = "simulation")]
pub mod inner {
    pub use crate::context::{Autograph, Block, Ed25519, Heading, Hefu, Height, Proposal, Vote, Voter};
    pub use crate::evidence::equivocations;
    pub use crate::guard::{Claim, Refused, Step};
    pub mod logbook {
        pub use crate::logbook::{NOBODY, read, written};
    }
    pub use crate::plain::{certified, extended, linear, number};
    pub use crate::signing::{Statement, Texts, claim_of_heading, claim_of_proposal, claim_of_vote};
    pub use crate::validators::Validators;
    pub use malachite;
    pub use malachite_signing;
}
