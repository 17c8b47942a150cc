//! When a key with a new guard votes again.

use hefu_contracts::{height::Height, time::Millis};
use hefu_engine::Guard;

use super::{Standing, Voice};
use crate::world::{self, World};

#[test]
fn a_new_guard_wakes_with_a_block_that_nobody_can_have_made_before() {
    let directory = tempfile::tempdir().unwrap();
    let (me, start) = (world::validator(0).address(), World::new(4).now);
    Guard::renew(directory.path(), me).unwrap();
    let standing = Standing { next: 8, signed: Some(7), alone: false };
    let mut voice = Voice::of(Guard::open(directory.path(), me), standing, start).unwrap();
    let mut votes_after =
        |height: u64, made: u64| voice.reaches(Height::new(height).unwrap(), Some(start.plus(Millis(made)))).unwrap();
    // Whoever built these may have done so before: a block may say more than clocks show, and clocks may be wrong.
    assert!(!votes_after(7, 1) && !votes_after(8, 10_000));
    assert!(!votes_after(9, 10_001) && votes_after(10, 10_002));
    assert_eq!(voice.guard().map(Guard::height), Some(11));
}
