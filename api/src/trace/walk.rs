//! The walk: from one thing to what it came of, or to what came of it.
//!
//! Back lead transformations to what they used up, and a thing to what is inside it or fixed to it. On lead transformations
//! to what came of them, a part to what it is fixed to, a class to its lots and items, and a container that was asked for to
//! what is inside, and a site to what was made there. Whatever encloses a thing is met as well, but not followed: a pallet says where a bottle is, and nothing
//! about the other bottles on it.

use std::collections::{BTreeMap, VecDeque};

use super::reach::{Direction, Found, Met, Place, Reached, Relation, Tie};
use crate::{ledger::Ledger, problem::Problem};
use hefu_contracts::{
    entry::Role,
    gs1::{Gln, Gtin},
    provenance::{NESTING_MAX, Parent, Span, ThingRow, TransformationRow},
    row::{self, Data, Row},
    state::Fault,
    time::Time,
};
use hefu_keys::Hash;

/// Keys that are read of the index, or rows of a class, at a time.
const AT_ONCE: usize = 1_000;

/// Before all keys but those of balances, of which only an impact tells.
const BEHIND_BALANCES: &str = "balance0";

/// How keys of transformations begin: the last of all that something leads on to.
const TRANSFORMATIONS: &str = "transformation/";

/// Something to be looked at.
struct Open {
    key: String,
    /// Its row, where that was read already.
    row: Option<Row>,
    depth: u32,
    around: bool,
    by: Option<Tie>,
}

pub(super) struct Walk<'l> {
    pub ledger: &'l dyn Ledger,
    pub direction: Direction,
    /// As things were at this time of the blocks, where not now.
    pub as_of: Option<Time>,
    /// Of a site: when what is looked for was made there, where not at any time.
    pub made: Option<Span>,
    /// Most rows that are looked at.
    pub limit: usize,
}

/// The number of a site, where a row's key is that of one.
pub(super) fn site_of(key: &str) -> Option<Gln> {
    key.strip_prefix("thing/414/")?.parse().ok()
}

/// The number of a trade item, where a row's key is that of its class.
fn class_of(key: &str) -> Option<Gtin> {
    key.strip_prefix("lot/01/")?.parse().ok()
}

