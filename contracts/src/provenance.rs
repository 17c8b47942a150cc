//! Provenance: EPCIS events, and the state of the things they are about.
//!
//! The rules bind identifiers whose company prefix is registered on the ledger. Others are recorded and flagged: their
//! history began elsewhere and cannot be judged here.

pub mod alike;
mod ancestry;
mod balance;
mod capture;
mod contents;
mod custody;
mod declare;
mod event;
mod inherited;
pub mod listing;
mod making;
mod nesting;
mod object;
pub mod onward;
mod quantity;
mod recall;
mod report;
mod thing;
mod transaction;
mod transformation;
mod transit;
mod travel;
mod undo;
mod unit;

#[cfg(test)]
mod tests;

use hefu_keys::Hash;
use serde::{Deserialize, Serialize};

use crate::{shared::Shared, time::Time};

pub use ancestry::{ANCESTORS_MAX, ANCESTRY_DEPTH_MAX, TransformationRow};
pub use balance::BalanceRow;
pub(crate) use capture::capture;
pub use contents::{CARRIED_MAX, Contents};
pub use event::{Capture, Event, EventAction, EventKind, INPUTS, OUTPUTS, Persistent, TRANSACTIONS, lists_of};
pub use inherited::{Inherited, Origins, PROVEN_THINGS_MAX, inherited, origins};
pub use making::{Making, Span};
pub use quantity::{Amount, BadAmount, DECIMALS, EACH, Quantity, Side};
pub use recall::{RECALLS_MAX, RecallLift, RecallOpen, RecallReason, RecallRow};
pub(crate) use recall::{lift as lift_recall, open as open_recall};
pub use transit::{SHIPMENTS_MAX, Shipment, TransitRow};
pub use travel::{Seen, TRAVEL_ARC, TRAVEL_FREE};
pub use unit::{kept, kept_in};

/// Deepest nesting of containers and assemblies.
pub const NESTING_MAX: usize = 64;

/// An event's time may be at most this far ahead of the block's: the tolerance that blocks have among validators.
pub const AHEAD_MAX: crate::time::Millis = crate::time::Millis(5_000);

/// A handover that its receiver has not ended after this time, by the blocks, is off: 90 days.
pub const TRANSFER_OPEN: crate::time::Millis = crate::time::Millis(90 * 24 * 60 * 60 * 1_000);

/// An event that is recorded later than this after it happened is late: one day.
pub const LATE_AFTER: crate::time::Millis = crate::time::Millis(24 * 60 * 60 * 1_000);

/// Who, when, and by which record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The event's own time.
    pub at: Time,
    /// The organisation.
    pub by: String,
    /// The record.
    pub record: Hash,
}

/// What encloses a thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parent {
    /// Row of the container or assembly.
    pub key: String,
    /// The record that put it there.
    pub record: Hash,
}

/// A handover that has begun: only the named receiver can end it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// When it was shipped.
    pub at: Time,
    /// Block time after which it is off, and the thing is the shipper's as before.
    pub expires: Time,
    /// Who shipped it.
    pub from: String,
    /// Who owns it once it is received, where that is another than before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The record of the shipping.
    pub record: Hash,
    /// The named receiver.
    pub to: String,
}

impl Transfer {
    /// Whether the receiver can still end it.
    pub fn is_open(&self, now: Time) -> bool {
        now <= self.expires
    }
}

/// A remark on a row: possible, but not proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// It was seen by itself at another place than what encloses it.
    BrokenAggregation,
    /// An event about it was declared to be in error; its effects stand.
    ErrorDeclared,
    /// An event that this ledger does not hold was declared to be in error.
    ErrorWithoutOriginal,
    /// It was seen at two sites so far apart that it cannot have come from one to the other in the time between.
    ImpossibleTravel,
    /// Its company prefix is not registered here: nothing is known of its origin.
    OriginNotOnLedger,
    /// More of it was received than was shipped; what was shipped counts.
    OverReceived,
    /// Less of it was received than was shipped; the rest is the shipper's again.
    ShortReceived,
    /// It came of a transformation that used more, or less, than the bill of material asks for.
    YieldOutOfBounds,
}

/// Rows `item/…`, `lot/…`, `container/…` and `thing/…`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ThingRow {
    /// The record that issued its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Hash>,
    /// What the row said before its last effect, for a correction of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Shared<ThingRow>>,
    /// Public half of the key that the hidden claim code seeds, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_key: Option<String>,
    /// How it came into being.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commissioned: Option<Mark>,
    /// The transformation that used it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumed: Option<Mark>,
    /// What is inside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contents: Option<Contents>,
    /// How it ceased to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destroyed: Option<Mark>,
    /// CBV disposition after the last event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<String>,
    /// Remarks, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
    /// Who has it. Inside a parent, the outermost one's holder counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Mark>,
    /// The last change of its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Mark>,
    /// Balances of lots inside it that are more than nothing, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<String>,
    /// Where and when it was made, by site, of a trade item or lot whose prefix is registered here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<Making>,
    /// Who owns it and by which record; whoever brought it into being where no other is known. Having it is another thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Mark>,
    /// What encloses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// CBV dispositions that stay with it until they are taken off, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persistent: Vec<String>,
    /// Where it is, as a canonical identifier. Inside a parent, the outermost one's place counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Records of the recalls that are open on it, sorted; those of what it came of stand there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recalls: Vec<Hash>,
    /// Where and when it was last seen at a site whose position is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// Rows of the transformations that it, or some of it, came of, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// The handover under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<Transfer>,
}

impl ThingRow {
    /// Whether its history began on this ledger: only then is what is inside it with whoever holds it.
    pub fn began_here(&self) -> bool {
        !self.flags.contains(&Flag::OriginNotOnLedger)
    }

    /// Adds a remark, once.
    pub fn flag(&mut self, flag: Flag) {
        if let Err(at) = self.flags.binary_search(&flag) {
            self.flags.insert(at, flag);
        }
    }
}

/// Whether an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventStatus {
    /// It was recorded.
    Recorded,
    /// It was recorded and later declared to be in error.
    DeclaredInError,
    /// Only its error declaration was recorded.
    DeclaredWithoutOriginal,
    /// It was recorded, declared to be in error, and its effects were undone.
    Undone,
}

/// Row `event/<party>/<cbv hash>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRow {
    /// The record that declared it to be in error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration: Option<Hash>,
    /// Whether it changed the state of something, and not only what was last seen of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub effective: bool,
    /// Whether it was recorded more than [`LATE_AFTER`] after it happened.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// Digest of the things that it names, how many, and what for, which its declaration must say as well; absent where only that is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Hash>,
    /// The record that holds it, where this ledger does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Hash>,
    /// Whether it stands.
    pub status: EventStatus,
}
