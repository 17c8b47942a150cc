//! Agreements on the ledger: who signed which terms, what happened under them, what everybody is owed and was paid.
//!
//! The arithmetic is [`settlement`](crate::settlement)'s, which knows nothing of records. Here stands who may say what:
//! terms are signed by all whom they bind, order lines are reported by the key of a platform's feed, disputes end by
//! two of three, and money that arrived is attested by its receiver. Every event is entered into the account of every
//! party of its contract, so that each can recompute what she is owed and see that nothing is missing.
//!
//! Choices: a line's attribution names contracts rather than parties, because one party may earn from a line under
//! several. A contract keeps its parties for life; others sign another one. Terms may name months or a campaign; time
//! itself does nothing, anybody may say that it has passed.

mod adjust;
mod body;
pub mod bundle;
mod calendar;
mod desk;
mod dispute;
mod earning;
pub mod export;
mod facts;
pub mod order;
mod payout;
mod rows;
mod sheet;
mod sign;
mod spell;
mod statement;
mod store;
mod template;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    action::Action,
    exact,
    execute::{Case, Checked},
    record::Visibility,
    refusal::{Code, Refusal},
    state::Writes,
};

pub use body::{
    AdjustmentReason, AgreementAdjust, AgreementSign, CostFact, DisputeClose, DisputeOpen, DisputeOutcome,
    DisputeReason, Fact, FactReport, FeedPut, HoldRelease, LineName, MilestoneFact, PaidFact, PayoutInstruct,
    PayoutItem, PayoutReceipt, PeriodClose, RefundOnly, RefundedFact, Share, StatementAccept, StatementIssue,
    UNITS_MAX,
};
pub use earning::{Earning, Earnings, Standing};
pub use facts::{ATTRIBUTION, CODES};
pub use rows::{
    AccountAt, AccountRow, AdjustmentRow, AgreementRow, CostRow, DisputeRow, FeedRow, LineRow, MilestoneRow, OrderRow,
    PayoutResult, PayoutRow, ProgressRow, SaleRow, SegmentRow, SoldRow, Stated, StatementRow, TermsRow, UnitRow,
};
pub use sheet::Sheet;
pub use template::{Depth, Reach, Template, pool, template};

/// What a record about agreements does.
#[derive(Clone, Debug)]
pub enum Act {
    /// `feed.put`
    Feed(FeedPut),
    /// `agreement.sign`
    Sign(AgreementSign),
    /// `agreement.adjust`
    Adjust(AgreementAdjust),
    /// `fact.report`
    Fact(FactReport),
    /// `hold.release`
    Release(HoldRelease),
    /// `period.close`
    Close(PeriodClose),
    /// `statement.issue`
    Issue(StatementIssue),
    /// `statement.accept`
    Accept(StatementAccept),
    /// `dispute.open`
    Dispute(DisputeOpen),
    /// `dispute.close`
    Decide(DisputeClose),
    /// `payout.instruct`
    Instruct(PayoutInstruct),
    /// `payout.receipt`
    Receipt(PayoutReceipt),
}

impl Act {
    /// The contract that it names; none where it is about a feed, an order line or payouts under several.
    pub fn contract(&self) -> Option<&str> {
        match self {
            Act::Sign(body) => body.terms.heading.contract.as_deref(),
            Act::Fact(FactReport { fact: Fact::Milestone(fact), .. }) => Some(&fact.contract),
            Act::Fact(FactReport { fact: Fact::Cost(fact), .. }) => Some(&fact.contract),
            Act::Release(HoldRelease { contract, .. })
            | Act::Adjust(AgreementAdjust { contract, .. })
            | Act::Close(PeriodClose { contract })
            | Act::Issue(StatementIssue { contract, .. })
            | Act::Accept(StatementAccept { contract, .. })
            | Act::Dispute(DisputeOpen { contract, .. })
            | Act::Decide(DisputeClose { contract, .. })
            | Act::Receipt(PayoutReceipt { contract, .. }) => Some(contract),
            Act::Feed(_) | Act::Fact(_) | Act::Instruct(_) => None,
        }
    }

