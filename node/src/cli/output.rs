//! What commands print: data goes to stdout, line by line, and nothing else does.

use std::{
    fmt::Display,
    io::{ErrorKind, Write, stdout},
};

use anyhow::Context;
use hefu_keys::canonical;
use serde::Serialize;

/// Prints one line.
///
/// # Errors
/// Where stdout cannot be written; that nobody reads it any more is none.
pub fn line(text: impl Display) -> anyhow::Result<()> {
    match writeln!(stdout().lock(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to standard output"),
    }
}

/// Prints one line of canonical JSON.
///
/// # Errors
/// As [`line`], or from the JSON writer.
pub fn json<T: Serialize + ?Sized>(value: &T) -> anyhow::Result<()> {
    line(canonical::to_string(value)?)
}
