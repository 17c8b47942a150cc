//! Records.

use hefu_contracts::{audience::Shown, height::Height, receipt::Status, record::Visibility, time::Time};
use hefu_keys::{Hash, canonical};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    ledger::{BlockFound, Found},
    openapi::shapes,
};

/// A record, as far as its reader may see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum RecordView {
    /// One that the reader may read.
    Readable(ReadableRecordView),
    /// One that is for the organisations named in it.
    Private(PrivateRecordView),
}

/// A record that the reader may read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReadableRecordView {
    /// Id of its block, where it is final.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Hash>)]
    pub block: Option<Hash>,
    /// Height of its block, where it is final.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Height>)]
    pub height: Option<Height>,
    /// Its id.
    #[schema(value_type = shapes::Hash)]
    pub id: Hash,
    /// Position in the block, from 0, where it is final.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Where to go from here.
    pub links: RecordLinksView,
    /// The signed document.
    #[schema(value_type = shapes::Record)]
    pub record: Box<RawValue>,
    /// Whether it stands in a block: `pending` or `final`.
    #[schema(value_type = shapes::Status)]
    pub status: Status,
    /// Time of its block, where it is final.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Time>)]
    pub time: Option<Time>,
    /// Who may read it; absent where everybody may.
    #[serde(skip_serializing_if = "Visibility::is_public")]
    #[schema(value_type = shapes::Visibility)]
    pub visibility: Visibility,
}

/// A record of which everybody may know that it exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PrivateRecordView {
    /// Its id.
    #[schema(value_type = shapes::Hash)]
    pub id: Hash,
    /// Always `parties`.
    #[schema(value_type = shapes::Visibility)]
    pub visibility: Visibility,
}

/// Where to go from a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordLinksView {
    /// Its lists and private values, where it commits to any; they are for whom it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annex: Option<String>,
    /// Its block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<String>,
    /// This record.
    #[serde(rename = "self")]
    pub this: String,
}

/// Shows as much of a record as its reader may see; `block` is the one it stands in.
///
/// # Errors
/// Where the node holds a text that is not JSON.
pub fn record(
    id: &Hash,
    found: Found,
    block: Option<&BlockFound>,
    shown: Shown,
) -> Result<RecordView, serde_json::Error> {
    if shown < Shown::Text {
        return Ok(RecordView::Private(PrivateRecordView { id: *id, visibility: Visibility::Parties }));
    }
    let visibility = if Visibility::is_public_in(&found.text) { Visibility::Public } else { Visibility::Parties };
    let height = found.place.map(|place| place.height);
    let annexed = canonical::member(&found.text, "parts").is_some();
    Ok(RecordView::Readable(ReadableRecordView {
        block: block.map(|block| block.certificate.block),
        height,
        id: *id,
        index: found.place.map(|place| place.index),
        links: RecordLinksView {
            annex: annexed.then(|| format!("/v1/records/{id}/annex")),
            block: height.map(|height| format!("/v1/blocks/{height}")),
            this: format!("/v1/records/{id}"),
        },
        record: RawValue::from_string(found.text)?,
        status: if found.place.is_some() { Status::Final } else { Status::Pending },
        time: block.map(|block| block.header.time),
        visibility,
    }))
}
