//! The stream of blocks. A client that is far behind catches up from the store.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    rt::time,
    web::{self, Bytes},
};
use hefu_contracts::height::Height;
use serde::Deserialize;
use tokio::sync::watch;

use super::{Following, HEARTBEAT, HEARTBEAT_AFTER, last_seen, unseen};
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
pub(crate) async fn follow(
    request: HttpRequest,
    query: Query<StreamQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let heights = api.ledger.heights();
    let newest = *heights.borrow();
    let next = match (last_height(&request)?, query.0.from.as_deref()) {
        (Some(last), _) => last.next(),
        (None, Some(from)) => blocks::parse(from)?.max(Height::GENESIS.next()),
        (None, None) => newest.next(),
    };
    check_held(&api, next, newest).await?;
    let chain = Chain { heights, ledger: Arc::clone(&api.ledger), next };
    super::serve(&request, &api, "no-store", chain)
}

fn last_height(request: &HttpRequest) -> Result<Option<Height>, Problem> {
    last_seen(request)?.map(|text| blocks::parse(text).map_err(unseen)).transpose()
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
struct Chain {
    heights: watch::Receiver<Height>,
    ledger: Arc<dyn Ledger>,
    next: Height,
}

impl Following for Chain {
    async fn event(&mut self) -> Option<Bytes> {
        let (next, mut heights) = (self.next, self.heights.clone());
        match time::timeout(HEARTBEAT_AFTER, heights.wait_for(|height| *height >= next)).await {
            Err(_) => Some(HEARTBEAT),
            Ok(Err(_)) => None,
            Ok(Ok(_)) => self.block().await,
        }
    }
}

impl Chain {
    async fn block(&mut self) -> Option<Bytes> {
        let next = self.next;
        // A problem has been logged; to the client the stream ends, and it comes back.
        let found = reading(&self.ledger, move |ledger| ledger.block(next)).await.ok()??;
        let data = serde_json::to_string(&views::block_line(&found)).ok()?;
        self.next = next.next();
        Some(Bytes::from(format!("id: {next}\ndata: {data}\n\n")))
    }
}
