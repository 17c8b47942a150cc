//! Keys: which organisation one signs for, what it may do, and its next free sequence number.

use actix_web::{HttpResponse, web};
use hefu_keys::Address;

use crate::{
    answer::{self, Keep},
    openapi::{problems, shapes},
    problem::{Door, Problem},
    query::{Nothing, Query},
    reading::reading,
    server::Api,
    views::{self, KeyView},
};

/// Read a key.
///
/// A client asks here for the next sequence number before it signs.
#[utoipa::path(
    get,
    operation_id = "readKey",
    path = "/v1/keys/{address}",
    tag = "keys",
    params(("address" = shapes::Address, Path, description = "the key")),
    responses(
        (status = 200, description = "the key", body = KeyView),
        problems::Malformed, problems::Coding, problems::Unknown, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn read(
    path: web::Path<String>,
    _: Query<Nothing>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let address: Address = path.parse().map_err(|bad| Problem::from(Door::Path).because(bad))?;
    let row = reading(&api.ledger, move |ledger| ledger.key(&address)).await?;
    let row = row.ok_or_else(|| Problem::from(Door::KeyUnregistered).because(address))?;
    answer::json(&views::key(&address, row), Keep::Never, None)
}
