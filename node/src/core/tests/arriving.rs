//! Blocks whose records are verified while they arrive.

use bytes::Bytes;
use hefu_contracts::block::Block;
use hefu_keys::Hash;

use super::{Deed, Judged, REFILL, Scene, rewritten};
use crate::core::{Arriving, Proposal};

/// A core that has built a block of so many records, and one that has seen none of them.
fn proposal(records: usize) -> (Scene, Scene, Bytes) {
    let (mut proposer, other) = (Scene::new(), Scene::new());
    for version in 1..=records {
        proposer.takes("corenest", &Deed::product(REFILL, version as u64));
    }
    let body = proposer.build(0).body;
    (proposer, other, body)
}

/// Lets some bytes of a block arrive; how many records were verified.
fn arrive(scene: &mut Scene, arriving: &mut Arriving, bytes: &[u8]) -> usize {
    let arrived = scene.core.find_known(arriving.take(bytes));
    let verified = arriving.verify(arrived);
    scene.core.remember_all(verified);
    verified.len()
}

/// How many records of a whole block would still be verified.
fn left(scene: &Scene, body: &Bytes) -> usize {
    let proposal = Proposal { height: 1, round: 0, block: None, fresh: true };
    let prepared = scene.core.prepare(&proposal, body.clone());
    prepared.verifying().expect("it is new").unverified()
}

#[test]
fn what_was_verified_while_it_arrived_is_found_when_the_block_is_judged() {
    let (mut proposer, mut other, body) = proposal(5);
    assert_eq!(left(&other, &body), 5);
    let mut arriving = Arriving::default();
    let verified: Vec<usize> = body.chunks(700).map(|part| arrive(&mut other, &mut arriving, part)).collect();
    assert_eq!(verified.iter().sum::<usize>(), 5);
    assert!(verified.iter().all(|some| *some <= 2), "each part pays for its own: {verified:?}");
    assert_eq!(left(&other, &body), 0);
    drop(arriving);
    assert_eq!(left(&other, &body), 5, "a core keeps nothing of what was not judged");

    arrive(&mut other, &mut Arriving::default(), &body);
    let Judged::Valid(block) = other.judge(body, true) else { panic!("a valid block") };
    proposer.commit(&block);
    other.commit(&block);
    assert_eq!(proposer.verify(), other.verify());
}

#[test]
fn what_is_known_is_not_verified_again_while_it_arrives() {
    let (proposer, mut other, body) = proposal(3);
    let second = Hash::of(Block::cut(&body).expect("a block").records[1].as_bytes());
    let known = proposer.core.recognise(&second).expect("its own");
    other.core.remember_all(std::slice::from_ref(&known));
    let mut arriving = Arriving::default();
    assert_eq!(arrive(&mut other, &mut arriving, &body), 2);
    drop((known, proposer));
    assert_eq!(left(&other, &body), 0, "what was found is kept like what was verified");
}

#[test]
fn nothing_more_is_verified_behind_what_is_not_sound() {
    let (_, mut other, body) = proposal(4);
    let forged =
        rewritten(&body, |_, records| records[1] = records[1].replacen("\"proofValue\":\"z", "\"proofValue\":\"z1", 1));
    let third = Block::cut(&forged).expect("a block").records[2].to_owned();
    let (first, second) = forged.split_at(String::from_utf8_lossy(&forged).find(&third).expect("it is there"));
    let mut arriving = Arriving::default();
    assert_eq!(arrive(&mut other, &mut arriving, first), 1);
    assert_eq!(arrive(&mut other, &mut arriving, second), 0);
    assert!(matches!(other.judge(forged, true), Judged::Malformed), "its header binds other records");
}
