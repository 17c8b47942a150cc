//! Capturing an event: what every type of event shares.

use std::collections::BTreeSet;

use hefu_keys::Hash;

use super::{
    AHEAD_MAX, Capture, Event, EventKind, EventRow, EventStatus, ThingRow, declare, nesting, object,
    thing::{Thing, check_authority, check_scope},
};
use crate::{
    canonical_text,
    entry::Role,
    execute::{Case, Checked},
    gs1::Epc,
    parties::{KeyRole, SiteRow, site_of_gln},
    record::Record,
    refusal::{Code, Refusal},
    row::{self, Data},
    state::{Note, Writes},
};

/// What an event does to one thing.
pub(super) struct Effect {
    /// The thing's row.
    pub key: String,
    /// As the event leaves it.
    pub row: ThingRow,
    /// Its entry; none where only a measure changes that no history tells.
    pub note: Option<Note>,
}

impl Effect {
    pub(super) fn noted(thing: Thing, note: impl Into<Note>) -> Effect {
        Effect { key: thing.key, row: thing.row, note: Some(note.into()) }
    }
}

pub(crate) fn capture(case: &Case<'_>, body: &Capture) -> Checked<Writes> {
    case.require(KeyRole::Capture)?;
    let event = &body.event;
    check_parts(case.record(), event)?;
    if event.time > case.moment().time.plus(AHEAD_MAX) {
        let detail = format!("{}, now is {}", event.time, case.moment().time);
        return Err(Refusal::new(Code::EventFuture).at("/body/event/eventTime").because(detail).into());
    }
    check_sites(case, event)?;
    if case.submission().list(event.list()).is_empty() && event.classes.is_empty() {
        check_scope(case, event, None)?;
    }
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

    let row = EventRow {
        declaration: None,
        names: Some(digest(&named(case, event))),
        record: Some(case.record().id),
        status: EventStatus::Recorded,
    };
    Ok(write(effects, event_key, row))
}

/// The rows of an event's effects and of the event itself.
pub(super) fn write(effects: Vec<Effect>, event_key: String, row: EventRow) -> Writes {
    let mut writes = Writes::default();
    for Effect { key, row, note } in effects {
        let data = Data::Thing(Box::new(row));
        match note {
            Some(note) => writes.note(key, data, note),
            None => writes.set(key, data),
        }
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

/// Where things are seen is no site of another organisation; where they are afterwards may be one of whoever has them:
/// a laboratory inspects at a factory.
fn check_sites(case: &Case<'_>, event: &Event) -> Checked<()> {
    if let Some(site) = site_of_other(case, event.read_point.as_ref())? {
        return Err(foreign("readPoint", &site).into());
    }
    let Some(site) = site_of_other(case, event.biz_location.as_ref())? else { return Ok(()) };
    for epc in named(case, event) {
        let thing = Thing::find(case, epc)?;
        if thing.is_bound() && !thing.is_with(case, &site.party)? {
            return Err(foreign("bizLocation", &site).into());
        }
    }
    Ok(())
}

fn site_of_other(case: &Case<'_>, place: Option<&Epc>) -> Checked<Option<SiteRow>> {
    let Some(gln) = place.and_then(Epc::gln) else { return Ok(None) };
    Ok(site_of_gln(case, &gln)?.filter(|site| site.party != case.party()))
}

fn foreign(field: &str, site: &SiteRow) -> Refusal {
    let refusal = Refusal::new(Code::SiteForeign).at(format!("/body/event/{field}/id"));
    Refusal { conflict: site.record, ..refusal.because(format!("it is a site of {}", site.party)) }
}

/// Every identifier of something that an event is about: things, classes, and what encloses them.
pub(super) fn named<'a>(case: &'a Case<'_>, event: &'a Event) -> BTreeSet<&'a Epc> {
    case.submission().list(event.list()).iter().chain(&event.classes).chain(&event.parent).collect()
}

/// SHA-256 of the identifiers' canonical list.
pub(super) fn digest(named: &BTreeSet<&Epc>) -> Hash {
    let identifiers: Vec<&str> = named.iter().map(|epc| epc.as_str()).collect();
    Hash::of(canonical_text(&identifiers).as_bytes())
}

/// Every thing an event names one by one, with the author's authority checked.
pub(super) fn things(case: &Case<'_>, event: &Event) -> Checked<Vec<Thing>> {
    let mut things = Vec::new();
    for epc in case.submission().list(event.list()) {
        let thing = Thing::find(case, epc)?;
        if thing.is_class() && thing.owner.is_some() {
            let detail = format!("{} is a class, which stands in a list with quantities", epc.as_str());
            return Err(Refusal::new(Code::RecordShape).at(event.list()).because(detail).into());
        }
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
        if event.makes() {
            thing.row.commissioned.get_or_insert_with(|| Thing::mark(case, event));
        }
        effects.push(Effect::noted(thing, Role::Observe));
    }
    Ok(effects)
}
