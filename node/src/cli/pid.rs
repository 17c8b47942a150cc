//! The file that tells which process runs a node.
//!
//! The process holds a lock on it as long as it lives. So the number in it is never mistaken for a stranger's that
//! came to bear it later, and a second process with the same file, hence with the same keys, ends at once.

use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
    process,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};

use super::failure::Told;

/// A process that takes the lock writes its id right after, but not in the same moment.
const WRITTEN_WITHIN: Duration = Duration::from_secs(2);

const POLL: Duration = Duration::from_millis(10);

/// Held by the process that runs a node.
pub struct PidFile(#[expect(dead_code, reason = "its lock ends with it")] File);

impl PidFile {
    /// Writes the id of this process.
    ///
    /// # Errors
    /// Where another process holds the file, or from the file system.
    pub fn hold(path: &Path) -> anyhow::Result<PidFile> {
        let failed = || format!("cannot write {}", path.display());
        let mut file = open(path).with_context(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let sentence = format!("another process holds {}", path.display());
                return Err(Told::new(sentence).hint("this node is running already").into());
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(failed),
        }
        file.set_len(0).and_then(|()| writeln!(file, "{}", process::id())).with_context(failed)?;
        Ok(PidFile(file))
    }
}

/// The id in a file whose process lives.
///
/// # Errors
/// From the file system, or where the process does not tell its id.
pub fn running(path: &Path) -> anyhow::Result<Option<u32>> {
    let failed = || format!("cannot read {}", path.display());
    if !path.exists() {
        return Ok(None);
    }
    let mut file = open(path).with_context(failed)?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(None),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error).with_context(failed),
        }
        let mut text = String::new();
        file.rewind().and_then(|()| file.read_to_string(&mut text)).with_context(failed)?;
        if let Ok(id) = text.trim().parse() {
            return Ok(Some(id));
        }
        if begun.elapsed() > WRITTEN_WITHIN {
            return Err(anyhow!("{} is held by a process that does not tell its id", path.display()));
        }
        std::thread::sleep(POLL);
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    File::options().read(true).write(true).create(true).truncate(false).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_told_as_long_as_the_process_holds_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pid");
        assert_eq!(running(&path).unwrap(), None);
        let held = PidFile::hold(&path).unwrap();
        assert_eq!(running(&path).unwrap(), Some(process::id()));
        let error = PidFile::hold(&path).err().unwrap().to_string();
        assert!(error.contains("another process holds"), "{error}");
        drop(held);
        assert_eq!(running(&path).unwrap(), None);
        PidFile::hold(&path).unwrap();
    }
}
