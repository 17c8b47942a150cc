//! A store that is filled from a snapshot: beside its place, until it is whole.
//!
//! A crash leaves either a half-made store in a directory of its own, which is thrown away at the next start, or a whole
//! one in its place.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{OpenError, Rocks, rocks};

/// Directory of a store that is being filled, within the data directory.
const RESTORING: &str = "restoring";

/// A data directory whose store is being filled.
pub(crate) struct Restoring {
    data: PathBuf,
    within: PathBuf,
}

impl Restoring {
    /// Makes an empty store beside the place of the real one. What an earlier attempt has left is removed.
    ///
    /// # Errors
    /// [`OpenError`].
    pub(crate) fn begin(data: &Path) -> Result<(Restoring, Rocks), OpenError> {
        let restoring = Restoring { data: data.to_owned(), within: data.join(RESTORING) };
        restoring.remove()?;
        let store = Rocks::create(&restoring.within)?;
        Ok((restoring, store))
    }

    /// Puts the store into its place. It must be whole, and nobody may hold it any more.
    ///
    /// # Errors
    /// [`OpenError`].
    pub(crate) fn finish(self) -> Result<(), OpenError> {
        // The tables last: without them there is no store, and the watermark alone is nothing.
        for name in [rocks::WATERMARK, rocks::TABLES] {
            fs::rename(self.within.join(name), self.data.join(name)).map_err(|source| self.failed(source))?;
            File::open(&self.data).and_then(|data| data.sync_all()).map_err(|source| self.failed(source))?;
        }
        self.remove()
    }

    /// Removes everything.
    ///
    /// # Errors
    /// [`OpenError`].
    pub(crate) fn remove(&self) -> Result<(), OpenError> {
        match fs::remove_dir_all(&self.within) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(self.failed(source)),
        }
    }

    fn failed(&self, source: io::Error) -> OpenError {
        OpenError::Directory { path: self.within.clone(), source }
    }
}

/// Removes what an interrupted attempt has left in a data directory.
///
/// # Errors
/// [`OpenError`].
pub(crate) fn sweep(data: &Path) -> Result<(), OpenError> {
    Restoring { data: data.to_owned(), within: data.join(RESTORING) }.remove()
}
