//! The stream of an agreement: that something happened under it, and what the accounts hold then.

use actix_web::{
    HttpRequest, HttpResponse,
    rt::time::{self, Instant},
    web::{self, Bytes},
};
use hefu_contracts::{audience::Reader, height::Height};
use tokio::sync::watch;

use super::{Following, HEARTBEAT, HEARTBEAT_AFTER, last_seen, unseen};
use crate::{
    access::{self, Guest},
    agreements::Readable,
    answer,
    openapi::problems,
    problem::Problem,
    query::{Nothing, Query},
    reading::reading,
    server::Api,
    views::AgreementNewsView,
};

/// Follow an agreement.
///
/// The first event tells how it stands; each further one that something happened, and how it stands then. An event's id is
/// the number of the contract's events; a client that comes back with the newest as `Last-Event-ID` is told nothing before
/// something happens. The stream ends with the access document or the session.
#[utoipa::path(
    get,
    operation_id = "followAgreement",
    path = "/v1/stream/agreements/{contract}",
    tag = "agreements",
    security((), ("document" = []), ("session" = [])),
    params(
        ("contract" = String, Path, description = "id of the contract"),
        ("Last-Event-ID" = Option<String>, Header, description = "number of the contract's events that the client knows of"),
    ),
    responses(
        (status = 200, description = "news, as server-sent events", body = AgreementNewsView,
            content_type = "text/event-stream"),
        problems::Malformed, problems::Unauthorised, problems::Forbidden, problems::Unknown, problems::Fault,
        problems::Unavailable,
    ),
)]
pub(crate) async fn follow(
    request: HttpRequest,
    path: web::Path<String>,
    _: Query<Nothing>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let seen = last_seen(&request)?.map(|text| text.parse().map_err(unseen)).transpose()?;
    let guest = access::guest(&request).await?;
    let mut heights = api.ledger.heights();
    heights.mark_changed();
    let agreement = Agreement { api: api.clone(), contract: path.into_inner(), guest, heights, seen };
    // Whoever may not read it is told so, not sent a stream that ends.
    agreement.news().await?;
    super::serve(&request, &api, answer::PERSONAL, agreement)
}

/// Where a client is.
struct Agreement {
    api: web::Data<Api>,
    contract: String,
    guest: Option<Guest>,
    heights: watch::Receiver<Height>,
    /// Number of events that it knows of.
    seen: Option<u64>,
}

impl Following for Agreement {
    async fn event(&mut self) -> Option<Bytes> {
        let began = Instant::now();
        loop {
            match time::timeout(HEARTBEAT_AFTER.saturating_sub(began.elapsed()), self.heights.changed()).await {
                // A session that is over is noticed in silence too.
                Err(_) => return self.reader().await.ok().map(|_| HEARTBEAT),
                Ok(Err(_)) => return None,
                Ok(Ok(())) => {}
            }
            // A problem has been logged, or the reader may read no longer: to the client the stream ends.
            let news = self.news().await.ok()?;
            if self.seen != Some(news.seq) {
                self.seen = Some(news.seq);
                let data = serde_json::to_string(&news).ok()?;
                return Some(Bytes::from(format!("id: {}\ndata: {data}\n\n", news.seq)));
            }
        }
    }
}

impl Agreement {
    async fn reader(&self) -> Result<Reader, Problem> {
        match &self.guest {
            Some(guest) => access::again(&self.api, guest).await,
            None => Ok(Reader::Public),
        }
    }

    async fn news(&self) -> Result<AgreementNewsView, Problem> {
        let (reader, contract) = (self.reader().await?, self.contract.clone());
        reading(&self.api.ledger, move |ledger| Readable::find(ledger, reader, &contract)?.news()).await
    }
}
