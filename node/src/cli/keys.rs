//! `hefu keys`: making, keeping and using keys.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use hefu_keys::{
    SecretKey,
    file::{self, NewKey, Work},
    phrase::{self, Words},
    secured,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    failure::Told,
    files,
    keyring::{self, Keyring},
    output,
};
use crate::client;

/// `hefu keys …`
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Make a key and show its recovery phrase, once
    ///
    /// The phrase goes to stderr and is stored nowhere: whoever has it has the key. The key file holds the key
    /// encrypted with a passphrase.
    #[command(after_help = "Examples:\n  hefu keys new --name admin\n  hefu keys new --name line1 --derive //line//1")]
    New(New),
    /// Make a key file from a recovery phrase
    #[command(after_help = "Examples:\n  hefu keys import --name admin\n  \
        hefu keys import --name line1 --derive //line//1 --phrase-file phrase.txt")]
    Import(Import),
    /// List the key files
    List(List),
    /// Show one key in every spelling
    Show(Show),
    /// Sign a JSON document with a W3C Data Integrity proof (eddsa-jcs-2022)
    #[command(after_help = "Examples:\n  hefu keys sign access.json --key line1 > signed.json")]
    Sign(Sign),
}

/// `hefu keys new`
#[derive(Debug, Args)]
pub struct New {
    #[command(flatten)]
    keyring: Keyring,
    /// Name of the key file
    #[arg(long)]
    name: String,
    /// Words of the phrase: 12 or 24
    #[arg(long, default_value_t = 24, value_parser = words)]
    words: u8,
    /// Hard derivation path from the phrase, such as //line//1
    #[arg(long, default_value = "", value_name = "PATH")]
    derive: String,
    /// Print what was made as JSON
    #[arg(long)]
    json: bool,
}

/// `hefu keys import`
#[derive(Debug, Args)]
pub struct Import {
    #[command(flatten)]
    keyring: Keyring,
    /// Name of the key file
    #[arg(long)]
    name: String,
    /// Hard derivation path from the phrase, such as //line//1
    #[arg(long, default_value = "", value_name = "PATH")]
    derive: String,
    /// File that holds the phrase, `-` for standard input; otherwise it is asked for
    #[arg(long, value_name = "FILE")]
    phrase_file: Option<PathBuf>,
    /// Print what was made as JSON
    #[arg(long)]
    json: bool,
}

/// `hefu keys list`
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    keyring: Keyring,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

/// `hefu keys show`
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    keyring: Keyring,
    /// Name, path or address of the key
    key: String,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// `hefu keys sign`
#[derive(Debug, Args)]
pub struct Sign {
    #[command(flatten)]
    keyring: Keyring,
    /// The document, `-` for standard input
    file: PathBuf,
    /// Name, path or address of the key
    #[arg(long, short)]
    key: String,
}

fn words(text: &str) -> Result<u8, String> {
    match text {
        "12" => Ok(12),
        "24" => Ok(24),
        _ => Err("a phrase has 12 or 24 words".to_owned()),
    }
}

impl Keys {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Keys::New(new) => new.run(),
            Keys::Import(import) => import.run(),
            Keys::List(list) => list.run(),
            Keys::Show(show) => show.run(),
            Keys::Sign(sign) => sign.run(),
        }
    }
}

impl New {
    fn run(self) -> anyhow::Result<()> {
        let words = if self.words == 12 { Words::Twelve } else { Words::TwentyFour };
        let phrase = phrase::generate(words)?;
        let secret = SecretKey::from_phrase(&phrase, &self.derive, None)?;
        // Written before the phrase is shown, so that nobody writes down a phrase of no key.
        let path = write(&self.keyring, &self.name, &secret)?;
        eprintln!("Recovery phrase, shown once. Write it down; whoever has it has the key:\n\n  {}\n", phrase.as_str());
        if !self.derive.is_empty() {
            eprintln!("With the path {}.", self.derive);
        }
        made(&path, self.json)
    }
}

impl Import {
    fn run(self) -> anyhow::Result<()> {
        let phrase = match &self.phrase_file {
            Some(path) => Zeroizing::new(files::read(path)?),
            None => keyring::ask("Recovery phrase: ", "--phrase-file")?,
        };
        let words: Vec<&str> = phrase.split_whitespace().collect();
        let phrase = Zeroizing::new(words.join(" "));
        let secret = SecretKey::from_phrase(&phrase, &self.derive, None)?;
        let path = write(&self.keyring, &self.name, &secret)?;
        made(&path, self.json)
    }
}

/// Encrypts a key into a new file of the key directory.
pub fn write(keyring: &Keyring, name: &str, secret: &SecretKey) -> anyhow::Result<PathBuf> {
    let path = keyring.file_of(name)?;
    if path.exists() {
        return Err(Told::new(format!("{} exists already and is not overwritten", path.display())).into());
    }
    let passphrase = keyring.new_passphrase(name)?;
    keyring.make_directory()?;
    let created = client::now()?.to_string();
    file::create(&path, &NewKey { name, created: &created, secret }, &passphrase, Work::OneSecond)?;
    Ok(path)
}

fn made(path: &Path, json: bool) -> anyhow::Result<()> {
    let described = file::describe(path)?;
    if json {
        return output::json(&summary(&described, path));
    }
    eprintln!("Wrote {}", path.display());
    output::line(described.address)
}

fn summary(described: &file::Description, path: &Path) -> Value {
    json!({
        "address": described.address,
        "created": described.created,
        "file": path.display().to_string(),
        "name": described.name,
    })
}

impl List {
    fn run(self) -> anyhow::Result<()> {
        let directory = self.keyring.directory()?;
        let listed = if directory.is_dir() { file::list(&directory)? } else { Vec::new() };
        for key in &listed {
            match &key.description {
                Ok(described) if self.json => output::json(&summary(described, &key.path))?,
                Ok(described) => {
                    output::line(format_args!("{}  {}  {}", described.address, described.created, described.name))?;
                }
                Err(error) => eprintln!("{error}"),
            }
        }
        if listed.is_empty() {
            eprintln!("No keys in {}", directory.display());
        }
        Ok(())
    }
}

impl Show {
    fn run(self) -> anyhow::Result<()> {
        let (address, described) = match self.keyring.find(&self.key)? {
            keyring::Named::Here(path) => {
                let described = file::describe(&path)?;
                (described.address, Some((described, path)))
            }
            keyring::Named::Elsewhere(address) => (address, None),
        };
        let mut shown = json!({"address": address, "did": address.did_key(), "multikey": address.multikey()});
        if let (Some((described, path)), Some(members)) = (&described, shown.as_object_mut()) {
            let more = summary(described, path);
            members.extend(more.as_object().cloned().unwrap_or_default());
        }
        if self.json {
            return output::json(&shown);
        }
        for (name, value) in shown.as_object().into_iter().flatten() {
            output::line(format_args!("{name:<9} {}", value.as_str().unwrap_or_default()))?;
        }
        Ok(())
    }
}

impl Sign {
    fn run(self) -> anyhow::Result<()> {
        let text = files::read(&self.file)?;
        let document: Value = serde_json::from_str(&text).context("the document is not JSON")?;
        let secret = self.keyring.open(&self.key)?;
        let signed = secured::sign(&document, &[&secret], None)?;
        output::line(signed)
    }
}
