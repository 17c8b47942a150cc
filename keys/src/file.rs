//! Key files: one secret key each, encrypted with a passphrase.
//!
//! A key file is one JSON object: `address`, `name` and `created` are for people and readable without the passphrase;
//! `age` is the private multikey as an armored age file (scrypt), so the common `age` tool opens it too. Files are
//! created whole or not at all, never overwritten, and only their owner may read them.

mod sealed;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Address, SecretKey, canonical, timestamp};

/// What [`list`] looks for: files named `*.key`.
pub const EXTENSION: &str = "key";

/// The longest name, in bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// The longest file that is read; one has about 800 bytes.
pub const FILE_BYTES_MAX: u64 = 16 * 1024;

/// The highest scrypt work factor: 2^22 rounds take half a minute and 4 GiB of memory.
pub const WORK_MAX: u8 = 22;

const VERSION: u32 = 1;

/// A key that is to be kept in a file.
#[derive(Clone, Copy, Debug)]
pub struct NewKey<'a> {
    /// What people call the key: 1 to [`NAME_BYTES_MAX`] bytes without control characters.
    pub name: &'a str,
    /// When it was made, an XSD dateTimeStamp. This crate has no clock.
    pub created: &'a str,
    /// The key itself.
    pub secret: &'a SecretKey,
}

/// How much work a guess of the passphrase shall cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// About one second on this machine, as the `age` tool chooses it.
    OneSecond,
    /// 2^n rounds, n from 1 to [`WORK_MAX`]. For tests and demonstrations, whose secrets protect nothing.
    Rounds(u8),
}

/// What a key file tells without its passphrase. Only the address is bound to the secret: it is compared on opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The address of the key.
    pub address: Address,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created: String,
}

/// A key file that could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("key file {}: {reason}", path.display())]
pub struct FileError {
    /// The file, or the directory of [`list`].
    pub path: PathBuf,
    /// What went wrong.
    pub reason: Reason,
}

/// What can be wrong with a key file.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// There is a file of this name already.
    #[error("it exists already and is not overwritten")]
    Exists,
    /// Others than the owner may read or write it.
    #[error("its mode is {mode:03o}, others than its owner have access; make it 600")]
    Permissions {
        /// The permission bits.
        mode: u32,
    },
    /// A directory, device or socket.
    #[error("it is not a regular file")]
    NotAFile,
    /// Longer than [`FILE_BYTES_MAX`].
    #[error("it is longer than {FILE_BYTES_MAX} bytes")]
    Size,
    /// Not the JSON of a key file.
    #[error("it is malformed: {0}")]
    Json(serde_json::Error),
    /// A version of the format that this crate does not know.
    #[error("it has version {0}, this program reads version {VERSION}")]
    Version(u32),
    /// The encrypted part is damaged, or encrypted otherwise than with a passphrase.
    #[error("its encrypted part is malformed")]
    Sealed,
    /// Decryption failed.
    #[error("the passphrase is wrong")]
    Passphrase,
    /// The passphrase is empty.
    #[error("the passphrase is empty")]
    NoPassphrase,
    /// Opening would take more than 2^[`WORK_MAX`] rounds, or the rounds asked for are out of range.
    #[error("the work factor {0} is out of range, 1 to {WORK_MAX} are accepted")]
    Work(u8),
    /// The secret does not belong to the address in the file.
    #[error("its secret is of the address {0}, not of the one it names")]
    OtherKey(Address),
    /// The name is empty, too long, or has control characters.
    #[error("a key's name has 1 to {NAME_BYTES_MAX} bytes and no control characters")]
    Name,
    /// The time is not an XSD dateTimeStamp.
    #[error("`created` must be an XSD dateTimeStamp, as in `2026-09-18T02:00:00Z`")]
    Created,
    /// The operating system refused.
    #[error("{0}")]
    Io(io::Error),
}

/// A key file as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    address: Address,
    age: String,
    created: String,
    name: String,
    version: u32,
}

/// Encrypts a key and writes it to a new file, which only its owner may read.
///
/// The file appears complete or not at all, has been opened once, and is on disk when this returns.
pub fn create(path: &Path, key: &NewKey<'_>, passphrase: &str, work: Work) -> Result<Description, FileError> {
    try_create(path, key, passphrase, work).map_err(at(path))
}

/// Decrypts the key of a file. Refuses a file that others than its owner may read or write.
pub fn open(path: &Path, passphrase: &str) -> Result<SecretKey, FileError> {
    try_open(path, passphrase).map_err(at(path))
}

