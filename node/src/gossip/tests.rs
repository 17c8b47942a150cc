//! Taking what others pass on, without a network.

use std::sync::Arc;

use bytes::Bytes;
use hefu_contracts::refusal::Code;
use hefu_engine::Wake;
use hefu_gossip::{Answer, Message, PeerId, Standing};

use super::taking::Taker;
use crate::{
    core::{Sealed, tests::open},
    ledger::{NodeLedger, now},
    store::{Memory, Store, found},
    world::{self, Codes, Deed, REFILL, World},
};

struct Scene {
    world: World,
    ledger: NodeLedger,
    taker: Taker,
    peer: PeerId,
}

impl Scene {
    fn new() -> Scene {
        let mut world = World::new(1);
        world.now = now();
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        found(&*store, world.genesis()).unwrap();
        let core = open(&world, &store);
        let ledger = NodeLedger::new(core, world::validator(0), Wake::new());
        Scene { world, ledger, taker: Taker::new(), peer: PeerId::random() }
    }

    fn ask(&self, message: Message) -> Vec<Standing> {
        match self.taker.take(&**self.ledger.desk(), self.peer, message).unwrap() {
            Answer::Standings(standings) => standings,
            Answer::Pieces(pieces) => panic!("{pieces:?}"),
        }
    }

    fn records(&self, records: &[&[u8]]) -> Vec<Standing> {
        self.ask(Message::Records(records.iter().map(|record| Bytes::copy_from_slice(record)).collect()))
    }

    fn offer(&self, records: &[&[u8]]) -> Vec<Standing> {
        let seal = |record: &&[u8]| *Sealed::read(record.to_vec()).unwrap().submission().record().seal.as_bytes();
        self.ask(Message::Offer(records.iter().map(seal).collect()))
    }
}

#[test]
fn what_is_passed_on_waits_here_too() {
    let mut scene = Scene::new();
    let record = scene.world.sign("corenest", &Deed::product(REFILL, 1));
    assert_eq!(scene.offer(&[&record]), [Standing::Wanted]);
    assert_eq!(scene.records(&[&record]), [Standing::Held]);
    assert_eq!((scene.offer(&[&record]), scene.records(&[&record])), (vec![Standing::Held], vec![Standing::Held]));
    let desk = scene.ledger.desk();
    assert_eq!((desk.core().unwrap().waiting(), desk.waiting().unwrap().len()), (1, 1));
}

#[test]
fn what_comes_before_what_it_needs_is_taken_when_it_is_offered_again() {
    let mut scene = Scene::new();
    let product = scene.world.sign("corenest", &Deed::product(REFILL, 1));
    let (codes, issue) = Codes::issue(&mut scene.world, REFILL, 8, 1);
    let commission = scene.world.sign("corenest", &codes.commission(&scene.world, 0, 3));
    assert_eq!(scene.records(&[&commission]), [Standing::Later]);
    assert_eq!(scene.offer(&[&commission]), [Standing::Later], "it is here, and still too early");
    let digest = Sealed::read(commission.clone()).unwrap().digest();
    let known = scene.ledger.desk().core().unwrap().recognise(&digest);
    assert!(known.is_some(), "in the block of another it is not verified again");
    assert_eq!(scene.records(&[&product, &issue]), [Standing::Held, Standing::Held]);
    assert_eq!(scene.offer(&[&commission]), [Standing::Held], "without being sent again");
}

#[test]
fn a_forged_record_is_told_from_one_that_a_rule_refuses() {
    let mut scene = Scene::new();
    let record = scene.world.sign("corenest", &Deed::product(REFILL, 1));
    let mut forged = record.clone();
    let at = forged.windows(9).position(|bytes| bytes == b"proofValu").unwrap() + 16;
    forged[at] = if forged[at] == b'2' { b'3' } else { b'2' };
    let refused = scene.world.sign("corenest", &Deed::product(REFILL, 5));
    let answers = scene.records(&[b"{}", &forged, &refused, &record]);
    assert_eq!(answers, [Standing::Forged, Standing::Forged, Standing::Later, Standing::Held]);
    assert_eq!(scene.ledger.desk().core().unwrap().waiting(), 1);
}

#[test]
fn a_record_of_another_chain_has_no_effect() {
    let scene = Scene::new();
    let parameters = hefu_contracts::genesis::Parameters { heartbeat_ms: 1, ..Default::default() };
    let mut elsewhere = World::new(1).with_parameters(parameters);
    elsewhere.now = now();
    let record = elsewhere.sign("corenest", &Deed::product(REFILL, 1));
    assert_eq!(scene.records(&[&record]), [Standing::Forged], "no honest node passes it on");
    assert_eq!(scene.offer(&[&record]), [Standing::Wanted], "nor is it kept");
    let sealed = Sealed::read(record).unwrap();
    let admitted = scene.ledger.desk().core().unwrap().admit(now(), sealed).unwrap();
    assert!(matches!(admitted, crate::core::Admission::Refused(refusal) if refusal.code == Code::RecordChain));
    assert_eq!(scene.ledger.desk().core().unwrap().waiting(), 0);
}
