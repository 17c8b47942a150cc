//! Four validators with real engines on the loopback interface, and what they sign.

use std::{path::Path, sync::Arc, time::Duration};

use hefu_api::ledger::{Ledger, Outcome, Wait};
use hefu_contracts::{certificate::Certificate, genesis::Parameters, height::Height, row::Data};
use hefu_engine::{Multiaddr, peer_id};
use hefu_keys::{Hash, SecretKey};
use tempfile::TempDir;
use tokio::time::timeout;

use super::{of_engine, terms, to_engine};
use crate::{
    GuardWish, Node, NodeConfig, NodeLedger, VerifyReport,
    config::Records,
    snapshots::Snapshots,
    space::DiskOf,
    verify_store,
    world::{self, Codes, Deed, REFILL, World},
};

/// Longer than anything here takes on a busy machine.
const SOON: Duration = Duration::from_secs(60);

const VALIDATORS: usize = 4;

/// The validator whose key a fifth machine has as well.
const TWIN: usize = 3;

/// Where each validator listens, and its directory.
struct Network {
    world: World,
    ports: Vec<u16>,
    /// Where records are passed on.
    record_ports: Vec<u16>,
    data: Vec<TempDir>,
}

fn node_key(number: usize) -> SecretKey {
    world::key(&format!("node {number}"))
}

impl Network {
    fn new() -> Network {
        Network::of(VALIDATORS)
    }

    fn with_twin() -> Network {
        Network::of(VALIDATORS + 1)
    }

    fn of(machines: usize) -> Network {
        let parameters = Parameters { heartbeat_ms: 1_000, ..Parameters::default() };
        let mut world = World::new(VALIDATORS).with_parameters(parameters);
        world.now = crate::ledger::now();
        let mut ports = crate::ports::free(2 * machines).expect("free ports");
        let record_ports = ports.split_off(machines);
        let data = (0..machines).map(|_| tempfile::tempdir().expect("a directory")).collect();
        Network { world, ports, record_ports, data }
    }

    fn others(ports: &[u16], number: usize) -> Vec<Multiaddr> {
        let others = ports.iter().enumerate().filter(|(other, _)| *other != number);
        let named = others.map(|(other, port)| {
            let peer = peer_id(*node_key(other).expose_seed()).expect("a peer id");
            format!("/ip4/127.0.0.1/tcp/{port}/p2p/{peer}").parse().expect("an address")
        });
        named.collect()
    }

    fn path(&self, number: usize) -> &Path {
        self.data[number].path()
    }

    async fn start(&self, number: usize) -> Node {
        self.start_with(number, GuardWish::WithStore).await
    }

    async fn start_with(&self, number: usize, guard: GuardWish) -> Node {
        let listen = |port: u16| format!("/ip4/127.0.0.1/tcp/{port}").parse().expect("an address");
        let config = NodeConfig {
            data: self.path(number).to_owned(),
            genesis: self.world.genesis().clone(),
            validator: world::validator(if number < VALIDATORS { number } else { TWIN }),
            guard,
            node: node_key(number),
            listen: listen(self.ports[number]),
            peers: Network::others(&self.ports, number),
            records: Some(Records {
                listen: listen(self.record_ports[number]),
                peers: Network::others(&self.record_ports, number),
            }),
            snapshots: Snapshots { restore: false, ..Snapshots::default() },
            open: false,
            disk: Arc::new(DiskOf(self.path(number).to_owned())),
            moniker: format!("validator-{number}"),
        };
        Node::start(config).await.expect("started")
    }

    async fn start_all(&self) -> Vec<Node> {
        let mut nodes = Vec::new();
        for number in 0..VALIDATORS {
            nodes.push(self.start(number).await);
        }
        nodes
    }
}

