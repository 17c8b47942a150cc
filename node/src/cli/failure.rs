//! How a command fails: a sentence, its causes, at most one hint, and an exit code.

use std::{error::Error, fmt, process::ExitCode};

use hefu_contracts::{proof::Broken, refusal::Code};
use hefu_engine::StartError;
use miette::{Diagnostic, MietteHandlerOpts};

use crate::client::ClientError;

/// Exit codes, as `hefu --help` documents them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Something did not work: a file, the network, this machine.
    Failed = 1,
    /// The command line, or what `hefu settle` and `hefu statement verify` read, was not understood.
    Usage = 2,
    /// The ledger did not take a record, or a key to read with: it was malformed, rejected or refused.
    Refused = 3,
    /// A proof or a store does not hold.
    Unproven = 4,
    /// A node could not write or read its log of votes; it must not be started again before somebody has looked at the
    /// disk.
    Unsafe = 5,
}

/// What a person does about a log of votes that is damaged, or on a disk that fails: the guard stands in for it.
const LOG_PROCEDURE: &str = "look at the disk first, then start again. If the log stays unreadable, move `votes/*.wal` \
    out of the data directory, keep `guard` in it, and start: at a height where this validator has precommitted to a \
    block, it votes for that block or for none";

/// A failure in the command line's own words, perhaps with a way out. Also added to other errors as context.
#[derive(Clone, Debug)]
pub struct Told {
    sentence: String,
    exit: Option<Exit>,
    hint: Option<String>,
}

impl Told {
    /// A sentence: lower case, no full stop, what was found and what is allowed.
    pub fn new(sentence: impl Into<String>) -> Told {
        Told { sentence: sentence.into(), exit: None, hint: None }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Told {
        self.hint = Some(hint.into());
        self
    }

    /// Another exit code than the cause's.
    #[must_use]
    pub fn exit(mut self, exit: Exit) -> Told {
        self.exit = Some(exit);
        self
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl Error for Told {}

/// An error as it is shown, and the cause of it. Some errors quote their cause, for logs that show one line alone;
/// such a cause is not shown again.
#[derive(Debug)]
struct Shown {
    words: String,
    cause: Option<Box<Shown>>,
    hint: Option<String>,
}

impl Shown {
    fn new(error: &anyhow::Error, hint: Option<String>) -> Shown {
        let mut told: Vec<String> = Vec::new();
        for words in error.chain().map(ToString::to_string) {
            if told.last().is_none_or(|last| !last.ends_with(&words)) {
                told.push(words);
            }
        }
        let inner = told.drain(1..).rev().fold(None, |cause, words| Some(Box::new(Shown { words, cause, hint: None })));
        Shown { words: told.pop().unwrap_or_default(), cause: inner, hint }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl Error for Shown {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

impl Diagnostic for Shown {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.hint.as_ref().map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }
}

/// Shows an error on stderr and tells the exit code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    let exit = exit_of(error);
    let hint = hint_of(error);
    // Lines are left to the terminal: ids and addresses are there to be copied.
    let hooked = miette::set_hook(Box::new(|_| Box::new(MietteHandlerOpts::new().wrap_lines(false).build())));
    debug_assert!(hooked.is_ok(), "a process reports one failure");
    let report = miette::Report::new(Shown::new(error, hint));
    eprintln!("{report:?}");
    ExitCode::from(exit as u8)
}

/// The exit code of an error.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    if let Some(exit) = error.downcast_ref::<Told>().and_then(|told| told.exit) {
        return exit;
    }
    for cause in error.chain() {
        if cause.is::<Broken>() {
            return Exit::Unproven;
        }
        if cause.downcast_ref::<StartError>().is_some_and(StartError::is_damage) {
            return Exit::Unsafe;
        }
        if let Some(ClientError::Problem(problem)) = cause.downcast_ref()
            && Code::ALL.iter().any(|code| code.name() == problem.code)
        {
            return Exit::Refused;
        }
    }
    Exit::Failed
}

fn hint_of(error: &anyhow::Error) -> Option<String> {
    if let Some(told) = error.downcast_ref::<Told>()
        && told.hint.is_some()
    {
        return told.hint.clone();
    }
    if exit_of(error) == Exit::Unsafe {
        return Some(LOG_PROCEDURE.to_owned());
    }
    let hint = error.chain().find_map(|cause| match cause.downcast_ref()? {
        ClientError::Unreachable { .. } => Some("is a node running there? `hefu dev` starts one, --node says where"),
        ClientError::Private { .. } => Some("--key names a key with the role `read` that reads for one of them"),
        ClientError::Problem(problem) if problem.code == "E-ACCESS-AUDIENCE" => {
            Some("--origin names the node as its configuration does")
        }
        ClientError::Problem(_)
        | ClientError::Status { .. }
        | ClientError::Answer { .. }
        | ClientError::Receipt { .. }
        | ClientError::Record { .. }
        | ClientError::Cut { .. }
        | ClientError::Incomplete { .. } => None,
    });
    hint.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn the_exit_code_follows_the_cause_unless_something_else_is_told() {
        let broken = || Broken { what: hefu_contracts::proof::What::Record, subject: None, reason: "no".to_owned() };
        for (error, expected) in [
            (anyhow::anyhow!("a disk is full"), Exit::Failed),
            (anyhow::Error::new(broken()), Exit::Unproven),
            (anyhow::Error::new(broken()).context("checking"), Exit::Unproven),
            (anyhow::Error::new(broken()).context(Told::new("no").exit(Exit::Usage)), Exit::Usage),
            (anyhow::Error::new(Told::new("no").exit(Exit::Refused)).context("outer"), Exit::Refused),
        ] {
            assert_eq!(exit_of(&error), expected, "{error:?}");
        }
    }

    #[test]
    fn a_cause_that_is_quoted_is_shown_once() {
        let error = anyhow::anyhow!("disk full").context("cannot write: disk full").context("the store was not made");
        let shown = Shown::new(&error, None);
        let cause = shown.source().expect("a cause");
        assert_eq!(
            (shown.to_string(), cause.to_string()),
            ("the store was not made".into(), "cannot write: disk full".into())
        );
        assert!(cause.source().is_none());
    }

    /// The service's unit does not start again by itself what ends with this code.
    #[test]
    fn a_damaged_log_of_votes_ends_with_its_own_code_and_the_procedure() {
        let source = std::io::Error::new(std::io::ErrorKind::InvalidData, "no version");
        let damaged = StartError::Damaged { path: "data/votes/votes-v1.wal".into(), source };
        let started = anyhow::Error::new(damaged).context("starting the consensus engine");
        let stopped = anyhow::anyhow!("the log is gone").context(Told::new("the node has stopped").exit(Exit::Unsafe));
        for error in [started, stopped] {
            assert_eq!(exit_of(&error), Exit::Unsafe, "{error:?}");
            assert_eq!(hint_of(&error).as_deref(), Some(LOG_PROCEDURE), "{error:?}");
        }
        let elsewhere = StartError::Log(std::io::Error::other("too many open files"));
        assert_eq!(exit_of(&anyhow::Error::new(elsewhere)), Exit::Failed);
    }

    #[test]
    fn a_hint_survives_further_context() {
        let error = Err::<(), _>(Told::new("no key").hint("make one")).context("opening").unwrap_err();
        assert_eq!(hint_of(&error).as_deref(), Some("make one"));
    }
}
