//! What moves amounts: statements line by line, costs of pools, and what is agreed on outside of terms.

use std::collections::BTreeMap;

use hefu_contracts::{
    agreements::{AdjustmentReason, AdjustmentRow, CostRow, bundle::Movement},
    height::Height,
    settlement::Minor,
    time::Time,
};
use hefu_keys::Hash;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::shapes;

/// A statement line by line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MovementsView {
    /// The contract.
    pub contract: String,
    /// Its currency, ISO 4217.
    pub currency: String,
    /// Every amount that came into a bucket or left it, in order.
    pub movements: Vec<MovementView>,
    /// Where the next page is; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The statement's number.
    pub number: u64,
    /// Whose statement it is.
    pub party: String,
}

/// An amount that came into a bucket of an account or left it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MovementView {
    /// How much came in, in minor units; below zero what left.
    #[schema(value_type = String)]
    pub amount: Minor,
    /// What stands in the bucket after it, in minor units.
    #[schema(value_type = String)]
    pub balance: Minor,
    /// Which bucket.
    pub bucket: String,
    /// What happened: the type of the event, such as `paid` or `refund`.
    pub event: String,
    /// How the party's share of the unit comes about after the event; absent where no arithmetic leads to the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// Height of the block.
    #[schema(value_type = u64)]
    pub height: Height,
    /// The order line that the event is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Number of the entry, from 1.
    pub n: u64,
    /// The record that it comes from.
    #[schema(value_type = shapes::Hash)]
    pub record: Hash,
    /// The version of the terms.
    pub terms: u32,
    /// Time of the block.
    #[schema(value_type = shapes::Time)]
    pub time: Time,
    /// The unit; absent where the whole account is meant, as by a payout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

impl MovementView {
    /// Of what a bundle tells.
    pub(crate) fn of(movement: Movement) -> MovementView {
        let Movement { amount, balance, bucket, event, formula, height, line, n, record, terms, time, unit } = movement;
        MovementView { amount, balance, bucket, event, formula, height, line, n, record, terms, time, unit }
    }
}

/// Costs of a contract's pool.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CostsView {
    /// They, by their names.
    pub costs: Vec<CostView>,
    /// Where the next page is; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A cost of a pool.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CostView {
    /// How much, in minor units; below zero where it came back.
    #[schema(value_type = String)]
    pub amount: Minor,
    /// When it was incurred.
    #[schema(value_type = shapes::Time)]
    pub at: Time,
    /// `coordination`, `fixed` or `variable`.
    pub category: String,
    /// Salted hash of the invoice.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Hash>)]
    pub evidence: Option<Hash>,
    /// Its name.
    pub item: String,
    /// The record that all who bear it signed.
    #[schema(value_type = shapes::Hash)]
    pub record: Hash,
}

impl CostView {
    /// Of a cost's row.
    pub(crate) fn of((item, row): (String, CostRow)) -> CostView {
        let CostRow { amount, at, category, evidence, record, .. } = row;
        CostView { amount, at, category, evidence, item, record }
    }
}

/// What the parties of a contract agreed on outside of its terms.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AdjustmentsView {
    /// They, by their names.
    pub adjustments: Vec<AdjustmentView>,
    /// Where the next page is; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Amounts agreed on outside of the terms.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AdjustmentView {
    /// The unit or statement that it makes good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Who gets how much more, in minor units; below zero who gives it back.
    #[schema(value_type = BTreeMap<String, String>)]
    pub amounts: BTreeMap<String, Minor>,
    /// Its name.
    pub name: String,
    /// `attribution`, `correction`, `goodwill`, `other` or `terms`.
    #[schema(value_type = String)]
    pub reason: AdjustmentReason,
    /// The record that all who are bound signed.
    #[schema(value_type = shapes::Hash)]
    pub record: Hash,
    /// Time of the block.
    #[schema(value_type = shapes::Time)]
    pub time: Time,
}

impl AdjustmentView {
    /// Of an adjustment's row.
    pub(crate) fn of((name, row): (String, AdjustmentRow)) -> AdjustmentView {
        let AdjustmentRow { about, amounts, reason, record, time, .. } = row;
        AdjustmentView { about, amounts, name, reason, record, time }
    }
}
