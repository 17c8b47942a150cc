//! What is recalled.

use std::collections::{BTreeMap, BTreeSet};

use super::{Model, Recall, Whose};
use crate::provenance::tests::histories::cast::{CAST, SITES, Told, is_class};

/// By site, the first and last time something was made there.
type Made = BTreeMap<usize, (u64, u64)>;

fn add(made: &mut Made, site: usize, (first, last): (u64, u64)) {
    let known = made.entry(site).or_insert((first, last));
    *known = (known.0.min(first), known.1.max(last));
}

impl Model {
    /// Remembers where something was made.
    pub(super) fn note_site(&mut self, told: &Told, thing: usize) {
        if CAST[thing].owner.is_some() && (is_class(thing) || CAST[thing].class.is_some()) {
            add(&mut self.things[thing].made_at, told.read_at, (told.at, told.at));
        }
    }

    /// Some of which lots is in a container.
    fn lots_in(&self, container: usize) -> BTreeSet<usize> {
        let here = self.has.iter().filter(|((_, whose), some)| *whose == Whose::Container(container) && **some > 0);
        here.map(|((lot, _), _)| *lot).collect()
    }

    /// Remembers what things and lots carry into a parent and all that is around it.
    pub(super) fn carry(&mut self, told: &Told, parent: usize) {
        if CAST[parent].owner.is_none() {
            return;
        }
        let (mut carried, mut marked) = (BTreeSet::new(), BTreeSet::new());
        for child in told.things.iter().copied().filter(|child| CAST[*child].owner.is_some()) {
            let row = &self.things[child];
            carried.insert(child);
            carried.extend(&row.carried);
            carried.extend(self.lots_in(child));
            marked.extend(row.recalls.union(&row.marked));
        }
        let around = self.counted_around(parent);
        self.things[parent].carried.extend(&carried);
        self.things[parent].marked.extend(&marked);
        carried.extend(told.lots.iter().map(|lot| lot.0).filter(|lot| CAST[*lot].owner.is_some()));
        for outer in around {
            self.things[outer].carried.extend(&carried);
            self.things[outer].marked.extend(&marked);
        }
    }

    /// Forgets what was in a parent that is empty.
    pub(super) fn forget(&mut self, parent: usize) {
        let held = |(at, inside): (usize, &super::Thing)| inside.parent == Some(parent) && CAST[at].owner.is_some();
        if !self.things.iter().enumerate().any(held) {
            self.things[parent].carried.clear();
            self.things[parent].marked.clear();
        }
    }

    pub(super) fn is_recalled(&self, thing: usize) -> bool {
        let Some(owner) = CAST[thing].owner else { return false };
        let row = &self.things[thing];
        let (lots, things): (BTreeSet<usize>, BTreeSet<usize>) =
            row.carried.iter().chain(&self.lots_in(thing)).partition(|inside| is_class(**inside));
        // Of a thing that may have been taken out since, what it came of counts, and not the thing itself.
        let used = things.iter().flat_map(|inside| &self.things[*inside].came_of).flat_map(|made| &self.used[made]);
        let roots: Vec<usize> = used.chain(&lots).copied().chain([thing]).collect();
        let behind = self.behind(&roots);
        let classes = behind.iter().chain(&things).filter_map(|thing| CAST[*thing].class);
        let sources: BTreeSet<usize> = behind.iter().copied().chain(classes).collect();
        let inside = lots.iter().chain(&things).filter_map(|inside| CAST[*inside].owner);
        let owners: BTreeSet<usize> = inside.chain([owner]).collect();

        let mut together = Made::new();
        for (site, span) in things.iter().flat_map(|inside| &self.things[*inside].made_at) {
            add(&mut together, *site, *span);
        }
        let made: Vec<&Made> = sources.iter().map(|source| &self.things[*source].made_at).chain([&together]).collect();
        let reaches = |(id, recall): (&usize, &Recall)| match recall.source.checked_sub(SITES.start) {
            Some(site) => made.iter().filter_map(|made| made.get(&site)).any(|span| recall.meets(*span)),
            None => sources.contains(&recall.source) || row.marked.contains(id),
        };
        let binds = |recall: &Recall| match recall.source.checked_sub(SITES.start) {
            Some(site) => site == recall.by,
            None => CAST[recall.source].owner.is_some(),
        };
        let open = self.recalls.iter().filter(|(_, recall)| !recall.lifted);
        open.filter(|found| reaches(*found)).any(|(_, recall)| binds(recall) || owners.contains(&recall.by))
    }
}

impl Recall {
    fn meets(&self, (first, last): (u64, u64)) -> bool {
        self.made.is_some_and(|(from, until)| from <= last && until.is_none_or(|until| first <= until))
    }
}
