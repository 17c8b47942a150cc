//! Which recalls hold for a thing: those of what it is and came of, of where it was made, and of what is inside it.

use std::collections::{BTreeMap, BTreeSet};

use hefu_keys::Hash;

use super::{Making, RecallRow, ThingRow, ancestry, onward::lot_of_balance, recall::class_of};
use crate::{
    gs1::Gln,
    parties::SiteRow,
    row::{self, key_of_place},
    state::{Fault, Overlay},
};

/// An open recall that holds for a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inherited {
    /// Whether it holds for things of every organisation, and not only for those of its author's prefixes.
    pub binds_everybody: bool,
    /// What it says.
    pub recall: RecallRow,
}

/// Marks that were found, and what remains to be looked at.
#[derive(Default)]
struct Marks {
    found: BTreeMap<Hash, bool>,
    makings: BTreeMap<Gln, Vec<Making>>,
    classes: BTreeSet<String>,
}

/// The open recalls that hold for some things or for what is inside them, by the record that opened each.
///
/// # Errors
/// From the storage.
pub fn inherited(rows: &Overlay<'_>, things: &[(String, ThingRow)]) -> Result<BTreeMap<Hash, Inherited>, Fault> {
    let mut marks = Marks::default();
    let mut from = things.to_vec();
    for (key, thing) in things {
        from.extend(inside(rows, key, thing)?);
        marks.classes.extend(thing.contents.iter().flat_map(|contents| contents.classes.iter().cloned()));
    }
    let behind = ancestry::walk(rows, &from, usize::MAX, |row| marks.note(row))?;
    // A class is what all its items and lots are, though no event says so.
    marks.classes.extend(behind.things.iter().filter_map(|key| class_of(key)));
    for class in std::mem::take(&mut marks.classes) {
        if let Some(row) = row::get::<ThingRow>(rows, &class)? {
            marks.note(&row);
        }
    }
    let mut all = BTreeMap::new();
    for (id, binds_everybody) in marks.found {
        if let Some(recall) = open(rows, &id)? {
            all.insert(id, Inherited { binds_everybody, recall });
        }
    }
    for (site, makings) in marks.makings {
        at_site(rows, &site, &makings, &mut all)?;
    }
    Ok(all)
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

fn open(rows: &Overlay<'_>, id: &Hash) -> Result<Option<RecallRow>, Fault> {
    Ok(row::get::<RecallRow>(rows, &row::key_of_recall(id))?.filter(|recall| recall.lifted.is_none()))
}

/// What is inside a container, as its row tells: lots, and something that came of all that its contents came of.
fn inside(rows: &Overlay<'_>, key: &str, thing: &ThingRow) -> Result<Vec<(String, ThingRow)>, Fault> {
    let contents = thing.contents.as_ref();
    let (sources, lots): (Vec<String>, Vec<String>) = contents
        .iter()
        .flat_map(|contents| contents.of.iter().cloned())
        .partition(|key| key.starts_with("transformation/"));
    let mut found = Vec::new();
    if let Some(contents) = contents {
        let (made, recalls) = (contents.made.clone(), contents.recalls.clone());
        found.push((format!("contents/{key}"), ThingRow { made, recalls, sources, ..ThingRow::default() }));
    }
    for lot in lots.into_iter().chain(thing.lots.iter().filter_map(|balance| lot_of_balance(balance))) {
        let row: ThingRow = row::get(rows, &lot)?.unwrap_or_default();
        found.push((lot, row));
    }
    Ok(found)
}

/// Recalls of what a site made in a time. Those of the organisation whose site it is bind everybody.
fn at_site(
    rows: &Overlay<'_>,
    site: &Gln,
    makings: &[Making],
    all: &mut BTreeMap<Hash, Inherited>,
) -> Result<(), Fault> {
    let marked: Option<ThingRow> = row::get(rows, &key_of_place(site))?;
    for id in marked.iter().flat_map(|row| &row.recalls) {
        let Some(recall) = open(rows, id)? else { continue };
        if recall.made.is_some_and(|span| makings.iter().any(|making| span.meets(making))) {
            let place: Option<SiteRow> = row::get(rows, &row::key_of_site(site))?;
            let binds_everybody = place.is_some_and(|place| place.party == recall.by);
            all.insert(*id, Inherited { binds_everybody, recall });
        }
    }
    Ok(())
}
