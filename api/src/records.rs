//! Records: handing them in, one by one or in batches, and reading them.

mod batch;
mod receipt;
mod single;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use hefu_contracts::{audience::Shown, submission::SUBMISSION_BYTES_MAX};
use hefu_keys::Hash;
use serde::Deserialize;

use crate::{
    access::{reader, shown},
    answer::{self, Keep, Tag},
    body,
    ledger::{Outcome, Unavailable, Wait},
    openapi::{problems, shapes},
    problem::{Door, Problem},
    query::{Nothing, Query},
    reading::reading,
    server::Api,
    views::{self, RecordView},
};

pub use batch::{BATCH_BYTES_MAX, BATCH_LINES_MAX, ReceiptsView};

/// Media types of JSON, one text a line. The second is what many programs send.
const LINES: [&str; 2] = [batch::MEDIA_TYPE, "application/x-ndjson"];

/// Parameters of handing in.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmitQuery {
    together: Option<bool>,
    wait: Option<WaitFor>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WaitFor {
    Final,
}

impl SubmitQuery {
    fn wait(self) -> Wait {
        match self.wait {
            Some(WaitFor::Final) => Wait::Final,
            None => Wait::Pending,
        }
    }
}

/// What kind of body a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Single,
    Batch,
}

impl Form {
    fn of(request: &HttpRequest) -> Result<Form, Problem> {
        let refuse = |found: &str| {
            let allowed = format!("{found}, accepted are application/json, {} and {}", LINES[0], LINES[1]);
            Problem::from(Door::MediaType).because(allowed)
        };
        let Ok(Some(found)) = request.mime_type() else { return Err(refuse("it is not stated")) };
        if found.get_param("charset").is_some_and(|charset| charset != "utf-8") {
            return Err(Problem::from(Door::MediaType).because("JSON is UTF-8 (RFC 8259 §8.1)"));
        }
        match found.essence_str() {
            "application/json" => Ok(Form::Single),
            lines if LINES.contains(&lines) => Ok(Form::Batch),
            other => Err(refuse(other)),
        }
    }
}

/// Hand in a record, or a batch of records.
///
/// The answer comes after the rules were run. A single record is `application/json`; a batch is `application/jsonl`, one
/// submission a line, and is answered by one line for each, a receipt or a problem, and a last line with the node's
/// signature over all of them. Handing in the same record again changes nothing and tells what became of it.
#[utoipa::path(
    post,
    operation_id = "submitRecords",
    path = "/v1/records",
    tag = "records",
    params(
        ("wait" = Option<shapes::Wait>, Query, description = "`final`: answer when the records stand in a block"),
        ("together" = Option<bool>, Query, description = "`true`: take all records of a batch, or none of them where one \
            would be refused as the ledger stands now"),
    ),
    request_body(content(
        (shapes::Submission = "application/json"),
        (String = "application/jsonl"),
        (String = "application/x-ndjson"),
    )),
    responses(
        (status = 200, description = "final, or known before; for a batch the lines", content(
            (shapes::Receipt = "application/json"),
            (ReceiptsView = "application/jsonl"),
        )),
        (status = 202, description = "taken, and waiting for a block", body = shapes::Receipt),
        problems::Malformed, problems::Coding, problems::Unauthorised, problems::Forbidden, problems::Slow, problems::Conflict,
        problems::TooLarge, problems::MediaType, problems::Refused, problems::Full, problems::Fault,
        problems::Unavailable,
    ),
)]
pub(crate) async fn submit(
    request: HttpRequest,
    query: Query<SubmitQuery>,
    payload: web::Payload,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let wait = (query.0.wait(), query.0.together.unwrap_or_default());
    match Form::of(&request)? {
        Form::Single => {
            let body = body::read(&request, payload, SUBMISSION_BYTES_MAX).await?;
            single::answer(&api, body.to_vec(), wait.0).await
        }
        Form::Batch => {
            let body = body::read(&request, payload, BATCH_BYTES_MAX).await?;
            batch::answer(&api, &body, wait).await
        }
    }
}

/// Hands submissions in. Where they are not final in time, asks again for what they are until then, which changes
/// nothing: it is this request that they were taken by.
pub(crate) async fn hand_in(
    api: &Api,
    submissions: Vec<Vec<u8>>,
    (wait, together): (Wait, bool),
) -> Result<Vec<Outcome>, Problem> {
    let copies = if wait == Wait::Pending { Vec::new() } else { submissions.clone() };
    let outcomes = match together {
        true => api.ledger.submit_together(submissions, wait).await,
        false => api.ledger.submit(submissions, wait).await,
    };
    if wait == Wait::Pending {
        return Ok(outcomes?);
    }
    let submissions = copies;
    match outcomes {
        Err(Unavailable::NotFinalYet) => {
            let outcomes = api.ledger.submit(submissions, Wait::Pending).await?;
            Ok(outcomes.into_iter().map(taken_now).collect())
        }
        other => Ok(other?),
    }
}

fn taken_now(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Known(receipt) => Outcome::Taken(receipt),
        Outcome::Taken(_) | Outcome::Not { .. } => outcome,
    }
}

