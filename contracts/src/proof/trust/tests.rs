use hefu_keys::Hash;

use super::Trust;
use crate::{
    block::Header,
    height::Height,
    proof::{Proof, What, build::Archive},
    tests::{World, kept::Kept},
};

/// A proof of block 8 that holds the header of block 5, and that header.
fn later() -> (Proof, Header) {
    let mut world = World::new();
    world.height = Height::new(5).unwrap();
    let mut kept = Kept::new(world);
    let (trusted, _) = kept.head().unwrap().unwrap();
    kept.world.height = Height::new(8).unwrap();
    let proof = Proof { since: Some(trusted.clone()), ..kept.prove("party/corenest") };
    proof.check(&kept.chain()).unwrap();
    (proof, trusted)
}

fn block(header: &Header) -> Trust {
    Trust { height: header.height, block: header.id() }
}

#[test]
fn what_follows_a_known_block_is_trusted() {
    let (proof, trusted) = later();
    proof.check_trust(&block(&trusted)).unwrap();
    proof.check_trust(&block(&proof.header)).unwrap();
    let text = proof.text().unwrap();
    Proof::read(text.as_bytes()).unwrap().check_trust(&block(&trusted)).unwrap();
}

#[test]
fn what_does_not_is_not() {
    let (proof, trusted) = later();
    let elsewhere = Hash::of(b"elsewhere");
    let with = |change: &dyn Fn(&mut Proof)| {
        let mut changed = proof.clone();
        change(&mut changed);
        changed
    };
    let since = |change: fn(&mut Header)| {
        let mut header = trusted.clone();
        change(&mut header);
        (with(&|proof| proof.since = Some(header.clone())), block(&header))
    };
    let cases = [
        ("older than what is known", proof.clone(), Trust { height: Height::new(9).unwrap(), block: elsewhere }),
        ("another block of its height", proof.clone(), Trust { block: elsewhere, ..block(&proof.header) }),
        ("no header of the known block", with(&|proof| proof.since = None), block(&trusted)),
        ("the header of another", proof.clone(), Trust { block: elsewhere, ..block(&trusted) }),
        ("at another height", proof.clone(), Trust { height: Height::new(4).unwrap(), ..block(&trusted) }),
        ("of another chain", since(|header| header.chain = Hash::ZERO).0, since(|header| header.chain = Hash::ZERO).1),
        (
            "other validators followed it",
            since(|header| header.next_members = Hash::ZERO).0,
            since(|header| header.next_members = Hash::ZERO).1,
        ),
        (
            "validators that hold since later",
            with(&|proof| proof.header.members_since = Height::new(7).unwrap()),
            block(&trusted),
        ),
    ];
    for (what, proof, trust) in cases {
        assert_eq!(proof.check_trust(&trust).map_err(|broken| broken.what), Err(What::Trust), "{what}");
    }
}

#[test]
fn a_block_is_written_as_height_and_hash() {
    let hash = Hash::of(b"block");
    let trust: Trust = format!("12:{hash}").parse().unwrap();
    assert_eq!(
        (trust, trust.to_string()),
        (Trust { height: Height::new(12).unwrap(), block: hash }, format!("12:{hash}"))
    );
    for bad in ["12", "0:00", &format!("0:{hash}"), &format!("x:{hash}"), &format!("12:{}", "0".repeat(63))] {
        assert!(bad.parse::<Trust>().is_err(), "{bad}");
    }
}
