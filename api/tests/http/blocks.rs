//! Blocks.

use actix_web::{
    http::{StatusCode, header},
    test::TestRequest,
};

use crate::{
    client::{ask, get},
    demo::Demo,
};

#[actix_web::test]
async fn a_block_is_shown_with_who_signed_it() {
    let (demo, _) = Demo::with_codes();
    let answer = get(demo.chain.clone(), "/v1/blocks/3").await;
    answer.is_kept_as("block.json");
    assert_eq!(get(demo.chain.clone(), "/v1/blocks/latest").await.body, answer.body);
    assert_eq!(answer.json()["validators"][0]["signed"], true);
    let same = TestRequest::get().uri("/v1/blocks/3").insert_header((header::IF_NONE_MATCH, answer.header("etag")));
    assert_eq!(ask(demo.chain.clone(), same).await.status, StatusCode::NOT_MODIFIED);
}

#[actix_web::test]
async fn of_records_that_are_not_public_only_their_number_is_told() {
    let (demo, batch) = Demo::with_codes();
    let receipt = demo.take("yueling", &demo.commission(batch, 0, 1).private());
    let answer = get(demo.chain.clone(), "/v1/blocks/4").await;
    let block = answer.json();
    assert_eq!((block["private"].as_u64(), block["records"].as_array().unwrap().len()), (Some(1), 0));
    assert!(!answer.text().contains(&receipt.id.to_string()));
}

#[actix_web::test]
async fn a_height_has_one_spelling() {
    let (demo, _) = Demo::with_codes();
    for height in ["0", "4", "9007199254740991"] {
        get(demo.chain.clone(), &format!("/v1/blocks/{height}")).await.is_problem(404, "E-BLOCK-UNKNOWN");
    }
    for height in ["01", "+1", "-1", "1.0", "x", "9007199254740992", "Latest"] {
        get(demo.chain.clone(), &format!("/v1/blocks/{height}")).await.is_problem(400, "E-PATH");
    }
    get(Demo::new().chain, "/v1/blocks/latest").await.is_problem(404, "E-BLOCK-UNKNOWN");
}
