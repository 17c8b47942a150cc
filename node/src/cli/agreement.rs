//! `hefu agreement` and `hefu feed`: what is signed before anything is sold.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use hefu_contracts::{
    action::Action,
    agreements::{Depth, FeedPut, Reach, Template, export::Format, pool, template},
    settlement::{Party, Terms},
};
use serde_json::{Value, json};

use super::{
    access::ReadAs,
    amounts::{Adjust, Cost},
    author::{self, AtNode, Signing},
    failure::{Exit, Told},
    files,
    keyring::Keyring,
    output, words,
};
use crate::client::Content;

/// `hefu agreement …`
#[derive(Debug, Subcommand)]
pub enum Agreement {
    /// Print a term sheet to fill in: head, waist or tail, by strategic, content or performance
    #[command(after_help = "Examples:\n  hefu agreement template waist content > sheet.json")]
    Template {
        /// How far the creator reaches: head, waist or tail
        #[arg(value_parser = words::parse::<Reach>)]
        reach: Reach,
        /// How deep the work goes: strategic, content or performance
        #[arg(value_parser = words::parse::<Depth>)]
        depth: Depth,
    },
    /// Print a term sheet of a co-investment pool to fill in
    #[command(after_help = "Examples:\n  hefu agreement pool > pool.json")]
    Pool,
    /// Read a term sheet and say who must sign it
    #[command(after_help = "Examples:\n  hefu agreement check sheet.json")]
    Check {
        /// The term sheet, `-` for standard input
        file: PathBuf,
    },
    /// Show the agreements that you may read, or one with its terms, an account or its lines, as JSON
    #[command(
        after_help = "Examples:\n  hefu agreement show --key adu\n  hefu agreement show C1 --account adu --key adu\n  \
        hefu agreement show C1 --account adu --earnings --key adu\n  hefu agreement show C1 --lines --key adu"
    )]
    Show(Show),
    /// Write an account as CSV, or for beancount, hledger or ledger with balances that they check
    #[command(after_help = "Examples:\n  \
        hefu agreement export C1 --account adu --key adu --out adu.csv\n  \
        hefu agreement export C1 --account adu --format hledger --key adu | hledger -f - balance")]
    Export(Export),
    /// Make a record of a term sheet for everybody to sign
    ///
    /// Every signer's key is named; the record with this key's signature is printed or written, goes from signer to
    /// signer (`hefu record sign`), and is handed in by the last one (`hefu record submit`). It must be complete within
    /// 7 days.
    #[command(after_help = "Examples:\n  \
        hefu agreement draft sheet.json --with 5F3s… --with 5Gx2… --key admin --out draft.json")]
    Draft(Draft),
    /// Report a cost of a pool, signed by everybody who bears it
    ///
    /// Who bears which category stands in the term sheet. With no other signer the record is handed in; otherwise it goes
    /// from signer to signer like a term sheet.
    #[command(after_help = "Examples:\n  \
        hefu agreement cost P1 press-2609 --category fixed --amount 600000 --with 5F3s… --key admin --out cost.json")]
    Cost(Cost),
    /// Give or take amounts outside of the terms, signed by everybody who must sign these
    ///
    /// This is the only way in which something is changed afterwards: it is an entry of its own, payable at once.
    #[command(after_help = "Examples:\n  \
        hefu agreement adjust C1 october --amount adu=50000 --reason terms --with 5F3s… --key admin --out adjust.json")]
    Adjust(Adjust),
}

/// `hefu agreement show`
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    keyring: Keyring,
    #[command(flatten)]
    node: AtNode,
    #[command(flatten)]
    reader: ReadAs,
    /// Id of the contract; otherwise all are listed
    contract: Option<String>,
    /// The account of this organisation
    #[arg(long, value_name = "PARTY", requires = "contract", conflicts_with = "lines")]
    account: Option<String>,
    /// What the account's party earns, unit by unit: the arithmetic, where each amount stands, and why
    #[arg(long, requires = "account")]
    earnings: bool,
    /// The order lines, with what each earns and when it is released
    #[arg(long, requires = "contract")]
    lines: bool,
    /// The costs of its pool
    #[arg(long, requires = "contract", conflicts_with_all = ["account", "lines"])]
    costs: bool,
    /// What was agreed on outside of its terms
    #[arg(long, requires = "contract", conflicts_with_all = ["account", "lines", "costs"])]
    adjustments: bool,
    /// Go on after this entry or line, where an answer before has more
    #[arg(long, value_name = "PLACE")]
    after: Option<String>,
}

