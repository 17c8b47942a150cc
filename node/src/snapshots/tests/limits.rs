//! What a liar can cost, and what is had without the one that offered the snapshot.

use super::*;

#[test]
fn garbage_that_comes_just_quickly_enough_holds_nothing_up_while_somebody_is_quick() {
    /// Pieces of which each earns more time than it takes.
    fn trickles(ask: &Ask, pieces: &mut Vec<Bytes>) {
        if *ask != Ask::Snapshot {
            *pieces = vec![Bytes::from(vec![b'-'; 1 << 20])];
        }
    }
    let wait = Duration::from_secs(14);
    for liar in 0..3 {
        let mut twists = [Some(honest as Twist); 3];
        twists[liar] = Some(trickles);
        let mut others = others(&twists);
        let counts = others.shelf.newest().expect("a snapshot").counts.clone();
        assert!(counts.iter().any(|count| *count > 3), "all of them come within the time: {counts:?}");
        let liar = *others.twists.keys().nth(liar).expect("one of three");
        others.delays = [(liar, wait)].into();
        let store = restore(&mut others).expect("restored");
        assert_restored(&others, &store);
        // The card, and three answers.
        assert!(others.clock <= wait * 4, "{:?}", others.clock);
    }
}

#[test]
fn a_card_of_more_rows_than_any_range_can_have_is_a_lie() {
    fn counts_more(ask: &Ask, pieces: &mut Vec<Bytes>) {
        if let (Ask::Snapshot, Some(counts)) = (ask, pieces.get_mut(3)) {
            *counts = u32::MAX.to_be_bytes().repeat(counts.len() / 4).into();
        }
    }
    let mut others = others(&[Some(counts_more), Some(honest)]);
    let store = restore(&mut others).expect("restored");
    assert_restored(&others, &store);
    let told: Vec<&str> = others.exposed.iter().map(|(_, words)| words.as_str()).collect();
    assert!(matches!(told.as_slice(), [words] if words.contains("rows")), "{told:?}");
}

#[test]
fn who_alone_offers_a_snapshot_is_not_needed_for_what_everybody_has() {
    fn goes_after_the_rows(ask: &Ask, pieces: &mut Vec<Bytes>) {
        if let Ask::Entries { .. } | Ask::Blocks { .. } = ask {
            pieces.clear();
        }
    }
    fn has_no_snapshot(ask: &Ask, pieces: &mut Vec<Bytes>) {
        if let Ask::Snapshot | Ask::Rows { .. } = ask {
            pieces.clear();
        }
    }
    for alone in 0..3 {
        let mut twists = [Some(has_no_snapshot as Twist); 3];
        twists[alone] = Some(goes_after_the_rows);
        let mut others = others(&twists);
        let store = restore(&mut others).expect("restored");
        assert_restored(&others, &store);
        assert!(others.exposed.is_empty(), "{:?}", others.exposed);
        let alone = others.twists.keys().nth(alone).expect("one of three");
        let rows = |(peer, ask): &(PeerId, Ask)| matches!(ask, Ask::Rows { .. }) && peer != alone;
        assert!(!others.asked.iter().any(rows), "the card was not proven yet");
    }
}
