//! What is inside a thing: how many things, how deep they are nested, and what they are and came of.
//!
//! The last is kept so that a container with recalled contents is found out without looking at each of them, and is moved
//! at the price of its own row. It only grows until the container is empty: who has taken the recalled things out packs
//! the others anew.
//!
//! Only things whose history began here are counted. What came from elsewhere can be put into another container by anybody
//! and would be counted in both.

use hefu_keys::Hash;
use serde::{Deserialize, Serialize};

use super::{Making, ThingRow, capture::Effect, onward::lot_of_balance, recall::class_of, thing::Thing};
use crate::shared::Shared;

/// Most kinds, lots, transformations, sites and recalls that are kept of what is inside a thing.
pub const CARRIED_MAX: usize = 256;

/// What is inside a thing, as far as the rules bind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// Rows of the classes of what was inside at any depth since it was last empty, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Number of things directly inside.
    pub count: u64,
    /// Most levels of things that were inside one another since it was last empty; 1 where they held nothing.
    pub levels: u64,
    /// Where and when that was made, by site.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<Making>,
    /// Whether there is more than [`CARRIED_MAX`] of this to be told; then the rules look no further.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// Rows of the transformations that it came of, and of lots that are deeper inside, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<String>,
    /// Recalls that were open on one of those things while it was inside, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recalls: Vec<Hash>,
}

impl Contents {
    /// What children bring along, and how many levels they make.
    pub(super) fn of_children(children: &[Thing], levels: usize) -> Contents {
        let mut load = Contents::default();
        for child in children.iter().filter(|child| child.row.began_here()) {
            load.count = load.count.saturating_add(1);
            load.levels = levels as u64;
            load.classes.extend(class_of(&child.key));
            load.of.extend(child.row.sources.iter().cloned());
            load.recalls.extend(&child.row.recalls);
            load.add_lots(child.row.lots.iter().filter_map(|balance| lot_of_balance(balance)));
            for making in &child.row.made {
                making.add_to(&mut load.made);
            }
        }
        // Things of one lot bring the same again and again.
        for list in [&mut load.classes, &mut load.of] {
            list.sort();
            list.dedup();
        }
        load.recalls.sort();
        load.recalls.dedup();
        for inside in children.iter().filter_map(|child| child.row.contents.as_ref()) {
            load.take_over(inside);
        }
        load
    }

    /// What some of lots brings along.
    pub(super) fn add_lots(&mut self, lots: impl Iterator<Item = String>) {
        for lot in lots {
            self.classes.extend(class_of(&lot));
            self.of.push(lot);
        }
        for list in [&mut self.classes, &mut self.of] {
            list.sort();
            list.dedup();
        }
    }

    /// Takes over what others hold, besides their number; whether that changes anything.
    pub(super) fn take_over(&mut self, other: &Contents) -> bool {
        let before = (self.levels, self.more);
        self.levels = self.levels.max(other.levels);
        self.more |= other.more;
        let mut grown = before != (self.levels, self.more);
        let mut room = CARRIED_MAX.saturating_sub(self.carried());
        grown |= add(&mut self.classes, &other.classes, &mut room, &mut self.more);
        grown |= add(&mut self.of, &other.of, &mut room, &mut self.more);
        grown |= add(&mut self.recalls, &other.recalls, &mut room, &mut self.more);
        for making in &other.made {
            let known = self.made.iter().any(|known| known.site == making.site);
            if known || room > 0 {
                room = room.saturating_sub(usize::from(!known));
                grown |= making.add_to(&mut self.made);
            } else {
                grown |= !std::mem::replace(&mut self.more, true);
            }
        }
        grown
    }

    fn carried(&self) -> usize {
        let lists = [self.classes.len(), self.of.len(), self.recalls.len(), self.made.len()];
        lists.into_iter().fold(0, usize::saturating_add)
    }
}

/// Adds to a sorted list what it lacks, while there is room; whether anything changes.
fn add<T: Ord + Clone>(list: &mut Vec<T>, more: &[T], room: &mut usize, full: &mut bool) -> bool {
    let mut grown = false;
    for element in more {
        let Err(at) = list.binary_search(element) else { continue };
        if *room == 0 {
            return !std::mem::replace(full, true) || grown;
        }
        *room = room.saturating_sub(1);
        list.insert(at, element.clone());
        grown = true;
    }
    grown
}

/// Levels that the things to be put into a parent make in it: 1, or more where they hold things themselves.
pub(super) fn levels_of(children: &[Thing]) -> usize {
    let inside = children.iter().filter_map(|child| child.row.contents.as_ref()).map(|contents| contents.levels).max();
    usize::try_from(inside.unwrap_or(0)).unwrap_or(usize::MAX).saturating_add(1)
}

/// Counts the children in, and gives the rows of those enclosing parents that now hold more than they did. What lots are in
/// the parent itself is told by its balances.
pub(super) fn put_in(
    parent: &mut ThingRow,
    above: Vec<(String, Shared<ThingRow>)>,
    mut load: Contents,
    lots: impl Iterator<Item = String>,
) -> Vec<Effect> {
    if !parent.began_here() {
        return Vec::new();
    }
    if load.count > 0 {
        let inside = parent.contents.get_or_insert_default();
        inside.count = inside.count.saturating_add(load.count);
        inside.take_over(&load);
    }
    load.add_lots(lots);

    let mut raised = Vec::new();
    for (key, mut row) in above {
        if load.levels > 0 {
            load.levels = load.levels.saturating_add(1);
        }
        if !row.contents.as_mut().is_some_and(|contents| contents.take_over(&load)) {
            break;
        }
        raised.push(Effect { key, row, note: None });
    }
    raised
}

/// Counts the children out.
pub(super) fn take_out(parent: &mut ThingRow, children: &[Thing]) {
    let count = children.iter().filter(|child| child.row.began_here()).count() as u64;
    parent.contents = parent.contents.take().and_then(|mut inside| {
        inside.count = inside.count.saturating_sub(count);
        (inside.count > 0).then_some(inside)
    });
}
