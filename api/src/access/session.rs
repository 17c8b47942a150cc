//! Sessions of browsers: a document is shown once, a cookie stands for it until it ends.
//!
//! A document may begin any number of sessions before it ends, as it may be shown in any number of requests: it is a
//! pass, and whoever sees one reads until it ends. Another page cannot sign a visitor in, out, or read with the cookie:
//! `SameSite=Strict` keeps it from going along, a document begins a session only from the origin that it names, and
//! what is for one reader alone may not be read by pages of other origins. The cookie lets nobody write: records are
//! signed themselves.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, http::header, web};
use hefu_contracts::{
    access::{ACCESS_BYTES_MAX, Access, Pass},
    audience::Reader,
    parties::PartyKind,
    refusal::{Code, Refusal},
    time::Time,
};
use hefu_keys::Address;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Guest, check, no,
    sessions::{NoToken, Session, Token},
    welcome,
};
use crate::{
    answer::{self, Keep},
    body, clock,
    openapi::{problems, shapes},
    problem::{Door, Problem},
    query::{Nothing, Query},
    server::Api,
    views::PartyView,
};

/// Names of the cookie where connections are encrypted and where they are not. Browsers take the first from this very
/// host over TLS only (RFC 6265bis §4.1.3.2), so that no other host of the domain can plant one.
pub(crate) const SECURE: &str = "__Host-hefu";
const PLAIN: &str = "hefu";

/// Who reads, as far as the node can tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionView {
    /// Until when; absent for anybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Time>)]
    pub expires: Option<Time>,
    /// The key that signed the document; absent for anybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Address>)]
    pub key: Option<Address>,
    /// The organisation that the key reads for; absent for anybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<PartyView>,
    /// What is shown: what everybody may see, also what names the organisation, or everything.
    pub reads: Reads,
}

/// What a reader is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reads {
    /// What everybody may see.
    Public,
    /// Also what names the organisation.
    Own,
    /// Everything, as auditors do.
    Everything,
}

impl SessionView {
    fn of(guest: Option<Guest>) -> SessionView {
        let anybody = SessionView { expires: None, key: None, party: None, reads: Reads::Public };
        let Some(Guest { key, name, reader, until }) = guest else { return anybody };
        match reader {
            Reader::Public => anybody,
            Reader::Party { id, kind } => SessionView {
                expires: Some(until),
                key: Some(key),
                party: Some(PartyView { id, kind: Some(kind), name: Some(name) }),
                reads: if kind == PartyKind::Auditor { Reads::Everything } else { Reads::Own },
            },
        }
    }
}

/// Begin a session.
///
/// The body is the access document. The answer sets a cookie that scripts cannot read and that ends with the document,
/// after 15 minutes at most.
#[utoipa::path(
    post,
    operation_id = "beginSession",
    path = "/v1/session",
    tag = "readers",
    request_body = shapes::AccessDocument,
    responses(
        (status = 200, description = "the session has begun", body = SessionView),
        problems::Malformed, problems::Unauthorised, problems::Forbidden, problems::Coding, problems::Slow,
        problems::TooLarge, problems::MediaType, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn begin(
    request: HttpRequest,
    _: Query<Nothing>,
    payload: web::Payload,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    if !matches!(request.mime_type(), Ok(Some(found)) if found.essence_str() == "application/json") {
        return Err(Problem::from(Door::MediaType).because("accepted is application/json"));
    }
    let body = body::read(&request, payload, ACCESS_BYTES_MAX).await?;
    let text = std::str::from_utf8(&body).map_err(|_| no(Refusal::new(Code::JsonString)))?;
    let now = clock::now()?;
    let pass = Access::read(text).and_then(|document| check(&api, document, now)).map_err(no)?;
    own_page(&request, |origin| origin == pass.aud())?;
    let guest = welcome(&api, pass.signer(), pass.expires(), now).await?;
    let secure = pass.aud().starts_with("https://");
    let token = api.sessions.begin(&pass, secure, now).map_err(|NoToken| {
        tracing::error!("the operating system gave no random bytes");
        Problem::from(Door::NodeFault)
    })?;
    let mut response = answer::json(&SessionView::of(Some(guest)), Keep::Personal, None)?;
    set(&mut response, &cookie(secure, &token.to_string(), seconds_left(&pass, now)));
    Ok(response)
}

/// Read who one is.
#[utoipa::path(
    get,
    operation_id = "readSession",
    path = "/v1/session",
    tag = "readers",
    security((), ("document" = []), ("session" = [])),
    responses(
        (status = 200, description = "who reads, and until when", body = SessionView),
        problems::Malformed, problems::Unauthorised, problems::Forbidden, problems::Coding, problems::TooLarge,
        problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn read(request: HttpRequest, _: Query<Nothing>) -> Result<HttpResponse, Problem> {
    answer::json(&SessionView::of(super::guest(&request).await?), Keep::Personal, None)
}

/// End the session.
///
/// Where there is none, nothing happens.
#[utoipa::path(
    delete,
    operation_id = "endSession",
    path = "/v1/session",
    tag = "readers",
    security((), ("session" = [])),
    responses((status = 204, description = "there is no session"), problems::Malformed, problems::Forbidden),
)]
pub(crate) async fn end(request: HttpRequest, _: Query<Nothing>, api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    own_page(&request, |origin| api.origins.iter().any(|own| own == origin))?;
    let mut response = HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, answer::PERSONAL)).finish();
    for secure in [true, false] {
        for token in tokens(&request, secure) {
            api.sessions.end(token);
            set(&mut response, &cookie(secure, "", 0));
        }
    }
    Ok(response)
}

