//! Capturing an event: what every type of event shares.

use std::collections::BTreeSet;

use hefu_keys::Hash;

use super::{
    AHEAD_MAX, Capture, Event, EventAction, EventKind, EventRow, EventStatus, LATE_AFTER, Making, Side, TRANSACTIONS,
    ThingRow,
    balance::{self, Course, Moved},
    declare,
    event::check_named,
    nesting, object, recall,
    thing::{Thing, check_authority, check_scope},
    transaction, transformation, travel,
};
use crate::{
    canonical_text,
    entry::Role,
    execute::{Case, Checked},
    gs1::{Epc, EpcKind},
    parties::{KeyRole, SiteRow, site_of_gln},
    record::Record,
    refusal::{Code, Refusal},
    row,
    shared::Shared,
    state::{Note, Stop, Writes},
};

/// What an event does to one thing.
pub(super) struct Effect {
    /// The thing's row.
    pub key: String,
    /// As the event leaves it.
    pub row: Shared<ThingRow>,
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
    if named(case, event).is_empty() {
        check_scope(case, event, None)?;
    }
    let event_key = row::key_of_event(case.party(), &body.cbv);
    let before: Option<Shared<EventRow>> = case.get(&event_key)?;
    if event.declares_error {
        return declare::declare(case, event, &event_key, before.as_deref());
    }
    if let Some(before) = before {
        let mut refusal = Refusal::new(Code::EventDuplicate).at("/body/cbv").because(body.cbv.to_string());
        refusal.conflict = before.record.or(before.declaration);
        return Err(refusal.into());
    }
    let mut effects = match event.kind {
        EventKind::Object(action) => object::effects(case, body, action)?,
        EventKind::Aggregation(action) | EventKind::Association(action) => nesting::effects(case, event, action)?,
        EventKind::Transaction(_) => transaction::effects(case, event)?,
        EventKind::Transformation => Vec::new(),
    };
    effects.extend(class_effects(case, event)?);
    let moved = move_lots(case, event, &mut effects, Course::On)?;
    let made = match event.kind {
        EventKind::Transformation => Some(transformation::apply(case, body, &mut effects)?),
        EventKind::Object(_) | EventKind::Aggregation(_) | EventKind::Association(_) | EventKind::Transaction(_) => {
            None
        }
    };

    travel::note(case, event, &mut effects)?;
    let effective = remember(case, &mut effects)? || !moved.is_empty() || made.is_some();
    let row = EventRow {
        declaration: None,
        effective,
        late: case.moment().time > event.time.plus(LATE_AFTER),
        names: Some(digest(case, event)),
        record: Some(case.record().id),
        status: EventStatus::Recorded,
    };
    let mut writes = write(effects, event_key, row);
    moved.write(&mut writes);
    if let Some((key, row)) = made {
        writes.set(key, row);
    }
    Ok(writes)
}

/// Keeps what the rows said before an effect on their state, and tells whether there is one.
fn remember(case: &Case<'_>, effects: &mut [Effect]) -> Checked<bool> {
    let mut any = false;
    for effect in effects {
        if effect.row.last.as_ref().is_none_or(|last| last.record != case.record().id) {
            continue;
        }
        let mut before: Shared<ThingRow> = case.get(&effect.key)?.unwrap_or_default();
        if before.before.is_some() {
            before.before = None;
        }
        effect.row.before = Some(before);
        any = true;
    }
    Ok(any)
}

/// The rows of an event's effects and of the event itself.
pub(super) fn write(effects: Vec<Effect>, event_key: String, row: EventRow) -> Writes {
    let mut writes = Writes::default();
    for Effect { key, row, note } in effects {
        match note {
            Some(note) => writes.note(key, row, note),
            None => writes.set(key, row),
        }
    }
    writes.set(event_key, row);
    writes
}

/// Lists stand where the event's type has them, and detached values only where no rule reads them.
fn check_parts(record: &Record, event: &Event) -> Result<(), Refusal> {
    use crate::annex::Part;
    for (pointer, part) in &record.parts {
        let allowed = match part {
            Part::List { .. } => event.lists().contains(&pointer.as_str()),
            Part::Value { .. } => event.may_detach(pointer),
        };
        if !allowed {
            return Err(Refusal::new(Code::RecordPart).at(pointer).because("this field is not detached"));
        }
    }
    if record.visibility.is_public() && event.has(TRANSACTIONS) {
        let detail = "in a public record transactions travel as a detached value";
        return Err(Refusal::new(Code::RecordPart).at("/body/event/bizTransactionList").because(detail));
    }
    check_named(event, |field| record.parts.contains_key(&format!("/body/event/{field}")))
}

/// Where things are seen is no site of another organisation; where they are afterwards may be one of whoever has them:
/// a laboratory inspects at a factory. A declaration of error repeats where they were then, with whoever they are now.
fn check_sites(case: &Case<'_>, event: &Event) -> Checked<()> {
    if let Some(site) = site_of_other(case, event.read_point.as_ref())? {
        return Err(foreign("readPoint", &site).into());
    }
    if event.declares_error {
        return Ok(());
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

fn site_of_other(case: &Case<'_>, place: Option<&Epc>) -> Checked<Option<Shared<SiteRow>>> {
    let Some(gln) = place.and_then(Epc::gln) else { return Ok(None) };
    Ok(site_of_gln(case, &gln)?.filter(|site| site.party != case.party()))
}

fn foreign(field: &str, site: &SiteRow) -> Refusal {
    let refusal = Refusal::new(Code::SiteForeign).at(format!("/body/event/{field}/id"));
    Refusal { conflict: site.record, ..refusal.because(format!("it is a site of {}", site.party)) }
}

/// Every identifier of something that an event is about: things, classes, and what encloses them.
pub(super) fn named<'a>(case: &'a Case<'_>, event: &'a Event) -> BTreeSet<&'a Epc> {
    let listed = event.lists().iter().flat_map(|list| case.submission().list(list));
    listed.chain(event.classes()).chain(&event.parent).collect()
}

