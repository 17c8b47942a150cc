//! Recalls that are open, as they are told.

use hefu_contracts::{
    provenance::{Inherited, RecallReason},
    time::Time,
};
use hefu_keys::Hash;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::id_of;
use crate::{
    openapi::shapes,
    views::{Names, PartyView},
};

/// A recall that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecallView {
    /// Whether it stops things of every organisation, and not only those that bear a prefix of whoever opened it.
    pub binds_everybody: bool,
    /// Who opened it.
    pub by: PartyView,
    /// Of a site: from when to when what is recalled was made there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<SpanView>,
    /// Why: `counterfeit`, `labelling`, `quality` or `safety`.
    #[schema(value_type = String)]
    pub reason: RecallReason,
    /// The record.
    #[schema(value_type = shapes::Hash)]
    pub record: Hash,
    /// What is recalled, as a canonical identifier.
    pub source: String,
}

impl RecallView {
    /// A recall that was found, with what the rows at hand call its author.
    pub(crate) fn of(record: Hash, Inherited { binds_everybody, recall }: &Inherited, names: Names<'_>) -> RecallView {
        RecallView {
            binds_everybody: *binds_everybody,
            by: names.party(&recall.by),
            made: recall.made.map(|made| SpanView { from: made.from, until: made.until }),
            reason: recall.reason,
            record,
            source: id_of(&recall.source),
        }
    }
}

/// A stretch of time, both ends within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SpanView {
    /// Where it begins.
    #[schema(value_type = shapes::Time)]
    pub from: Time,
    /// Where it ends; absent where it is still going on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Time>)]
    pub until: Option<Time>,
}
