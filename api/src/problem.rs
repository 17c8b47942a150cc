//! Problems: why a request was not answered as it was meant, as RFC 9457 documents.
//!
//! A problem tells a program the code, and a person what was found and what is allowed. What failed inside the node is
//! logged here, once, and never told.

mod door;

use std::{borrow::Cow, fmt};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use hefu_contracts::{
    access::SCHEME,
    parties::quota::renewed_after,
    refusal::{Code, Refusal},
    state::Fault,
};
use hefu_keys::Hash;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

pub use door::Door;

use crate::{clock, ledger::Unavailable, openapi::shapes};

/// Media type of a problem (RFC 9457 §6.1).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// After so many seconds a client may try again what failed for want of room or time.
const RETRY_AFTER_SECONDS: u64 = 1;

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

    /// After how many seconds it may go otherwise: quotas are whole again with the next day.
    fn retry_after(&self) -> u64 {
        let quotas = [Code::QuotaKey, Code::QuotaOrganisation];
        let now = clock::now().ok().filter(|_| quotas.iter().any(|quota| quota.name() == self.0.code));
        now.map_or(RETRY_AFTER_SECONDS, |now| renewed_after(now).since(now).0.div_ceil(1_000))
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
            response.insert_header((header::RETRY_AFTER, self.retry_after()));
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
