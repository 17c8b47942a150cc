//! Undoing what an event did, once it was declared to be in error and while nothing depends on it.
//!
//! Nothing is deleted: the record, its entries and its declaration stay. The things' rows go back to what they said before
//! the event, lots' balances are counted back. Where something happened to one of the things since, or some of a lot
//! went on, the effects stand and the rows are flagged.

use hefu_keys::Hash;

use super::{
    Event, Flag, ThingRow,
    balance::{Course, Moved},
    capture::{Effect, move_lots, named},
    thing::Thing,
};
use crate::{
    entry::Role,
    execute::{Case, Checked},
    row,
    state::Stop,
};

/// What undoing the event of the record `original` does, or `None` where something depends on it.
pub(super) fn undone<'a>(
    case: &'a Case<'_>,
    event: &Event,
    original: Hash,
) -> Checked<Option<(Vec<Effect>, Moved<'a>)>> {
    let mut effects = Vec::new();
    if let Some(parent) = &event.parent
        && went_on(case, event, &Thing::find(case, parent)?)?
    {
        return Ok(None);
    }
    for epc in named(case, event) {
        let mut thing = Thing::find(case, epc)?;
        if thing.is_bound() {
            let Some(before) = thing.row.before.take() else { return Ok(None) };
            if thing.row.last.as_ref().is_none_or(|last| last.record != original) {
                return Ok(None);
            }
            // What it goes back into does not know of a recall that was opened or lifted outside.
            if before.parent.is_some() && recalls_of(&before) != recalls_of(&thing.row) {
                return Ok(None);
            }
            thing.row = back(before.into_owned(), thing.row.into_owned()).into();
            effects.push(Effect::noted(thing, Role::Undo));
        } else if thing.owner.is_some() {
            let source = row::key_of_transformation(case.party(), &original);
            thing.row.sources.retain(|known| *known != source);
            effects.push(Effect::noted(thing, Role::Undo));
        } else {
            thing.row.flag(Flag::ErrorDeclared);
            effects.push(Effect::noted(thing, Role::Flag));
        }
    }
    match move_lots(case, event, &mut effects, Course::Back(original)) {
        Ok(moved) => Ok(Some((effects, moved))),
        Err(Stop::Refused(_)) => Ok(None),
        Err(Stop::Fault(fault)) => Err(fault.into()),
    }
}

/// Recalls of a thing and of what is inside it.
fn recalls_of(row: &ThingRow) -> (&[Hash], &[Hash]) {
    (&row.recalls, row.contents.as_ref().map_or(&[], |contents| &contents.recalls))
}

/// Whether what encloses a container was moved since: a move of the outermost one is not noted on what is in it.
fn went_on(case: &Case<'_>, event: &Event, parent: &Thing) -> Checked<bool> {
    let outermost = parent.outermost(case)?;
    if !parent.is_bound() {
        return Ok(false);
    }
    let with_author = outermost.holder.as_ref().is_some_and(|holder| holder.by == case.party());
    let later = outermost.last.as_ref().is_some_and(|last| last.at > event.time);
    Ok(!with_author || later || outermost.transfer.is_some())
}

/// A row as it was, with what other records than the event have said of it since.
fn back(before: ThingRow, now: ThingRow) -> ThingRow {
    let mut contents = before.contents;
    if let (Some(contents), Some(now)) = (&mut contents, &now.contents) {
        contents.take_over(now);
    }
    ThingRow { contents, flags: now.flags, lots: now.lots, recalls: now.recalls, ..before }
}
