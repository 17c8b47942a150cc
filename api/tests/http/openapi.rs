//! The OpenAPI document and the pages made of it.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use serde_json::Value;

use crate::{client::get, demo::Demo, snapshot};

#[actix_web::test]
async fn the_document_is_the_one_in_the_repository() {
    let answer = get(Demo::new().chain, "/v1/openapi.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    snapshot::check("openapi.json", &answer.text());
}

#[actix_web::test]
async fn every_reference_of_the_document_leads_somewhere() {
    let document = get(Demo::new().chain, "/v1/openapi.json").await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut references = BTreeSet::new();
    gather(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn gather(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| gather(member, references));
        }
        Value::Array(elements) => elements.iter().for_each(|element| gather(element, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[actix_web::test]
async fn every_operation_has_a_name_a_summary_and_its_problems() {
    let document = get(Demo::new().chain, "/v1/openapi.json").await.json();
    let mut ids = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            assert!(ids.insert(operation["operationId"].to_string()), "{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{method} {path}");
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let problem = answer["content"].get("application/problem+json").is_some();
                assert_eq!(problem, status.starts_with(['4', '5']), "{method} {path} {status}");
            }
        }
    }
}

#[actix_web::test]
async fn the_pages_load_nothing_from_elsewhere() {
    let demo = Demo::new();
    let index = get(demo.chain.clone(), "/docs").await;
    assert_eq!((index.status, index.header("location")), (StatusCode::PERMANENT_REDIRECT, "/docs/"));
    let page = get(demo.chain.clone(), "/docs/").await;
    assert_eq!(page.header("content-type"), "text/html");
    let text = page.text();
    for rest in text.split("src=\"").skip(1) {
        let file = rest.split('"').next().unwrap().trim_start_matches("./");
        assert_eq!(get(demo.chain.clone(), &format!("/docs/{file}")).await.status, StatusCode::OK, "{file}");
    }
    let start = get(demo.chain.clone(), "/docs/swagger-initializer.js").await;
    assert!(start.text().contains("/v1/openapi.json"));
    assert!(!start.text().contains("https://"));
}
