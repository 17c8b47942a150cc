//! ObjectEvents: things come into being, are seen, change hands, and cease to be.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    Capture, Event, EventAction, Making, Side,
    capture::{Effect, things},
    custody,
    thing::Thing,
    travel,
};
use crate::{
    codes::{self, BatchRow, Issued},
    entry::Role,
    execute::{Case, Checked},
    gs1::EpcKind,
    parties::may_record,
    refusal::{Code, Refusal},
};

pub(super) fn effects(case: &Case<'_>, body: &Capture, action: EventAction) -> Checked<Vec<Effect>> {
    let event = &body.event;
    let things = things(case, event, "/body/event/epcList", Side::Subject)?;
    match (action, event.biz_step.as_deref()) {
        (EventAction::Add, _) => commission(case, body, things, Role::Commission),
        (EventAction::Delete, _) => each(things, |thing| destroy(case, event, thing)),
        (EventAction::Observe, Some("shipping")) => custody::ship(case, event, things),
        (EventAction::Observe, Some("void_shipping")) => each(things, |thing| custody::take_back(case, event, thing)),
        (EventAction::Observe, Some("receiving")) => each(things, |thing| custody::receive(case, event, thing)),
        (EventAction::Observe, Some("inspecting")) => each(things, |thing| observe(case, event, thing, Role::Inspect)),
        (EventAction::Observe, _) => each(things, |thing| observe(case, event, thing, Role::Observe)),
    }
}

fn each(things: Vec<Thing>, mut effect: impl FnMut(Thing) -> Checked<Effect>) -> Checked<Vec<Effect>> {
    things.into_iter().map(&mut effect).collect()
}

fn observe(case: &Case<'_>, event: &Event, mut thing: Thing, role: Role) -> Checked<Effect> {
    if thing.is_bound() {
        thing.check_alive(event)?;
        travel::note_apart(case, event, &mut thing)?;
    }

    thing.settle(event);
    Ok(Effect::noted(thing, role))
}

pub(super) fn commission(case: &Case<'_>, body: &Capture, things: Vec<Thing>, role: Role) -> Checked<Vec<Effect>> {
    let event = &body.event;
    let proven = body.commissioning.as_ref().map(|commissioning| codes::prove_issued(case, commissioning));
    let (batch, issued) = match proven.transpose()? {
        Some((batch, issued)) => (Some(batch), issued),
        None => (None, Vec::new()),
    };
    let codes: BTreeMap<&str, &Issued> = issued.iter().map(|code| (code.serial.as_str(), code)).collect();
    if let Some(commissioning) = &body.commissioning
        && things.len() != issued.len()
    {
        let detail = format!("{} codes are proven, {} are commissioned", issued.len(), things.len());
        let refusal = Refusal::new(Code::CodeNotIssued).at("/body/commissioning").against(commissioning.batch);
        return Err(refusal.because(detail).into());
    }
    let making = Making::by(case, event)?;
    each(things, |mut thing| {
        let code = proven_code(&thing, batch.as_deref(), &codes);
        if let Some(owner) = &thing.owner {
            if matches!(thing.epc.kind(), EpcKind::Item { .. }) && code.is_none() {
                let batch = body.commissioning.as_ref().map(|commissioning| commissioning.batch);
                return Err(thing.refuse(Code::CodeNotIssued, batch).into());
            }
            if let Some(before) = &thing.row.commissioned {
                return Err(thing.refuse(Code::ItemCommissioned, Some(before.record)).into());
            }
            if !may_record(case, &owner.prefix, &owner.party, event.biz_step.as_deref())? {
                return Err(thing.refuse(Code::AuthorityNone, None).into());
            }
        }

        let mark = Thing::mark(case, event);
        thing.settle(event);
        thing.row.commissioned.get_or_insert_with(|| mark.clone());
        thing.row.holder.get_or_insert_with(|| mark.clone());
        thing.row.last = Some(mark);
        if let (Some(making), Some(_), EpcKind::Item { .. }) = (&making, &thing.owner, thing.epc.kind()) {
            making.add_to(&mut thing.row.made);
        }
        if let (Some(code), Some(commissioning)) = (code, &body.commissioning) {
            thing.row.batch = Some(commissioning.batch);
            thing.row.claim_key = Some(URL_SAFE_NO_PAD.encode(code.claim_key));
        }
        Ok(Effect::noted(thing, role))
    })
}

/// The proven code of a thing: its serial stands in the batch and its GTIN is the batch's.
fn proven_code<'a>(thing: &Thing, batch: Option<&BatchRow>, codes: &BTreeMap<&str, &'a Issued>) -> Option<&'a Issued> {
    match thing.epc.kind() {
        EpcKind::Item { gtin, serial } if batch.is_some_and(|batch| batch.gtin == gtin) => {
            codes.get(serial.as_str()).copied()
        }
        EpcKind::Item { .. } | EpcKind::Class { .. } | EpcKind::Container | EpcKind::Other => None,
    }
}

fn destroy(case: &Case<'_>, event: &Event, mut thing: Thing) -> Checked<Effect> {
    if thing.is_bound() {
        thing.check_at_disposal(case, event)?;
        thing.check_empty()?;
    }

    let mark = Thing::mark(case, event);
    thing.settle(event);
    thing.row.last = Some(mark.clone());
    thing.row.destroyed = Some(mark);
    Ok(Effect::noted(thing, Role::Destroy))
}
