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
    standard,
};
use crate::{
    headers,
    problem::{Door, Problem},
    unread,
};

/// Headers of a request that go on to the node.
const ONWARD: [&str; 9] = [
    "accept",
    "authorization",
    "gs1-cbv-max",
    "gs1-cbv-min",
    "gs1-cbv-xml-format",
    "gs1-epc-format",
    "gs1-epcis-max",
    "gs1-epcis-min",
    "if-none-match",
];

/// Headers of the node's answer that come back.
const BACK: [&str; 12] = [
    "allow",
    "cache-control",
    "content-type",
    "gs1-cbv-max",
    "gs1-cbv-min",
    "gs1-epc-format",
    "gs1-epcis-max",
    "gs1-epcis-min",
    "gs1-next-page-token-expires",
    "gs1-vendor-version",
    "link",
    "retry-after",
];

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
    /// Asks the node for an address of its own.
    ///
    /// # Errors
    /// `E-NODE-UNREADY` where it cannot be reached.
    async fn relay(&self, method: &str, address: &str, headers: Vec<(String, String)>) -> Result<Relayed, Problem>;
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

/// Passes a question on.
async fn onward(request: HttpRequest, relay: web::Data<Arc<dyn Relay>>) -> Result<HttpResponse, Exception> {
    if ![Method::GET, Method::HEAD, Method::OPTIONS, Method::DELETE].contains(request.method()) {
        return Ok(standard::method_not_allowed("GET, HEAD, OPTIONS"));
    }
    let text = |name: &str| Some((name.to_owned(), request.headers().get(name)?.to_str().ok()?.to_owned()));
    let passed = ONWARD.iter().filter_map(|name| text(name)).collect();
    let address = request.uri().path_and_query().map_or("/", |address| address.as_str());
    let answer = relay.relay(request.method().as_str(), address, passed).await?;
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY));
    for (name, value) in answer.headers.iter().filter(|(name, _)| BACK.contains(&name.as_str())) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) {
            response.insert_header((name, value));
        }
    }
    response.insert_header((header::VARY, "Accept"));
    Ok(response.body(answer.body))
}
