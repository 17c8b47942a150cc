//! Quotas: how much an organisation may record, and has recorded.

use actix_web::{HttpResponse, web};
use hefu_contracts::{
    parties::QuotaRow,
    row::{KEY_OF_QUOTA, key_of_party, key_of_quota},
    state::Fault,
};

use crate::{
    answer::{self, Keep},
    ledger::Ledger,
    openapi::problems,
    problem::{Door, Problem},
    query::{Nothing, Query},
    reading::reading,
    server::Api,
    views::{self, QuotaView},
};

/// Read what everybody may record who has no quota of its own.
#[utoipa::path(
    get,
    operation_id = "readQuotaOfEverybody",
    path = "/v1/quotas",
    tag = "keys",
    responses(
        (status = 200, description = "what everybody may record", body = QuotaView),
        problems::Malformed, problems::Coding, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn read_everybody(_: Query<Nothing>, api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    let everybody = reading(&api.ledger, |ledger| row(ledger, KEY_OF_QUOTA)).await?;
    answer::json(&views::quota(None, None, everybody.as_ref()), Keep::Never, None)
}

/// Read the quota of an organisation.
///
/// A day is one of UTC. A record above the quota of a day is rejected with 429 and `Retry-After`; one above that of a block
/// waits for the next block.
#[utoipa::path(
    get,
    operation_id = "readQuota",
    path = "/v1/quotas/{party}",
    tag = "keys",
    params(("party" = String, Path, description = "id of the organisation")),
    responses(
        (status = 200, description = "what it may record, and what it has", body = QuotaView),
        problems::Malformed, problems::Coding, problems::Unknown, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn read(
    path: web::Path<String>,
    _: Query<Nothing>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let party = path.into_inner();
    let found = reading(&api.ledger, move |ledger| find(ledger, party)).await?;
    let view = found.ok_or_else(|| Problem::from(Door::PartyUnregistered))?;
    answer::json(&view, Keep::Never, None)
}

fn find(ledger: &dyn Ledger, party: String) -> Result<Option<QuotaView>, Fault> {
    if ledger.row(&key_of_party(&party))?.is_none() {
        return Ok(None);
    }
    let (own, everybody) = (row(ledger, &key_of_quota(&party))?, row(ledger, KEY_OF_QUOTA)?);
    Ok(Some(views::quota(Some(party), own.as_ref(), everybody.as_ref())))
}

fn row(ledger: &dyn Ledger, key: &str) -> Result<Option<QuotaRow>, Fault> {
    Ok(ledger.row(key)?.and_then(|row| row.data.into_kind()))
}
