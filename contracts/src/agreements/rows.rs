//! What the register keeps of agreements: each event's change is written row by row, so that an event costs what it
//! touches, however many lines a contract has.

use std::collections::{BTreeMap, BTreeSet};

use hefu_keys::{Address, Hash};
use serde::{Deserialize, Serialize};

use super::{body::AdjustmentReason, sheet::Sheet};
use crate::{
    settlement::{Metrics, Minor, Parts, decimal},
    time::Time,
};

/// Row `feed/<name>`: whose word about order lines it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedRow {
    /// The key that signs its facts.
    pub key: Address,
    /// The platform.
    pub party: String,
    /// The record that set the key.
    pub record: Hash,
}

/// Row `agreement/<contract>`: what concerns a contract as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AgreementRow {
    /// Milestones that were reached.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub milestones: BTreeMap<String, MilestoneRow>,
    /// Segments, as `2026-09/1`, whose period was not closed yet.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub open: BTreeSet<String>,
    /// Everybody whom its terms name, in any version: who may read it.
    pub parties: BTreeSet<String>,
    /// Number of events so far.
    pub seq: u64,
    /// The last statement that was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated: Option<Stated>,
    /// The newest version of its terms.
    pub version: u32,
}

/// The last statement of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stated {
    /// Its number, from 1.
    pub number: u64,
    /// The period up to whose end it speaks, as `2026-09`; absent where the contract has one period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// The contract's events when it was issued.
    pub seq: u64,
}

/// A milestone that was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MilestoneRow {
    /// Minutes after what it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_min: Option<u64>,
    /// The segment whose fixed amounts became due by it.
    pub segment: String,
}

/// Row `terms/<contract>/<version>`: a version of the terms, which is never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsRow {
    /// The record that all required signers signed.
    pub record: Hash,
    /// The term sheet.
    pub sheet: Sheet,
    /// When it was agreed: time of the block.
    pub time: Time,
}

/// Row `account/<contract>/<party>`: what the contract owes a party, with the chain of everything that led there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AccountRow {
    /// What stands in each bucket; nothing is absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub balances: BTreeMap<String, Minor>,
    /// Number of the last payout that did not fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_out: Option<u64>,
}

/// Row `sale/<contract>/<line>`: a line as far as it is the contract's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SaleRow {
    /// Whether an after-sales case is open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aftersale: bool,
    /// The order.
    pub order: String,
    /// What was paid, as attributed.
    pub paid: Parts,
    /// How far the line is.
    pub progress: ProgressRow,
    /// What was refunded of it.
    pub refunded: Parts,
    /// The segment it counts in.
    pub segment: String,
    /// Pieces paid.
    #[serde(with = "decimal")]
    pub units: i128,
    /// Pieces that came back.
    #[serde(with = "decimal")]
    pub units_back: i128,
    /// What it earns, by the component's place in the term sheet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub worth: BTreeMap<String, UnitRow>,
}

/// How far a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProgressRow {
    /// It was paid.
    Paid,
    /// It left.
    Shipped,
    /// The buyer has it.
    Received,
}

/// A unit: the smallest thing that is held, disputed and released as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UnitRow {
    /// Whether an after-sales case keeps it from release.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blocked: bool,
    /// When its worth changed last: time of the block. A statement issued later contains it.
    pub changed_at: Time,
    /// Set while it is in dispute: places of the split whose share stays where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disputed: Option<BTreeSet<usize>>,
    /// What goes to whoever gets the fees.
    pub fee: Minor,
    /// What is split among those who earn.
    pub net: Minor,
    /// From when on it may be released, while it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_at: Option<Time>,
    /// Number of the event that released it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_by: Option<u64>,
}

/// Row `segment/<contract>/<period>/<version>`: the sums that entitlements are computed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SegmentRow {
    /// Costs of a pool that those who bear them agreed to.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub costs: Minor,
    /// Base as it was paid.
    pub gross_base: Minor,
    /// Net value of all units of its lines.
    pub lines_net: Minor,
    /// Base after refunds.
    pub net_base: Minor,
    /// Pieces after refunds.
    #[serde(with = "decimal")]
    pub net_units: i128,
    /// Orders whose base after refunds is above zero.
    #[serde(with = "decimal")]
    pub orders: i128,
    /// What the segment earns: by the component's place in the term sheet, `cap` and `guarantee`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub worth: BTreeMap<String, UnitRow>,
}

