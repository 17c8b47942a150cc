//! What this validator has signed, so that it never signs two things that contradict each other.
//!
//! The engine has a log of its own, which a damaged disk can cut short without a word: 7 % of all single flipped bits of
//! a log of votes do. So whatever is signed is first written here, twice, into two files that are synced one after the
//! other ([`book`]). Asked again for a step of a round in which something was signed, the guard gives out the stored
//! signature, never a second one.
//!
//! A stored signature is not enough where the engine has forgotten more than this validator's own words: one that
//! precommitted to a block and no longer knows it could help another block along in a later round. So where a precommit
//! for a block is here but neither in the engine's log nor derived again, the height is *quarantined*: from then on this
//! validator votes for that block or for none. A vote for none never decides anything.
//!
//! Whoever has no guard does not vote. One that is made for a key which has voted before is *asleep* until the height
//! from which nothing of what it does not know can matter ([`Guard::wake`]).

mod book;
#[expect(clippy::cast_possible_truncation, reason = "the derived code casts the constant indices of variants")]
mod entry;
mod medium;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hefu_keys::{Address, Hash, Signature};
use tokio::sync::watch;

use book::Book;
use entry::{Entry, Header};
use medium::Directory;

pub use book::GuardError;
pub use entry::{Claim, Step};
pub use medium::Medium;

/// Entries after which a new height begins new files: 2 MiB.
const ENTRIES_MAX: usize = 8_192;

/// The guard of one validator key, as one engine has it. Clones are the same.
#[derive(Clone)]
pub struct Guard {
    shared: Arc<Shared>,
    /// Which engine this one signs for.
    turn: u64,
}

struct Shared {
    validator: Address,
    state: Mutex<State>,
    /// Why nothing is signed any more, once that is so.
    failed: watch::Sender<Option<String>>,
}

struct State {
    book: Book,
    /// Which engine runs: how many have begun with this guard since it was opened.
    turn: u64,
    /// The highest height at which something was signed; 0 before the first.
    height: u64,
    /// What was signed at that height.
    signed: BTreeMap<(u32, Step), Entry>,
    /// Steps of that height at which something was signed before the engine began, and that it has not shown to know.
    unknown: BTreeSet<(u32, Step)>,
    /// Steps of that height at which something else was given out than the engine wanted to say, since it began.
    overruled: BTreeSet<(u32, Step)>,
    quarantined: bool,
    asleep: bool,
    /// The engine's log holds something of this validator's that is not here.
    behind: bool,
    counts: Counts,
}

/// What a guard has prevented since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Times that something else was asked for at a step that was signed already.
    pub repeated: u64,
    /// Votes for another block that became votes for none, at a quarantined height.
    pub withheld: u64,
}

/// Why something is not signed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("height {asked} lies below height {signed}, at which this validator has signed already")]
    Past { asked: u64, signed: u64 },
    #[error("another block was announced for height {0}, round {1} before")]
    Announced(u64, u32),
    #[error("the guard is asleep: this key may have signed something that it does not know")]
    Asleep,
    #[error("the engine's log holds signatures of this validator that its guard does not know: the guard is older")]
    Behind,
    #[error("another engine signs with this guard by now")]
    Over,
    #[error("nothing is signed any more: {0}")]
    Unwritten(String),
}

impl Guard {
    /// Makes the guard of a key that has never voted.
    ///
    /// # Errors
    /// Where there is one already, or from the file system.
    pub fn create(directory: &Path, validator: Address) -> Result<(), GuardError> {
        Guard::create_on(Box::new(Directory::new(directory)), validator)
    }

    /// As [`Guard::create`], on something else than a directory.
    ///
    /// # Errors
    /// As there.
    pub fn create_on(medium: Box<dyn Medium>, validator: Address) -> Result<(), GuardError> {
        Book::create(medium, Header { validator, generation: 1, floor: 0, asleep: false })
    }

    /// Makes a new guard for a key that may have voted before, asleep. What is there of an old one is kept beside it.
    ///
    /// # Errors
    /// From the file system.
    pub fn renew(directory: &Path, validator: Address) -> Result<(), GuardError> {
        let directory = Directory::new(directory);
        directory.put_aside()?;
        Guard::renew_on(Box::new(directory), validator)
    }

    /// As [`Guard::renew`], on something else than a directory, which holds none.
    ///
    /// # Errors
    /// Where there is one already, or as there.
    pub fn renew_on(medium: Box<dyn Medium>, validator: Address) -> Result<(), GuardError> {
        Book::create(medium, Header { validator, generation: 1, floor: 0, asleep: true })
    }

