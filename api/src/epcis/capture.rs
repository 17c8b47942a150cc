//! Capturing: documents and single events that are handed in, and the jobs that tell what became of them.
//!
//! Who takes them in is behind [`Capturing`]: a node takes events that were signed before, a supplier's gateway signs them.

mod job;
mod jobs;
pub(super) mod signed;

use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, http::header, web};
use async_trait::async_trait;
use hefu_contracts::{
    audience::Reader,
    cbv::{self, NotEpcis},
};
use serde_json::{Value, json};

pub use job::{Behaviour, EventResult, Job, Verdict, new_id};
pub use jobs::{JOBS_LAST, JOBS_MAX, OPEN_MAX};

use super::{
    answering,
    asked::{self, After, Asked, Page, Token},
    exception::Exception,
};
use crate::{
    body,
    problem::{Door, Problem},
    server::Api,
};

/// Most events of one document.
pub const EVENTS_MAX: usize = 1_000;

/// Largest document in bytes.
pub const BYTES_MAX: usize = 8 << 20;

/// An event that is handed in, as its author wrote it.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Where it stands in the document (RFC 6901).
    pub pointer: String,
    /// The `@context` values of the documents around it, outermost first, as JSON texts.
    pub contexts: Vec<String>,
    /// The event as JSON text.
    pub text: String,
}

/// Who takes events in.
#[async_trait]
pub trait Capturing: Send + Sync + 'static {
    /// Takes the events of a document for whoever hands them in. The job's id is answered once nothing can be lost.
    ///
    /// # Errors
    /// A [`Problem`] with a pointer where nothing was taken.
    async fn capture(&self, events: Vec<Incoming>, behaviour: Behaviour, reader: &Reader) -> Result<String, Problem>;

    /// Takes a single event and waits for what becomes of it. Where that is not known in time, it still waits under a job.
    ///
    /// # Errors
    /// A [`Problem`] where it was not taken.
    async fn single(&self, event: Incoming, reader: &Reader) -> Result<(String, EventResult), Problem>;

    /// A job.
    ///
    /// # Errors
    /// From the storage.
    fn job(&self, id: &str) -> Result<Option<Job>, Problem>;

    /// Jobs of a reader behind one, in the order of their ids, at most so many.
    ///
    /// # Errors
    /// From the storage.
    fn jobs(&self, reader: &Reader, after: Option<&str>, most: usize) -> Result<Vec<Job>, Problem>;
}

fn of(request: &HttpRequest) -> Result<Arc<dyn Capturing>, Problem> {
    request.app_data::<web::Data<Arc<dyn Capturing>>>().map(|data| Arc::clone(data.get_ref())).ok_or_else(|| {
        tracing::error!("nobody takes events in where they are handed in");
        Door::NodeFault.into()
    })
}

/// Who hands in or asks. A gateway is its owner's own and asks nobody who they are.
async fn asked(request: &HttpRequest) -> Result<Asked, Exception> {
    if request.app_data::<web::Data<Api>>().is_some() {
        return Asked::of(request).await;
    }
    Asked::of_anybody(request)
}

/// A body of JSON.
///
/// # Errors
/// `E-MEDIA-TYPE`, what is wrong with the body, or `E-DOCUMENT` where it is no text.
pub(super) async fn text(request: &HttpRequest, payload: web::Payload, bytes_max: usize) -> Result<String, Exception> {
    asked::check_versions(request.headers())?;
    let kind = request.mime_type().ok().flatten();
    let kind = kind.as_ref().map(|kind| kind.essence_str()).unwrap_or_default();
    if !["application/json", "application/ld+json"].contains(&kind) {
        let detail = format!("{kind:?}: accepted are application/json and application/ld+json");
        return Err(Problem::from(Door::MediaType).because(detail).into());
    }
    let body = body::read(request, payload, bytes_max).await?;
    let utf8 = |_| Exception::from(Problem::from(Door::Document).because("JSON is UTF-8 (RFC 8259 §8.1)"));
    String::from_utf8(body.to_vec()).map_err(utf8)
}

fn not_epcis(bad: &NotEpcis) -> Problem {
    let pointer = match bad {
        NotEpcis::Json(_) => "",
        NotEpcis::Shape { pointer, .. } | NotEpcis::NoContext { pointer } | NotEpcis::NoEvents { pointer, .. } => {
            pointer
        }
    };
    let detail = match bad {
        NotEpcis::Json(error) => error.to_string(),
        NotEpcis::NoContext { .. } => "the document has no `@context`".to_owned(),
        NotEpcis::Shape { .. } | NotEpcis::NoEvents { .. } => bad.to_string(),
    };
    let pointer = if matches!(bad, NotEpcis::NoContext { .. }) { "/@context" } else { pointer };
    let problem = Problem::from(Door::Document).because(detail);
    if pointer.is_empty() { problem } else { problem.at(pointer) }
}

