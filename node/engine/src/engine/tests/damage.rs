//! A disk that fails under an engine: its log, its guard, and what is told of both.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc as threads};

use hefu_keys::{Hash, SecretKey};
use malachite::app::events::TxEvent;
use malachite::app::types::core::{Context as _, NilOrVal, Round};
use malachite::{AppMsg, Channels, Signer as _};
use tempfile::tempdir;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::ledger::{Ledger, Trouble};
use super::single::Scene;
use super::{BODY_BYTES_MAX, PATIENCE, within};
use crate::context::{Hefu, Height, Voter};
use crate::engine::{Engine, StartError, Stopped};
use crate::glue::{self, Ended, Wiring};
use crate::guard::{Claim, Guard, GuardError, Medium, Refused, Step};
use crate::scene::{address, guard, judge, key, members, signatory, terms};
use crate::signing::Signatory;
use crate::wake::Wake;

/// The file of a scene's log.
fn log_of(scene: &Scene) -> PathBuf {
    scene.seat.config(scene.directory.path()).log_file()
}

fn signer(scene: &Scene) -> (SecretKey, Guard) {
    (key(1), guard(scene.directory.path(), 1))
}

async fn start(scene: &Scene, signer: (SecretKey, Guard)) -> Result<Engine, StartError> {
    let config = scene.seat.config(scene.directory.path());
    Engine::start(config, Some(signer), scene.seat.seed(), scene.wake.clone(), scene.ledger.clone()).await
}

#[tokio::test]
async fn a_log_that_is_no_log_is_refused_as_damaged_until_it_is_put_aside() {
    let scene = Scene::new(terms(members(1)));
    let engine = scene.start().await;
    assert!(scene.reaches(1).await);
    engine.shutdown().await;
    let log = log_of(&scene);
    let whole = fs::read(&log).expect("a log");
    let mut other = whole.clone();
    other[0] ^= 1;
    // Another version, and a header that ends early: in its first word, and in its second.
    for damaged in [other, whole[..2].to_vec(), whole[..8].to_vec()] {
        fs::write(&log, &damaged).expect("written");
        let error = start(&scene, signer(&scene)).await.err().expect("not started");
        assert!(error.is_damage(), "{error}");
        assert!(error.to_string().contains("votes-v1.wal is damaged"), "{error}");
        assert_eq!(fs::read(&log).expect("a log"), damaged, "it is left as it is");
    }

    fs::rename(&log, log.with_extension("old")).expect("put aside");
    let engine = scene.start().await;
    assert!(scene.reaches(2).await);
    engine.shutdown().await;
}

#[tokio::test]
async fn an_entry_of_the_log_that_cannot_be_read_stops_for_safety_and_says_so() {
    let scene = Scene::new(terms(members(1)));
    scene.ledger.trouble(Trouble::PanicAtDecision);
    let crashed = scene.start().await;
    assert!(matches!(crashed.stopped().await, Stopped::Panicked));
    let log = log_of(&scene);
    let mut bytes = fs::read(&log).expect("a log");
    *bytes.last_mut().expect("an entry") ^= 1;
    fs::write(&log, bytes).expect("written");

    let stopped = scene.start().await.stopped().await;
    assert!(matches!(stopped, Stopped::Unsafe), "{stopped}");
    assert!(stopped.to_string().contains("could not write or read its log of votes"), "{stopped}");
}

#[tokio::test]
async fn an_engine_takes_the_guard_over_from_the_one_before_it_in_the_same_process() {
    let scene = Scene::new(terms(members(1)));
    let (key, guard) = signer(&scene);
    for _ in 0..2 {
        let seed = SecretKey::from_seed(*key.expose_seed());
        let before = guard.begin();
        let engine = start(&scene, (seed, before.clone())).await.expect("started");
        let claim = Claim { height: 9, round: 0, step: Step::Prevote, block: None, pol_round: None, body: None };
        assert!(matches!(before.sign(claim, |_| None), Err(Refused::Over)), "it signs for the engine now");
        engine.shutdown().await;
    }
}

/// A guard's files on a disk that takes one write, tells of the next one, and keeps it waiting until it is let go.
struct Stuck {
    files: Arc<Mutex<[Option<Vec<u8>>; 2]>>,
    writes: u32,
    waits: threads::Sender<()>,
    release: threads::Receiver<()>,
}

impl Medium for Stuck {
    fn path(&self) -> &Path {
        Path::new("stuck")
    }

    fn read(&mut self) -> Result<[Option<Vec<u8>>; 2], GuardError> {
        Ok(self.files.lock().expect("no panic").clone())
    }

    fn replace(&mut self, bytes: &[u8]) -> Result<(), GuardError> {
        *self.files.lock().expect("no panic") = [Some(bytes.to_vec()), Some(bytes.to_vec())];
        Ok(())
    }

    fn write(&mut self, _: u64, _: &[u8]) -> Result<(), GuardError> {
        self.writes = self.writes.saturating_add(1);
        if self.writes == 1 {
            return Ok(());
        }
        let told = self.waits.send(()).is_ok() && self.release.recv().is_ok();
        let source = io::Error::other(format!("let go: {told}"));
        Err(GuardError::Io { path: self.path().to_owned(), source })
    }
}

