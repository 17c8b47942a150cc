//! What an event breaks.

use std::collections::BTreeSet;

use super::{Broken, Model, Thing, Whose, is_bound};
use crate::{
    provenance::tests::histories::cast::{CAST, Kind, PARTIES, Told, What, is_class},
    refusal::Code,
};

impl Model {
    pub(super) fn broken(&self, told: &Told) -> Broken {
        let mut no = self.broken_by_anything(told);
        let bound = |things: &[usize]| things.iter().copied().filter(|thing| is_bound(*thing)).collect::<Vec<_>>();
        for thing in bound(&told.things) {
            match told.what {
                What::Make => {
                    if self.things[thing].made.is_some() {
                        no.insert(Code::ItemCommissioned);
                    }
                }
                What::End | What::Transform => {
                    self.disposable(told, thing, &mut no);
                    self.empty(thing, &mut no);
                }
                What::Ship => {
                    self.disposable(told, thing, &mut no);
                    self.sellable(told, thing, &mut no);
                }
                What::See | What::SeePacked => self.alive(told, thing, &mut no),
                What::Link => {
                    self.alive(told, thing, &mut no);
                    if self.sellable(told, thing, &mut no) {
                        self.in_order(told, thing, &mut no);
                    }
                }
                What::Void | What::Receive => self.handed(told, thing, &mut no),
                What::Pack | What::Fix => self.packable(told, thing, &mut no),
                What::Unpack | What::Unfix => self.unpackable(told, thing, &mut no),
            }
        }
        self.nested(told, &mut no);
        self.stopped(told, &mut no);
        if told.what == What::Transform {
            Model::billed(told, &mut no);
            let inputs: Vec<usize> = told.things.iter().copied().chain(told.lots.iter().map(|lot| lot.0)).collect();
            let behind = self.behind(&inputs);
            let outputs = told.outputs.iter().copied().chain(told.lots_out.iter().map(|lot| lot.0));
            if outputs.into_iter().any(|output| CAST[output].owner.is_some() && behind.contains(&output)) {
                no.insert(Code::AncestryCycle);
            }
        }
        no
    }

    fn broken_by_anything(&self, told: &Told) -> Broken {
        let mut no = Broken::new();
        self.signed(told, &mut no);
        if told.at > self.now + 5_000 {
            no.insert(Code::EventFuture);
        }
        if self.words.contains_key(&(told.who, told.number)) {
            no.insert(Code::EventDuplicate);
        }
        let elsewhere = told.stays_at.is_some_and(|site| {
            site != told.who && told.named().iter().any(|thing| is_bound(*thing) && !self.is_with(*thing, site))
        });
        if told.read_at != told.who || elsewhere {
            no.insert(Code::SiteForeign);
        }
        let makes = told.what == What::Make;
        let made = told.outputs.iter().copied().chain(told.lots_out.iter().map(|lot| lot.0));
        let made: BTreeSet<usize> = made.chain(told.named().into_iter().filter(|_| makes)).collect();
        for thing in told.named() {
            let knows = !made.contains(&thing) && (is_class(thing) || self.is_with(thing, told.who));
            if !self.may(told.who, thing, told.step) && !knows {
                no.insert(Code::AuthorityNone);
            }
        }
        for output in &told.outputs {
            if self.things[*output].made.is_some() {
                no.insert(Code::ItemCommissioned);
            }
            // The refills' codes were issued to Yueling.
            if CAST[*output].kind == Kind::Refill && PARTIES[told.who].0 != "yueling" {
                no.insert(Code::BatchMaker);
            }
        }
        if makes && told.things.iter().any(|thing| matches!(CAST[*thing].kind, Kind::Refill | Kind::Bottle)) {
            no.insert(Code::CodeNotIssued);
        }
        no
    }

    fn alive(&self, told: &Told, thing: usize, no: &mut Broken) {
        let row = &self.things[thing];
        match row.made {
            None => no.insert(Code::ItemNotCommissioned),
            Some(made) if told.at < made.at => no.insert(Code::EventBeforeCommissioning),
            Some(_) => false,
        };
        if row.destroyed {
            no.insert(Code::ItemDestroyed);
        }
        if row.consumed {
            no.insert(Code::ItemConsumed);
        }
    }

    fn in_order(&self, told: &Told, thing: usize, no: &mut Broken) {
        if self.things[thing].last.is_some_and(|last| told.at < last.at) {
            no.insert(Code::EventOutOfOrder);
        }
    }

