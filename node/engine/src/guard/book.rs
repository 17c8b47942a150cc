//! The two files of a guard.
//!
//! Both hold the same slots. A slot is written and synced in the first file, then in the second, and only then is the
//! signature in it given out. So whatever was given out stands in both, and damage to one is repaired from the other. A
//! slot that neither file holds whole was either never given out, or both files are damaged: the first leaves at most
//! one file with something else than zeros there, and anything more is refused.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use hefu_keys::Address;

use super::entry::{self, Entry, Header, SLOT_BYTES};

/// The files, in the order of writing.
const NAMES: [&str; 2] = ["signed-a", "signed-b"];

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
    directory: PathBuf,
    files: [File; 2],
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
    pub(super) fn create(directory: &Path, header: Header) -> Result<(), GuardError> {
        let failed = |source| GuardError::Io { path: directory.to_owned(), source };
        fs::create_dir_all(directory).map_err(failed)?;
        if paths(directory).iter().any(|path| path.exists()) {
            return Err(GuardError::Exists(directory.to_owned()));
        }
        let bytes = whole(&header, &[]);
        for path in paths(directory) {
            replace(&path, &bytes).map_err(failed)?;
        }
        Ok(())
    }

    /// Moves what is there of a guard out of the way.
    pub(super) fn put_aside(directory: &Path) -> Result<(), GuardError> {
        let failed = |source| GuardError::Io { path: directory.to_owned(), source };
        for path in paths(directory).into_iter().filter(|path| path.exists()) {
            let free = (1_u32..).map(|number| path.with_extension(format!("old{number}"))).find(|to| !to.exists());
            if let Some(to) = free {
                fs::rename(&path, to).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Opens both files, compares them slot by slot, and writes anew what only one of them holds.
    pub(super) fn open(directory: &Path, validator: Address) -> Result<(Book, Vec<Entry>), GuardError> {
        let failed = |source| GuardError::Io { path: directory.to_owned(), source };
        let read = |path: &PathBuf| match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        };
        let [first, second] = paths(directory);
        // Before anything is read: another process may be writing.
        let lock = lock(directory, &first)?;
        let copies = match (read(&first)?, read(&second)?) {
            (None, None) => return Err(GuardError::Missing(directory.to_owned())),
            (first, second) => [first.unwrap_or_default(), second.unwrap_or_default()],
        };
        let (header, entries, sound) = merge(directory, &copies)?;
        if header.validator != validator {
            let path = directory.to_owned();
            return Err(GuardError::Foreign { path, found: header.validator, expected: validator });
        }
        if !sound {
            tracing::warn!(guard.directory = %directory.display(), "one file of the guard was damaged and is repaired");
            let bytes = whole(&header, &entries);
            replace(&first, &bytes).and_then(|()| replace(&second, &bytes)).map_err(failed)?;
        }
        drop(lock);
        let book = Book::reopen(directory, header, entries.len())?;
        Ok((book, entries))
    }

    fn reopen(directory: &Path, header: Header, entries: usize) -> Result<Book, GuardError> {
        let failed = |source| GuardError::Io { path: directory.to_owned(), source };
        let [first, second] = paths(directory);
        let open = |path| OpenOptions::new().read(true).write(true).open(path);
        let files = [open(&first).map_err(failed)?, open(&second).map_err(failed)?];
        for file in &files {
            hold(directory, file)?;
        }
        let mut room = usize::MAX;
        for file in &files {
            let bytes = usize::try_from(file.metadata().map_err(failed)?.len()).unwrap_or(usize::MAX);
            room = room.min(bytes.checked_div(SLOT_BYTES).unwrap_or_default());
        }
        Ok(Book { directory: directory.to_owned(), files, header, used: entries.saturating_add(1), room })
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
        let failed = |source| GuardError::Io { path: self.directory.clone(), source };
        if self.used >= self.room {
            let room = self.room.saturating_add(SLOTS_ADDED);
            let zeros = vec![0; SLOTS_ADDED.saturating_mul(SLOT_BYTES)];
            for file in &self.files {
                file.write_all_at(&zeros, offset(self.room)).and_then(|()| file.sync_all()).map_err(failed)?;
            }
            self.room = room;
        }
        let slot = entry::write_entry(position(self.used), entry);
        for file in &self.files {
            file.write_all_at(&slot, offset(self.used)).and_then(|()| file.sync_data()).map_err(failed)?;
        }
        self.used = self.used.saturating_add(1);
        Ok(())
    }

    /// Begins new files, with nothing but the highest height of the old ones.
    pub(super) fn begin_anew(&mut self, floor: u64) -> Result<(), GuardError> {
        let failed = |source| GuardError::Io { path: self.directory.clone(), source };
        let generation = self.header.generation.saturating_add(1);
        let header = Header { generation, floor, asleep: false, ..self.header };
        let bytes = whole(&header, &[]);
        for path in paths(&self.directory) {
            replace(&path, &bytes).map_err(failed)?;
        }
        *self = Book::reopen(&self.directory, header, 0)?;
        Ok(())
    }
}

fn paths(directory: &Path) -> [PathBuf; 2] {
    NAMES.map(|name| directory.join(name))
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

/// Writes a file under its name in one step.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all_at(bytes, 0)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

/// Holds the first file, where there is one.
fn lock(directory: &Path, path: &Path) -> Result<Option<File>, GuardError> {
    let Ok(file) = OpenOptions::new().read(true).write(true).open(path) else { return Ok(None) };
    hold(directory, &file)?;
    Ok(Some(file))
}

fn hold(directory: &Path, file: &File) -> Result<(), GuardError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(GuardError::InUse(directory.to_owned())),
        Err(TryLockError::Error(source)) => Err(GuardError::Io { path: directory.to_owned(), source }),
    }
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

    impl Book {
        /// As [`Book::append`], for a test that writes thousands.
        pub(in super::super) fn append_unsynced(&mut self, entry: &Entry) {
            let slot = entry::write_entry(position(self.used), entry);
            for file in &self.files {
                file.write_all_at(&slot, offset(self.used)).unwrap();
            }
            self.used = self.used.saturating_add(1);
            self.room = self.room.max(self.used);
        }
    }
}
