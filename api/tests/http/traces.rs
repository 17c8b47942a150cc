//! Traces and impacts: what came of what, who has it, and who is told.

use actix_web::{http::header, test::TestRequest};
use hefu_contracts::{access, action::Action, time::Millis};
use serde_json::{Value, json};

use crate::{
    client::{Answer, ORIGIN, ask, get},
    demo::{Deed, Demo, FACTORY_SITE, LOT, PALLET, REFILL, epc, key, serial},
    secrets::now,
};

/// An identifier as a segment of a path.
pub fn encoded(id: &str) -> String {
    id.replace('%', "%25").replace(':', "%3A").replace('/', "%2F")
}

/// An item of the batch as a segment of a path.
pub fn segment(index: u64) -> String {
    encoded(&epc(index))
}

/// What an organisation is answered.
async fn read(demo: &Demo, party: &str, address: &str) -> Answer {
    let chain = hefu_api::Ledger::genesis(&*demo.chain).chain();
    let document = access::sign(ORIGIN, &chain, now().plus(Millis(600_000)), &key(party)).unwrap();
    let request = TestRequest::get().uri(address).insert_header((header::AUTHORIZATION, access::header(&document)));
    ask(demo.chain.clone(), request).await
}

fn rows(view: &Value) -> Vec<String> {
    let things = view["things"].as_array().unwrap();
    things.iter().map(|thing| thing["row"].as_str().unwrap().split('/').next().unwrap().to_owned()).collect()
}

