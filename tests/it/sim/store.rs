//! Stores whose machines may lose their power.

use std::sync::Arc;

use hefu_node::store::{Batch, Mark, Memory, Store, StoreError, View};

use super::disk::{Fate, Power, dark};

/// A store whose machine may lose its power.
#[derive(Clone)]
pub struct Disk {
    /// What is on it.
    pub memory: Memory,
    /// The machine's.
    pub power: Power,
}

impl Disk {
    fn check(&self) -> Result<(), StoreError> {
        match self.power.write() {
            Fate::Done => Ok(()),
            // A batch is written whole or not at all; that is what a store promises.
            Fate::Torn | Fate::Lost => Err(StoreError::Watermark { path: "simulated".into(), source: dark() }),
        }
    }
}

impl Store for Disk {
    fn view(&self) -> Arc<dyn View> {
        self.memory.view()
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        self.check()?;
        self.memory.write(batch)
    }

    fn commit(&self, batch: Batch, mark: Mark) -> Result<(), StoreError> {
        self.check()?;
        self.memory.commit(batch, mark)
    }
}
