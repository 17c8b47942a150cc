//! `hefu doctor`: what keeps a node from working, looked for before it is started or while it runs.

mod checks;
mod running;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{failure::Told, output};
use crate::config::Config;

/// `hefu doctor`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hefu doctor --config /etc/hefu/hefu.toml\n  hefu doctor --config hefu.toml --json"
)]
pub struct Doctor {
    /// The node's configuration
    #[arg(long, default_value = "hefu.toml", value_name = "FILE")]
    config: PathBuf,
    /// Print one line of JSON for each check
    #[arg(long)]
    json: bool,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Finding {
    /// As it should be.
    Good,
    /// The node works, but somebody should look.
    Warning,
    /// The node does not start, does not vote, or will stop.
    Problem,
}

/// What was found about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Check {
    about: &'static str,
    finding: Finding,
    says: String,
}

impl Check {
    fn good(about: &'static str, says: impl Into<String>) -> Check {
        Check { about, finding: Finding::Good, says: says.into() }
    }

    fn warning(about: &'static str, says: impl Into<String>) -> Check {
        Check { about, finding: Finding::Warning, says: says.into() }
    }

    fn problem(about: &'static str, says: impl Into<String>) -> Check {
        Check { about, finding: Finding::Problem, says: says.into() }
    }
}

impl Doctor {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let config = Config::read(&self.config)?;
        let mut problems = 0_usize;
        for check in checks::all(&config) {
            if check.finding == Finding::Problem {
                problems = problems.saturating_add(1);
            }
            self.print(&check)?;
        }
        match problems {
            0 => Ok(()),
            1 => Err(Told::new("there is a problem").into()),
            _ => Err(Told::new(format!("there are {problems} problems")).into()),
        }
    }

    fn print(&self, check: &Check) -> anyhow::Result<()> {
        if self.json {
            return output::json(check);
        }
        let Check { about, finding, says } = check;
        let mark = match finding {
            Finding::Good => "ok",
            Finding::Warning => "look",
            Finding::Problem => "PROBLEM",
        };
        output::line(format_args!("{mark:<8} {about:<12} {says}"))
    }
}