/// `hefu agreement export`
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    keyring: Keyring,
    #[command(flatten)]
    node: AtNode,
    #[command(flatten)]
    reader: ReadAs,
    /// Id of the contract
    contract: String,
    /// The organisation whose account it is
    #[arg(long, value_name = "PARTY")]
    account: String,
    /// How it is written
    #[arg(long, default_value = "csv", value_parser = Format::ALL.map(Format::name))]
    format: String,
    /// File to write; otherwise the account is printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// `hefu agreement draft`
#[derive(Debug, Args)]
pub struct Draft {
    #[command(flatten)]
    signing: Signing,
    /// The term sheet, `-` for standard input
    file: PathBuf,
    /// A key that signs as well: name, path or address; several are possible
    #[arg(long = "with", value_name = "KEY")]
    others: Vec<String>,
    /// File to write; otherwise the record is printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Agreement {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Agreement::Template { reach, depth } => {
                output::line(serde_json::to_string_pretty(&template(Template { reach, depth }))?)
            }
            Agreement::Pool => output::line(serde_json::to_string_pretty(&pool())?),
            Agreement::Check { file } => {
                let terms = sheet(&file)?.1;
                let names =
                    |parties: &[Party]| parties.iter().map(|party| party.as_str().to_owned()).collect::<Vec<_>>();
                let accounts: Vec<Party> = terms.account_holders().into_iter().cloned().collect();
                output::json(&json!({
                    "accounts": names(&accounts),
                    "arbiter": terms.roles.arbiter.as_ref().map(|arbiter| arbiter.as_str()),
                    "contract": terms.heading.contract,
                    "signers": names(&terms.roles.required_signers),
                    "version": terms.heading.version,
                }))
            }
            Agreement::Show(show) => show.run(),
            Agreement::Export(export) => export.run(),
            Agreement::Draft(draft) => draft.run(),
            Agreement::Cost(cost) => cost.run(),
            Agreement::Adjust(adjust) => adjust.run(),
        }
    }
}

/// A term sheet and what it means.
fn sheet(file: &std::path::Path) -> anyhow::Result<(Value, Terms)> {
    let not_understood = || Told::new(format!("{} is no term sheet", file.display())).exit(Exit::Usage);
    let value: Value = serde_json::from_str(&files::read(file)?).with_context(not_understood)?;
    let terms = Terms::read(&value).with_context(not_understood)?;
    Ok((value, terms))
}

impl Show {
    fn run(self) -> anyhow::Result<()> {
        let Show { keyring, node, reader, contract, account, earnings, lines, costs, adjustments, after } = self;
        let mut path = String::from("/v1/agreements");
        for (before, part) in [("/", contract.as_ref()), ("/accounts/", account.as_ref())] {
            if let Some(part) = part {
                path = format!("{path}{before}{part}");
            }
        }
        let parts = [(earnings, "/earnings"), (lines, "/lines"), (costs, "/costs"), (adjustments, "/adjustments")];
        for (is_wanted, part) in parts {
            if is_wanted {
                path.push_str(part);
            }
        }
        if let Some(after) = after {
            path = format!("{path}?after={after}");
        }
        output::line(reader.client(&keyring, &node)?.answer(&path)?)
    }
}

impl Export {
    fn run(self) -> anyhow::Result<()> {
        let Export { keyring, node, reader, contract, account, format, out } = self;
        let path = format!("/v1/agreements/{contract}/accounts/{account}/export?format={format}");
        files::print_or_write(out.as_ref(), &reader.client(&keyring, &node)?.text(&path)?)
    }
}

impl Draft {
    fn run(self) -> anyhow::Result<()> {
        let (sheet, _) = sheet(&self.file)?;
        let content = Content::plain(Action::AgreementSign, json!({"terms": sheet}));
        self.signing.pass_around(&content, &self.others, self.out.as_ref())
    }
}

/// `hefu feed …`
#[derive(Debug, Subcommand)]
pub enum Feed {
    /// Name the key that signs a feed of your platform, or another one from now on
    #[command(after_help = "Examples:\n  hefu feed put douyin:shop1 --signed-by gateway --key admin")]
    Put(PutFeed),
}

/// `hefu feed put`
#[derive(Debug, Args)]
pub struct PutFeed {
    #[command(flatten)]
    signing: Signing,
    /// The feed, `<platform>:<shop>`: the platform is your organisation's id
    feed: String,
    /// The key that signs its facts: name, path or address
    #[arg(long, value_name = "KEY")]
    signed_by: String,
}

impl Feed {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let Feed::Put(PutFeed { signing, feed, signed_by }) = self;
        let key = author::address_of(&signing.keyring().find(&signed_by)?)?;
        let body = serde_json::to_value(FeedPut { feed, key })?;
        signing.author()?.submit(&Content::plain(Action::FeedPut, body), &[]).map(drop)
    }
}
