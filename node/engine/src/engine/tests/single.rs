//! One validator alone.

use std::time::Duration;

use malachite::EngineHandle;
use malachite::app::spawn::spawn_node_actor;
use tempfile::{TempDir, tempdir};
use tokio::sync::oneshot;

use super::ledger::{Ledger, Trouble};
use super::{PATIENCE, Seat, within};
use crate::application::Terms;
use crate::config::ConfigError;
use crate::engine::{Engine, StartError, Stopped, metrics, peer_id, settle};
use crate::glue::Ended;
use crate::scene::{address, guard, key, members, terms};
use crate::wake::Wake;

/// Long enough for a height to be decided many times over, if anything starts one.
const A_WHILE: Duration = Duration::from_millis(300);

pub(super) struct Scene {
    pub(super) directory: TempDir,
    pub(super) seat: Seat,
    pub(super) ledger: Ledger,
    pub(super) wake: Wake,
}

impl Scene {
    pub(super) fn new(terms: Terms) -> Scene {
        let ledger = Ledger::new(address(1), terms);
        let directory = tempdir().expect("a directory");
        Scene { directory, seat: Seat::alone(1), ledger, wake: Wake::new() }
    }

    pub(super) async fn start(&self) -> Engine {
        self.seat.vote(self.directory.path(), &self.ledger, &self.wake).await
    }

    fn submit(&self, line: &str) {
        self.ledger.submit(line);
        self.wake.wake();
    }

    pub(super) async fn reaches(&self, height: u64) -> bool {
        within(PATIENCE, || async { self.ledger.height() >= height }).await
    }

    /// Whether the height stays as it is for a while.
    async fn rests_at(&self, height: u64) -> bool {
        !within(A_WHILE, || async { self.ledger.height() != height }).await
    }
}

#[tokio::test]
async fn a_single_validator_decides_on_demand_and_rests_otherwise() {
    let scene = Scene::new(terms(members(1)));
    let engine = scene.start().await;
    assert!(scene.reaches(1).await, "a start opens a height");
    assert!(scene.rests_at(1).await, "nothing waits");
    scene.wake.wake();
    assert!(scene.rests_at(1).await, "a call without anything waiting changes nothing");
    for number in 2..=6 {
        scene.submit(&format!("line {number}"));
        assert!(scene.reaches(number).await, "height {number}");
    }
    assert!(scene.rests_at(6).await);
    assert_eq!(scene.ledger.lines(), ["line 2", "line 3", "line 4", "line 5", "line 6"]);
    assert!(matches!(engine.shutdown().await, Stopped::Shutdown));
}

#[tokio::test]
async fn lines_that_wait_are_decided_without_another_call() {
    let scene = Scene::new(terms(members(1)));
    for number in 0..5 {
        scene.ledger.submit(&format!("line {number}"));
    }
    let engine = scene.start().await;
    assert!(scene.reaches(5).await);
    assert!(scene.rests_at(5).await);
    engine.shutdown().await;
}

#[tokio::test]
async fn the_heartbeat_opens_heights_that_nobody_wants() {
    let heartbeat = Duration::from_millis(200);
    let scene = Scene::new(Terms { heartbeat, ..terms(members(1)) });
    let engine = scene.start().await;
    assert!(scene.reaches(3).await);
    engine.shutdown().await;
    assert!(scene.ledger.lines().iter().all(String::is_empty));
}

#[tokio::test]
async fn a_stopped_engine_continues_over_the_same_log() {
    let scene = Scene::new(terms(members(1)));
    for run in 1..=3 {
        let engine = scene.start().await;
        let line = format!("line {run}");
        scene.submit(&line);
        assert!(within(PATIENCE, || async { scene.ledger.lines().contains(&line) }).await);
        engine.shutdown().await;
    }
    let blocks = scene.ledger.blocks();
    let heights: Vec<u64> = blocks.iter().map(|block| block.certificate.height).collect();
    assert_eq!(heights, (1..=scene.ledger.height()).collect::<Vec<_>>());
}

