use hefu_keys::Hash;

use super::{AHEAD_MAX, Sighting, Sightings};
use crate::scene::{commit, judge, polka, validators};

const BLOCK: Hash = Hash::from_bytes([1; 32]);

/// Whether these certificates, seen while height 5 is next for four validators, show that `height` is decided.
async fn check(seen: Vec<Sighting>, height: u64) -> bool {
    let decided = decided(seen, height).await;
    assert!(decided.is_none_or(|block| block == BLOCK));
    decided.is_some()
}

async fn decided(seen: Vec<Sighting>, height: u64) -> Option<Hash> {
    let validators = validators(4);
    let mut sightings = Sightings::new(judge());
    for sighting in seen {
        sightings.note(sighting, 5, &validators).await;
    }
    let first = sightings.decided(height, &validators).await;
    assert_eq!(sightings.decided(height, &validators).await, first, "asked again");
    first
}

#[tokio::test]
async fn only_a_verified_certificate_shows_that_others_have_decided() {
    let honest = || Sighting::Commit(commit(5, BLOCK, &[1, 2, 3]));
    let forged = || {
        let mut certificate = commit(5, BLOCK, &[1, 2, 3]);
        certificate.value_id = Hash::ZERO;
        Sighting::Commit(certificate)
    };
    let few = || Sighting::Commit(commit(5, BLOCK, &[1, 2]));
    let strangers = || Sighting::Commit(commit(5, BLOCK, &[5, 6, 7]));
    let past = || Sighting::Commit(commit(4, BLOCK, &[1, 2, 3]));

    assert!(check(vec![honest()], 5).await);
    assert!(!check(vec![], 5).await, "nothing seen");
    assert!(!check(vec![honest()], 6).await, "another height");
    assert!(!check(vec![past()], 4).await, "what is over is not noted");
    assert!(!check(vec![forged(), few(), strangers()], 5).await, "no quorum");
    assert!(check(vec![forged(), few(), strangers(), honest()], 5).await, "false ones do not hide the true one");
}

#[tokio::test]
async fn certificates_far_ahead_are_not_remembered() {
    let validators = validators(4);
    let mut sightings = Sightings::new(judge());
    for height in [5, 6, 5 + AHEAD_MAX, 6 + AHEAD_MAX, u64::MAX] {
        let seen = Sighting::Commit(commit(height, BLOCK, &[1, 2, 3]));
        sightings.note(seen, 5, &validators).await;
    }
    assert_eq!(sightings.ahead.keys().copied().collect::<Vec<_>>(), [5, 6, 5 + AHEAD_MAX]);
    sightings.advance(6);
    assert_eq!(sightings.decided(6, &validators).await, Some(BLOCK));
}

#[tokio::test]
async fn prevotes_excuse_a_block_only_if_a_quorum_signed_them_at_this_height() {
    let validators = validators(4);
    let mut sightings = Sightings::new(judge());
    let mut forged = polka(5, BLOCK, &[1, 2, 3]);
    forged.value_id = Hash::ZERO;
    for seen in [polka(5, BLOCK, &[1, 2]), forged, polka(6, BLOCK, &[1, 2, 3])] {
        sightings.note(Sighting::Polka(seen), 5, &validators).await;
    }
    assert!(!sightings.prevoted(&BLOCK) && !sightings.prevoted(&Hash::ZERO));

    sightings.note(Sighting::Polka(polka(5, BLOCK, &[1, 2, 3])), 5, &validators).await;
    assert!(sightings.prevoted(&BLOCK));
    sightings.advance(6);
    assert!(!sightings.prevoted(&BLOCK), "a new height begins");
}
