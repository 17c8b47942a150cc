//! Receipts: what a node says became of a record, signed by the node.

use hefu_keys::{Address, Hash};
use serde::{Deserialize, Serialize};

use crate::{height::Height, refusal::Code, time::Time};

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It waits for a block.
    Pending,
    /// It stands in a certified block.
    Final,
    /// A rule spoke against it.
    Refused,
    /// It waited until it expired.
    Expired,
}

/// A node's word about a record; secured with the node's key when it is handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The chain.
    pub chain: Hash,
    /// The rule against it, where it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The record in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Hash>,
    /// The block's height, where it is final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<Height>,
    /// The record.
    pub id: Hash,
    /// Position in the block, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// The node that says so.
    pub node: Address,
    /// What became of it.
    pub status: Status,
    /// When the node said so: the block's time where it is final.
    pub time: Time,
    /// Always `receipt`.
    #[serde(rename = "type")]
    pub kind: ReceiptKind,
}

/// The word `receipt`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReceiptKind {
    /// The only kind.
    #[default]
    Receipt,
}
