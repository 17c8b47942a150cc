//! `hefu statement`: what a contract owed a party over a period, stated, accepted and checked.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use hefu_contracts::{
    action::Action,
    agreements::{
        StatementAccept, StatementIssue,
        bundle::{Bundle, Movement, Proven},
    },
    entry::Entry,
    settlement::{Currency, Minor, Money},
};
use hefu_keys::Hash;
use serde_json::{Value, json};

use super::{
    access::ReadAs,
    author::{AtNode, Signing},
    failure::{Exit, Told},
    files,
    keyring::Keyring,
    output,
};
use crate::client::Content;

/// `hefu statement …`
#[derive(Debug, Subcommand)]
pub enum Statement {
    /// Check a statement bundle, offline and without trust in whoever made it
    ///
    /// Checks the validators' signatures, that the statement stands under them, that no entry of the account is missing,
    /// and recomputes every amount from the signed terms, from the contract's first day on. Of a full bundle it also
    /// checks every event against the fact that the platform signed. Exit code 0: it holds; 4: it does not, and the
    /// first thing that fails is named; 2: the file is no bundle, or not all of one.
    #[command(after_help = "Examples:\n  hefu statement verify 2026-09.json --genesis 3f…\n  \
        hefu statement verify 2026-09.json --genesis 3f… --movements\n  \
        curl -s … | hefu statement verify - --genesis 3f… --json")]
    Verify(Verify),
    /// Fetch the bundle of your statement
    #[command(after_help = "Examples:\n  \
        hefu statement fetch --contract C1 --party adu --number 1 --key adu --out 2026-09.json\n  \
        hefu statement fetch --contract C1 --party adu --number 1 --key adu --full --out 2026-09.json")]
    Fetch(Fetch),
    /// Put the accounts of a contract before its parties
    #[command(after_help = "Examples:\n  hefu statement issue --contract C1 --period 2026-09 --key admin")]
    Issue(Issue),
    /// Accept your statement; what it shows can then no longer be disputed
    #[command(after_help = "Examples:\n  hefu statement accept --contract C1 --number 1 --key adu")]
    Accept(Accept),
}

/// `hefu statement verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// The bundle, `-` for standard input
    file: PathBuf,
    /// Hash of the genesis document of the chain that you trust
    #[arg(long, value_name = "HASH")]
    genesis: Hash,
    /// Print every amount as well, with its arithmetic and what stood there after it
    #[arg(long)]
    movements: bool,
    /// Print as JSON, with every entry
    #[arg(long)]
    json: bool,
}

/// `hefu statement fetch`
#[derive(Debug, Args)]
pub struct Fetch {
    #[command(flatten)]
    keyring: Keyring,
    #[command(flatten)]
    node: AtNode,
    #[command(flatten)]
    reader: ReadAs,
    /// Id of the contract
    #[arg(long)]
    contract: String,
    /// Id of the organisation whose statement it is
    #[arg(long)]
    party: String,
    /// Number of the statement
    #[arg(long)]
    number: u64,
    /// With the signed facts behind the entries, of every order line your contract's share alone
    #[arg(long)]
    full: bool,
    /// File to write; otherwise the bundle is printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// `hefu statement issue`
#[derive(Debug, Args)]
pub struct Issue {
    #[command(flatten)]
    signing: Signing,
    /// Id of the contract
    #[arg(long)]
    contract: String,
    /// The month that ended, where the contract reckons by months
    #[arg(long, value_name = "YYYY-MM")]
    period: Option<String>,
}

/// `hefu statement accept`
#[derive(Debug, Args)]
pub struct Accept {
    #[command(flatten)]
    signing: Signing,
    /// Id of the contract
    #[arg(long)]
    contract: String,
    /// Number of the statement
    #[arg(long)]
    number: u64,
}

impl Statement {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Statement::Verify(verify) => verify.run(),
            Statement::Fetch(fetch) => fetch.run(),
            Statement::Issue(Issue { signing, contract, period }) => {
                let body = serde_json::to_value(StatementIssue { contract, period })?;
                signing.author()?.submit(&Content::plain(Action::StatementIssue, body), &[]).map(drop)
            }
            Statement::Accept(Accept { signing, contract, number }) => {
                let body = serde_json::to_value(StatementAccept { contract, number })?;
                signing.author()?.submit(&Content::plain(Action::StatementAccept, body), &[]).map(drop)
            }
        }
    }
}

impl Fetch {
    fn run(self) -> anyhow::Result<()> {
        let Fetch { keyring, node, reader, contract, party, number, full, out } = self;
        let path = format!("/v1/agreements/{contract}/accounts/{party}/statements/{number}");
        let path = if full { format!("{path}?full=true") } else { path };
        files::print_or_write(out.as_ref(), &reader.client(&keyring, &node)?.bundle(&path)?)
    }
}

