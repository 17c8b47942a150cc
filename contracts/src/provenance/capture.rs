//! Capturing an event: what every type of event shares.

use super::{
    AHEAD_MAX, Capture, Event, EventKind, EventRow, EventStatus, ThingRow, declare, nesting, object,
    thing::{Thing, check_authority},
};
use crate::{
    entry::Role,
    execute::{Case, Checked},
    gs1::Epc,
    parties::{KeyRole, party_of_gln},
    record::Record,
    refusal::{Code, Refusal},
    row::{self, Data},
    state::{Note, Writes},
};

/// What an event does to one thing.
pub(super) type Effect = (Thing, Note);

pub(crate) fn capture(case: &Case<'_>, body: &Capture) -> Checked<Writes> {
    case.require(KeyRole::Capture)?;
    let event = &body.event;
    check_parts(case.record(), event)?;
    if event.time > case.moment().time.plus(AHEAD_MAX) {
        let detail = format!("{}, now is {}", event.time, case.moment().time);
        return Err(Refusal::new(Code::EventFuture).at("/body/event/eventTime").because(detail).into());
    }
    check_site(case, event)?;
    let event_key = row::key_of_event(case.party(), &body.cbv);
    let before: Option<EventRow> = case.get(&event_key)?;
    if event.declares_error {
        return declare::declare(case, event, &event_key, before);
    }
    if let Some(before) = before {
        let mut refusal = Refusal::new(Code::EventDuplicate).at("/body/cbv").because(body.cbv.to_string());
        refusal.conflict = before.record.or(before.declaration);
        return Err(refusal.into());
    }
    let mut effects = match event.kind {
        EventKind::Object => object::effects(case, body)?,
        EventKind::Aggregation | EventKind::Association => nesting::effects(case, event)?,
    };
    effects.extend(class_effects(case, event)?);

    let row = EventRow { declaration: None, record: Some(case.record().id), status: EventStatus::Recorded };
    Ok(write(effects, event_key, row))
}

/// The rows of an event's effects and of the event itself.
pub(super) fn write(effects: Vec<Effect>, event_key: String, row: EventRow) -> Writes {
    let mut writes = Writes::default();
    for (thing, note) in effects {
        writes.note(thing.key, Data::Thing(Box::new(thing.row)), note);
    }
    writes.set(event_key, Data::Event(row));
    writes
}

/// Lists stand where the event's type has them, and detached values only where no rule reads them.
fn check_parts(record: &Record, event: &Event) -> Result<(), Refusal> {
    use crate::annex::Part;
    for (pointer, part) in &record.parts {
        let allowed = match part {
            Part::List { .. } => pointer == event.list(),
            Part::Value { .. } => event.may_detach(pointer),
        };
        if !allowed {
            return Err(Refusal::new(Code::RecordPart).at(pointer).because("this field is not detached"));
        }
    }
    if record.visibility.is_public() && event.fields.iter().any(|field| field == "bizTransactionList") {
        let detail = "in a public record transactions travel as a detached value";
        return Err(Refusal::new(Code::RecordPart).at("/body/event/bizTransactionList").because(detail));
    }
    Ok(())
}

/// A read point that is somebody's site must be the author's own.
fn check_site(case: &Case<'_>, event: &Event) -> Checked<()> {
    let Some(gln) = event.read_point.as_ref().and_then(Epc::gln) else { return Ok(()) };
    match party_of_gln(case, &gln)? {
        Some(owner) if owner != case.party() => {
            let detail = format!("{gln} is a site of {owner}");
            Err(Refusal::new(Code::SiteForeign).at("/body/event/readPoint/id").because(detail).into())
        }
        Some(_) | None => Ok(()),
    }
}

/// Every thing an event names one by one, with the author's authority checked.
pub(super) fn things(case: &Case<'_>, event: &Event) -> Checked<Vec<Thing>> {
    let mut things = Vec::new();
    for epc in case.submission().list(event.list()) {
        let thing = Thing::find(case, epc)?;
        check_authority(case, event, &thing)?;
        things.push(thing);
    }
    Ok(things)
}

/// Lots and classes are noted; their balances are not kept yet.
pub(super) fn class_effects(case: &Case<'_>, event: &Event) -> Checked<Vec<Effect>> {
    let mut effects = Vec::new();
    for class in &event.classes {
        let mut thing = Thing::find(case, class)?;
        check_authority(case, event, &thing)?;
        if thing.row == ThingRow::default() {
            thing.row.commissioned = Some(Thing::mark(case, event));
        }
        effects.push((thing, Role::Observe.into()));
    }
    Ok(effects)
}
