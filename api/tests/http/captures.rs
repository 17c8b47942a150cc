//! A node's capture jobs, when the node is stopped or killed in between.

use std::time::Duration;

use actix_web::{rt::time::sleep, test::TestRequest};
use hefu_api::{Ledger, Local};
use serde_json::{Value, json};

use crate::{
    epcis::{document, signed},
    queries::{Asked, node, node_over},
    secrets::World,
    trouble::{Trouble, Way},
};

/// Hands so many events in; where their job is.
async fn hand_in(node: &Asked<'_>, behaviour: &'static str, count: usize) -> String {
    let events: Vec<Value> = (0..count).map(|number| signed(&node.world.demo, "yueling", number as u64)).collect();
    let request = TestRequest::post().uri("/epcis/v2/capture").insert_header(("Content-Type", "application/json"));
    let request = request.insert_header(("GS1-Capture-Error-Behaviour", behaviour));
    let answer = node.ask("yueling", request.set_payload(document(&events))).await;
    assert_eq!(answer.status.as_u16(), 202, "{}", answer.text());
    answer.header("location").strip_prefix("/epcis/v2").unwrap().to_owned()
}

fn results(job: &Value) -> Vec<&str> {
    job["hefu:results"].as_array().unwrap().iter().map(|result| result["result"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_document_that_was_taken_is_handed_in_by_the_next_start_and_its_job_says_what_is_true() {
    // The ledger of these tests takes records together only where there is one.
    for (behaviour, count) in [("rollback", 1), ("proceed", 2)] {
        for way in [Way::Stopping, Way::Late] {
            let (world, local) = (World::new(), Local::in_memory());
            let chain = &world.demo.chain;
            let first = node_over(&world, Trouble::new(chain, way), local.clone()).await;
            let address = hand_in(&first, behaviour, count).await;
            // Nothing of it is final, and nothing speaks against it.
            sleep(Duration::from_millis(50)).await;
            let job = first.get("yueling", &address).await.json();
            assert_eq!((&job["running"], results(&job)), (&json!(true), vec!["waiting"; count]), "{job}");
            if way == Way::Late {
                // It came into a block, and the node was killed before that was noted.
                chain.decide();
            }
            drop(first);

            let second = node(&world, local).await;
            let mut job = Value::Null;
            for _ in 0..500 {
                job = second.get("nobody", &address).await.json();
                if job["running"] == false {
                    break;
                }
                sleep(Duration::from_millis(10)).await;
            }
            assert_eq!((&job["success"], results(&job)), (&json!(true), vec!["accepted"; count]), "{job}");
            for result in job["hefu:results"].as_array().unwrap() {
                let id = result["record"].as_str().unwrap().parse().unwrap();
                let place = chain.record(&id).unwrap().unwrap().place.unwrap();
                assert_eq!(result["receipt"]["height"], json!(place.height));
            }
            // It is still its owner's, and there is one.
            assert_eq!(second.get("yueling", "/capture").await.json(), json!([job]));
            assert_eq!(second.get("store", "/capture").await.json(), json!([]));
        }
    }
}
