use hefu_contracts::codes::{BatchRow, batch};

use super::*;

fn seed() -> Seed {
    Seed::new([7; 32])
}

fn issue(count: u64) -> CodesIssue {
    let root = tree(&seed(), count, &BTreeSet::new(), |_| {}).root();
    CodesIssue { count, gtin: "09528880010021".parse().unwrap(), maker: None, root }
}

fn handover(count: u64, blocks: &[u64]) -> Result<Handover, BadHandover> {
    let blocks = blocks.iter().copied().collect();
    Handover::make(&seed(), (Hash::of(b"chain"), Hash::of(b"batch"), &issue(count)), &blocks, |_| {})
}

/// As the ledger does it.
fn is_proven(handover: &Handover, selection: &Selection) -> bool {
    let row = BatchRow {
        count: handover.count,
        gtin: handover.gtin,
        issuer: "corenest".to_owned(),
        maker: None,
        root: handover.root,
    };
    let indices = selection.commissioning.indices(handover.count).unwrap();
    batch::check(&row, &indices, &selection.issuance).is_ok()
}

#[test]
fn selected_codes_are_proven_to_the_ledger() {
    for (count, blocks, ranges) in [
        (1, vec![0], vec![(0, 1)]),
        (12, vec![0], vec![(0, 12)]),
        (12, vec![0], vec![(1, 2), (5, 1)]),
        (2_500, vec![0, 2], vec![(1_000, 24), (2_048, 452)]),
        (3_000, vec![1], vec![(1_024, 1_024)]),
    ] {
        let text = serde_json::to_string(&handover(count, &blocks).unwrap()).unwrap();
        let handover = Handover::read(&text).unwrap();
        let selection = handover.select(&ranges).unwrap();
        assert!(is_proven(&handover, &selection), "{count} {ranges:?}");
        assert_eq!(selection.items.len() as u64, ranges.iter().map(|(_, length)| length).sum::<u64>());
    }
}

#[test]
fn many_threads_derive_what_one_does() {
    let count = 3 * BLOCK_CODES + 5;
    let mut heard = 0;
    let parallel = tree(&seed(), count, &BTreeSet::new(), |codes| heard += codes);
    let leaves = (0..count).map(|index| {
        let code = derive::code(&seed(), index);
        derive::leaf(&code.serial, &code.claim_key)
    });
    assert_eq!(parallel.root(), KnownTree::build(count, leaves, &BTreeSet::new()).root());
    assert_eq!(heard, count);
}

#[test]
fn what_cannot_be_handed_over_or_commissioned_is_named() {
    let of = |bad: BadHandover| bad.to_string();
    assert!(of(handover(2_500, &[3]).err().unwrap()).contains("no block 3: with 2500 codes its last is 2"));
    let other = Seed::new([8; 32]);
    let found = Handover::make(&other, (Hash::ZERO, Hash::ZERO, &issue(12)), &BTreeSet::from([0]), |_| {});
    assert!(of(found.err().unwrap()).contains("the seed does not lead to the root"));

    let handover = handover(2_500, &[0, 2]).unwrap();
    assert!(of(handover.select(&[(1_020, 8)]).unwrap_err()).contains("does not have the code 1024"));
    assert!(of(handover.select(&[(2_499, 2)]).unwrap_err()).contains("exceed 2500 codes"));
    assert!(of(handover.select(&[(3, 2), (4, 1)]).unwrap_err()).contains("ascending"));
}

#[test]
fn a_damaged_file_is_noticed() {
    let mut damaged = handover(12, &[0]).unwrap();
    damaged.blocks[0].codes[3].serial = "7K3M9Q2X4BHT6WZ0N5PD".to_owned();
    assert!(matches!(damaged.select(&[(0, 1)]), Err(BadHandover::Damaged(_))));
    assert!(matches!(Handover::read("{}"), Err(BadHandover::Json(_))));
}
