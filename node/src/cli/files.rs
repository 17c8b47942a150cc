//! Files that commands read and write.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{failure::Told, output};

/// The text of a file, or of standard input where it is `-`.
///
/// # Errors
/// From the file system, or where it is no UTF-8.
pub fn read(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        return Ok(text);
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes a new file that everybody may read.
///
/// # Errors
/// Where it exists, or from the file system.
pub fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    write(OpenOptions::new().write(true).create_new(true), path, text)
}

/// Writes a new file that only its owner may read.
///
/// # Errors
/// Where it exists, or from the file system.
pub fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    write(&options, path, text)
}

/// Writes a file that only its owner may read, in place of one that may be there: at no moment is there less than one
/// of both.
///
/// # Errors
/// From the file system.
pub fn replace_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    let next = path.with_extension("next");
    if next.exists() {
        fs::remove_file(&next).with_context(|| format!("cannot remove {}", next.display()))?;
    }
    write_secret(&next, text)?;
    fs::rename(&next, path).with_context(|| format!("cannot write {}", path.display()))
}

fn write(options: &OpenOptions, path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Told::new(format!("{} exists already and is not overwritten", path.display())).into());
        }
        other => other.with_context(|| format!("cannot write {}", path.display()))?,
    };
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// Prints a text, or writes it with a line feed to a new file.
///
/// # Errors
/// From the file system.
pub fn print_or_write(out: Option<&PathBuf>, text: &str) -> anyhow::Result<()> {
    match out {
        Some(path) => {
            write_new(path, &format!("{text}\n"))?;
            eprintln!("Wrote {}", path.display());
            Ok(())
        }
        None => output::line(text),
    }
}