/// Who a browser's cookie stands for. A key that may not read any more ends its session.
pub(super) async fn guest(request: &HttpRequest, api: &Api, now: Time) -> Result<Option<Guest>, Problem> {
    let sent = [true, false].into_iter().flat_map(|secure| tokens(request, secure).map(move |token| (token, secure)));
    let mut found = sent.filter_map(|(token, secure)| Some((token, secure, api.sessions.find(token, now)?)));
    let Some((token, _, Session { expires, key, .. })) = found.find(|(_, secure, session)| session.secure == *secure)
    else {
        return Ok(None);
    };
    match welcome(api, key, expires, now).await {
        Err(problem) if matches!(problem.view().status, 401 | 403) => {
            api.sessions.end(token);
            Ok(None)
        }
        welcome => welcome.map(Some),
    }
}

/// The tokens that a browser sends, of one kind of cookie. There is one, unless somebody plays with it.
fn tokens(request: &HttpRequest, secure: bool) -> impl Iterator<Item = Token> {
    let name = name(secure);
    let cookies = request.headers().get_all(header::COOKIE).filter_map(|cookies| cookies.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';'));
    pairs.filter_map(move |pair| Token::parse(pair.trim().strip_prefix(name)?.strip_prefix('=')?))
}

const fn name(secure: bool) -> &'static str {
    if secure { SECURE } else { PLAIN }
}

fn cookie(secure: bool, value: &str, seconds: i64) -> String {
    let (name, secure) = (name(secure), if secure { "; Secure" } else { "" });
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

/// Whole seconds, so that the browser's clock does not keep the cookie longer than the node the session.
fn seconds_left(pass: &Pass, now: Time) -> i64 {
    i64::try_from(pass.expires().since(now).0 / 1_000).unwrap_or(0)
}

fn set(response: &mut HttpResponse, cookie: &str) {
    if let Ok(value) = header::HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// That no page of another origin has sent the request. Browsers say from where it comes (Fetch §3.2 and Fetch Metadata
/// §2.3), programs say nothing.
pub(crate) fn own_page(request: &HttpRequest, is_own: impl Fn(&str) -> bool) -> Result<(), Problem> {
    let said = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or_default().to_owned());
    match (said("Sec-Fetch-Site"), said("Origin")) {
        (Some(site), _) if site != "same-origin" => {
            Err(Problem::from(Door::SessionForeign).because(format!("the request comes from a page that is {site}")))
        }
        (_, Some(origin)) if !is_own(&origin) => {
            Err(Problem::from(Door::SessionForeign).because(format!("the request comes from {origin}")))
        }
        _ => Ok(()),
    }
}
