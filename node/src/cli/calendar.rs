//! `hefu hold` and `hefu period`: saying that time has passed.

use clap::{Args, Subcommand};
use hefu_contracts::{
    action::Action,
    agreements::{HoldRelease, PeriodClose},
};

use super::author::Signing;
use crate::client::Content;

/// `hefu hold …`
#[derive(Debug, Subcommand)]
pub enum Hold {
    /// Say that the hold of units is over: they become payable. Anybody may
    #[command(after_help = "Examples:\n  hefu hold release --contract C1 'line:douyin/2026-09/3f…/1:comm' --key any")]
    Release(Release),
}

/// `hefu hold release`
#[derive(Debug, Args)]
pub struct Release {
    #[command(flatten)]
    signing: Signing,
    /// Id of the contract
    #[arg(long)]
    contract: String,
    /// Names of the units, as the account shows them
    #[arg(required = true, value_name = "UNIT")]
    units: Vec<String>,
}

impl Hold {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let Hold::Release(Release { signing, contract, units }) = self;
        let body = serde_json::to_value(HoldRelease { contract, units })?;
        signing.author()?.submit(&Content::plain(Action::HoldRelease, body), &[]).map(drop)
    }
}

/// `hefu period …`
#[derive(Debug, Subcommand)]
pub enum Period {
    /// Close the periods of a contract that are over
    #[command(after_help = "Examples:\n  hefu period close --contract C1 --key admin")]
    Close(ClosePeriod),
}

/// `hefu period close`
#[derive(Debug, Args)]
pub struct ClosePeriod {
    #[command(flatten)]
    signing: Signing,
    /// Id of the contract
    #[arg(long)]
    contract: String,
}

impl Period {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let Period::Close(ClosePeriod { signing, contract }) = self;
        let body = serde_json::to_value(PeriodClose { contract })?;
        signing.author()?.submit(&Content::plain(Action::PeriodClose, body), &[]).map(drop)
    }
}
