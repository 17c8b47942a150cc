//! The rules of provenance once more, over plain maps and lists: everything a record breaks, in no order.
//!
//! It shares no code with the rules but the names of refusals and flags. It knows nothing of rows, entries and proofs,
//! keeps everything in memory and copies all of it for every event.

mod corrections;
mod effects;
mod lots;

use std::collections::{BTreeMap, BTreeSet};

use super::cast::{CAST, Kind, PARTIES, Told, What, is_class};
use crate::{provenance::Flag, refusal::Code};

const DAY: u64 = 24 * 60 * 60 * 1_000;
pub(super) type Broken = BTreeSet<Code>;

/// Who, when, by which record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Done {
    pub who: usize,
    pub at: u64,
    pub record: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Handover {
    pub from: usize,
    pub to: usize,
    buyer: Option<usize>,
    expires: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Thing {
    pub made: Option<Done>,
    pub destroyed: bool,
    pub consumed: bool,
    pub holder: Option<usize>,
    pub owner: Option<usize>,
    pub place: Option<usize>,
    pub parent: Option<usize>,
    pub handover: Option<Handover>,
    pub last: Option<Done>,
    /// Records of the transformations that it came of.
    pub came_of: BTreeSet<usize>,
    pub recalls: BTreeSet<usize>,
    pub flags: BTreeSet<Flag>,
    before: Option<Box<Thing>>,
}

/// Who has some of a lot: a party, or a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    Party(usize),
    Container(usize),
}

#[derive(Clone, Debug)]
struct Load {
    from: usize,
    amount: u64,
    expires: u64,
    record: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Word {
    pub told: Told,
    record: Option<usize>,
    declared: bool,
    effective: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Recall {
    by: usize,
    pub source: usize,
    lifted: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub now: u64,
    pub things: Vec<Thing>,
    pub has: BTreeMap<(usize, Whose), u64>,
    moving: BTreeMap<(usize, usize), Vec<Load>>,
    used: BTreeMap<usize, BTreeSet<usize>>,
    pub words: BTreeMap<(usize, usize), Word>,
    pub recalls: BTreeMap<usize, Recall>,
}

pub(super) fn is_bound(thing: usize) -> bool {
    CAST[thing].owner.is_some() && !is_class(thing)
}

/// Whether a party may record a step for what bears the prefix of a thing.
fn may(who: usize, thing: usize, step: &str) -> bool {
    let given = match PARTIES[who].0 {
        "yueling" => matches!(step, "commissioning" | "shipping"),
        "huaxu" => step == "commissioning",
        "puyan" => step == "inspecting",
        _ => false,
    };
    CAST[thing].owner.is_none_or(|owner| owner == who) || (CAST[thing].delegated && given)
}

impl Model {
    pub(super) fn new(now: u64) -> Model {
        Model { now, things: vec![Thing::default(); CAST.len()], ..Model::default() }
    }

    /// Takes a record, or says all that it breaks.
    pub(super) fn capture(&mut self, told: &Told, record: usize) -> Broken {
        let mut no = self.broken(told);
        let mut after = self.clone();
        let moved = after.move_lots(told, record, &mut no);
        if !no.is_empty() {
            return no;
        }
        after.apply(told, record);
        let mut effective = moved || told.what == What::Transform;
        for (thing, before) in after.things.iter_mut().zip(&self.things) {
            if thing.last.is_some_and(|last| last.record == record) {
                thing.before = Some(Box::new(Thing { before: None, ..before.clone() }));
                effective = true;
            }
        }
        let word = Word { told: told.clone(), record: Some(record), declared: false, effective };
        after.words.insert((told.who, told.number), word);
        *self = after;
        no
    }

    pub(super) fn recall(&mut self, who: usize, source: usize, record: usize) -> Broken {
        if CAST[source].owner.is_some_and(|owner| owner != who) {
            return Broken::from([Code::AuthorityNone]);
        }
        self.things[source].recalls.insert(record);
        self.recalls.insert(record, Recall { by: who, source, lifted: false });
        Broken::new()
    }

    pub(super) fn lift(&mut self, signers: [usize; 2], recall: usize) -> Broken {
        let mut no = Broken::new();
        let Some(open) = self.recalls.get_mut(&recall) else { return Broken::from([Code::RecallUnknown]) };
        if open.lifted {
            no.insert(Code::RecallLifted);
        }
        if signers[0] == signers[1] || !signers.contains(&open.by) {
            no.insert(Code::RecallSigners);
        }
        if no.is_empty() {
            open.lifted = true;
            self.things[open.source].recalls.remove(&recall);
        }
        no
    }

    /// The thing that says who has another and where: the outermost of the containers from here around it.
    pub(super) fn outermost(&self, thing: usize) -> usize {
        match self.things[thing].parent {
            Some(parent) if CAST[parent].owner.is_some() => self.outermost(parent),
            Some(_) | None => thing,
        }
    }

    fn around(&self, thing: usize) -> Vec<usize> {
        std::iter::successors(self.things[thing].parent, |parent| self.things[*parent].parent).collect()
    }

    /// One of the recalls, with who opened it and of what.
    pub(super) fn some_recall(&self, pick: usize) -> Option<(usize, usize, usize)> {
        let (recall, open) = self.recalls.iter().nth(pick % self.recalls.len().max(1))?;
        Some((*recall, open.by, open.source))
    }

    /// To whom some of a lot is on its way.
    pub(super) fn receiver_of(&self, lot: usize) -> Option<usize> {
        let mut loads = self.moving.iter().filter(|((known, _), loads)| *known == lot && !loads.is_empty());
        loads.next().map(|((_, to), _)| *to)
    }

    fn is_with(&self, thing: usize, who: usize) -> bool {
        let outermost = &self.things[self.outermost(thing)];
        outermost.holder == Some(who) || outermost.handover.is_some_and(|handover| handover.to == who)
    }

    fn is_moving(&self, thing: usize) -> bool {
        self.things[thing].handover.is_some_and(|handover| self.now <= handover.expires)
    }

    /// Everything that some things are or came of.
    fn behind(&self, things: &[usize]) -> BTreeSet<usize> {
        let mut all: BTreeSet<usize> = things.iter().copied().collect();
        loop {
            let more = all.iter().flat_map(|thing| &self.things[*thing].came_of).flat_map(|made| &self.used[made]);
            let more: BTreeSet<usize> = more.copied().filter(|thing| !all.contains(thing)).collect();
            if more.is_empty() {
                return all;
            }
            all.extend(more);
        }
    }

    fn is_recalled(&self, thing: usize) -> bool {
        let Some(owner) = CAST[thing].owner else { return false };
        let mut behind = self.behind(&[thing]);
        behind.extend(behind.clone().iter().filter_map(|thing| CAST[*thing].class));
        let open = behind.iter().flat_map(|source| &self.things[*source].recalls).map(|recall| &self.recalls[recall]);
        open.into_iter().any(|recall| CAST[recall.source].owner.is_some() || recall.by == owner)
    }

    fn broken(&self, told: &Told) -> Broken {
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
            if !may(told.who, thing, told.step) && !knows {
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
    fn sellable(&self, told: &Told, thing: usize, no: &mut Broken) -> bool {
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
