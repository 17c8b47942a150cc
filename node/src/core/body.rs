//! A block's bytes, cut into header and records.

use bytes::Bytes;
use hefu_contracts::block::{BadBlock, Block, Header};
use hefu_keys::Hash;

/// A block whose form has been checked, but none of its records.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub header: Header,
    /// The header's hash.
    pub id: Hash,
    /// The whole block.
    pub bytes: Bytes,
    /// The records' texts, slices of the block.
    pub records: Vec<Bytes>,
}

impl Body {
    /// Cuts a block; see [`Block::cut`].
    ///
    /// # Errors
    /// [`BadBlock`].
    pub(super) fn cut(bytes: Bytes) -> Result<Body, BadBlock> {
        let Block { header, records } = Block::cut(&bytes)?;
        let records = records.into_iter().map(|text| bytes.slice_ref(text.as_bytes())).collect();
        Ok(Body { id: header.id(), header, records, bytes })
    }
}