#[tokio::test]
async fn after_a_crash_at_the_decision_the_same_block_is_decided() {
    let scene = Scene::new(terms(members(1)));
    scene.ledger.trouble(Trouble::PanicAtDecision);
    let crashed = scene.start().await;
    assert!(matches!(crashed.stopped().await, Stopped::Panicked));
    assert_eq!(scene.ledger.height(), 0);
    let before = scene.ledger.proposals();

    let engine = scene.start().await;
    assert!(scene.reaches(1).await);
    engine.shutdown().await;
    assert_eq!(scene.ledger.proposals(), before, "nothing else was proposed");
    let decided = scene.ledger.blocks().first().map(|block| block.certificate.block);
    assert_eq!(decided, before.get(&(1, 0)).copied());
}

#[tokio::test]
async fn a_fault_of_the_ledger_stops_the_engine_and_is_told() {
    let scene = Scene::new(terms(members(1)));
    scene.ledger.trouble(Trouble::FaultAtDecision);
    let engine = scene.start().await;
    let Stopped::Fault(fault) = engine.stopped().await else {
        panic!("the fault is the reason");
    };
    assert_eq!(fault.to_string(), "writing failed: the disk is gone");
    assert!(matches!(engine.stopped().await, Stopped::Fault(_)), "it can be asked again");
}

#[tokio::test]
async fn members_that_cannot_decide_anything_are_a_fault() {
    let scene = Scene::new(terms(Vec::new()));
    let engine = scene.start().await;
    assert!(matches!(engine.stopped().await, Stopped::Fault(_)));
}

#[tokio::test]
async fn what_cannot_work_is_refused_at_the_start() {
    let scene = Scene::new(terms(members(1)));
    let sound = scene.seat.config(scene.directory.path());
    let mut nowhere = sound.clone();
    nowhere.listen = "/ip4/127.0.0.1".parse().expect("an address");
    let mut tiny = sound;
    tiny.body_bytes_max = 1;
    for config in [nowhere, tiny] {
        let ledger = scene.ledger.clone();
        let signer = Some((key(1), guard(scene.directory.path(), 1)));
        let started = Engine::start(config, signer, [1; 32], Wake::new(), ledger).await;
        assert!(matches!(
            started.err(),
            Some(StartError::Config(ConfigError::Transport(_) | ConfigError::BodyLimit { .. }))
        ));
    }
}

#[tokio::test]
async fn an_engine_that_falls_silent_without_ending_has_stopped_for_safety() {
    let cases = [(true, "a part of the engine failed"), (false, "the engine could not write or read its log")];
    for (node_ends, expected) in cases {
        let metrics = malachite::app::metrics::Metrics::new();
        let (actor, handle) = spawn_node_actor(metrics).await.expect("a node actor");
        if node_ends {
            actor.stop(None);
        }
        let (tell, ended) = oneshot::channel();
        assert!(tell.send(Ok(Ended::Silent)).is_ok());
        let reason = settle(ended, EngineHandle { actor, handle }).await.to_string();
        assert!(reason.starts_with(expected), "{reason}");
    }
}

#[tokio::test]
async fn a_log_belongs_to_one_engine_at_a_time() {
    let scene = Scene::new(terms(members(1)));
    let engine = scene.start().await;
    let second = Seat::alone(1).config(scene.directory.path());
    let ledger = scene.ledger.clone();
    // Nor does a guard; but even with another one there is no second engine.
    let elsewhere = tempfile::tempdir().expect("a directory");
    let signer = Some((key(1), guard(elsewhere.path(), 1)));
    let started = Engine::start(second, signer, [1; 32], Wake::new(), ledger).await;
    assert!(matches!(started.err(), Some(StartError::Engine(_))));
    engine.shutdown().await;
}

#[tokio::test]
async fn an_engine_counts_what_it_does_under_its_moniker() {
    let scene = Scene::new(terms(members(1)));
    let engine = scene.start().await;
    assert!(scene.reaches(1).await);
    assert!(metrics().contains("moniker=\"node-1\""));
    engine.shutdown().await;
}

#[test]
fn a_seed_has_one_name_on_the_network() {
    let name = |seed: u8| peer_id([seed; 32]).expect("a name");
    assert!(name(1).starts_with("12D3KooW"), "{}", name(1));
    assert_eq!(name(1), name(1));
    assert_ne!(name(1), name(2));
}
