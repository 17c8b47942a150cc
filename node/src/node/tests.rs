//! A validator with its real engine, alone on its chain.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hefu_api::ledger::{Ledger, Outcome, Unavailable, Wait};
use hefu_contracts::{
    genesis::Parameters,
    height::Height,
    proof::Proof,
    receipt::{Receipt, Status},
    refusal::Code,
    row::key_of_key,
};
use hefu_engine::StartError;
use hefu_keys::secured;
use tokio::time::timeout;

use super::{GuardWish, Node, NodeConfig, StopReason};
use crate::{
    NodeLedger,
    snapshots::Snapshots,
    space::{DiskOf, Free, Gauge},
    verify_store,
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
    start_on(data, world, guard, Arc::new(DiskOf(data.to_owned()))).await
}

async fn start_on(data: &Path, world: &World, guard: GuardWish, disk: Arc<dyn Gauge>) -> Node {
    timeout(SOON, Node::start(config_on(data, world, guard, disk))).await.expect("in time").expect("started")
}

fn config_on(data: &Path, world: &World, guard: GuardWish, disk: Arc<dyn Gauge>) -> NodeConfig {
    NodeConfig {
        data: data.to_owned(),
        genesis: world.genesis().clone(),
        validator: world::validator(0),
        guard,
        node: world::key("node"),
        listen: "/ip4/127.0.0.1/tcp/0".parse().expect("an address"),
        peers: Vec::new(),
        records: None,
        snapshots: Snapshots { restore: false, ..Snapshots::default() },
        open: false,
        disk,
        moniker: "test".to_owned(),
    }
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
async fn a_node_that_has_no_block_yet_is_not_ready_however_long_it_waits_for_others() {
    let data = tempfile::tempdir().expect("a directory");
    // Its chain began long ago, and three of its validators are nowhere to be found.
    let world = World::new(4);
    let node = start(data.path(), &world).await;
    let status = node.ledger().status().expect("no fault");
    assert_eq!(status.height, Height::GENESIS);
    assert!(status.unready.expect("a reason").contains("catching up"));
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
    let disk = Arc::new(DiskOf(data.path().to_owned()));
    let config = config_on(data.path(), &world(), GuardWish::WithStore, disk);
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

/// A disk of which as much is free as a test says, in percent.
#[derive(Clone)]
struct Fake(Arc<AtomicU64>);

impl Gauge for Fake {
    fn free(&self) -> io::Result<Free> {
        Ok(Free { free: self.0.load(Ordering::Relaxed), all: 100 })
    }
}

/// Waits until the node says that, or nothing, against being sent requests.
async fn says(ledger: &NodeLedger, words: Option<&str>) {
    let said = async {
        loop {
            let unready = ledger.status().expect("no fault").unready;
            if unready.is_some() == words.is_some() && unready.unwrap_or_default().contains(words.unwrap_or_default()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, said).await.expect("in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_ends_records_then_votes_and_both_come_back_with_room() {
    let data = tempfile::tempdir().expect("a directory");
    let parameters = Parameters { heartbeat_ms: 300, ..Parameters::default() };
    let mut world = World::new(1).with_parameters(parameters);
    world.now = crate::ledger::now();
    let free = Fake(Arc::new(AtomicU64::new(50)));
    let mut node = start_on(data.path(), &world, GuardWish::WithStore, Arc::new(free.clone())).await;
    let (ledger, meter) = (node.ledger(), node.meter());
    let running = tokio::spawn(async move {
        let reason = node.stopped().await;
        (node, reason)
    });
    reach(&ledger, 2).await;

    free.0.store(4, Ordering::Relaxed);
    says(&ledger, Some("no records are taken")).await;
    let submission = world.sign("corenest", &Deed::product(REFILL, 1));
    let refused = ledger.submit(vec![submission.clone()], Wait::Pending).await;
    assert!(matches!(refused, Err(Unavailable::DiskFull)), "{refused:?}");
    assert!(meter.text().contains(
        "hefu_disk_free_percent 4
"
    ));
    // It still takes part.
    let height = ledger.status().expect("no fault").height.get();
    reach(&ledger, height + 2).await;

    free.0.store(1, Ordering::Relaxed);
    says(&ledger, Some("takes no part")).await;
    let votes = async {
        while !meter.text().contains(
            "hefu_validator_votes 0
",
        ) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, votes).await.expect("in time");
    // What had begun may still end; then heartbeats bring nothing more.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let height = ledger.status().expect("no fault").height;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ledger.status().expect("no fault").height, height, "blocks are made on a full disk");
    assert!(!running.is_finished(), "it goes on to serve what it has");

    free.0.store(50, Ordering::Relaxed);
    says(&ledger, None).await;
    assert_eq!(taken(submit(&ledger, submission, Wait::Final).await).status, Status::Final);
    ledger.desk().stop();
    let (node, reason) = running.await.expect("no panic");
    assert!(matches!(reason, StopReason::Shutdown), "{reason}");
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_starts_on_a_full_disk_begins_when_there_is_room() {
    let data = tempfile::tempdir().expect("a directory");
    let free = Fake(Arc::new(AtomicU64::new(0)));
    let mut node = start_on(data.path(), &world(), GuardWish::WithStore, Arc::new(free.clone())).await;
    let ledger = node.ledger();
    let running = tokio::spawn(async move { node.stopped().await });
    says(&ledger, Some("takes no part")).await;
    assert_eq!(ledger.status().expect("no fault").height, Height::GENESIS);
    free.0.store(10, Ordering::Relaxed);
    reach(&ledger, 1).await;
    ledger.desk().stop();
    running.await.expect("no panic");
}

/// The engine's log of votes.
fn log_of(data: &Path) -> PathBuf {
    let files = fs::read_dir(data.join("votes")).expect("a directory");
    let mut logs = files.map(|file| file.expect("a file").path());
    logs.find(|path| path.extension().is_some_and(|end| end == "wal")).expect("a log")
}

/// Makes its header one that the engine refuses.
fn damage(log: &Path) {
    let mut bytes = fs::read(log).expect("a log");
    bytes[0] ^= 1;
    fs::write(log, bytes).expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_log_of_votes_is_told_as_such_and_the_guard_stands_in_for_it() {
    let data = tempfile::tempdir().expect("a directory");
    let mut world = world();
    let node = start(data.path(), &world).await;
    reach(&node.ledger(), 1).await;
    node.shutdown().await;
    let log = log_of(data.path());
    damage(&log);
    let disk = Arc::new(DiskOf(data.path().to_owned()));
    let error = Node::start(config_on(data.path(), &world, GuardWish::Keep, disk)).await.err().expect("not started");
    assert!(error.downcast_ref::<StartError>().is_some_and(StartError::is_damage), "{error:#}");

    fs::rename(&log, data.path().join("log.old")).expect("put aside");
    let node = start_with(data.path(), &world, GuardWish::Keep).await;
    let submission = world.sign("corenest", &Deed::product(REFILL, 1));
    assert_eq!(taken(submit(&node.ledger(), submission, Wait::Final).await).status, Status::Final);
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_damaged_while_the_disk_is_full_ends_the_node_as_unsafe() {
    let data = tempfile::tempdir().expect("a directory");
    let free = Fake(Arc::new(AtomicU64::new(50)));
    let mut node = start_on(data.path(), &world(), GuardWish::WithStore, Arc::new(free.clone())).await;
    let ledger = node.ledger();
    let running = tokio::spawn(async move { node.stopped().await });
    reach(&ledger, 1).await;
    let log = log_of(data.path());
    free.0.store(1, Ordering::Relaxed);
    let released = async {
        while File::open(&log).expect("a log").try_lock().is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, released).await.expect("the engine has ended");
    damage(&log);
    free.0.store(50, Ordering::Relaxed);
    let reason = timeout(SOON, running).await.expect("in time").expect("no panic");
    assert!(matches!(&reason, StopReason::Unsafe(words) if words.contains("is damaged")), "{reason:?}");
}
