//! Blocks.

use actix_web::{HttpRequest, HttpResponse, web};
use hefu_contracts::height::Height;

use crate::{
    answer::{self, Keep, Tag},
    openapi::problems,
    problem::{Door, Problem},
    query::{Nothing, Query},
    reading::reading,
    server::Api,
    views::{self, BlockView},
};

/// Read a block.
///
/// Header, certificate and the ids of its public records; of the others only their number.
#[utoipa::path(
    get,
    operation_id = "readBlock",
    path = "/v1/blocks/{height}",
    tag = "blocks",
    params(("height" = String, Path, description = "the height, or `latest`")),
    responses(
        (status = 200, description = "the block", body = BlockView),
        (status = 304, description = "the client has it"),
        problems::Malformed, problems::Coding, problems::Unknown, problems::Fault, problems::Unavailable,
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
    let found = reading(&api.ledger, move |ledger| ledger.block(height)).await?;
    let found = found.ok_or_else(|| Problem::from(Door::BlockUnknown).because(format!("height {height}")))?;
    let tag = Tag::new(found.certificate.block);
    // By its height, not by its hash: a chain that is founded anew has another block there.
    if let Some(unchanged) = tag.unchanged(&request, Keep::Asking) {
        return Ok(unchanged);
    }
    answer::json(&views::block(found, api.ledger.genesis()), Keep::Asking, Some(&tag))
}

/// A height in its one spelling: decimal digits without a sign or leading zeros.
pub(crate) fn parse(text: &str) -> Result<Height, Problem> {
    let height = text.parse().ok().and_then(Height::new).filter(|height| height.to_string() == text);
    height.ok_or_else(|| Problem::from(Door::Path).because(format!("{text:?} is no height")))
}
