//! TransactionEvents: things belong, or cease to belong, to business transactions.
//!
//! Which ones is nobody's business but the parties', so the transactions are a detached value that no rule reads.

use super::{
    Event, Side,
    capture::{Effect, things},
    thing::{Thing, check_authority},
};
use crate::{
    entry::Role,
    execute::{Case, Checked},
};

pub(super) fn effects(case: &Case<'_>, event: &Event) -> Checked<Vec<Effect>> {
    let mut things = things(case, event, "/body/event/epcList", Side::Subject)?;
    if let Some(parent) = &event.parent {
        let parent = Thing::find(case, parent)?;
        if things.iter().all(|thing| thing.key != parent.key) {
            check_authority(case, event, &parent, Side::Subject)?;
            things.push(parent);
        }
    }
    things.into_iter().map(|thing| linked(event, thing)).collect()
}

fn linked(event: &Event, mut thing: Thing) -> Checked<Effect> {
    if thing.is_bound() {
        thing.check_alive(event)?;
    }

    thing.settle(event);
    Ok(Effect::noted(thing, Role::Transact))
}
