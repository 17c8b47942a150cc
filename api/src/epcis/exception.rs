//! What is wrong with a request, in EPCIS' words: problems as everywhere, with the types and statuses of EPCIS 2.0 §12.

use std::fmt;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use hefu_contracts::state::Fault;

use crate::problem::{Door, Problem};

/// A problem that is answered as an EPCIS exception.
#[derive(Clone, Debug)]
pub struct Exception(Problem);

impl From<Problem> for Exception {
    fn from(problem: Problem) -> Exception {
        let view = problem.view();
        let code = view.code.as_ref();
        let (status, kind) = match (view.status, code) {
            (_, "E-EVENT-DUPLICATE") => (409, "ResourceAlreadyExistsException"),
            // An access document that cannot be read shows nobody.
            (400, code) if code.starts_with("E-ACCESS") => (401, "SecurityException"),
            (400, "E-SUBSCRIPTION") => (400, "SubscriptionControlsException"),
            (400, "E-QUERY") => (400, "QueryParameterException"),
            // A rule that speaks against an event makes it one that does not hold.
            (400 | 422, _) => (400, "ValidationException"),
            (status @ (401 | 403), _) => (status, "SecurityException"),
            (404, _) => (404, "NoSuchResourceException"),
            (406, _) => (406, "NotAcceptableException"),
            (409, _) => (409, "ResourceAlreadyExistsException"),
            (413, "E-QUERY-LARGE") => (413, "QueryTooLargeException"),
            (413, "E-QUERY-COMPLEX") => (413, "QueryTooComplexException"),
            (413, _) => (413, "CaptureLimitExceededException"),
            (414, _) => (414, "URITooLongException"),
            (415, _) => (415, "UnsupportedMediaTypeException"),
            (status, _) => (status, "ImplementationException"),
        };
        Exception(problem.typed(status, format!("epcisException:{kind}")))
    }
}

impl From<Door> for Exception {
    fn from(door: Door) -> Exception {
        Problem::from(door).into()
    }
}

impl From<Fault> for Exception {
    fn from(fault: Fault) -> Exception {
        Problem::from(fault).into()
    }
}

impl From<serde_json::Error> for Exception {
    fn from(error: serde_json::Error) -> Exception {
        Problem::from(error).into()
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Exception {}

impl ResponseError for Exception {
    fn status_code(&self) -> StatusCode {
        self.0.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        self.0.error_response()
    }
}
