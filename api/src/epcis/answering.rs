//! Answers in the forms of EPCIS 2.0: query documents, collections, and where the next page is.

use actix_web::{HttpRequest, HttpResponse, http::header};
use hefu_keys::Hash;
use serde_json::{Map, Value, json};

use super::{
    asked::{Asked, Token},
    event::NAMESPACE,
    exception::Exception,
};
use crate::{answer::PERSONAL, clock, problem::Problem};

/// The context that every EPCIS 2.0 document has.
pub(crate) const CONTEXT: &str = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

/// Name of the query that an address itself is (EPCIS 2.0 §8.2.7.1).
pub(crate) const SIMPLE: &str = "SimpleEventQuery";

/// The context of a document that may hold this ledger's own extensions.
pub(crate) fn context() -> Value {
    let (prefix, namespace) = NAMESPACE;
    json!([CONTEXT, { prefix: namespace }])
}

/// A query document.
///
/// # Errors
/// Where the clock cannot be right.
pub(crate) fn document(
    (query, subscription): (&str, Option<&str>),
    events: &[Map<String, Value>],
    records: &[Hash],
) -> Result<Value, Problem> {
    let mut results = json!({"queryName": query, "resultsBody": {"eventList": events}});
    if let Value::Object(results) = &mut results {
        results.extend(subscription.map(|id| ("subscriptionID".to_owned(), id.into())));
        // The signed record of each event, in their order.
        results.insert("hefu:records".to_owned(), json!(records));
    }
    Ok(json!({
        "@context": context(),
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": clock::now()?,
        "epcisBody": {"queryResults": results},
    }))
}

/// A collection of values.
pub(crate) fn collection(members: &[String]) -> Value {
    json!({"@context": CONTEXT, "type": "Collection", "member": members})
}

/// The one member that every value has below it.
pub(crate) fn below() -> Value {
    collection(&["events".to_owned()])
}

/// An answer, with the token of the next page if there is one.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn answer(
    request: &HttpRequest,
    asked: &Asked,
    body: &Value,
    next: Option<&Token>,
) -> Result<HttpResponse, Exception> {
    let mut response = HttpResponse::Ok();
    response.content_type(asked.media_type);
    let keep = if asked.personal { PERSONAL } else { "no-store" };
    response.insert_header((header::CACHE_CONTROL, keep));
    if let Some(next) = next {
        response.insert_header((header::LINK, format!("<{}>; rel=\"next\"", address_of_next(request, &next.text()?))));
        response.insert_header(("GS1-Next-Page-Token-Expires", next.until.to_string()));
    }
    Ok(response.body(serde_json::to_string(body)?))
}

/// A text as a segment of a path (RFC 3986 §2.3).
pub(crate) fn segment(text: &str) -> String {
    let encoded = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            return char::from(byte).to_string();
        }
        format!("%{byte:02X}")
    };
    text.bytes().map(encoded).collect()
}

/// That something was made, and where it is.
pub(crate) fn created(location: &str) -> HttpResponse {
    HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// The address of the request, with another token.
fn address_of_next(request: &HttpRequest, token: &str) -> String {
    let kept = request.query_string().split('&').filter(|one| !one.is_empty() && !one.starts_with("nextPageToken="));
    let query: Vec<&str> = kept.collect();
    let query = if query.is_empty() { String::new() } else { format!("{}&", query.join("&")) };
    format!("{}?{query}nextPageToken={token}", request.uri().path())
}
