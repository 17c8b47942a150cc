//! `hefu codes`: issuing codes, handing them over to a factory, and commissioning them there.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use anyhow::Context;
use clap::{Args, Subcommand};
use hefu_contracts::{
    action::Action,
    codes::{CODES_MAX, CodesIssue, batch::BLOCK_CODES, derive::Seed},
    gs1::{Gln, Gtin},
    record::{Body, Record},
    time::Time,
};
use hefu_explorer::{
    Origin,
    labels::{self, Code},
};
use hefu_keys::{
    Hash, NoRandomness, SecretKey, canonical,
    file::{self, NewKey, Work},
    parts::Salt,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{
    access::ReadAs,
    author::{AtNode, Signing},
    failure::{self, Exit, Told},
    files,
    keyring::Keyring,
    words,
};
use crate::{
    capture::{self, Source},
    client::{self, Content, Handover, tree},
    config::PageLanguage,
};

/// `hefu codes …`
#[derive(Debug, Subcommand)]
pub enum Codes {
    /// Issue a batch of codes for a trade item
    ///
    /// Makes a seed, from which every serial and hidden claim code follows, encrypts it into a new file, and records
    /// only the root over all codes. Keep the file: without it the codes can never be printed.
    #[command(after_help = "Examples:\n  \
        hefu codes issue --gtin 09528880010021 --count 6000 --maker yueling --seed-file refills.seed --key admin")]
    Issue(Issue),
    /// Write codes of a batch into a file for the factory that prints them
    ///
    /// Whoever has the file can claim every item in it: hand it over as you would hand over keys.
    #[command(after_help = "Examples:\n  \
        hefu codes handover --seed-file refills.seed --batch 3f… --blocks 0..3 --out yueling.json")]
    Handover(HandoverArgs),
    /// Write labels of a hand-over file as an HTML document that prints 24 on a sheet of A4
    ///
    /// Hidden claim codes are not on them.
    #[command(after_help = "Examples:\n  \
        hefu codes labels --handover yueling.json --range 0:24 --origin https://trace.example \\\n    \
        --name '桂花内芯 50 g' --out labels.html")]
    Labels(Labels),
    /// Record that codes of a hand-over file are now on things
    #[command(after_help = "Examples:\n  \
        hefu codes commission --handover yueling.json --range 0:1000 --site 9528880300016 --lot L7 --key line1")]
    Commission(Commission),
}

/// `hefu codes issue`
#[derive(Debug, Args)]
pub struct Issue {
    #[command(flatten)]
    signing: Signing,
    /// The trade item
    #[arg(long)]
    gtin: Gtin,
    /// Number of codes, 1 to 10,000,000
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=CODES_MAX))]
    count: u64,
    /// The only organisation that may commission them [default: any with authority]
    #[arg(long, value_name = "PARTY")]
    maker: Option<String>,
    /// New file for the seed
    #[arg(long, value_name = "FILE")]
    seed_file: PathBuf,
}

