//! Headers that every answer bears.

use actix_web::{
    Error, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
};

use crate::{
    answer::PERSONAL,
    problem::{Door, MEDIA_TYPE, Problem},
};

/// JSON needs nothing; should a browser be made to show it as a page, that page may do nothing.
pub(crate) const POLICY_DATA: &str = "default-src 'none'; frame-ancestors 'none'";

/// Swagger UI sets styles by script and draws its icons as data.
const POLICY_DOCS: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

/// What holds for everything: the type is what it says it is, and serial numbers in addresses are told to nobody.
pub(crate) fn guard(headers: &mut HeaderMap, policy: &'static str) {
    set(headers, header::CONTENT_SECURITY_POLICY, policy);
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::REFERRER_POLICY, "no-referrer");
}

/// Headers of the API. What it answers to a GET without credentials is for everybody, also for pages of other origins, so
/// that a page can ask an independent node. What is for one reader alone is for pages of this origin alone.
pub(crate) async fn data(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let reads = request.method() != Method::POST;
    let response = next.call(request).await?;
    let told = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == MEDIA_TYPE);
    let mut response = if response.status() == StatusCode::NOT_ACCEPTABLE && !told {
        // The compressing layer answers this by itself, in plain text.
        response.into_response(Problem::from(Door::ContentCoding).error_response())
    } else {
        response.map_into_boxed_body()
    };
    let headers = response.headers_mut();
    guard(headers, POLICY_DATA);
    let personal = headers.get(header::CACHE_CONTROL).is_some_and(|value| value == PERSONAL);
    if personal {
        set(headers, header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin");
    } else if reads {
        set(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        set(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, "Content-Disposition, ETag, Link, Retry-After");
        set(headers, header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin");
    }
    Ok(response)
}

/// Headers of the API's pages.
pub(crate) async fn docs(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut response = next.call(request).await?.map_into_boxed_body();
    guard(response.headers_mut(), POLICY_DOCS);
    Ok(response)
}

/// The answer to OPTIONS, and so to the question a browser asks before it sends an unusual header (Fetch §4.8).
pub(crate) fn options(allowed: &'static str) -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ALLOW, allowed))
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "Accept, If-None-Match, Last-Event-ID"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}
