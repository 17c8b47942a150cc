//! AggregationEvents and AssociationEvents: things go into, or are fixed to, others.
//!
//! Both nest: a thing has one parent at a time, and whoever moves the outermost parent moves everything in it. They
//! differ in what people mean, not in the rules.

use super::{
    Event, EventAction, EventKind, Mark, NESTING_MAX, Parent, Side, ThingRow,
    capture::{Effect, things},
    contents::{self, Contents},
    recall,
    thing::{Thing, check_authority},
};
use crate::{
    entry::Role,
    execute::{Case, Checked},
    gs1::{Epc, EpcKind},
    refusal::{Code, Refusal},
    state::Note,
};

pub(super) fn effects(case: &Case<'_>, event: &Event, action: EventAction) -> Checked<Vec<Effect>> {
    let children = things(case, event, "/body/event/childEPCs", Side::Subject)?;
    let Some(parent) = &event.parent else {
        return children.into_iter().map(|child| observe(event, child)).collect();
    };
    let parent = Thing::find(case, parent)?;
    if parent.owner.is_some() {
        check_authority(case, event, &parent, Side::Subject)?;
    }
    match action {
        EventAction::Add => put_in(case, event, parent, children),
        EventAction::Delete => take_out(case, event, parent, children),
        EventAction::Observe => std::iter::once(parent).chain(children).map(|thing| observe(event, thing)).collect(),
    }
}

/// A container comes into being when it is first packed; an item does not.
fn creates(parent: &Thing) -> bool {
    parent.row.commissioned.is_none() && matches!(parent.epc.kind(), EpcKind::Container)
}

fn observe(event: &Event, mut thing: Thing) -> Checked<Effect> {
    if thing.is_bound() {
        thing.check_alive(event)?;
    }

    thing.settle(event);
    Ok(Effect::noted(thing, Role::Observe))
}

fn put_in(case: &Case<'_>, event: &Event, mut parent: Thing, mut children: Vec<Thing>) -> Checked<Vec<Effect>> {
    let created = creates(&parent);
    let above = parent.ancestors(case)?;
    if parent.is_bound() && !created {
        parent.check_alive(event)?;
        parent.check_order(event)?;
        let outermost = parent.outermost(case)?;
        check_held(case, &parent, &outermost)?;
    }
    let levels = contents::levels_of(&children);
    if above.len().saturating_add(levels) > NESTING_MAX {
        return Err(parent.refuse(Code::PackDepth, None).into());
    }
    recall::check(case, event, &children.iter().collect::<Vec<_>>())?;
    let place = event.place().or(event.read_point.as_ref());
    for child in &children {
        if child.key == parent.key || above.iter().any(|(key, _)| *key == child.key) {
            return Err(child.refuse(Code::PackCycle, None).into());
        }
        if !child.is_bound() {
            continue;
        }
        child.check_alive(event)?;
        child.check_order(event)?;
        child.check_unpacked()?;
        check_held(case, child, &child.row)?;
        check_same_place(child, place)?;
    }

    let lots = lots(case, event)?;
    let mark = Thing::mark(case, event);
    let mut containers = vec![parent.key.clone()];
    containers.extend(above.iter().map(|(key, _)| key.clone()));
    let load = Contents::of_children(&children, levels);
    let raised = contents::put_in(&mut parent.row, above, load, lots.into_iter());
    for child in &mut children {
        child.row.parent = Some(Parent { key: parent.key.clone(), record: mark.record });
        child.row.last = Some(mark.clone());
    }
    if parent.row.commissioned.is_none() {
        parent.row.commissioned = Some(mark.clone());
        parent.row.holder = Some(mark.clone());
    }
    parent.row.last = Some(mark);
    let role = if matches!(event.kind, EventKind::Association(_)) { Role::Associate } else { Role::Pack };
    let mut effects = nested(event, parent, children, (Role::Contain, role), &containers);
    effects.extend(raised);
    Ok(effects)
}

/// Rows of the lots and classes, whose prefix is registered here, that an event names with a quantity.
fn lots(case: &Case<'_>, event: &Event) -> Checked<Vec<String>> {
    let mut lots = Vec::new();
    for class in event.classes() {
        let lot = Thing::find(case, class)?;
        if lot.owner.is_some() {
            lots.push(lot.key);
        }
    }
    Ok(lots)
}

