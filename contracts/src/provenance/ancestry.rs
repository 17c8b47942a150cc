//! What things came of: transformations and what they used up, back to where the ledger's knowledge begins.
//!
//! A walk visits each thing once. No transformation is taken whose products would come of more than
//! [`ANCESTORS_MAX`] things or lie more than [`ANCESTRY_DEPTH_MAX`] transformations behind the first, so it always ends.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{ThingRow, thing::Thing};
use crate::{
    execute::{Case, Checked},
    refusal::{Code, Refusal},
    row,
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
    /// Rows of things, those that were asked for included.
    pub things: BTreeSet<String>,
    /// Rows of transformations.
    pub transformations: BTreeSet<String>,
    /// Most transformations one after the other, as their rows tell.
    pub depth: u64,
}

/// Walks back from some things, through no more than `limit` besides them. `visit` sees each thing's row once.
pub(super) fn walk(
    rows: &Overlay<'_>,
    from: &[(String, ThingRow)],
    limit: usize,
    mut visit: impl FnMut(&ThingRow),
) -> Result<Ancestry, Fault> {
    let mut found = Ancestry::default();
    let mut open: Vec<(String, ThingRow)> = from.to_vec();
    while let Some((key, row)) = open.pop() {
        if !found.things.insert(key) {
            continue;
        }
        visit(&row);
        if found.things.len() > limit.saturating_add(from.len()) {
            break;
        }
        for source in row.sources {
            if !found.transformations.insert(source.clone()) {
                continue;
            }
            let Some(made) = row::get::<TransformationRow>(rows, &source)? else { continue };
            found.depth = found.depth.max(made.depth);
            for input in made.inputs {
                if !found.things.contains(&input) {
                    let row: ThingRow = row::get(rows, &input)?.unwrap_or_default();
                    open.push((input, row));
                }
            }
        }
    }
    Ok(found)
}

/// Everything that a transformation's inputs are and came of, once it is no more than a walk may visit and none of the
/// `products`, which the rules bind, comes of itself.
pub(super) fn check(case: &Case<'_>, key: &str, inputs: &[&Thing], products: &BTreeSet<&str>) -> Checked<Ancestry> {
    let from: Vec<_> = inputs.iter().map(|thing| (thing.key.clone(), thing.row.clone())).collect();
    let mut behind = walk(case.rows(), &from, ANCESTORS_MAX, |_| {})?;
    if behind.things.len() > ANCESTORS_MAX {
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
