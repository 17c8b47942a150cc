//! What records about agreements say.

use std::collections::BTreeMap;

use hefu_keys::{Address, Hash};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::{
    exact,
    gs1::Gtin,
    raw::Raw,
    refusal::{Code, Refusal},
    settlement::{Currency, Fault, Malformed, Minor, Parts, Terms, decimal},
    time::Time,
};

/// Most units of one `hold.release`, and most payouts of one batch: each is a few rows.
pub const UNITS_MAX: usize = 1_000;

/// Body of `feed.put`: by an admin of the platform. Replaces the feed's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedPut {
    /// The feed, `<platform>:<shop>`: 1 to 64 of a–z, 0–9 and hyphen on each side.
    pub feed: String,
    /// The key that signs its facts.
    pub key: Address,
}

/// Body of `agreement.sign`: a term sheet, signed by all who must. The first version begins a contract.
#[derive(Clone, Debug)]
pub struct AgreementSign {
    /// The term sheet as it was signed.
    pub sheet: Raw,
    /// What it means.
    pub terms: Box<Terms>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignWire {
    terms: Box<RawValue>,
}

impl AgreementSign {
    /// Reads the body from its canonical text.
    ///
    /// # Errors
    /// `E-TERMS-FORM` with a pointer into the term sheet, or as any other body.
    pub(crate) fn read(text: &str) -> Result<AgreementSign, Refusal> {
        let SignWire { terms } = exact::read_canonical(text).map_err(|inexact| inexact.refuse("/body"))?;
        let value: Value = serde_json::from_str(terms.get())
            .map_err(|error| Refusal::new(Code::RecordShape).at("/body/terms").because(error.to_string()))?;
        let terms = Terms::read(&value).map_err(|malformed| refuse(&malformed))?;
        let sheet = Raw::of(&value)
            .map_err(|error| Refusal::new(Code::RecordShape).at("/body/terms").because(error.to_string()))?;
        Ok(AgreementSign { sheet, terms: Box::new(terms) })
    }
}

fn refuse(malformed: &Malformed) -> Refusal {
    let code = match malformed.fault {
        Fault::FieldUnknown => Code::FieldUnknown,
        Fault::FieldMissing => Code::FieldMissing,
        Fault::Syntax
        | Fault::Form
        | Fault::Word
        | Fault::Count
        | Fault::Twice
        | Fault::Value(_)
        | Fault::Unsupported => Code::TermsForm,
    };
    Refusal::new(code).at(format!("/body/terms{}", malformed.pointer)).because(malformed.detail.clone())
}

/// Body of `fact.report`: by the key of the feed; a milestone of a contract also by its obligor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactReport {
    /// When it happened.
    pub at: Time,
    /// What happened.
    pub fact: Fact,
    /// The feed that reports it; absent where the obligor does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<String>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fact {
    /// A case about a line was closed.
    AftersaleClosed(LineName),
    /// A case about a line was opened.
    AftersaleOpen(LineName),
    /// A pool had a cost.
    Cost(CostFact),
    /// A milestone of a contract was reached.
    Milestone(MilestoneFact),
    /// An order line was paid. Its attribution is the list `/body/attribution`.
    Paid(Box<PaidFact>),
    /// The buyer received it.
    Received(LineName),
    /// Some or all of it was refunded. The codes that came back are the list `/body/codes`.
    Refunded(RefundedFact),
    /// It was shipped. Its item codes are the list `/body/codes`.
    Shipped(LineName),
}

/// An order line of the feed's platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineName {
    /// The line's number within its order.
    pub line: String,
    /// The order: the month of its creation (UTC), a slash, and its commitment under the platform's key of that month,
    /// `2026-09/<64 hex>`.
    pub order: String,
}

/// A milestone of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MilestoneFact {
    /// Minutes after what it answers, such as an offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_min: Option<u64>,
    /// The contract.
    pub contract: String,
    /// The milestone.
    pub name: String,
}

/// A cost of a contract with a pool: by everybody who bears it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostFact {
    /// How much, in minor units of the contract's currency; below zero where it came back.
    pub amount: Minor,
    /// `coordination`, `fixed` or `variable`.
    pub category: String,
    /// The contract.
    pub contract: String,
    /// Salted hash of the invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Hash>,
    /// Its name within the contract, never used again: 1 to 128 of A–Z, a–z, 0–9, hyphen and underscore.
    pub item: String,
}

/// An order line that was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PaidFact {
    /// The post, stream or account through which it was sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// When the order was created.
    pub created_at: Time,
    /// In which currency, ISO 4217.
    pub currency: String,
    /// The line's number within its order.
    pub line: String,
    /// The order, as in [`LineName`].
    pub order: String,
    /// What it was paid with, part by part, in minor units.
    pub parts: Parts,
    /// The trade item.
    pub product: Gtin,
    /// Pieces.
    #[serde(with = "decimal")]
    pub units: i128,
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RefundedFact {
    /// The line's number within its order.
    pub line: String,
    /// The order, as in [`LineName`].
    pub order: String,
    /// How much, part by part, in minor units.
    pub parts: Parts,
    /// Why nothing came back, where it did not: the named codes were seen as returned otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_only: Option<RefundOnly>,
    /// Pieces that came back.
    #[serde(with = "decimal")]
    pub units: i128,
}

