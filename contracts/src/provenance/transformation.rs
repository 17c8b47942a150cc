//! TransformationEvents: some things are used up, and others come of them (EPCIS 2.0 §7.4.6).

use std::collections::BTreeSet;

use hefu_keys::Hash;

use super::{
    Capture, Event, Flag, INPUTS, OUTPUTS, Side, TransformationRow,
    ancestry::{self, Ancestry},
    capture::{Effect, things},
    object, report,
    thing::Thing,
};
use crate::{
    entry::Role,
    execute::{Case, Checked},
    gs1::Epc,
    row,
    shared::Shared,
};

/// The things of a transformation, besides the effects on classes that the event has already; and its own row.
pub(super) fn apply(
    case: &Case<'_>,
    body: &Capture,
    effects: &mut Vec<Effect>,
) -> Checked<(String, TransformationRow)> {
    let event = &body.event;
    let inputs = things(case, event, INPUTS, Side::Input)?;
    let outputs = things(case, event, OUTPUTS, Side::Output)?;
    let key = key_of(case, event);
    let before: Option<Shared<TransformationRow>> = case.get(&key)?;
    let within = report::check(case, event)?;
    let behind = check_ancestry(case, event, &key, (&inputs, &outputs))?;
    for input in inputs.iter().filter(|input| input.is_bound()) {
        input.check_at_disposal(case, event)?;
        input.check_empty()?;
    }

    let first = || TransformationRow { at: event.time, by: case.party().to_owned(), depth: 0, inputs: Vec::new() };
    let mut row = before.map_or_else(first, Shared::into_owned);
    row.at = row.at.max(event.time);
    row.depth = row.depth.max(behind.depth);
    row.inputs.extend(inputs.iter().map(|input| input.key.clone()));
    row.inputs.extend(event.quantities_of(Side::Input).map(|quantity| row::key_of_thing(&quantity.class)));
    row.inputs.sort();
    row.inputs.dedup();

    let mut made = object::commission(case, body, outputs, Role::Produce)?;
    let classes: BTreeSet<String> =
        event.quantities_of(Side::Output).map(|quantity| row::key_of_thing(&quantity.class)).collect();
    for effect in made.iter_mut().chain(effects.iter_mut().filter(|effect| classes.contains(&effect.key))) {
        if !within {
            effect.row.flag(Flag::YieldOutOfBounds);
        }
        // What comes from elsewhere may be named on both sides, again and again; it does not come of itself.
        if behind.things.contains(&effect.key) {
            continue;
        }
        if let Err(at) = effect.row.sources.binary_search(&key) {
            effect.row.sources.insert(at, key.clone());
        }
    }
    // Such a thing is told as what was used up.
    let used: BTreeSet<String> = inputs.iter().map(|input| input.key.clone()).collect();
    made.retain(|effect| !used.contains(&effect.key));
    effects.extend(made);
    effects.extend(inputs.into_iter().map(|input| consume(case, event, input)));
    Ok((key, row))
}

fn key_of(case: &Case<'_>, event: &Event) -> String {
    let hash = event.transformation.as_ref().map_or(case.record().id, |id| Hash::of(id.as_bytes()));
    row::key_of_transformation(case.party(), &hash)
}

/// Ancestry is judged where the rules bind what comes of it; others may name the same things on both sides.
fn check_ancestry(
    case: &Case<'_>,
    event: &Event,
    key: &str,
    (inputs, outputs): (&[Thing], &[Thing]),
) -> Checked<Ancestry> {
    let classes = |side| event.quantities_of(side).map(|quantity| &quantity.class).collect::<BTreeSet<&Epc>>();
    let find = |classes: BTreeSet<&Epc>| {
        classes.into_iter().map(|class| Thing::find(case, class)).collect::<Checked<Vec<_>>>()
    };
    let (lots_in, lots_out) = (find(classes(Side::Input))?, find(classes(Side::Output))?);
    let used: Vec<&Thing> = inputs.iter().chain(&lots_in).collect();
    let owned = outputs.iter().chain(&lots_out).filter(|thing| thing.owner.is_some());
    let owned: BTreeSet<&str> = owned.map(|thing| thing.key.as_str()).collect();
    ancestry::check(case, key, &used, &owned)
}

fn consume(case: &Case<'_>, event: &Event, mut input: Thing) -> Effect {
    let mark = Thing::mark(case, event);
    input.settle(event);
    input.row.consumed.get_or_insert_with(|| mark.clone());
    input.row.last = Some(mark);
    Effect::noted(input, Role::Consume)
}
