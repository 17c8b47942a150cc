//! The door without an engine: the test decides when a block is made.

use std::{sync::Arc, time::Duration};

use hefu_api::ledger::{Ledger, Outcome, Unavailable, Wait};
use hefu_contracts::{receipt::Status, refusal::Code, state::Fault};
use hefu_engine::Wake;
use tokio::time::timeout;

mod alike;
mod finding;

use super::{NodeLedger, now};
use crate::{
    core::{Next, tests::open},
    store::{Memory, Store, found},
    world::{self, Deed, REFILL, World},
};

const SOON: Duration = Duration::from_secs(20);

/// A ledger on an empty chain.
fn ledger() -> (World, NodeLedger) {
    let mut world = World::new(1);
    world.now = now();
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    found(&*store, world.genesis()).expect("founded");
    let core = open(&world, &store);
    (world, NodeLedger::new(core, world::validator(0), Wake::new()))
}

/// Makes a block of what waits, as an engine with one validator would.
fn block(world: &World, ledger: &NodeLedger) {
    let desk = ledger.desk();
    let mut core = desk.core().expect("not poisoned");
    let next = core.height().get() + 1;
    let built = core.build(now(), next, 0).expect("built");
    desk.left(&built.left).expect("told");
    let (header, _) = core.candidate(next, &built.block).expect("a candidate");
    let committed = core.commit(now(), world.certify(&header), Next::Elsewhere).expect("committed");
    desk.committed(&committed).expect("told");
}

async fn pending(ledger: &NodeLedger, submission: Vec<u8>) -> Outcome {
    ledger.submit(vec![submission], Wait::Pending).await.expect("available").remove(0)
}

#[tokio::test]
async fn what_waits_can_be_read_and_its_number_is_spent() {
    let (mut world, ledger) = ledger();
    let address = world::key("corenest").address();
    let submission = world.sign_as("corenest", &Deed::product(REFILL, 1), 3);
    let Outcome::Taken(receipt) = pending(&ledger, submission.clone()).await else { panic!("not taken") };
    assert_eq!(receipt.status, Status::Pending);
    assert!(matches!(pending(&ledger, submission).await, Outcome::Known(again) if again.status == Status::Pending));

    let found = ledger.record(&receipt.id).expect("no fault").expect("a record");
    assert_eq!(found.place, None);
    let window = ledger.key(&address).expect("no fault").expect("a key").window;
    assert_eq!((window.next_free(), window.check(3), window.check(1)), (4, Err(Code::SeqUsed), Ok(())));
    assert_eq!(ledger.status().expect("no fault").pending, 1);

    block(&world, &ledger);
    let found = ledger.record(&receipt.id).expect("no fault").expect("a record");
    assert_eq!(found.place.map(|place| (place.height.get(), place.index)), Some((1, 0)));
    let window = ledger.key(&address).expect("no fault").expect("a key").window;
    assert_eq!((window.next_free(), window.used()), (4, 1));
    assert_eq!(ledger.status().expect("no fault").pending, 0);
    assert_eq!(ledger.heights().borrow().get(), 1);
}

