//! Answers: how long they keep, and by which tag a client asks whether its copy is still good.

use std::fmt;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{self, EntityTag, Header, IfNoneMatch},
};
use serde::Serialize;

use crate::problem::Problem;

/// `Cache-Control` of what is for one reader alone.
pub(crate) const PERSONAL: &str = "private, no-store";

/// How long an answer keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// It never changes: what is asked for by its hash and is final.
    Forever,
    /// It may change with every block: a copy is used only after asking. A page and a proof that were kept for
    /// different times would contradict each other.
    Asking,
    /// It is of this moment.
    Never,
    /// It is for this reader alone.
    Personal,
}

impl Keep {
    const fn directive(self) -> &'static str {
        match self {
            Keep::Forever => "public, max-age=31536000, immutable",
            Keep::Asking => "public, no-cache",
            Keep::Never => "no-store",
            Keep::Personal => PERSONAL,
        }
    }
}

/// Names a version of an answer. It is weak, because the same answer travels in several content codings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag(EntityTag);

impl Tag {
    /// `what` is of characters that tags may have: hex digits, letters, hyphens.
    pub(crate) fn new(what: impl fmt::Display) -> Tag {
        Tag(EntityTag::new_weak(what.to_string()))
    }

    /// The answer to a client whose copy is still good (RFC 9110 §15.4.5).
    pub(crate) fn unchanged(&self, request: &HttpRequest, keep: Keep) -> Option<HttpResponse> {
        let known = match IfNoneMatch::parse(request).ok()? {
            // `*` asks whether there is anything at all, which only the answer itself can tell.
            IfNoneMatch::Any => return None,
            IfNoneMatch::Items(tags) => tags.iter().any(|tag| tag.weak_eq(&self.0)),
        };
        known.then(|| {
            let mut response = HttpResponse::NotModified();
            kept(&mut response, keep, Some(self));
            response.finish()
        })
    }
}

fn kept(response: &mut HttpResponseBuilder, keep: Keep, tag: Option<&Tag>) {
    response.insert_header((header::CACHE_CONTROL, keep.directive()));
    if let Some(Tag(tag)) = tag {
        response.insert_header(header::ETag(tag.clone()));
    }
}

/// A text of a media type.
pub(crate) fn text(text: String, media_type: &str, keep: Keep, tag: Option<&Tag>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type(media_type);
    kept(&mut response, keep, tag);
    response.body(text)
}

/// A view as JSON.
///
/// # Errors
/// `E-NODE-FAULT` where the view cannot be written.
pub(crate) fn json<T: Serialize>(view: &T, keep: Keep, tag: Option<&Tag>) -> Result<HttpResponse, Problem> {
    Ok(text(serde_json::to_string(view)?, "application/json", keep, tag))
}
