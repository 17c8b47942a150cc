use hefu_contracts::{
    height::Height,
    refusal::Code,
    row::{Data, key_of_evidence},
    validators::{Evidence, Signed},
    votes::{Statement, Step},
};
use hefu_keys::Hash;

use super::super::{Admission, tests::Scene};
use crate::world::{self, Deed, REFILL};

const LIAR: usize = 2;

/// Two prevotes of one validator at height 1.
fn contradiction(scene: &Scene) -> Evidence {
    let signed = |block: &[u8]| {
        let (chain, height) = (scene.world.genesis().chain(), Height::new(1).expect("a height"));
        let statement =
            Statement { block: Some(Hash::of(block)), chain, height, pol_round: None, round: 0, step: Step::Prevote };
        Signed { signature: world::validator(LIAR).sign(statement.text().as_bytes()), statement }
    };
    Evidence::new(world::validator(LIAR).address(), signed(b"one"), signed(b"other"))
}

fn accuse(scene: &mut Scene, by: usize, evidence: &Evidence) -> Admission {
    scene.core.accuse(scene.world.now, &world::validator(by), evidence).expect("no fault")
}

#[test]
fn what_several_validators_saw_stands_once_and_first_in_the_next_block() {
    let mut scene = Scene::new();
    scene.block();
    let evidence = contradiction(&scene);
    scene.takes("corenest", &Deed::product(REFILL, 1));
    let first = accuse(&mut scene, 0, &evidence);
    let Admission::Taken(receipt, sealed) = first else { panic!("{first:?}") };
    let again = accuse(&mut scene, 1, &evidence);
    assert!(matches!(&again, Admission::Refused(refusal) if refusal.code == Code::EvidenceKnown), "{again:?}");

    let finals = scene.block().finals;
    assert_eq!((finals.len(), finals[0].receipt.id), (2, receipt.id));
    let key = key_of_evidence(&evidence.validator, evidence.place());
    let row = scene.core.head().read().expect("not poisoned").chain.row(&key).expect("no fault").expect("a row");
    assert!(matches!(row.data, Data::Evidence(row) if row.record == sealed.id()));
    scene.verify();
}

#[test]
fn a_validator_numbers_its_records_one_after_another() {
    let mut scene = Scene::new();
    scene.block();
    let first = contradiction(&scene);
    let mut second = first.clone();
    for signed in [&mut second.first, &mut second.second] {
        signed.statement.round = 1;
        signed.signature = world::validator(LIAR).sign(signed.statement.text().as_bytes());
    }
    let mut seqs = Vec::new();
    for evidence in [&first, &second] {
        let taken = accuse(&mut scene, 0, evidence);
        let Admission::Taken(_, sealed) = taken else { panic!("{taken:?}") };
        seqs.push(sealed.submission().record().seq);
    }
    assert_eq!(seqs, [1, 2]);
    assert_eq!(scene.block().finals.len(), 2);
}

#[test]
fn whoever_is_no_validator_records_nothing() {
    let mut scene = Scene::new();
    scene.block();
    let evidence = contradiction(&scene);
    let stranger = scene.core.accuse(scene.world.now, &world::key("stranger"), &evidence).expect("no fault");
    assert!(matches!(&stranger, Admission::Refused(refusal) if refusal.code == Code::KeyUnknown), "{stranger:?}");
}
