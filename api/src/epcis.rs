//! EPCIS 2.0 over HTTP (ISO/IEC 19987 §12), under `/epcis/v2`.
//!
//! Reading is the same everywhere: whatever an address asks for becomes an [`EventQuery`](query::EventQuery), the
//! ledger's indices narrow it to [`candidates`], each candidate is put together again from record and annex as far as its reader
//! may see it ([`event`]), and what is seen must meet every condition. Nobody finds by a query what is not shown to them.
//!
//! Handing in is the same at a node and at a supplier's gateway ([`capture`]); only who signs differs.

mod answering;
mod asked;
mod candidates;
pub mod capture;
mod collections;
mod event;
mod events;
mod exception;
pub mod gateway;
pub mod queries;
mod query;
mod search;
mod shelf;
mod standard;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{
    FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder,
    http::Method,
    middleware::{Compress, from_fn},
    web,
};
use hefu_contracts::{state::Fault, time::Time};

pub use self::shelf::{Changes, InMemory, Local, Shelf};

use self::{
    capture::{Capturing, signed::Signed},
    collections::Values,
    exception::Exception,
    queries::{Book, Courier, Post, subscribing},
};
use crate::{
    clock, headers,
    ledger::Ledger,
    problem::{Door, Problem},
    server::Api,
    unread,
};

const READS: &str = "GET, HEAD, OPTIONS";
const WRITES: &str = "GET, HEAD, POST, OPTIONS";
pub(crate) const REMOVES: &str = "GET, HEAD, DELETE, OPTIONS";

/// Most page tokens that are remembered as invalidated; each is over within the hour.
const VOID_MAX: usize = 10_000;

/// What the handlers share.
pub(crate) struct Epcis {
    pub book: Arc<Book>,
    pub post: Option<Arc<dyn Post>>,
    /// Page tokens that were invalidated, and until when they would have been good.
    void: Mutex<BTreeMap<String, Time>>,
}

impl Epcis {
    fn new(ledger: &Arc<dyn Ledger>, local: Local) -> Result<Epcis, Fault> {
        let Local { shelf, post } = local;
        let book = Arc::new(Book::open(shelf)?);
        if let Some(post) = &post {
            let (ledger, post) = (Arc::downgrade(ledger), Arc::clone(post));
            Courier { ledger, book: Arc::clone(&book), post }.begin();
        }
        Ok(Epcis { book, post, void: Mutex::default() })
    }

    /// What the handlers share, from a request.
    ///
    /// # Errors
    /// `E-NODE-FAULT` where the interface is not mounted.
    pub(crate) fn of(request: &HttpRequest) -> Result<web::Data<Epcis>, Problem> {
        request.app_data::<web::Data<Epcis>>().cloned().ok_or_else(|| {
            tracing::error!("EPCIS is not mounted where it is asked for");
            Door::NodeFault.into()
        })
    }

    /// Whether a page's token was invalidated.
    pub(crate) fn is_void(&self, token: &str) -> bool {
        self.void.lock().unwrap_or_else(PoisonError::into_inner).contains_key(token)
    }
}

