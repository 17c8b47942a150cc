//! Where a guard's two files lie.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::book::GuardError;

/// The files, in the order of writing.
const NAMES: [&str; 2] = ["signed-a", "signed-b"];

/// Something that keeps two files. Everything is durable before the answer.
pub trait Medium: Send {
    /// What it is called in errors.
    fn path(&self) -> &Path;

    /// What both files hold, as far as they exist. Nobody else may write from here on, as long as the medium lives.
    ///
    /// # Errors
    /// [`GuardError::InUse`], or from the file system.
    fn read(&mut self) -> Result<[Option<Vec<u8>>; 2], GuardError>;

    /// Gives each file other contents, in one step each, the first before the second.
    ///
    /// # Errors
    /// From the file system.
    fn replace(&mut self, bytes: &[u8]) -> Result<(), GuardError>;

    /// Writes into both files at a place, the first before the second.
    ///
    /// # Errors
    /// From the file system. What of it stands where is then unknown.
    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), GuardError>;
}

/// A directory of the file system.
pub(super) struct Directory {
    path: PathBuf,
    /// Open and locked once they were read.
    files: Vec<File>,
}

impl Directory {
    pub(super) fn new(path: &Path) -> Directory {
        Directory { path: path.to_owned(), files: Vec::new() }
    }

    /// Moves what is there of a guard out of the way.
    pub(super) fn put_aside(&self) -> Result<(), GuardError> {
        for path in self.names().into_iter().filter(|path| path.exists()) {
            let free = (1_u32..).map(|number| path.with_extension(format!("old{number}"))).find(|to| !to.exists());
            if let Some(to) = free {
                fs::rename(&path, to).map_err(|source| self.failed(source))?;
            }
        }
        Ok(())
    }

    fn names(&self) -> [PathBuf; 2] {
        NAMES.map(|name| self.path.join(name))
    }

    fn failed(&self, source: io::Error) -> GuardError {
        GuardError::Io { path: self.path.clone(), source }
    }

    /// Opens and locks the files that there are.
    fn hold(&mut self) -> Result<(), GuardError> {
        self.files.clear();
        for name in self.names() {
            let file = match OpenOptions::new().read(true).write(true).open(name) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                file => file.map_err(|source| self.failed(source))?,
            };
            match file.try_lock() {
                Ok(()) => self.files.push(file),
                Err(TryLockError::WouldBlock) => return Err(GuardError::InUse(self.path.clone())),
                Err(TryLockError::Error(source)) => return Err(self.failed(source)),
            }
        }
        Ok(())
    }
}

impl Medium for Directory {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read(&mut self) -> Result<[Option<Vec<u8>>; 2], GuardError> {
        // Before anything is read: another process may be writing.
        self.hold()?;
        let read = |path: &PathBuf| match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(error)),
        };
        let [first, second] = self.names();
        Ok([read(&first)?, read(&second)?])
    }

    fn replace(&mut self, bytes: &[u8]) -> Result<(), GuardError> {
        fs::create_dir_all(&self.path).map_err(|source| self.failed(source))?;
        for name in self.names() {
            replace(&name, bytes).map_err(|source| self.failed(source))?;
        }
        // The names belong to other files now.
        self.hold()
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), GuardError> {
        for file in &self.files {
            file.write_all_at(bytes, offset).and_then(|()| file.sync_data()).map_err(|source| self.failed(source))?;
        }
        Ok(())
    }
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