/// Why a buyer was refunded and keeps what he has. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefundOnly {
    /// It arrived broken or spoilt.
    Damaged,
    /// The seller lets him.
    Goodwill,
    /// It never arrived.
    Lost,
    /// Something else.
    Other,
}

impl PaidFact {
    /// The currency, where it is one of the table.
    pub fn known_currency(&self) -> Option<Currency> {
        Currency::of(&self.currency)
    }
}

/// Body of `hold.release`: anybody may say that time has passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldRelease {
    /// The contract.
    pub contract: String,
    /// Names of the units that are due; others among them stay as they are.
    pub units: Vec<String>,
}

/// Body of `period.close`: a party of the contract, and its obligor alone where the period ends by this record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeriodClose {
    /// The contract.
    pub contract: String,
}

/// Body of `statement.issue`: by a party of the contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementIssue {
    /// The contract.
    pub contract: String,
    /// The month that ended, `2026-09`, where the contract reckons by months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
}

/// Body of `statement.accept`: by the party whose statement it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementAccept {
    /// The contract.
    pub contract: String,
    /// Number of the statement.
    pub number: u64,
}

/// Body of `agreement.adjust`: by everybody who must sign the contract's newest terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementAdjust {
    /// The unit or statement that it makes good for, at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Who gets how much more, in minor units of the contract's currency; below zero who gives it back.
    pub amounts: BTreeMap<String, Minor>,
    /// The contract.
    pub contract: String,
    /// Salted hash of what was agreed in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Hash>,
    /// Its name within the contract, never used again: 1 to 128 of A–Z, a–z, 0–9, hyphen and underscore.
    pub name: String,
    /// Why.
    pub reason: AdjustmentReason,
}

/// Why an adjustment is made. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdjustmentReason {
    /// A line was attributed otherwise than it should have been.
    Attribution,
    /// A fact was wrong.
    Correction,
    /// Without any duty.
    Goodwill,
    /// Something else.
    Other,
    /// Other terms are to hold for what is past.
    Terms,
}

/// Body of `dispute.open`: by the obligor or somebody who earns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisputeOpen {
    /// The contract.
    pub contract: String,
    /// Salted hash of what is offered in proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Hash>,
    /// Why.
    pub reason: DisputeReason,
    /// Name of the unit.
    pub unit: String,
}

/// Why a unit is disputed. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DisputeReason {
    /// The base, the rate or the arithmetic.
    Amount,
    /// The line is, or is not, this contract's.
    Attribution,
    /// The line was received, or not.
    Delivery,
    /// Something else, told in the evidence.
    Other,
    /// It was refunded, or not.
    Refund,
}

/// Body of `dispute.close`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisputeClose {
    /// The contract.
    pub contract: String,
    /// How it ended.
    pub outcome: DisputeOutcome,
    /// Name of the unit.
    pub unit: String,
}

/// How a dispute ended. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DisputeOutcome {
    /// The amount stands.
    Dismissed,
    /// The feed corrects it by a fact of its own.
    Upheld,
    /// Whoever opened it takes it back.
    Withdrawn,
}

/// Body of `payout.instruct`: by a paying key of the obligor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayoutInstruct {
    /// Name of the batch, never used again: 1 to 64 of A–Z, a–z, 0–9, hyphen and underscore.
    pub batch: String,
    /// SHA-256 of the file that was handed to bank or wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Hash>,
    /// To whom how much.
    pub payouts: Vec<PayoutItem>,
}

/// One payout of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PayoutItem {
    /// How much leaves `payable`.
    pub amount: Minor,
    /// The contract.
    pub contract: String,
    /// To whom.
    pub party: String,
    /// How much of it goes to the tax authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_withheld: Option<Minor>,
}

/// Body of `payout.receipt`: by a paying key of the obligor, and where the money arrived also by its receiver or an
/// auditor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayoutReceipt {
    /// The batch.
    pub batch: String,
    /// The contract.
    pub contract: String,
    /// Whether it arrived.
    pub paid: bool,
    /// To whom.
    pub party: String,
    /// Bank or wallet.
    pub provider: String,
    /// Salted hash of its receipt's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Hash>,
}

/// A share of a line under a contract, as the elements of the list `/body/attribution` spell it:
/// `["<contract>","<millionths>"]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share(pub String, pub String);

/// The attribution of a line, by contract.
pub type Attribution = BTreeMap<String, u32>;
