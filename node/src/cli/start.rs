//! `hefu start`: a node of a network.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use clap::Args;
use hefu_contracts::genesis::Genesis;
use hefu_explorer::Neighbour;

use super::{
    files,
    keyring::Keyring,
    log,
    pid::PidFile,
    serve::{self, Serving},
};
use crate::{
    GuardWish, NodeConfig,
    config::{Config, Http, Spelled},
    space::DiskOf,
};

/// `hefu start`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  hefu start --config /etc/hefu/hefu.toml\n  \
    hefu start --config hefu.toml --pid-file hefu.pid --json")]
pub struct Start {
    /// The node's configuration, as `hefu init` writes it
    #[arg(long, default_value = "hefu.toml", value_name = "FILE")]
    config: PathBuf,
    /// File whose first line is the passphrase of the node's keys, unless the configuration names one
    #[arg(long, env = "HEFU_PASSPHRASE_FILE", value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// File for the id of this process, locked while it runs
    #[arg(long, value_name = "FILE")]
    pid_file: Option<PathBuf>,
    /// Make a new guard for a validator key whose guard is lost or damaged
    ///
    /// The guard remembers what the key has signed, so that it never signs two things that contradict each other. With a
    /// new one the node follows, and votes again from the second height after a block that is made ten seconds later.
    /// Make sure that no other process uses the key.
    #[arg(long)]
    renew_guard: bool,
    /// Print one line of JSON when the node serves
    #[arg(long)]
    json: bool,
}

impl Start {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let config = Config::read(&self.config)?;
        log::to_stderr(&config.log)?;
        let _pid = self.pid_file.as_deref().map(PidFile::hold).transpose()?;
        let genesis = read_genesis(&config.genesis)?;
        let passphrase_file = config.keys.passphrase_file.or(self.passphrase_file);
        let keyring = Keyring::of(PathBuf::new(), passphrase_file);
        let node = NodeConfig {
            disk: Arc::new(DiskOf(config.data.clone())),
            data: config.data,
            genesis,
            validator: keyring.open_file(&config.keys.validator)?,
            guard: if self.renew_guard { GuardWish::Renew } else { GuardWish::Keep },
            node: keyring.open_file(&config.keys.node)?,
            listen: config.network.listen,
            peers: config.network.peers,
            records: config.records,
            snapshots: config.snapshots,
            open: config.network.open,
            moniker: config.moniker,
        };
        let metrics = config.metrics.map(|metrics| metrics.listen);
        let Http { listen, origin, origins, language, neighbours, webhooks } = config.http;
        let neighbours = neighbours.into_iter().map(|node| Neighbour { origin: node.origin, party: node.party });
        let (language, neighbours) = (language.into(), neighbours.collect());
        let origins = origins.into_iter().map(|Spelled(origin)| origin).collect();
        let serving = Serving::at(listen, "`listen` in `[http]` of the configuration");
        let serving = Serving { origin, origins, language, neighbours, metrics, webhooks, ..serving };
        serve::run(node, serving, async |ready| if self.json { ready.print_json() } else { Ok(()) })
    }
}

/// Reads and checks a genesis document.
///
/// # Errors
/// Where the file cannot be read, or is no genesis document.
pub fn read_genesis(path: &Path) -> anyhow::Result<Genesis> {
    let text = files::read(path)?;
    // A line feed at the end is what editors add; everything else is part of the hash.
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Genesis::read(text).with_context(|| format!("{} is no genesis document", path.display()))
}
