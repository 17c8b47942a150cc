//! What running nodes say of themselves: this one, and those of others that its configuration names.

use std::{
    thread,
    time::{Duration, SystemTime},
};

use hefu_api::views::{StatusView, VERSION};
use hefu_contracts::genesis::Genesis;
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

/// Asks the other nodes, and this one where it runs.
pub(super) fn all(http: &Http, genesis: &Genesis, is_running: bool) -> Vec<Check> {
    let own = is_running.then(|| ask(&url_of(http.listen)));
    let height = own.as_ref().and_then(|told| Some(told.as_ref().ok()?.status.height.get()));
    let mut checks: Vec<Check> = own.as_ref().map(this).into_iter().flatten().collect();
    let others = thread::scope(|scope| {
        let calls = http.neighbours.iter().map(|node| (node, scope.spawn(|| ask(&node.origin.to_string()))));
        let calls: Vec<_> = calls.collect();
        calls.into_iter().filter_map(|(node, call)| Some((node, call.join().ok()?))).collect::<Vec<_>>()
    });
    checks.extend(others.iter().flat_map(|(node, told)| other(node, told, genesis, height)));
    checks
}

fn ask(origin: &str) -> Result<Told, String> {
    let agent = ureq::Agent::config_builder().timeout_global(Some(ANSWER_WITHIN)).build().new_agent();
    let mut answer = agent.get(format!("{origin}/v1/status")).call().map_err(|error| error.to_string())?;
    let clock = answer.headers().get(header::DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    let here = SystemTime::now();
    let status = answer.body_mut().read_json().map_err(|error| error.to_string())?;
    Ok(Told { status, clock, here })
}

fn this(told: &Result<Told, String>) -> Vec<Check> {
    let status = match told {
        Ok(told) => &told.status,
        Err(error) => return vec![Check::problem("node", format!("it does not answer: {error}"))],
    };
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
fn other(node: &OtherNode, told: &Result<Told, String>, genesis: &Genesis, height: Option<u64>) -> Vec<Check> {
    let name = &node.party;
    let told = match told {
        Ok(told) => told,
        Err(error) => return vec![Check::warning("neighbours", format!("{name} does not answer: {error}"))],
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

    fn told(change: impl FnOnce(&mut Told)) -> Vec<(&'static str, Finding)> {
        let world = World::new(4);
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
        let node = OtherNode { origin: "https://t.huaxu.example".parse().unwrap(), party: "huaxu".to_owned() };
        let checks = other(&node, &Ok(told), world.genesis(), Some(95));
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
    fn a_node_that_is_not_ready_or_does_not_answer_is_a_problem() {
        let checks = this(&ask("http://127.0.0.1:1"));
        assert_eq!((checks.len(), checks[0].finding), (1, Finding::Problem), "{checks:?}");
    }
}
