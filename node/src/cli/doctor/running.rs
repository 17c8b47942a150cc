//! What running nodes say of themselves: this one, and those of others that its configuration names.

use std::{
    thread,
    time::{Duration, SystemTime},
};

use hefu_api::views::{StatusView, VERSION};
use hefu_contracts::genesis::Genesis;
use hefu_keys::Address;
use ureq::http::header;

use super::Check;
use crate::{
    cli::serve::url_of,
    config::{Http, OtherNode},
};

/// How long a node may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// What clocks may differ by before somebody should look. Answers tell whole seconds and take a moment.
const CLOCKS_APART: u64 = 3;

/// Blocks of a clock that is so many seconds ahead wait at the others.
const CLOCKS_APART_MAX: u64 = 5;

/// How many blocks another node may be ahead without anything being wrong.
const BLOCKS_BEHIND: u64 = 10;

/// What a node answered.
struct Told {
    status: StatusView,
    /// Its clock when it answered, in whole seconds.
    clock: Option<SystemTime>,
    /// This machine's clock in the same moment.
    here: SystemTime,
}

/// Why nobody was told anything.
#[derive(Debug, thiserror::Error)]
enum Silence {
    /// The node is there, and starts or stops.
    #[error("it is starting or stopping, its log says how far it is")]
    Busy,
    #[error("it does not answer: {0}")]
    Away(#[source] ureq::Error),
}

/// Whether something answers where this node would.
pub(super) fn answers(http: &Http) -> bool {
    agent().get(format!("{}/healthz", url_of(http.listen))).call().is_ok()
}

/// Asks the other nodes, and this one, whose key is given, where it runs.
pub(super) fn all(http: &Http, genesis: &Genesis, runs: Option<Address>) -> Vec<Check> {
    let own = runs.map(|key| (key, ask(&url_of(http.listen))));
    let height = own.as_ref().and_then(|(_, told)| Some(told.as_ref().ok()?.status.height.get()));
    let mut checks: Vec<Check> = own.iter().flat_map(|(key, told)| this(told, key, genesis)).collect();
    let others = thread::scope(|scope| {
        let calls = http.neighbours.iter().map(|node| (node, scope.spawn(|| ask(&node.origin.to_string()))));
        let calls: Vec<_> = calls.collect();
        calls.into_iter().filter_map(|(node, call)| Some((node, call.join().ok()?))).collect::<Vec<_>>()
    });
    checks.extend(others.iter().flat_map(|(node, told)| other(node, told, genesis, height)));
    checks
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().timeout_global(Some(ANSWER_WITHIN)).build().new_agent()
}

fn ask(origin: &str) -> Result<Told, Silence> {
    let answer = agent().get(format!("{origin}/v1/status")).call();
    let busy = matches!(answer, Err(ureq::Error::StatusCode(503)));
    let mut answer = answer.map_err(|error| if busy { Silence::Busy } else { Silence::Away(error) })?;
    let clock = answer.headers().get(header::DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    let here = SystemTime::now();
    let status = answer.body_mut().read_json().map_err(Silence::Away)?;
    Ok(Told { status, clock, here })
}

fn this(told: &Result<Told, Silence>, key: &Address, genesis: &Genesis) -> Vec<Check> {
    let status = match told {
        Ok(told) => &told.status,
        Err(busy @ Silence::Busy) => return vec![Check::warning("node", busy.to_string())],
        Err(away @ Silence::Away(_)) => return vec![Check::problem("node", away.to_string())],
    };
    if status.chain != genesis.chain() || status.node != *key {
        let says = format!("another answers where this node would: {}, of chain {}", status.node, status.chain);
        return vec![Check::problem("node", says)];
    }
    let height = status.height;
    let ready = match &status.unready {
        None => Check::good("node", format!("it is ready, at height {height}")),
        Some(why) => Check::problem("node", format!("it is not ready, at height {height}: {why}")),
    };
    let other = (status.version != VERSION).then(|| {
        let says = format!("the node runs {}, this program is {VERSION}: restart the node", status.version);
        Check::warning("versions", says)
    });
    [Some(ready), other].into_iter().flatten().collect()
}

/// Another node, and whether it agrees with this machine; `height` is this node's, where it runs.
fn other(node: &OtherNode, told: &Result<Told, Silence>, genesis: &Genesis, height: Option<u64>) -> Vec<Check> {
    let name = &node.party;
    let told = match told {
        Ok(told) => told,
        Err(silence) => return vec![Check::warning("neighbours", format!("{name}: {silence}"))],
    };
    let StatusView { chain, version, .. } = &told.status;
    if *chain != genesis.chain() {
        return vec![Check::problem("neighbours", format!("{name} serves another chain, {chain}"))];
    }
    let theirs = told.status.height.get();
    let ahead = height.map(|height| theirs.saturating_sub(height)).filter(|ahead| *ahead > BLOCKS_BEHIND);
    let mut checks = vec![match ahead {
        Some(ahead) => Check::warning("neighbours", format!("{name} is {ahead} blocks ahead of this node")),
        None => Check::good("neighbours", format!("{name} is at height {theirs}")),
    }];
    if version != VERSION {
        let says = format!("{name} runs {version}, this program is {VERSION}: validators should run the same");
        checks.push(Check::warning("versions", says));
    }
    checks.extend(told.clock.map(|clock| clocks(name, clock, told.here)));
    checks
}

fn clocks(name: &str, theirs: SystemTime, here: SystemTime) -> Check {
    let (apart, way) = match here.duration_since(theirs) {
        Ok(apart) => (apart.as_secs(), "ahead of"),
        Err(error) => (error.duration().as_secs(), "behind"),
    };
    let says = format!("this machine is {apart} s {way} {name}");
    match apart {
        0..CLOCKS_APART => Check::good("clock", format!("it agrees with {name}")),
        CLOCKS_APART..CLOCKS_APART_MAX => Check::warning("clock", says),
        _ => Check::problem("clock", format!("{says}: blocks whose time lies {CLOCKS_APART_MAX} s ahead wait")),
    }
}

#[cfg(test)]
mod tests {
    use hefu_contracts::height::Height;

    use super::*;
    use crate::{cli::doctor::Finding, world::World};

    /// What a node of a network tells, but for a change.
    fn status(world: &World, change: impl FnOnce(&mut Told)) -> Told {
        let here = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let status = StatusView {
            chain: world.genesis().chain(),
            height: Height::new(100).unwrap(),
            name: "test".to_owned(),
            node: world.genesis().members.0[0].address,
            pending: 0,
            unready: None,
            version: VERSION.to_owned(),
        };
        let mut told = Told { status, clock: Some(here), here };
        change(&mut told);
        told
    }

    fn told(change: impl FnOnce(&mut Told)) -> Vec<(&'static str, Finding)> {
        let world = World::new(4);
        let node = OtherNode { origin: "https://t.huaxu.example".parse().unwrap(), party: "huaxu".to_owned() };
        let checks = other(&node, &Ok(status(&world, change)), world.genesis(), Some(95));
        checks.into_iter().map(|check| (check.about, check.finding)).collect()
    }

    #[test]
    fn a_neighbour_that_agrees_is_good_and_each_difference_is_told() {
        use Finding::{Good, Problem, Warning};
        let seconds = Duration::from_secs;
        assert_eq!(told(|_| {}), [("neighbours", Good), ("clock", Good)]);
        assert_eq!(told(|told| told.clock = Some(told.here - seconds(4)))[1], ("clock", Warning));
        assert_eq!(told(|told| told.clock = Some(told.here + seconds(5)))[1], ("clock", Problem));
        assert_eq!(told(|told| told.status.version = "0.0.0".to_owned())[1], ("versions", Warning));
        assert_eq!(told(|told| told.status.height = Height::new(106).unwrap())[0], ("neighbours", Warning));
        assert_eq!(told(|told| told.status.chain = hefu_keys::Hash::of(b"other")), [("neighbours", Problem)]);
    }

    #[test]
    fn what_a_node_says_of_itself_is_good_only_where_it_is_this_one_and_ready() {
        let world = World::new(4);
        let key = world.genesis().members.0[0].address;
        let finding = |told: Result<Told, Silence>| {
            let checks = this(&told, &key, world.genesis());
            assert_eq!((checks.len(), checks[0].about), (1, "node"), "{checks:?}");
            checks[0].finding
        };
        assert_eq!(finding(Ok(status(&world, |_| {}))), Finding::Good);
        let unready = status(&world, |told| told.status.unready = Some("catching up".to_owned()));
        assert_eq!(finding(Ok(unready)), Finding::Problem);
        let elsewhere = status(&world, |told| told.status.chain = hefu_keys::Hash::of(b"other"));
        assert_eq!(finding(Ok(elsewhere)), Finding::Problem);
        let another = status(&world, |told| told.status.node = world.genesis().members.0[1].address);
        assert_eq!(finding(Ok(another)), Finding::Problem);
        assert_eq!(finding(ask("http://127.0.0.1:1")), Finding::Problem);
        assert_eq!(finding(Err(Silence::Busy)), Finding::Warning);
    }
}
