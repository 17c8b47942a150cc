//! Bodies that are too large, too slow, of another type or broken.

use std::time::Duration;

use actix_web::{dev::Payload, error::PayloadError, http::header, test::TestRequest, web::Bytes};
use futures_util::{StreamExt, stream};
use hefu_api::{BATCH_BYTES_MAX, BODY_WITHIN};
use hefu_contracts::submission::SUBMISSION_BYTES_MAX;

use crate::{
    client::{ask, ask_slowly, post},
    demo::Demo,
};

fn request(media_type: &str) -> TestRequest {
    TestRequest::post().uri("/v1/records").insert_header((header::CONTENT_TYPE, media_type))
}

/// A body of `count` parts, each `pause` after the one before.
fn dripping(count: usize, pause: Duration) -> Payload {
    let parts = stream::iter(0..count).then(move |_| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, PayloadError>(Bytes::from_static(b"["))
    });
    Payload::Stream { payload: Box::pin(parts) }
}

#[actix_web::test]
async fn a_body_that_drips_is_given_up_after_its_whole_time() {
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let demo = Demo::new();
    let drips = dripping(1_000, Duration::from_secs(1));
    let answer = ask_slowly(demo.chain.clone(), request("application/json"), drips).await;
    answer.is_problem(408, "E-BODY-SLOW");
    answer.is_kept_as("body-slow.json");
    assert_eq!(began.elapsed().as_secs(), BODY_WITHIN.as_secs());
}

#[actix_web::test]
async fn a_body_that_arrives_in_time_is_read() {
    tokio::time::pause();
    let demo = Demo::new();
    let drips = dripping(10, Duration::from_secs(1));
    let answer = ask_slowly(demo.chain.clone(), request("application/json"), drips).await;
    answer.is_problem(400, "E-JSON-SYNTAX");
}

#[actix_web::test]
async fn a_body_that_breaks_off_is_a_problem() {
    let demo = Demo::new();
    let parts = stream::iter([Ok(Bytes::from_static(b"{")), Err(PayloadError::Incomplete(None))]);
    let body: Payload = Payload::Stream { payload: Box::pin(parts) };
    ask_slowly(demo.chain.clone(), request("application/json"), body).await.is_problem(400, "E-BODY-BROKEN");
}

#[actix_web::test]
async fn a_body_above_its_limit_is_refused_announced_or_not() {
    let demo = Demo::new();
    for (media_type, limit) in [("application/json", SUBMISSION_BYTES_MAX), ("application/jsonl", BATCH_BYTES_MAX)] {
        let answer = post(demo.chain.clone(), "/v1/records", media_type, vec![b' '; limit + 1]).await;
        let problem = answer.is_problem(413, "E-BODY-SIZE");
        assert_eq!(problem["detail"], format!("at most {limit} bytes are accepted"));

        let announced = request(media_type).insert_header((header::CONTENT_LENGTH, limit + 1));
        ask(demo.chain.clone(), announced).await.is_problem(413, "E-BODY-SIZE");

        let just = post(demo.chain.clone(), "/v1/records", media_type, vec![b' '; limit]).await;
        assert_ne!(just.status.as_u16(), 413);
    }
}

#[actix_web::test]
async fn only_json_in_utf_8_and_uncompressed_is_accepted() {
    let demo = Demo::new();
    for media_type in ["text/plain", "application/cbor", "application/json; charset=gbk", "multipart/form-data", "?"] {
        let answer = post(demo.chain.clone(), "/v1/records", media_type, "{}").await;
        answer.is_problem(415, "E-MEDIA-TYPE");
    }
    let answer = ask(demo.chain.clone(), TestRequest::post().uri("/v1/records").set_payload("{}")).await;
    answer.is_problem(415, "E-MEDIA-TYPE");
    answer.is_kept_as("media-type.json");
    let packed = request("application/json").insert_header((header::CONTENT_ENCODING, "gzip")).set_payload("{}");
    ask(demo.chain.clone(), packed).await.is_problem(415, "E-MEDIA-TYPE");
    for media_type in ["application/json; charset=utf-8", "application/json; charset=UTF-8", "APPLICATION/JSON"] {
        let answer = post(demo.chain.clone(), "/v1/records", media_type, "{}").await;
        assert_eq!(answer.status.as_u16(), 400, "{media_type}: {}", answer.text());
    }
}

#[actix_web::test]
async fn an_unknown_parameter_is_not_passed_over() {
    let demo = Demo::new();
    for query in ["wait=pending", "wait", "wait=final&wait=final", "Wait=final", "dry=1"] {
        let answer = post(demo.chain.clone(), &format!("/v1/records?{query}"), "application/json", "{}").await;
        answer.is_problem(400, "E-QUERY");
    }
}
