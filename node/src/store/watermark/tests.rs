use super::*;

fn height(number: u64) -> Height {
    Height::new(number).expect("a height")
}

fn mark(number: u64) -> Mark {
    Mark { height: height(number), block: Hash::of(&number.to_be_bytes()) }
}

/// A watermark at the end of `heights`.
fn written(heights: &[u64]) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("watermark");
    let mut watermark = Watermark::create(&path).expect("created");
    for number in heights {
        watermark.note(mark(*number)).expect("noted");
    }
    (directory, path)
}

#[test]
fn tables_that_reach_as_far_or_one_block_further_are_accepted() {
    let (_directory, path) = written(&[1, 2, 3]);
    for number in 3..=4 {
        Watermark::compare(&path, mark(number)).expect("as far as that");
    }
    for number in 0..3 {
        let error = Watermark::compare(&path, mark(number)).expect_err("blocks are lost");
        assert!(matches!(error, WatermarkError::Lost { mark, .. } if mark == height(3)), "{error}");
    }
}

#[test]
fn another_block_at_the_same_height_is_refused() {
    let (_directory, path) = written(&[1]);
    let other = Mark { block: Hash::ZERO, ..mark(1) };
    assert!(matches!(Watermark::compare(&path, other), Err(WatermarkError::Other { .. })));
}

#[test]
fn a_chain_without_blocks_has_a_watermark() {
    let (_directory, path) = written(&[]);
    Watermark::compare(&path, Mark { height: Height::GENESIS, block: Hash::of(b"the chain") })
        .expect("nothing is lost");
}

#[test]
fn no_flipped_bit_claims_a_height_that_was_not_reached() {
    let (_directory, path) = written(&[1, 2, 3, 4, 5]);
    let sound = std::fs::read(&path).expect("read");
    assert_eq!(sound.len(), 1_024);
    for bit in 0..sound.len() * 8 {
        let mut bytes = sound.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &bytes).expect("written");
        Watermark::compare(&path, mark(5)).expect("one slot still says a height that was reached");
        // Height 5 stands in the second slot: one that is spoilt leaves the mark before.
        let lost = Watermark::compare(&path, mark(3)).expect_err("at least the other slot is higher");
        assert!(matches!(lost, WatermarkError::Lost { mark, .. } if mark >= height(4)), "bit {bit}: {lost}");
    }
}

#[test]
fn a_file_cut_short_or_emptied_is_unreadable() {
    let (_directory, path) = written(&[1, 2]);
    for length in [0, 47, 79] {
        std::fs::write(&path, &std::fs::read(&path).expect("read")[..length]).expect("cut");
        let error = Watermark::compare(&path, mark(2)).expect_err("nothing is left of it");
        assert!(matches!(error, WatermarkError::Unreadable { .. }));
        let mut watermark = Watermark::create(&path).expect("created");
        watermark.note(mark(2)).expect("noted");
    }
}

#[test]
fn how_far_a_node_came_is_told_without_its_tables() {
    let (directory, _) = written(&[1, 2, 3]);
    assert_eq!(crate::store::committed(directory.path()), Some(height(3)));
    assert_eq!(crate::store::committed(&directory.path().join("elsewhere")), None);
}