/// The events of a text.
fn events(text: &str) -> Result<Vec<Incoming>, Problem> {
    let found = cbv::events(text).map_err(|bad| not_epcis(&bad))?;
    if found.is_empty() {
        return Err(Problem::from(Door::Document).because("it has no events"));
    }
    if found.len() > EVENTS_MAX {
        let detail = format!("it has {}, at most {EVENTS_MAX} are accepted in one document", found.len());
        return Err(Problem::from(Door::EventsMany).because(detail));
    }
    let incoming = |event: cbv::EventText<'_>| {
        if event.lacks_context() {
            return Err(not_epcis(&NotEpcis::NoContext { pointer: event.pointer }));
        }
        let contexts = event.contexts.into_iter().map(str::to_owned).collect();
        Ok(Incoming { pointer: event.pointer, contexts, text: event.text.to_owned() })
    };
    found.into_iter().map(incoming).collect()
}

/// `POST /capture`
pub(super) async fn document(request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Exception> {
    let asked = asked(&request).await?;
    let behaviour = Behaviour::of(request.headers())?;
    let events = events(&text(&request, payload, BYTES_MAX).await?)?;
    let id = of(&request)?.capture(events, behaviour, &asked.reader).await?;
    Ok(accepted(&id))
}

fn accepted(id: &str) -> HttpResponse {
    HttpResponse::Accepted()
        .insert_header((header::LOCATION, format!("/epcis/v2/capture/{id}")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// `POST /events`
pub(super) async fn event(request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Exception> {
    let asked = asked(&request).await?;
    let text = text(&request, payload, BYTES_MAX).await?;
    let mut events = events(&text)?;
    let (Some(event), true) = (events.pop(), events.is_empty()) else {
        return Err(Problem::from(Door::Document)
            .because("this address takes one event; documents go to /capture")
            .into());
    };
    if !event.pointer.is_empty() {
        return Err(Problem::from(Door::Document)
            .because("this address takes a bare event; documents go to /capture")
            .into());
    }
    let mut body: Value = serde_json::from_str(&event.text)?;
    let (job, result) = of(&request)?.single(event, &asked.reader).await?;
    match (result.result, result.problem) {
        (Verdict::Accepted, _) => {
            let id = result.event_id;
            if let Value::Object(members) = &mut body {
                members.remove(signed::SUBMISSION);
                members.insert("eventID".to_owned(), id.clone().into());
            }
            let mut response = HttpResponse::Created();
            response.insert_header((header::LOCATION, format!("/epcis/v2/events/{}", answering::segment(&id))));
            response.insert_header((header::CACHE_CONTROL, "no-store")).content_type(asked.media_type);
            Ok(response.body(body.to_string()))
        }
        (_, Some(problem)) => Err(Problem::of(problem).into()),
        // It is kept, and will be handed in; the job tells when.
        (_, None) => Ok(accepted(&job)),
    }
}

/// `GET /capture/{captureID}`
pub(super) async fn job(request: HttpRequest, id: web::Path<String>) -> Result<HttpResponse, Exception> {
    let asked = asked(&request).await?;
    let job = of(&request)?.job(&id)?;
    let job = job.ok_or_else(|| Problem::from(Door::CaptureUnknown).because(id))?;
    answering::answer(&request, &asked, &serde_json::to_value(job)?, None)
}

/// `GET /capture`
pub(super) async fn jobs(request: HttpRequest) -> Result<HttpResponse, Exception> {
    let asked = asked(&request).await?;
    let page = Page::alone(&request)?;
    let after = page.token("capture", |_| false)?.and_then(|token| token.after.value());
    let mut jobs = of(&request)?.jobs(&asked.reader, after.as_deref(), page.most.saturating_add(1))?;
    let more = jobs.len() > page.most;
    jobs.truncate(page.most);
    let last = jobs.last().filter(|_| more).map(|job| After::Value(job.id.clone()));
    let next = last.map(|last| Token::new("capture", last, None)).transpose()?;
    answering::answer(&request, &asked, &json!(jobs), next.as_ref())
}
