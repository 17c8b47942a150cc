//! A validator with its real engine, alone on its chain.

use std::{path::Path, time::Duration};

use hefu_api::ledger::{Ledger, Outcome, Wait};
use hefu_contracts::{
    genesis::Parameters,
    height::Height,
    proof::Proof,
    receipt::{Receipt, Status},
    refusal::Code,
    row::key_of_key,
};
use hefu_keys::secured;
use tokio::time::timeout;

use super::{GuardWish, Node, NodeConfig, StopReason};
use crate::{
    NodeLedger, verify_store,
    world::{self, Codes, Deed, REFILL, World},
};

/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(20);

fn world() -> World {
    let parameters = Parameters { heartbeat_ms: 600_000, ..Parameters::default() };
    let mut world = World::new(1).with_parameters(parameters);
    world.now = crate::ledger::now();
    world
}

async fn start(data: &Path, world: &World) -> Node {
    start_with(data, world, GuardWish::WithStore).await
}

async fn start_with(data: &Path, world: &World, guard: GuardWish) -> Node {
    let config = NodeConfig {
        data: data.to_owned(),
        genesis: world.genesis().clone(),
        validator: world::validator(0),
        guard,
        node: world::key("node"),
        listen: "/ip4/127.0.0.1/tcp/0".parse().expect("an address"),
        peers: Vec::new(),
        records: None,
        open: false,
        moniker: "test".to_owned(),
    };
    timeout(SOON, Node::start(config)).await.expect("in time").expect("started")
}

/// Hands one submission in and waits until it is final.
async fn submit(ledger: &NodeLedger, submission: Vec<u8>, wait: Wait) -> Outcome {
    let outcomes = timeout(SOON, ledger.submit(vec![submission], wait)).await.expect("in time").expect("available");
    outcomes.into_iter().next().expect("one outcome for each")
}

fn taken(outcome: Outcome) -> Receipt {
    match outcome {
        Outcome::Taken(receipt) | Outcome::Known(receipt) => receipt,
        Outcome::Not { refusal, .. } => panic!("{refusal}"),
    }
}

