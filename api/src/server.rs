//! Routes: what is served where.

use std::sync::Arc;

use actix_web::{
    FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, ResponseError,
    dev::HttpServiceFactory,
    http::{Method, header},
    middleware::{Compress, from_fn},
    web,
};
use hefu_contracts::state::Fault;
use hefu_keys::Hash;
use tokio::sync::Semaphore;

use crate::{
    access::{Sessions, session},
    agreements, blocks, docs,
    epcis::{self, Local},
    headers, items, keys,
    ledger::Ledger,
    node,
    origin::Origin,
    problem::{Door, Problem},
    quotas, records,
    stream::{self, STREAMS_MAX},
    trace, unread,
};

/// What the handlers share.
pub(crate) struct Api {
    /// Hash of the genesis document.
    pub chain: Hash,
    /// The node.
    pub ledger: Arc<dyn Ledger>,
    /// Where the node is reached, as access documents name it.
    pub origins: Vec<String>,
    /// Browsers whose reader is known.
    pub sessions: Sessions,
    /// One permit for each stream that may be open.
    pub streams: Arc<Semaphore>,
}

impl Api {
    /// What the handlers share, from a request.
    ///
    /// # Errors
    /// `E-NODE-FAULT` where the API is not mounted.
    pub(crate) fn of(request: &HttpRequest) -> Result<web::Data<Api>, Problem> {
        request.app_data::<web::Data<Api>>().cloned().ok_or_else(|| {
            tracing::error!("the API is not mounted where it is asked for");
            Door::NodeFault.into()
        })
    }
}

const READS: &str = "GET, HEAD, OPTIONS";
const RECORDS: &str = "POST, OPTIONS";
const SESSION: &str = "GET, HEAD, POST, DELETE, OPTIONS";

/// Mounts the API: `/v1`, `/epcis/v2`, `/docs`, `/healthz`, `/readyz`, `/version`, and a problem for every address that nobody else
/// serves; whoever mounts pages after it may replace that last one. `origins` are where the node is reached: an access
/// document is for one of them. `local` is what the node keeps for itself.
///
/// The returned function is called once by every worker; all of them share the ledger and the limits.
///
/// # Errors
/// Where what the node keeps for itself cannot be read.
pub fn configure(
    ledger: Arc<dyn Ledger>,
    origins: &[Origin],
    local: Local,
) -> Result<impl Fn(&mut web::ServiceConfig) + Clone + Send + use<>, Fault> {
    let api = web::Data::new(Api {
        chain: ledger.genesis().chain(),
        ledger,
        origins: origins.iter().map(ToString::to_string).collect(),
        sessions: Sessions::default(),
        streams: Arc::new(Semaphore::new(STREAMS_MAX)),
    });
    let epcis = epcis::mount(&api, local)?;
    Ok(move |config: &mut web::ServiceConfig| {
        config
            .app_data(api.clone())
            .configure(&epcis)
            // Ahead of the scope, because a stream must not wait for a compressor to have enough.
            .service(alone("/v1/stream/blocks", stream::blocks::follow))
            .service(alone("/v1/stream/agreements/{contract}", stream::agreement::follow))
            .service(
                web::scope("/v1")
                    .wrap(Compress::default())
                    .wrap(from_fn(headers::data))
                    .wrap(from_fn(unread))
                    .service(handing_in("/records"))
                    .service(reads("/records/{id}", records::read))
                    .service(reads("/records/{id}/annex", records::read_annex))
                    .service(reads("/records/{id}/receipt", records::read_receipt))
                    .service(sessions("/session"))
                    .service(reads("/keys/{address}", keys::read))
                    .service(reads("/quotas", quotas::read_everybody))
                    .service(reads("/quotas/{party}", quotas::read))
                    .service(reads("/agreements", agreements::list))
                    .service(reads("/agreements/{contract}", agreements::read))
                    .service(reads("/agreements/{contract}/lines", agreements::read_lines))
                    .service(reads("/agreements/{contract}/disputes", agreements::read_disputes))
                    .service(reads("/agreements/{contract}/costs", agreements::read_costs))
                    .service(reads("/agreements/{contract}/adjustments", agreements::read_adjustments))
                    .service(reads("/agreements/{contract}/accounts/{party}", agreements::read_account))
                    .service(reads("/agreements/{contract}/accounts/{party}/earnings", agreements::read_earnings))
                    .service(reads("/agreements/{contract}/accounts/{party}/payouts", agreements::read_payouts))
                    .service(reads("/agreements/{contract}/accounts/{party}/export", agreements::export))
                    .service(reads(
                        "/agreements/{contract}/accounts/{party}/statements/{number}",
                        agreements::read_statement,
                    ))
                    .service(reads(
                        "/agreements/{contract}/accounts/{party}/statements/{number}/movements",
                        agreements::read_movements,
                    ))
                    .service(reads("/items/{gtin}/{serial}", items::read))
                    .service(reads("/items/{gtin}/{serial}/proof", items::read_proof))
                    .service(reads("/trace/{id}", trace::read))
                    .service(reads("/impact/{id}", trace::read_impact))
                    .service(reads("/blocks/{height}", blocks::read))
                    .service(reads("/status", node::status))
                    .service(reads("/genesis", node::genesis))
                    .service(reads("/openapi.json", docs::document))
                    .default_service(web::to(not_found)),
            )
            .service(alone("/healthz", node::alive))
            .service(alone("/readyz", node::ready))
            .service(alone("/version", node::version))
            .service(reads("/docs", docs::index).wrap(from_fn(headers::docs)).wrap(from_fn(unread)))
            .service(reads("/docs/{file:.*}", docs::file).wrap(from_fn(headers::docs)).wrap(from_fn(unread)))
            .default_service(web::to(not_found).wrap(from_fn(unread)));
    })
}

/// A resource that is only read. HEAD is a GET whose body is not sent.
fn reads<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .route(web::method(Method::OPTIONS).to(async || headers::options(READS)))
        .default_service(web::to(async || method_not_allowed(READS)))
}

/// A resource outside of the scope that brings the layers.
pub(crate) fn alone<F, Args>(path: &str, handler: F) -> impl HttpServiceFactory + 'static
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    reads(path, handler).wrap(from_fn(headers::data)).wrap(from_fn(unread))
}

fn handing_in(path: &str) -> Resource {
    web::resource(path)
        .route(web::post().to(records::submit))
        .route(web::method(Method::OPTIONS).to(async || headers::options(RECORDS)))
        .default_service(web::to(async || method_not_allowed(RECORDS)))
}

fn sessions(path: &str) -> Resource {
    web::resource(path)
        .route(web::get().to(session::read))
        .route(web::head().to(session::read))
        .route(web::post().to(session::begin))
        .route(web::delete().to(session::end))
        .route(web::method(Method::OPTIONS).to(async || headers::options(SESSION)))
        .default_service(web::to(async || method_not_allowed(SESSION)))
}

fn method_not_allowed(allowed: &'static str) -> HttpResponse {
    let mut response = Problem::from(Door::Method).because(format!("it has {allowed}")).error_response();
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allowed));
    response
}

/// Outside of the API's own scope no layer adds the headers.
async fn not_found() -> HttpResponse {
    let mut response = Problem::from(Door::NotFound).error_response();
    headers::guard(response.headers_mut(), headers::POLICY_DATA);
    response
}
