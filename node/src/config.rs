//! A node's configuration: one TOML file, every key parsed into its final type at once, unknown keys refused.
//!
//! Nothing in it changes what a block means: that is for genesis and the state.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use figment::{
    Figment,
    providers::{Format, Toml},
};
use hefu_engine::Multiaddr;
use hefu_explorer::{Language, Origin};
use serde::{Deserialize, Deserializer, de::Error as _};
use thiserror::Error;

use crate::{local::Webhooks, snapshots::Snapshots};

/// A node's configuration. Relative paths are relative to the directory of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Directory of blocks, state and votes. It belongs to the validator's key: one node, one directory.
    pub data: PathBuf,
    /// The chain's genesis document.
    pub genesis: PathBuf,
    /// A name for logs and metrics.
    pub moniker: String,
    /// Keys.
    pub keys: Keys,
    /// For people and programs.
    pub http: Http,
    /// For other validators.
    pub network: Network,
    /// For records on their way to other validators; a validator without others needs none.
    #[serde(default)]
    pub records: Option<Records>,
    /// Snapshots of the state, for nodes that have none.
    #[serde(default)]
    pub snapshots: Snapshots,
    /// For whoever watches the node; nobody does where it is absent.
    #[serde(default)]
    pub metrics: Option<Metrics>,
    /// What is logged.
    #[serde(default)]
    pub log: Log,
}

/// The node's keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Key file that signs votes and receipts. Never used by two nodes at once.
    pub validator: PathBuf,
    /// Key file of the node's name on the network.
    pub node: PathBuf,
    /// File whose first line is the passphrase of both; otherwise `HEFU_PASSPHRASE_FILE`, or it is asked for.
    #[serde(default)]
    pub passphrase_file: Option<PathBuf>,
}

/// Serving people and programs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Where to listen. Behind a proxy that speaks TLS this is a local address.
    pub listen: SocketAddr,
    /// Where the pages are reached from outside: it is printed on labels. Otherwise `http://` and where it listens.
    #[serde(default, deserialize_with = "spelled_if_any")]
    pub origin: Option<Origin>,
    /// Where else the node is reached. An access document is for one of these, or for `origin`.
    #[serde(default)]
    pub origins: Vec<Spelled>,
    /// The language for whoever asks for none: `zh` or `en`.
    #[serde(default)]
    pub language: PageLanguage,
    /// Public nodes of others, on which people can check the same item.
    #[serde(default)]
    pub neighbours: Vec<OtherNode>,
    /// To whom reports of subscriptions are sent: `off`, `public` or `any`.
    #[serde(default)]
    pub webhooks: Webhooks,
}

/// A public node of somebody else.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherNode {
    /// Where it is reached.
    #[serde(deserialize_with = "spelled")]
    pub origin: Origin,
    /// Id of the organisation that runs it.
    pub party: String,
}

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PageLanguage {
    /// Simplified Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

impl From<PageLanguage> for Language {
    fn from(language: PageLanguage) -> Language {
        match language {
            PageLanguage::Zh => Language::Zh,
            PageLanguage::En => Language::En,
        }
    }
}

/// An origin in a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Spelled(#[serde(deserialize_with = "spelled")] pub Origin);

fn spelled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Origin, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

fn spelled_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Origin>, D::Error> {
    spelled(deserializer).map(Some)
}

/// Talking to other validators.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Where to listen, such as `/ip4/0.0.0.0/tcp/26656`.
    pub listen: Multiaddr,
    /// Every other validator with its peer id, such as `/dns4/v2.example/tcp/26656/p2p/12D3Koo…`.
    #[serde(default)]
    pub peers: Vec<Multiaddr>,
    /// Whether nodes that are not listed may connect, to follow.
    #[serde(default)]
    pub open: bool,
}

/// Passing on records that wait for a block.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// Where to listen, such as `/ip4/0.0.0.0/tcp/26657`.
    pub listen: Multiaddr,
    /// Every other validator with its peer id, such as `/dns4/v2.example/tcp/26657/p2p/12D3Koo…`.
    #[serde(default)]
    pub peers: Vec<Multiaddr>,
}

/// Figures in the text format of Prometheus, at `/metrics`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Where to listen; nobody else than whoever watches the node should reach it.
    pub listen: SocketAddr,
}

/// Logging, to stderr.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Least level, by target, in the syntax of `RUST_LOG`.
    pub filter: String,
    /// For people or for programs.
    pub format: LogFormat,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The engine tells every step of every round at `info`.
pub const LOG_FILTER: &str =
    "info,arc_malachitebft=warn,informalsystems_malachitebft=warn,libp2p=warn,actix_server=warn";

impl Default for Log {
    fn default() -> Log {
        Log { filter: LOG_FILTER.to_owned(), format: LogFormat::default() }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, Error)]
#[error("the configuration {} cannot be used", path.display())]
pub struct BadConfig {
    path: PathBuf,
    source: Box<figment::Error>,
}

impl Config {
    /// Reads a configuration; afterwards its paths are relative to the working directory, or absolute.
    ///
    /// # Errors
    /// [`BadConfig`], naming the key.
    pub fn read(path: &Path) -> Result<Config, BadConfig> {
        let read = Figment::new().merge(Toml::file_exact(path)).extract();
        let bad = |source: figment::Error| BadConfig { path: path.to_owned(), source: Box::new(source) };
        let mut config: Config = read.map_err(bad)?;
        let directory = path.parent().unwrap_or(Path::new(""));
        let Keys { validator, node, passphrase_file } = &mut config.keys;
        for relative in [&mut config.data, &mut config.genesis, validator, node].into_iter().chain(passphrase_file) {
            *relative = directory.join(&*relative);
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests;
