//! `hefu record`: signing records by hand, by several people, and handing them in.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use hefu_keys::{Address, Hash, SecretKey, secured};
use serde_json::{Map, Value, json};

use super::{
    access::ReadAs,
    author::{self, AtNode},
    failure::Told,
    files,
    keyring::Keyring,
    output,
};
use crate::client::{self, Frame, Partial};

/// `hefu record …`
#[derive(Debug, Subcommand)]
pub enum Record {
    /// Add a key's signature to a record
    ///
    /// FILE is a draft, a record that others have signed, or such a record with its annex around it. A draft needs
    /// `action` and `body`; whatever else it lacks is filled in, `chain` and `seq` by asking the node. Signatures that
    /// are there already are checked and kept.
    #[command(after_help = "Examples:\n  \
        echo '{\"action\":\"site.put\",\"body\":{\"gln\":\"9528880100029\",\"name\":{\"en\":\"RDC\",\"zh\":\"仓\"}}}' \\\n    \
        | hefu record sign - --key admin --out site.json\n  \
        hefu record sign party.json --key newcomer --out signed.json")]
    Sign(Sign),
    /// Hand a signed record in
    #[command(after_help = "Examples:\n  hefu record submit signed.json --wait")]
    Submit(Submit),
    /// Ask what became of a record
    ///
    /// The node signs for its answer: the record waits, is final, or has left without taking effect. Of those it
    /// remembers the last ten thousand, until it is started again.
    #[command(after_help = "Examples:\n  hefu record status 3f…\n  hefu record status 3f… --json | jq .status")]
    Status(Status),
    /// Print a record as it was signed, once its signatures have been checked
    ///
    /// A public record is shown to everybody. One for its parties, and the lists and private values of any record, are
    /// shown to whom it names and to auditors: --key says who reads.
    #[command(after_help = "Examples:\n  hefu record show 3f… | jq .body\n  hefu record show 3f… --key admin --annex")]
    Show(Show),
}

/// `hefu record show`
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    keyring: Keyring,
    #[command(flatten)]
    node: AtNode,
    #[command(flatten)]
    reader: ReadAs,
    /// The record's id
    id: Hash,
    /// Print its lists and private values instead
    #[arg(long)]
    annex: bool,
}

/// `hefu record status`
#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    node: AtNode,
    /// The record's id
    id: Hash,
    /// Print the receipt as JSON
    #[arg(long)]
    json: bool,
}

/// `hefu record sign`
#[derive(Debug, Args)]
pub struct Sign {
    #[command(flatten)]
    keyring: Keyring,
    #[command(flatten)]
    node: AtNode,
    /// The record, `-` for standard input
    file: PathBuf,
    /// Name, path or address of the key that signs
    #[arg(long, short)]
    key: String,
    /// File to write; otherwise the record is printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// `hefu record submit`
#[derive(Debug, Args)]
pub struct Submit {
    #[command(flatten)]
    node: AtNode,
    /// The record, `-` for standard input
    file: PathBuf,
    /// Wait until the record stands in a block
    #[arg(long)]
    wait: bool,
    /// Print the receipt as JSON
    #[arg(long)]
    json: bool,
}

impl Record {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Record::Sign(sign) => sign.run(),
            Record::Submit(submit) => submit.run(),
            Record::Status(status) => status.run(),
            Record::Show(show) => show.run(),
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Value> {
    serde_json::from_str(&files::read(file)?).with_context(|| format!("{} is not JSON", file.display()))
}

impl Sign {
    fn run(self) -> anyhow::Result<()> {
        let mut value = read(&self.file)?;
        let key = self.keyring.open(&self.key)?;
        // The record stands inside where it comes with its annex.
        let record = if value.get("record").is_some() { value.get_mut("record") } else { Some(&mut value) };
        if let Some(Value::Object(draft)) = record
            && !draft.contains_key("proof")
        {
            self.fill_in(draft, &key)?;
        }
        let mut partial = Partial::read(value)?;
        partial.sign(&key)?;
        for signer in partial.missing() {
            eprintln!("{signer} has yet to sign");
        }
        files::print_or_write(self.out.as_ref(), &partial.text()?)
    }

    /// What a draft lacks.
    fn fill_in(&self, draft: &mut Map<String, Value>, key: &SecretKey) -> anyhow::Result<()> {
        for field in ["action", "body"] {
            if !draft.contains_key(field) {
                return Err(Told::new(format!("the draft has no `{field}`")).into());
            }
        }
        draft.entry("signers").or_insert_with(|| json!([key.address()]));
        let client = self.node.client();
        if !draft.contains_key("chain") {
            draft.insert("chain".to_owned(), json!(client.status()?.chain));
        }
        if !draft.contains_key("seq") {
            let author = draft.get("signers").and_then(|signers| signers.get(0)).and_then(Value::as_str);
            let author: Address = author.unwrap_or_default().parse().context("`signers` has no author")?;
            draft.insert("seq".to_owned(), json!(author::next_seq(&client, &author)?));
        }
        let frame = Frame::new(Hash::ZERO, 0)?;
        let nonce = base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, frame.nonce);
        draft.entry("@context").or_insert_with(|| json!(secured::CONTEXT));
        draft.entry("expires").or_insert_with(|| json!(frame.expires));
        draft.entry("nonce").or_insert_with(|| json!(nonce));
        Ok(())
    }
}

impl Submit {
    fn run(self) -> anyhow::Result<()> {
        let partial = Partial::read(read(&self.file)?)?;
        if let Some(missing) = partial.missing().first() {
            let hint = "whoever has the key signs with `hefu record sign`";
            return Err(Told::new(format!("{missing} has yet to sign")).hint(hint).into());
        }
        let receipt = author::hand_in(&self.node.client(), &partial.submission()?, self.wait)?;
        author::print_receipt(&receipt, self.json)
    }
}

impl Status {
    fn run(self) -> anyhow::Result<()> {
        let receipt = self.node.client().receipt(&self.id).context("the node does not say what became of it")?;
        if self.json { output::json(&receipt) } else { output::line(client::outcome(&receipt)) }
    }
}

impl Show {
    fn run(self) -> anyhow::Result<()> {
        let client = self.reader.client(&self.keyring, &self.node)?;
        let text = if self.annex { client.annex(&self.id) } else { client.record(&self.id) };
        output::line(text?)
    }
}
