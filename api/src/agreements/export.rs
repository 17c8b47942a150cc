//! An account as a file of bookkeeping, written while it is sent: however long it is, a page of it is in memory.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web::{self, Bytes},
};
use futures_util::{Stream, stream};
use hefu_contracts::{
    agreements::export::{Book, Export, Format},
    entry::Entry,
    row,
};
use serde::Deserialize;

use super::{PAGE_MAX, of_contract};
use crate::{
    answer,
    ledger::Ledger,
    openapi::problems,
    problem::{Door, Problem},
    query::Query,
    reading::reading,
    server::Api,
};

/// Parameters of an export.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportQuery {
    /// Which format.
    format: Option<String>,
}

/// Read an account as bookkeeping.
///
/// Journals assert balances, which the reading program checks.
#[utoipa::path(
    get,
    operation_id = "exportAccount",
    path = "/v1/agreements/{contract}/accounts/{party}/export",
    tag = "agreements",
    security((), ("document" = []), ("session" = [])),
    params(
        ("contract" = String, Path, description = "id of the contract"),
        ("party" = String, Path, description = "id of the organisation whose account it is"),
        ("format" = Option<String>, Query, description = "`csv` (otherwise), `beancount`, `hledger` or `ledger`"),
    ),
    responses(
        (status = 200, description = "the account from its first entry on", body = String, content_type = "text/plain"),
        problems::Malformed, problems::Unauthorised, problems::Forbidden, problems::Unknown, problems::Coding,
        problems::TooLarge, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn export(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    query: Query<ExportQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let (contract, party) = path.into_inner();
    let name = query.0.format.unwrap_or_else(|| Format::Csv.name().to_owned());
    let unknown = || {
        Problem::from(Door::Query).because(format!("format: {name:?} is none of {:?}", Format::ALL.map(Format::name)))
    };
    let format = Format::of(&name).ok_or_else(unknown)?;
    let (book, n) = of_contract(&request, &api, contract, move |found| found.book(&party)).await?;
    let file = format!("{}-{}.{}", book.contract, book.party, format.name());
    let mut response = HttpResponse::Ok();
    response.content_type(format.media_type());
    response.insert_header((header::CACHE_CONTROL, answer::PERSONAL));
    response.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")));
    if request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    Ok(response.streaming(pieces(Writing::new(Arc::clone(&api.ledger), book, format, n))))
}

/// How far the writing is.
struct Writing {
    export: Export,
    key: String,
    ledger: Arc<dyn Ledger>,
    /// How many entries there are.
    n: u64,
    stage: Stage,
}

enum Stage {
    /// Nothing was written.
    Opening,
    /// So many entries were.
    Entries(u64),
    /// Everything was.
    Closed,
}

impl Writing {
    fn new(ledger: Arc<dyn Ledger>, book: Book, format: Format, n: u64) -> Writing {
        let key = row::key_of_account(&book.contract, &book.party);
        Writing { export: Export::new(book, format), key, ledger, n, stage: Stage::Opening }
    }

    /// The next piece; nothing after the last.
    async fn piece(&mut self) -> Result<Option<String>, Problem> {
        match self.stage {
            Stage::Opening => {
                let first = self.entries(0, self.n.min(1)).await?;
                self.stage = Stage::Entries(0);
                Ok(Some(self.export.opening(first.first().map(|entry| entry.time))?))
            }
            Stage::Entries(done) if done < self.n => {
                let until = done.saturating_add(PAGE_MAX as u64).min(self.n);
                let mut text = String::new();
                for (n, entry) in (done.saturating_add(1)..).zip(self.entries(done, until).await?) {
                    text.push_str(&self.export.entry(n, &entry)?);
                }
                self.stage = Stage::Entries(until);
                Ok(Some(text))
            }
            Stage::Entries(_) => {
                self.stage = Stage::Closed;
                Ok(Some(self.export.closing()))
            }
            Stage::Closed => Ok(None),
        }
    }

    async fn entries(&self, after: u64, until: u64) -> Result<Vec<Entry>, Problem> {
        let key = self.key.clone();
        reading(&self.ledger, move |ledger| ledger.entries(&key, after, until)).await
    }
}

/// A problem in the middle breaks the connection off, so that nobody takes half an account for a whole one.
fn pieces(writing: Writing) -> impl Stream<Item = Result<Bytes, Problem>> {
    stream::try_unfold(writing, |mut writing| async move {
        let piece = writing.piece().await?;
        Ok(piece.map(|piece| (Bytes::from(piece), writing)))
    })
}
