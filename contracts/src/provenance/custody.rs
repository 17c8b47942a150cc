//! Custody: who has things and who is to have them.
//!
//! A shipping opens a handover that only the named receiver ends: by `receiving` it takes the thing, by `receiving` with
//! the disposition `returned` it refuses it. The shipper may take it back by `void_shipping`. What nobody took in time
//! is with the shipper as before.
//!
//! Owning is another thing than having. A shipping to another `owning_party` makes it the owner once the thing is received; a
//! TransactionEvent with one does at once. Only the owner can say so.

use super::{Event, Mark, TRANSFER_OPEN, Transfer, capture::Effect, recall, thing::Thing};
use crate::{
    entry::Role,
    execute::{Case, Checked},
    gs1::Epc,
    parties::site_of_gln,
    refusal::{Code, Refusal},
};

/// The organisation that a party's or place's identifier stands for.
pub(super) fn organisation(case: &Case<'_>, epc: Option<&Epc>) -> Checked<Option<String>> {
    match epc.and_then(Epc::gln) {
        Some(gln) => Ok(site_of_gln(case, &gln)?.map(|site| site.party.clone())),
        None => Ok(None),
    }
}

/// The organisation that is to possess the things.
pub(super) fn receiver(case: &Case<'_>, event: &Event) -> Checked<Option<String>> {
    organisation(case, event.receiver.as_ref())
}

/// The organisation that they come from.
pub(super) fn giver(case: &Case<'_>, event: &Event) -> Checked<Option<String>> {
    organisation(case, event.giver.as_ref())
}

pub(super) fn no_receiver(about: &str) -> Refusal {
    Refusal::new(Code::TransferNoReceiver).at("/body/event/destinationList").because(about)
}

pub(super) fn ship(case: &Case<'_>, event: &Event, things: Vec<Thing>) -> Checked<Vec<Effect>> {
    let to = receiver(case, event)?;
    let new_owner = organisation(case, event.new_owner.as_ref())?;
    recall::check(case, event, &things.iter().collect::<Vec<_>>())?;
    let effect = |mut thing: Thing| {
        if thing.is_bound() {
            thing.check_at_disposal(case, event)?;
            let to = to.clone().ok_or_else(|| no_receiver(thing.epc.as_str()))?;
            let owner = thing.new_owner(case, new_owner.as_ref())?;

            let mark = Thing::mark(case, event);
            let expires = case.moment().time.plus(TRANSFER_OPEN);
            let (at, from, record) = (mark.at, mark.by.clone(), mark.record);
            thing.row.transfer = Some(Transfer { at, expires, from, owner, record, to });
            thing.row.last = Some(mark);
        }
        thing.settle(event);
        Ok(Effect::noted(thing, Role::Ship))
    };
    things.into_iter().map(effect).collect()
}

/// The shipper takes back what it shipped.
pub(super) fn take_back(case: &Case<'_>, event: &Event, mut thing: Thing) -> Checked<Effect> {
    if thing.is_bound() {
        thing.check_alive(event)?;
        thing.check_order(event)?;
        thing.check_unpacked()?;
        match &thing.row.transfer {
            Some(transfer) if transfer.from == case.party() => {}
            Some(transfer) => return Err(thing.refuse(Code::TransferOther, Some(transfer.record)).into()),
            None => return Err(none_open(&thing).into()),
        }

        thing.row.transfer = None;
        thing.row.last = Some(Thing::mark(case, event));
    }
    thing.settle(event);
    Ok(Effect::noted(thing, Role::Recover))
}

pub(super) fn receive(case: &Case<'_>, event: &Event, mut thing: Thing) -> Checked<Effect> {
    let mut role = Role::Receive;
    if thing.is_bound() {
        thing.check_alive(event)?;
        thing.check_order(event)?;
        thing.check_unpacked()?;
        match &thing.row.transfer {
            Some(transfer) if transfer.to != case.party() => {
                return Err(thing.refuse(Code::TransferOther, Some(transfer.record)).into());
            }
            Some(transfer) if transfer.expires < case.moment().time => {
                return Err(thing.refuse(Code::TransferExpired, Some(transfer.record)).into());
            }
            Some(_) => {}
            None => return Err(none_open(&thing).into()),
        }

        let mark = Thing::mark(case, event);
        let owner = thing.row.transfer.take().and_then(|transfer| transfer.owner);
        if event.disposition.as_deref() == Some("returned") {
            role = Role::Refuse;
        } else {
            thing.row.holder = Some(mark.clone());
            let owner = owner.map(|by| Mark { by, ..mark.clone() });
            thing.row.owner = owner.or(thing.row.owner.take());
        }
        thing.row.last = Some(mark);
    }

    if role == Role::Receive {
        thing.settle(event);
    }
    Ok(Effect::noted(thing, role))
}

fn none_open(thing: &Thing) -> Refusal {
    thing.refuse(Code::TransferNone, thing.row.holder.as_ref().map(|holder: &Mark| holder.record))
}
