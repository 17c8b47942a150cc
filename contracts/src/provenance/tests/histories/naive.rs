//! The rules of provenance once more, over plain maps and lists: everything a record breaks, in no order.
//!
//! It shares no code with the rules but the names of refusals and flags. It knows nothing of rows, entries and proofs,
//! keeps everything in memory and copies all of it for every event.

mod bills;
mod corrections;
mod effects;
mod grants;
mod judge;
mod lots;
mod recalls;
mod travel;

use std::collections::{BTreeMap, BTreeSet};

use super::cast::{CAST, SITES, Told, What, is_class};
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
    /// By site, the first and last time it was made there.
    made_at: BTreeMap<usize, (u64, u64)>,
    /// What was inside at any depth since it was empty, but for the lots that are in it now.
    carried: BTreeSet<usize>,
    /// When it was last seen at a site whose position is known.
    seen: Option<(u64, usize)>,
    /// Recalls of things while they were inside.
    marked: BTreeSet<usize>,
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
    /// Of a site, from when to when what is recalled was made there.
    made: Option<(u64, Option<u64>)>,
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
    /// Who was given authority over what is delegated.
    given: BTreeMap<usize, grants::Given>,
}

pub(super) fn is_bound(thing: usize) -> bool {
    CAST[thing].owner.is_some() && !is_class(thing)
}

impl Model {
    pub(super) fn new(now: u64) -> Model {
        Model { now, things: vec![Thing::default(); CAST.len()], given: grants::at_first(), ..Model::default() }
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

    pub(super) fn recall(
        &mut self,
        who: usize,
        (source, made): (usize, Option<(u64, Option<u64>)>),
        record: usize,
    ) -> Broken {
        if made.is_none() {
            if CAST[source].owner.is_some_and(|owner| owner != who) {
                return Broken::from([Code::AuthorityNone]);
            }
            self.things[source].recalls.insert(record);
            for around in self.counted_around(source) {
                self.things[around].marked.insert(record);
            }
        }
        self.recalls.insert(record, Recall { by: who, source, made, lifted: false });
        Broken::new()
    }

    /// What is around a thing, innermost first, as far as what is inside is counted.
    fn counted_around(&self, thing: usize) -> Vec<usize> {
        let here = |thing: &usize| CAST[*thing].owner.is_some();
        let around = self.around(thing);
        around.into_iter().take_while(|_| here(&thing)).take_while(here).collect()
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
            let source = open.source;
            if !SITES.contains(&source) {
                self.things[source].recalls.remove(&recall);
                for around in self.counted_around(source) {
                    self.things[around].marked.remove(&recall);
                }
            }
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
}
