//! Keys.

use hefu_contracts::{
    parties::{Grant, KeyRow, Revoked, Spent},
    time::Time,
};
use hefu_keys::Address;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::openapi::shapes;

/// A registered key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyView {
    /// The key.
    #[schema(value_type = shapes::Address)]
    pub address: Address,
    /// The last moment at which any of its grants holds; absent where one of them has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Time>)]
    pub expires: Option<Time>,
    /// What it may do.
    #[schema(value_type = Vec<shapes::Grant>)]
    pub grants: Vec<Grant>,
    /// The next sequence number that is free and above all used ones, pending records included.
    pub next_seq: u64,
    /// The organisation that it signs for.
    pub party: String,
    /// Set while it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Revoked>)]
    pub revoked: Option<Revoked>,
    /// What it has recorded on the last day on which it has; it counts against its organisation's quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Spent>)]
    pub spent: Option<Spent>,
    /// The highest sequence number used; valid are unused ones less than 4,096 below it and up to 4,096 above it.
    pub top: u64,
}

/// Shows a key's row.
pub fn key(address: &Address, row: KeyRow) -> KeyView {
    let ends: Option<Vec<Time>> = row.grants.iter().map(|grant| grant.expires).collect();
    KeyView {
        address: *address,
        expires: ends.and_then(|ends| ends.into_iter().max()),
        grants: row.grants,
        next_seq: row.window.next_free(),
        party: row.party,
        revoked: row.revoked,
        spent: row.spent,
        top: row.window.top(),
    }
}
