//! `hefu payout`: what is payable is handed to bank or wallet, and what became of it is attested.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use hefu_contracts::{
    action::Action,
    agreements::{PayoutInstruct, PayoutItem, PayoutReceipt},
    settlement::Minor,
};
use hefu_keys::Hash;
use serde::Deserialize;

use super::{
    author::Signing,
    failure::{Exit, Told},
    files,
};
use crate::client::Content;

/// `hefu payout …`
#[derive(Debug, Subcommand)]
pub enum Payout {
    /// Hand payouts to bank or wallet, from a CSV file with the columns contract, party, amount and tax_withheld
    ///
    /// All of them or none. Amounts are in minor units. The file's SHA-256 is recorded with them.
    #[command(after_help = "Examples:\n  hefu payout instruct 2026-10.csv --batch 2026-10 --key cashier")]
    Instruct(Instruct),
    /// Attest what bank or wallet answered
    ///
    /// That money arrived is signed by its receiver or an auditor as well (--with).
    #[command(after_help = "Examples:\n  \
        hefu payout receipt --batch 2026-10 --contract C1 --party adu --provider bank --paid --with 5F3s… --key cashier\n  \
        hefu payout receipt --batch 2026-10 --contract C1 --party adu --provider bank --failed --key cashier")]
    Receipt(Receipt),
}

/// `hefu payout instruct`
#[derive(Debug, Args)]
pub struct Instruct {
    #[command(flatten)]
    signing: Signing,
    /// The table, `-` for standard input
    file: PathBuf,
    /// Name of the batch, never used again
    #[arg(long)]
    batch: String,
    /// Only read the table and say what would be paid
    #[arg(long)]
    dry_run: bool,
}

/// `hefu payout receipt`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("result").required(true))]
pub struct Receipt {
    #[command(flatten)]
    signing: Signing,
    /// Name of the batch
    #[arg(long)]
    batch: String,
    /// Id of the contract
    #[arg(long)]
    contract: String,
    /// To whom
    #[arg(long)]
    party: String,
    /// Bank or wallet
    #[arg(long)]
    provider: String,
    /// Salted hash of its receipt's number
    #[arg(long, value_name = "HASH")]
    receipt: Option<Hash>,
    /// The money arrived
    #[arg(long, group = "result")]
    paid: bool,
    /// It did not: the amount is payable again
    #[arg(long, group = "result")]
    failed: bool,
    /// Key of the receiver or of an auditor: name, path or address
    #[arg(long, value_name = "KEY")]
    with: Option<String>,
    /// File for the half-signed record, where the second key is not here
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Payout {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Payout::Instruct(instruct) => instruct.run(),
            Payout::Receipt(receipt) => receipt.run(),
        }
    }
}

/// A row of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    contract: String,
    party: String,
    amount: Minor,
    #[serde(default)]
    tax_withheld: Option<Minor>,
}

impl Instruct {
    /// Runs the command.
    ///
    /// # Errors
    /// Where a row cannot be read, or the node did not take the record.
    pub fn run(self) -> anyhow::Result<()> {
        let text = files::read(&self.file)?;
        let payouts = read(&text)
            .with_context(|| Told::new(format!("{} is no table of payouts", self.file.display())).exit(Exit::Usage))?;
        if self.dry_run {
            eprintln!("{} payouts of {}", payouts.len(), Minor::sum(payouts.iter().map(|payout| payout.amount))?);
            return Ok(());
        }
        let body = PayoutInstruct { batch: self.batch, file: Some(Hash::of(text.as_bytes())), payouts };
        let content = Content::plain(Action::PayoutInstruct, serde_json::to_value(body)?);
        self.signing.author()?.submit(&content, &[]).map(drop)
    }
}

fn read(text: &str) -> anyhow::Result<Vec<PayoutItem>> {
    let mut table = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let item = |line: Result<Line, csv::Error>| {
        let Line { contract, party, amount, tax_withheld } = line?;
        Ok(PayoutItem { amount, contract, party, tax_withheld })
    };
    table.deserialize().map(item).collect()
}

impl Receipt {
    fn run(self) -> anyhow::Result<()> {
        let Receipt { signing, batch, contract, party, provider, receipt, paid, failed: _, with, out } = self;
        let body = serde_json::to_value(PayoutReceipt { batch, contract, paid, party, provider, receipt })?;
        signing.submit(&Content::plain(Action::PayoutReceipt, body), with.as_deref(), out.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_and_a_wrong_row_is_named() {
        let good = "contract,party,amount,tax_withheld\nC1,adu,1260,\nC2, may ,99,10\n";
        let payouts = read(good).unwrap();
        assert_eq!((payouts.len(), payouts[0].amount.get(), payouts[0].tax_withheld), (2, 1_260, None));
        assert_eq!((payouts[1].party.as_str(), payouts[1].tax_withheld.unwrap().get()), ("may", 10));
        for (bad, place) in [
            ("contract,party,amount\nC1,adu,12.60\n", "line: 2"),
            ("contract,party,amount\nC1,adu,1\nC1,adu\n", "line: 3"),
            ("contract,party,sum\nC1,adu,1\n", "amount"),
        ] {
            let error = format!("{:#}", read(bad).unwrap_err());
            assert!(error.contains(place), "{error}");
        }
    }
}
