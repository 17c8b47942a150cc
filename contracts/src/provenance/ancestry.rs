//! What things came of: transformations and what they used up, back to where the ledger's knowledge begins.
//!
//! A walk visits each thing once. No transformation is taken whose products would come of more than
//! [`ANCESTORS_MAX`] things or lie more than [`ANCESTRY_DEPTH_MAX`] transformations behind the first, so it always ends.

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::{ThingRow, thing::Thing};
use crate::{
    execute::{Case, Checked},
    refusal::{Code, Refusal},
    row,
    shared::Shared,
    state::{Fault, Overlay},
    time::Time,
};

/// Most things that a thing may come of, at any distance.
pub const ANCESTORS_MAX: usize = 5_000;

/// Most transformations that may lie behind a thing, one after the other.
pub const ANCESTRY_DEPTH_MAX: u64 = 64;

/// Row `transformation/<party>/<hash>`: one transformation, told by one record or by several that share its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformationRow {
    /// When it happened last.
    pub at: Time,
    /// The organisation.
    pub by: String,
    /// How many transformations lie behind what comes of it, this one included.
    pub depth: u64,
    /// Rows of what was used up, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
}

/// Everything that some things came of.
#[derive(Debug, Default)]
pub(super) struct Ancestry {
    /// Whether there is more than the walk was to visit.
    pub cut: bool,
    /// Rows of things, those that were asked for included.
    pub things: BTreeSet<String>,
    /// Rows of transformations.
    pub transformations: BTreeSet<String>,
    /// Most transformations one after the other, as their rows tell.
    pub depth: u64,
}

/// Most things and transformations that a walk visits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub things: usize,
    pub transformations: usize,
}

impl Limit {
    /// Those that the rules set stand.
    pub(super) const NONE: Limit = Limit { things: usize::MAX, transformations: usize::MAX };
}

/// Walks back from some things, whose rows may be at hand, nearest first and within a limit. `visit` sees each thing's row once.
pub(super) fn walk(
    rows: &Overlay<'_>,
    from: Vec<(String, Option<Shared<ThingRow>>)>,
    limit: Limit,
    mut visit: impl FnMut(&ThingRow),
) -> Result<Ancestry, Fault> {
    let mut found = Ancestry::default();
    let mut open = VecDeque::from(from);
    while let Some((key, row)) = open.pop_front() {
        if found.things.contains(&key) {
            continue;
        }
        if found.things.len() >= limit.things {
            found.cut = true;
            break;
        }
        let row = match row {
            Some(row) => row,
            None => row::get(rows, &key)?.unwrap_or_default(),
        };
        found.things.insert(key);
        visit(&row);
        for source in &row.sources {
            if found.transformations.contains(source) {
                continue;
            }
            if found.transformations.len() >= limit.transformations {
                found.cut = true;
                return Ok(found);
            }
            found.transformations.insert(source.clone());
            let Some(made) = row::get::<TransformationRow>(rows, source)? else { continue };
            found.depth = found.depth.max(made.depth);
            let unseen = made.inputs.iter().filter(|input| !found.things.contains(*input));
            open.extend(unseen.map(|input| (input.clone(), None)));
        }
    }
    Ok(found)
}

/// Everything that a transformation's inputs are and came of, once it is no more than a walk may visit and none of the
/// `products`, which the rules bind, comes of itself.
pub(super) fn check(case: &Case<'_>, key: &str, inputs: &[&Thing], products: &BTreeSet<&str>) -> Checked<Ancestry> {
    let from: Vec<_> = inputs.iter().map(|thing| (thing.key.clone(), Some(thing.row.clone()))).collect();
    let mut behind = walk(case.rows(), from, Limit { things: ANCESTORS_MAX, ..Limit::NONE }, |_| {})?;
    if behind.cut {
        let detail = format!("more than {ANCESTORS_MAX}");
        return Err(Refusal::new(Code::AncestryWidth).at("/body/event").because(detail).into());
    }
    behind.depth = behind.depth.saturating_add(1);
    if behind.depth > ANCESTRY_DEPTH_MAX {
        let detail = format!("{}, at most {ANCESTRY_DEPTH_MAX} are accepted", behind.depth);
        return Err(Refusal::new(Code::AncestryDepth).at("/body/event").because(detail).into());
    }
    let own = behind.things.iter().find(|thing| products.contains(thing.as_str()));
    if own.is_some() || (!products.is_empty() && behind.transformations.contains(key)) {
        let detail = own.map_or(key, String::as_str);
        return Err(Refusal::new(Code::AncestryCycle).at("/body/event").because(detail).into());
    }
    Ok(behind)
}
