//! `hefu init`: what a node needs before its first start.

mod template;
mod waits;

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
use crate::{client, local::Webhooks, node::GUARD};

pub use template::Template;
pub use waits::Waits;
#[cfg(test)]
pub use waits::parameters;

/// `hefu init`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hefu init --dir node --id corenest --kind brand --name-en CoreNest --name-zh 栖芯 --prefix 95288801
  hefu start --config node/hefu.toml

Several founders: each runs `hefu init`; one of them names the `founder.json` of all
others with --founder, says how long blocks wait, and gives its `genesis.json` to
them, who put it in the place of their own before the first start. In its `hefu.toml`,
each lists all others as peers, twice: where they vote and where they take records,
as /dns4/HOST/tcp/PORT/p2p/PEER with the peer id that their `hefu init` has printed.
`hefu testnet init` does all of it for a network on one machine.")]
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
    #[command(flatten)]
    waits: Waits,
    /// Where to serve pages and API
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    http: SocketAddr,
    /// Where other validators connect
    #[arg(long, default_value = "/ip4/0.0.0.0/tcp/26656", value_name = "MULTIADDR")]
    network: Multiaddr,
    /// Where other validators hand over records that wait
    #[arg(long, default_value = "/ip4/0.0.0.0/tcp/26657", value_name = "MULTIADDR")]
    records: Multiaddr,
    /// File whose first line is the passphrase of the new keys; otherwise it is asked for
    #[arg(long, env = "HEFU_PASSPHRASE_FILE", value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// A founding organisation and its validator.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Founder {
    /// Its validator.
    pub member: Member,
    /// The organisation.
    pub party: Party,
}

/// The keys of a node, derived from one phrase.
pub struct NodeKeys {
    /// Signs for the organisation.
    pub admin: SecretKey,
    /// Signs votes and receipts.
    pub validator: SecretKey,
    /// The node's name on the network.
    pub node: SecretKey,
}

impl Init {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let Init { dir, organisation, chain, founders, depth, waits, http, network, records, passphrase_file } = self;
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
        let genesis = genesis(founders, chain, Depth::try_from(depth)?, waits.into())?;

        keys.keep(&keyring, &passphrase, Work::OneSecond)?;
        eprintln!(
            "Recovery phrase, shown once. The keys are at //admin, //validator and //node:\n\n  {}\n",
            phrase.as_str()
        );
        // Only a key that has never signed anything begins with an empty guard.
        Guard::create(&dir.join("data").join(GUARD), keys.validator.address())?;
        files::write_new(&dir.join("founder.json"), &own_text)?;
        files::write_new(&dir.join("genesis.json"), &genesis.text())?;
        let template = Template {
            moniker,
            http,
            network,
            records,
            others: Vec::new(),
            webhooks: Webhooks::default(),
            passphrase_file: None,
        };
        files::write_new(&dir.join("hefu.toml"), &template.text())?;

        eprintln!("Admin key     {}", keys.admin.address());
        eprintln!("Validator key {}", keys.validator.address());
        eprintln!("Peer id       {}", peer_id(*keys.node.expose_seed())?);
        eprintln!("Start with    hefu start --config {}", dir.join("hefu.toml").display());
        output::line(genesis.chain())
    }
}

impl NodeKeys {
    /// The keys of a phrase.
    ///
    /// # Errors
    /// Where it is no phrase.
    pub fn derive(phrase: &str) -> anyhow::Result<NodeKeys> {
        let key = |path| SecretKey::from_phrase(phrase, path, None);
        Ok(NodeKeys { admin: key("//admin")?, validator: key("//validator")?, node: key("//node")? })
    }

    /// Writes a key file for each.
    ///
    /// # Errors
    /// Where there are any already, or from the file system.
    pub fn keep(&self, keyring: &Keyring, passphrase: &str, work: Work) -> anyhow::Result<()> {
        keyring.make_directory()?;
        for (name, secret) in [("admin", &self.admin), ("validator", &self.validator), ("node", &self.node)] {
            let created = client::now()?.to_string();
            let key = NewKey { name, created: &created, secret };
            file::create(&keyring.file_of(name)?, &key, passphrase, work)?;
        }
        Ok(())
    }
}

fn founder(path: &Path) -> anyhow::Result<Founder> {
    serde_json::from_str(&files::read(path)?).with_context(|| format!("{} names no founder", path.display()))
}

/// The genesis document of a chain that begins now.
///
/// # Errors
/// Where the founders do not make a chain: two share an id, a key or a company prefix.
pub fn genesis(
    founders: Vec<Founder>,
    name: String,
    register_depth: Depth,
    parameters: Parameters,
) -> anyhow::Result<Genesis> {
    let (mut members, parties): (Vec<Member>, Vec<Party>) =
        founders.into_iter().map(|founder| (founder.member, founder.party)).unzip();
    members.sort_by_key(|member| member.address.to_string());
    let genesis = Genesis {
        members: Members(members),
        name,
        parameters,
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