#[tokio::test]
async fn whoever_waits_for_the_end_is_told_it() {
    let (mut world, ledger) = ledger();
    let submission = world.sign("corenest", &Deed::product(REFILL, 1));
    let asking: Vec<_> = (0..3)
        .map(|_| {
            let (ledger, submission) = (ledger.clone(), submission.clone());
            tokio::spawn(async move { ledger.submit(vec![submission], Wait::Final).await })
        })
        .collect();
    let waits = async {
        while ledger.desk().waiting().expect("not poisoned").askers() < 3 {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, waits).await.expect("in time");
    block(&world, &ledger);
    let mut taken = 0;
    for asked in asking {
        let outcomes = timeout(SOON, asked).await.expect("in time").expect("no panic").expect("available");
        match &outcomes[..] {
            [Outcome::Taken(receipt)] if receipt.status == Status::Final => taken += 1,
            [Outcome::Known(receipt)] => assert_eq!(receipt.status, Status::Final),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(taken, 1, "one of them has brought it");
}

#[tokio::test]
async fn whoever_waits_for_a_record_that_leaves_is_told_why() {
    let (mut world, ledger) = ledger();
    let mut soon = Deed::grant("line", &["catalogue"]);
    let expires = world.now.plus(hefu_contracts::time::Millis(50));
    soon.body["grants"] = serde_json::json!([{"expires": expires, "role": "catalogue"}]);
    let granted = pending(&ledger, world.sign("corenest", &soon)).await;
    assert!(matches!(granted, Outcome::Taken(_)));
    block(&world, &ledger);
    let submission = world.sign("line", &Deed::product(REFILL, 1));
    let asked = ledger.submit(vec![submission], Wait::Final);
    let brings = async {
        while now() <= expires || ledger.desk().waiting().expect("not poisoned").askers() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        block(&world, &ledger);
    };
    let (answer, ()) = timeout(SOON, async { tokio::join!(asked, brings) }).await.expect("in time");
    let outcomes = answer.expect("available");
    let [Outcome::Not { id: Some(id), refusal }] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert_eq!(refusal.code, Code::KeyExpired);
    let receipt = ledger.receipt(id).expect("no fault").expect("remembered");
    assert_eq!((receipt.status, receipt.code), (Status::Refused, Some(Code::KeyExpired)));
}

#[tokio::test]
async fn each_of_a_batch_has_its_own_answer_in_its_place() {
    let (mut world, ledger) = ledger();
    let good = world.sign("corenest", &Deed::product(REFILL, 1));
    let batch = vec![
        b"not a record".to_vec(),
        good.clone(),
        world.sign("corenest", &Deed::product(REFILL, 1)),
        good,
        world.sign("nobody", &Deed::product(REFILL, 1)),
    ];
    let outcomes = ledger.submit(batch, Wait::Pending).await.expect("available");
    let codes: Vec<_> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Taken(_) | Outcome::Known(_) => None,
            Outcome::Not { refusal, .. } => Some(refusal.code),
        })
        .collect();
    let expected = [Some(Code::JsonSyntax), None, Some(Code::ProductVersion), None, Some(Code::KeyUnknown)];
    assert_eq!(codes, expected);
}

#[tokio::test]
async fn large_batches_are_verified_on_all_processors_and_keep_their_order() {
    let (mut world, ledger) = ledger();
    let batch: Vec<Vec<u8>> =
        (1..=100).map(|version| world.sign("corenest", &Deed::product(REFILL, version))).collect();
    let outcomes = ledger.submit(batch, Wait::Pending).await.expect("available");
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Taken(_))), "each depends on the one before");
    block(&world, &ledger);
    let block = ledger.block(World::first()).expect("no fault").expect("a block");
    assert_eq!(block.records.len(), 100);
}

#[tokio::test]
async fn a_fault_closes_the_door() {
    let (mut world, ledger) = ledger();
    ledger.desk().fail(&Fault::new(std::io::Error::other("the disk is gone")));
    let submission = world.sign("corenest", &Deed::product(REFILL, 1));
    let refused = ledger.submit(vec![submission], Wait::Final).await;
    assert!(matches!(refused, Err(Unavailable::Stopping)));
    let unready = ledger.status().expect("no fault").unready.expect("not ready");
    assert!(!unready.contains("disk is gone"), "what has failed is for the log, not for clients: {unready}");
}

#[tokio::test]
async fn whoever_waits_when_the_node_stops_is_let_go() {
    let (mut world, ledger) = ledger();
    let submission = world.sign("corenest", &Deed::product(REFILL, 1));
    let asked = ledger.submit(vec![submission], Wait::Final);
    let stops = async {
        while ledger.desk().waiting().expect("not poisoned").askers() == 0 {
            tokio::task::yield_now().await;
        }
        ledger.desk().stop();
    };
    let (answer, ()) = timeout(SOON, async { tokio::join!(asked, stops) }).await.expect("in time");
    assert!(matches!(answer, Err(Unavailable::Stopping)));
}