/// Hands a submission in at one node, and waits until it is final at all.
async fn hand_in(nodes: &[Node], at: usize, submission: &[u8]) {
    let outcomes = timeout(SOON, nodes[at].ledger().submit(vec![submission.to_vec()], Wait::Final)).await;
    let height = match &outcomes.expect("in time").expect("available")[..] {
        [Outcome::Taken(receipt)] => receipt.height.expect("it is final"),
        other => panic!("{other:?}"),
    };
    for node in nodes {
        reach(&node.ledger(), height).await;
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
async fn four_validators_agree_on_what_any_of_them_takes_and_one_that_was_away_catches_up() {
    let mut network = Network::new();
    let mut nodes = network.start_all().await;
    hand_in(&nodes, 0, &network.world.sign("corenest", &Deed::product(REFILL, 1))).await;
    let (codes, issue) = Codes::issue(&mut network.world, REFILL, 16, 1);
    hand_in(&nodes, 1, &issue).await;

    let last = nodes.pop().expect("four");
    last.shutdown().await;
    for index in 0..3 {
        let deed = codes.commission(&network.world, index, 1);
        let submission = network.world.sign("corenest", &deed);
        hand_in(&nodes, usize::try_from(index).expect("few"), &submission).await;
    }
    let missed = height(&nodes[0].ledger());
    nodes.push(network.start(VALIDATORS - 1).await);
    reach(&nodes[VALIDATORS - 1].ledger(), missed).await;
    let late = codes.commission(&network.world, 3, 1);
    hand_in(&nodes, VALIDATORS - 1, &network.world.sign("corenest", &late)).await;

    for node in nodes {
        node.shutdown().await;
    }
    let mut reports: Vec<VerifyReport> = Vec::new();
    for number in 0..VALIDATORS {
        reports.push(verify_store(network.path(number), |_| ()).expect("sound"));
    }
    assert!(reports.iter().all(|report| report.records == 6), "{reports:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validator_without_its_guard_follows_and_votes_again_with_a_new_one() {
    let mut network = Network::new();
    let mut nodes = network.start_all().await;
    hand_in(&nodes, 0, &network.world.sign("corenest", &Deed::product(REFILL, 1))).await;
    nodes.pop().expect("four").shutdown().await;
    std::fs::remove_dir_all(network.path(VALIDATORS - 1).join("guard")).expect("removed");

    nodes.push(network.start_with(VALIDATORS - 1, GuardWish::Keep).await);
    let why = nodes[VALIDATORS - 1].ledger().status().expect("no fault").unready.expect("a reason");
    assert!(why.contains("does not vote"), "{why}");
    hand_in(&nodes, 0, &network.world.sign("corenest", &Deed::product(REFILL, 2))).await;

    let lost = nodes.pop().expect("four");
    lost.shutdown().await;
    let mut renewed = network.start_with(VALIDATORS - 1, GuardWish::Renew).await;
    let ledger = renewed.ledger();
    assert!(ledger.status().expect("no fault").unready.is_some());
    let running = tokio::spawn(async move { renewed.stopped().await });
    let me = world::validator(VALIDATORS - 1).address();
    let began = height(&nodes[0].ledger()).get();
    let votes = async {
        // The heartbeat brings the blocks that it waits for.
        let mut heights = ledger.heights();
        loop {
            let height = *heights.borrow_and_update();
            let block = ledger.block(height).expect("no fault").expect("a block");
            if block.certificate.signatures.iter().any(|precommit| precommit.validator == me) {
                return height.get();
            }
            heights.changed().await.expect("running");
        }
    };
    let voted = timeout(SOON, votes).await.expect("in time");
    assert!(voted >= began + 2, "it voted at {voted}, the chain was at {began}");
    assert_eq!(ledger.status().expect("no fault").unready, None);
    running.abort();
}

/// A second process runs with the key of a validator, on another machine and so with a guard of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_in_two_hands_is_found_out_and_recorded_by_the_others() {
    let mut network = Network::with_twin();
    let mut nodes = network.start_all().await;
    nodes.push(network.start(VALIDATORS).await);
    let accused = world::validator(TWIN).address();
    let found = async {
        for number in 0.. {
            hand_in(
                &nodes[..1],
                0,
                &network.world.sign("corenest", &Deed::grant(&format!("line {number}"), &["read"])),
            )
            .await;
            let ledger = nodes[0].ledger();
            let rows = ledger.rows(&format!("evidence/{accused}/"), None, 1).expect("no fault");
            if let Some(row) = rows.into_iter().next() {
                return row;
            }
        }
        unreachable!("counted to the end")
    };
    let row = timeout(SOON, found).await.expect("in time");
    let Data::Evidence(evidence) = &row.data else { panic!("{row}") };
    let ledger = nodes[0].ledger();
    let found = ledger.record(&evidence.record).expect("no fault").expect("the record");
    assert!(found.place.is_some(), "it is final");
    let proof = ledger.proof("members").expect("no fault").expect("a proof");
    let story = proof.check(&network.world.genesis().chain()).expect("it holds");
    assert!(story.steps.iter().any(|step| step.entry.record == evidence.record), "the row of validators tells it");
    for node in nodes {
        node.shutdown().await;
    }
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
    let parameters = Parameters {
        block_interval_ms: 250,
        heartbeat_ms: 9_000,
        propose_timeout_ms: 1_000,
        quota: None,
        vote_timeout_ms: 400,
    };
    let world = World::new(4).with_parameters(parameters);
    let terms = terms(world.genesis());
    assert_eq!((terms.members.len(), terms.block_time), (4, Some(Duration::from_millis(250))));
    assert_eq!(terms.heartbeat, Duration::from_secs(9));
    assert_eq!((terms.timeouts.propose, terms.timeouts.prevote), (Duration::from_secs(1), Duration::from_millis(400)));
    let fast = super::terms(World::new(1).genesis());
    assert_eq!(fast.block_time, None);
}
