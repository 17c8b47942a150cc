//! `hefu facts`: a platform reports what became of its orders.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use hefu_contracts::{
    action::Action,
    agreements::{ATTRIBUTION, CODES, FactReport},
};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{
    author::Signing,
    codes::salt,
    failure::{Exit, Told},
    files, output,
};
use crate::{
    client::{self, Answer, Content, Frame},
    facts::{self, Fact, OrderKeys, Table},
};

const IMPORT_HELP: &str = "Columns: type (paid, shipped, received, refunded, aftersale_open, aftersale_closed, milestone), at, order, line,
created_at, product, content, currency, units, contracts (K1=600000;K2=400000 in millionths), codes (links or URNs, separated
by semicolons), refund_only (damaged, goodwill, lost or other, where nothing came back), contract, milestone, after_min, and part:<name> for every part of an amount, in minor units.

Examples:
  hefu facts import orders.csv --feed douyin:shop1 --order-keys order-keys.json --key gateway --dry-run
  hefu facts import orders.csv --feed douyin:shop1 --order-keys order-keys.json --key gateway";

/// `hefu facts …`
#[derive(Debug, Subcommand)]
pub enum Facts {
    /// Report the facts of a CSV file
    ///
    /// Nothing is handed in unless every row can be read. Order numbers stay here: the ledger has commitments to them
    /// under the keys of the file that --order-keys names, which gets a key for each new month. A row that was reported
    /// before is refused and changes nothing, so a file may be imported again.
    #[command(after_help = IMPORT_HELP)]
    Import(Import),
}

/// `hefu facts import`
#[derive(Debug, Args)]
pub struct Import {
    #[command(flatten)]
    signing: Signing,
    /// The table, `-` for standard input
    file: PathBuf,
    /// The feed whose key signs
    #[arg(long)]
    feed: String,
    /// File with the platform's secret key of every month; made where it does not exist
    #[arg(long, value_name = "FILE")]
    order_keys: PathBuf,
    /// Only read the table and say what would be reported
    #[arg(long)]
    dry_run: bool,
}

impl Facts {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let Facts::Import(import) = self;
        import.run()
    }
}

impl Import {
    fn run(self) -> anyhow::Result<()> {
        let mut keys = self.keys()?;
        let Table { facts, bad } = facts::read(&files::read(&self.file)?, &mut keys)
            .with_context(|| Told::new(format!("{} is no table of facts", self.file.display())).exit(Exit::Usage))?;
        for bad in &bad {
            eprintln!("{bad}");
        }
        if !bad.is_empty() {
            let sentence = format!("{} of {} rows cannot be read", bad.len(), bad.len().saturating_add(facts.len()));
            return Err(Told::new(sentence).exit(Exit::Usage).hint("nothing was reported").into());
        }
        if self.dry_run {
            return self.tell(&facts);
        }
        // Before anything is named by them: an order whose key is lost could be reported twice.
        if keys.is_new() {
            files::replace_secret(&self.order_keys, &keys.text())?;
        }
        self.report(&facts)
    }

    fn keys(&self) -> anyhow::Result<OrderKeys> {
        if !self.order_keys.exists() {
            return Ok(OrderKeys::default());
        }
        let text = files::read(&self.order_keys)?;
        OrderKeys::read(&text).with_context(|| format!("{} holds no keys", self.order_keys.display()))
    }

    /// What would be reported, by type.
    fn tell(&self, facts: &[Fact]) -> anyhow::Result<()> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for fact in facts {
            let kind = serde_json::to_value(&fact.fact)?.as_object().and_then(|fact| fact.keys().next().cloned());
            let count = counts.entry(kind.unwrap_or_default()).or_default();
            *count = count.saturating_add(1);
        }
        if self.signing.is_json() {
            return output::json(&json!({"facts": counts}));
        }
        counts.iter().try_for_each(|(kind, count)| output::line(format_args!("{count:>8}  {kind}")))
    }

    fn report(&self, facts: &[Fact]) -> anyhow::Result<()> {
        let author = self.signing.author()?;
        let first = author.frame()?.seq;
        let mut submissions = Vec::with_capacity(facts.len());
        for (seq, fact) in (first..).zip(facts) {
            let frame = Frame::new(author.chain(), seq)?;
            submissions.push(client::submission(&self.content(fact)?, &frame, &[author.key()])?);
        }
        let bar = ProgressBar::new(facts.len() as u64).with_style(
            ProgressStyle::with_template("{bar:30} {pos}/{len} facts, {eta} left")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        let (mut taken, mut known, mut refused) = (0_usize, 0_usize, 0_usize);
        let sent = author.client().submit_all(&submissions, true, |index, answer| {
            bar.inc(1);
            let line = facts.get(index).map_or(0, |fact| fact.line);
            match answer {
                Answer::Taken(_) => taken = taken.saturating_add(1),
                Answer::Not(problem) if is_known(&problem.code) => known = known.saturating_add(1),
                Answer::Not(problem) => {
                    refused = refused.saturating_add(1);
                    bar.suspend(|| eprintln!("line {line}: {} ({})", client::sentence(&problem), problem.code));
                }
            }
        });
        bar.finish_and_clear();
        sent.context("not every fact was handed in")?;
        let summary = json!({"known": known, "refused": refused, "taken": taken});
        if author.json() {
            output::json(&summary)?;
        } else {
            eprintln!("{taken} taken, {known} reported before, {refused} refused");
        }
        match refused {
            0 => Ok(()),
            _ => Err(Told::new("some facts were not taken").exit(Exit::Refused).into()),
        }
    }

    fn content(&self, fact: &Fact) -> anyhow::Result<Content> {
        let feed = Some(self.feed.clone());
        let body = FactReport { at: fact.at, fact: fact.fact.clone(), feed };
        let mut content = Content::plain(Action::FactReport, serde_json::to_value(body)?);
        let mut shares: Vec<String> = Vec::with_capacity(fact.shares.len());
        for (contract, share) in &fact.shares {
            shares.push(hefu_keys::canonical::to_string(&json!([contract, share.to_string()]))?);
        }
        shares.sort();
        for (pointer, elements) in [(ATTRIBUTION, shares), (CODES, fact.codes.clone())] {
            if !elements.is_empty() {
                content.detach(pointer, elements, salt()?)?;
            }
        }
        Ok(content)
    }
}

/// Whether a refusal says that the fact was reported before. A refund says nothing of the kind: two may be alike.
fn is_known(code: &str) -> bool {
    matches!(
        code,
        "E-LINE-EXISTS"
            | "E-LINE-SHIPPED"
            | "E-LINE-RECEIVED"
            | "E-AFTERSALE-OPEN"
            | "E-AFTERSALE-NONE"
            | "E-MILESTONE-REACHED"
    )
}