/// What an engine that stops for safety looks like while it is closed: its core never ends.
#[tokio::test]
async fn an_engine_whose_core_does_not_end_was_not_shut_down() {
    let scene = Scene::new(terms(members(1)));
    let files = Arc::default();
    let (waits, waiting) = threads::channel();
    let (release, released) = threads::channel();
    let made = Stuck { files: Arc::clone(&files), writes: 0, waits: waits.clone(), release: threads::channel().1 };
    Guard::create_on(Box::new(made), address(1)).expect("made");
    let stuck = Stuck { files, writes: 0, waits, release: released };
    let guard = Guard::open_on(Box::new(stuck), address(1)).expect("opened");

    // The loop writes the heading down; the core then waits for its proposal.
    let engine = start(&scene, (key(1), guard)).await.expect("started");
    assert!(within(PATIENCE, || async { waiting.try_recv().is_ok() }).await, "the core signs");
    let stopped = engine.shutdown().await;
    drop(release);
    assert!(matches!(stopped, Stopped::Unsafe), "{stopped}");
}

/// The loop's surroundings without an engine.
fn wiring(
    consensus: mpsc::Receiver<AppMsg<Hefu>>,
    stop: watch::Receiver<bool>,
    signatory: Option<Signatory>,
) -> Wiring {
    let channels = Channels {
        consensus,
        network: mpsc::channel(1).0,
        events: TxEvent::new(),
        requests: mpsc::channel(1).0,
        net_requests: mpsc::channel(1).0,
    };
    Wiring {
        channels,
        sightings: mpsc::channel(1).1,
        wake: Wake::new(),
        stop,
        judge: judge(),
        signatory,
        me: address(1),
        body_bytes_max: BODY_BYTES_MAX,
        answer_bodies_max: BODY_BYTES_MAX,
    }
}

fn ledger() -> Ledger {
    Ledger::new(address(1), terms(members(1)))
}

#[tokio::test]
async fn an_engine_that_has_fallen_silent_was_not_stopped_even_if_it_was_asked_to() {
    // Often, because the two could be looked at in any order.
    for _ in 0..50 {
        let (engine, messages) = mpsc::channel(1);
        drop(engine);
        let (_asked, stop) = watch::channel(true);
        let ended = glue::run(ledger(), wiring(messages, stop, None)).await;
        assert!(matches!(ended, Ok(Ended::Silent)));
    }
}

#[tokio::test]
async fn an_engine_that_goes_on_talking_is_stopped_as_it_was_asked() {
    let (engine, messages) = mpsc::channel(1);
    let (asked, stop) = watch::channel(false);
    let talk = async move {
        for said in 0_u32.. {
            let (reply, _) = tokio::sync::oneshot::channel();
            if engine.send(AppMsg::GetHistoryMinHeight { reply }).await.is_err() {
                return said;
            }
            if said == 100 {
                asked.send_replace(true);
            }
        }
        0
    };
    let run = glue::run(ledger(), wiring(messages, stop, None));
    let (ended, said) = timeout(PATIENCE, async { tokio::join!(run, talk) }).await.expect("in time");
    assert!(matches!(ended, Ok(Ended::Stopped)));
    assert!(said > 100, "{said}");
}

#[tokio::test]
async fn a_log_that_cannot_be_synced_ends_the_loop_although_the_engine_says_nothing() {
    let directory = tempdir().expect("a directory");
    // Nothing of this can be synced.
    let signatory = signatory(directory.path(), 1).after(File::open("/dev/null").expect("a device"));
    let (_engine, messages) = mpsc::channel(1);
    let (_asked, stop) = watch::channel(false);
    let vote = Hefu.new_precommit(Height(5), Round::new(0), NilOrVal::Val(Hash::ZERO), Voter(address(1)));
    let run = glue::run(ledger(), wiring(messages, stop, Some(signatory.clone())));
    let both = async { tokio::join!(run, signatory.sign_vote(vote)) };
    let (ended, signed) = timeout(PATIENCE, both).await.expect("in time");
    assert!(signed.is_err());
    let fault = ended.err().expect("a fault");
    assert!(fault.to_string().contains("the engine's log cannot be synced"), "{fault}");
}

#[tokio::test]
async fn a_log_that_cannot_be_synced_is_a_fault_even_if_the_engine_was_asked_to_stop() {
    let directory = tempdir().expect("a directory");
    for _ in 0..50 {
        let signatory = signatory(directory.path(), 1).after(File::open("/dev/null").expect("a device"));
        let vote = Hefu.new_precommit(Height(5), Round::new(0), NilOrVal::Val(Hash::ZERO), Voter(address(1)));
        assert!(signatory.sign_vote(vote).await.is_err());
        let (_engine, messages) = mpsc::channel(1);
        let (_asked, stop) = watch::channel(true);
        assert!(glue::run(ledger(), wiring(messages, stop, Some(signatory))).await.is_err());
    }
}