impl SegmentRow {
    /// What entitlements look at.
    pub const fn metrics(&self) -> Metrics {
        Metrics {
            gross_base: self.gross_base,
            net_base: self.net_base,
            net_units: self.net_units,
            orders: self.orders,
            costs: self.costs,
        }
    }
}

/// Row `order/<contract>/<segment>/<order>`: how many lines of an order have a base above zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderRow {
    /// Their number.
    #[serde(with = "decimal")]
    pub lines: i128,
}

/// Row `payout/<contract>/<batch>/<party>`: money on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PayoutRow {
    /// How much leaves `payable`.
    pub amount: Minor,
    /// Number of the payout before.
    pub before: u64,
    /// The record that instructed it.
    pub record: Hash,
    /// What bank or wallet answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<PayoutResult>,
    /// Number of the event.
    pub seq: u64,
    /// How much of it goes to the tax authority.
    pub tax_withheld: Minor,
}

/// What bank or wallet answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayoutResult {
    /// Whether the money arrived.
    pub paid: bool,
    /// The record that attests it.
    pub record: Hash,
}

/// Row `cost/<contract>/<item>`: a cost of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostRow {
    /// How much, in minor units; below zero where it came back.
    pub amount: Minor,
    /// When it was incurred.
    pub at: Time,
    /// `coordination`, `fixed` or `variable`.
    pub category: String,
    /// Salted hash of the invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Hash>,
    /// The record that all who bear it signed.
    pub record: Hash,
    /// Number of the event.
    pub seq: u64,
}

/// Row `adjustment/<contract>/<name>`: amounts that all who are bound agreed on outside of the terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdjustmentRow {
    /// The unit or statement that it makes good for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Who gets how much more, in minor units; below zero who gives it back.
    pub amounts: BTreeMap<String, Minor>,
    /// Why.
    pub reason: AdjustmentReason,
    /// The record that all of them signed.
    pub record: Hash,
    /// Number of the event.
    pub seq: u64,
    /// Time of the block.
    pub time: Time,
}

/// Row `dispute/<contract>/<unit>`: the last dispute about a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisputeRow {
    /// Who opened it.
    pub by: String,
    /// The record that closed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Hash>,
    /// The record that opened it.
    pub record: Hash,
}

/// Row `statement/<contract>/<party>/<number>`: the stretch of a party's account that a statement covers. It is never
/// changed but for its acceptance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementRow {
    /// When the party accepted it: time of the block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Time>,
    /// The account where it ends.
    pub closing: AccountAt,
    /// The account where it begins: the end of the one before.
    pub opening: AccountAt,
    /// The period up to whose end it speaks; absent where the contract has one period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// The record that issued it.
    pub record: Hash,
    /// When it was issued: time of the block.
    pub time: Time,
}

/// An account at a point of its chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountAt {
    /// What stood in each bucket.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub balances: BTreeMap<String, Minor>,
    /// Head of its chain.
    pub head: Hash,
    /// Number of its entries.
    pub n: u64,
}

/// Row `line/<platform>/<month>/<order>/<line>`: a line as the platform reports it. It is in the register once, however
/// many contracts share it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LineRow {
    /// Whether an after-sales case is open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aftersale: bool,
    /// Number of its item codes; none before it was shipped.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub codes: u64,
    /// The feed that reported it.
    pub feed: String,
    /// What was paid.
    pub paid: Parts,
    /// How far it is.
    pub progress: ProgressRow,
    /// The record that reported it.
    pub record: Hash,
    /// What was refunded.
    pub refunded: Parts,
    /// Which share of it, in millionths, falls under which contract.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shares: BTreeMap<String, u32>,
    /// Pieces paid.
    #[serde(with = "decimal")]
    pub units: i128,
    /// Pieces that came back.
    #[serde(with = "decimal")]
    pub units_back: i128,
}

/// Row `sold/<item>`: which line an item code left with, so that it is sold once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoldRow {
    /// The line's row.
    pub line: String,
    /// The record that shipped it.
    pub record: Hash,
    /// The record that refunded it without taking it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Hash>,
    /// The record that took it back, after which it may be sold again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Hash>,
}

const fn is_nothing(amount: &Minor) -> bool {
    amount.is_zero()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_zero(n: &u64) -> bool {
    *n == 0
}
