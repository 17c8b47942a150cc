//! The node itself: its chain, how it is doing, and whether it should be sent requests.

use actix_web::{HttpRequest, HttpResponse, web};
use hefu_contracts::genesis::FORMAT_VERSION;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer::{self, Keep, Tag},
    openapi::{problems, shapes},
    problem::{Door, Problem},
    query::{Nothing, Query},
    reading::reading,
    server::Api,
    views::{self, StatusView, VERSION},
};

/// That the process answers.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct AliveView {
    /// Always true.
    alive: bool,
}

/// That the node should be sent requests.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct ReadyView {
    /// Always true.
    ready: bool,
}

/// What runs here.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct VersionView {
    /// Version of the formats of records, headers and rows.
    format: u32,
    /// The program.
    name: &'static str,
    /// Its version.
    version: &'static str,
}

/// Read how the node is doing.
#[utoipa::path(
    get,
    operation_id = "readStatus",
    path = "/v1/status",
    tag = "node",
    responses(
        (status = 200, description = "how the node is doing", body = StatusView),
        problems::Malformed, problems::Coding, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn status(_: Query<Nothing>, api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    let status = reading(&api.ledger, |ledger| ledger.status()).await?;
    answer::json(&views::status(status, api.ledger.genesis(), &api.chain), Keep::Never, None)
}

/// Read the genesis document.
///
/// The answer is its canonical text: `sha256sum` of it prints the chain's name.
#[utoipa::path(
    get,
    operation_id = "readGenesis",
    path = "/v1/genesis",
    tag = "node",
    responses(
        (status = 200, description = "the genesis document", body = shapes::Genesis),
        (status = 304, description = "the client has it"),
        problems::Malformed,
        problems::Coding,
    ),
)]
pub(crate) async fn genesis(
    request: HttpRequest,
    _: Query<Nothing>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let tag = Tag::new(api.chain);
    if let Some(unchanged) = tag.unchanged(&request, Keep::Asking) {
        return Ok(unchanged);
    }
    Ok(answer::text(api.ledger.genesis().text(), "application/json", Keep::Asking, Some(&tag)))
}

/// Ask whether the process answers.
#[utoipa::path(
    get,
    operation_id = "isAlive",
    path = "/healthz",
    tag = "node",
    responses((status = 200, description = "it does", body = AliveView)),
)]
pub(crate) async fn alive() -> Result<HttpResponse, Problem> {
    answer::json(&AliveView { alive: true }, Keep::Never, None)
}

/// Ask whether the node should be sent requests.
#[utoipa::path(
    get,
    operation_id = "isReady",
    path = "/readyz",
    tag = "node",
    responses((status = 200, description = "it should", body = ReadyView), problems::Fault, problems::Unavailable),
)]
pub(crate) async fn ready(api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    match reading(&api.ledger, |ledger| ledger.status()).await?.unready {
        None => answer::json(&ReadyView { ready: true }, Keep::Never, None),
        Some(reason) => Err(Problem::from(Door::NodeUnready).because(reason)),
    }
}

/// Read which program runs here.
#[utoipa::path(
    get,
    operation_id = "readVersion",
    path = "/version",
    tag = "node",
    responses((status = 200, description = "the program and its version", body = VersionView)),
)]
pub(crate) async fn version() -> Result<HttpResponse, Problem> {
    answer::json(&VersionView { format: FORMAT_VERSION, name: "hefu", version: VERSION }, Keep::Never, None)
}
