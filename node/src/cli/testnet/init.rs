//! `hefu testnet init`

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use anyhow::Context;
use clap::Args;
use hefu_contracts::{
    certificate::{MEMBERS_MAX, Member},
    register::Depth,
};
use hefu_engine::{Guard, Multiaddr, peer_id};
use hefu_keys::{
    file::Work,
    phrase::{self, Words},
};

use super::{cast, network};
use crate::{
    cli::{
        failure::Told,
        files,
        init::{self, Founder, NodeKeys, Template, Waits},
        keyring::{self, Keyring},
        output,
    },
    demo::{self, Edition},
    local::Webhooks,
    node::GUARD,
    ports,
};

/// Ports of one validator: pages and API, votes, records.
const PORTS_EACH: u16 = 10;

/// The passphrase lies beside the keys, so guessing it need not cost anything.
const WORK: Work = Work::Rounds(1);

/// `hefu testnet init`
#[derive(Debug, Args)]
pub struct TestnetInit {
    /// How many validators; 4 is the least number that tolerates a faulty one
    #[arg(long, default_value_t = 4, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=MEMBERS_MAX as i64))]
    validators: u16,
    /// New directory for everything
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// First port: each validator takes this one for pages and API, the next two for the others, and 10 are kept for
    /// it; 0 takes any that are free now
    #[arg(long, default_value_t = 8100, value_name = "PORT")]
    port: u16,
    /// Name of the chain, for people
    #[arg(long, default_value = "hefu-testnet", value_name = "NAME")]
    chain: String,
    /// Depth of the register, 1 to 26
    #[arg(long, default_value_t = 12, value_name = "LEVELS", value_parser = clap::value_parser!(u8).range(1..=26))]
    depth: u8,
    #[command(flatten)]
    waits: Waits,
    /// Tell the demo's story on it; the organisations' keys are then public
    #[arg(long)]
    demo: bool,
    /// Which of the demo's stories
    #[arg(long, value_enum, default_value_t, requires = "demo", value_name = "STORY")]
    story: Edition,
}

/// A validator of the network in the making.
struct Seat {
    id: String,
    keys: NodeKeys,
    ports: Ports,
}

/// Where a validator listens on this machine.
#[derive(Clone, Copy)]
struct Ports {
    http: u16,
    network: u16,
    records: u16,
}

impl TestnetInit {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let TestnetInit { validators, dir, port, chain, depth, waits, demo, story } = self;
        let ports = seats(port, validators)?;
        let mut seats = Vec::with_capacity(ports.len());
        let mut founders = Vec::with_capacity(ports.len());
        for (seat, ports) in ports.into_iter().enumerate() {
            let mut keys = NodeKeys::derive(&phrase::generate(Words::TwentyFour)?)?;
            if demo {
                keys.admin = demo::admin(&cast::id(seat))?;
            }
            let party = cast::party(seat, keys.admin.address())?;
            let member = Member { address: keys.validator.address(), party: party.id.clone(), power: 1 };
            seats.push(Seat { id: party.id.clone(), keys, ports });
            founders.push(Founder { member, party });
        }
        let mut genesis = init::genesis(founders, chain, Depth::try_from(depth)?, waits.into())?;
        if demo {
            // The others join in the course of the story, or run a validator only.
            genesis.parties = vec![demo::founder()?];
        }
        keyring::make_private(&dir).with_context(|| format!("cannot make the directory {}", dir.display()))?;
        let passphrase = phrase::generate(Words::Twelve)?;
        files::write_secret(&dir.join(network::PASSPHRASE), &format!("{}\n", passphrase.as_str()))?;
        for seat in &seats {
            let home = dir.join(&seat.id);
            seat.keys.keep(&Keyring::of(home.join("keys"), None), &passphrase, WORK)?;
            files::write_new(&home.join("genesis.json"), &genesis.text())?;
            files::write_new(&home.join("hefu.toml"), &seat.template(&seats)?.text())?;
            Guard::create(&home.join("data").join(GUARD), seat.keys.validator.address())?;
        }
        network::write(&dir, seats.iter().map(|seat| seat.id.clone()).collect(), demo.then_some(story))?;
        eprintln!("Start with    hefu testnet up --dir {}", dir.display());
        output::line(genesis.chain())
    }
}

impl Seat {
    fn template(&self, all: &[Seat]) -> anyhow::Result<Template> {
        let others = all.iter().filter(|other| other.id != self.id);
        Ok(Template {
            moniker: self.id.clone(),
            http: SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.http)),
            network: here(self.ports.network)?,
            records: here(self.ports.records)?,
            others: others.map(Seat::addresses).collect::<anyhow::Result<_>>()?,
            // Its ports are this machine's alone.
            webhooks: Webhooks::Any,
            passphrase_file: Some(format!("../{}", network::PASSPHRASE)),
        })
    }

    fn addresses(&self) -> anyhow::Result<(Multiaddr, Multiaddr)> {
        let peer = peer_id(*self.keys.node.expose_seed())?;
        let named = |port| format!("/ip4/127.0.0.1/tcp/{port}/p2p/{peer}").parse().context("a validator's address");
        Ok((named(self.ports.network)?, named(self.ports.records)?))
    }
}

fn here(port: u16) -> anyhow::Result<Multiaddr> {
    format!("/ip4/127.0.0.1/tcp/{port}").parse().context("a validator's own address")
}

/// Ports for all validators: consecutive ones from `first`, or any that are free.
fn seats(first: u16, validators: u16) -> anyhow::Result<Vec<Ports>> {
    if first == 0 {
        return free(validators);
    }
    let too_high = || Told::new(format!("{validators} validators need more ports than there are from {first} on"));
    let each = (0..validators).map(|seat| {
        let http = seat.checked_mul(PORTS_EACH).and_then(|offset| first.checked_add(offset)).ok_or_else(too_high)?;
        let network = http.checked_add(1).ok_or_else(too_high)?;
        let records = http.checked_add(2).ok_or_else(too_high)?;
        Ok(Ports { http, network, records })
    });
    each.collect()
}

fn free(validators: u16) -> anyhow::Result<Vec<Ports>> {
    const LISTENERS: usize = 3;
    let ports = ports::free(usize::from(validators).saturating_mul(LISTENERS)).context("no port is free")?;
    let (each, _) = ports.as_chunks::<LISTENERS>();
    Ok(each.iter().map(|&[http, network, records]| Ports { http, network, records }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_consecutive_or_free_and_never_shared() {
        let some = seats(8100, 3).unwrap();
        assert_eq!(some.iter().map(|ports| ports.http).collect::<Vec<_>>(), [8100, 8110, 8120]);
        assert_eq!((some[2].network, some[2].records), (8121, 8122));
        assert!(seats(65_530, 2).is_err());
        let mut free: Vec<u16> =
            seats(0, 5).unwrap().iter().flat_map(|ports| [ports.http, ports.network, ports.records]).collect();
        free.sort_unstable();
        free.dedup();
        assert_eq!(free.len(), 15, "{free:?}");
    }

    #[test]
    fn a_network_of_the_largest_size_is_a_chain() {
        let founders = (0..MEMBERS_MAX).map(|seat| {
            let seed = u8::try_from(seat).unwrap();
            let key = |kind: u8| hefu_keys::SecretKey::from_seed([seed; 32].map(|byte: u8| byte ^ kind)).address();
            let party = cast::party(seat, key(1)).unwrap();
            Founder { member: Member { address: key(128), party: party.id.clone(), power: 1 }, party }
        });
        init::genesis(founders.collect(), "test".to_owned(), Depth::DEV, init::parameters()).unwrap();
    }
}
