//! Agreements, accounts and lines.

use std::collections::{BTreeMap, BTreeSet};

use hefu_contracts::{
    agreements::{DisputeRow, Earning, LineRow, MilestoneRow, PayoutRow, ProgressRow, SaleRow, Stated, UnitRow},
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

/// What a party earns under a contract.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EarningsView {
    /// What was agreed on outside of the terms, by name.
    pub adjustments: Vec<EarningView>,
    /// What stands in each bucket of the account, in minor units; nothing is absent.
    #[schema(value_type = BTreeMap<String, String>)]
    pub balances: BTreeMap<String, Minor>,
    /// The contract.
    pub contract: String,
    /// Its currency, ISO 4217.
    pub currency: String,
    /// A page of lines, by their names.
    pub lines: Vec<LineEarningsView>,
    /// Where the next page is; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whose earnings they are.
    pub party: String,
    /// What whole periods earn beside their lines.
    pub periods: Vec<PeriodEarningsView>,
}

/// What a period earns beside its lines.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PeriodEarningsView {
    /// By component, in the order of the term sheet.
    pub earnings: Vec<EarningView>,
    /// The month, as `2026-09`; absent where the contract has one period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// The version of the terms.
    pub version: String,
}

impl PeriodEarningsView {
    /// Of a segment, as `2026-09/1`.
    pub(crate) fn of(segment: &str, earnings: Vec<Earning>) -> PeriodEarningsView {
        let (period, version) = segment.split_once('/').unwrap_or((segment, ""));
        PeriodEarningsView {
            earnings: earnings.into_iter().map(EarningView::of).collect(),
            period: (period != "all").then(|| period.to_owned()),
            version: version.to_owned(),
        }
    }
}

/// What a line earns.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineEarningsView {
    /// Whether an after-sales case is open.
    pub aftersale: bool,
    /// How many item codes left with it.
    pub codes: u64,
    /// By component, in the order of the term sheet.
    pub earnings: Vec<EarningView>,
    /// The first of these codes, at most 100, and what became of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<LineItemView>,
    /// Its name: platform, order under its commitment, number.
    pub line: String,
    /// What was paid, as attributed, in minor units.
    #[schema(value_type = BTreeMap<String, String>)]
    pub paid: Parts,
    /// How far it is.
    #[schema(value_type = String)]
    pub progress: ProgressRow,
    /// The platform's record that reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Hash>)]
    pub record: Option<Hash>,
    /// What was refunded of it.
    #[schema(value_type = BTreeMap<String, String>)]
    pub refunded: Parts,
}

/// An item that left with a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LineItemView {
    /// Its code, as a canonical identifier.
    pub id: String,
    /// Where it is now, as far as its sale goes.
    pub state: SoldState,
}

/// What became of an item that was sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SoldState {
    /// The buyer has it, or will.
    Sold,
    /// It was refunded and came back.
    Returned,
    /// It was refunded, and the buyer keeps it.
    Refunded,
}

impl LineEarningsView {
    /// Of a line, what the platform reports of it, and the items that left with it.
    pub(crate) fn of(
        (line, sale): (String, SaleRow),
        reported: Option<LineRow>,
        items: Vec<LineItemView>,
        earnings: Vec<Earning>,
    ) -> LineEarningsView {
        LineEarningsView {
            aftersale: sale.aftersale,
            codes: reported.as_ref().map_or(0, |row| row.codes),
            earnings: earnings.into_iter().map(EarningView::of).collect(),
            items,
            line,
            paid: sale.paid,
            progress: sale.progress,
            record: reported.map(|row| row.record),
            refunded: sale.refunded,
        }
    }
}

/// What a unit comes to for a party.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EarningView {
    /// The party's share as it is now, in minor units.
    #[schema(value_type = String)]
    pub amount: Minor,
    /// The component of the term sheet, or `cap`, `guarantee`, `pool` or `adjustment`.
    pub component: String,
    /// How the amount comes about.
    pub formula: String,
    /// What it waits for, or what became of it: `awaits-receipt`, `awaits-close`, `holding-time`, `awaits-release`,
    /// `aftersale`, `dispute`, `awaits-payout`, `in-payout`, `paid`, `refunded`.
    pub reason: &'static str,
    /// What refunds have taken back of the share, in minor units.
    #[schema(value_type = String)]
    pub reversed: Minor,
    /// Where it stands: `pending`, `held`, `disputed`, `payable`, `paid` or `reversed`.
    pub state: &'static str,
    /// Until when it is held, or since when it may be released.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Time>)]
    pub time: Option<Time>,
    /// The unit, as entries and disputes name it.
    pub unit: String,
    /// The version of the terms that it is under.
    pub version: u32,
}

impl EarningView {
    pub(crate) fn of(earning: Earning) -> EarningView {
        let Earning { amount, component, formula, reversed, standing, unit, version } = earning;
        let (state, reason, time) = (standing.state(), standing.reason(), standing.time());
        EarningView { amount, component, formula, reason, reversed, state, time, unit, version }
    }
}

/// Payouts to a party.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PayoutsView {
    /// They, by the names of their batches.
    pub payouts: Vec<PayoutView>,
}

/// A payout.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PayoutView {
    /// How much left `payable`, in minor units.
    #[schema(value_type = String)]
    pub amount: Minor,
    /// The batch.
    pub batch: String,
    /// Whether the money arrived; absent until bank or wallet have answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid: Option<bool>,
    /// The record that attests the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Hash>)]
    pub receipt: Option<Hash>,
    /// The record that instructed it.
    #[schema(value_type = shapes::Hash)]
    pub record: Hash,
    /// How much of it goes to the tax authority, in minor units.
    #[schema(value_type = String)]
    pub tax_withheld: Minor,
}

impl PayoutView {
    /// Of a batch's row.
    pub(crate) fn of((batch, row): (String, PayoutRow)) -> PayoutView {
        let PayoutRow { amount, record, result, tax_withheld, .. } = row;
        PayoutView {
            amount,
            batch,
            paid: result.as_ref().map(|result| result.paid),
            receipt: result.map(|result| result.record),
            record,
            tax_withheld,
        }
    }
}

/// Disputes under a contract.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DisputesView {
    /// They, by their units.
    pub disputes: Vec<DisputeView>,
    /// Where the next page is; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The last dispute about a unit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DisputeView {
    /// Who opened it.
    pub by: String,
    /// The record that closed it; absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Hash>)]
    pub closed: Option<Hash>,
    /// The record that opened it.
    #[schema(value_type = shapes::Hash)]
    pub record: Hash,
    /// The unit.
    pub unit: String,
}

impl DisputeView {
    /// Of a unit's row.
    pub(crate) fn of(unit: String, row: DisputeRow) -> DisputeView {
        let DisputeRow { by, closed, record } = row;
        DisputeView { by, closed, record, unit }
    }
}

/// That something happened under a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AgreementNewsView {
    /// Balances in minor units, by organisation and bucket, as far as they are for the reader.
    #[schema(value_type = BTreeMap<String, BTreeMap<String, String>>)]
    pub accounts: BTreeMap<String, BTreeMap<String, Minor>>,
    /// The contract.
    pub contract: String,
    /// Number of its events so far.
    pub seq: u64,
}