/// `hefu codes handover`
#[derive(Debug, Args)]
pub struct HandoverArgs {
    #[command(flatten)]
    keyring: Keyring,
    #[command(flatten)]
    node: AtNode,
    #[command(flatten)]
    reader: ReadAs,
    /// File of the batch's seed
    #[arg(long, value_name = "FILE")]
    seed_file: PathBuf,
    /// Id of the record that issued the batch
    #[arg(long, value_name = "ID")]
    batch: Hash,
    /// Blocks of 1,024 codes: 0..3 for the first three, 0 for the first alone
    #[arg(long, value_parser = blocks, value_name = "FROM..TO")]
    blocks: Blocks,
    /// New file for the codes, readable by its owner only
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// `hefu codes labels`
#[derive(Debug, Args)]
pub struct Labels {
    /// The hand-over file
    #[arg(long, value_name = "FILE")]
    handover: PathBuf,
    /// Codes as first index and count; several are possible
    #[arg(long = "range", required = true, value_parser = range, value_name = "FIRST:COUNT")]
    ranges: Vec<(u64, u64)>,
    /// Where the pages are reached that the codes lead to; its domain is printed on every label
    #[arg(long, value_name = "URL")]
    origin: Origin,
    /// What the trade item is called
    #[arg(long)]
    name: String,
    /// Language of the labels: zh or en
    #[arg(long, default_value = "zh", value_parser = words::parse::<PageLanguage>)]
    language: PageLanguage,
    /// New file for the labels
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// `hefu codes commission`
#[derive(Debug, Args)]
pub struct Commission {
    #[command(flatten)]
    signing: Signing,
    /// The hand-over file
    #[arg(long, value_name = "FILE")]
    handover: PathBuf,
    /// Codes as first index and count; several are possible, 5,000 codes in all
    #[arg(long = "range", required = true, value_parser = range, value_name = "FIRST:COUNT")]
    ranges: Vec<(u64, u64)>,
    /// The site where it happened, by its GLN
    #[arg(long, value_name = "GLN")]
    site: Option<Gln>,
    /// Lot number
    #[arg(long)]
    lot: Option<String>,
    /// When it happened (RFC 3339) [default: now]
    #[arg(long, value_parser = Time::from_rfc3339)]
    time: Option<Time>,
    /// Offset of local time from UTC
    #[arg(long, default_value = "+00:00", allow_hyphen_values = true)]
    offset: String,
}

/// Numbers of blocks, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Blocks(BTreeSet<u64>);

/// No batch has more.
const BLOCKS_MAX: u64 = CODES_MAX.div_ceil(BLOCK_CODES);

fn blocks(text: &str) -> Result<Blocks, String> {
    let wrong = || "expected a block such as 0, or a range such as 0..3".to_owned();
    let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
    let (first, end) = match text.split_once("..") {
        Some((first, end)) => (number(first)?, number(end)?),
        None => (number(text)?, number(text)?.saturating_add(1)),
    };
    if first >= end || end > BLOCKS_MAX { Err(wrong()) } else { Ok(Blocks((first..end).collect())) }
}

fn range(text: &str) -> Result<(u64, u64), String> {
    let numbers = text.split_once(':').and_then(|(first, count)| Some((first.parse().ok()?, count.parse().ok()?)));
    numbers.ok_or_else(|| "expected a first index and a count, such as 0:1000".to_owned())
}

impl Codes {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Codes::Issue(issue) => issue.run(),
            Codes::Handover(handover) => handover.run(),
            Codes::Labels(labels) => labels.run(),
            Codes::Commission(commission) => commission.run(),
        }
    }
}

