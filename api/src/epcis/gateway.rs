//! The interface at a supplier's gateway: events are handed in here, whatever else is asked goes on to the node.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::from_fn,
    web,
};
use async_trait::async_trait;

use super::{
    WRITES,
    capture::{self, Capturing},
    exception::Exception,
    queries::DEFINITION_BYTES_MAX,
    standard,
};
use crate::{
    body, headers,
    problem::{Door, Problem},
    unread,
};

/// Headers of a request that go on to the node.
const ONWARD: [&str; 11] = [
    "accept",
    "authorization",
    "content-type",
    "gs1-cbv-max",
    "gs1-cbv-min",
    "gs1-cbv-xml-format",
    "gs1-epc-format",
    "gs1-epcis-max",
    "gs1-epcis-min",
    "gs1-epcis-version",
    "if-none-match",
];

/// Headers of the node's answer that come back.
const BACK: [&str; 14] = [
    "allow",
    "cache-control",
    "content-type",
    "gs1-cbv-max",
    "gs1-cbv-min",
    "gs1-epc-format",
    "gs1-epcis-max",
    "gs1-epcis-min",
    "gs1-next-page-token-expires",
    "gs1-query-min-record-time",
    "gs1-vendor-version",
    "link",
    "location",
    "retry-after",
];

/// A question that goes on to the node.
#[derive(Clone, Debug)]
pub struct Question {
    /// The method.
    pub method: String,
    /// Path and query.
    pub address: String,
    /// Headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body, where the method has one.
    pub body: Option<Vec<u8>>,
}

/// What the node answered.
#[derive(Clone, Debug)]
pub struct Relayed {
    /// The status.
    pub status: u16,
    /// Its headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Who asks the node.
#[async_trait]
pub trait Relay: Send + Sync + 'static {
    /// Asks the node.
    ///
    /// # Errors
    /// `E-NODE-UNREADY` where it cannot be reached.
    async fn relay(&self, question: Question) -> Result<Relayed, Problem>;
}

/// Mounts the interface of a gateway.
pub fn configure(
    capturing: Arc<dyn Capturing>,
    relay: Arc<dyn Relay>,
) -> impl Fn(&mut web::ServiceConfig) + Clone + Send + use<> {
    let (capturing, relay) = (web::Data::new(capturing), web::Data::new(relay));
    move |config| {
        let scope = web::scope("/epcis/v2")
            .app_data(capturing.clone())
            .app_data(relay.clone())
            .wrap(from_fn(standard::headers))
            .wrap(from_fn(headers::data))
            .wrap(from_fn(unread))
            .configure(super::jobs)
            .service(
                web::resource("/events")
                    .route(web::post().to(capture::event))
                    .route(web::method(Method::OPTIONS).to(async || standard::options(WRITES)))
                    .default_service(web::to(onward)),
            )
            .default_service(web::to(onward));
        config.service(scope).default_service(
            web::to(async || Err::<HttpResponse, _>(Problem::from(Door::NotFound))).wrap(from_fn(unread)),
        );
    }
}

/// Passes a question on. Queries and subscriptions are made at the node.
async fn onward(
    request: HttpRequest,
    payload: web::Payload,
    relay: web::Data<Arc<dyn Relay>>,
) -> Result<HttpResponse, Exception> {
    let is_of_queries = request.path().starts_with("/epcis/v2/queries");
    let body = match request.method() {
        &Method::GET | &Method::HEAD | &Method::OPTIONS | &Method::DELETE => None,
        &Method::POST if is_of_queries => Some(body::read(&request, payload, DEFINITION_BYTES_MAX).await?.to_vec()),
        _ => return Ok(standard::method_not_allowed("GET, HEAD, OPTIONS")),
    };
    if request.headers().contains_key(header::UPGRADE) {
        let detail = "a gateway passes no WebSockets on: connect to the node";
        return Err(Problem::from(Door::Subscription).because(detail).into());
    }
    let text = |name: &str| Some((name.to_owned(), request.headers().get(name)?.to_str().ok()?.to_owned()));
    let passed = ONWARD.iter().filter_map(|name| text(name)).collect();
    let address = request.uri().path_and_query().map_or("/", |address| address.as_str());
    let (method, address) = (request.method().to_string(), address.to_owned());
    let answer = relay.relay(Question { method, address, headers: passed, body }).await?;
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY));
    for (name, value) in answer.headers.iter().filter(|(name, _)| BACK.contains(&name.as_str())) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) {
            response.insert_header((name, value));
        }
    }
    response.insert_header((header::VARY, "Accept"));
    Ok(response.body(answer.body))
}
