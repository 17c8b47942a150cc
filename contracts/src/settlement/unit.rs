//! The smallest thing that is earned, held, disputed and released as a whole (§6).

use std::{borrow::Cow, collections::BTreeSet, fmt};

use super::{
    allocate::Weights,
    entitlement::{Part, Worth},
    journal::Bucket,
    names::{AdjustmentId, ComponentId, LineId, Party},
    segment::SegmentId,
    terms::Terms,
};
use crate::time::Time;

/// Which unit. They are released in this order where they are due at the same moment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnitId {
    /// What a line earns under one component.
    Line {
        /// The line.
        line: LineId,
        /// Place of the component in the term sheet.
        component: usize,
    },
    /// What a whole segment earns.
    Segment {
        /// The segment.
        segment: SegmentId,
        /// Which part of it.
        part: Part,
    },
}

impl UnitId {
    /// Its name in journals and disputes; nothing where the terms have no such component or taker.
    pub fn name(&self, terms: &Terms) -> Option<UnitName> {
        let component = |place: usize| Some(terms.components.get(place)?.id.clone());
        Some(match *self {
            UnitId::Line { ref line, component: place } => {
                UnitName::Line { line: line.clone(), component: component(place)? }
            }
            UnitId::Segment { segment, part } => match part {
                Part::Component(place) => UnitName::Component { component: component(place)?, segment },
                Part::Cap => UnitName::Cap(segment),
                Part::Guarantee => UnitName::Guarantee(segment),
                Part::Pool(place) => UnitName::Pool { taker: terms.roles.split.parties.get(place)?.clone(), segment },
            },
        })
    }

    /// In which proportion it is divided among those who earn: by the split, and what a pool gives somebody is hers.
    pub(super) fn weights<'t>(&self, terms: &'t Terms) -> Cow<'t, Weights> {
        let weights = &terms.roles.split.weights;
        match self {
            UnitId::Segment { part: Part::Pool(place), .. } => Cow::Owned(weights.only(*place)),
            UnitId::Segment { part: Part::Component(_) | Part::Cap | Part::Guarantee, .. } | UnitId::Line { .. } => {
                Cow::Borrowed(weights)
            }
        }
    }

    /// The line and the component that a unit's name tells, where it is a line's. A line's name may hold colons, a
    /// component's may not.
    pub(super) fn of_line(name: &str) -> Option<(LineId, &str)> {
        let (line, component) = name.strip_prefix("line:")?.rsplit_once(':')?;
        Some((LineId::new(line)?, component))
    }
}

/// What a unit is called in journals and disputes. It is spelt out only where somebody reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitName {
    /// `line:O1-1:comm`
    Line {
        /// The line.
        line: LineId,
        /// The component.
        component: ComponentId,
    },
    /// `comp:tier@2026-09`
    Component {
        /// The component.
        component: ComponentId,
        /// The segment.
        segment: SegmentId,
    },
    /// `cap`
    Cap(SegmentId),
    /// `guarantee`
    Guarantee(SegmentId),
    /// `pool:kol`
    Pool {
        /// Whose part of it.
        taker: Party,
        /// The segment.
        segment: SegmentId,
    },
    /// `adjustment:bonus-3`, of what is no unit.
    Adjustment(AdjustmentId),
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnitName::Line { line, component } => write!(f, "line:{line}:{component}"),
            UnitName::Component { component, segment } => write!(f, "comp:{component}{segment}"),
            UnitName::Cap(segment) => write!(f, "cap{segment}"),
            UnitName::Guarantee(segment) => write!(f, "guarantee{segment}"),
            UnitName::Pool { taker, segment } => write!(f, "pool:{taker}{segment}"),
            UnitName::Adjustment(id) => write!(f, "adjustment:{id}"),
        }
    }
}

/// How far a unit is on its way to those who earned it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Its line was not received, or its period not closed.
    #[default]
    Accrued,
    /// It waits.
    Held {
        /// From when on it may be released.
        release_at: Time,
    },
    /// It belongs to those who earned it; differences carry over.
    Released {
        /// Number of the event that released it: payouts with a higher one contained it.
        seq: u64,
    },
}

/// A dispute about a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dispute {
    /// Places in the split whose share had been paid, or netted against a carried debt: they keep a claim, but no money
    /// moves.
    pub unmoved: BTreeSet<usize>,
}

/// The state of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// Version of the terms, whose split holds.
    pub version: u32,
    /// What it is worth, and what has been posted of it.
    pub worth: Worth,
    /// How far it is.
    pub stage: Stage,
    /// The dispute about it.
    pub dispute: Option<Dispute>,
    /// Whether an after-sales case keeps it from release.
    pub is_blocked: bool,
}

impl Unit {
    /// Where the share of the party at a place of the split stands.
    pub fn bucket(&self, place: usize) -> Bucket {
        match (&self.dispute, self.stage) {
            (Some(dispute), _) if !dispute.unmoved.contains(&place) => Bucket::Disputed,
            (_, Stage::Accrued) => Bucket::Accrued,
            (_, Stage::Held { .. }) => Bucket::Held,
            (_, Stage::Released { .. }) => Bucket::Payable,
        }
    }

    /// From when on a tick releases it; never while it is disputed or blocked.
    pub fn due(&self) -> Option<Time> {
        match self.stage {
            Stage::Held { release_at } if self.dispute.is_none() && !self.is_blocked => Some(release_at),
            Stage::Held { .. } | Stage::Accrued | Stage::Released { .. } => None,
        }
    }
}
