//! What is seen where it cannot be.

use super::{Model, is_bound};
use crate::provenance::{
    Flag,
    tests::histories::cast::{Told, What},
};

/// Kilometres between the two sites whose positions are known.
pub(in super::super) const APART: u64 = 1_213;

impl Model {
    /// Things that are seen by themselves elsewhere than what encloses them.
    pub(super) fn note_apart(&mut self, told: &Told) {
        for thing in told.things.iter().copied().filter(|thing| told.what == What::See && is_bound(*thing)) {
            let outermost = self.outermost(thing);
            let outer = &self.things[outermost];
            let late = outer.last.is_some_and(|last| told.at < last.at);
            let elsewhere = outer.place.is_some_and(|place| place != told.place());
            if outermost != thing && !late && outer.handover.is_none() && elsewhere {
                self.things[thing].flags.insert(Flag::BrokenAggregation);
            }
        }
    }

    /// Things that are seen too far from where they were last.
    pub(super) fn note_travel(&mut self, told: &Told) {
        let known = |party: usize| matches!(party, 0 | 2);
        if !known(told.read_at) {
            return;
        }
        for thing in
            told.things.iter().chain(&told.outputs).chain(&told.parent).copied().filter(|thing| is_bound(*thing))
        {
            let row = &mut self.things[thing];
            if let Some((at, site)) = row.seen {
                // 1,000 km in 3,600,000 ms.
                let reachable = told.at.abs_diff(at) / 3_600 + 10;
                if site != told.read_at && APART > reachable {
                    row.flags.insert(Flag::ImpossibleTravel);
                }
            }
            row.seen = row.seen.filter(|seen| seen.0 > told.at).or(Some((told.at, told.read_at)));
        }
    }
}