fn relations(view: &Value) -> Vec<&str> {
    view["links"].as_array().unwrap().iter().map(|link| link["relation"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn back_lead_transformations_to_what_they_used_up() {
    let demo = Demo::with_ancestry();
    let view = get(demo.chain.clone(), &format!("/v1/trace/{}", segment(0))).await.json();
    assert_eq!(
        (&view["direction"], &view["truncated"], &view["subject"]),
        (&json!("back"), &json!(false), &json!(epc(0)))
    );
    assert_eq!(rows(&view), ["item", "container", "transformation", "lot"]);
    let mut relations = relations(&view);
    relations.sort_unstable();
    assert_eq!(relations, ["consumed", "inside", "produced"]);
    let things = &view["things"];
    assert_eq!(things[0]["state"], "in-transit");
    assert_eq!(things[0]["product"]["name"]["en"], "Osmanthus refill");
    assert_eq!(things[0]["proof"], format!("/v1/items/{REFILL}/{}/proof", serial(0)));
    assert_eq!(get(demo.chain.clone(), things[0]["proof"].as_str().unwrap()).await.status.as_u16(), 200);
    assert_eq!(things[2]["began"]["by"]["id"], "yueling");
    assert_eq!((&things[3]["id"], &things[3]["via"]["relation"]), (&json!(LOT), &json!("consumed")));
    // The same, whichever way it is spelt.
    let spelt = format!("/v1/trace/{}", encoded(&format!("01/{REFILL}/10/L7/21/{}", serial(0))));
    assert_eq!(get(demo.chain.clone(), &spelt).await.json(), view);
}

#[actix_web::test]
async fn codes_that_came_of_a_lot_are_told_to_whom_they_are_for_and_counted_for_others() {
    let demo = Demo::with_ancestry();
    let address = format!("/v1/trace/{}?direction=forward", encoded(LOT));
    let view = get(demo.chain.clone(), &address).await.json();
    assert_eq!(rows(&view), ["lot", "transformation"]);
    // Three items, and what two of them are in.
    assert_eq!(view["withheld"], json!([{"count": 1}, {"count": 3, "gtin": REFILL}]));
    for party in ["corenest", "yueling"] {
        let view = read(&demo, party, &address).await.json();
        assert_eq!(rows(&view).iter().filter(|kind| *kind == "item").count(), 3, "{party}: {view}");
        assert_eq!(view["withheld"], Value::Null);
    }
    // The store is to receive what is on the pallet.
    let view = read(&demo, "store", &address).await.json();
    assert_eq!(rows(&view).iter().filter(|kind| *kind == "item").count(), 2, "{view}");
    assert_eq!(view["withheld"], json!([{"count": 1, "gtin": REFILL}]));
    assert!(!view.to_string().contains(&serial(2)));
}

#[actix_web::test]
async fn a_container_leads_to_what_is_in_it_and_an_item_not_to_its_neighbours() {
    let demo = Demo::with_ancestry();
    let view = read(&demo, "yueling", &format!("/v1/trace/{}?direction=forward", encoded(PALLET))).await.json();
    assert_eq!(rows(&view), ["container", "item", "item"]);
    let view = read(&demo, "yueling", &format!("/v1/trace/{}?direction=forward", segment(0))).await.json();
    assert_eq!(rows(&view), ["item", "container"]);
}

#[actix_web::test]
async fn what_enclosed_it_is_told_as_of_a_time() {
    let demo = Demo::with_history();
    let at = async |time: &str| {
        let answer = get(demo.chain.clone(), &format!("/v1/trace/{}?asOf={time}", segment(0))).await;
        (answer.status.as_u16(), answer.json())
    };
    let block = async |height: u64| {
        let block = get(demo.chain.clone(), &format!("/v1/blocks/{height}")).await.json();
        block["header"]["time"].as_str().unwrap().to_owned()
    };
    let (made, packed, unpacked) = (block(4).await, block(5).await, block(8).await);
    assert_eq!(rows(&at(&made).await.1), ["item"]);
    let inside = at(&packed).await.1;
    assert_eq!(rows(&inside), ["item", "container"]);
    assert_eq!((&inside["asOf"], &inside["things"][0]["state"]), (&json!(packed), &Value::Null));
    assert_eq!(rows(&at(&unpacked).await.1), ["item"]);
    let (status, problem) = at("2026-09-01T00:00:00.000Z").await;
    assert_eq!((status, &problem["code"]), (404, &json!("E-ITEM-UNKNOWN")));
}

#[actix_web::test]
async fn a_trace_is_a_table_or_a_picture_for_whoever_asks() {
    let demo = Demo::with_ancestry();
    let address = format!("/v1/trace/{}", segment(0));
    let accepting = async |media: &'static str| {
        ask(demo.chain.clone(), TestRequest::get().uri(&address).insert_header((header::ACCEPT, media))).await
    };
    let table = get(demo.chain.clone(), &format!("{address}?format=csv")).await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(accepting("text/csv").await.text(), table.text());
    let text = table.text();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!((lines.len(), lines[0].split(',').count()), (6, 19), "{text}");
    assert!(lines[1].contains("Osmanthus refill,桂花冷萃内芯") && lines[4].contains(LOT), "{text}");
    let picture = get(demo.chain.clone(), &format!("{address}?format=svg&lang=zh")).await;
    assert_eq!(picture.header("content-type"), "image/svg+xml");
    assert_eq!(accepting("image/svg+xml,*/*;q=0.1").await.header("content-type"), "image/svg+xml");
    let svg = picture.text();
    assert_eq!((svg.matches("<rect").count(), svg.matches("<line").count()), (5, 3), "{svg}");
    assert!(svg.contains("桂花冷萃内芯") && svg.contains("投入") && !svg.contains("style"), "{svg}");
}

#[actix_web::test]
async fn an_impact_says_who_has_what_in_which_state() {
    let demo = Demo::with_ancestry();
    let name = json!({"en": "The audits", "zh": "某审计"});
    let add = json!({"admin": key("audits").address(), "id": "audits", "kind": "auditor", "name": name});
    demo.take_with("corenest", &["audits"], &Deed::new(Action::PartyAdd, add));
    let address = format!("/v1/impact/{}", encoded(LOT));
    let states = json!([{"count": 1, "state": "active"}, {"count": 2, "state": "in-transit"}]);
    let totals = get(demo.chain.clone(), &address).await;
    assert_eq!(totals.header("cache-control"), "no-store");
    let totals = totals.json();
    assert_eq!((&totals["scope"], &totals["things"], &totals["states"]), (&json!("totals"), &json!(3), &states));
    assert_eq!((&totals["holders"], &totals["containers"]), (&Value::Null, &Value::Null));

    let all = read(&demo, "audits", &address).await.json();
    assert_eq!((&all["scope"], &all["states"]), (&json!("all"), &states));
    let holders = all["holders"].as_array().unwrap();
    assert_eq!(holders.len(), 2, "{all}");
    assert!(holders.iter().all(|holder| holder["holder"]["id"] == "yueling" && holder["product"]["gtin"] == REFILL));
    assert_eq!(all["containers"], json!([{"count": 2, "id": PALLET}]));

    // Another organisation is told of what is its own, until it has opened a recall.
    let own = read(&demo, "store", &address).await.json();
    assert_eq!(
        (&own["scope"], &own["things"], own["holders"].as_array().unwrap().len()),
        (&json!("own"), &json!(3), 1)
    );
    let recall = demo.take("store", &Deed::new(Action::RecallOpen, json!({"reason": "quality", "source": LOT}))).id;
    let all = read(&demo, "store", &address).await.json();
    assert_eq!((&all["scope"], &all["recalls"][0]["record"]), (&json!("all"), &json!(recall)));
    assert_eq!(all["recalls"][0]["reason"], "quality");

    let sheet = read(&demo, "store", &format!("{address}?format=csv")).await.text();
    let lines: Vec<&str> = sheet.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 4, "{sheet}");
    assert!(lines[0].starts_with("traceability_lot_code,gtin,product_en"));
    assert!(
        lines[1..]
            .iter()
            .all(|line| line.starts_with("01/04012345123456/10/HP-2609B,") && line.contains(&recall.to_string()))
    );
    let nothing = get(demo.chain.clone(), &format!("{address}?format=csv")).await.text();
    assert_eq!(nothing.trim_end().lines().count(), 1, "{nothing}");

    // What was said of it last stands beside its state.
    demo.take("yueling", &demo.seen("inspecting", "returned", FACTORY_SITE, &[epc(2)]));
    let view = read(&demo, "audits", &address).await.json();
    let returned = json!({"count": 1, "disposition": "returned", "state": "active"});
    assert_eq!(view["states"], json!([returned, {"count": 2, "state": "in-transit"}]));
    assert!(view["holders"].as_array().unwrap().iter().any(|holder| holder["disposition"] == "returned"), "{view}");
    let sheet = read(&demo, "audits", &format!("{address}?format=csv")).await.text();
    assert_eq!(sheet.matches(",active,returned,").count(), 1, "{sheet}");
}

#[actix_web::test]
async fn a_class_leads_to_all_its_items() {
    let demo = Demo::with_ancestry();
    // No event was about the class itself.
    let view = get(demo.chain.clone(), &format!("/v1/impact/{}", encoded(&format!("01/{REFILL}")))).await.json();
    assert_eq!(view["things"], 3, "{view}");
    let unknown = encoded("01/09528880010014");
    let answer = get(demo.chain.clone(), &format!("/v1/impact/{unknown}")).await;
    answer.is_problem(404, "E-ITEM-UNKNOWN");
}

#[actix_web::test]
async fn what_makes_no_sense_is_told() {
    let demo = Demo::with_ancestry();
    for (address, status, code) in [
        (format!("/v1/trace/{}", encoded("https://id.gs1.org/01/09528880010022/21/A")), 400, "E-PATH"),
        ("/v1/trace/nothing".to_owned(), 400, "E-PATH"),
        (format!("/v1/trace/{}?direction=up", segment(0)), 400, "E-QUERY"),
        (format!("/v1/trace/{}?asOf=yesterday", segment(0)), 400, "E-QUERY"),
        (format!("/v1/impact/{}?format=svg", segment(0)), 400, "E-QUERY"),
        (format!("/v1/trace/{}", segment(7)), 404, "E-ITEM-UNKNOWN"),
        (format!("/v1/impact/{}", encoded("https://id.gs1.org/01/04012345123456/10/OTHER")), 404, "E-ITEM-UNKNOWN"),
    ] {
        get(demo.chain.clone(), &address).await.is_problem(status, code);
    }
}

#[actix_web::test]
async fn an_impact_of_a_site_says_what_it_made_in_a_time() {
    let demo = Demo::with_ancestry();
    let site = "https://id.gs1.org/414/9528880300016";
    let address = format!("/v1/impact/{}", encoded("414/9528880300016"));
    let ever = get(demo.chain.clone(), &address).await.json();
    assert_eq!((&ever["scope"], &ever["things"], &ever["source"]), (&json!("totals"), &json!(3), &json!(site)));
    let before = get(demo.chain.clone(), &format!("{address}?madeUntil=2026-01-01T00:00:00.000Z")).await.json();
    assert_eq!((&before["things"], &before["truncated"]), (&json!(0), &json!(false)));
    let since = get(demo.chain.clone(), &format!("{address}?madeFrom=2026-01-01T00:00:00.000Z")).await.json();
    assert_eq!(since["things"], 3);

    let made = json!({"from": "2026-01-01T00:00:00.000Z"});
    let body = json!({"made": made, "reason": "safety", "source": site});
    demo.take("store", &Deed::new(Action::RecallOpen, body.clone()));
    // Calling back what another site made opens none of its books.
    assert_eq!(read(&demo, "store", &address).await.json()["scope"], "own");
    let recall = demo.take("yueling", &Deed::new(Action::RecallOpen, body)).id;
    let all = read(&demo, "yueling", &address).await.json();
    assert_eq!((&all["scope"], all["holders"].as_array().unwrap().len()), (&json!("all"), 2), "{all}");

    // Whatever it made says so, and so does what holds some of it.
    for subject in [segment(0), encoded(PALLET)] {
        let view = get(demo.chain.clone(), &format!("/v1/trace/{subject}")).await.json();
        let recalls = view["recalls"].as_array().unwrap();
        let own = recalls.iter().find(|found| found["record"] == json!(recall)).unwrap();
        assert_eq!((&own["bindsEverybody"], &own["source"], &own["made"]), (&json!(true), &json!(site), &made));
        assert_eq!((recalls.len(), &own["by"]["id"]), (2, &json!("yueling")), "{view}");
    }
    let forward = get(demo.chain.clone(), &format!("/v1/trace/{}?direction=forward", encoded(site))).await.json();
    let refills = forward["withheld"].as_array().unwrap().iter().find(|some| some["gtin"] == REFILL).unwrap();
    assert_eq!((&forward["things"][0]["kind"], &refills["count"]), (&json!("site"), &json!(3)));
    for (address, status, code) in [
        (format!("/v1/impact/{}?madeFrom=2026-01-01T00:00:00.000Z", encoded(LOT)), 400, "E-QUERY"),
        (format!("{address}?madeFrom=today"), 400, "E-QUERY"),
        (format!("/v1/impact/{}", encoded("414/9528880400013")), 404, "E-ITEM-UNKNOWN"),
    ] {
        get(demo.chain.clone(), &address).await.is_problem(status, code);
    }
}