async fn reach(ledger: &NodeLedger, height: u64) {
    let mut heights = ledger.heights();
    let reached = heights.wait_for(|now| now.get() >= height);
    timeout(SOON, reached).await.expect("in time").expect("running");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_validator_makes_records_final_on_demand() {
    let data = tempfile::tempdir().expect("a directory");
    let mut world = world();
    let node = start(data.path(), &world).await;
    let ledger = node.ledger();
    // The first height opens by itself, to show that the validator lives.
    reach(&ledger, 1).await;

    let submission = world.sign("corenest", &Deed::product(REFILL, 1));
    let receipt = taken(submit(&ledger, submission.clone(), Wait::Final).await);
    assert_eq!((receipt.status, receipt.height), (Status::Final, Height::new(2)));
    assert_eq!(receipt.node, world::validator(0).address());
    let Outcome::Known(again) = submit(&ledger, submission, Wait::Final).await else { panic!("taken twice") };
    assert_eq!(again, receipt, "the same record again");

    let (codes, issue) = Codes::issue(&mut world, REFILL, 8, 1);
    let commission = world.sign("corenest", &codes.commission(&world, 0, 3));
    let observe = Deed::event(&world, "OBSERVE", "inspecting", &[codes.epc(1)]);
    let observe = world.sign("corenest", &observe);
    let outcomes = ledger.submit(vec![issue, commission, observe], Wait::Final).await.expect("available");
    assert!(outcomes.into_iter().all(|outcome| taken(outcome).status == Status::Final));

    let early = world.sign("corenest", &Deed::event(&world, "OBSERVE", "inspecting", &[codes.epc(7)]));
    let Outcome::Not { id: Some(_), refusal } = submit(&ledger, early, Wait::Final).await else { panic!("taken") };
    assert_eq!(refusal.code, Code::ItemNotCommissioned);
    let Outcome::Not { id: None, refusal } = submit(&ledger, b"{}".to_vec(), Wait::Final).await else {
        panic!("taken")
    };
    assert_eq!(refusal.code, Code::FieldMissing);

    let height = ledger.status().expect("no fault").height.get();
    node.shutdown().await;
    drop(ledger);
    let report = verify_store(data.path(), |_| ()).expect("sound");
    assert_eq!((report.height.get(), report.records), (height, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_final_is_still_there_after_a_restart() {
    let data = tempfile::tempdir().expect("a directory");
    let mut world = world();
    let node = start(data.path(), &world).await;
    let first = world.sign("corenest", &Deed::product(REFILL, 1));
    let receipt = taken(submit(&node.ledger(), first.clone(), Wait::Final).await);
    assert!(matches!(node.shutdown().await, StopReason::Shutdown));

    let node = start(data.path(), &world).await;
    let ledger = node.ledger();
    assert_eq!(taken(submit(&ledger, first, Wait::Pending).await), receipt);
    let second = world.sign("corenest", &Deed::product(REFILL, 2));
    assert_eq!(taken(submit(&ledger, second, Wait::Final).await).status, Status::Final);
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_what_waits_and_what_is_final() {
    let data = tempfile::tempdir().expect("a directory");
    let mut world = world();
    let node = start(data.path(), &world).await;
    let ledger = node.ledger();
    let address = world::key("corenest").address();
    assert_eq!(ledger.key(&address).expect("no fault").expect("a key").window.next_free(), 1);
    assert!(ledger.key(&world::key("nobody").address()).expect("no fault").is_none());

    let submission = world.sign("corenest", &Deed::product(REFILL, 1));
    let receipt = taken(submit(&ledger, submission, Wait::Final).await);
    let found = ledger.record(&receipt.id).expect("no fault").expect("a record");
    let place = found.place.expect("final");
    assert_eq!((Some(place.height), Some(place.index)), (receipt.height, receipt.index));
    assert_eq!(secured::read(&found.text).expect("a document").id(), receipt.id);
    assert_eq!(ledger.key(&address).expect("no fault").expect("a key").window.next_free(), 2);

    let block = ledger.block(place.height).expect("no fault").expect("a block");
    assert_eq!(block.records, [(receipt.id, true)]);
    assert_eq!(block.certificate.block, block.header.id());
    assert!(ledger.block(Height::new(9_999).expect("a height")).expect("no fault").is_none());
    assert!(ledger.record(&receipt.chain).expect("no fault").is_none());

    let (codes, issue) = Codes::issue(&mut world, REFILL, 8, 1);
    let commission = world.sign("corenest", &codes.commission(&world, 0, 3));
    ledger.submit(vec![issue, commission], Wait::Final).await.expect("available");
    let chain = world.genesis().chain();
    for (subject, present) in [(codes.row(1), true), (key_of_key(&address), true), (codes.row(5), false)] {
        let proof: Proof = ledger.proof(&subject).expect("no fault").expect("a proof");
        let story = proof.check(&chain).expect("it holds");
        assert_eq!(story.rows.contains_key(&subject), present, "{subject}");
    }
    let status = ledger.status().expect("no fault");
    assert_eq!((status.pending, status.unready), (0, None));
    let signed = ledger.sign(&serde_json::json!({"@context": secured::CONTEXT, "type": "receipt"})).expect("signed");
    secured::read(&signed).expect("a document").verify().expect("by the node's key");
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_node_takes_nothing_in() {
    let data = tempfile::tempdir().expect("a directory");
    let mut world = world();
    let node = start(data.path(), &world).await;
    let ledger = node.ledger();
    reach(&ledger, 1).await;
    node.shutdown().await;
    let submission = world.sign("corenest", &Deed::product(REFILL, 1));
    assert!(ledger.submit(vec![submission], Wait::Pending).await.is_err());
    assert!(ledger.status().expect("no fault").unready.is_some());
    assert!(ledger.block(Height::GENESIS.next()).expect("no fault").is_some(), "it can still be read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_used_stops_the_start_with_its_reason() {
    let data = tempfile::tempdir().expect("a directory");
    std::fs::create_dir_all(data.path().join("store")).expect("half made");
    let world = world();
    let config = NodeConfig {
        data: data.path().to_owned(),
        genesis: world.genesis().clone(),
        validator: world::validator(0),
        guard: GuardWish::WithStore,
        node: world::key("node"),
        listen: "/ip4/127.0.0.1/tcp/0".parse().expect("an address"),
        peers: Vec::new(),
        records: None,
        open: false,
        moniker: "test".to_owned(),
    };
    let error = Node::start(config).await.err().expect("not started");
    assert!(format!("{error:#}").contains("not completely created"), "{error:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_alone_on_its_chain_says_why_it_does_not_vote_and_is_helped_at_once() {
    let data = tempfile::tempdir().expect("a directory");
    let mut world = world();
    let node = start(data.path(), &world).await;
    reach(&node.ledger(), 1).await;
    node.shutdown().await;
    for file in ["signed-a", "signed-b"] {
        let path = data.path().join("guard").join(file);
        let mut bytes = std::fs::read(&path).expect("a file");
        bytes[300] ^= 1;
        std::fs::write(&path, bytes).expect("written");
    }
    let node = start_with(data.path(), &world, GuardWish::Keep).await;
    let why = node.ledger().status().expect("no fault").unready.expect("a reason");
    assert!(why.contains("both files of the guard") && why.contains("damaged"), "{why}");
    node.shutdown().await;

    let node = start_with(data.path(), &world, GuardWish::Renew).await;
    let submission = world.sign("corenest", &Deed::product(REFILL, 1));
    assert_eq!(taken(submit(&node.ledger(), submission, Wait::Final).await).status, Status::Final);
    node.shutdown().await;
}
