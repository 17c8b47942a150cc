//! Figures for whoever watches a node, on a listener of their own.

use std::future::ready;

use actix_web::{HttpResponse, http::header, middleware::from_fn, web};

use crate::unread;

/// The text format of Prometheus (exposition formats, version 0.0.4).
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Mounts `/metrics`, which answers with what `render` tells at that moment.
pub fn metrics(
    render: impl Fn() -> String + Clone + Send + 'static,
) -> impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static {
    move |config| {
        let render = render.clone();
        let answer = move || ready(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, TEXT)).body(render()));
        config.service(web::resource("/metrics").route(web::get().to(answer)).wrap(from_fn(unread)));
    }
}