/// Read a record.
///
/// A public record is answered to whoever has its id, one for its parties to the organisations that it names and to
/// auditors. Everybody else is only told that it exists.
#[utoipa::path(
    get,
    operation_id = "readRecord",
    path = "/v1/records/{id}",
    tag = "records",
    security((), ("document" = []), ("session" = [])),
    params(("id" = shapes::Hash, Path, description = "the record's id")),
    responses(
        (status = 200, description = "the record, as far as the reader may see it", body = RecordView),
        (status = 304, description = "the client has it"),
        problems::Malformed, problems::Unauthorised, problems::Forbidden, problems::Unknown, problems::Coding,
        problems::TooLarge, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn read(
    request: HttpRequest,
    path: web::Path<String>,
    _: Query<Nothing>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let id: Hash = path.parse().map_err(|bad| Problem::from(Door::Path).because(bad))?;
    let reader = reader(&request).await?;
    let found = reading(&api.ledger, move |ledger| -> Result<_, Problem> {
        let Some(found) = ledger.record(&id)? else { return Ok(None) };
        let block = match found.place {
            Some(place) => ledger.block(place.height)?,
            None => None,
        };
        let shown = shown(ledger, &reader, &found.text)?;
        Ok(Some(views::record(&id, found, block.as_ref(), shown)?))
    });
    let Some(view) = found.await? else { return Err(unknown(&api, id).await?) };
    let keep = match &view {
        RecordView::Readable(record) if !record.visibility.is_public() => Keep::Personal,
        RecordView::Readable(record) if record.height.is_some() => Keep::Forever,
        RecordView::Readable(_) => Keep::Never,
        // Somebody who proves to be a party is told more.
        RecordView::Private(_) => Keep::Never,
    };
    let tag = (keep == Keep::Forever).then(|| Tag::new(id));
    let unchanged = tag.as_ref().and_then(|tag| tag.unchanged(&request, keep));
    unchanged.map_or_else(|| answer::json(&view, keep, tag.as_ref()), Ok)
}

/// That the node holds no such record, with what became of it where the node remembers.
async fn unknown(api: &web::Data<Api>, id: Hash) -> Result<Problem, Problem> {
    let receipt = reading(&api.ledger, move |ledger| ledger.receipt(&id)).await?;
    let unknown = Problem::from(Door::RecordUnknown);
    Ok(match receipt.and_then(|receipt| receipt.code) {
        Some(code) => unknown.because(format_args!("{id} waited and left: {code}, see /v1/records/{id}/receipt")),
        None => unknown.because(id),
    })
}

/// Ask what became of a record.
///
/// The node's signed word: it waits for a block, it is final, or it has left without taking effect, because a rule spoke
/// against it meanwhile or it expired. What has left is remembered for some time: the last ten thousand such records, until
/// the node is started again.
#[utoipa::path(
    get,
    operation_id = "readReceipt",
    path = "/v1/records/{id}/receipt",
    tag = "records",
    params(("id" = shapes::Hash, Path, description = "the record's id")),
    responses(
        (status = 200, description = "what became of it", body = shapes::Receipt),
        problems::Malformed, problems::Unknown, problems::Coding, problems::TooLarge, problems::Fault,
        problems::Unavailable,
    ),
)]
pub(crate) async fn read_receipt(
    path: web::Path<String>,
    _: Query<Nothing>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let id: Hash = path.parse().map_err(|bad| Problem::from(Door::Path).because(bad))?;
    let receipt = reading(&api.ledger, move |ledger| ledger.receipt(&id)).await?;
    let receipt = receipt.ok_or_else(|| Problem::from(Door::RecordUnknown).because(id))?;
    single::told(&api, HttpResponse::Ok(), &receipt).await
}

/// Read the lists and private values of a record.
///
/// They travelled beside the record, which only commits to them, and are for the organisations that it names and for
/// auditors, whether or not the record itself is public. Values that were erased are missing.
#[utoipa::path(
    get,
    operation_id = "readRecordAnnex",
    path = "/v1/records/{id}/annex",
    tag = "records",
    security((), ("document" = []), ("session" = [])),
    params(("id" = shapes::Hash, Path, description = "the record's id")),
    responses(
        (status = 200, description = "the annex", body = shapes::Annex),
        problems::Malformed, problems::Unauthorised, problems::Forbidden, problems::Unknown, problems::Coding,
        problems::TooLarge, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn read_annex(
    request: HttpRequest,
    path: web::Path<String>,
    _: Query<Nothing>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let id: Hash = path.parse().map_err(|bad| Problem::from(Door::Path).because(bad))?;
    let reader = reader(&request).await?;
    let annex = reading(&api.ledger, move |ledger| -> Result<_, Problem> {
        let found = ledger.record(&id)?.ok_or_else(|| Problem::from(Door::RecordUnknown).because(id))?;
        match shown(ledger, &reader, &found.text)? {
            Shown::Whole => Ok(ledger.annex(&id)?),
            Shown::Existence | Shown::Text => Err(Door::AnnexPrivate.into()),
        }
    });
    answer::json(&annex.await?, Keep::Personal, None)
}
