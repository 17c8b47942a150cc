//! The checks of `hefu doctor`, one function for each thing.

use std::{
    fs,
    net::{TcpListener, TcpStream, ToSocketAddrs},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use hefu_contracts::{
    genesis::{FORMAT_VERSION, Genesis},
    schema::STORE_VERSION,
    time::{Millis, Time},
};
use hefu_engine::{Guard, GuardError, Multiaddr};
use hefu_keys::{Address, file};

use super::{Check, running};
use crate::{
    cli::start,
    client,
    config::{Config, Keys},
    ledger::describe,
    node::GUARD,
    space::{DiskOf, Gauge, RECORDS_PERCENT, VOTES_PERCENT},
    store::{Chain, ENGINE, Rocks, Store},
};

/// Below this share of free space somebody should look, in percent.
const FREE_WARNING: u64 = 15;

/// How long a peer may take to take a call.
const CALL_WITHIN: Duration = Duration::from_secs(2);

/// How far a block may lie in this machine's future.
const AHEAD_MAX: Millis = Millis(5_000);

/// Everything that can be told of a node by its configuration.
pub(super) fn all(config: &Config) -> Vec<Check> {
    let versions = format!(
        "program {}, formats {FORMAT_VERSION}, store {STORE_VERSION}, engine {ENGINE}",
        env!("CARGO_PKG_VERSION")
    );
    let mut checks = vec![Check::good("versions", versions)];
    let genesis = match start::read_genesis(&config.genesis) {
        Ok(genesis) => genesis,
        Err(error) => {
            checks.push(Check::problem("genesis", format!("{error:#}")));
            return checks;
        }
    };
    checks
        .push(Check::good("genesis", format!("chain {} with {} validators", genesis.chain(), genesis.members.0.len())));
    checks.extend([&config.keys.validator, &config.keys.node].map(|path| key_file(path)));
    let validator = file::describe(&config.keys.validator).ok().map(|key| key.address);
    checks.extend(validator.map(|address| membership(&genesis, &address)));
    checks.extend(permissions(&config.keys, &config.data));
    checks.push(disk(&config.data));
    let answers = running::answers(&config.http);
    let voter = validator.filter(|address| genesis.members.get(address).is_some());
    let (guard, is_held) = match (voter, validator) {
        // What a running node may be opening now is left alone; the node itself says whether it votes.
        _ if answers => (Check::good("guard", "a node is running, and says whether it votes"), true),
        (Some(voter), _) => guard(&config.data.join(GUARD), voter),
        (None, Some(_)) => (Check::good("guard", "none is needed: the node follows"), false),
        (None, None) => (Check::problem("guard", "without a validator key nobody's guard can be opened"), false),
    };
    checks.push(guard);
    let is_running = answers || is_held;
    if is_running {
        checks.push(Check::good("store", "a node uses it now"));
    } else {
        checks.extend(store(&config.data, &genesis));
        checks.extend(ports(config));
    }
    checks.extend(peers(config, &genesis));
    checks.extend(running::all(&config.http, &genesis, is_running.then_some(validator).flatten()));
    checks
}

fn key_file(path: &Path) -> Check {
    let name = path.display();
    let mode = fs::metadata(path).map(|metadata| metadata.permissions().mode() & 0o777);
    match (mode, file::describe(path)) {
        (Ok(mode), Ok(_)) if mode & 0o077 != 0 => Check::problem(
            "keys",
            format!("{name} has mode {mode:03o}, others than its owner have access; make it 600"),
        ),
        (_, Ok(key)) => Check::good("keys", format!("{name} holds {}", key.address)),
        (_, Err(error)) => Check::problem("keys", error.to_string()),
    }
}

/// Whether others can read the passphrase or write where the node does, and whether all of it is one user's.
fn permissions(keys: &Keys, data: &Path) -> Vec<Check> {
    let secret = keys.passphrase_file.iter().map(PathBuf::as_path).map(|path| (path, 0o077, "600"));
    let written = [(data, 0o022, "700")].into_iter().filter(|(path, ..)| path.exists());
    let (mut checks, mut owners) = (Vec::new(), Vec::new());
    for (path, others, better) in secret.chain(written) {
        let name = path.display();
        checks.push(match fs::metadata(path) {
            Ok(metadata) => {
                owners.push(metadata.uid());
                match metadata.permissions().mode() & 0o777 {
                    mode if mode & others == 0 => Check::good("permissions", format!("{name} has mode {mode:03o}")),
                    mode => Check::problem(
                        "permissions",
                        format!("{name} has mode {mode:03o}, others than its owner have access; make it {better}"),
                    ),
                }
            }
            Err(error) => Check::problem("permissions", format!("{name}: {error}")),
        });
    }
    owners.extend([&keys.validator, &keys.node].iter().filter_map(|key| Some(fs::metadata(key).ok()?.uid())));
    owners.sort_unstable();
    owners.dedup();
    if owners.len() > 1 {
        let says = format!("keys, passphrase and data belong to {} users; a node runs as one", owners.len());
        checks.push(Check::warning("permissions", says));
    }
    checks
}

fn membership(genesis: &Genesis, address: &Address) -> Check {
    match genesis.members.get(address) {
        Some(member) => Check::good("membership", format!("{address} votes for {}", member.party)),
        None => Check::warning("membership", format!("{address} is no validator of this chain: the node follows")),
    }
}

fn disk(data: &Path) -> Check {
    let free = match DiskOf(data.to_owned()).free() {
        Ok(free) => free,
        Err(error) => {
            return Check::problem("disk", format!("the disk of {} cannot be looked at: {error}", data.display()));
        }
    };
    let (percent, bytes) = (free.percent(), free.free >> 20);
    let says = format!("{percent} % of the disk of {} are free, {bytes} MiB", data.display());
    match percent {
        0..VOTES_PERCENT => Check::problem("disk", format!("{says}: the node takes no part in consensus")),
        VOTES_PERCENT..RECORDS_PERCENT => Check::problem("disk", format!("{says}: the node takes no records")),
        RECORDS_PERCENT..FREE_WARNING => Check::warning("disk", says),
        _ => Check::good("disk", says),
    }
}

/// Also whether a node uses it now.
fn guard(directory: &Path, validator: Address) -> (Check, bool) {
    match Guard::open(directory, validator) {
        Ok(guard) if guard.is_asleep() => {
            (Check::warning("guard", "it is new, and the node will vote again soon"), false)
        }
        Ok(guard) => (Check::good("guard", format!("the key has signed up to height {}", guard.height())), false),
        Err(GuardError::InUse(_)) => (Check::good("guard", "a node uses it now"), true),
        Err(error) => {
            let says = format!("{error}: the node will not vote; `hefu start --help` tells of --renew-guard");
            (Check::problem("guard", says), false)
        }
    }
}

/// What it finds is left as it is: nothing is repaired or tidied up by looking.
fn store(data: &Path, genesis: &Genesis) -> Vec<Check> {
    if !data.join("store").exists() {
        return vec![Check::good("store", "there is none yet, it will be made at the first start")];
    }
    let read = Rocks::open_read_only(data).map_err(|error| describe(&error)).and_then(|(store, found)| {
        if found.chain() != genesis.chain() {
            return Err(format!("it is of another chain, {}", found.chain()));
        }
        Chain::new(store.view(), Arc::new(found)).map_err(|error| describe(&error))
    });
    match read {
        Ok(chain) => {
            let tip = chain.tip();
            vec![Check::good("store", format!("it ends at height {}", tip.height)), clock(tip.time)]
        }
        Err(words) => vec![Check::problem("store", words)],
    }
}

fn clock(last: Time) -> Check {
    match client::now() {
        Ok(now) if last > now.plus(AHEAD_MAX) => {
            Check::problem("clock", format!("it says {now}, but the last block was made at {last}"))
        }
        Ok(now) => Check::good("clock", format!("{now}, after the last block")),
        Err(error) => Check::problem("clock", format!("{error:#}")),
    }
}

/// Whether the node's ports are free. Only asked where no node is running.
fn ports(config: &Config) -> Vec<Check> {
    let http = [Some(config.http.listen), config.metrics.as_ref().map(|metrics| metrics.listen)];
    let http = http.into_iter().flatten().map(|address| address.to_string());
    let others = [Some(&config.network.listen), config.records.as_ref().map(|records| &records.listen)];
    let others = others.into_iter().flatten().filter_map(tcp_of);
    let bind = |address: String| match TcpListener::bind(&address) {
        Ok(_) => Check::good("ports", format!("{address} is free")),
        Err(error) => Check::problem("ports", format!("{address} cannot be listened on: {error}")),
    };
    http.chain(others).map(bind).collect()
}

/// Whether the other validators can be called.
fn peers(config: &Config, genesis: &Genesis) -> Vec<Check> {
    let others = genesis.members.0.len().saturating_sub(1);
    let records = config.records.as_ref().map(|records| records.peers.as_slice()).unwrap_or_default();
    let mut checks = Vec::new();
    for (list, listed) in [("network", config.network.peers.len()), ("records", records.len())] {
        if listed < others {
            let says = format!("[{list}] lists {listed} peers, the chain has {others} other validators");
            checks.push(Check::warning("peers", says));
        }
    }
    let called = thread::scope(|scope| {
        let calls = config.network.peers.iter().chain(records);
        let calls: Vec<_> = calls.map(|peer| scope.spawn(move || call(peer))).collect();
        calls.into_iter().filter_map(|call| call.join().ok()).collect::<Vec<Check>>()
    });
    checks.extend(called);
    checks
}

fn call(peer: &Multiaddr) -> Check {
    let Some(address) = tcp_of(peer) else {
        return Check::good("peers", format!("{peer} is not called: it is reached by another protocol than TCP"));
    };
    let found = match address.to_socket_addrs() {
        Ok(found) => found,
        Err(error) => return Check::warning("peers", format!("{address} has no address: {error}")),
    };
    let mut refused = None;
    for one in found {
        match TcpStream::connect_timeout(&one, CALL_WITHIN) {
            Ok(_) => return Check::good("peers", format!("{address} takes calls")),
            Err(error) => refused = Some(error),
        }
    }
    let why = refused.map_or_else(|| "it has no address".to_owned(), |error| error.to_string());
    Check::warning("peers", format!("{address} cannot be reached: {why}"))
}

/// Host and port of an address over TCP.
fn tcp_of(address: &Multiaddr) -> Option<String> {
    let text = address.to_string();
    let mut parts = text.split('/').skip(1);
    let (kind, host, transport, port) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    match (kind, transport) {
        ("ip6", "tcp") => Some(format!("[{host}]:{port}")),
        ("ip4" | "dns" | "dns4" | "dns6", "tcp") => Some(format!("{host}:{port}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::doctor::Finding, store::create_store, world::World};

    #[test]
    fn hosts_and_ports_are_read_from_addresses() {
        for (address, expected) in [
            ("/ip4/10.0.0.1/tcp/26656", Some("10.0.0.1:26656")),
            ("/ip6/::1/tcp/1", Some("[::1]:1")),
            ("/dns4/v2.example/tcp/26656", Some("v2.example:26656")),
            ("/ip4/10.0.0.1/udp/26656/quic-v1", None),
        ] {
            assert_eq!(tcp_of(&address.parse().unwrap()).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn a_port_that_is_taken_and_a_peer_that_is_away_are_told_apart() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let address = |port: u16| format!("/ip4/127.0.0.1/tcp/{port}").parse::<Multiaddr>().unwrap();
        assert_eq!(call(&address(port)).finding, Finding::Good);
        drop(taken);
        assert_eq!(call(&address(port)).finding, Finding::Warning);
    }

    #[test]
    fn what_others_can_read_or_write_is_a_problem() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let (passphrase, data) = (at("passphrase"), at("data"));
        fs::write(&passphrase, "words").unwrap();
        fs::create_dir(&data).unwrap();
        let modes = |passphrase_mode: u32, data_mode: u32| {
            fs::set_permissions(&passphrase, fs::Permissions::from_mode(passphrase_mode)).unwrap();
            fs::set_permissions(&data, fs::Permissions::from_mode(data_mode)).unwrap();
            let keys = Keys { validator: at("a"), node: at("b"), passphrase_file: Some(passphrase.clone()) };
            permissions(&keys, &data).into_iter().map(|check| check.finding).collect::<Vec<_>>()
        };
        assert_eq!(modes(0o600, 0o755), [Finding::Good, Finding::Good]);
        assert_eq!(modes(0o640, 0o755), [Finding::Problem, Finding::Good]);
        assert_eq!(modes(0o600, 0o775), [Finding::Good, Finding::Problem]);
        fs::remove_file(&passphrase).unwrap();
        let keys = Keys { validator: at("a"), node: at("b"), passphrase_file: Some(passphrase.clone()) };
        assert_eq!(permissions(&keys, &at("none"))[0].finding, Finding::Problem);
    }

    #[test]
    fn a_store_is_looked_at_and_left_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let (data, world) = (directory.path(), World::new(1));
        let found = |genesis: &Genesis| store(data, genesis)[0].finding;
        assert_eq!(found(world.genesis()), Finding::Good, "there is none yet");
        create_store(data, world.genesis()).unwrap();
        let files = || {
            let there = fs::read_dir(data.join("store")).unwrap().map(|file| {
                let file = file.unwrap();
                (file.file_name(), fs::read(file.path()).unwrap())
            });
            there.collect::<std::collections::BTreeMap<_, _>>()
        };
        let before = files();
        assert_eq!(found(world.genesis()), Finding::Good);
        assert_eq!(found(World::new(2).genesis()), Finding::Problem, "it is another chain's");
        assert!(files() == before, "its files are what they were");
        fs::write(data.join("store/CURRENT"), "nothing").unwrap();
        assert_eq!(found(world.genesis()), Finding::Problem);
    }

    #[test]
    fn a_clock_before_the_last_block_is_a_problem() {
        let now = client::now().unwrap();
        assert_eq!(clock(now).finding, Finding::Good);
        assert_eq!(clock(now.plus(Millis(60_000))).finding, Finding::Problem);
    }

    #[test]
    fn what_is_missing_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("nothing.key");
        assert_eq!(key_file(&missing).finding, Finding::Problem);
        let (check, running) = guard(&directory.path().join("guard"), Address::from_bytes([1; 32]));
        assert_eq!((check.finding, running), (Finding::Problem, false));
        assert_eq!(disk(&directory.path().join("not/there/yet")).about, "disk");
    }
}