    /// Opens the guard of a key, and repairs what only one of its two files holds.
    ///
    /// # Errors
    /// [`GuardError`]: then this validator must not vote.
    pub fn open(directory: &Path, validator: Address) -> Result<Guard, GuardError> {
        Guard::open_on(Box::new(Directory::new(directory)), validator)
    }

    /// As [`Guard::open`], on something else than a directory.
    ///
    /// # Errors
    /// As there.
    pub fn open_on(medium: Box<dyn Medium>, validator: Address) -> Result<Guard, GuardError> {
        let (book, entries) = Book::open(medium, validator)?;
        let header = book.header();
        let mut state = State {
            height: header.floor,
            asleep: header.asleep,
            book,
            turn: 0,
            signed: BTreeMap::new(),
            unknown: BTreeSet::new(),
            overruled: BTreeSet::new(),
            quarantined: false,
            behind: false,
            counts: Counts::default(),
        };
        for entry in entries {
            state.take(entry);
        }
        state.engine_begins();
        let (state, failed) = (Mutex::new(state), watch::Sender::new(None));
        Ok(Guard { shared: Arc::new(Shared { validator, state, failed }), turn: 0 })
    }

    /// The same guard for an engine that is about to read its log.
    ///
    /// Whatever was signed so far is unknown to that engine until its log shows it, as after [`Guard::open`]: the log
    /// may have lost its end since the engine before it wrote there. That one signs nothing any more. A thread of it that
    /// waits for the disk outlives it, and what such a thread signed later would stand in no log without being missed.
    #[must_use]
    pub fn begin(&self) -> Guard {
        let mut state = self.state();
        state.turn = state.turn.saturating_add(1);
        state.engine_begins();
        Guard { shared: Arc::clone(&self.shared), turn: state.turn }
    }

    /// The highest height at which this validator has signed something; 0 for none.
    pub fn height(&self) -> u64 {
        self.state().height
    }

    /// Whether it was made anew and has not been woken.
    pub fn is_asleep(&self) -> bool {
        self.state().asleep
    }

    /// Whether the engine's log turned out to know more than this guard.
    pub fn is_behind(&self) -> bool {
        self.state().behind
    }

    /// Why nothing can be signed any more: the disk does not take it.
    pub fn failure(&self) -> Option<String> {
        self.shared.failed.borrow().clone()
    }

