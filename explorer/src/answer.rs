//! Answers: headers, tags, and pages as HTML.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{self, EntityTag, Header, IfNoneMatch},
    },
};
use askama::Template;
use hefu_keys::Hash;

use crate::{
    coding, language,
    visit::{Visit, first},
};

/// Pages run their own scripts and styles from files and talk to their own server, nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";

/// What holds for everything that the explorer answers. Addresses hold serial numbers, so they are told to nobody.
pub(crate) fn guarded(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    plain(&mut response);
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"));
    response
}

/// What holds for files that no browser shows as a page: the rest of what guards pages would only weigh on them.
pub(crate) fn plain(response: &mut HttpResponseBuilder) {
    response.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
}

/// Names a version of a page. It is weak, because the same page travels in several content codings.
#[derive(Clone, Debug)]
pub(crate) struct Tag(EntityTag);

impl Tag {
    /// `what` is of letters, digits and hyphens.
    pub(crate) fn new(what: String) -> Tag {
        Tag(EntityTag::new_weak(what))
    }

    /// Whether the client has this version.
    pub(crate) fn is_known(&self, request: &HttpRequest) -> bool {
        match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.0)),
            Ok(IfNoneMatch::Any) | Err(_) => false,
        }
    }
}

/// That a page shows more to some readers than to others (RFC 9110 §12.5.5).
pub(crate) fn by_reader(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().append(header::VARY, header::HeaderValue::from_static("Authorization"));
    response
}

/// A page for this reader alone, of which no copy is kept.
pub(crate) fn personal(visit: &Visit, page: &impl Template) -> HttpResponse {
    let Some(text) = render(page) else { return failed() };
    let mut response = pages(visit, StatusCode::OK, None);
    response.insert_header((header::CACHE_CONTROL, "private, no-store"));
    let body = coding::press(&visit.request, &mut response, text);
    response.content_type(HTML).body(body)
}

/// The text of a page.
fn render(page: &impl Template) -> Option<String> {
    // A line break between tags is the template's layout, not the page's: where a space is wanted, one is written.
    page.render().ok().map(|text| text.replace(">\n<", "><"))
}

/// Every value on a page is a string or a number; there is nothing that could fail.
fn failed() -> HttpResponse {
    tracing::error!("a page could not be written");
    guarded(HttpResponse::InternalServerError()).finish()
}

/// A page in the visitor's language. A browser's copy of it is used only after asking: by the tag, or where there is none
/// by the page's hash. Only what is there has a tag (RFC 9110 §13.2.1).
pub(crate) fn html(visit: &Visit, status: StatusCode, page: &impl Template, tag: Option<Tag>) -> HttpResponse {
    let Some(text) = render(page) else { return failed() };
    let tag = match status {
        StatusCode::OK => Some(tag.unwrap_or_else(|| Tag::new(first(&Hash::of(text.as_bytes()))))),
        _ => None,
    };
    if let Some(tag) = tag.as_ref().filter(|tag| tag.is_known(&visit.request)) {
        return unchanged(visit, tag.clone());
    }
    let mut response = pages(visit, status, tag);
    let body = coding::press(&visit.request, &mut response, text);
    response.content_type(HTML).body(body)
}

/// The answer to a browser whose copy is still good (RFC 9110 §15.4.5).
pub(crate) fn unchanged(visit: &Visit, tag: Tag) -> HttpResponse {
    pages(visit, StatusCode::NOT_MODIFIED, Some(tag)).finish()
}

fn pages(visit: &Visit, status: StatusCode, tag: Option<Tag>) -> HttpResponseBuilder {
    let mut response = guarded(HttpResponse::build(status));
    response.insert_header((header::VARY, "Accept-Encoding, Accept-Language, Cookie"));
    response.insert_header((header::CONTENT_LANGUAGE, visit.words.lang));
    response.insert_header((header::CACHE_CONTROL, "no-cache"));
    if let Some(Tag(tag)) = tag {
        response.insert_header(header::ETag(tag));
    }
    if let Some(language) = visit.chosen {
        let secure = visit.explorer.site.origin.is_secure();
        response.insert_header((header::SET_COOKIE, language::cookie(language, secure)));
    }
    response
}
