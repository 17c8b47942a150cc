//! A block's bytes, cut into header and records.

use bytes::Bytes;
use hefu_contracts::block::{BODY_BYTES_MAX, BadBlock, Header};
use hefu_keys::Hash;
use serde::Deserialize;
use serde_json::value::RawValue;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    header: Header,
    #[serde(borrow)]
    records: Vec<&'a RawValue>,
}

impl Body {
    /// Cuts a block. Its bytes must be exactly what its header and its records are written as, so that a block has one
    /// form.
    ///
    /// # Errors
    /// [`BadBlock::Size`] and [`BadBlock::Shape`].
    pub(super) fn cut(bytes: Bytes) -> Result<Body, BadBlock> {
        if bytes.len() > BODY_BYTES_MAX {
            return Err(BadBlock::Size(bytes.len()));
        }
        let wire: Wire<'_> = serde_json::from_slice(&bytes).map_err(|error| BadBlock::Shape(error.to_string()))?;
        let header = wire.header.text();
        let id = Hash::of(header.as_bytes());
        if !is_written(&bytes, &header, &wire.records) {
            return Err(BadBlock::Shape("it is not canonical".to_owned()));
        }
        let records = wire.records.iter().map(|raw| bytes.slice_ref(raw.get().as_bytes())).collect();
        Ok(Body { header: wire.header, id, records, bytes })
    }
}

/// Whether `bytes` are `{"header":…,"records":[…]}` and nothing else.
fn is_written(bytes: &[u8], header: &str, records: &[&RawValue]) -> bool {
    let rest = bytes.strip_prefix(b"{\"header\":").and_then(|rest| rest.strip_prefix(header.as_bytes()));
    let Some(mut rest) = rest.and_then(|rest| rest.strip_prefix(b",\"records\":[")) else { return false };
    for (index, record) in records.iter().enumerate() {
        let separator: &[u8] = if index == 0 { b"" } else { b"," };
        let after = rest.strip_prefix(separator).and_then(|rest| rest.strip_prefix(record.get().as_bytes()));
        let Some(after) = after else { return false };
        rest = after;
    }
    rest == b"]}"
}
