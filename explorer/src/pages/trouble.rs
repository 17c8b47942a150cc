//! The page of what went wrong.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use askama::Template;
use hefu_api::{Door, Problem};

use super::Page;
use crate::{
    answer,
    visit::Visit,
    words::{
        Words,
        troubles::{NO_LINK, NO_SERIAL, NOT_ADMITTED, NOTHING_FOUND, tell},
    },
};

/// Why there is no page, as it is told to people.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// The problem's stable name, or the page's own for what is no problem of the API.
    code: &'static str,
    /// What exactly, in the page's language, where more is known than the code says.
    detail: Option<String>,
    status: StatusCode,
}

/// `error.html`
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    w: &'static Words,
    page: Page,
    status: u16,
    title: &'static str,
    detail: String,
    code: Option<&'static str>,
    hint: Option<&'static str>,
}

impl Trouble {
    pub(crate) fn no_serial() -> Trouble {
        Trouble { code: NO_SERIAL, detail: None, status: StatusCode::NOT_FOUND }
    }

    pub(crate) fn no_link() -> Trouble {
        Trouble { code: NO_LINK, detail: None, status: StatusCode::NOT_FOUND }
    }

    pub(crate) fn nothing_found() -> Trouble {
        Trouble { code: NOTHING_FOUND, detail: None, status: StatusCode::NOT_FOUND }
    }

    /// Says what exactly is wrong.
    #[must_use]
    pub(crate) fn because(mut self, detail: String) -> Trouble {
        self.detail = Some(detail);
        self
    }

    pub(crate) fn answer(self, visit: &Visit) -> HttpResponse {
        let told = tell(self.code, visit.words);
        let page = ErrorPage {
            w: visit.words,
            page: visit.page(visit.newest()),
            status: self.status.as_u16(),
            title: told.title,
            detail: self.detail.unwrap_or_else(|| told.detail.to_owned()),
            code: self.code.starts_with("E-").then_some(self.code),
            hint: Some(told.hint),
        };
        let mut response = answer::html(visit, self.status, &page, None);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<Door> for Trouble {
    fn from(door: Door) -> Trouble {
        Trouble { code: door.name(), detail: None, status: door.status() }
    }
}

impl From<Problem> for Trouble {
    /// What a problem says of itself is English and for programs; the page has words of its own for each code.
    fn from(problem: Problem) -> Trouble {
        let known = Door::ALL.iter().map(|door| door.name()).find(|name| *name == problem.view().code);
        let status = problem.status_code();
        // A page is only read, so a refusal by a rule's code is of the document that says who reads.
        let code = if status.is_client_error() { NOT_ADMITTED } else { Door::NodeFault.name() };
        Trouble { code: known.unwrap_or(code), detail: None, status }
    }
}

/// Every address that nobody serves: a page for browsers, a problem for programs.
pub(crate) async fn not_found(request: HttpRequest, visit: Visit) -> HttpResponse {
    let accepted = request.headers().get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok());
    if accepted.is_some_and(|accepted| accepted.contains("text/html")) {
        return Trouble::from(Door::NotFound).answer(&visit);
    }
    let mut response = Problem::from(Door::NotFound).error_response();
    for (name, value) in answer::guarded(HttpResponse::Ok()).finish().headers() {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    response
}
