//! What a record does: a closed list of names, never reused.

use serde::{Deserialize, Serialize};

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
}

impl Action {
    /// Every action, in the order of their introduction.
    pub const ALL: [Action; 9] = [
        Action::PartyAdd,
        Action::SitePut,
        Action::KeyGrant,
        Action::KeyRevoke,
        Action::AuthorityGrant,
        Action::AuthorityRevoke,
        Action::ProductPut,
        Action::CodesIssue,
        Action::EventCapture,
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
