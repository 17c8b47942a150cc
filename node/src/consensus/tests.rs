//! Four validators with real engines on the loopback interface, and what they sign.

use std::{net::TcpListener, path::Path, time::Duration};

use hefu_api::ledger::{Ledger, Outcome, Wait};
use hefu_contracts::{certificate::Certificate, genesis::Parameters, height::Height, receipt::Status};
use hefu_engine::{Multiaddr, peer_id};
use hefu_keys::{Hash, SecretKey};
use tempfile::TempDir;
use tokio::{task::JoinSet, time::timeout};

use super::{of_engine, terms, to_engine};
use crate::{
    GuardWish, Node, NodeConfig, NodeLedger, VerifyReport, verify_store,
    world::{self, Codes, Deed, REFILL, World},
};

/// Longer than anything here takes on a busy machine.
const SOON: Duration = Duration::from_secs(60);

const VALIDATORS: usize = 4;

/// Where each validator listens, and its directory.
struct Network {
    world: World,
    ports: Vec<u16>,
    data: Vec<TempDir>,
}

fn node_key(number: usize) -> SecretKey {
    world::key(&format!("node {number}"))
}

impl Network {
    fn new() -> Network {
        let parameters = Parameters { heartbeat_ms: 2_000, ..Parameters::default() };
        let mut world = World::new(VALIDATORS).with_parameters(parameters);
        world.now = crate::ledger::now();
        let listeners: Vec<TcpListener> =
            (0..VALIDATORS).map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
        let ports = listeners.iter().map(|listener| listener.local_addr().expect("bound").port()).collect();
        let data = (0..VALIDATORS).map(|_| tempfile::tempdir().expect("a directory")).collect();
        Network { world, ports, data }
    }

    fn address(&self, number: usize) -> Multiaddr {
        let peer = peer_id(*node_key(number).expose_seed()).expect("a peer id");
        format!("/ip4/127.0.0.1/tcp/{}/p2p/{peer}", self.ports[number]).parse().expect("an address")
    }

    fn path(&self, number: usize) -> &Path {
        self.data[number].path()
    }

    async fn start(&self, number: usize) -> Node {
        let config = NodeConfig {
            data: self.path(number).to_owned(),
            genesis: self.world.genesis().clone(),
            validator: world::validator(number),
            guard: GuardWish::WithStore,
            node: node_key(number),
            listen: format!("/ip4/127.0.0.1/tcp/{}", self.ports[number]).parse().expect("an address"),
            peers: (0..VALIDATORS).filter(|other| *other != number).map(|other| self.address(other)).collect(),
            open: false,
            moniker: format!("validator-{number}"),
        };
        Node::start(config).await.expect("started")
    }
}

/// Hands a submission in everywhere and waits until it is final there.
async fn everywhere(ledgers: &[&NodeLedger], submission: &[u8]) {
    let mut asked = JoinSet::new();
    for ledger in ledgers {
        let (ledger, submission) = (NodeLedger::clone(ledger), submission.to_vec());
        asked.spawn(async move { ledger.submit(vec![submission], Wait::Final).await });
    }
    for answer in timeout(SOON, asked.join_all()).await.expect("in time") {
        match &answer.expect("available")[..] {
            [Outcome::Taken(receipt) | Outcome::Known(receipt)] => assert_eq!(receipt.status, Status::Final),
            other => panic!("{other:?}"),
        }
    }
}

async fn reach(ledger: &NodeLedger, height: Height) {
    let mut heights = ledger.heights();
    let reached = heights.wait_for(|now| *now >= height);
    timeout(SOON, reached).await.expect("in time").expect("running");
}

fn height(ledger: &NodeLedger) -> Height {
    ledger.status().expect("no fault").height
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_validators_agree_and_one_that_was_away_catches_up() {
    let mut network = Network::new();
    let mut nodes = Vec::new();
    for number in 0..VALIDATORS {
        nodes.push(network.start(number).await);
    }
    let ledgers: Vec<_> = nodes.iter().map(Node::ledger).collect();
    let all: Vec<&NodeLedger> = ledgers.iter().map(|ledger| &**ledger).collect();
    everywhere(&all, &network.world.sign("corenest", &Deed::product(REFILL, 1))).await;
    let (codes, issue) = Codes::issue(&mut network.world, REFILL, 16, 1);
    everywhere(&all, &issue).await;

    let last = nodes.pop().expect("four");
    last.shutdown().await;
    for index in 0..3 {
        let deed = codes.commission(&network.world, index, 1);
        let submission = network.world.sign("corenest", &deed);
        everywhere(&all[..3], &submission).await;
    }
    let missed = height(&ledgers[0]);
    drop(all);
    drop(ledgers);
    nodes.push(network.start(VALIDATORS - 1).await);
    reach(&nodes[VALIDATORS - 1].ledger(), missed).await;

    for node in nodes {
        node.shutdown().await;
    }
    let mut reports: Vec<VerifyReport> = Vec::new();
    for number in 0..VALIDATORS {
        reports.push(verify_store(network.path(number), |_| ()).expect("sound"));
    }
    assert!(reports.iter().all(|report| report.records == 5), "{reports:?}");
    assert!(reports.iter().all(|report| report.register == reports[0].register), "{reports:?}");
}

#[test]
fn a_certificate_survives_the_way_to_the_engine_and_back() {
    let world = World::new(7);
    let mut certificate = world.certify(&header(&world));
    certificate.round = 3;
    let Certificate { block, height, .. } = certificate;
    let there = to_engine(certificate.clone());
    assert_eq!((there.block, there.height, there.round), (block, height.get(), 3));
    assert!(there.signatures.is_sorted_by_key(|(validator, _)| *validator));
    assert_eq!(of_engine(there), certificate);
}

fn header(world: &World) -> hefu_contracts::block::Header {
    hefu_contracts::block::Header {
        builder: world::validator(0).address(),
        chain: world.genesis().chain(),
        height: World::first(),
        members: world.genesis().members.hash(),
        members_since: World::first(),
        next_members: world.genesis().members.hash(),
        previous: world.genesis().chain(),
        records: Hash::ZERO,
        register: Hash::ZERO,
        time: world.now,
        version: 1,
    }
}

#[test]
fn the_terms_of_a_height_are_those_of_genesis() {
    let parameters =
        Parameters { block_interval_ms: 250, heartbeat_ms: 9_000, vote_timeout_ms: 400, propose_timeout_ms: 1_000 };
    let world = World::new(4).with_parameters(parameters);
    let terms = terms(world.genesis());
    assert_eq!((terms.members.len(), terms.block_time), (4, Some(Duration::from_millis(250))));
    assert_eq!(terms.heartbeat, Duration::from_secs(9));
    assert_eq!((terms.timeouts.propose, terms.timeouts.prevote), (Duration::from_secs(1), Duration::from_millis(400)));
    let fast = super::terms(World::new(1).genesis());
    assert_eq!(fast.block_time, None);
}
