//! Error declarations: an organisation takes back its word (EPCIS 2.0 §7.4.1.2).
//!
//! The original stays as it is and queries return both. A declaration is noted on every row it names. Its effects are undone
//! while nothing depends on them; otherwise they stand, and the rows are flagged. An organisation takes its own word back
//! whoever has the things now. A declaration of an event that this ledger does not hold of it takes authority, as the event
//! would have, and can only speak of things that the ledger knows.

use super::{
    Event, EventRow, EventStatus, Flag, Side,
    capture::{Effect, digest, named, write},
    thing::{Thing, check_authority, check_scope},
    undo,
};
use crate::{
    entry::Role,
    execute::{Case, Checked},
    refusal::{Code, Refusal},
    state::Writes,
};

pub(super) fn declare(case: &Case<'_>, event: &Event, event_key: &str, before: Option<&EventRow>) -> Checked<Writes> {
    if let Some(declaration) = before.and_then(|before| before.declaration) {
        return Err(Refusal::new(Code::EventDuplicate).at("/body/cbv").against(declaration).into());
    }
    let named = named(case, event);
    let names = before.and_then(|before| before.names);
    if names.is_some_and(|names| names != digest(case, event)) {
        let refusal = Refusal::new(Code::EventOtherThings).at("/body/event");
        return Err(Refusal { conflict: before.and_then(|before| before.record), ..refusal }.into());
    }
    if let Some(writes) = undo(case, event, event_key, before)? {
        return Ok(writes);
    }
    let flag = if before.is_some() { Flag::ErrorDeclared } else { Flag::ErrorWithoutOriginal };
    let mut effects: Vec<Effect> = Vec::new();
    for epc in named {
        let mut thing = Thing::find(case, epc)?;
        check_scope(case, event, Some(&thing))?;
        if before.is_none() {
            check_authority(case, event, &thing, Side::Input)?;
            if thing.is_bound() && thing.row.commissioned.is_none() {
                return Err(thing.refuse(Code::ItemNotCommissioned, None).into());
            }
        }
        thing.row.flag(flag);
        effects.push(Effect::noted(thing, Role::Flag));
    }

    let status = match before {
        Some(_) => EventStatus::DeclaredInError,
        None => EventStatus::DeclaredWithoutOriginal,
    };
    let effective = before.is_some_and(|before| before.effective);
    let late = before.is_some_and(|before| before.late);
    let record = before.and_then(|before| before.record);
    let row = EventRow { declaration: Some(case.record().id), effective, late, names, record, status };
    Ok(write(effects, event_key.to_owned(), row))
}

/// What undoing an effective event writes; `None` where there is nothing to undo or something depends on it.
fn undo(case: &Case<'_>, event: &Event, event_key: &str, before: Option<&EventRow>) -> Checked<Option<Writes>> {
    let Some((before, original)) = before.filter(|before| before.effective).and_then(|row| Some((row, row.record?)))
    else {
        return Ok(None);
    };
    for epc in named(case, event) {
        check_scope(case, event, Some(&Thing::find(case, epc)?))?;
    }
    let Some((effects, moved)) = undo::undone(case, event, original)? else { return Ok(None) };

    let declaration = Some(case.record().id);
    let row = EventRow { declaration, status: EventStatus::Undone, ..before.clone() };
    let mut writes = write(effects, event_key.to_owned(), row);
    moved.write(&mut writes);
    Ok(Some(writes))
}
