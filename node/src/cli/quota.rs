//! `hefu quota`: how much organisations may record.

use clap::{Args, Subcommand};
use hefu_contracts::{
    action::Action,
    parties::{Allowance, Quota as Limits, QuotaSet},
};

use super::{
    author::{AtNode, Signing},
    output,
};
use crate::client::Content;

/// `hefu quota …`
#[derive(Debug, Subcommand)]
pub enum Quota {
    /// Tell what an organisation may record in a block and in a day of UTC, and what it has today
    #[command(after_help = "Examples:\n  hefu quota show huaxu\n  hefu quota show huaxu --json")]
    Show(Show),
    /// Say how much an organisation, or everybody without a quota of its own, may record
    ///
    /// Signed by a registrar. What is not named stays as it is. Records above the quota of a day are rejected until the
    /// next day; those above that of a block wait for the next block. Revocations of keys are never rejected.
    #[command(after_help = "Examples:\n  \
        hefu quota set huaxu --records-per-day 50000 --key registrar\n  \
        hefu quota set --key-records-per-day 20000 --key-bytes-per-day 100000000 --key registrar")]
    Set(Set),
    /// Take back what was said of an organisation, or of everybody
    #[command(after_help = "Examples:\n  hefu quota reset huaxu --key registrar")]
    Reset(Reset),
}

/// `hefu quota show`
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    node: AtNode,
    /// Id of the organisation; everybody without a quota of its own, where none is named
    party: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// `hefu quota set`
#[derive(Debug, Args)]
pub struct Set {
    #[command(flatten)]
    signing: Signing,
    /// Id of the organisation; everybody without a quota of its own, where none is named
    party: Option<String>,
    #[command(flatten)]
    organisation: OfOrganisation,
    #[command(flatten)]
    key: OfKey,
}

/// What an organisation may.
#[derive(Clone, Copy, Debug, Args)]
#[group(id = "of_organisation", multiple = true)]
pub struct OfOrganisation {
    /// Records of all its keys in a day
    #[arg(long, value_name = "N")]
    records_per_day: Option<u64>,
    /// Bytes of all its keys in a day: signed texts and elements of lists
    #[arg(long, value_name = "N")]
    bytes_per_day: Option<u64>,
    /// Records of all its keys in a block
    #[arg(long, value_name = "N")]
    records_per_block: Option<u64>,
    /// Bytes of all its keys in a block
    #[arg(long, value_name = "N")]
    bytes_per_block: Option<u64>,
}

/// What each key may.
#[derive(Clone, Copy, Debug, Args)]
#[group(id = "of_key", multiple = true)]
pub struct OfKey {
    /// Records of each key in a day
    #[arg(long, value_name = "N")]
    key_records_per_day: Option<u64>,
    /// Bytes of each key in a day
    #[arg(long, value_name = "N")]
    key_bytes_per_day: Option<u64>,
    /// Records of each key in a block
    #[arg(long, value_name = "N")]
    key_records_per_block: Option<u64>,
    /// Bytes of each key in a block
    #[arg(long, value_name = "N")]
    key_bytes_per_block: Option<u64>,
}

/// `hefu quota reset`
#[derive(Debug, Args)]
pub struct Reset {
    #[command(flatten)]
    signing: Signing,
    /// Id of the organisation; what was said of everybody, where none is named
    party: Option<String>,
}

impl OfOrganisation {
    fn over(self, now: Allowance) -> Allowance {
        Allowance {
            bytes_per_block: self.bytes_per_block.unwrap_or(now.bytes_per_block),
            bytes_per_day: self.bytes_per_day.unwrap_or(now.bytes_per_day),
            records_per_block: self.records_per_block.unwrap_or(now.records_per_block),
            records_per_day: self.records_per_day.unwrap_or(now.records_per_day),
        }
    }
}

impl OfKey {
    fn over(self, now: Allowance) -> Allowance {
        Allowance {
            bytes_per_block: self.key_bytes_per_block.unwrap_or(now.bytes_per_block),
            bytes_per_day: self.key_bytes_per_day.unwrap_or(now.bytes_per_day),
            records_per_block: self.key_records_per_block.unwrap_or(now.records_per_block),
            records_per_day: self.key_records_per_day.unwrap_or(now.records_per_day),
        }
    }
}

impl Quota {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Quota::Show(show) => show.run(),
            Quota::Set(set) => set.run(),
            Quota::Reset(Reset { signing, party }) => submit(&signing, QuotaSet { limits: None, party }),
        }
    }
}

impl Show {
    fn run(self) -> anyhow::Result<()> {
        let view = self.node.client().quota(self.party.as_deref())?;
        if self.json {
            return output::json(&view);
        }
        let whose = match (&view.party, view.own) {
            (Some(party), true) => format!("{party}, by a quota of its own"),
            (Some(party), false) => format!("{party}, by the quota of everybody"),
            (None, true) => "everybody, as it was set".to_owned(),
            (None, false) => "everybody, by default".to_owned(),
        };
        output::line(whose)?;
        for (what, allowance) in [("in all", &view.limits.organisation), ("each key", &view.limits.key)] {
            let Allowance { bytes_per_block, bytes_per_day, records_per_block, records_per_day } = allowance;
            output::line(format_args!(
                "  {what:<9} {records_per_day} records, {bytes_per_day} bytes a day; {records_per_block} records, \
                 {bytes_per_block} bytes a block"
            ))?;
        }
        match view.spent {
            Some(spent) => output::line(format_args!(
                "  recorded  {} records, {} bytes on the day that began at {}",
                spent.records, spent.bytes, spent.since
            )),
            None if view.party.is_some() => output::line("  recorded  nothing yet"),
            None => Ok(()),
        }
    }
}

impl Set {
    fn run(self) -> anyhow::Result<()> {
        let Set { signing, party, organisation, key } = self;
        let now = signing.client().quota(party.as_deref())?.limits;
        let limits = Limits { key: key.over(now.key), organisation: organisation.over(now.organisation) };
        submit(&signing, QuotaSet { limits: Some(limits), party })
    }
}

fn submit(signing: &Signing, body: QuotaSet) -> anyhow::Result<()> {
    let content = Content::plain(Action::QuotaSet, serde_json::to_value(body)?);
    signing.author()?.submit(&content, &[]).map(drop)
}
