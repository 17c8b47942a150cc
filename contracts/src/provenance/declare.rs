//! Error declarations: an organisation takes back its word (EPCIS 2.0 §7.4.1.2).
//!
//! The original stays as it is and queries return both. A declaration is noted on every row it names and the rows are
//! flagged; the state that the original led to stands, since later events may rest on it.

use super::{
    Event, EventRow, EventStatus, Flag,
    capture::{Effect, write},
    thing::{Thing, check_authority},
};
use crate::{
    entry::Role,
    execute::{Case, Checked},
    refusal::{Code, Refusal},
    state::Writes,
};

pub(super) fn declare(case: &Case<'_>, event: &Event, event_key: &str, before: Option<EventRow>) -> Checked<Writes> {
    if let Some(declaration) = before.as_ref().and_then(|before| before.declaration) {
        return Err(Refusal::new(Code::EventDuplicate).at("/body/cbv").against(declaration).into());
    }
    let flag = if before.is_some() { Flag::ErrorDeclared } else { Flag::ErrorWithoutOriginal };
    let listed = case.submission().list(event.list()).iter();
    let named = listed.chain(&event.classes).chain(&event.parent);
    let mut effects: Vec<Effect> = Vec::new();
    for epc in named {
        let mut thing = Thing::find(case, epc)?;
        check_authority(case, event, &thing)?;
        thing.row.flag(flag);
        effects.push((thing, Role::Flag.into()));
    }

    let status = match before {
        Some(_) => EventStatus::DeclaredInError,
        None => EventStatus::DeclaredWithoutOriginal,
    };
    let record = before.and_then(|before| before.record);
    let row = EventRow { declaration: Some(case.record().id), record, status };
    Ok(write(effects, event_key.to_owned(), row))
}
