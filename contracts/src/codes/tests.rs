use std::collections::BTreeSet;

use hefu_keys::{Hash, merkle};

use super::{
    batch::{HandoverBlock, HandoverCode, KnownTree, levels},
    derive,
};
use crate::{
    action::Action,
    refusal::Code,
    tests::{Deed, REFILL, World},
};

#[test]
fn a_batch_is_issued_by_the_item_s_owner_for_an_item_in_the_catalogue() {
    let (mut world, ..) = World::with_codes();
    let deed = |count: u64, gtin: &str, maker: &str| {
        let body = serde_json::json!({"count": count, "gtin": gtin, "maker": maker, "root": Hash::ZERO});
        Deed::new(Action::CodesIssue, body)
    };
    world.refuses("huaxu", &deed(1, REFILL, "huaxu"), Code::PrefixForeign, None);
    world.refuses("corenest", &deed(1, "09528880010014", "huaxu"), Code::ProductUnknown, None);
    world.refuses("corenest", &deed(1, REFILL, "nobody"), Code::PartyUnknown, None);
    world.refuses("corenest", &deed(0, REFILL, "huaxu"), Code::RecordShape, None);
    world.refuses("corenest", &deed(10_000_001, REFILL, "huaxu"), Code::RecordShape, None);
    world.take("corenest", &deed(10_000_000, REFILL, "huaxu")).unwrap();
}

#[test]
fn ranges_are_ascending_apart_and_inside_the_batch() {
    for (ranges, valid) in [
        (vec![(0, 12)], true),
        (vec![(0, 1), (1, 1), (5, 7)], true),
        (vec![], false),
        (vec![(0, 0)], false),
        (vec![(0, 13)], false),
        (vec![(12, 1)], false),
        (vec![(2, 2), (3, 1)], false),
        (vec![(5, 1), (1, 1)], false),
        (vec![(u64::MAX, 2)], false),
    ] {
        let commissioning = super::Commissioning { batch: Hash::ZERO, ranges: ranges.clone() };
        assert_eq!(commissioning.indices(12).is_ok(), valid, "{ranges:?}");
    }
}

/// Serials and claim codes by another implementation (Python's hmac and hashlib), seed 0x07 × 32.
#[test]
fn serials_and_claim_codes_are_derived_as_published() {
    let seed = derive::Seed::new([7; 32]);
    for (index, serial, claim) in [
        (0, "E2WZD3RDVJ0V90K7RWDK", "QAX95QYJPW9MJHH5"),
        (1, "7A3GNNF9TATFTCC5E6BK", "D5QKVXKKTX91P6GW"),
        (10_000_000, "TC2W99J2AE95RPKVSJVP", "FK45M20ZYYN12QTE"),
    ] {
        let code = derive::code(&seed, index);
        assert_eq!((code.serial.as_str(), code.claim.as_str()), (serial, claim));
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|index| merkle::leaf(&index.to_be_bytes())).collect()
}

#[test]
fn the_tree_is_perfect_and_padded_with_zeros() {
    for count in [1_u64, 2, 3, 12, 1_023, 1_024, 1_025, 5_000] {
        let mut padded = leaves(count);
        padded.resize(1 << levels(count), Hash::ZERO);
        let tree = KnownTree::build(count, leaves(count).into_iter(), &BTreeSet::new());
        assert_eq!(tree.root(), merkle::root(&padded), "{count}");
    }
}

#[test]
fn a_factory_proves_its_codes_from_the_hand_over_alone() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let (seed, count) = (derive::Seed::new([7; 32]), 2_100);
    let codes: Vec<_> = (0..count).map(|index| derive::code(&seed, index)).collect();
    let leaves = codes.iter().map(|code| derive::leaf(&code.serial, &code.claim_key));
    let issuer = KnownTree::build(count, leaves, &BTreeSet::from([1, 2]));
    let block = |number: u64| HandoverBlock {
        codes: codes
            .iter()
            .skip(usize::try_from(number).unwrap() * 1_024)
            .take(1_024)
            .map(|code| HandoverCode {
                claim: code.claim.to_string(),
                claim_key: URL_SAFE_NO_PAD.encode(code.claim_key),
                serial: code.serial.clone(),
            })
            .collect(),
        first: number * 1_024,
        path: issuer.block_path(number),
    };
    let blocks = [block(1), block(2)];
    let factory = KnownTree::from_handover(count, &issuer.root(), &blocks).unwrap();
    let wanted = BTreeSet::from([1_024, 1_500, 2_047, 2_048, 2_099]);
    assert_eq!(factory.prove(&wanted), issuer.prove(&wanted));
    let revealed = wanted.iter().map(|index| {
        let code = &codes[usize::try_from(*index).unwrap()];
        (*index, derive::leaf(&code.serial, &code.claim_key))
    });
    let path = merkle::path_from(&factory.prove(&wanted)).unwrap();
    assert_eq!(merkle::root_from(4_096, &revealed.collect(), &path).unwrap(), issuer.root());

    let mut damaged = blocks;
    damaged[0].codes[3].serial.replace_range(0..1, "Z");
    assert!(KnownTree::from_handover(count, &issuer.root(), &damaged).is_err());
}