fn bar(count: u64) -> ProgressBar {
    let bar = ProgressBar::new(count);
    let template = "{wide_bar} {human_pos} of {human_len} codes, {eta} left";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

impl Issue {
    fn run(self) -> anyhow::Result<()> {
        let Issue { signing, gtin, count, maker, seed_file } = self;
        if seed_file.exists() {
            let told = Told::new(format!("{} exists already; a seed is for one batch", seed_file.display()));
            return Err(told.hint("remove it only if no batch was ever issued from it").into());
        }
        let author = signing.author()?;
        // A key file keeps 32 secret bytes encrypted, which is just what a seed is. It never signs anything.
        let seed = SecretKey::generate()?;
        let progress = bar(count);
        let root = tree(&seed.expose_seed(), count, &BTreeSet::new(), |codes| progress.inc(codes)).root();
        progress.finish_and_clear();
        let name = format!("seed of {gtin}");
        let passphrase = signing.keyring().new_passphrase(&name)?;
        let key = NewKey { name: &name, created: &client::now()?.to_string(), secret: &seed };
        file::create(&seed_file, &key, &passphrase, Work::OneSecond)?;

        let body = serde_json::to_value(CodesIssue { count, gtin, maker, root })?;
        let issued = author.submit(&Content::plain(Action::CodesIssue, body), &[]);
        if let Err(error) = &issued
            && failure::exit_of(error) == Exit::Refused
        {
            // Nothing was issued from it. After any other failure nobody knows, and it stays.
            std::fs::remove_file(&seed_file).with_context(|| format!("cannot remove {}", seed_file.display()))?;
        }
        issued?;
        eprintln!("Wrote {}. Keep it: without it these codes can never be printed.", seed_file.display());
        Ok(())
    }
}

impl HandoverArgs {
    fn run(self) -> anyhow::Result<()> {
        let HandoverArgs { keyring, node, reader, seed_file, batch, blocks: Blocks(blocks), out } = self;
        let record = Record::read(&reader.client(&keyring, &node)?.record(&batch)?)?;
        let Body::CodesIssue(issue) = &record.body else {
            return Err(Told::new(format!("record {batch} issues no codes")).into());
        };
        let seed: Seed = keyring.open_file(&seed_file)?.expose_seed();
        let progress = bar(issue.count);
        let made = Handover::make(&seed, (record.chain, batch, issue), &blocks, |codes| progress.inc(codes));
        progress.finish_and_clear();
        files::write_secret(&out, &canonical::to_string(&made?)?)?;
        eprintln!("Wrote {}. Whoever has it can claim every item in it.", out.display());
        Ok(())
    }
}

impl Labels {
    fn run(self) -> anyhow::Result<()> {
        let handover = Handover::read(&files::read(&self.handover)?)?;
        let items = handover.select(&self.ranges)?.items;
        let code = |epc| Code { epc, name: self.name.clone() };
        let codes: Vec<Code> = items.into_iter().map(code).collect();
        files::write_new(&self.out, &labels::sheet(&self.origin, &codes, self.language.into())?)?;
        eprintln!("Wrote {} labels to {}", codes.len(), self.out.display());
        Ok(())
    }
}

impl Commission {
    fn run(self) -> anyhow::Result<()> {
        let handover = Handover::read(&files::read(&self.handover)?)?;
        let selection = handover.select(&self.ranges)?;
        let author = self.signing.author()?;
        let time = self.time.map_or_else(client::now, Ok)?;
        let mut event = json!({
            "action": "ADD",
            "bizStep": "commissioning",
            "disposition": "active",
            "epcList": selection.items,
            "eventTime": time,
            "eventTimeZoneOffset": self.offset,
            "type": "ObjectEvent",
        });
        if let Some(members) = event.as_object_mut() {
            if let Some(site) = &self.site {
                let place = json!({"id": format!("https://id.gs1.org/414/{site}")});
                members.insert("readPoint".to_owned(), place.clone());
                members.insert("bizLocation".to_owned(), place);
            }
            if let Some(lot) = &self.lot {
                members.insert("ilmd".to_owned(), json!({"cbvmda:lotNumber": lot}));
            }
        }
        let source = Source::alone(event)?;
        let codes = (selection.commissioning, selection.issuance);
        let captured = capture::commission(&source, codes, &mut salt)?;
        author.submit(&captured.content, &[]).map(drop)
    }
}

/// A salt of the operating system's.
pub fn salt() -> Result<Salt, NoRandomness> {
    Salt::generate()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_a_number_or_a_range_without_its_end() {
        let of = |numbers: &[u64]| Ok(Blocks(numbers.iter().copied().collect()));
        assert_eq!(blocks("0"), of(&[0]));
        assert_eq!(blocks("0..3"), of(&[0, 1, 2]));
        for wrong in ["", "a", "3..3", "3..1", "0...3", "0..10000000000", "-1"] {
            assert!(blocks(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_range_is_a_first_index_and_a_count() {
        assert_eq!(range("0:12"), Ok((0, 12)));
        for wrong in ["", "12", "0:", ":12", "0..12", "-1:2"] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
    }
}
