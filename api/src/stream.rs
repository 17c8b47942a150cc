//! Streams of server-sent events (WHATWG HTML §9.2): each event has an id, so a client that comes back goes on where it was.
//!
//! A stream reads its next event when the client has taken the one before. It holds nothing for a slow client but that
//! one event.

pub(crate) mod agreement;
pub(crate) mod blocks;

use std::{fmt, sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web::Bytes,
};
use futures_util::{Stream, stream};
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    problem::{Door, Problem},
    server::Api,
};

/// Most streams that a node serves at once.
pub const STREAMS_MAX: usize = 512;

/// A comment is sent after so long a silence, so that nothing in between takes the stream for dead.
pub const HEARTBEAT_AFTER: Duration = Duration::from_secs(15);

/// A browser waits so long before it comes back.
const RETRY_MS: u64 = 2_000;

/// What a comment looks like.
const HEARTBEAT: Bytes = Bytes::from_static(b": \n\n");

/// Where a client is, and what it gets next.
trait Following: 'static {
    /// The next event as soon as there is one, or a heartbeat; `None` where the stream cannot go on.
    async fn event(&mut self) -> Option<Bytes>;
}

/// Answers with a stream; `keep` says who may keep it.
///
/// # Errors
/// `E-STREAMS-OPEN`.
fn serve(
    request: &HttpRequest,
    api: &Api,
    keep: &'static str,
    following: impl Following,
) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::Ok();
    // Some proxies gather an answer before they pass it on, unless they are told not to.
    response.content_type("text/event-stream").insert_header(("X-Accel-Buffering", "no"));
    response.insert_header((header::CACHE_CONTROL, keep));
    if request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let permit = Arc::clone(&api.streams).try_acquire_owned();
    let permit = permit.map_err(|_| Problem::from(Door::StreamsOpen).because(format!("at most {STREAMS_MAX}")))?;
    Ok(response.streaming(events(following, permit)))
}

/// What the client says it has seen last.
fn last_seen(request: &HttpRequest) -> Result<Option<&str>, Problem> {
    let Some(value) = request.headers().get("Last-Event-ID") else { return Ok(None) };
    value.to_str().map(Some).map_err(unseen)
}

fn unseen(bad: impl fmt::Display) -> Problem {
    Problem::from(Door::Query).because(format!("Last-Event-ID: {bad}"))
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

/// The permit is given back when the client goes.
fn events(following: impl Following, permit: OwnedSemaphorePermit) -> impl Stream<Item = Result<Bytes, Ended>> {
    let opening = Bytes::from(format!("retry: {RETRY_MS}\n\n"));
    stream::unfold((following, permit, Some(opening)), |(mut following, permit, opening)| async move {
        let bytes = match opening {
            Some(opening) => opening,
            None => following.event().await?,
        };
        Some((Ok(bytes), (following, permit, None)))
    })
}