    /// The feed whose key it sets, where it does.
    pub fn feed(&self) -> Option<&str> {
        if let Act::Feed(body) = self { Some(&body.feed) } else { None }
    }

    /// The fact, where it reports one.
    pub const fn fact(&self) -> Option<&FactReport> {
        if let Act::Fact(body) = self { Some(body) } else { None }
    }

    /// The term sheet, where one is signed.
    pub const fn sheet(&self) -> Option<&AgreementSign> {
        if let Act::Sign(body) = self { Some(body) } else { None }
    }

    /// The body as the record spells it.
    pub fn to_value(&self) -> Value {
        match self {
            Act::Feed(body) => json!(body),
            Act::Sign(body) => json!({"terms": body.sheet}),
            Act::Adjust(body) => json!(body),
            Act::Fact(body) => json!(body),
            Act::Release(body) => json!(body),
            Act::Close(body) => json!(body),
            Act::Issue(body) => json!(body),
            Act::Accept(body) => json!(body),
            Act::Dispute(body) => json!(body),
            Act::Decide(body) => json!(body),
            Act::Instruct(body) => json!(body),
            Act::Receipt(body) => json!(body),
        }
    }

    /// Reads the body of one of these actions from its canonical text.
    ///
    /// # Errors
    /// Of class malformed, with a pointer to the field, or where the action is another.
    pub(crate) fn read(action: Action, text: &str) -> Result<Act, Refusal> {
        fn parse<'a, T: Deserialize<'a> + Serialize>(text: &'a str) -> Result<T, Refusal> {
            exact::read_canonical(text).map_err(|inexact| inexact.refuse("/body"))
        }
        Ok(match action {
            Action::FeedPut => Act::Feed(parse(text)?),
            Action::AgreementSign => Act::Sign(AgreementSign::read(text)?),
            Action::AgreementAdjust => Act::Adjust(parse(text)?),
            Action::FactReport => Act::Fact(parse(text)?),
            Action::HoldRelease => Act::Release(parse(text)?),
            Action::PeriodClose => Act::Close(parse(text)?),
            Action::StatementIssue => Act::Issue(parse(text)?),
            Action::StatementAccept => Act::Accept(parse(text)?),
            Action::DisputeOpen => Act::Dispute(parse(text)?),
            Action::DisputeClose => Act::Decide(parse(text)?),
            Action::PayoutInstruct => Act::Instruct(parse(text)?),
            Action::PayoutReceipt => Act::Receipt(parse(text)?),
            Action::PartyAdd
            | Action::SitePut
            | Action::KeyGrant
            | Action::KeyRevoke
            | Action::AuthorityGrant
            | Action::AuthorityRevoke
            | Action::ProductPut
            | Action::CodesIssue
            | Action::EventCapture
            | Action::RecallOpen
            | Action::RecallLift
            | Action::BomPut
            | Action::QuotaSet
            | Action::SystemEvidence => return Err(Refusal::new(Code::ActionUnknown).at("/action")),
        })
    }
}

pub(crate) fn follow(case: &Case<'_>, act: &Act) -> Checked<Writes> {
    let record = case.record();
    if record.visibility == Visibility::Public && record.action.visibility() == Visibility::Parties {
        return Err(Refusal::new(Code::RecordPublic).at("/visibility").into());
    }
    if record.drill {
        return Err(Refusal::new(Code::RecordDrill).at("/drill").into());
    }
    facts::check_parts(case, act)?;
    match act {
        Act::Feed(body) => sign::put_feed(case, body),
        Act::Sign(body) => sign::sign(case, body),
        Act::Adjust(body) => adjust::adjust(case, body),
        Act::Fact(body) => facts::report(case, body),
        Act::Release(body) => calendar::release(case, body),
        Act::Close(body) => calendar::close(case, body),
        Act::Issue(body) => statement::issue(case, body),
        Act::Accept(body) => statement::accept(case, body),
        Act::Dispute(body) => dispute::open(case, body),
        Act::Decide(body) => dispute::close(case, body),
        Act::Instruct(body) => payout::instruct(case, body),
        Act::Receipt(body) => payout::receipt(case, body),
    }
}