    /// Resolves with the reason once nothing can be signed any more.
    pub(crate) async fn fails(&self) -> String {
        let mut failed = self.shared.failed.subscribe();
        let reason = failed.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
        match reason {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }

    /// Ends all signing: what must be on the disk before a signature leaves this machine may not be there.
    pub(crate) fn fail(&self, why: String) {
        self.shared.failed.send_modify(|failed| {
            failed.get_or_insert(why);
        });
    }

    /// What it has prevented since it was opened.
    pub fn counts(&self) -> Counts {
        self.state().counts
    }

    /// Lets a guard that is asleep sign from height `from` on.
    ///
    /// # Errors
    /// From the file system.
    pub fn wake(&self, from: u64) -> Result<(), GuardError> {
        let mut state = self.state();
        let entry = Entry::Woken { from };
        state.book.append(&entry)?;
        state.take(entry);
        Ok(())
    }

    /// The engine's log holds this statement of this validator.
    pub(crate) fn logged(&self, voter: &Address, claim: &Claim) {
        if *voter != self.shared.validator {
            return;
        }
        let mut state = self.state();
        if claim.height < state.height {
            return;
        }
        let key = (claim.round, claim.step);
        let same = claim.height == state.height && state.signed.get(&key).is_some_and(|entry| entry.says(claim));
        if same {
            state.unknown.remove(&key);
        } else {
            tracing::error!(
                block.height = claim.height,
                round = claim.round,
                "the guard is older than the engine's log"
            );
            state.behind = true;
        }
    }

    /// Whether this statement of this validator was given out in place of what the engine wanted to say.
    pub(crate) fn has_overruled(&self, voter: &Address, claim: &Claim) -> bool {
        let state = self.state();
        *voter == self.shared.validator
            && claim.height == state.height
            && state.overruled.contains(&(claim.round, claim.step))
    }

    /// Signs a statement, or gives out what was signed in its place. `sign` makes a signature over what a claim says;
    /// it is on the disk, twice, before it is given out.
    pub fn sign(
        &self,
        claim: Claim,
        sign: impl Fn(&Claim) -> Option<Signature>,
    ) -> Result<Option<(Claim, Signature)>, Refused> {
        let mut state = self.state();
        if self.turn != state.turn {
            return Err(Refused::Over);
        }
        if let Some(words) = self.failure() {
            return Err(Refused::Unwritten(words));
        }
        state.admit(&claim)?;
        let key = (claim.round, claim.step);
        if claim.height == state.height
            && let Some(Entry::Signed { claim: stored, signature }) = state.signed.get(&key).cloned()
        {
            return state.again(&claim, stored, signature).map(Some);
        }
        let claim = state.restrain(claim);
        let Some(signature) = sign(&claim) else { return Ok(None) };
        let entry = Entry::Signed { claim: claim.clone(), signature };
        if let Err(error) = state.write(&entry, claim.height) {
            let words = error.to_string();
            self.fail(words.clone());
            return Err(Refused::Unwritten(words));
        }
        state.take(entry);
        Ok(Some((claim, signature)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What is in memory follows what is on the disk, so a panic leaves nothing half done.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// An engine is about to read its log. What it had forgotten at a quarantined height it still does not know.
    fn engine_begins(&mut self) {
        self.unknown = self.signed.keys().copied().collect();
        self.overruled.clear();
    }

    /// Takes over what is on the disk.
    fn take(&mut self, entry: Entry) {
        match &entry {
            Entry::Woken { from } => {
                self.asleep = false;
                self.rise(*from);
            }
            Entry::Signed { claim, .. } => {
                self.rise(claim.height);
                if claim.height == self.height {
                    self.signed.insert((claim.round, claim.step), entry);
                }
            }
        }
    }

    fn write(&mut self, entry: &Entry, height: u64) -> Result<(), GuardError> {
        if height > self.height && self.book.len() >= ENTRIES_MAX {
            // A crash between the two writes must leave nothing that could be signed a second time: what these files no
            // longer hold lies below the new height.
            self.book.begin_anew(height)?;
        }
        self.book.append(entry)
    }

    /// Forgets what was signed at lower heights: nothing is signed there any more.
    fn rise(&mut self, height: u64) {
        if height > self.height {
            self.height = height;
            self.signed.clear();
            self.unknown.clear();
            self.overruled.clear();
            self.quarantined = false;
        }
    }

    fn admit(&self, claim: &Claim) -> Result<(), Refused> {
        if self.asleep {
            return Err(Refused::Asleep);
        }
        if self.behind {
            return Err(Refused::Behind);
        }
        if claim.height < self.height {
            return Err(Refused::Past { asked: claim.height, signed: self.height });
        }
        Ok(())
    }

    /// Something was signed at this step before.
    fn again(&mut self, asked: &Claim, stored: Claim, signature: Signature) -> Result<(Claim, Signature), Refused> {
        self.unknown.remove(&(stored.round, stored.step));
        if *asked == stored {
            return Ok((stored, signature));
        }
        self.counts.repeated = self.counts.repeated.saturating_add(1);
        self.overruled.insert((asked.round, asked.step));
        tracing::warn!(
            block.height = asked.height,
            round = asked.round,
            step = ?asked.step,
            "something else was signed at this step before, and is given out again"
        );
        if asked.step == Step::Parts {
            return Err(Refused::Announced(asked.height, asked.round));
        }
        if asked.step == Step::Precommit && stored.block.is_some() {
            self.quarantine(asked.height);
        }
        Ok((stored, signature))
    }

    /// At a quarantined height a vote for another block than the one precommitted to becomes a vote for none.
    fn restrain(&mut self, claim: Claim) -> Claim {
        if claim.height != self.height || !claim.step.is_vote() {
            return claim;
        }
        let Some((lock, block)) = self.lock() else { return claim };
        if self.unknown.contains(&lock) {
            self.quarantine(claim.height);
        }
        if self.quarantined && claim.block.is_some_and(|other| other != block) {
            self.counts.withheld = self.counts.withheld.saturating_add(1);
            self.overruled.insert((claim.round, claim.step));
            return Claim { block: None, ..claim };
        }
        claim
    }

    /// The last precommit for a block.
    fn lock(&self) -> Option<((u32, Step), Hash)> {
        self.signed.iter().rev().find_map(|(key, entry)| match entry {
            Entry::Signed { claim, .. } if claim.step == Step::Precommit => Some((*key, claim.block?)),
            Entry::Signed { .. } | Entry::Woken { .. } => None,
        })
    }

    fn quarantine(&mut self, height: u64) {
        if !self.quarantined {
            tracing::error!(
                block.height = height,
                "the guard is ahead of the engine's log (sign_state_ahead_of_wal): this height is quarantined"
            );
            self.quarantined = true;
        }
    }
}

#[cfg(test)]
mod tests;
