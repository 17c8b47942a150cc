//! What is answered before there is a node: that there will be one.

use actix_web::{HttpResponse, middleware::from_fn, web};

use crate::{
    headers, node,
    problem::{Door, Problem},
    server::alone,
    unread,
};

/// Mounts `/healthz` and `/version`, and answers everything else, `/readyz` as well, with `E-NODE-UNREADY` and `why`. For
/// the time in which a node reads its store or restores one.
pub fn starting(why: &'static str) -> impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static {
    move |config| {
        let unready = move || async move { Err::<HttpResponse, _>(Problem::from(Door::NodeUnready).because(why)) };
        config
            .service(alone("/healthz", node::alive))
            .service(alone("/version", node::version))
            .default_service(web::to(unready).wrap(from_fn(headers::data)).wrap(from_fn(unread)));
    }
}
