//! Blocks.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use hefu_contracts::{
    audience::{Reader, Shown},
    height::Height,
};
use hefu_keys::Hash;

use crate::{
    access::{reader, shown},
    answer::{self, Keep, Tag},
    ledger::{BlockFound, Ledger},
    openapi::problems,
    problem::{Door, Problem},
    query::{Nothing, Query},
    reading::reading,
    server::Api,
    views::{self, BlockView},
};

/// Read a block.
///
/// Header, certificate and the ids of the records that the reader may read; of the others only their number.
#[utoipa::path(
    get,
    operation_id = "readBlock",
    path = "/v1/blocks/{height}",
    tag = "blocks",
    security((), ("document" = []), ("session" = [])),
    params(("height" = String, Path, description = "the height, or `latest`")),
    responses(
        (status = 200, description = "the block", body = BlockView),
        (status = 304, description = "the client has it"),
        problems::Malformed, problems::Unauthorised, problems::Forbidden, problems::Unknown, problems::Coding,
        problems::TooLarge, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn read(
    request: HttpRequest,
    path: web::Path<String>,
    _: Query<Nothing>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let height = match path.as_str() {
        "latest" => *api.ledger.heights().borrow(),
        number => parse(number)?,
    };
    let reader = reader(&request).await?;
    let anybody = reader == Reader::Public;
    let found = reading(&api.ledger, move |ledger| -> Result<_, Problem> {
        let Some(found) = ledger.block(height)? else { return Ok(None) };
        let readable = readable(ledger, &reader, &found)?;
        Ok(Some((found, readable)))
    });
    let (found, readable) =
        found.await?.ok_or_else(|| Problem::from(Door::BlockUnknown).because(format!("height {height}")))?;
    if !anybody {
        return answer::json(&views::block(found, api.ledger.genesis(), &readable), Keep::Personal, None);
    }
    let tag = Tag::new(found.certificate.block);
    // By its height, not by its hash: a chain that is founded anew has another block there.
    if let Some(unchanged) = tag.unchanged(&request, Keep::Asking) {
        return Ok(unchanged);
    }
    answer::json(&views::block(found, api.ledger.genesis(), &readable), Keep::Asking, Some(&tag))
}

/// Those of a block's private records that the reader may read.
///
/// # Errors
/// `E-NODE-FAULT` where the ledger cannot be read.
pub fn readable(ledger: &dyn Ledger, reader: &Reader, block: &BlockFound) -> Result<BTreeSet<Hash>, Problem> {
    let mut readable = BTreeSet::new();
    if *reader == Reader::Public {
        return Ok(readable);
    }
    for (id, _) in block.records.iter().filter(|(_, public)| !public) {
        if let Some(found) = ledger.record(id)?
            && shown(ledger, reader, &found.text)? >= Shown::Text
        {
            readable.insert(*id);
        }
    }
    Ok(readable)
}

/// A height in its one spelling: decimal digits without a sign or leading zeros.
pub(crate) fn parse(text: &str) -> Result<Height, Problem> {
    let height = text.parse().ok().and_then(Height::new).filter(|height| height.to_string() == text);
    height.ok_or_else(|| Problem::from(Door::Path).because(format!("{text:?} is no height")))
}
