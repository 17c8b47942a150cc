//! `hefu access`: reading what is not for everybody, with a key instead of a password.

use clap::Args;
use hefu_contracts::{
    access,
    time::{Millis, Time},
};
use hefu_explorer::Origin;
use hefu_keys::{Hash, SecretKey};
use serde_json::{Value, json};

use super::{author::AtNode, failure::Told, keyring::Keyring, output};
use crate::client::{self, Client};

const MINUTE_MS: u64 = 60_000;

/// How long a document lasts that a command makes for its own requests.
const OWN_MINUTES: u8 = 5;

/// `hefu access`
#[derive(Debug, Args)]
pub struct Access {
    #[command(flatten)]
    keyring: Keyring,
    #[command(flatten)]
    node: AtNode,
    /// Name, path or address of a key with the role `read`
    #[arg(long, short)]
    key: String,
    #[command(flatten)]
    aud: Aud,
    /// How long it is good, in minutes; nodes accept at most 15, by their own clock
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=15))]
    minutes: u8,
    /// Print the header line alone, as `curl -H` takes it
    #[arg(long, conflicts_with = "json")]
    header: bool,
    /// Print document, header and end as JSON
    #[arg(long)]
    json: bool,
}

/// For which node a document is.
#[derive(Clone, Debug, Args)]
pub struct Aud {
    /// Origin of the node that the document is for, as its configuration has it [default: the node's address]
    #[arg(long, value_name = "URL")]
    origin: Option<Origin>,
}

/// Who reads, for commands that can do without.
#[derive(Clone, Debug, Args)]
pub struct ReadAs {
    /// Name, path or address of a key with the role `read`, for what is not for everybody
    #[arg(long, short)]
    key: Option<String>,
    #[command(flatten)]
    aud: Aud,
}

impl Aud {
    fn of(&self, node: &AtNode) -> anyhow::Result<String> {
        if let Some(origin) = &self.origin {
            return Ok(origin.to_string());
        }
        let told =
            |_| Told::new(format!("{} is no origin", node.url())).hint("--origin says where the node is reached");
        Ok(node.url().parse::<Origin>().map_err(told)?.to_string())
    }
}

impl ReadAs {
    /// A client that reads as the key does, or as everybody.
    ///
    /// # Errors
    /// Where the key cannot be opened or the node does not answer.
    pub fn client(&self, keyring: &Keyring, node: &AtNode) -> anyhow::Result<Client> {
        let client = node.client();
        let Some(key) = &self.key else { return Ok(client) };
        let aud = self.aud.of(node)?;
        // Asked before the passphrase: nobody should type it for a node that is not there.
        let chain = client.status()?.chain;
        let document = made(&aud, chain, OWN_MINUTES, &keyring.open(key)?)?.text;
        Ok(client.reading_as(access::header(&document)))
    }
}

/// A signed document.
struct Made {
    text: String,
    expires: Time,
}

fn made(aud: &str, chain: Hash, minutes: u8, key: &SecretKey) -> anyhow::Result<Made> {
    let lasts = Millis(u64::from(minutes).saturating_mul(MINUTE_MS));
    let expires = client::now()?.plus(lasts);
    Ok(Made { text: access::sign(aud, &chain, expires, key)?, expires })
}

impl Access {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let aud = self.aud.of(&self.node)?;
        let chain = self.node.client().status()?.chain;
        let Made { text, expires } = made(&aud, chain, self.minutes, &self.keyring.open(&self.key)?)?;
        let header = format!("Authorization: {}", access::header(&text));
        if self.json {
            let document: Value = serde_json::from_str(&text)?;
            return output::json(&json!({"document": document, "expires": expires, "header": header}));
        }
        if !self.header {
            eprintln!("Good until {expires} at {aud}. Whoever has it reads as this key does.");
            output::line(&text)?;
        }
        output::line(header)
    }
}
