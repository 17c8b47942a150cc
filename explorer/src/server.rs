//! Routes: which page is where.

use std::sync::Arc;

use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder,
    http::{Method, header},
    middleware::Compress,
    web,
};
use hefu_api::Ledger;
use hefu_contracts::state::Fault;

use crate::{
    answer, assets,
    pages::{block, earnings, home, how, labels, origins, record, search, session, signing, trace, trouble},
    resolver,
    site::Site,
    visit::Explorer,
};

const READS: &str = "GET, HEAD";

/// Mounts the pages: `/`, `/how`, `/01/…`, `/.well-known/gs1resolver`, `/x/…`, `/assets/…`, and a page for every address that nobody else serves.
///
/// To be mounted after [`hefu_api::configure`], whose answer to unknown addresses it replaces: programs are still told in
/// JSON. The returned function is called once by every worker; all of them share the ledger and the directory of names.
///
/// # Errors
/// Where the names cannot be read.
pub fn configure(
    ledger: Arc<dyn Ledger>,
    site: Site,
) -> Result<impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static, Fault> {
    let explorer = web::Data::new(Explorer::new(ledger, site)?);
    Ok(move |config: &mut web::ServiceConfig| {
        config
            .app_data(explorer.clone())
            .service(reads("/assets/{file}", assets::file))
            .service(reads("/favicon.ico", assets::icon))
            .service(reads("/01/{gtin}/21/{serial}/qr.svg", labels::svg).wrap(Compress::default()))
            .service(reads("/01/{gtin}/21/{serial}/qr.png", labels::png))
            .service(resolves("/01/{rest:.*}", trace::read).wrap(Compress::default()))
            .service(resolves("/gtin/{rest:.*}", trace::read).wrap(Compress::default()))
            .service(resolves("/.well-known/gs1resolver", resolver::describe))
            .service(reads("/", home::read).wrap(Compress::default()))
            .service(reads("/how", how::read).wrap(Compress::default()))
            .service(reads("/x/search", search::read).wrap(Compress::default()))
            .service(reads("/x/blocks/{height}", block::read).wrap(Compress::default()))
            .service(reads("/x/records/{id}", record::read).wrap(Compress::default()))
            .service(reads("/x/earnings", earnings::read).wrap(Compress::default()))
            .service(reads("/x/earnings/{contract}/{party}", earnings::read_sheet).wrap(Compress::default()))
            .service(
                reads("/x/earnings/{contract}/{party}/{number}", earnings::read_statement).wrap(Compress::default()),
            )
            .service(reads("/x/trace", origins::read_trace).wrap(Compress::default()))
            .service(reads("/x/impact", origins::read_impact).wrap(Compress::default()))
            .service(reads("/x/session", session::read).wrap(Compress::default()))
            .service(reads("/x/sign", signing::read).wrap(Compress::default()))
            .service(reads("/x/labels", labels::read).wrap(Compress::default()))
            .default_service(web::to(trouble::not_found));
    })
}

/// A page is only read. HEAD is a GET whose body is not sent.
fn reads<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(method_not_allowed))
}

/// A page of the resolver, which pages of other origins may ask.
fn resolves<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    reads(path, handler).route(web::method(Method::OPTIONS).to(resolver::options))
}

async fn method_not_allowed() -> HttpResponse {
    answer::guarded(HttpResponse::MethodNotAllowed()).insert_header((header::ALLOW, READS)).finish()
}
