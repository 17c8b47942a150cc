//! Stores whose machines may lose their power.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard},
};

use hefu_contracts::genesis::Genesis;
use hefu_node::store::{Batch, Mark, Memory, Store, StoreError, View, found};

use super::{
    bugs::Bug,
    disk::{Fate, Power, dark},
};

/// A store. Clones are the same one.
#[derive(Clone)]
pub struct Disk {
    /// What is on it.
    pub memory: Memory,
    power: Power,
    /// With a bug, what a block has written is durable only when the next one is.
    unsynced: Option<Arc<Mutex<Unsynced>>>,
}

/// Everything that was ever written.
#[derive(Default)]
struct Unsynced {
    durable: Vec<Batch>,
    floating: Vec<Batch>,
}

impl Disk {
    /// A store that holds nothing but its genesis.
    pub fn new(genesis: &Genesis, power: &Power, bug: Option<Bug>) -> Disk {
        let unsynced = (bug == Some(Bug::CommitUnsynced)).then(Arc::default);
        Disk { memory: empty(genesis), power: power.clone(), unsynced }
    }

    /// A store that holds nothing at all.
    pub fn bare(power: &Power) -> Disk {
        Disk { memory: Memory::new(), power: power.clone(), unsynced: None }
    }

    /// The machine starts again.
    pub fn reboot(&mut self, genesis: &Genesis) {
        let Some(mut unsynced) = self.unsynced() else { return };
        let memory = empty(genesis);
        unsynced.floating.clear();
        for batch in &unsynced.durable {
            memory.write(batch.clone()).expect("memory");
        }
        drop(unsynced);
        self.memory = memory;
    }

    fn unsynced(&self) -> Option<MutexGuard<'_, Unsynced>> {
        self.unsynced.as_ref().map(|unsynced| unsynced.lock().expect("not poisoned"))
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.power.write() {
            Fate::Done => Ok(()),
            // A batch is written whole or not at all; that is what a store promises.
            Fate::Torn | Fate::Lost => Err(StoreError::Watermark { path: "simulated".into(), source: dark() }),
        }
    }
}

fn empty(genesis: &Genesis) -> Memory {
    let memory = Memory::new();
    found(&memory, genesis).expect("an empty store");
    memory
}

impl Store for Disk {
    fn view(&self) -> Arc<dyn View> {
        self.memory.view()
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        self.check()?;
        if let Some(mut unsynced) = self.unsynced() {
            unsynced.floating.push(batch.clone());
        }
        self.memory.write(batch)
    }

    fn commit(&self, batch: Batch, mark: Mark) -> Result<(), StoreError> {
        self.check()?;
        if let Some(mut unsynced) = self.unsynced() {
            let before = mem::take(&mut unsynced.floating);
            unsynced.durable.extend(before);
            unsynced.floating.push(batch.clone());
        }
        self.memory.commit(batch, mark)
    }
}