    /// That it is alive, in order, and nothing encloses it.
    fn by_itself(&self, told: &Told, thing: usize, no: &mut Broken) {
        self.alive(told, thing, no);
        self.in_order(told, thing, no);
        if self.things[thing].parent.is_some() {
            no.insert(Code::ItemPacked);
        }
    }

    fn disposable(&self, told: &Told, thing: usize, no: &mut Broken) {
        self.by_itself(told, thing, no);
        if self.is_moving(thing) {
            no.insert(Code::ItemInTransit);
        }
        if self.things[thing].holder != Some(told.who) {
            no.insert(Code::ItemNotHolder);
        }
    }

    fn empty(&self, thing: usize, no: &mut Broken) {
        let holds = |(at, inside): (usize, &Thing)| inside.parent == Some(thing) && CAST[at].owner.is_some();
        let lots = self.has.iter().any(|((_, whose), some)| *whose == Whose::Container(thing) && *some > 0);
        if lots || self.things.iter().enumerate().any(holds) {
            no.insert(Code::ItemNotEmpty);
        }
    }

    /// Whether the event would give it another owner.
    pub(super) fn sellable(&self, told: &Told, thing: usize, no: &mut Broken) -> bool {
        let owner = self.things[thing].owner.or(self.things[thing].made.map(|made| made.who));
        let sold = told.buyer.is_some() && owner.is_some() && told.buyer != owner;
        if sold && owner != Some(told.who) {
            no.insert(Code::OwnerOther);
        }
        sold
    }

    fn handed(&self, told: &Told, thing: usize, no: &mut Broken) {
        self.by_itself(told, thing, no);
        let Some(handover) = self.things[thing].handover else {
            no.insert(Code::TransferNone);
            return;
        };
        let meant = if told.what == What::Void { handover.from } else { handover.to };
        if meant != told.who {
            no.insert(Code::TransferOther);
        }
        if told.what == What::Receive && self.now > handover.expires {
            no.insert(Code::TransferExpired);
        }
    }

    /// That a party has what is, or encloses, a thing, and it is at rest.
    fn held(&self, who: usize, outermost: usize, no: &mut Broken) {
        if self.is_moving(outermost) {
            no.insert(Code::ItemInTransit);
        }
        if self.things[outermost].holder != Some(who) {
            no.insert(Code::PackHolder);
        }
    }

    fn packable(&self, told: &Told, thing: usize, no: &mut Broken) {
        self.by_itself(told, thing, no);
        self.held(told.who, thing, no);
        if self.things[thing].place.is_some_and(|place| place != told.place()) {
            no.insert(Code::PackPlace);
        }
    }

    fn unpackable(&self, told: &Told, thing: usize, no: &mut Broken) {
        self.alive(told, thing, no);
        self.in_order(told, thing, no);
        if self.things[thing].parent != told.parent {
            no.insert(Code::ItemNotInParent);
        }
        if told.parent.is_some_and(|parent| CAST[parent].owner.is_none()) {
            self.held(told.who, thing, no);
        }
    }

    fn nested(&self, told: &Told, no: &mut Broken) {
        let Some(parent) = told.parent else { return };
        let packs = matches!(told.what, What::Pack | What::Fix);
        let around = self.around(parent);
        if packs && told.things.iter().any(|thing| *thing == parent || around.contains(thing)) {
            no.insert(Code::PackCycle);
        }
        let first = packs && CAST[parent].kind == Kind::Container && self.things[parent].made.is_none();
        if !is_bound(parent) || first {
            return;
        }
        self.alive(told, parent, no);
        if told.what != What::SeePacked {
            self.in_order(told, parent, no);
            self.held(told.who, self.outermost(parent), no);
        }
    }

    fn stopped(&self, told: &Told, no: &mut Broken) {
        let leaves = matches!(told.what, What::Ship | What::Pack | What::Fix);
        let lots = told.lots.iter().map(|lot| lot.0);
        let mut things = told.things.iter().copied().chain(lots);
        if leaves && told.how != Some("recalled") && things.any(|thing| self.is_recalled(thing)) {
            no.insert(Code::ItemRecalled);
        }
        let lots = told.lots.iter().any(|lot| CAST[lot.0].owner.is_some());
        let binds = lots || told.things.iter().any(|thing| is_bound(*thing));
        if matches!(told.what, What::Ship) && told.to.is_none() && binds {
            no.insert(Code::TransferNoReceiver);
        }
    }
}
