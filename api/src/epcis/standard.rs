//! What every answer of the interface bears, and what OPTIONS tells (EPCIS 2.0 §12.3).

use actix_web::{
    Error, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderName, HeaderValue},
    middleware::Next,
};

use super::{asked::VERSION, capture, exception::Exception};
use crate::{
    problem::{Door, Problem},
    views,
};

/// Longest address.
const URI_BYTES_MAX: usize = 16 << 10;

pub(crate) const EXTENSIONS: &str = "hefu=urn:hefu:epcis:";

/// Adds the versions to every answer, and answers addresses that are too long.
///
/// # Errors
/// Those of the services inside.
pub(crate) async fn headers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut response = if request.uri().to_string().len() > URI_BYTES_MAX {
        request.into_response(Exception::from(Door::UriLong).error_response())
    } else {
        next.call(request).await?.map_into_boxed_body()
    };
    for (name, value) in [("gs1-epcis-version", VERSION), ("gs1-cbv-version", VERSION), ("gs1-extensions", EXTENSIONS)]
    {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Ok(response)
}

/// The answer to OPTIONS.
pub(crate) fn options(allowed: &'static str) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    for (name, value) in [
        ("GS1-EPCIS-Min", VERSION),
        ("GS1-EPCIS-Max", VERSION),
        ("GS1-CBV-Min", VERSION),
        ("GS1-CBV-Max", VERSION),
        ("GS1-EPC-Format", "No_Preference, Always_GS1_Digital_Link, Always_EPC_URN, Never_Translates"),
        ("GS1-CBV-XML-Format", "Never_Translates"),
        ("GS1-Vendor-Version", views::VERSION),
    ] {
        response.insert_header((name, value));
    }
    response
        .insert_header((header::ALLOW, allowed))
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "Accept, GS1-EPC-Format, GS1-EPCIS-Min, GS1-EPCIS-Max"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

/// The answer to OPTIONS where documents are captured.
pub(crate) fn options_of_capture(allowed: &'static str) -> HttpResponse {
    let mut response = options(allowed);
    let limits = [
        ("gs1-epcis-capture-limit", capture::EVENTS_MAX.to_string()),
        ("gs1-epcis-capture-file-size-limit", capture::BYTES_MAX.to_string()),
        ("gs1-capture-error-behaviour", "all".to_owned()),
    ];
    for (name, value) in limits {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// The answer to a method that a resource does not have.
pub(crate) fn method_not_allowed(allowed: &'static str) -> HttpResponse {
    let problem = Problem::from(Door::Method).because(format!("it has {allowed}"));
    let mut response = Exception::from(problem).error_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}
