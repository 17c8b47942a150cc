//! The two files of a guard.
//!
//! Both hold the same slots. A slot is written and synced in the first file, then in the second, and only then is the
//! signature in it given out. So whatever was given out stands in both, and damage to one is repaired from the other. A
//! slot that neither file holds whole was either never given out, or both files are damaged: the first leaves at most
//! one file with something else than zeros there, and anything more is refused.

use std::{
    io,
    path::{Path, PathBuf},
};

use hefu_keys::Address;

use super::{
    entry::{self, Entry, Header, SLOT_BYTES},
    medium::Medium,
};

/// Files grow by so many slots of zeros at once, so that adding one changes no length.
const SLOTS_ADDED: usize = 256;

/// A guard that cannot be used. A validator without one must not vote.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// There is none.
    #[error("{0} holds no guard")]
    Missing(PathBuf),
    /// There is one already.
    #[error("{0} holds a guard already")]
    Exists(PathBuf),
    /// Both files are damaged at the same place, or contradict each other.
    #[error("both files of the guard in {path} are damaged, at slot {slot}")]
    Damaged {
        /// The directory.
        path: PathBuf,
        /// Which slot, 0 for the first.
        slot: usize,
    },
    /// It belongs to another key.
    #[error("the guard in {path} belongs to the validator {found}, not to {expected}")]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        found: Address,
        /// Who wants it.
        expected: Address,
    },
    /// Another process has it open.
    #[error("another process uses the guard in {0}")]
    InUse(PathBuf),
    /// The file system failed.
    #[error("the guard in {path} cannot be used: {source}")]
    Io {
        /// The directory.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

/// The open files.
pub(super) struct Book {
    medium: Box<dyn Medium>,
    header: Header,
    /// Slots that are used, the header among them.
    used: usize,
    /// Slots that there is room for.
    room: usize,
}

/// A slot as it was found.
#[derive(Clone, PartialEq, Eq)]
enum Found<T> {
    Whole(T),
    Empty,
    Broken,
}

impl Book {
    pub(super) fn create(mut medium: Box<dyn Medium>, header: Header) -> Result<(), GuardError> {
        if medium.read()?.iter().any(Option::is_some) {
            return Err(GuardError::Exists(medium.path().to_owned()));
        }
        medium.replace(&whole(&header, &[]))
    }

    /// Opens both files, compares them slot by slot, and writes anew what only one of them holds.
    pub(super) fn open(mut medium: Box<dyn Medium>, validator: Address) -> Result<(Book, Vec<Entry>), GuardError> {
        let copies = match medium.read()? {
            [None, None] => return Err(GuardError::Missing(medium.path().to_owned())),
            copies => copies.map(Option::unwrap_or_default),
        };
        let (header, entries, sound) = merge(medium.path(), &copies)?;
        if header.validator != validator {
            let path = medium.path().to_owned();
            return Err(GuardError::Foreign { path, found: header.validator, expected: validator });
        }
        let mut bytes = copies[0].len();
        if !sound {
            tracing::warn!(guard.directory = %medium.path().display(), "one file of the guard was damaged and is repaired");
            let repaired = whole(&header, &entries);
            medium.replace(&repaired)?;
            bytes = repaired.len();
        }
        let room = bytes.checked_div(SLOT_BYTES).unwrap_or_default();
        Ok((Book { medium, header, used: entries.len().saturating_add(1), room }, entries))
    }

    pub(super) fn header(&self) -> Header {
        self.header
    }

    /// Slots in use.
    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// Writes a slot into both files. It is on the disk, twice, before the answer.
    pub(super) fn append(&mut self, entry: &Entry) -> Result<(), GuardError> {
        if self.used >= self.room {
            let zeros = vec![0; SLOTS_ADDED.saturating_mul(SLOT_BYTES)];
            self.medium.write(offset(self.room), &zeros)?;
            self.room = self.room.saturating_add(SLOTS_ADDED);
        }
        let slot = entry::write_entry(position(self.used), entry);
        self.medium.write(offset(self.used), &slot)?;
        self.used = self.used.saturating_add(1);
        Ok(())
    }

    /// Begins new files, in which nothing stands: nothing is signed below `floor` any more, and nothing was at it.
    pub(super) fn begin_anew(&mut self, floor: u64) -> Result<(), GuardError> {
        let generation = self.header.generation.saturating_add(1);
        let header = Header { generation, floor, asleep: false, ..self.header };
        let bytes = whole(&header, &[]);
        self.medium.replace(&bytes)?;
        self.header = header;
        self.used = 1;
        self.room = bytes.len().checked_div(SLOT_BYTES).unwrap_or_default();
        Ok(())
    }
}

fn position(slot: usize) -> u64 {
    u64::try_from(slot).unwrap_or(u64::MAX)
}

fn offset(slot: usize) -> u64 {
    position(slot.saturating_mul(SLOT_BYTES))
}

/// The bytes of a whole file.
fn whole(header: &Header, entries: &[Entry]) -> Vec<u8> {
    let mut bytes = entry::write_header(header).to_vec();
    for (slot, entry) in (1..).zip(entries) {
        bytes.extend_from_slice(&entry::write_entry(slot, entry));
    }
    let added = SLOTS_ADDED.saturating_mul(SLOT_BYTES);
    bytes.resize(bytes.len().next_multiple_of(added), 0);
    bytes
}

/// What both files say together, and whether they say the same.
fn merge(directory: &Path, copies: &[Vec<u8>; 2]) -> Result<(Header, Vec<Entry>, bool), GuardError> {
    let damaged = |slot| GuardError::Damaged { path: directory.to_owned(), slot };
    let [first, second] = copies;
    let headers = [first, second].map(|copy| find(slot(copy, 0), entry::read_header));
    let header = match headers {
        [Found::Whole(one), Found::Whole(other)] if one == other => one,
        // The files were being replaced: nothing was given out between the two.
        [Found::Whole(one), Found::Whole(other)] if one.generation != other.generation => {
            let (header, newer) = if one.generation > other.generation { (one, first) } else { (other, second) };
            let entries = agree(directory, [newer, newer])?.0;
            return Ok((header, entries, false));
        }
        [Found::Whole(header), Found::Empty | Found::Broken] => {
            return Ok((header, agree(directory, [first, second])?.0, false));
        }
        [Found::Empty | Found::Broken, Found::Whole(header)] => {
            return Ok((header, agree(directory, [first, second])?.0, false));
        }
        [Found::Whole(_), Found::Whole(_)] | [Found::Empty | Found::Broken, Found::Empty | Found::Broken] => {
            return Err(damaged(0));
        }
    };
    let (entries, sound) = agree(directory, [first, second])?;
    Ok((header, entries, sound))
}

/// The entries of both files together, and whether both hold all of them and nothing else.
fn agree(directory: &Path, [first, second]: [&Vec<u8>; 2]) -> Result<(Vec<Entry>, bool), GuardError> {
    let damaged = |slot| GuardError::Damaged { path: directory.to_owned(), slot };
    let slots = first.len().max(second.len()).div_ceil(SLOT_BYTES);
    let mut entries = Vec::new();
    let mut sound = first.len() == second.len() && first.len().is_multiple_of(SLOT_BYTES);
    let mut ended = false;
    for at in 1..slots {
        let read = |bytes: &[u8]| entry::read_entry(position(at), bytes);
        let found = match (find(slot(first, at), read), find(slot(second, at), read)) {
            (Found::Whole(one), Found::Whole(other)) if one == other => Some(one),
            (Found::Whole(entry), Found::Empty | Found::Broken)
            | (Found::Empty | Found::Broken, Found::Whole(entry)) => {
                sound = false;
                Some(entry)
            }
            (Found::Empty, Found::Empty) => None,
            (Found::Broken, Found::Empty) | (Found::Empty, Found::Broken) => {
                sound = false;
                None
            }
            (Found::Whole(_), Found::Whole(_)) | (Found::Broken, Found::Broken) => return Err(damaged(at)),
        };
        match found {
            Some(_) if ended => return Err(damaged(at)),
            Some(entry) => entries.push(entry),
            None => ended = true,
        }
    }
    Ok((entries, sound))
}

fn slot(bytes: &[u8], at: usize) -> &[u8] {
    let start = at.saturating_mul(SLOT_BYTES).min(bytes.len());
    let end = start.saturating_add(SLOT_BYTES).min(bytes.len());
    bytes.get(start..end).unwrap_or_default()
}

fn find<T>(bytes: &[u8], read: impl Fn(&[u8]) -> Option<T>) -> Found<T> {
    if bytes.iter().all(|byte| *byte == 0) {
        return Found::Empty;
    }
    read(bytes).map_or(Found::Broken, Found::Whole)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What both files say together.
    pub(in super::super) fn merged(
        directory: &Path,
        copies: &[Vec<u8>; 2],
    ) -> Result<(Header, Vec<Entry>, bool), GuardError> {
        merge(directory, copies)
    }
}
