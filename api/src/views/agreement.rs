//! Agreements, accounts and lines.

use std::collections::{BTreeMap, BTreeSet};

use hefu_contracts::{
    agreements::{MilestoneRow, ProgressRow, Stated, UnitRow},
    entry::{Deed, Entry},
    height::Height,
    raw::Raw,
    settlement::{Minor, Parts},
    time::Time,
};
use hefu_keys::Hash;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::shapes;

/// Agreements that the reader may read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgreementsView {
    /// They, by their ids.
    pub agreements: Vec<AgreementLineView>,
    /// Where the next page is; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An agreement among others.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgreementLineView {
    /// Its id.
    pub contract: String,
    /// Where it is.
    pub link: String,
    /// Ids of everybody whom its terms name.
    pub parties: BTreeSet<String>,
    /// The newest version of its terms.
    pub version: u32,
}

/// An agreement.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgreementView {
    /// Balances in minor units, by organisation and bucket, as far as they are for the reader.
    #[schema(value_type = BTreeMap<String, BTreeMap<String, String>>)]
    pub accounts: BTreeMap<String, BTreeMap<String, Minor>>,
    /// Its id.
    pub contract: String,
    /// Its currency, ISO 4217.
    pub currency: String,
    /// Milestones that were reached.
    #[schema(value_type = BTreeMap<String, Object>)]
    pub milestones: BTreeMap<String, MilestoneRow>,
    /// Ids of everybody whom its terms name.
    pub parties: BTreeSet<String>,
    /// The last statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub stated: Option<Stated>,
    /// Every version of its terms.
    pub versions: Vec<VersionView>,
}

/// A version of the terms.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VersionView {
    /// The record that all required signers signed.
    #[schema(value_type = shapes::Hash)]
    pub record: Hash,
    /// The term sheet.
    #[schema(value_type = Object)]
    pub terms: Raw,
    /// When it was agreed.
    #[schema(value_type = shapes::Time)]
    pub time: Time,
    /// Its number.
    pub version: u32,
}

/// What a contract owes a party.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccountView {
    /// What stands in each bucket, in minor units; nothing is absent.
    #[schema(value_type = BTreeMap<String, String>)]
    pub balances: BTreeMap<String, Minor>,
    /// The contract.
    pub contract: String,
    /// Its currency, ISO 4217.
    pub currency: String,
    /// A page of its entries, oldest first.
    pub entries: Vec<AccountEntryView>,
    /// How many entries it has.
    pub n: u64,
    /// Where the next page is; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whose it is.
    pub party: String,
    /// Its statements.
    pub statements: Vec<StatementLineView>,
}

/// An entry of an account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccountEntryView {
    /// The record's events, and what each moved in this account.
    #[schema(value_type = Vec<Object>)]
    pub data: Vec<Deed>,
    /// Height of the block.
    #[schema(value_type = shapes::Height)]
    pub height: Height,
    /// Its number, from 1 without a gap.
    pub n: u64,
    /// The record.
    #[schema(value_type = shapes::Hash)]
    pub record: Hash,
    /// Time of the block.
    #[schema(value_type = shapes::Time)]
    pub time: Time,
}

impl AccountEntryView {
    /// An entry and its number.
    pub(crate) fn of((n, entry): (u64, Entry)) -> AccountEntryView {
        let Entry { data, height, record, time, .. } = entry;
        AccountEntryView { data, height, n, record, time }
    }
}

/// A statement among others.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatementLineView {
    /// When it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Time>)]
    pub accepted: Option<Time>,
    /// Where its bundle is.
    pub bundle: String,
    /// Balances where it ends, in minor units.
    #[schema(value_type = BTreeMap<String, String>)]
    pub closing: BTreeMap<String, Minor>,
    /// How many entries it covers.
    pub entries: u64,
    /// Its number, from 1.
    pub number: u64,
    /// Balances where it begins, in minor units.
    #[schema(value_type = BTreeMap<String, String>)]
    pub opening: BTreeMap<String, Minor>,
    /// The month up to whose end it speaks; absent where the contract has one period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// When it was issued.
    #[schema(value_type = shapes::Time)]
    pub time: Time,
}

/// Order lines of a contract.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LinesView {
    /// They, by their names.
    pub lines: Vec<LineView>,
    /// Where the next page is; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An order line, as far as it is the contract's.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LineView {
    /// Whether an after-sales case is open.
    pub aftersale: bool,
    /// Its name: platform, order under its commitment, number.
    pub line: String,
    /// What was paid, as attributed, in minor units.
    #[schema(value_type = BTreeMap<String, String>)]
    pub paid: Parts,
    /// How far it is.
    #[schema(value_type = String)]
    pub progress: ProgressRow,
    /// What was refunded of it.
    #[schema(value_type = BTreeMap<String, String>)]
    pub refunded: Parts,
    /// Period and version that it counts in.
    pub segment: String,
    /// What it earns, by unit, with its state and when it may be released.
    #[schema(value_type = BTreeMap<String, Object>)]
    pub units: BTreeMap<String, UnitRow>,
}
