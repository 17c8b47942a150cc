//! Which blocks are verified while they arrive.

use std::collections::VecDeque;

use hefu_keys::Hash;

use crate::core::Arriving;

/// Those of one round, of which its proposer announces two at most that count.
const ARRIVALS_MAX: usize = 2;

/// The round and the block that were announced.
type Announced = (u32, Hash);

/// The blocks that are arriving, oldest first.
#[derive(Default)]
pub struct Arrivals {
    kept: VecDeque<(Announced, Arriving)>,
}

impl Arrivals {
    /// What has arrived of a block, which is no longer kept then.
    pub fn take(&mut self, announced: Announced) -> Option<Arriving> {
        let at = self.kept.iter().position(|(of, _)| *of == announced)?;
        self.kept.remove(at).map(|(_, arriving)| arriving)
    }

    /// What the bytes of a block from `from` on belong to. None where those before them are not here: what comes after a
    /// gap cannot be read.
    pub fn resume(&mut self, announced: Announced, from: u64) -> Option<Arriving> {
        let before = self.take(announced);
        if from == 0 { Some(Arriving::default()) } else { before.filter(|arriving| arriving.bytes() == from) }
    }

    /// Keeps what has arrived of a block. Blocks of other rounds are no longer kept, nor more than the newest of its own.
    pub fn keep(&mut self, announced: Announced, arriving: Arriving) {
        self.kept.retain(|((round, _), _)| *round == announced.0);
        if self.kept.len() >= ARRIVALS_MAX {
            self.kept.pop_front();
        }
        self.kept.push_back((announced, arriving));
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.kept.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u8) -> Hash {
        Hash::from_bytes([number; 32])
    }

    /// What has arrived of a block with so many bytes.
    fn arriving(bytes: usize) -> Arriving {
        let mut arriving = Arriving::default();
        arriving.take(&vec![b' '; bytes]);
        arriving
    }

    #[test]
    fn a_block_goes_on_where_it_stood_and_nowhere_else() {
        let mut arrivals = Arrivals::default();
        let announced = (0, block(1));
        assert!(arrivals.resume(announced, 7).is_none(), "its beginning is not here");
        assert_eq!(arrivals.resume(announced, 0).expect("a beginning").bytes(), 0);

        arrivals.keep(announced, arriving(7));
        assert!(arrivals.resume((1, block(1)), 7).is_none(), "announced in another round");
        assert!(arrivals.resume((0, block(2)), 7).is_none(), "another block");
        assert_eq!(arrivals.resume(announced, 7).expect("it goes on").bytes(), 7);

        arrivals.keep(announced, arriving(7));
        assert!(arrivals.resume(announced, 9).is_none(), "there is a gap");
        assert!(arrivals.take(announced).is_none(), "nothing behind a gap is followed");

        arrivals.keep(announced, arriving(7));
        assert_eq!(arrivals.resume(announced, 0).expect("a beginning").bytes(), 0, "it begins anew");
    }

    #[test]
    fn only_the_newest_blocks_of_one_round_are_kept() {
        let mut arrivals = Arrivals::default();
        for number in 1..=3 {
            arrivals.keep((4, block(number)), arriving(usize::from(number)));
        }
        assert!(arrivals.take((4, block(1))).is_none(), "the oldest has made room");
        assert_eq!(arrivals.take((4, block(2))).expect("kept").bytes(), 2);
        arrivals.keep((5, block(9)), arriving(9));
        assert!(arrivals.take((4, block(3))).is_none(), "its round is over");
        assert_eq!(arrivals.take((5, block(9))).expect("kept").bytes(), 9);
        assert!(arrivals.take((5, block(9))).is_none(), "it was taken");

        arrivals.keep((6, block(1)), arriving(1));
        arrivals.clear();
        assert!(arrivals.take((6, block(1))).is_none(), "its height is final");
    }
}
