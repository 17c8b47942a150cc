//! `hefu agreement cost` and `hefu agreement adjust`: amounts that several parties of a contract sign together.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use hefu_contracts::{
    action::Action,
    agreements::{AdjustmentReason, AgreementAdjust, CostFact, Fact, FactReport},
    settlement::{CostCategory, Minor},
    time::Time,
};
use hefu_keys::Hash;

use super::{author::Signing, words};
use crate::{client::Content, ledger};

/// `hefu agreement cost`
#[derive(Debug, Args)]
pub struct Cost {
    #[command(flatten)]
    signing: Signing,
    /// Id of the contract
    contract: String,
    /// Name of the cost, never used again under the contract
    item: String,
    /// What kind of cost: coordination, fixed or variable
    #[arg(long, value_parser = CostCategory::WORDS.map(|(word, _)| word))]
    category: String,
    /// How much, in minor units; below zero where it came back
    #[arg(long, value_parser = minor, allow_negative_numbers = true)]
    amount: Minor,
    /// When it was incurred, as 2026-09-18T10:00:00+08:00; otherwise now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Time>,
    /// Salted hash of the invoice
    #[arg(long, value_name = "HASH")]
    evidence: Option<Hash>,
    /// A key of another who bears it: name, path or address; several are possible
    #[arg(long = "with", value_name = "KEY")]
    others: Vec<String>,
    /// File to write; otherwise the half-signed record is printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// `hefu agreement adjust`
#[derive(Debug, Args)]
pub struct Adjust {
    #[command(flatten)]
    signing: Signing,
    /// Id of the contract
    contract: String,
    /// Name of the adjustment, never used again under the contract
    name: String,
    /// Who gets how much more, `PARTY=MINOR`; below zero who gives it back; several are possible
    #[arg(long = "amount", value_name = "PARTY=MINOR", required = true, value_parser = amount)]
    amounts: Vec<(String, Minor)>,
    /// Why: attribution, correction, goodwill, other or terms
    #[arg(long, value_parser = words::parse::<AdjustmentReason>)]
    reason: AdjustmentReason,
    /// The unit or statement that it makes good for
    #[arg(long, value_name = "UNIT")]
    about: Option<String>,
    /// Salted hash of what was agreed in words
    #[arg(long, value_name = "HASH")]
    evidence: Option<Hash>,
    /// A key of another who must sign: name, path or address; several are possible
    #[arg(long = "with", value_name = "KEY")]
    others: Vec<String>,
    /// File to write; otherwise the half-signed record is printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Cost {
    /// Runs the command.
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Cost { signing, contract, item, category, amount, at, evidence, others, out } = self;
        let at = match at {
            Some(at) => at,
            None => ledger::now(),
        };
        let fact = Fact::Cost(CostFact { amount, category, contract, evidence, item });
        let body = serde_json::to_value(FactReport { at, fact, feed: None })?;
        signing.pass_around(&Content::plain(Action::FactReport, body), &others, out.as_ref())
    }
}

impl Adjust {
    /// Runs the command.
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Adjust { signing, contract, name, amounts, reason, about, evidence, others, out } = self;
        let count = amounts.len();
        let amounts: BTreeMap<String, Minor> = amounts.into_iter().collect();
        anyhow::ensure!(amounts.len() == count, "an organisation is named twice");
        let body = serde_json::to_value(AgreementAdjust { about, amounts, contract, evidence, name, reason })?;
        signing.pass_around(&Content::plain(Action::AgreementAdjust, body), &others, out.as_ref())
    }
}

fn minor(text: &str) -> Result<Minor, String> {
    let number = text.parse().map_err(|_| format!("{text:?} is no number of minor units"))?;
    Minor::new(number).map_err(|reason| reason.to_string())
}

fn moment(text: &str) -> Result<Time, String> {
    Time::from_rfc3339(text).map_err(|_| format!("{text:?} is no time like 2026-09-18T10:00:00+08:00"))
}

fn amount(text: &str) -> Result<(String, Minor), String> {
    let (party, amount) = text.split_once('=').ok_or_else(|| format!("{text:?} is not PARTY=MINOR"))?;
    Ok((party.to_owned(), minor(amount)?))
}