impl Verify {
    fn run(self) -> anyhow::Result<()> {
        let from = self.file.display();
        let bytes = read(&self.file)?;
        // Files of text end with a line feed, which the bundle itself does not have.
        let text = bytes.trim_ascii_end();
        let bundle = Bundle::read(text).with_context(|| unreadable(&from.to_string(), text))?;
        let proven = bundle.check(&self.genesis).map_err(|broken| {
            let about = broken.subject.as_ref().map_or_else(String::new, |subject| format!(" (about {subject})"));
            anyhow::Error::new(broken).context(Told::new(format!("{from} does not hold{about}")).exit(Exit::Unproven))
        })?;
        let movements = if self.movements { Some(bundle.movements()?) } else { None };
        if self.json {
            let mut told = as_json(&bundle, &proven);
            if let (Some(movements), Some(told)) = (movements, told.as_object_mut()) {
                told.insert("movements".to_owned(), serde_json::to_value(movements)?);
            }
            return output::json(&told);
        }
        print_movements(currency(&proven), &movements.unwrap_or_default())?;
        print(&bundle, &proven)
    }
}

/// Why a file is no bundle. Where it ends too early, that says more than the place where reading stopped.
fn unreadable(from: &str, text: &[u8]) -> Told {
    let is_cut = serde_json::from_slice::<serde::de::IgnoredAny>(text).is_err_and(|error| error.is_eof());
    let told = if is_cut && !text.is_empty() {
        let sentence = format!("{from} is cut off after {} bytes, in the middle of the bundle", text.len());
        Told::new(sentence).hint("fetch it again: a bundle is checked as a whole or not at all")
    } else {
        Told::new(format!("{from} is no statement bundle"))
    };
    told.exit(Exit::Usage)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).context("cannot read standard input")?;
        return Ok(bytes);
    }
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// The currency of a contract, which no version changes.
fn currency(proven: &Proven) -> Currency {
    proven.terms.values().next().map_or(Currency::CNY, |terms| terms.heading.currency)
}

fn print_movements(currency: Currency, movements: &[Movement]) -> anyhow::Result<()> {
    let decimal = |minor| Money { currency, minor }.decimal();
    for movement in movements {
        let Movement { amount, balance, bucket, event, formula, n, time, unit, .. } = movement;
        let (amount, balance) = (decimal(*amount), decimal(*balance));
        let unit = unit.as_deref().unwrap_or("-");
        output::line(format_args!("{n:>6}  {time}  {event:<16}{bucket:<12}{amount:>14}{balance:>16}  {unit}"))?;
        if let Some(formula) = formula {
            output::line(format_args!("        {formula}"))?;
        }
    }
    if movements.is_empty() { Ok(()) } else { output::line("") }
}

fn print(bundle: &Bundle, proven: &Proven) -> anyhow::Result<()> {
    let (header, statement, currency) = (&bundle.proof.header, &proven.statement, currency(proven));
    let period = statement.period.as_deref().unwrap_or("the whole contract");
    output::line(format_args!("statement {} of {} to {}, {period}", proven.number, proven.contract, proven.party))?;
    output::line(format_args!("  issued {} by record {}", statement.time, statement.record))?;
    if let Some(accepted) = statement.accepted {
        output::line(format_args!("  accepted {accepted}"))?;
    }
    output::line(format_args!("  as of block {} of chain {}\n", header.height, header.chain))?;
    let amount = |minor: &Minor| Money { currency, minor: *minor }.decimal();
    let buckets: std::collections::BTreeSet<_> =
        statement.opening.balances.keys().chain(statement.closing.balances.keys()).collect();
    output::line(format_args!("  {:<14}{:>18}{:>18}  {}", "", "opening", "closing", currency.code()))?;
    for bucket in buckets {
        let of =
            |balances: &std::collections::BTreeMap<String, Minor>| amount(balances.get(bucket).unwrap_or(&Minor::ZERO));
        let (opening, closing) = (of(&statement.opening.balances), of(&statement.closing.balances));
        output::line(format_args!("  {bucket:<14}{opening:>18}{closing:>18}"))?;
    }
    let entries = proven.entries.len();
    output::line(format_args!(
        "\nproven: {entries} entries, none left out or changed since the contract's first day;"
    ))?;
    output::line("        every amount recomputed from the signed terms")?;
    if proven.has_facts {
        output::line("        every event as the platform's own key signed it")?;
    }
    output::line("        (that the platform reported every sale, nothing here proves)")
}

fn as_json(bundle: &Bundle, proven: &Proven) -> Value {
    let header = &bundle.proof.header;
    let first = proven.statement.opening.n;
    let entry = |(n, entry): (u64, &Entry)| json!({"data": entry.data, "height": entry.height, "n": n, "record": entry.record, "time": entry.time});
    let entries: Vec<Value> = (first.saturating_add(1)..).zip(&proven.entries).map(entry).collect();
    json!({
        "chain": header.chain,
        "contract": proven.contract,
        "currency": currency(proven).code(),
        "entries": entries,
        "facts": proven.has_facts,
        "height": header.height,
        "number": proven.number,
        "party": proven.party,
        "statement": proven.statement,
        "time": header.time,
        "versions": proven.terms.len(),
    })
}
