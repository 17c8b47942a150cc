//! Problems: why a request was not answered as it was meant, as RFC 9457 documents.
//!
//! A problem tells a program the code, and a person what was found and what is allowed. What failed inside the node is
//! logged here, once, and never told.

use std::{borrow::Cow, fmt};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use hefu_contracts::{access::SCHEME, refusal::Refusal, state::Fault};
use hefu_keys::Hash;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{ledger::Unavailable, openapi::shapes};

/// Media type of a problem (RFC 9457 §6.1).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// After so many seconds a client may try again what failed for want of room or time.
const RETRY_AFTER_SECONDS: u64 = 1;

/// What can be wrong with a request before any rule of the ledger is asked. Names are never reused, nor are they those
/// of a [`Code`](hefu_contracts::refusal::Code).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// There is no such account, or it is not for this reader.
    AccountUnknown,
    /// There is no such agreement, or it is not for this reader.
    AgreementUnknown,
    /// The record's lists and private values are not for this reader.
    AnnexPrivate,
    /// The batch has no lines.
    BatchEmpty,
    /// The batch has too many lines.
    BatchLines,
    /// There is no such block.
    BlockUnknown,
    /// The body ended before its announced length, or was not transferred as HTTP says.
    BodyBroken,
    /// The body is too large.
    BodySize,
    /// The body took too long.
    BodySlow,
    /// There is no such capture job, or it is not for this reader.
    CaptureUnknown,
    /// None of the content codings that the client accepts can be made.
    ContentCoding,
    /// The body is no EPCIS document, or not one with events.
    Document,
    /// The signed record beside an event is of another one.
    EventBeside,
    /// There is no such event, or it is not for this reader.
    EventUnknown,
    /// An event was handed in without a signed record.
    EventUnsigned,
    /// The document has too many events.
    EventsMany,
    /// No media type or version that the client accepts can be made.
    FormatOther,
    /// There is no record of this code.
    ItemUnknown,
    /// The key is not registered.
    KeyUnregistered,
    /// The body is of another media type or coding than accepted.
    MediaType,
    /// The method is not one of this resource.
    Method,
    /// The node failed.
    NodeFault,
    /// The node is stopping.
    NodeStopping,
    /// The node should not be sent requests now.
    NodeUnready,
    /// There is nothing at this address.
    NotFound,
    /// A segment of the path is malformed.
    Path,
    /// A query parameter is unknown, given twice or malformed.
    Query,
    /// The query asks for too much at once.
    QueryComplex,
    /// More events match than the query allows.
    QueryLarge,
    /// The node holds no such record.
    RecordUnknown,
    /// A page of another origin asks for, or ends, a session.
    SessionForeign,
    /// There is no such statement.
    StatementUnknown,
    /// Too many streams are open.
    StreamsOpen,
    /// The address is too long.
    UriLong,
    /// No event that the reader may read has this value.
    ValueUnknown,
}

impl Door {
    /// Every kind.
    pub const ALL: [Door; 35] = [
        Door::AccountUnknown,
        Door::AgreementUnknown,
        Door::AnnexPrivate,
        Door::BatchEmpty,
        Door::BatchLines,
        Door::BlockUnknown,
        Door::BodyBroken,
        Door::BodySize,
        Door::BodySlow,
        Door::CaptureUnknown,
        Door::ContentCoding,
        Door::Document,
        Door::EventBeside,
        Door::EventUnknown,
        Door::EventUnsigned,
        Door::EventsMany,
        Door::FormatOther,
        Door::ItemUnknown,
        Door::KeyUnregistered,
        Door::MediaType,
        Door::Method,
        Door::NodeFault,
        Door::NodeStopping,
        Door::NodeUnready,
        Door::NotFound,
        Door::Path,
        Door::Query,
        Door::QueryComplex,
        Door::QueryLarge,
        Door::RecordUnknown,
        Door::SessionForeign,
        Door::StatementUnknown,
        Door::StreamsOpen,
        Door::UriLong,
        Door::ValueUnknown,
    ];

