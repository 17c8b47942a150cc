//! `hefu dispute`: one unit stands aside until it is decided.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hefu_contracts::{
    action::Action,
    agreements::{DisputeClose, DisputeOpen, DisputeOutcome, DisputeReason},
};
use hefu_keys::Hash;

use super::{author::Signing, words};
use crate::client::Content;

/// `hefu dispute …`
#[derive(Debug, Subcommand)]
pub enum Dispute {
    /// Dispute one unit; everything else flows on
    #[command(after_help = "Examples:\n  \
        hefu dispute open --contract C1 --unit 'line:douyin/2026-09/3f…/1:comm' --reason amount --key adu")]
    Open(OpenDispute),
    /// Withdraw a dispute, or decide it together with another side or the arbiter
    ///
    /// Two of obligor, beneficiary and arbiter decide. Where the second key's file is not here, the half-signed record
    /// is printed for its holder.
    #[command(after_help = "Examples:\n  \
        hefu dispute close --contract C1 --unit … --outcome withdrawn --key adu\n  \
        hefu dispute close --contract C1 --unit … --outcome upheld --with 5F3s… --key adu --out decision.json")]
    Close(CloseDispute),
}

/// `hefu dispute open`
#[derive(Debug, Args)]
pub struct OpenDispute {
    #[command(flatten)]
    signing: Signing,
    /// Id of the contract
    #[arg(long)]
    contract: String,
    /// Name of the unit, as the account shows it
    #[arg(long)]
    unit: String,
    /// Why: amount, attribution, delivery, other or refund
    #[arg(long, value_parser = words::parse::<DisputeReason>)]
    reason: DisputeReason,
    /// Salted hash of what is offered in proof
    #[arg(long, value_name = "HASH")]
    evidence: Option<Hash>,
}

/// `hefu dispute close`
#[derive(Debug, Args)]
pub struct CloseDispute {
    #[command(flatten)]
    signing: Signing,
    /// Id of the contract
    #[arg(long)]
    contract: String,
    /// Name of the unit
    #[arg(long)]
    unit: String,
    /// How it ends: dismissed, upheld or withdrawn
    #[arg(long, value_parser = words::parse::<DisputeOutcome>)]
    outcome: DisputeOutcome,
    /// Key of the second who decides: name, path or address
    #[arg(long, value_name = "KEY")]
    with: Option<String>,
    /// File for the half-signed record, where the second key is not here
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Dispute {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Dispute::Open(OpenDispute { signing, contract, unit, reason, evidence }) => {
                let body = serde_json::to_value(DisputeOpen { contract, evidence, reason, unit })?;
                signing.author()?.submit(&Content::plain(Action::DisputeOpen, body), &[]).map(drop)
            }
            Dispute::Close(CloseDispute { signing, contract, unit, outcome, with, out }) => {
                let body = serde_json::to_value(DisputeClose { contract, outcome, unit })?;
                signing.submit(&Content::plain(Action::DisputeClose, body), with.as_deref(), out.as_ref())
            }
        }
    }
}
