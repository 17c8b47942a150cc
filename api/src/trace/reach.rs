//! What a walk reaches, and who is told.

use std::collections::BTreeSet;

use hefu_contracts::{
    provenance::{ThingRow, TransformationRow},
    row::Row,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// Which way is looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To what it came of.
    #[default]
    Back,
    /// To what came of it.
    Forward,
}

/// How one row leads to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Relation {
    /// The first was used up in the second, a transformation.
    Consumed,
    /// The second came of the first, a transformation.
    Produced,
    /// The first is inside the second, a container.
    Inside,
    /// The first is fixed to the second, an assembly.
    Fixed,
    /// The second is a lot or an item of the first, a class.
    Member,
    /// The second was made at the first, a site.
    Made,
}

impl Relation {
    /// As it stands in an answer.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Relation::Consumed => "consumed",
            Relation::Produced => "produced",
            Relation::Inside => "inside",
            Relation::Fixed => "fixed",
            Relation::Member => "member",
            Relation::Made => "made",
        }
    }
}

/// What stands at a place of the walk.
#[derive(Clone, Debug)]
pub(super) enum Met {
    Thing(Box<ThingRow>),
    Transformation(TransformationRow),
}

/// A row that was reached.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub key: String,
    pub met: Met,
    /// How many steps it is away.
    pub depth: u32,
    /// Whether it was only met as what encloses something.
    pub around: bool,
    /// The step by which it was reached first; none at the beginning.
    pub by: Option<Tie>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tie {
    pub from: String,
    pub relation: Relation,
    pub to: String,
}

/// Who is told what a walk reaches, as it goes on: there may be more than fits into memory at once.
pub(super) trait Found {
    /// Whether steps are told, and what is near before what is far.
    const STEPS: bool;

    /// Something was reached; a second time where it was only met as what encloses something at first, and is followed now.
    fn place(&mut self, place: Place, again: bool) -> Result<(), Problem>;

    /// A balance of a lot that was reached.
    fn balance(&mut self, row: Row) -> Result<(), Problem>;

    /// A step, where they are told.
    fn step(&mut self, _: &Tie) {}

    /// Whether it counts what is alike of a source by the ledger's index: then only what stands alone there is met.
    fn counts(&mut self, _source: &str) -> bool {
        false
    }
}

/// Everything that was reached.
#[derive(Debug, Default)]
pub(super) struct Reached {
    /// Nearest first.
    pub places: Vec<Place>,
    pub ties: BTreeSet<Tie>,
    /// Whether there is more than was asked for.
    pub truncated: bool,
}

impl Found for Reached {
    const STEPS: bool = true;

    fn place(&mut self, place: Place, again: bool) -> Result<(), Problem> {
        let shown = self.places.iter_mut().find(|shown| again && shown.key == place.key);
        match shown {
            Some(shown) => shown.around = place.around,
            None => self.places.push(place),
        }
        Ok(())
    }

    fn balance(&mut self, _: Row) -> Result<(), Problem> {
        Ok(())
    }

    fn step(&mut self, tie: &Tie) {
        self.ties.insert(tie.clone());
    }
}