    /// Name, status (RFC 9110 §15) and sentence.
    const fn facts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Door::AccountUnknown => {
                ("E-ACCOUNT-UNKNOWN", StatusCode::NOT_FOUND, "there is no such account that the reader may read")
            }
            Door::AgreementUnknown => {
                ("E-AGREEMENT-UNREADABLE", StatusCode::NOT_FOUND, "there is no such agreement that the reader may read")
            }
            Door::AnnexPrivate => {
                ("E-ANNEX-PRIVATE", StatusCode::FORBIDDEN, "lists and private values are for whom the record names")
            }
            Door::BatchEmpty => ("E-BATCH-EMPTY", StatusCode::BAD_REQUEST, "the batch has no lines"),
            Door::BatchLines => ("E-BATCH-LINES", StatusCode::PAYLOAD_TOO_LARGE, "the batch has too many lines"),
            Door::BlockUnknown => ("E-BLOCK-UNKNOWN", StatusCode::NOT_FOUND, "the node holds no such block"),
            Door::BodyBroken => ("E-BODY-BROKEN", StatusCode::BAD_REQUEST, "the body did not arrive whole"),
            Door::BodySize => ("E-BODY-SIZE", StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
            Door::BodySlow => ("E-BODY-SLOW", StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive"),
            Door::ContentCoding => {
                ("E-CONTENT-CODING", StatusCode::NOT_ACCEPTABLE, "no accepted content coding can be made")
            }
            Door::ItemUnknown => ("E-ITEM-UNKNOWN", StatusCode::NOT_FOUND, "there is no record of this code"),
            Door::KeyUnregistered => ("E-KEY-UNREGISTERED", StatusCode::NOT_FOUND, "the key was never registered"),
            Door::MediaType => {
                ("E-MEDIA-TYPE", StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body's media type is not accepted here")
            }
            Door::Method => ("E-METHOD", StatusCode::METHOD_NOT_ALLOWED, "the resource does not have this method"),
            Door::NodeFault => ("E-NODE-FAULT", StatusCode::INTERNAL_SERVER_ERROR, "the node failed"),
            Door::NodeStopping => ("E-NODE-STOPPING", StatusCode::SERVICE_UNAVAILABLE, "the node is stopping"),
            Door::NodeUnready => ("E-NODE-UNREADY", StatusCode::SERVICE_UNAVAILABLE, "the node is not ready"),
            Door::NotFound => ("E-NOT-FOUND", StatusCode::NOT_FOUND, "there is nothing at this address"),
            Door::Path => ("E-PATH", StatusCode::BAD_REQUEST, "a segment of the path is malformed"),
            Door::Query => ("E-QUERY", StatusCode::BAD_REQUEST, "a query parameter is unknown or malformed"),
            Door::RecordUnknown => ("E-RECORD-UNKNOWN", StatusCode::NOT_FOUND, "the node holds no such record"),
            Door::SessionForeign => {
                ("E-SESSION-FOREIGN", StatusCode::FORBIDDEN, "sessions are for the node's own pages")
            }
            Door::StatementUnknown => ("E-STATEMENT-UNISSUED", StatusCode::NOT_FOUND, "no such statement was issued"),
            Door::CaptureUnknown => {
                ("E-CAPTURE-UNKNOWN", StatusCode::NOT_FOUND, "there is no such capture job that the reader may read")
            }
            Door::Document => ("E-DOCUMENT", StatusCode::BAD_REQUEST, "the body is no EPCIS document in JSON"),
            Door::EventBeside => {
                ("E-EVENT-BESIDE", StatusCode::BAD_REQUEST, "the signed record beside the event is of another event")
            }
            Door::EventUnknown => {
                ("E-EVENT-UNKNOWN", StatusCode::NOT_FOUND, "there is no such event that the reader may read")
            }
            Door::EventUnsigned => {
                ("E-EVENT-UNSIGNED", StatusCode::BAD_REQUEST, "the event has no signed record beside it")
            }
            Door::EventsMany => ("E-EVENTS-MANY", StatusCode::PAYLOAD_TOO_LARGE, "the document has too many events"),
            Door::FormatOther => (
                "E-FORMAT-OTHER",
                StatusCode::NOT_ACCEPTABLE,
                "the answer cannot be made in an accepted media type or version",
            ),
            Door::QueryComplex => {
                ("E-QUERY-COMPLEX", StatusCode::PAYLOAD_TOO_LARGE, "the query asks for too much at once")
            }
            Door::QueryLarge => {
                ("E-QUERY-LARGE", StatusCode::PAYLOAD_TOO_LARGE, "more events match than the query allows")
            }
            Door::UriLong => ("E-URI-LONG", StatusCode::URI_TOO_LONG, "the address is too long"),
            Door::ValueUnknown => {
                ("E-VALUE-UNKNOWN", StatusCode::NOT_FOUND, "no event that the reader may read has this value")
            }
            Door::StreamsOpen => ("E-STREAMS-OPEN", StatusCode::SERVICE_UNAVAILABLE, "too many streams are open"),
        }
    }

    /// The stable name.
    pub const fn name(self) -> &'static str {
        self.facts().0
    }

    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        self.facts().1
    }

    /// What it means, in English, lower case, without a full stop.
    pub const fn sentence(self) -> &'static str {
        self.facts().2
    }
}

