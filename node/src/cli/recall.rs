//! `hefu recall`: what is called back, by whom, and where it is.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use hefu_contracts::{
    action::Action,
    gs1::Epc,
    provenance::{RecallLift, RecallOpen, RecallReason, Span},
    time::{BadTime, Time},
};
use hefu_keys::Hash;

use super::{
    access::ReadAs,
    author::{AtNode, Signing},
    keyring::Keyring,
    output, words,
};
use crate::client::Content;

/// `hefu recall …`
#[derive(Debug, Subcommand)]
pub enum Recall {
    /// Recall an item, a lot or a class, and with it whatever came of it; or what a site made in a time
    ///
    /// What is recalled, and containers that hold some of it, is not shipped any more, except on its way back.
    #[command(after_help = "Examples:\n  \
        hefu recall open https://id.gs1.org/01/09528880010120/10/HP-2609B --reason quality --key quality\n  \
        hefu recall open 414/9528880300016 --made-from 2026-09-18T00:00:00+08:00 --made-until 2026-09-19T00:00:00+08:00 \\\n    \
        --reason safety --key quality")]
    Open(Open),
    /// Lift a recall, together with another organisation
    ///
    /// Where the second key's file is not here, the half-signed record is printed for its holder.
    #[command(after_help = "Examples:\n  \
        hefu recall lift https://id.gs1.org/01/09528880010120/10/HP-2609B --recall 3f… --with 5F3s… \\\n    \
        --key quality --out lift.json")]
    Lift(Lift),
    /// Tell who has what came of an item, a lot or a class, or what a site made, before or after it is recalled
    ///
    /// Holders are told to whoever has to do with it, has recalled it, or audits; with `--key` the node is shown who reads.
    #[command(after_help = "Examples:\n  \
        hefu recall impact https://id.gs1.org/01/09528880010120/10/HP-2609B --key quality\n  \
        hefu recall impact 01/09528880010120/10/HP-2609B --key quality --format csv > sheet.csv")]
    Impact(Impact),
}

/// `hefu recall open`
#[derive(Debug, Args)]
pub struct Open {
    #[command(flatten)]
    signing: Signing,
    /// What is recalled: a Digital Link, an EPC URN or a path of GS1 keys, 414/… for a site
    source: String,
    #[command(flatten)]
    made: MadeIn,
    /// Why: counterfeit, labelling, quality or safety
    #[arg(long, value_parser = words::parse::<RecallReason>)]
    reason: RecallReason,
}

/// When a site made what is meant.
#[derive(Clone, Copy, Debug, Args)]
pub struct MadeIn {
    /// Of a site: from when what is meant was made there (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    made_from: Option<Time>,
    /// Of a site: until when; left out, up to now and from now on
    #[arg(long, value_name = "TIME", value_parser = moment)]
    made_until: Option<Time>,
}

fn moment(text: &str) -> Result<Time, BadTime> {
    Time::from_rfc3339(text)
}

impl MadeIn {
    /// The time of a recall, which begins somewhere.
    fn span(self) -> anyhow::Result<Option<Span>> {
        match (self.made_from, self.made_until) {
            (Some(from), until) => Ok(Some(Span { from, until })),
            (None, None) => Ok(None),
            (None, Some(_)) => anyhow::bail!("--made-until needs --made-from: say when what is recalled was made"),
        }
    }

    fn query(self) -> String {
        let part = |name: &str, time: Option<Time>| time.map(|time| format!("&{name}={}", segment(&time.to_string())));
        [part("madeFrom", self.made_from), part("madeUntil", self.made_until)].into_iter().flatten().collect()
    }
}

/// `hefu recall lift`
#[derive(Debug, Args)]
pub struct Lift {
    #[command(flatten)]
    signing: Signing,
    /// What was recalled
    source: String,
    /// The record that opened the recall
    #[arg(long, value_name = "ID")]
    recall: Hash,
    /// Key of the other organisation: name, path or address
    #[arg(long, value_name = "KEY")]
    with: String,
    /// File for the half-signed record, where the second key is not here
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// `hefu recall impact`
#[derive(Debug, Args)]
pub struct Impact {
    #[command(flatten)]
    keyring: Keyring,
    #[command(flatten)]
    node: AtNode,
    #[command(flatten)]
    reader: ReadAs,
    /// What is in question: a Digital Link, an EPC URN or a path of GS1 keys, 414/… for a site
    source: String,
    #[command(flatten)]
    made: MadeIn,
    /// How it is told
    #[arg(long, value_enum, default_value_t = Form::Json)]
    format: Form,
}

/// How an impact is told.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// By holder and state
    Json,
    /// A sheet with one line for each item and stock
    Csv,
}

impl Recall {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Recall::Open(Open { signing, source, made, reason }) => {
                let body = RecallOpen { made: made.span()?, reason, source: epc(&source)? };
                let body = serde_json::to_value(body)?;
                signing.author()?.submit(&Content::plain(Action::RecallOpen, body), &[]).map(drop)
            }
            Recall::Lift(Lift { signing, source, recall, with, out }) => {
                let body = serde_json::to_value(RecallLift { recall, source: epc(&source)? })?;
                signing.submit(&Content::plain(Action::RecallLift, body), Some(&with), out.as_ref())
            }
            Recall::Impact(impact) => impact.run(),
        }
    }
}

impl Impact {
    fn run(self) -> anyhow::Result<()> {
        let Impact { keyring, node, reader, source, made, format } = self;
        let format = match format {
            Form::Json => "json",
            Form::Csv => "csv",
        };
        let path = format!("/v1/impact/{}?format={format}{}", segment(epc(&source)?.as_str()), made.query());
        let answer = reader.client(&keyring, &node)?.text(&path)?;
        output::line(answer.trim_end())
    }
}

/// An identifier; what begins like a path of GS1 keys is one of `id.gs1.org`.
fn epc(text: &str) -> anyhow::Result<Epc> {
    let is_path = text.starts_with(|c: char| c.is_ascii_digit());
    Ok(Epc::parse(&if is_path { format!("https://id.gs1.org/{text}") } else { text.to_owned() })?)
}

/// A text as one segment of a path: everything but letters and digits is encoded.
fn segment(text: &str) -> String {
    let encode = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
