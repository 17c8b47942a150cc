//! `hefu init`: what a node needs before its first start.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use hefu_contracts::{
    certificate::{Member, Members},
    genesis::{FORMAT_VERSION, Genesis, GenesisKind, Parameters},
    parties::Party,
    register::Depth,
};
use hefu_engine::{Guard, Multiaddr, peer_id};
use hefu_keys::{
    SecretKey, canonical,
    file::{self, NewKey, Work},
    phrase::{self, Words},
};
use serde::{Deserialize, Serialize};

use super::{failure::Told, files, keyring::Keyring, output, parties::Organisation};
use crate::{client, config::LOG_FILTER, node::GUARD};

/// `hefu init`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hefu init --dir node --id corenest --kind brand --name-en CoreNest --name-zh 栖芯 --prefix 95288801
  hefu start --config node/hefu.toml

Several founders: each runs `hefu init`; one of them names the `founder.json` of all
others with --founder and gives its `genesis.json` to them. In its `hefu.toml`, each
lists all others as peers.")]
pub struct Init {
    /// New directory for everything
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    organisation: Organisation,
    /// Name of the chain, for people
    #[arg(long, default_value = "hefu", value_name = "NAME")]
    chain: String,
    /// A `founder.json` of another founding organisation; several are possible
    #[arg(long = "founder", value_name = "FILE")]
    founders: Vec<PathBuf>,
    /// Depth of the register, 1 to 26: 20 is a million buckets and 64 MiB of memory
    #[arg(long, default_value_t = 20, value_name = "LEVELS", value_parser = clap::value_parser!(u8).range(1..=26))]
    depth: u8,
    /// Where to serve pages and API
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    http: SocketAddr,
    /// Where other validators connect
    #[arg(long, default_value = "/ip4/0.0.0.0/tcp/26656", value_name = "MULTIADDR")]
    network: Multiaddr,
    /// File whose first line is the passphrase of the new keys; otherwise it is asked for
    #[arg(long, env = "HEFU_PASSPHRASE_FILE", value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// A founding organisation and its validator.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Founder {
    member: Member,
    party: Party,
}

/// The keys of a node, derived from one phrase.
struct NodeKeys {
    admin: SecretKey,
    validator: SecretKey,
    node: SecretKey,
}

impl Init {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let Init { dir, organisation, chain, founders, depth, http, network, passphrase_file } = self;
        let mut founders = founders.iter().map(|path| founder(path)).collect::<anyhow::Result<Vec<Founder>>>()?;
        let keyring = Keyring::of(dir.join("keys"), passphrase_file);
        let passphrase = keyring.new_passphrase("the node's keys")?;
        let phrase = phrase::generate(Words::TwentyFour)?;
        let keys = NodeKeys::derive(&phrase)?;

        let party = organisation.with_admin(keys.admin.address());
        let member = Member { address: keys.validator.address(), party: party.id.clone(), power: 1 };
        let own = Founder { member, party };
        let own_text = canonical::to_string(&own)?;
        let moniker = own.party.id.clone();
        founders.insert(0, own);
        let genesis = genesis(founders, chain, Depth::try_from(depth)?)?;

        keyring.make_directory()?;
        for (name, secret) in [("admin", &keys.admin), ("validator", &keys.validator), ("node", &keys.node)] {
            let created = client::now()?.to_string();
            let key = NewKey { name, created: &created, secret };
            file::create(&keyring.file_of(name)?, &key, &passphrase, Work::OneSecond)?;
        }
        eprintln!(
            "Recovery phrase, shown once. The keys are at //admin, //validator and //node:\n\n  {}\n",
            phrase.as_str()
        );
        // Only a key that has never signed anything begins with an empty guard.
        Guard::create(&dir.join("data").join(GUARD), keys.validator.address())?;
        files::write_new(&dir.join("founder.json"), &own_text)?;
        files::write_new(&dir.join("genesis.json"), &genesis.text())?;
        files::write_new(&dir.join("hefu.toml"), &template(&moniker, http, &network))?;

        eprintln!("Admin key     {}", keys.admin.address());
        eprintln!("Validator key {}", keys.validator.address());
        eprintln!("Peer id       {}", peer_id(*keys.node.expose_seed())?);
        eprintln!("Start with    hefu start --config {}", dir.join("hefu.toml").display());
        output::line(genesis.chain())
    }
}

impl NodeKeys {
    fn derive(phrase: &str) -> anyhow::Result<NodeKeys> {
        let key = |path| SecretKey::from_phrase(phrase, path, None);
        Ok(NodeKeys { admin: key("//admin")?, validator: key("//validator")?, node: key("//node")? })
    }
}

fn founder(path: &Path) -> anyhow::Result<Founder> {
    serde_json::from_str(&files::read(path)?).with_context(|| format!("{} names no founder", path.display()))
}

fn genesis(founders: Vec<Founder>, name: String, register_depth: Depth) -> anyhow::Result<Genesis> {
    let (mut members, parties): (Vec<Member>, Vec<Party>) =
        founders.into_iter().map(|founder| (founder.member, founder.party)).unzip();
    members.sort_by_key(|member| member.address.to_string());
    let genesis = Genesis {
        members: Members(members),
        name,
        parameters: Parameters::default(),
        parties,
        register_depth,
        time: client::now()?,
        kind: GenesisKind::Genesis,
        version: FORMAT_VERSION,
    };
    // Read as every node will, so that a slip is named here.
    let told = || Told::new("the founders do not make a chain");
    Genesis::read(&genesis.text()).with_context(told)
}

/// The configuration, with a word about each key.
fn template(moniker: &str, http: SocketAddr, network: &Multiaddr) -> String {
    format!(
        r#"# A node of a Hefu ledger. Paths are relative to this file.

# Blocks, state and votes. The directory belongs to the validator's key: never let two nodes use either.
data = "data"
genesis = "genesis.json"
# A name for logs and metrics.
moniker = "{moniker}"

[keys]
validator = "keys/validator.key"
node = "keys/node.key"
# The first line of this file is the passphrase; otherwise HEFU_PASSPHRASE_FILE, or it is asked for.
# passphrase_file = "passphrase"

[http]
# Pages and API. In public, put a proxy that speaks TLS before it.
listen = "{http}"
# Where the pages are reached from outside: it is printed on labels.
# origin = "https://trace.example"
# For whoever asks for none: "zh" or "en".
language = "zh"
# Public nodes of others, on which people can check the same item.
neighbours = []

[network]
# Where other validators connect.
listen = "{network}"
# Every other validator with its peer id, as in "/dns4/v2.example/tcp/26656/p2p/12D3Koo…".
peers = []
# Whether nodes that are not listed may connect, to follow.
open = false

[log]
# Least level by target; RUST_LOG goes before it.
filter = "{LOG_FILTER}"
# "text" or "json"
format = "text"
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_configuration_that_init_writes_is_one_that_start_reads() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hefu.toml");
        let (http, network) = ("[::1]:8080".parse().unwrap(), "/ip4/10.0.0.1/udp/26656/quic-v1".parse().unwrap());
        std::fs::write(&path, template("corenest", http, &network)).unwrap();
        let config = Config::read(&path).unwrap();
        assert_eq!((config.moniker.as_str(), config.http.listen), ("corenest", http));
        assert_eq!((config.network.listen, config.log.filter.as_str()), (network, LOG_FILTER));
    }
}
