//! What the simulation needs of the ledgers that it runs.

use bytes::Bytes;
use hefu_engine::{Application, Fault, inner::Texts};
use hefu_keys::Hash;

use super::disk::Power;

/// Ledgers, their disks, and what else belongs to them in a schedule.
pub trait Stage {
    /// A ledger that runs on one machine.
    type Ledger: Application;

    /// What its validators sign.
    fn texts(&self) -> Texts;

    /// All clocks show this many milliseconds from the beginning.
    fn clock(&mut self, _now: u64) {}

    /// Opens the ledger on a machine's disk.
    ///
    /// # Errors
    /// Where the disk does not hold one together.
    fn boot(&mut self, machine: usize, seat: usize, power: &Power, boots: u64) -> Result<Self::Ledger, Fault>;

    /// Another block in place of one; whether it may follow the rules.
    fn other(&mut self, body: &Bytes, sound: bool) -> Option<(Hash, Bytes)>;

    /// A client hands a record in; what the others must hear.
    fn submit(&mut self, _ledger: &mut Self::Ledger) -> Option<Bytes> {
        None
    }

    /// A record of somebody else's client has come.
    fn heard(&mut self, _ledger: &mut Self::Ledger, _record: &Bytes) {}

    /// Records that the ledger itself has made and that wait still; the others must hear of them.
    fn own_records(&mut self, _ledger: &mut Self::Ledger) -> Vec<Bytes> {
        Vec::new()
    }

    /// What is wrong with the honest machines' ledgers in the end.
    fn finish(&mut self, honest: &[usize]) -> Vec<String>;
}