/// `DELETE /nextPageToken/{token}`: what was read is read; the token leads nowhere any more.
async fn invalidate(request: HttpRequest, token: web::Path<String>) -> Result<HttpResponse, Exception> {
    let epcis = Epcis::of(&request)?;
    let (now, token) = (clock::now()?, token.into_inner());
    if let Some(until) = asked::token_until(&token).filter(|until| *until > now) {
        let mut void = epcis.void.lock().unwrap_or_else(PoisonError::into_inner);
        void.retain(|_, until| *until > now);
        if void.len() < VOID_MAX {
            void.insert(token, until);
        }
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Mounts the interface.
///
/// # Errors
/// Where what the node keeps beside the ledger cannot be read.
pub(crate) fn mount(
    api: &web::Data<Api>,
    local: Local,
) -> Result<impl Fn(&mut web::ServiceConfig) + Clone + Send + use<>, Fault> {
    let signed: Arc<dyn Capturing> = Arc::new(Signed::open(api.clone(), Arc::clone(&local.shelf))?);
    let epcis = web::Data::new(Epcis::new(&api.ledger, local)?);
    let signed = web::Data::new(signed);
    Ok(move |config: &mut web::ServiceConfig| {
        let scope = web::scope("/epcis/v2")
            .app_data(epcis.clone())
            .app_data(signed.clone())
            .wrap(from_fn(standard::headers))
            .wrap(Compress::default())
            .wrap(from_fn(headers::data))
            .wrap(from_fn(unread))
            .configure(reading)
            .configure(handing_in)
            .configure(named)
            .default_service(web::to(async || Err::<HttpResponse, _>(Exception::from(Door::NotFound))));
        config.service(scope);
    })
}

/// Documents and what became of them, at a node and at a gateway.
fn jobs(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/capture")
                .route(web::get().to(capture::jobs))
                .route(web::head().to(capture::jobs))
                .route(web::post().to(capture::document))
                .route(web::method(Method::OPTIONS).to(async || standard::options_of_capture(WRITES)))
                .default_service(web::to(async || standard::method_not_allowed(WRITES))),
        )
        .service(reads("/capture/{captureID}", capture::job));
}

/// Mounts the doors at which events are handed in.
fn handing_in(config: &mut web::ServiceConfig) {
    config.configure(jobs).service(
        web::resource("/events")
            .route(web::get().to(events::list))
            .route(web::head().to(events::list))
            .route(web::post().to(capture::event))
            .route(web::method(Method::OPTIONS).to(async || standard::options(WRITES)))
            .default_service(web::to(async || standard::method_not_allowed(WRITES))),
    );
}

/// Named queries, and subscriptions to them.
fn named(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/queries")
                .route(web::get().to(queries::list))
                .route(web::head().to(queries::list))
                .route(web::post().to(queries::create))
                .route(web::method(Method::OPTIONS).to(async || standard::options(WRITES)))
                .default_service(web::to(async || standard::method_not_allowed(WRITES))),
        )
        .service(
            web::resource("/queries/{queryName}")
                .route(web::get().to(queries::read))
                .route(web::head().to(queries::read))
                .route(web::delete().to(queries::delete))
                .route(web::method(Method::OPTIONS).to(async || standard::options(REMOVES)))
                .default_service(web::to(async || standard::method_not_allowed(REMOVES))),
        )
        .service(reads("/queries/{queryName}/events", queries::events))
        .service(
            web::resource("/queries/{queryName}/subscriptions")
                .route(web::get().to(subscribing::list))
                .route(web::head().to(subscribing::list))
                .route(web::post().to(subscribing::create))
                .route(web::method(Method::OPTIONS).to(async || standard::options(WRITES)))
                .default_service(web::to(async || standard::method_not_allowed(WRITES))),
        )
        .service(
            web::resource("/queries/{queryName}/subscriptions/{subscriptionID}")
                .route(web::get().to(subscribing::read))
                .route(web::head().to(subscribing::read))
                .route(web::delete().to(subscribing::delete))
                .route(web::method(Method::OPTIONS).to(subscribing::options))
                .default_service(web::to(async || standard::method_not_allowed(REMOVES))),
        );
}

fn reading(config: &mut web::ServiceConfig) {
    config
        .service(reads("", collections::top))
        .service(reads("/", collections::top))
        .service(reads("/events/{eventID}", events::read))
        .service(reads("/eventTypes", collections::kinds))
        .service(reads("/eventTypes/{eventType}", collections::kind))
        .service(reads("/eventTypes/{eventType}/events", collections::events_of_kind))
        .service(reads("/epcs", collections::epcs))
        .service(reads("/epcs/{epc}", collections::epc))
        .service(reads("/epcs/{epc}/events", collections::events_of_epc))
        .service(
            web::resource("/nextPageToken/{token}")
                .route(web::delete().to(invalidate))
                .route(web::method(Method::OPTIONS).to(async || standard::options("DELETE, OPTIONS")))
                .default_service(web::to(async || standard::method_not_allowed("DELETE, OPTIONS"))),
        );
    values(config, "bizSteps", collections::STEPS);
    values(config, "dispositions", collections::DISPOSITIONS);
    values(config, "readPoints", collections::READ_POINTS);
    values(config, "bizLocations", collections::LOCATIONS);
}

/// The three resources of a collection of values.
fn values(config: &mut web::ServiceConfig, name: &str, values: Values) {
    config
        .service(reads(&format!("/{name}"), move |request| values.list(request)))
        .service(reads(&format!("/{name}/{{value}}"), move |request, value| values.one(request, value)))
        .service(reads(&format!("/{name}/{{value}}/events"), move |request, value| values.events(request, value)));
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
        .route(web::method(Method::OPTIONS).to(async || standard::options(READS)))
        .default_service(web::to(async || standard::method_not_allowed(READS)))
}
