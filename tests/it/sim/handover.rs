//! Handing the ledger over to a machine that has lost it: the node's own snapshots, questions, answers and checks. Only the
//! network is a stand-in, on which everything takes no time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bytes::Bytes;
use hefu_contracts::genesis::Genesis;
use hefu_gossip::{Ask, PeerId};
use hefu_node::{
    snapshots::inner::{Lie, Shelf, Source, Stop, answer, fill},
    store::{Chain, Store},
};
use tempfile::TempDir;

/// Blocks from one snapshot to the next.
pub const EVERY: u64 = 5;

/// The snapshots of all machines.
#[derive(Default)]
pub struct Shelves {
    directory: Option<TempDir>,
    shelves: BTreeMap<usize, Shelf>,
    /// Chains of which a snapshot is taken when somebody asks for one.
    due: BTreeMap<usize, Chain>,
    /// Ledgers that were handed over, and liars that were found out meanwhile.
    pub restored: u64,
    pub exposed: u64,
    /// Times that nothing was handed over although an honest machine had a snapshot.
    pub in_vain: u64,
}

/// Those who can be asked.
pub struct Others<'a> {
    /// Each with its chain as it is now.
    pub chains: BTreeMap<usize, Chain>,
    /// Those who lie about what they hand over.
    pub liars: BTreeSet<usize>,
    /// Questions without an answer, in a thousand.
    pub lost: u64,
    /// Draws what is lost, and lies.
    pub dice: &'a mut fastrand::Rng,
}

/// Those who are asked.
struct Asked<'a, 'b> {
    others: &'a mut Others<'b>,
    shelves: &'a BTreeMap<usize, Shelf>,
    exposed: Vec<(usize, String)>,
}

/// The name of a machine on the network of records.
pub fn peer(machine: usize) -> PeerId {
    let mut bytes = vec![0, 32];
    bytes.extend([u8::try_from(machine).expect("few machines"); 32]);
    PeerId::from_bytes(&bytes).expect("a name of 32 bytes")
}

/// The machine of that name.
pub fn machine_of(peer: PeerId) -> usize {
    usize::from(peer.to_bytes()[2])
}

impl Shelves {
    /// A machine has committed a block.
    pub fn committed(&mut self, machine: usize, height: u64, chain: impl FnOnce() -> Chain) {
        if height.is_multiple_of(EVERY) {
            self.due.insert(machine, chain());
        }
    }

    /// A machine has lost everything.
    pub fn wipe(&mut self, machine: usize) {
        self.due.remove(&machine);
        if self.shelves.remove(&machine).is_some() {
            std::fs::remove_dir_all(self.path(machine)).expect("removed");
        }
    }

    fn path(&mut self, machine: usize) -> std::path::PathBuf {
        let directory = self.directory.get_or_insert_with(|| tempfile::tempdir().expect("a directory"));
        directory.path().join(machine.to_string())
    }

    /// Takes the snapshots that are due.
    fn take(&mut self) {
        for (machine, chain) in std::mem::take(&mut self.due) {
            let path = self.path(machine);
            let shelf = self.shelves.entry(machine).or_insert_with(|| Shelf::open(&path, EVERY));
            shelf.take(&chain).expect("a snapshot");
        }
    }

    /// Fills an empty store with what others hand over; whether that is a ledger.
    ///
    /// # Errors
    /// What must not happen, and [`Stop::Fault`] where the machine lost its power meanwhile.
    pub fn fill(&mut self, genesis: &Genesis, store: &dyn Store, mut others: Others<'_>) -> Result<bool, Failed> {
        self.take();
        let mut asked = Asked { others: &mut others, shelves: &self.shelves, exposed: Vec::new() };
        let filled = fill(genesis, store, &mut asked, &mut Vec::new(), &mut |_| ());
        for (machine, words) in asked.exposed {
            if !others.liars.contains(&machine) {
                return Err(Failed::Wrong(format!("{machine} is honest and was exposed: {words}")));
            }
            self.exposed += 1;
        }
        match filled {
            Ok(_) => {
                self.restored += 1;
                Ok(true)
            }
            Err(Stop::None | Stop::Nobody(_)) => {
                let had = |machine: &usize| !others.liars.contains(machine) && self.shelves.contains_key(machine);
                self.in_vain += u64::from(others.chains.keys().any(had));
                Ok(false)
            }
            Err(Stop::Fault(fault)) => Err(Failed::Fault(fault)),
        }
    }
}

/// Why a ledger was not handed over.
pub enum Failed {
    /// Something that must not happen.
    Wrong(String),
    /// The store failed.
    Fault(hefu_contracts::state::Fault),
}

impl Source for Asked<'_, '_> {
    fn peers(&mut self) -> Vec<PeerId> {
        self.others.chains.keys().map(|machine| peer(*machine)).collect()
    }

    fn ask(&mut self, peer: PeerId, ask: Ask) -> Option<Vec<Bytes>> {
        let machine = machine_of(peer);
        if self.others.dice.u64(0..1_000) < self.others.lost {
            return None;
        }
        let Some(shelf) = self.shelves.get(&machine) else { return Some(Vec::new()) };
        let mut pieces = answer(shelf, &self.others.chains[&machine], &ask).expect("no fault");
        if self.others.liars.contains(&machine) {
            twist(&mut pieces, self.others.dice);
        }
        Some(pieces)
    }

    fn clock(&self) -> Duration {
        // A handover takes no time here.
        Duration::ZERO
    }

    fn expose(&mut self, peer: PeerId, Lie(words): &Lie) {
        self.exposed.push((machine_of(peer), words.clone()));
    }
}

/// What a liar does to an answer: nothing, mostly, so that it is asked for more.
fn twist(pieces: &mut Vec<Bytes>, dice: &mut fastrand::Rng) {
    if pieces.is_empty() {
        return;
    }
    let at = dice.usize(..pieces.len());
    match dice.u8(0..10) {
        0 => {
            let mut bytes = pieces[at].to_vec();
            if !bytes.is_empty() {
                let place = dice.usize(..bytes.len());
                bytes[place] ^= 1 << dice.u8(0..8);
            }
            pieces[at] = Bytes::from(bytes);
        }
        1 => drop(pieces.remove(at)),
        2 => pieces.insert(at, pieces[at].clone()),
        3 => pieces.reverse(),
        4 => pieces.clear(),
        _ => {}
    }
}