impl Walk<'_> {
    /// Walks from a row. Nothing where there is none.
    pub(super) fn from(&self, subject: &str) -> Result<Reached, Problem> {
        let mut reached = Reached::default();
        reached.truncated = self.visit(subject, &mut reached)?;
        Ok(reached)
    }

    /// Walks from a row and tells what is there. Whether there is more than was asked for.
    pub(super) fn visit<F: Found>(&self, subject: &str, found: &mut F) -> Result<bool, Problem> {
        let mut truncated = false;
        let mut known: BTreeMap<Short, bool> = BTreeMap::new();
        let mut open = VecDeque::from([Open { key: subject.to_owned(), row: None, depth: 0, around: false, by: None }]);
        // What is looked at last first needs no room for everything that is near.
        while let Some(next) = if F::STEPS { open.pop_front() } else { open.pop_back() } {
            // What encloses one thing may itself come of another: then it is followed after all, and shown once.
            let name = short(&next.key);
            let seen = known.get(&name).copied();
            if seen == Some(false) || (seen.is_some() && next.around) {
                continue;
            }
            if known.len() >= self.limit && seen.is_none() {
                return Ok(true);
            }
            let Open { key, row, depth, around, by } = next;
            let Some(row) = row.map_or_else(|| self.row(&key), |row| Ok(Some(row)))? else { continue };
            let Some(met) = self.meet(row)? else { continue };
            let steps = match &met {
                Met::Thing(thing) => self.steps_of_thing(&key, thing, around, found)?,
                Met::Transformation(made) => self.steps_of_transformation(&key, made, found)?,
            };
            known.insert(name, around);
            found.place(Place { key, met, depth, around, by }, seen.is_some())?;
            for Step { tie, next, row, around } in steps {
                // What stands behind so much is not looked at any more.
                if open.len() >= self.limit.saturating_mul(2) {
                    truncated = true;
                    break;
                }
                if F::STEPS {
                    found.step(&tie);
                }
                let by = F::STEPS.then_some(tie);
                open.push_back(Open { key: next, row, depth: depth.saturating_add(1), around, by });
            }
        }
        Ok(truncated)
    }

    /// A row. A site, or a trade item's class, that no event was about has none as a thing, and is one all the same.
    fn row(&self, key: &str) -> Result<Option<Row>, Problem> {
        let row = self.ledger.row(key)?;
        let known = site_of(key)
            .map(|gln| row::key_of_site(&gln))
            .or_else(|| class_of(key).map(|gtin| row::key_of_product(&gtin)));
        let Some(known) = known.filter(|_| row.is_none() && self.as_of.is_none()) else { return Ok(row) };
        let is_known = self.ledger.row(&known)?.is_some();
        let data = ThingRow::default().into();
        Ok(is_known.then(|| Row { key: key.to_owned(), data, n: 0, head: Hash::ZERO }))
    }

    /// What a row tells of the time that was asked for; nothing where it tells of no thing and no transformation.
    fn meet(&self, row: Row) -> Result<Option<Met>, Problem> {
        if let Data::Thing(mut thing) = row.data {
            // Nobody asks for it here, and many rows are held at once.
            thing.before = None;
            return Ok(self.then(&row.key, row.n, thing.into_owned())?.map(|thing| Met::Thing(Box::new(thing))));
        }
        let made =
            row.data.into_kind().filter(|made: &TransformationRow| self.as_of.is_none_or(|then| made.at <= then));
        Ok(made.map(Met::Transformation))
    }

    fn steps_of_transformation<F: Found>(
        &self,
        key: &str,
        made: &TransformationRow,
        found: &mut F,
    ) -> Result<Vec<Step>, Problem> {
        let mut steps = Vec::new();
        match self.direction {
            Direction::Back => {
                steps.extend(made.inputs.iter().map(|input| step(input, Relation::Consumed, key, input, false)));
            }
            Direction::Forward => {
                let source = key.to_owned();
                let each = |to: &str, row: Row| {
                    if thing_in(&row).is_some_and(|thing| thing.sources.binary_search(&source).is_ok()) {
                        let row = (!F::STEPS).then_some(row);
                        steps.push(Step { row, ..step(key, Relation::Produced, to, to, false) });
                    }
                };
                if found.counts(key) { self.alone(key, each)? } else { self.onward::<F>(key, each)? }
            }
        }
        Ok(steps)
    }

    fn steps_of_thing<F: Found>(
        &self,
        key: &str,
        thing: &ThingRow,
        around: bool,
        found: &mut F,
    ) -> Result<Vec<Step>, Problem> {
        let mut steps = Vec::new();
        if let Some(parent) = &thing.parent {
            let contained = parent.key.starts_with("container/");
            let relation = if contained { Relation::Inside } else { Relation::Fixed };
            let follows = !contained && !around && self.direction == Direction::Forward;
            steps.push(step(key, relation, &parent.key, &parent.key, !follows));
        }
        if around {
            return Ok(steps);
        }
        if self.direction == Direction::Back {
            steps.extend(thing.sources.iter().map(|source| step(source, Relation::Produced, key, source, false)));
        }
        let site = site_of(key).filter(|_| self.direction == Direction::Forward);
        let made_here = |thing: &ThingRow| {
            let mut here = thing.made.iter().filter(|making| Some(making.site) == site);
            here.any(|making| self.made.is_none_or(|span| span.meets(making)))
        };
        let opens = self.direction == Direction::Back || key.starts_with("container/");
        let (mut balances, mut inside) = (Vec::new(), Vec::new());
        self.onward::<F>(key, |to, row| {
            if to.starts_with("balance/") {
                balances.push(row);
            } else if to.starts_with(TRANSFORMATIONS) {
                steps.push(step(key, Relation::Consumed, to, to, false));
            } else if thing_in(&row).is_some_and(made_here) {
                steps.push(step(key, Relation::Made, to, to, false));
            } else if let Some(thing) = thing_in(&row).filter(|_| opens) {
                inside.push((to.to_owned(), row.n, thing.clone()));
            }
        })?;
        balances.into_iter().try_for_each(|balance| found.balance(balance))?;
        for (to, n, row) in inside {
            let now = self.then(&to, n, row)?;
            if now.and_then(|row| row.parent).is_some_and(|parent| parent.key == key) {
                let relation = if key.starts_with("container/") { Relation::Inside } else { Relation::Fixed };
                steps.push(step(&to, relation, key, &to, false));
            }
        }
        if self.direction == Direction::Forward {
            self.members(key, &mut steps, found)?;
        }
        Ok(steps)
    }

    /// A class is what all its lots and items are, though no event says so.
    fn members(&self, key: &str, steps: &mut Vec<Step>, found: &mut impl Found) -> Result<(), Problem> {
        let Some(gtin) = class_of(key) else { return Ok(()) };
        self.members_by(key, &format!("lot/01/{gtin}/"), steps)?;
        if found.counts(key) {
            self.alone(key, |to, _| steps.push(step(key, Relation::Member, to, to, false)))
        } else {
            self.members_by(key, &format!("item/01/{gtin}/"), steps)
        }
    }

    fn members_by(&self, key: &str, beginning: &str, steps: &mut Vec<Step>) -> Result<(), Problem> {
        let mut last: Option<String> = None;
        while steps.len() < self.limit {
            let rows = self.ledger.rows(beginning, last.as_deref(), AT_ONCE)?;
            steps.extend(rows.iter().map(|row| step(key, Relation::Member, &row.key, &row.key, false)));
            let is_last = rows.len() < AT_ONCE;
            last = rows.into_iter().last().map(|row| row.key);
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// Rows that a row leads on to, as far as the walk's limit. What a lot was used up in may be very much, and is nothing
    /// that the lot came of: on the way back it is not even read.
    fn onward<F: Found>(&self, key: &str, each: impl FnMut(&str, Row)) -> Result<(), Problem> {
        let after = F::STEPS.then_some(BEHIND_BALANCES);
        let until = (self.direction == Direction::Back).then_some(TRANSFORMATIONS);
        self.each(|last| self.ledger.onward(key, last.or(after), until, AT_ONCE), each)
    }

    /// Rows of a source that stand alone, as far as the walk's limit.
    fn alone(&self, source: &str, each: impl FnMut(&str, Row)) -> Result<(), Problem> {
        self.each(|last| self.ledger.alone(source, last, AT_ONCE), each)
    }

    fn each(
        &self,
        more: impl Fn(Option<&str>) -> Result<Vec<String>, Fault>,
        mut each: impl FnMut(&str, Row),
    ) -> Result<(), Problem> {
        let mut last: Option<String> = None;
        let mut count = 0_usize;
        // One more than is shown, so that it is known that there is more.
        while count <= self.limit {
            let keys = more(last.as_deref())?;
            for to in &keys {
                if let Some(row) = self.ledger.row(to)? {
                    each(to, row);
                }
            }
            count = count.saturating_add(keys.len());
            if keys.len() < AT_ONCE {
                break;
            }
            last = keys.into_iter().last();
        }
        Ok(())
    }

    /// A thing as it was then: what enclosed it, by the entries of its row; nothing where it was not there yet.
    fn then(&self, key: &str, n: u64, mut thing: ThingRow) -> Result<Option<ThingRow>, Problem> {
        let Some(then) = self.as_of else { return Ok(Some(thing)) };
        let entries = self.ledger.entries(key, 0, n)?;
        let before: Vec<_> = entries.iter().take_while(|entry| entry.time <= then).collect();
        if before.is_empty() {
            return Ok(None);
        }
        let nesting = before.into_iter().rfind(|entry| entry.role.tells_containers());
        thing.parent = nesting.filter(|entry| matches!(entry.role, Role::Pack | Role::Associate)).and_then(|entry| {
            let parent = entry.containers.first()?;
            Some(Parent { key: parent.key.clone(), record: entry.record })
        });
        Ok(Some(thing))
    }
}

/// A step that is to be taken.
struct Step {
    tie: Tie,
    /// The row that it leads to, the one or the other end of the tie.
    next: String,
    row: Option<Row>,
    around: bool,
}

fn step(from: &str, relation: Relation, to: &str, next: &str, around: bool) -> Step {
    let tie = Tie { from: from.to_owned(), relation, to: to.to_owned() };
    Step { tie, next: next.to_owned(), row: None, around }
}

fn thing_in(row: &Row) -> Option<&ThingRow> {
    if let Data::Thing(thing) = &row.data { Some(thing) } else { None }
}

/// What a key is known again by: the first half of its SHA-256.
type Short = [u8; 16];

fn short(key: &str) -> Short {
    Hash::of(key.as_bytes()).as_bytes().first_chunk().copied().unwrap_or_default()
}

/// What tells who has a thing: its own row, or that of the outermost container, as in the rules.
pub(super) fn outermost(
    ledger: &dyn Ledger,
    thing: &ThingRow,
    cache: &mut BTreeMap<String, ThingRow>,
) -> Result<ThingRow, Problem> {
    let mut at = thing.clone();
    for _ in 0..NESTING_MAX {
        let Some(parent) = at.parent.as_ref().map(|parent| parent.key.clone()) else { break };
        let row = match cache.get(&parent) {
            Some(row) => row.clone(),
            None => {
                let row = ledger.row(&parent)?.and_then(|row| row.data.into_kind::<ThingRow>()).unwrap_or_default();
                cache.insert(parent, row.clone());
                row
            }
        };
        // A container from elsewhere gives nobody custody of what is in it.
        if !row.began_here() {
            break;
        }
        at = row;
    }
    Ok(at)
}
