//! How a node is doing.

use hefu_contracts::{genesis::Genesis, height::Height};
use hefu_keys::{Address, Hash};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ledger::Status, openapi::shapes};

/// How a node is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusView {
    /// The chain: the hash of its genesis document.
    #[schema(value_type = shapes::Hash)]
    pub chain: Hash,
    /// Last final height; 0 before the first block.
    #[schema(value_type = shapes::Height)]
    pub height: Height,
    /// The chain's name for people.
    pub name: String,
    /// The node's own address, which signs its receipts.
    #[schema(value_type = shapes::Address)]
    pub node: Address,
    /// Records that wait for a block.
    pub pending: usize,
    /// Why the node should not be sent requests, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unready: Option<String>,
    /// Version of the program.
    pub version: String,
}

/// Version of the program, the same for all its crates.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Shows how a node is doing.
pub fn status(status: Status, genesis: &Genesis, chain: &Hash) -> StatusView {
    StatusView {
        chain: *chain,
        height: status.height,
        name: genesis.name.clone(),
        node: status.node,
        pending: status.pending,
        unready: status.unready,
        version: VERSION.to_owned(),
    }
}