/// What a file tells without its passphrase, whoever may read it.
pub fn describe(path: &Path) -> Result<Description, FileError> {
    let content = regular(path).and_then(|file| read(&file)).map_err(at(path))?;
    Ok(content.description())
}

/// A file that [`list`] found.
#[derive(Debug)]
pub struct Listed {
    /// Where it is.
    pub path: PathBuf,
    /// What it tells, or why it cannot be read: one damaged file does not hide the others.
    pub description: Result<Description, FileError>,
}

/// The key files (`*.key`) of a directory, sorted by path.
pub fn list(directory: &Path) -> Result<Vec<Listed>, FileError> {
    let failed = |cause| FileError { path: directory.to_owned(), reason: Reason::Io(cause) };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths.into_iter().map(|path| Listed { description: describe(&path), path }).collect())
}

fn at(path: &Path) -> impl FnOnce(Reason) -> FileError {
    |reason| FileError { path: path.to_owned(), reason }
}

fn try_create(path: &Path, key: &NewKey<'_>, passphrase: &str, work: Work) -> Result<Description, Reason> {
    if key.name.is_empty() || key.name.len() > NAME_BYTES_MAX || key.name.chars().any(char::is_control) {
        return Err(Reason::Name);
    }
    if !timestamp::is_date_time_stamp(key.created) {
        return Err(Reason::Created);
    }
    // Asked before the slow encryption; `persist_noclobber` below is what really decides.
    if path.symlink_metadata().is_ok() {
        return Err(Reason::Exists);
    }
    let age = sealed::seal(&key.secret.expose_multikey(), passphrase, work)?;
    // Whoever is told that the key is kept may forget it: that the file opens is tried, not assumed.
    sealed::unseal(&age, passphrase)?;
    let content = Content {
        address: key.secret.address(),
        age,
        created: key.created.to_owned(),
        name: key.name.to_owned(),
        version: VERSION,
    };
    let mut text = canonical::to_string(&content).map_err(Reason::Json)?;
    text.push('\n');
    write_new(path, text.as_bytes())?;
    Ok(content.description())
}

fn try_open(path: &Path, passphrase: &str) -> Result<SecretKey, Reason> {
    let file = regular(path)?;
    check_owner_only(&file)?;
    let content = read(&file)?;
    let secret = sealed::unseal(&content.age, passphrase)?;
    if secret.address() != content.address {
        return Err(Reason::OtherKey(secret.address()));
    }
    Ok(secret)
}

/// Writes a file that did not exist, readable by its owner only, in one step: a temporary file of mode 600 beside it is
/// written, synced and linked to its name, which fails if the name is taken.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Reason> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(Reason::Io)?;
    file.write_all(bytes).map_err(Reason::Io)?;
    file.as_file().sync_all().map_err(Reason::Io)?;
    file.persist_noclobber(path).map_err(|failed| {
        let is_taken = failed.error.kind() == io::ErrorKind::AlreadyExists;
        if is_taken { Reason::Exists } else { Reason::Io(failed.error) }
    })?;
    sync_directory(directory).map_err(Reason::Io)
}

/// Makes a new name durable.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Elsewhere a directory cannot be opened, and its names are durable without this.
#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

fn regular(path: &Path) -> Result<File, Reason> {
    // Asked before opening: opening a pipe would wait for its writer.
    if !path.metadata().map_err(Reason::Io)?.is_file() {
        return Err(Reason::NotAFile);
    }
    File::open(path).map_err(Reason::Io)
}

#[cfg(unix)]
fn check_owner_only(file: &File) -> Result<(), Reason> {
    use std::os::unix::fs::PermissionsExt;

    let mode = file.metadata().map_err(Reason::Io)?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(Reason::Permissions { mode }) }
}

/// Elsewhere permissions are not bits of a mode, and the file has those of its directory.
#[cfg(not(unix))]
fn check_owner_only(_: &File) -> Result<(), Reason> {
    Ok(())
}

fn read(file: &File) -> Result<Content, Reason> {
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes).map_err(Reason::Io)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > FILE_BYTES_MAX) {
        return Err(Reason::Size);
    }
    // The version first: a later one may have other fields.
    let Version { version } = serde_json::from_slice(&bytes).map_err(Reason::Json)?;
    if version != VERSION {
        return Err(Reason::Version(version));
    }
    serde_json::from_slice(&bytes).map_err(Reason::Json)
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl Content {
    fn description(self) -> Description {
        Description { address: self.address, name: self.name, created: self.created }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
