//! What a record does: a closed list of names, never reused.

use serde::{Deserialize, Serialize};

use crate::record::Visibility;

/// The action of a record. A name outside this list is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Action {
    /// An organisation joins, with its first admin key.
    #[serde(rename = "party.add")]
    PartyAdd,
    /// An organisation declares a place by its GLN.
    #[serde(rename = "site.put")]
    SitePut,
    /// A key is allowed to sign for an organisation.
    #[serde(rename = "key.grant")]
    KeyGrant,
    /// A key is no longer allowed to sign.
    #[serde(rename = "key.revoke")]
    KeyRevoke,
    /// The owner of a company prefix lets another organisation record events for its identifiers.
    #[serde(rename = "authority.grant")]
    AuthorityGrant,
    /// The owner takes that back.
    #[serde(rename = "authority.revoke")]
    AuthorityRevoke,
    /// A trade item enters the catalogue, or a new version of it does.
    #[serde(rename = "product.put")]
    ProductPut,
    /// A batch of codes is issued for a trade item.
    #[serde(rename = "codes.issue")]
    CodesIssue,
    /// An EPCIS event is recorded.
    #[serde(rename = "event.capture")]
    EventCapture,
    /// A platform names the key that signs a feed of order lines.
    #[serde(rename = "feed.put")]
    FeedPut,
    /// A version of an agreement's terms is signed by everybody it needs.
    #[serde(rename = "agreement.sign")]
    AgreementSign,
    /// Everybody whom an agreement binds agrees on amounts outside of its terms.
    #[serde(rename = "agreement.adjust")]
    AgreementAdjust,
    /// Something happened that terms look at: a line was paid, received or refunded, a milestone was reached.
    #[serde(rename = "fact.report")]
    FactReport,
    /// Units whose hold is over become payable.
    #[serde(rename = "hold.release")]
    HoldRelease,
    /// The periods of an agreement that are over are closed.
    #[serde(rename = "period.close")]
    PeriodClose,
    /// Every party of an agreement gets a statement.
    #[serde(rename = "statement.issue")]
    StatementIssue,
    /// A party accepts its statement.
    #[serde(rename = "statement.accept")]
    StatementAccept,
    /// A unit is disputed.
    #[serde(rename = "dispute.open")]
    DisputeOpen,
    /// The dispute is withdrawn or decided.
    #[serde(rename = "dispute.close")]
    DisputeClose,
    /// Payouts are handed to a bank or wallet.
    #[serde(rename = "payout.instruct")]
    PayoutInstruct,
    /// Bank or wallet has answered.
    #[serde(rename = "payout.receipt")]
    PayoutReceipt,
    /// Things, and what came of them, are recalled.
    #[serde(rename = "recall.open")]
    RecallOpen,
    /// A recall is lifted.
    #[serde(rename = "recall.lift")]
    RecallLift,
    /// A bill of material is set, or a new version of one.
    #[serde(rename = "bom.put")]
    BomPut,
    /// A registrar says how much an organisation may record.
    #[serde(rename = "quota.set")]
    QuotaSet,
    /// A validator has contradicted itself.
    #[serde(rename = "system.evidence")]
    SystemEvidence,
}

impl Action {
    /// Every action, in the order of their introduction.
    pub const ALL: [Action; 26] = [
        Action::PartyAdd,
        Action::SitePut,
        Action::KeyGrant,
        Action::KeyRevoke,
        Action::AuthorityGrant,
        Action::AuthorityRevoke,
        Action::ProductPut,
        Action::CodesIssue,
        Action::EventCapture,
        Action::FeedPut,
        Action::AgreementSign,
        Action::FactReport,
        Action::HoldRelease,
        Action::PeriodClose,
        Action::StatementIssue,
        Action::StatementAccept,
        Action::DisputeOpen,
        Action::DisputeClose,
        Action::PayoutInstruct,
        Action::PayoutReceipt,
        Action::RecallOpen,
        Action::RecallLift,
        Action::BomPut,
        Action::SystemEvidence,
        Action::AgreementAdjust,
        Action::QuotaSet,
    ];

    /// The name in the record.
    pub const fn name(self) -> &'static str {
        match self {
            Action::PartyAdd => "party.add",
            Action::SitePut => "site.put",
            Action::KeyGrant => "key.grant",
            Action::KeyRevoke => "key.revoke",
            Action::AuthorityGrant => "authority.grant",
            Action::AuthorityRevoke => "authority.revoke",
            Action::ProductPut => "product.put",
            Action::CodesIssue => "codes.issue",
            Action::EventCapture => "event.capture",
            Action::FeedPut => "feed.put",
            Action::AgreementSign => "agreement.sign",
            Action::AgreementAdjust => "agreement.adjust",
            Action::FactReport => "fact.report",
            Action::HoldRelease => "hold.release",
            Action::PeriodClose => "period.close",
            Action::StatementIssue => "statement.issue",
            Action::StatementAccept => "statement.accept",
            Action::DisputeOpen => "dispute.open",
            Action::DisputeClose => "dispute.close",
            Action::PayoutInstruct => "payout.instruct",
            Action::PayoutReceipt => "payout.receipt",
            Action::RecallOpen => "recall.open",
            Action::RecallLift => "recall.lift",
            Action::BomPut => "bom.put",
            Action::QuotaSet => "quota.set",
            Action::SystemEvidence => "system.evidence",
        }
    }
}

impl Action {
    /// Who may read a record of this action, unless its author says otherwise: what terms and amounts stand in is for
    /// its parties, everything else for everybody.
    pub const fn visibility(self) -> Visibility {
        match self {
            Action::PartyAdd
            | Action::SitePut
            | Action::KeyGrant
            | Action::KeyRevoke
            | Action::AuthorityGrant
            | Action::AuthorityRevoke
            | Action::ProductPut
            | Action::CodesIssue
            | Action::EventCapture
            | Action::FeedPut
            | Action::RecallOpen
            | Action::RecallLift
            | Action::BomPut
            | Action::QuotaSet
            | Action::SystemEvidence => Visibility::Public,
            Action::AgreementSign
            | Action::FactReport
            | Action::HoldRelease
            | Action::PeriodClose
            | Action::StatementIssue
            | Action::StatementAccept
            | Action::AgreementAdjust
            | Action::DisputeOpen
            | Action::DisputeClose
            | Action::PayoutInstruct
            | Action::PayoutReceipt => Visibility::Parties,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_what_the_record_spells() {
        for action in Action::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.name());
        }
    }
}