fn take_out(case: &Case<'_>, event: &Event, mut parent: Thing, children: Vec<Thing>) -> Checked<Vec<Effect>> {
    let outermost = parent.outermost(case)?;
    if parent.is_bound() {
        if children.is_empty() && event.quantities.is_empty() {
            // EPCIS lets the list be absent for "everything"; whoever checks one item's history must find it named.
            return Err(parent.refuse(Code::UnpackAll, None).at("/body/event/childEPCs").into());
        }
        parent.check_alive(event)?;
        parent.check_order(event)?;
        check_held(case, &parent, &outermost)?;
    }
    for child in children.iter().filter(|child| child.is_bound()) {
        child.check_alive(event)?;
        child.check_order(event)?;
        let inside = child.row.parent.as_ref();
        if inside.is_none_or(|inside| inside.key != parent.key) {
            return Err(child.refuse(Code::ItemNotInParent, inside.map(|inside| inside.record)).into());
        }
        // Nobody vouches for a container from elsewhere: whoever had the thing has it still.
        if !parent.row.began_here() {
            check_held(case, child, &child.row)?;
        }
    }

    let mark = Thing::mark(case, event);
    let mut containers = vec![parent.key.clone()];
    containers.extend(parent.ancestors(case)?.into_iter().map(|(key, _)| key));
    let holder =
        outermost.holder.as_ref().map(|holder| Mark { at: mark.at, by: holder.by.clone(), record: mark.record });
    // A thing from elsewhere that was not inside is merely seen: what did not enclose it tells nothing of it.
    let (mut children, strangers): (Vec<Thing>, Vec<Thing>) = children
        .into_iter()
        .partition(|child| child.row.parent.as_ref().is_some_and(|inside| inside.key == parent.key));
    contents::take_out(&mut parent.row, &children);
    for child in &mut children {
        child.row.parent = None;
        if !child.is_bound() || parent.row.began_here() {
            child.row.holder = holder.clone().or(child.row.holder.take());
        }
        child.row.place = outermost.place.clone();
        child.row.last = Some(mark.clone());
    }
    parent.row.last = Some(mark);
    let role = if matches!(event.kind, EventKind::Association(_)) { Role::Dissociate } else { Role::Unpack };
    let mut effects = nested(event, parent, children, (Role::Release, role), &containers);
    for stranger in strangers {
        effects.push(observe(event, stranger)?);
    }
    Ok(effects)
}

fn nested(
    event: &Event,
    mut parent: Thing,
    children: Vec<Thing>,
    (outer, inner): (Role, Role),
    containers: &[String],
) -> Vec<Effect> {
    parent.settle(event);
    let inside = children.into_iter().map(|mut child| {
        child.settle(event);
        Effect::noted(child, Note { containers: containers.to_vec(), ..Note::from(inner) })
    });
    std::iter::once(Effect::noted(parent, outer)).chain(inside).collect()
}

/// That the author's organisation has it and it is not on its way; `outermost` says so for what is enclosed.
fn check_held(case: &Case<'_>, thing: &Thing, outermost: &ThingRow) -> Result<(), Refusal> {
    if let Some(transfer) = outermost.transfer.as_ref().filter(|transfer| transfer.is_open(case.moment().time)) {
        return Err(thing.refuse(Code::ItemInTransit, Some(transfer.record)));
    }
    match &outermost.holder {
        Some(holder) if holder.by == case.party() => Ok(()),
        Some(holder) => Err(thing.refuse(Code::PackHolder, Some(holder.record))),
        None => Err(thing.refuse(Code::PackHolder, None)),
    }
}

/// Two places differ when both are known and neither their GLNs nor their identifiers agree.
pub(super) fn is_elsewhere(at: Option<&str>, place: Option<&Epc>) -> bool {
    let (Some(at), Some(place)) = (at, place) else { return false };
    match (Epc::parse(at).ok().as_ref().and_then(Epc::gln), place.gln()) {
        (Some(a), Some(b)) => a != b,
        _ => at != place.as_str(),
    }
}

fn check_same_place(child: &Thing, place: Option<&Epc>) -> Result<(), Refusal> {
    let (Some(at), Some(place)) = (&child.row.place, place) else { return Ok(()) };
    if !is_elsewhere(Some(at), Some(place)) {
        return Ok(());
    }
    let last = child.row.last.as_ref().map(|last| last.record);
    let refusal = child.refuse(Code::PackPlace, last);
    Err(refusal.because(format!("{} is at {at}, not at {}", child.epc.as_str(), place.as_str())))
}
