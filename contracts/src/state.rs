//! State as the rules see it: rows read from a snapshot, changes kept beside it.

use std::collections::BTreeMap;

use hefu_keys::Hash;
use thiserror::Error;

use crate::{
    entry::{Deed, Enclosing, Entry, Role},
    refusal::Refusal,
    row::{BadRow, Data, Row},
    shared::Shared,
};

pub use crate::register::Fault;

/// A state that does not change while it is read.
pub trait Snapshot {
    /// The row of this key, or `None` where there is none.
    ///
    /// # Errors
    /// [`Fault`] where the storage cannot answer. It never means "no row".
    fn row(&self, key: &str) -> Result<Option<Shared<Row>>, Fault>;
}

/// Why an execution ended without a change.
#[derive(Debug, Error)]
pub enum Stop {
    /// A rule spoke against the record.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Our own machine failed; nothing follows about the record.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<BadRow> for Fault {
    fn from(bad: BadRow) -> Fault {
        Fault::new(bad)
    }
}

/// An entry before the chain position is known.
#[derive(Clone, Debug)]
pub struct Note {
    /// What the record did to the row.
    pub role: Role,
    /// Keys of the enclosing parents, innermost first, where the role tells them.
    pub containers: Vec<String>,
    /// What the record's events were and changed, in the row of an account.
    pub data: Vec<Deed>,
}

impl From<Role> for Note {
    fn from(role: Role) -> Note {
        Note { role, containers: Vec::new(), data: Vec::new() }
    }
}

/// What one record will do, once all its checks have passed: new data by row key, with or without an entry.
#[derive(Debug, Default)]
pub struct Writes {
    rows: BTreeMap<String, (Data, Option<Note>)>,
}

impl Writes {
    /// Sets a row's data without an entry.
    pub fn set(&mut self, key: impl Into<String>, data: impl Into<Data>) {
        self.rows.insert(key.into(), (data.into(), None));
    }

    /// Sets a row's data and adds an entry to its chain.
    pub fn note(&mut self, key: impl Into<String>, data: impl Into<Data>, note: impl Into<Note>) {
        self.rows.insert(key.into(), (data.into(), Some(note.into())));
    }

    /// What this record sets the row to, where it does.
    pub fn get(&self, key: &str) -> Option<&Data> {
        self.rows.get(key).map(|(data, _)| data)
    }

    /// Number of rows written.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Rows by key.
pub type Rows = BTreeMap<String, Shared<Row>>;

/// The changes of a block, or of the records that wait for one, beside the state they change.
///
/// Several overlays may stand on one state: each candidate block has its own.
pub struct Overlay<'a> {
    base: &'a dyn Snapshot,
    changed: Rows,
    entries: Vec<((String, u64), String)>,
}

/// What an overlay holds in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Every changed row, by key.
    pub rows: Rows,
    /// Every new entry: row key and position (from 1), then its canonical text; in the order in which they came about.
    pub entries: Vec<((String, u64), String)>,
}

/// The part of an entry that is the same for all rows a record touches.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// The record, its signers' organisations, and the block it stands in; `role` and `containers` are the row's.
    pub entry: Entry,
}

impl<'a> Overlay<'a> {
    /// No changes yet.
    pub fn new(base: &'a dyn Snapshot) -> Overlay<'a> {
        Overlay::resume(base, Changes::default())
    }

    /// Continues changes that were computed on the same state.
    pub fn resume(base: &'a dyn Snapshot, changes: Changes) -> Overlay<'a> {
        Overlay { base, changed: changes.rows, entries: changes.entries }
    }

    /// The row as it stands with the changes so far.
    ///
    /// # Errors
    /// [`Fault`] from the storage.
    pub fn row(&self, key: &str) -> Result<Option<Shared<Row>>, Fault> {
        match self.changed.get(key) {
            Some(row) => Ok(Some(row.clone())),
            None => self.base.row(key),
        }
    }

    /// Applies what a record does. Nothing in here is a rule's decision any more.
    ///
    /// # Errors
    /// [`Fault`] where the storage cannot give a row that is to be changed; the overlay is then unchanged.
    pub fn apply(&mut self, writes: Writes, stamp: Stamp) -> Result<(), Fault> {
        let (rows, notes) = self.rows_of(writes)?;
        self.enter(rows, notes, stamp)
    }

    /// The rows as a record would leave them, but for their entries: heads and lengths are those of before. No rule looks
    /// at these, so it is enough for whoever asks what would be refused, and costs no hashing.
    ///
    /// # Errors
    /// As [`Overlay::apply`].
    pub fn rehearse(&self, writes: Writes) -> Result<Rows, Fault> {
        Ok(self.rows_of(writes)?.0)
    }

    fn rows_of(&self, writes: Writes) -> Result<(Rows, Vec<(String, Note)>), Fault> {
        let mut rows = Rows::new();
        let mut notes = Vec::new();
        for (key, (data, note)) in writes.rows {
            let (n, head) = self.row(&key)?.map_or((0, Hash::ZERO), |row| (row.n, row.head));
            if let Some(note) = note {
                notes.push((key.clone(), note));
            }
            rows.insert(key.clone(), Row { key, data, n, head }.into());
        }
        Ok((rows, notes))
    }

    /// Adds the entries: first those that tell no containers, because the others quote the heads that result; of
    /// those, parents before their contents, since an inner row's containers may be enclosed by this record as well.
    fn enter(&mut self, mut rows: Rows, mut notes: Vec<(String, Note)>, stamp: Stamp) -> Result<(), Fault> {
        notes.sort_by_key(|(_, note)| note.containers.len());
        let Stamp { mut entry } = stamp;
        let mut entries = Vec::with_capacity(notes.len());
        for (key, note) in notes {
            let mut containers = Vec::with_capacity(note.containers.len());
            for container in note.containers {
                let row = match rows.get(&container) {
                    Some(row) => Some(row.clone()),
                    None => self.row(&container)?,
                };
                let (head, n) = row.map_or((Hash::ZERO, 0), |row| (row.head, row.n));
                containers.push(Enclosing { head, key: container, n });
            }
            (entry.containers, entry.data, entry.role) = (containers, note.data, note.role);
            if let Some(row) = rows.get_mut(&key) {
                let text = entry.text();
                row.head = Entry::extend_text(&text, &row.head);
                row.n = row.n.saturating_add(1);
                entries.push(((key, row.n), text));
            }
        }
        self.changed.extend(rows);
        self.entries.extend(entries);
        Ok(())
    }

    /// Number of distinct rows changed so far.
    pub fn len(&self) -> usize {
        self.changed.len()
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty()
    }

    /// Whether there would be at most so many distinct rows with these writes.
    pub fn has_room_for(&self, writes: &Writes, max: usize) -> bool {
        if self.changed.len().saturating_add(writes.len()) <= max {
            return true;
        }
        let new = writes.rows.keys().filter(|key| !self.changed.contains_key(*key)).count();
        self.changed.len().saturating_add(new) <= max
    }

    /// The changes, without the state under them.
    pub fn into_changes(self) -> Changes {
        Changes { rows: self.changed, entries: self.entries }
    }
}

/// A state in memory, for tests and for the genesis block.
impl Snapshot for Rows {
    fn row(&self, key: &str) -> Result<Option<Shared<Row>>, Fault> {
        Ok(self.get(key).cloned())
    }
}
