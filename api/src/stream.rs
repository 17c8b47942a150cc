//! The stream of blocks, as server-sent events (WHATWG HTML §9.2): each event's id is its height, so a client that comes
//! back goes on where it was.
//!
//! A stream reads its next block when the client has taken the one before. It holds nothing for a slow client but that
//! one block, and a client that is far behind catches up from the store.

use std::{fmt, sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    rt::time,
    web::{self, Bytes},
};
use futures_util::{Stream, stream};
use hefu_contracts::height::Height;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::{
    blocks,
    ledger::Ledger,
    openapi::problems,
    problem::{Door, Problem},
    query::Query,
    reading::reading,
    server::Api,
    views,
};

/// Most streams that a node serves at once.
pub const STREAMS_MAX: usize = 512;

/// A comment is sent after so long a silence, so that nothing in between takes the stream for dead.
pub const HEARTBEAT_AFTER: Duration = Duration::from_secs(15);

/// A browser waits so long before it comes back.
const RETRY_MS: u64 = 2_000;

/// Parameters of the stream.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamQuery {
    /// First height to send.
    from: Option<String>,
}

/// Follow the chain.
///
/// Each event's id is a height, its data a line about the block. The stream begins at `from`; a client that comes back
/// with `Last-Event-ID` gets what follows it, without a gap; without either the stream begins with the next block.
#[utoipa::path(
    get,
    operation_id = "followBlocks",
    path = "/v1/stream/blocks",
    tag = "blocks",
    params(
        ("from" = Option<String>, Query, description = "first height to send"),
        ("Last-Event-ID" = Option<String>, Header, description = "last height that the client has; wins over `from`"),
    ),
    responses(
        (status = 200, description = "blocks, as server-sent events", body = views::BlockLineView,
            content_type = "text/event-stream"),
        problems::Malformed, problems::Unknown, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn blocks(
    request: HttpRequest,
    query: Query<StreamQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let heights = api.ledger.heights();
    let newest = *heights.borrow();
    let next = match (last_seen(&request)?, query.0.from.as_deref()) {
        (Some(last), _) => last.next(),
        (None, Some(from)) => blocks::parse(from)?.max(Height::GENESIS.next()),
        (None, None) => newest.next(),
    };
    check_held(&api, next, newest).await?;
    let mut response = HttpResponse::Ok();
    // Some proxies gather an answer before they pass it on, unless they are told not to.
    response.content_type("text/event-stream").insert_header(("X-Accel-Buffering", "no"));
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let permit = Arc::clone(&api.streams).try_acquire_owned();
    let permit = permit.map_err(|_| Problem::from(Door::StreamsOpen).because(format!("at most {STREAMS_MAX}")))?;
    let following = Following { heights, ledger: Arc::clone(&api.ledger), next, _permit: permit };
    Ok(response.streaming(events(following)))
}

fn last_seen(request: &HttpRequest) -> Result<Option<Height>, Problem> {
    let Some(value) = request.headers().get("Last-Event-ID") else { return Ok(None) };
    let text = value.to_str().map_err(|bad| Problem::from(Door::Query).because(format!("Last-Event-ID: {bad}")))?;
    let height = blocks::parse(text);
    height.map(Some).map_err(|bad| Problem::from(Door::Query).because(format!("Last-Event-ID: {bad}")))
}

/// A node may not hold the chain's beginning; a stream that began later than asked would have a gap.
async fn check_held(api: &Api, next: Height, newest: Height) -> Result<(), Problem> {
    if next > newest {
        return Ok(());
    }
    let found = reading(&api.ledger, move |ledger| ledger.block(next)).await?;
    found.map(|_| ()).ok_or_else(|| Problem::from(Door::BlockUnknown).because(format!("height {next}")))
}

/// Where a client is.
struct Following {
    heights: watch::Receiver<Height>,
    ledger: Arc<dyn Ledger>,
    next: Height,
    /// Given back when the client goes.
    _permit: OwnedSemaphorePermit,
}

/// A stream that cannot go on. The client comes back and is told why.
#[derive(Clone, Copy, Debug)]
struct Ended;

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stream ended")
    }
}

impl std::error::Error for Ended {}

fn events(following: Following) -> impl Stream<Item = Result<Bytes, Ended>> {
    let opening = Bytes::from(format!("retry: {RETRY_MS}\n\n"));
    stream::unfold((following, Some(opening)), |(mut following, opening)| async move {
        let bytes = match opening {
            Some(opening) => opening,
            None => following.event().await?,
        };
        Some((Ok(bytes), (following, None)))
    })
}

impl Following {
    /// The next block as soon as it is final, or a heartbeat; `None` where the node stops or cannot read.
    async fn event(&mut self) -> Option<Bytes> {
        let (next, mut heights) = (self.next, self.heights.clone());
        match time::timeout(HEARTBEAT_AFTER, heights.wait_for(|height| *height >= next)).await {
            Err(_) => Some(Bytes::from_static(b": \n\n")),
            Ok(Err(_)) => None,
            Ok(Ok(_)) => self.block().await,
        }
    }

    async fn block(&mut self) -> Option<Bytes> {
        let next = self.next;
        // A problem has been logged; to the client the stream ends, and it comes back.
        let found = reading(&self.ledger, move |ledger| ledger.block(next)).await.ok()??;
        let data = serde_json::to_string(&views::block_line(&found)).ok()?;
        self.next = next.next();
        Some(Bytes::from(format!("id: {next}\ndata: {data}\n\n")))
    }
}
