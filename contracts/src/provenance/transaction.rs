//! TransactionEvents: things belong, or cease to belong, to business transactions.
//!
//! Which ones is nobody's business but the parties', so the transactions are a detached value that no rule reads.

use super::{
    Event, EventAction, EventKind, Mark, Side,
    capture::{Effect, things},
    custody,
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
    // Being linked to a transaction may mean being sold; being seen in one, or taken out of one, does not.
    let to = match event.kind {
        EventKind::Transaction(EventAction::Add) => custody::organisation(case, event.new_owner.as_ref())?,
        EventKind::Object(_)
        | EventKind::Aggregation(_)
        | EventKind::Association(_)
        | EventKind::Transaction(EventAction::Observe | EventAction::Delete)
        | EventKind::Transformation => None,
    };
    things.into_iter().map(|thing| linked(case, event, thing, to.as_ref())).collect()
}

fn linked(case: &Case<'_>, event: &Event, mut thing: Thing, to: Option<&String>) -> Checked<Effect> {
    if thing.is_bound() {
        thing.check_alive(event)?;
        if let Some(by) = thing.new_owner(case, to)? {
            thing.check_order(event)?;
            let mark = Thing::mark(case, event);
            thing.row.owner = Some(Mark { at: mark.at, by, record: mark.record });
            thing.row.last = Some(mark);
        }
    }

    thing.settle(event);
    Ok(Effect::noted(thing, Role::Transact))
}
