//! Blocks.

use std::collections::BTreeSet;

use hefu_contracts::{
    block::Header, certificate::Certificate, genesis::Genesis, height::Height, record::Visibility, time::Time,
};
use hefu_keys::{Address, Hash};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{ledger::BlockFound, openapi::shapes};

/// A final block.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BlockView {
    /// Its id.
    #[schema(value_type = shapes::Hash)]
    pub block: Hash,
    /// The certificate.
    #[schema(value_type = shapes::Certificate)]
    pub certificate: Certificate,
    /// The header.
    #[schema(value_type = shapes::Header)]
    pub header: Header,
    /// Where to go from here.
    pub links: BlockLinksView,
    /// Number of records that are not for this reader.
    pub private: usize,
    /// The records that the reader may read, in the order executed.
    pub records: Vec<BlockRecordView>,
    /// The validators of this height.
    pub validators: Vec<ValidatorView>,
}

/// A record of a block that the reader may read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BlockRecordView {
    /// The record.
    #[schema(value_type = shapes::Hash)]
    pub id: Hash,
    /// Its position in the block, from 0.
    pub index: usize,
    /// Who may read it; absent where everybody may.
    #[serde(skip_serializing_if = "Visibility::is_public")]
    #[schema(value_type = shapes::Visibility)]
    pub visibility: Visibility,
}

/// A validator and whether it signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ValidatorView {
    /// The key that it signs with.
    #[schema(value_type = shapes::Address)]
    pub address: Address,
    /// The organisation that runs it.
    pub party: String,
    /// Its voting power.
    pub power: u64,
    /// Whether its signature is in the certificate.
    pub signed: bool,
}

/// Where to go from a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BlockLinksView {
    /// The block before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// This block.
    #[serde(rename = "self")]
    pub this: String,
}

/// A block in the stream of blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BlockLineView {
    /// Its id.
    #[schema(value_type = shapes::Hash)]
    pub block: Hash,
    /// The validator that built it.
    #[schema(value_type = shapes::Address)]
    pub builder: Address,
    /// The height.
    #[schema(value_type = shapes::Height)]
    pub height: Height,
    /// Number of its records.
    pub records: usize,
    /// The block's time.
    #[schema(value_type = shapes::Time)]
    pub time: Time,
}

/// Shows a block; `readable` are those of its private records that the reader may read.
pub fn block(found: BlockFound, genesis: &Genesis, readable: &BTreeSet<Hash>) -> BlockView {
    let BlockFound { certificate, header, records } = found;
    let signed = |address: &Address| certificate.signatures.iter().any(|one| one.validator == *address);
    let validators = genesis.members.0.iter().map(|member| ValidatorView {
        address: member.address,
        party: member.party.clone(),
        power: member.power,
        signed: signed(&member.address),
    });
    let shown = records.iter().enumerate().filter(|(_, (id, public))| *public || readable.contains(id));
    let shown = shown.map(|(index, (id, public))| {
        let visibility = if *public { Visibility::Public } else { Visibility::Parties };
        BlockRecordView { id: *id, index, visibility }
    });
    let shown: Vec<BlockRecordView> = shown.collect();
    let height = header.height.get();
    BlockView {
        block: certificate.block,
        validators: validators.collect(),
        links: BlockLinksView {
            previous: (height > 1).then(|| format!("/v1/blocks/{}", height.saturating_sub(1))),
            this: format!("/v1/blocks/{height}"),
        },
        private: records.len().saturating_sub(shown.len()),
        records: shown,
        certificate,
        header,
    }
}

/// Shows a block in one line.
pub fn block_line(found: &BlockFound) -> BlockLineView {
    BlockLineView {
        block: found.certificate.block,
        builder: found.header.builder,
        height: found.header.height,
        records: found.records.len(),
        time: found.header.time,
    }
}
