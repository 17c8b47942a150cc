//! Entries: what happened to a row, chained so that none can be left out.

use hefu_keys::Hash;
use serde::{Deserialize, Serialize};

use crate::{canonical_text, height::Height, raw::Raw, record::Visibility, settlement::Minor, time::Time};

/// Domain tag of an entry's link in the chain of a row.
const ENTRY_TAG: u8 = 0x03;

/// What a record did to a row. A closed list, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The thing came into being (EPCIS action ADD).
    Commission,
    /// The thing was seen, or a step was done on it (EPCIS action OBSERVE).
    Observe,
    /// The thing ceased to be (EPCIS action DELETE).
    Destroy,
    /// The holder sent it to a named receiver.
    Ship,
    /// The named receiver took it.
    Receive,
    /// It was inspected.
    Inspect,
    /// It was put into a container.
    Pack,
    /// It was taken out of a container.
    Unpack,
    /// It was fixed to an assembly.
    Associate,
    /// It was taken off an assembly.
    Dissociate,
    /// Things were put into, or fixed to, this one.
    Contain,
    /// Things were taken out of, or off, this one.
    Release,
    /// A batch of codes was issued.
    Issue,
    /// The row came into being.
    Register,
    /// The row's data was replaced by a newer version.
    Update,
    /// A record was noted without an effect on the state, such as an error declaration.
    Flag,
    /// Something happened under an agreement that amounts follow from.
    Settle,
    /// It, or some of it, was used up in a transformation.
    Consume,
    /// It, or some of it, came of a transformation.
    Produce,
    /// It was linked to, or parted from, business transactions.
    Transact,
    /// The named receiver did not take it.
    Refuse,
    /// The shipper took it back before it was received.
    Recover,
    /// It, and what came of it, was recalled.
    Recall,
    /// A recall of it was lifted.
    Lift,
    /// What a record had done to it was undone, because that record was declared to be in error.
    Undo,
    /// A validator was shown to have contradicted itself.
    Contradict,
}

impl Role {
    /// As it stands in an entry.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Commission => "commission",
            Role::Observe => "observe",
            Role::Destroy => "destroy",
            Role::Ship => "ship",
            Role::Receive => "receive",
            Role::Inspect => "inspect",
            Role::Pack => "pack",
            Role::Unpack => "unpack",
            Role::Associate => "associate",
            Role::Dissociate => "dissociate",
            Role::Contain => "contain",
            Role::Release => "release",
            Role::Issue => "issue",
            Role::Register => "register",
            Role::Update => "update",
            Role::Flag => "flag",
            Role::Settle => "settle",
            Role::Consume => "consume",
            Role::Produce => "produce",
            Role::Transact => "transact",
            Role::Refuse => "refuse",
            Role::Recover => "recover",
            Role::Recall => "recall",
            Role::Lift => "lift",
            Role::Undo => "undo",
            Role::Contradict => "contradict",
        }
    }

    /// Whether the entry tells which containers enclose the row from here on, or until here.
    pub const fn tells_containers(self) -> bool {
        matches!(self, Role::Pack | Role::Unpack | Role::Associate | Role::Dissociate)
    }
}

/// A container that encloses a row, with the state of the container's chain after the record in question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enclosing {
    /// Head of the container's chain.
    pub head: Hash,
    /// The container's row.
    pub key: String,
    /// Length of the container's chain.
    pub n: u64,
}

/// What happened under an agreement, and what it changed in one party's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deed {
    /// The event, as [`Event::read`](crate::settlement::Event::read) reads it, without its id: the head of the account
    /// so binds everything that the arithmetic needs.
    pub event: Raw,
    /// The movements; none where the event changed nothing of this party's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub postings: Vec<Posted>,
}

/// A movement in a party's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posted {
    /// How much came in, in minor units; below zero what went out.
    pub amount: Minor,
    /// In which bucket.
    pub bucket: String,
    /// The version of the terms that the unit is under.
    pub terms: u32,
    /// The unit whose worth changed or moved; absent for payouts, which take from all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// One link of a row's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Ids of the organisations whose keys signed the record, as resolved when it took effect, sorted.
    pub by: Vec<String>,
    /// Every enclosing parent, innermost first, where the role tells it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<Enclosing>,
    /// What the record's events were and changed, in the row of an account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<Deed>,
    /// Height of the block that holds the record.
    pub height: Height,
    /// Id of the record.
    pub record: Hash,
    /// What the record did to the row.
    pub role: Role,
    /// Time of the block.
    pub time: Time,
    /// Who may read the record. Where it is not everybody, the chain itself says that a proof shows its entry alone.
    #[serde(default, skip_serializing_if = "Visibility::is_public")]
    pub visibility: Visibility,
}

impl Entry {
    /// The canonical text that is hashed.
    pub fn text(&self) -> String {
        canonical_text(self)
    }

    /// The head of the chain after this entry: `SHA-256(0x03 ‖ head before ‖ SHA-256(entry))`.
    pub fn extend(&self, before: &Hash) -> Hash {
        Entry::extend_text(&self.text(), before)
    }

    /// The same of an entry whose canonical text is at hand.
    pub fn extend_text(text: &str, before: &Hash) -> Hash {
        let entry = Hash::of(text.as_bytes());
        Hash::tagged(ENTRY_TAG, &[before.as_bytes(), entry.as_bytes()])
    }
}
