//! Things under examination: their rows, their owners, and the checks that every event shares.

use hefu_keys::Hash;

use super::{Event, EventKind, Flag, Mark, NESTING_MAX, Side, ThingRow};
use crate::{
    execute::{Case, Checked},
    gs1::{Epc, EpcKind},
    parties::{KeyRole, find_owner, may_record},
    refusal::{Code, Refusal},
    row,
    shared::Shared,
};

/// The company prefix of an identifier and the organisation that registered it.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub prefix: String,
    pub party: String,
}

/// One thing that an event names.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    pub epc: Epc,
    pub key: String,
    /// As it stands, and as the event leaves it.
    pub row: Shared<ThingRow>,
    /// Whose company prefix it bears, where one is registered here.
    pub owner: Option<Owner>,
}

impl Thing {
    pub(super) fn find(case: &Case<'_>, epc: &Epc) -> Checked<Thing> {
        let key = row::key_of_thing(epc);
        let row: Shared<ThingRow> = case.get(&key)?.unwrap_or_default();
        let owner = match epc.company_digits() {
            Some(digits) => find_owner(case, digits)?,
            None => None,
        };
        let owner = owner.map(|(prefix, party)| Owner { prefix, party });
        let mut thing = Thing { epc: epc.clone(), key, row, owner };
        if thing.owner.is_none() && thing.row.began_here() {
            thing.row.flag(Flag::OriginNotOnLedger);
        }
        Ok(thing)
    }

    /// Whether it stands for many: a lot or a class.
    pub(super) fn is_class(&self) -> bool {
        matches!(self.epc.kind(), EpcKind::Class { .. })
    }

    /// Whether the rules bind its history: its prefix is registered here, and it is one thing. Balances of classes are
    /// not kept yet, so nothing of a lot can be impossible.
    pub(super) fn is_bound(&self) -> bool {
        self.owner.is_some() && !self.is_class()
    }

    /// A refusal about this thing.
    pub(super) fn refuse(&self, code: Code, against: Option<Hash>) -> Refusal {
        Refusal { conflict: against, ..Refusal::new(code).at("/body/event").because(self.epc.as_str()) }
    }

    /// That it exists at the event's time: commissioned before, and not destroyed.
    pub(super) fn check_alive(&self, event: &Event) -> Result<(), Refusal> {
        let Some(commissioned) = &self.row.commissioned else {
            return Err(self.refuse(Code::ItemNotCommissioned, None));
        };
        if let Some(destroyed) = &self.row.destroyed {
            return Err(self.refuse(Code::ItemDestroyed, Some(destroyed.record)));
        }
        if let Some(consumed) = &self.row.consumed {
            return Err(self.refuse(Code::ItemConsumed, Some(consumed.record)));
        }
        if event.time < commissioned.at {
            return Err(self.refuse(Code::EventBeforeCommissioning, Some(commissioned.record)));
        }
        Ok(())
    }

    /// That the event does not come before the last change of state; a mere observation may.
    pub(super) fn check_order(&self, event: &Event) -> Result<(), Refusal> {
        match &self.row.last {
            Some(last) if event.time < last.at => Err(self.refuse(Code::EventOutOfOrder, Some(last.record))),
            Some(_) | None => Ok(()),
        }
    }

    /// That nothing encloses it.
    pub(super) fn check_unpacked(&self) -> Result<(), Refusal> {
        match &self.row.parent {
            Some(parent) => Err(self.refuse(Code::ItemPacked, Some(parent.record))),
            None => Ok(()),
        }
    }

    /// That nothing is inside it: what is inside a thing that is gone could never come out.
    pub(super) fn check_empty(&self) -> Result<(), Refusal> {
        let count =
            self.row.contents.as_ref().map_or(0, |contents| contents.count).saturating_add(self.row.lots.len() as u64);
        if count == 0 {
            return Ok(());
        }
        let last = self.row.last.as_ref().map(|last| last.record);
        let detail = format!("{} holds {count}", self.epc.as_str());
        Err(self.refuse(Code::ItemNotEmpty, last).because(detail))
    }