/// SHA-256 of the canonical list of what an event names, how much of it, and what for.
pub(super) fn digest(case: &Case<'_>, event: &Event) -> Hash {
    let mut said: Vec<String> = named(case, event).iter().map(|epc| epc.as_str().to_owned()).collect();
    said.extend(event.quantities.iter().map(|quantity| {
        let amount = quantity.amount.map(|amount| amount.to_string()).unwrap_or_default();
        format!("{} {amount} {} {}", quantity.pointer, quantity.unit, quantity.class)
    }));
    said.push(event.biz_step.clone().unwrap_or_default());
    said.push(event.receiver.as_ref().map(|receiver| receiver.as_str().to_owned()).unwrap_or_default());
    Hash::of(canonical_text(&said).as_bytes())
}

/// Every thing that one of an event's lists names, with the author's authority checked.
pub(super) fn things(case: &Case<'_>, event: &Event, list: &'static str, side: Side) -> Checked<Vec<Thing>> {
    let mut things = Vec::new();
    for epc in case.submission().list(list) {
        let thing = Thing::find(case, epc)?;
        if thing.is_class() && thing.owner.is_some() {
            let detail = format!("{} is a class, which stands in a list with quantities", epc.as_str());
            return Err(Refusal::new(Code::RecordShape).at(list).because(detail).into());
        }
        check_authority(case, event, &thing, side)?;
        things.push(thing);
    }
    Ok(things)
}

/// Balances of lots whose prefix is registered here, with what they leave on the rows of lots and of their container.
pub(super) fn move_lots<'a>(
    case: &'a Case<'_>,
    event: &Event,
    effects: &mut [Effect],
    course: Course,
) -> Checked<Moved<'a>> {
    let bound = |epc: &Epc| Ok::<_, Stop>(Thing::find(case, epc)?.owner.is_some());
    let mut quantities = Vec::new();
    for quantity in &event.quantities {
        if quantity.class.kind() != EpcKind::Other && bound(&quantity.class)? {
            quantities.push(quantity);
        }
    }
    if leaves(event) && course == Course::On {
        let lots: Vec<Thing> =
            quantities.iter().map(|quantity| Thing::find(case, &quantity.class)).collect::<Checked<_>>()?;
        recall::check(case, event, &lots.iter().collect::<Vec<_>>())?;
    }
    let parent = match &event.parent {
        Some(parent) if bound(parent)? => Some(row::key_of_thing(parent)),
        Some(_) | None => None,
    };
    let moved = balance::moved(case, event, &quantities, parent.as_deref(), course)?;
    for effect in effects {
        if parent.as_ref() == Some(&effect.key) {
            effect.row.lots = moved.lots_of(&effect.key, &effect.row.lots);
        }
        if let Some(flag) = moved.mismatches().get(&effect.key) {
            effect.row.flag(*flag);
        }
    }
    Ok(moved)
}

/// Whether what an event names is on its way out or into a container, where what is recalled is stopped.
fn leaves(event: &Event) -> bool {
    let ships = event.biz_step.as_deref() == Some("shipping");
    match event.kind {
        EventKind::Object(EventAction::Observe) => ships,
        EventKind::Aggregation(EventAction::Add) | EventKind::Association(EventAction::Add) => true,
        EventKind::Object(_)
        | EventKind::Aggregation(_)
        | EventKind::Association(_)
        | EventKind::Transaction(_)
        | EventKind::Transformation => false,
    }
}

/// Lots and classes are noted.
pub(super) fn class_effects(case: &Case<'_>, event: &Event) -> Checked<Vec<Effect>> {
    let mut effects = Vec::new();
    let making = if event.makes() { Making::by(case, event)? } else { None };
    for class in event.classes() {
        let mut thing = Thing::find(case, class)?;
        let sides: BTreeSet<Side> =
            event.quantities.iter().filter(|quantity| quantity.class == *class).map(|quantity| quantity.side).collect();
        for side in &sides {
            check_authority(case, event, &thing, *side)?;
        }
        let input = sides.contains(&Side::Input);
        if event.makes() && sides.iter().any(|side| *side != Side::Input) {
            thing.row.commissioned.get_or_insert_with(|| Thing::mark(case, event));
            if let (Some(making), Some(_)) = (&making, &thing.owner) {
                making.add_to(&mut thing.row.made);
            }
        }
        let role = match event.kind {
            EventKind::Transformation if input => Role::Consume,
            EventKind::Transformation => Role::Produce,
            EventKind::Transaction(_) => Role::Transact,
            EventKind::Object(_) | EventKind::Aggregation(_) | EventKind::Association(_) => Role::Observe,
        };
        effects.push(Effect::noted(thing, role));
    }
    Ok(effects)
}
