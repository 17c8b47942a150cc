//! A simulation of validators: the engine's synchronous core, our guard and a ledger, on disks, clocks and a network that
//! fail as a seed says. One thread, and the same seed does the same again.
//!
//! ```text
//!  Schedule (seed) ──► run: a queue of events, one clock
//!                        ├── Machine: engine core ◄─► Hands ◄─► ledger, guard (Paper), log, all behind one Power
//!                        ├── Liar: twists what a faulty machine sends
//!                        └── Watch: forks, double signatures, lost heights, faults, standstill
//! ```
//!
//! What is simulated is the engine's actors, its network and its log, and our loop around them; what is real is its core
//! (rounds, votes, locks, certificates, evidence, replay of the log), the guard down to the bytes of its files, and the
//! ledger. Signatures cost a hash.

mod bugs;
mod campaign;
mod disk;
mod effects;
mod faults;
mod flaw;
mod gossip;
mod handover;
mod hands;
mod ledger;
mod ledgers;
mod liar;
mod machine;
mod post;
mod queue;
mod run;
mod schedule;
mod signs;
mod stage;
mod store;
mod toy;
mod watch;

pub use bugs::Bug;
pub use campaign::{Tally, campaign};
pub use flaw::Flaw;
pub use ledgers::Ledgers;
pub use liar::Lie;
pub use run::{Report, run};
pub use schedule::{Kind, Mishap, Schedule};
pub use toy::Toys;
pub use watch::Broken;
