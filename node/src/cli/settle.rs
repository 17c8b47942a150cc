//! `hefu settle`: the settlement rules on documents of your own, without a ledger.

use std::path::Path;

use clap::{Args, Subcommand, ValueEnum};
use hefu_contracts::settlement::{self, Malformed, Show};

use super::{
    failure::{Exit, Told},
    files, output,
};

const EVAL_HELP: &str = r#"Functions: allocate, rate, tier, waterfall, base, refund, cn_labour_2018, cn_cumulative_2025.
Every number is a text with a decimal integer: amounts in minor units, rates in parts per million.
A vector without an answer gets "error" in its place.

Examples:
  echo '{"vectors":[{"fn":"allocate","total":"100","weights":["1","1","1"]}]}' | hefu settle eval
  echo '{"vectors":[{"fn":"rate","base":"26900","ppm":"31000","round":"half_up"}]}' | hefu settle eval"#;

const SCENARIO_HELP: &str =
    "Reads {\"terms\":{…},\"events\":[…]}, or {\"scenarios\":[…]} of these. Prints for every event ok, duplicate \
    or reject with a code, and the balances in the end that are not zero, in minor units.

Examples:
  hefu settle scenario < contract.json
  hefu settle scenario --trace < contract.json
  hefu settle scenario --export beancount < contract.json > contract.beancount && bean-check contract.beancount
  hefu settle scenario --export hledger < contract.json | hledger -f - balance";

/// `hefu settle`
#[derive(Debug, Subcommand)]
pub enum Settle {
    /// Answer questions to the pure functions, from standard input
    #[command(after_help = EVAL_HELP)]
    Eval,
    /// Run the events of a contract through its terms, from standard input
    #[command(after_help = SCENARIO_HELP)]
    Scenario(Scenario),
}

/// `hefu settle scenario`
#[derive(Debug, Args)]
pub struct Scenario {
    /// Print the balances after every event as well
    #[arg(long)]
    trace: bool,
    /// Print the journal as plain-text accounting, with balance assertions
    #[arg(long, value_name = "FORMAT", conflicts_with = "trace")]
    export: Option<Export>,
}

/// A program that reads the journal.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Export {
    Beancount,
    Hledger,
    Ledger,
}

impl Settle {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let text = files::read(Path::new("-"))?;
        let answer = match self {
            Settle::Eval => settlement::eval(&text),
            Settle::Scenario(scenario) => settlement::scenario(&text, scenario.show()),
        };
        let answer = answer.map_err(not_understood)?;
        output::line(answer.trim_end_matches('\n'))
    }
}

impl Scenario {
    fn show(&self) -> Show {
        match (self.export, self.trace) {
            (Some(Export::Beancount), _) => Show::Beancount,
            (Some(Export::Hledger | Export::Ledger), _) => Show::Ledger,
            (None, true) => Show::Trace,
            (None, false) => Show::Results,
        }
    }
}

/// What stands on standard input is part of the command here, so that a slip in it counts as one.
fn not_understood(malformed: Malformed) -> anyhow::Error {
    let told = Told::new("standard input was not understood").exit(Exit::Usage);
    anyhow::Error::new(malformed).context(told)
}
