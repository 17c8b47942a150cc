//! Disks that lose power in the middle of a write.

use std::{
    io, mem,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hefu_engine::{
    GuardError, Medium,
    inner::{Hefu, malachite::app::consensus::Input},
};

use super::bugs::Bug;

/// The power of one machine. Clones are the same machine's.
#[derive(Clone, Debug, Default)]
pub struct Power(Arc<Mutex<Supply>>);

#[derive(Debug, Default)]
struct Supply {
    /// Writes until it fails, where it is to fail.
    writes: Option<u32>,
    off: bool,
}

/// What becomes of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is durable.
    Done,
    /// The power failed while it was written: a beginning of it may be there.
    Torn,
    /// Nothing of it is there.
    Lost,
}

impl Power {
    /// It fails at a write from here, counted from 0.
    pub fn fail_at(&self, write: u32) {
        lock(&self.0).writes = Some(write);
    }

    /// It is off from now on.
    pub fn cut(&self) {
        lock(&self.0).off = true;
    }

    /// It is back.
    pub fn restore(&self) {
        *lock(&self.0) = Supply::default();
    }

    /// Whether it has failed.
    pub fn is_off(&self) -> bool {
        lock(&self.0).off
    }

    /// Something is written.
    pub fn write(&self) -> Fate {
        let mut supply = lock(&self.0);
        if supply.off {
            return Fate::Lost;
        }
        match &mut supply.writes {
            Some(0) => {
                supply.off = true;
                Fate::Torn
            }
            Some(left) => {
                *left -= 1;
                Fate::Done
            }
            None => Fate::Done,
        }
    }
}

/// The words of a machine without power.
pub fn dark() -> io::Error {
    io::Error::other("the power is off")
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The two files of a guard, in memory. Clones are the same files.
#[derive(Clone)]
pub struct Paper {
    files: Arc<Mutex<Files>>,
    power: Power,
    bug: Option<Bug>,
}

#[derive(Default)]
struct Files {
    copies: [Option<Vec<u8>>; 2],
    /// As they were when the machine last started; a bug lets later writes be lost.
    synced: [Option<Vec<u8>>; 2],
}

impl Paper {
    /// No files yet.
    pub fn new(power: &Power, bug: Option<Bug>) -> Paper {
        Paper { files: Arc::default(), power: power.clone(), bug }
    }

    /// Both files are gone.
    pub fn wipe(&self) {
        *lock(&self.files) = Files::default();
    }

    /// The machine starts again.
    pub fn reboot(&self) {
        let mut files = lock(&self.files);
        if self.bug == Some(Bug::GuardUnsynced) && files.synced != [None, None] {
            files.copies = files.synced.clone();
        }
        files.synced = files.copies.clone();
    }
}

impl Medium for Paper {
    fn path(&self) -> &Path {
        Path::new("simulated")
    }

    fn read(&mut self) -> Result<[Option<Vec<u8>>; 2], GuardError> {
        Ok(lock(&self.files).copies.clone())
    }

    fn replace(&mut self, bytes: &[u8]) -> Result<(), GuardError> {
        for copy in &mut lock(&self.files).copies {
            // A rename is done or not.
            match self.power.write() {
                Fate::Done => *copy = Some(bytes.to_vec()),
                Fate::Torn | Fate::Lost => return Err(failed()),
            }
        }
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), GuardError> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        for file in lock(&self.files).copies.iter_mut().flatten() {
            let fate = self.power.write();
            let written = match fate {
                Fate::Done => bytes,
                // Any beginning of it; which one follows from the place, so that a seed repeats.
                Fate::Torn => &bytes[..(start / 7) % bytes.len()],
                Fate::Lost => &[],
            };
            let end = start + written.len();
            if !written.is_empty() {
                file.resize(file.len().max(end), 0);
                file[start..end].copy_from_slice(written);
            }
            if fate != Fate::Done {
                return Err(failed());
            }
        }
        Ok(())
    }
}

fn failed() -> GuardError {
    GuardError::Io { path: "simulated".into(), source: dark() }
}

/// The engine's log of one height.
pub struct Log {
    power: Power,
    bug: Option<Bug>,
    height: u64,
    durable: Vec<Input<Hefu>>,
    written: Vec<Input<Hefu>>,
}

impl Log {
    /// An empty log.
    pub fn new(power: &Power, bug: Option<Bug>) -> Log {
        Log { power: power.clone(), bug, height: 0, durable: Vec::new(), written: Vec::new() }
    }

    /// What it holds of a height; a log of another height is begun anew.
    pub fn fetch(&mut self, height: u64) -> Vec<Input<Hefu>> {
        if self.height == height {
            return self.durable.clone();
        }
        if self.power.write() == Fate::Done {
            self.height = height;
            self.durable.clear();
        }
        self.written.clear();
        Vec::new()
    }

    /// Adds an entry, not yet durable.
    pub fn append(&mut self, height: u64, entry: Input<Hefu>) {
        if height == self.height {
            self.written.push(entry);
        }
    }

    /// Makes everything durable; false if the power fails.
    pub fn flush(&mut self) -> bool {
        if self.written.is_empty() {
            return !self.power.is_off();
        }
        if self.bug == Some(Bug::LogUnsynced) {
            return true;
        }
        let mut written = mem::take(&mut self.written);
        match self.power.write() {
            Fate::Done => self.durable.append(&mut written),
            Fate::Torn => self.durable.extend(written.drain(..written.len() / 2)),
            Fate::Lost => {}
        }
        !self.power.is_off()
    }

    /// The machine starts again: of what was not durable a beginning is there.
    pub fn reboot(&mut self, dice: &mut fastrand::Rng) {
        let mut written = mem::take(&mut self.written);
        if self.bug != Some(Bug::LogUnsynced) {
            let survive = dice.usize(0..=written.len());
            self.durable.extend(written.drain(..survive));
        }
    }

    /// The disk forgets the end of it without a word.
    pub fn damage(&mut self, dice: &mut fastrand::Rng) {
        self.durable.truncate(dice.usize(0..=self.durable.len()));
    }

    /// All of it is gone.
    pub fn wipe(&mut self) {
        self.durable.clear();
        self.written.clear();
    }
}
