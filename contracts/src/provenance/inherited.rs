//! Which recalls hold for a thing: those of what it is and came of, of where it was made, and of what is inside it.

use std::collections::{BTreeMap, BTreeSet};

use hefu_keys::Hash;

use super::{
    Making, NESTING_MAX, RecallRow, ThingRow,
    ancestry::{self, Limit},
    onward::lot_of_balance,
    recall::class_of,
};
use crate::{
    gs1::Gln,
    parties::SiteRow,
    row::{self, key_of_place},
    shared::Shared,
    state::{Fault, Overlay},
};

/// An open recall that holds for a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inherited {
    /// Whether it holds for things of every organisation, and not only for those of its author's prefixes.
    pub binds_everybody: bool,
    /// What it says.
    pub recall: Shared<RecallRow>,
}

/// Marks that were found, and where and when things were made.
#[derive(Default)]
struct Marks {
    found: BTreeMap<Hash, bool>,
    makings: BTreeMap<Gln, Vec<Making>>,
}

/// What is recalled of what a thing came of, as far as its proof looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// Whether there is more than a proof shows, which was not looked at.
    pub cut: bool,
    /// The open recalls that hold for it, for what is inside it and for what encloses it, by the record that opened each.
    pub recalls: BTreeMap<Hash, Inherited>,
}

/// Most things, and most transformations, that the proof of a thing shows of what it came of, nearest first: a phone has to
/// check them all.
pub const PROVEN_THINGS_MAX: usize = 256;

/// Most classes, recalls and sites that such a proof looks up.
pub const PROVEN_MARKS_MAX: usize = 1_024;

/// How far to look.
#[derive(Clone, Copy)]
struct Reach {
    behind: Limit,
    marks: usize,
}

/// The open recalls that hold for some things or for what is inside them, by the record that opened each.
///
/// # Errors
/// From the storage.
pub fn inherited(
    rows: &Overlay<'_>,
    things: &[(String, Shared<ThingRow>)],
) -> Result<BTreeMap<Hash, Inherited>, Fault> {
    let mut from: Vec<_> = things.iter().map(|(key, thing)| (key.clone(), Some(thing.clone()))).collect();
    from.extend(things.iter().flat_map(|(key, thing)| inside(key, thing)));
    let contents = things.iter().filter_map(|(_, thing)| thing.contents.as_ref());
    let classes = contents.flat_map(|contents| contents.classes.iter().cloned()).collect();
    Ok(behind(rows, from, classes, Reach { behind: Limit::NONE, marks: usize::MAX })?.recalls)
}

/// The recalls that hold for a thing, as far as its proof looks. What encloses it is asked as well: it may be an assembly,
/// and whoever has one has the other.
///
/// # Errors
/// From the storage.
pub fn origins(rows: &Overlay<'_>, key: &str, thing: &Shared<ThingRow>) -> Result<Origins, Fault> {
    let mut from = vec![(key.to_owned(), Some(thing.clone()))];
    from.extend(inside(key, thing));
    let mut next = thing.parent.clone();
    for _ in 0..NESTING_MAX {
        let Some(parent) = next else { break };
        let row: Shared<ThingRow> = row::get(rows, &parent.key)?.unwrap_or_default();
        next = row.parent.clone();
        from.push((parent.key, Some(row)));
    }
    let classes = thing.contents.iter().flat_map(|contents| contents.classes.iter().cloned()).collect();
    let limit = Limit { things: PROVEN_THINGS_MAX, transformations: PROVEN_THINGS_MAX };
    behind(rows, from, classes, Reach { behind: limit, marks: PROVEN_MARKS_MAX })
}

/// Walks back from some things and gathers the marks on what is met, on its classes, and on the sites that made it.
fn behind(
    rows: &Overlay<'_>,
    from: Vec<(String, Option<Shared<ThingRow>>)>,
    mut classes: BTreeSet<String>,
    reach: Reach,
) -> Result<Origins, Fault> {
    let mut marks = Marks::default();
    let walked = ancestry::walk(rows, from, reach.behind, |row| marks.note(row))?;
    // A class is what all its items and lots are, though no event says so.
    classes.extend(walked.things.iter().filter_map(|key| class_of(key)));
    let mut desk = Desk { rows, left: reach.marks, found: Origins { cut: walked.cut, ..Origins::default() } };
    for class in classes {
        if let Some(row) = desk.class(&class)? {
            marks.note(&row);
        }
    }
    for (id, binds_everybody) in marks.found {
        if let Some(recall) = desk.open(&id)? {
            desk.found.recalls.insert(id, Inherited { binds_everybody, recall });
        }
    }
    for (site, makings) in marks.makings {
        desk.at_site(&site, &makings)?;
    }
    Ok(desk.found)
}

/// What was found of the recalls, and how many rows may still be looked up.
struct Desk<'a> {
    rows: &'a Overlay<'a>,
    left: usize,
    found: Origins,
}

impl Desk<'_> {
    /// Whether another row may be looked up.
    fn look(&mut self) -> bool {
        let left = self.left.checked_sub(1);
        self.left = left.unwrap_or_default();
        self.found.cut |= left.is_none();
        left.is_some()
    }

    fn class(&mut self, key: &str) -> Result<Option<Shared<ThingRow>>, Fault> {
        if self.look() { row::get(self.rows, key) } else { Ok(None) }
    }

    fn open(&mut self, id: &Hash) -> Result<Option<Shared<RecallRow>>, Fault> {
        if !self.look() {
            return Ok(None);
        }
        let recall: Option<Shared<RecallRow>> = row::get(self.rows, &row::key_of_recall(id))?;
        Ok(recall.filter(|recall| recall.lifted.is_none()))
    }

    /// Recalls of what a site made in a time. Those of the organisation whose site it is bind everybody.
    fn at_site(&mut self, site: &Gln, makings: &[Making]) -> Result<(), Fault> {
        let marked = self.class(&key_of_place(site))?;
        for id in marked.iter().flat_map(|row| &row.recalls) {
            let Some(recall) = self.open(id)? else { continue };
            if recall.made.is_some_and(|span| makings.iter().any(|making| span.meets(making))) {
                let place: Option<Shared<SiteRow>> = row::get(self.rows, &row::key_of_site(site))?;
                let binds_everybody = place.is_some_and(|place| place.party == recall.by);
                self.found.recalls.insert(*id, Inherited { binds_everybody, recall });
            }
        }
        Ok(())
    }
}

impl Marks {
    fn note(&mut self, row: &ThingRow) {
        for id in &row.recalls {
            *self.found.entry(*id).or_default() |= row.began_here();
        }
        for making in &row.made {
            self.makings.entry(making.site).or_default().push(making.clone());
        }
    }
}

/// What is inside a container, as its row tells: lots, and something that came of all that its contents came of.
fn inside(key: &str, thing: &ThingRow) -> Vec<(String, Option<Shared<ThingRow>>)> {
    let contents = thing.contents.as_ref();
    let (sources, lots): (Vec<String>, Vec<String>) = contents
        .iter()
        .flat_map(|contents| contents.of.iter().cloned())
        .partition(|key| key.starts_with("transformation/"));
    let mut found = Vec::new();
    if let Some(contents) = contents {
        let (made, recalls) = (contents.made.clone(), contents.recalls.clone());
        let carried = ThingRow { made, recalls, sources, ..ThingRow::default() };
        found.push((format!("contents/{key}"), Some(carried.into())));
    }
    let balances = thing.lots.iter().filter_map(|balance| lot_of_balance(balance));
    found.extend(lots.into_iter().chain(balances).map(|lot| (lot, None)));
    found
}
