//! Quotas.

use hefu_contracts::parties::{Quota, QuotaRow, Spent};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::openapi::shapes;

/// What an organisation may record and what it has, or what everybody may who has no quota of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuotaView {
    /// What holds for all keys of an organisation together, and for each of them.
    #[schema(value_type = shapes::Quota)]
    pub limits: Quota,
    /// Whether that was set for this organisation; of everybody, whether it was set at all.
    pub own: bool,
    /// The organisation; absent where it is everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    /// What it has recorded on the last day on which it has, pending records left out; absent where it never has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Spent>)]
    pub spent: Option<Spent>,
}

/// Shows the quota of an organisation by its own row and everybody's; of everybody, where no organisation is named.
pub fn quota(party: Option<String>, own: Option<&QuotaRow>, everybody: Option<&QuotaRow>) -> QuotaView {
    let of = if party.is_some() { own } else { everybody };
    QuotaView {
        limits: Quota::in_force(own, everybody),
        own: of.is_some_and(|row| row.limits.is_some()),
        party,
        spent: own.and_then(|own| own.spent),
    }
}