/// A problem, as it is answered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProblemView {
    /// The stable name, such as `E-ITEM-COMMISSIONED`.
    pub code: Cow<'static, str>,
    /// The record in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Hash>)]
    pub conflict: Option<Hash>,
    /// What was found and what is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The record that was handed in, where its id could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Hash>)]
    pub id: Option<Hash>,
    /// JSON Pointer (RFC 6901) into the record; absent where the whole of it is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Where the proof is that there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// That a rule spoke against the record, signed by the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Receipt>)]
    pub receipt: Option<Box<RawValue>>,
    /// The HTTP status.
    pub status: u16,
    /// What the code means.
    pub title: Cow<'static, str>,
    /// The code as a URI.
    #[serde(rename = "type")]
    #[schema(examples("urn:hefu:problem:E-ITEM-COMMISSIONED"))]
    pub kind: String,
}

/// Why a request was not answered as it was meant; it becomes the answer.
#[derive(Clone, Debug)]
pub struct Problem(Box<ProblemView>);

impl Problem {
    fn new(code: &'static str, status: u16, title: &'static str) -> Problem {
        Problem(Box::new(ProblemView {
            code: Cow::Borrowed(code),
            conflict: None,
            detail: None,
            id: None,
            pointer: None,
            proof: None,
            receipt: None,
            status,
            title: Cow::Borrowed(title),
            kind: format!("urn:hefu:problem:{code}"),
        }))
    }

    /// A record that was not taken.
    pub fn refused(refusal: Refusal, id: Option<Hash>) -> Problem {
        let Refusal { code, conflict, pointer, detail } = refusal;
        let Problem(mut view) = Problem::new(code.name(), code.status(), code.sentence());
        view.conflict = conflict;
        view.detail = (!detail.is_empty()).then_some(detail);
        view.id = id;
        view.pointer = (!pointer.is_empty()).then_some(pointer);
        Problem(view)
    }

    /// A problem that was told elsewhere.
    pub(crate) fn of(view: ProblemView) -> Problem {
        Problem(Box::new(view))
    }

    /// Says what was found.
    #[must_use]
    pub fn because(mut self, detail: impl fmt::Display) -> Problem {
        self.0.detail = Some(detail.to_string());
        self
    }

    /// Says where the proof is.
    #[must_use]
    pub(crate) fn proven_by(mut self, proof: String) -> Problem {
        self.0.proof = Some(proof);
        self
    }

    /// Adds the node's signed word.
    #[must_use]
    pub(crate) fn with_receipt(mut self, receipt: Box<RawValue>) -> Problem {
        self.0.receipt = Some(receipt);
        self
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Problem {
        self.0.pointer = Some(pointer.into());
        self
    }

    /// Gives it another status and type, where a standard has its own.
    #[must_use]
    pub(crate) fn typed(mut self, status: u16, kind: String) -> Problem {
        self.0.status = status;
        self.0.kind = kind;
        self
    }

    /// What is answered.
    pub fn view(&self) -> &ProblemView {
        &self.0
    }

    fn is(&self, door: Door) -> bool {
        self.0.code == door.name()
    }
}

impl From<Door> for Problem {
    fn from(door: Door) -> Problem {
        let (name, status, sentence) = door.facts();
        Problem::new(name, status.as_u16(), sentence)
    }
}

/// Logs the fault: whoever turns it into an answer has handled it.
impl From<Fault> for Problem {
    fn from(fault: Fault) -> Problem {
        tracing::error!(error = &fault as &dyn std::error::Error, "a request met a fault of the node");
        Door::NodeFault.into()
    }
}

impl From<Unavailable> for Problem {
    fn from(unavailable: Unavailable) -> Problem {
        match unavailable {
            Unavailable::Fault(fault) => fault.into(),
            Unavailable::Stopping => Door::NodeStopping.into(),
            // The caller has asked again for the pending receipts; that even they are late is for the client to retry.
            Unavailable::DiskFull | Unavailable::NotFinalYet => Problem::from(Door::NodeUnready).because(unavailable),
        }
    }
}

/// Writing an answer failed: a view that is not JSON is a fault of the node.
impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Problem {
        tracing::error!(error = &error as &dyn std::error::Error, "an answer could not be written");
        Door::NodeFault.into()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.title)?;
        match &self.0.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        response.content_type(MEDIA_TYPE).insert_header((header::CACHE_CONTROL, "no-store"));
        if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS));
        }
        if status == StatusCode::UNAUTHORIZED {
            // Required by RFC 9110 §15.5.2.
            response.insert_header((header::WWW_AUTHENTICATE, SCHEME));
        }
        if self.is(Door::BodySlow) || self.is(Door::BodySize) {
            // What is still to come of the body is not waited for.
            response.force_close();
        }
        // Strings, numbers and one JSON text: there is nothing in a problem that cannot be written.
        response.body(serde_json::to_vec(&self.0).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
