//! What events do to things.

use std::collections::BTreeSet;

use super::{Broken, DAY, Done, Handover, Model, Thing, is_bound};
use crate::provenance::{
    Flag,
    tests::histories::cast::{CAST, Told, What},
};

impl Model {
    pub(super) fn apply(&mut self, told: &Told, record: usize) {
        let done = Done { who: told.who, at: told.at, record };
        self.note_apart(told);
        let outer = told.parent.map(|parent| self.things[self.outermost(parent)].clone());
        if let Some(parent) = told.parent.filter(|_| matches!(told.what, What::Pack | What::Fix)) {
            self.carry(told, parent);
        }
        for thing in told.things.clone() {
            self.apply_to(told, thing, done, outer.as_ref());
        }
        let made = if told.what == What::Make { &told.lots } else { &told.lots_out };
        for (lot, _) in made {
            self.note_site(told, *lot);
        }
        if let Some(parent) = told.parent {
            let row = &mut self.things[parent];
            if matches!(told.what, What::Pack | What::Fix) && row.made.is_none() {
                row.made = Some(done);
                row.holder = Some(told.who);
            }
            if told.what != What::SeePacked {
                row.last = Some(done);
            }
            if matches!(told.what, What::Unpack | What::Unfix) {
                self.forget(parent);
            }
            self.settle(told, parent);
        }
        if told.what == What::Transform {
            self.note_ancestry(told, record);
            if !Model::billed(told, &mut Broken::new()) {
                for made in told.outputs.iter().copied().chain(told.lots_out.iter().map(|lot| lot.0)) {
                    self.things[made].flags.insert(Flag::YieldOutOfBounds);
                }
            }
        }
        for output in &told.outputs {
            self.make(told, *output, done);
        }
        self.note_travel(told);
    }

    fn note_ancestry(&mut self, told: &Told, record: usize) {
        let used: BTreeSet<usize> = told.things.iter().copied().chain(told.lots.iter().map(|lot| lot.0)).collect();
        let behind = self.behind(&used.iter().copied().collect::<Vec<_>>());
        let made: BTreeSet<usize> = told.outputs.iter().copied().chain(told.lots_out.iter().map(|lot| lot.0)).collect();
        for output in made.difference(&behind) {
            self.things[*output].came_of.insert(record);
        }
        self.used.insert(record, used);
    }

    fn make(&mut self, told: &Told, thing: usize, done: Done) {
        self.note_site(told, thing);
        self.settle(told, thing);
        let row = &mut self.things[thing];
        row.made = row.made.or(Some(done));
        row.holder = row.holder.or(Some(done.who));
        row.last = Some(done);
    }

    fn apply_to(&mut self, told: &Told, thing: usize, done: Done, outer: Option<&Thing>) {
        let bound = is_bound(thing);
        match told.what {
            What::Make => return self.make(told, thing, done),
            What::End | What::Transform => {
                self.settle(told, thing);
                let row = &mut self.things[thing];
                row.destroyed |= told.what == What::End;
                row.consumed |= told.what == What::Transform;
                row.last = Some(done);
                return;
            }
            What::Ship if bound => {
                let buyer = self.sellable(told, thing, &mut Broken::new()).then_some(told.buyer).flatten();
                let handover = told.to.map(|to| Handover { from: told.who, to, buyer, expires: self.now + 90 * DAY });
                self.things[thing].handover = handover;
                self.things[thing].last = Some(done);
            }
            What::Void if bound => {
                self.things[thing].handover = None;
                self.things[thing].last = Some(done);
            }
            What::Receive => {
                if bound {
                    self.receive(told, thing, done);
                }
                if told.how == Some("returned") {
                    return;
                }
            }
            What::Link if bound => {
                if self.sellable(told, thing, &mut Broken::new()) {
                    self.things[thing].owner = told.buyer;
                    self.things[thing].last = Some(done);
                }
            }
            What::Pack | What::Fix => {
                self.things[thing].parent = told.parent;
                self.things[thing].last = Some(done);
            }
            What::Unpack | What::Unfix if self.things[thing].parent == told.parent => {
                let here = told.parent.is_some_and(|parent| CAST[parent].owner.is_some());
                let row = &mut self.things[thing];
                row.parent = None;
                if let Some(outer) = outer {
                    row.holder = outer.holder.filter(|_| here || !bound).or(row.holder);
                    row.place = outer.place;
                }
                row.last = Some(done);
            }
            What::See | What::SeePacked | What::Ship | What::Void | What::Link | What::Unpack | What::Unfix => {}
        }
        self.settle(told, thing);
    }

    fn receive(&mut self, told: &Told, thing: usize, done: Done) {
        let row = &mut self.things[thing];
        let buyer = row.handover.take().and_then(|handover| handover.buyer);
        if told.how != Some("returned") {
            row.holder = Some(told.who);
            row.owner = buyer.or(row.owner);
        }
        row.last = Some(done);
    }

    /// A later word about where it is counts, an earlier one does not.
    fn settle(&mut self, told: &Told, thing: usize) {
        let row = &mut self.things[thing];
        if row.last.is_none_or(|last| told.at >= last.at) {
            row.place = Some(told.place());
        }
    }
}