    /// That no handover is under way.
    pub(super) fn check_at_rest(&self, case: &Case<'_>) -> Result<(), Refusal> {
        match &self.row.transfer {
            Some(transfer) if transfer.is_open(case.moment().time) => {
                Err(self.refuse(Code::ItemInTransit, Some(transfer.record)))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// That the author's organisation has it.
    pub(super) fn check_holder(&self, case: &Case<'_>, code: Code) -> Result<(), Refusal> {
        match &self.row.holder {
            Some(holder) if holder.by == case.party() => Ok(()),
            Some(holder) => Err(self.refuse(code, Some(holder.record))),
            None => Err(self.refuse(code, None)),
        }
    }

    /// The organisation that is to own it by the author's word, where that is another than now. Only its owner says so.
    pub(super) fn new_owner(&self, case: &Case<'_>, to: Option<&String>) -> Result<Option<String>, Refusal> {
        let Some(owner) = self.row.owner.as_ref().or(self.row.commissioned.as_ref()) else { return Ok(None) };
        match to {
            Some(to) if *to != owner.by && owner.by == case.party() => Ok(Some(to.clone())),
            Some(to) if *to != owner.by => {
                let detail = format!("{} is owned by {}", self.epc.as_str(), owner.by);
                Err(self.refuse(Code::OwnerOther, Some(owner.record)).because(detail))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// That the author may give it away or end it: it is alive, by itself, at rest and with the author's organisation.
    pub(super) fn check_at_disposal(&self, case: &Case<'_>, event: &Event) -> Result<(), Refusal> {
        self.check_alive(event)?;
        self.check_order(event)?;
        self.check_unpacked()?;
        self.check_at_rest(case)?;
        self.check_holder(case, Code::ItemNotHolder)
    }

    /// Every enclosing parent, innermost first, at most [`NESTING_MAX`] of them. Only around things from elsewhere can
    /// there be more: the rules keep others from being nested deeper.
    ///
    /// # Errors
    /// From the storage.
    pub(super) fn ancestors(&self, case: &Case<'_>) -> Checked<Vec<(String, Shared<ThingRow>)>> {
        let mut found = Vec::new();
        let mut next = self.row.parent.clone();
        while let Some(parent) = next.filter(|_| found.len() < NESTING_MAX) {
            let row: Shared<ThingRow> = case.get(&parent.key)?.unwrap_or_default();
            next = row.parent.clone();
            found.push((parent.key, row));
        }
        Ok(found)
    }

    /// The row that says who holds it and where it is: its own, or that of the outermost parent as far as
    /// their histories began here. A container from elsewhere gives nobody custody of what is in it.
    pub(super) fn outermost(&self, case: &Case<'_>) -> Checked<Shared<ThingRow>> {
        let bound = self.ancestors(case)?.into_iter().map(|(_, row)| row).take_while(|row| row.began_here());
        Ok(bound.last().unwrap_or_else(|| self.row.clone()))
    }

    /// Whether an organisation has it, or is the named receiver.
    pub(super) fn is_with(&self, case: &Case<'_>, party: &str) -> Checked<bool> {
        let ThingRow { holder, transfer, .. } = &*self.outermost(case)?;
        let (holder, transfer) = (holder.as_ref(), transfer.as_ref());
        Ok(holder.is_some_and(|holder| holder.by == party) || transfer.is_some_and(|transfer| transfer.to == party))
    }

    /// Who did this, when, by which record.
    pub(super) fn mark(case: &Case<'_>, event: &Event) -> Mark {
        Mark { at: event.time, by: case.party().to_owned(), record: case.record().id }
    }

    /// Remembers what an event says about where and how the thing is, unless a later change of state is known.
    pub(super) fn settle(&mut self, event: &Event) {
        if self.row.last.as_ref().is_some_and(|last| event.time < last.at) {
            return;
        }
        if let Some(disposition) = &event.disposition {
            self.row.disposition = Some(disposition.clone());
        }
        if let Some(place) = event.place() {
            self.row.place = Some(place.as_str().to_owned());
        }
        // Other types of event may carry one, which means nothing (EPCIS 2.0 §7.3.5.7).
        if matches!(event.kind, EventKind::Object(_) | EventKind::Transformation) {
            let (set, unset) = (&event.persistent.set, &event.persistent.unset);
            self.row.persistent.retain(|word| !unset.contains(word));
            self.row.persistent.extend(set.iter().cloned());
            self.row.persistent.sort();
            self.row.persistent.dedup();
        }
    }
}

/// That the author may record this step for this thing: its owner, its holder, the receiver it was shipped to, or one
/// whom the owner gave authority; and that the key's own limits allow it.
pub(super) fn check_authority(case: &Case<'_>, event: &Event, thing: &Thing, side: Side) -> Checked<()> {
    let step = event.biz_step.as_deref();
    check_scope(case, event, Some(thing))?;
    let Some(owner) = &thing.owner else { return Ok(()) };
    if may_record(case, &owner.prefix, &owner.party, step)? {
        return Ok(());
    }
    // Who has some of a lot is not kept yet, so anybody may have seen some; only making it needs authority.
    if thing.is_class() && (!event.makes() || side == Side::Input) {
        return Ok(());
    }
    if thing.is_with(case, case.party())? {
        return Ok(());
    }
    let detail = format!("{} belongs to {}", thing.epc.as_str(), owner.party);
    let known = thing.outermost(case)?.holder.clone().or_else(|| thing.row.commissioned.clone());
    Err(thing.refuse(Code::AuthorityNone, known.map(|mark| mark.record)).because(detail).into())
}

/// That the limits of the author's key allow the event's step and place, and the company prefix of a thing.
pub(super) fn check_scope(case: &Case<'_>, event: &Event, thing: Option<&Thing>) -> Result<(), Refusal> {
    let site = event.read_point.as_ref().and_then(Epc::gln);
    let prefix = thing.and_then(|thing| thing.owner.as_ref()).map(|owner| owner.prefix.as_str());
    let time = case.moment().time;
    let grants = case.author().key.grants.iter().filter(|grant| grant.holds(time));
    let mut captures = grants.filter(|grant| grant.role == KeyRole::Capture);
    if captures.any(|grant| grant.covers(event.biz_step.as_deref(), site.as_ref(), prefix)) {
        return Ok(());
    }
    let what = thing.map_or("the event", |thing| thing.epc.as_str());
    Err(Refusal::new(Code::KeyRole).at("/signers/0").because(format!("the key's grants do not cover {what}")))
}
