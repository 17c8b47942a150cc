//! What the simulation needs of the ledgers that it runs.

use bytes::Bytes;
use hefu_contracts::time::Time;
use hefu_engine::{Application, Fault, inner::Texts};
use hefu_gossip::{Answer, Message};
use hefu_keys::Hash;

use super::disk::Power;

/// The largest network that is simulated.
pub const VALIDATORS_MAX: usize = 7;

/// How far a machine's clock may be off, in milliseconds.
pub const SKEW: i64 = 2_000;

/// A ledger that knows what its validator's guard is asked about.
pub trait Chronicle: Application {
    /// What its machine's clock shows.
    fn time(&self) -> Time;

    /// The last final height.
    fn height(&self) -> u64;

    /// When the block of a height was made; none where it is not here.
    fn made(&self, height: u64) -> Option<Time>;

    /// The last of the newest heights whose certificate holds this validator's signature.
    fn signed_last(&self) -> Option<u64>;
}

/// A machine that starts.
pub struct Boot<'a> {
    /// Which one, and whose seat it has.
    pub machine: usize,
    pub seat: usize,
    /// Its power.
    pub power: &'a Power,
    /// How often it has started before.
    pub boots: u64,
    /// Machines that it can reach.
    pub others: Vec<usize>,
    /// Questions to them that get no answer, in a thousand.
    pub lost: u64,
}

/// Ledgers, their disks, and what else belongs to them in a schedule.
pub trait Stage {
    /// A ledger that runs on one machine.
    type Ledger: Chronicle;

    /// What its validators sign.
    fn texts(&self) -> Texts;

    /// All clocks show this many milliseconds from the beginning.
    fn clock(&mut self, _now: u64) {}

    /// Opens the ledger on a machine's disk.
    ///
    /// # Errors
    /// Where the disk does not hold one together.
    fn boot(&mut self, boot: &Boot<'_>) -> Result<Self::Ledger, Fault>;

    /// A machine's disk is another one now, with nothing on it.
    fn wipe(&mut self, machine: usize);

    /// Another block in place of one; whether it may follow the rules.
    fn other(&mut self, body: &Bytes, sound: bool) -> Option<(Hash, Bytes)>;

    /// A client hands a record in.
    fn submit(&mut self, _ledger: &mut Self::Ledger) {}

    /// What a ledger says to other machines of the records that wait in it, each under a ticket.
    fn due(&mut self, _ledger: &mut Self::Ledger) -> Vec<(usize, u64, Message)> {
        Vec::new()
    }

    /// When it has to say more, if nothing else happens.
    fn wakes(&mut self, _ledger: &Self::Ledger) -> Option<u64> {
        None
    }

    /// Takes what another machine says, and answers.
    fn take(&mut self, _ledger: &mut Self::Ledger, _from: usize, _message: Message) -> Option<Answer> {
        None
    }

    /// The answer has come to something that it said, or none.
    fn answered(&mut self, _ledger: &mut Self::Ledger, _ticket: u64, _answer: Option<Answer>) {}

    /// Another machine has started.
    fn joined(&mut self, _ledger: &mut Self::Ledger, _machine: usize) {}

    /// What is wrong with the honest machines' ledgers in the end.
    fn finish(&mut self, honest: &[usize]) -> Vec<String>;
}
