//! Reading a request's body within limits of size and time.

use std::time::Duration;

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderMap},
    rt::time,
    web::{Bytes, BytesMut, Payload},
};
use futures_util::StreamExt;

use crate::problem::{Door, Problem};

/// Whole time for a body to arrive. The server's own time limits end with the headers, so without this one a client
/// could hold a connection for ever by sending a byte now and then.
pub const BODY_WITHIN: Duration = Duration::from_secs(15);

/// Reads the whole body.
///
/// # Errors
/// `E-BODY-SIZE` as soon as more than `bytes_max` are announced or arrive, `E-BODY-SLOW` after [`BODY_WITHIN`],
/// `E-BODY-BROKEN` where the body ends early, `E-MEDIA-TYPE` where it is compressed.
pub async fn read(request: &HttpRequest, payload: Payload, bytes_max: usize) -> Result<Bytes, Problem> {
    check_coding(request.headers())?;
    if announced(request.headers()).is_some_and(|bytes| bytes > bytes_max as u64) {
        return Err(too_large(bytes_max));
    }
    match time::timeout(BODY_WITHIN, gather(payload, bytes_max)).await {
        Ok(body) => body,
        Err(_) => {
            let seconds = BODY_WITHIN.as_secs();
            Err(Problem::from(Door::BodySlow).because(format!("it must arrive within {seconds} seconds")))
        }
    }
}

async fn gather(mut payload: Payload, bytes_max: usize) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Problem::from(Door::BodyBroken).because(error))?;
        if body.len().saturating_add(chunk.len()) > bytes_max {
            return Err(too_large(bytes_max));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::from(Door::BodySize).because(format!("at most {bytes_max} bytes are accepted"))
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A compressed body could be a thousand times larger than its limit, and records hardly shrink.
fn check_coding(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(header::CONTENT_ENCODING) {
        None => Ok(()),
        Some(coding) if coding == "identity" => Ok(()),
        Some(_) => Err(Problem::from(Door::MediaType).because("compressed bodies are not accepted")),
    }
}
