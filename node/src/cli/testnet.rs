//! `hefu testnet`: a network of validators on this machine, each a process of its own.

mod cast;
mod init;
mod network;
mod run;
mod story;

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `hefu testnet …`
#[derive(Debug, Subcommand)]
pub enum Testnet {
    /// Prepare a network: genesis document, and for each validator its keys, ports and configuration
    ///
    /// The passphrase of all keys lies beside them, so they protect nothing but this network.
    #[command(after_help = "Examples:\n  hefu testnet init --validators 4 --dir net\n  hefu testnet up --dir net\n  \
        hefu testnet init --validators 7 --dir net --port 9000 --block-interval 500\n  \
        hefu testnet init --demo --dir demo\n  hefu testnet init --demo --story full --dir demo")]
    Init(init::TestnetInit),
    /// Start every validator that is not running, and wait until all have agreed on a block
    #[command(after_help = "Examples:\n  hefu testnet up --dir net\n  hefu testnet up --dir net --json")]
    Up(Up),
    /// Stop every validator; their data stays, and `up` continues the chain
    #[command(after_help = "Examples:\n  hefu testnet down --dir net")]
    Down(Down),
}

/// `hefu testnet up`
#[derive(Debug, Args)]
pub struct Up {
    /// Directory of the network
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Print one line of JSON for each validator, and one when all are ready
    #[arg(long)]
    json: bool,
}

/// `hefu testnet down`
#[derive(Debug, Args)]
pub struct Down {
    /// Directory of the network
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

impl Testnet {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Testnet::Init(init) => init.run(),
            Testnet::Up(Up { dir, json }) => run::up(&dir, json),
            Testnet::Down(Down { dir }) => run::down(&dir),
        }
    }
}
