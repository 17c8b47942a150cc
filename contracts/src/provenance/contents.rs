//! What is inside a thing: how many things, and how deep they are nested.
//!
//! Only things whose history began here are counted. What came from elsewhere can be put into another container by anybody
//! and would be counted in both.

use super::{Contents, ThingRow, capture::Effect, thing::Thing};

/// Levels that the things to be put into a parent make in it: 1, or more where they hold things themselves.
pub(super) fn levels_of(children: &[Thing]) -> usize {
    let inside = children.iter().filter_map(|child| child.row.contents).map(|contents| contents.levels).max();
    usize::try_from(inside.unwrap_or(0)).unwrap_or(usize::MAX).saturating_add(1)
}

/// Counts the children in, and gives the rows of those enclosing parents that are now deeper than they were.
pub(super) fn put_in(
    parent: &mut ThingRow,
    above: Vec<(String, ThingRow)>,
    children: &[Thing],
    levels: usize,
) -> Vec<Effect> {
    let count = bound(children);
    if count == 0 || !parent.began_here() {
        return Vec::new();
    }
    let mut levels = levels as u64;
    let before = parent.contents.unwrap_or(Contents { count: 0, levels: 0 });
    parent.contents = Some(Contents { count: before.count.saturating_add(count), levels: before.levels.max(levels) });

    let mut raised = Vec::new();
    for (key, mut row) in above {
        levels = levels.saturating_add(1);
        match &mut row.contents {
            Some(contents) if contents.levels < levels => contents.levels = levels,
            Some(_) | None => break,
        }
        raised.push(Effect { key, row, note: None });
    }
    raised
}

/// Counts the children out.
pub(super) fn take_out(parent: &mut ThingRow, children: &[Thing]) {
    let count = bound(children);
    parent.contents = parent
        .contents
        .map(|before| Contents { count: before.count.saturating_sub(count), ..before })
        .filter(|after| after.count > 0);
}

fn bound(children: &[Thing]) -> u64 {
    children.iter().filter(|child| child.row.began_here()).count() as u64
}
