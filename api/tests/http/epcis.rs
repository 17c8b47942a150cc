//! EPCIS 2.0 over HTTP, read by everybody.

use std::collections::BTreeSet;

use actix_web::{
    App,
    body::to_bytes,
    dev::Service,
    http::{Method, StatusCode},
    test::{self, TestRequest},
};
use hefu_contracts::cbv;
use serde_json::{Value, json};

use crate::{
    client::{Answer, api, ask},
    demo::{Demo, FACTORY_SITE, PALLET, epc},
    secrets::{VISITORS, Visitor, World},
};

fn visitor(name: &str) -> &'static Visitor {
    VISITORS.iter().find(|visitor| visitor.name == name).unwrap()
}

async fn read(world: &World, name: &str, address: &str) -> Answer {
    let request = visitor(name).asks(world, TestRequest::get().uri(&format!("/epcis/v2{address}")));
    ask(world.demo.chain.clone(), request).await
}

#[track_caller]
fn events(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let document = answer.json();
    assert_eq!(document["type"], "EPCISQueryDocument");
    let results = &document["epcisBody"]["queryResults"];
    let events = results["resultsBody"]["eventList"].as_array().unwrap().clone();
    assert_eq!(results["hefu:records"].as_array().unwrap().len(), events.len());
    events
}

fn steps(answer: &Answer) -> Vec<String> {
    let text = |event: &Value| event["bizStep"].as_str().unwrap_or_default().to_owned();
    events(answer).iter().map(text).collect()
}

/// A path's segment.
pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

const HISTORY: [&str; 6] = ["commissioning", "packing", "shipping", "receiving", "unpacking", "decommissioning"];

#[actix_web::test]
async fn an_auditor_reads_every_event_whole_in_the_order_of_the_ledger() {
    let world = World::new();
    let answer = read(&world, "audits", "/events").await;
    let all = steps(&answer);
    assert_eq!(all[..6], HISTORY);
    assert_eq!(all[6..], ["inspecting"; 3]);
    let all = events(&answer);
    assert_eq!(all[0]["epcList"].as_array().unwrap().len(), 4);
    assert!(all.iter().all(|event| event["eventID"].is_string() && event["recordTime"].is_string()));
    assert!(all.iter().all(|event| event.get("hefu:withheld").is_none()));
    assert_eq!((answer.header("gs1-epcis-version"), answer.header("gs1-cbv-version")), ("2.0.0", "2.0.0"));
    assert_eq!(answer.header("cache-control"), "private, no-store");
}

#[actix_web::test]
async fn anybody_reads_the_signed_text_and_of_lists_the_codes_that_they_present() {
    let world = World::new();
    let all = events(&read(&world, "nobody", "/events").await);
    // Two of the planted events are for their parties.
    assert_eq!(all.len(), 7);
    assert!(all.iter().all(|event| event.get("epcList").is_none() && event.get("childEPCs").is_none()));
    assert_eq!(all[0]["hefu:withheld"], json!(["epcList"]));
    let presented = events(&read(&world, "nobody", &format!("/events?MATCH_anyEPC={}", encoded(&epc(1)))).await);
    let named: Vec<&Value> =
        presented.iter().map(|event| event.get("epcList").unwrap_or(&event["childEPCs"])).collect();
    assert_eq!(named, [&json!([epc(1)]); 4]);
    let pattern = "/events?MATCH_epc=urn%3Aepc%3Aidpat%3Asgtin%3A952888001.0002.*";
    assert_eq!(events(&read(&world, "nobody", pattern).await), Vec::<Value>::new());
    assert_eq!(events(&read(&world, "yueling", pattern).await).len(), 2);
}

#[actix_web::test]
async fn conditions_choose_events() {
    let world = World::new();
    let site = encoded(&format!("https://id.gs1.org/414/{FACTORY_SITE}"));
    let urn = encoded("urn:epc:id:sscc:952888003.00000001");
    for (query, expected) in [
        ("EQ_bizStep=shipping|receiving".to_owned(), 2),
        ("EQ_bizStep=https://ref.gs1.org/cbv/BizStep-shipping".to_owned(), 1),
        ("EQ_bizStep=accepting".to_owned(), 0),
        ("eventType=AggregationEvent".to_owned(), 2),
        ("eventType=AggregationEvent&EQ_action=DELETE".to_owned(), 1),
        (format!("EQ_readPoint={site}&EQ_disposition=in_transit"), 1),
        (format!("WD_readPoint={site}"), 4),
        (format!("MATCH_parentID={}", encoded(PALLET)), 2),
        ("MATCH_parentID=urn:epc:idpat:sscc:952888003.*".to_owned(), 2),
        (format!("MATCH_epc={}|{}", encoded(&epc(3)), encoded(&epc(1))), 4),
        (format!("MATCH_anyEPC={}", encoded(PALLET)), 4),
        (format!("MATCH_anyEPC={urn}"), 0),
        ("EQ_destination_possessing_party=https://id.gs1.org/417/9528880100029".to_owned(), 1),
        ("EXISTS_ex:note=true".to_owned(), 3),
        ("EQ_ex:note=marker-own-body".to_owned(), 1),
        ("EXISTS_errorDeclaration=true".to_owned(), 0),
        ("GE_eventTime=2026-09-18T02:00:00Z&LT_eventTime=2126-01-01T00:00:00Z".to_owned(), 9),
        ("GE_recordTime=2126-01-01T00:00:00Z".to_owned(), 0),
        ("eventCountLimit=2".to_owned(), 2),
        ("EQ_quantity=3".to_owned(), 0),
        ("HASATTR_bizLocation=urn:example:ward".to_owned(), 0),
        ("EQATTR_bizLocation_urn:example:ward=7".to_owned(), 0),
    ] {
        let found = read(&world, "audits", &format!("/events?{query}")).await;
        assert_eq!(events(&found).len(), expected, "{query}");
    }
    let last = steps(&read(&world, "audits", "/events?orderBy=eventTime&orderDirection=DESC&eventCountLimit=1").await);
    assert_eq!(last, ["inspecting"]);
    for (query, status, code) in [
        ("EQ_nothing=1", 400, "E-QUERY"),
        ("EQATTR_bizLocation=1", 400, "E-QUERY"),
        ("GE_eventTime=yesterday", 400, "E-QUERY"),
        ("orderBy=bizStep", 400, "E-QUERY"),
        ("perPage=0", 400, "E-QUERY"),
        ("nextPageToken=x", 400, "E-QUERY"),
        ("EXISTS_errorDeclaration=false", 400, "E-QUERY"),
        ("maxEventCount=3", 413, "E-QUERY-LARGE"),
    ] {
        let answer = read(&world, "audits", &format!("/events?{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (status, Some(code)), "{query}");
        assert!(answer.json()["type"].as_str().unwrap().starts_with("epcisException:Query"), "{query}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
}

#[actix_web::test]
async fn pages_follow_one_another_and_their_tokens_can_be_invalidated() {
    let world = World::new();
    for order in ["", "&orderBy=eventTime&orderDirection=DESC"] {
        let whole = events(&read(&world, "audits", &format!("/events?perPage=30{order}")).await);
        let mut pages = Vec::new();
        let mut next = format!("/events?perPage=4{order}");
        loop {
            let answer = read(&world, "audits", &next).await;
            pages.extend(events(&answer));
            let link = answer.header("link").to_owned();
            let Some(rest) = link.strip_prefix("</epcis/v2").and_then(|rest| rest.strip_suffix(">; rel=\"next\""))
            else {
                break;
            };
            assert!(!answer.header("gs1-next-page-token-expires").is_empty());
            next = rest.to_owned();
        }
        assert_eq!(pages, whole);
    }
    let answer = read(&world, "audits", "/bizSteps?perPage=2").await;
    assert_eq!(answer.json()["member"], json!(["commissioning", "decommissioning"]));
    let token = answer.header("link").split("nextPageToken=").nth(1).unwrap().split('>').next().unwrap().to_owned();
    let of_other = read(&world, "audits", &format!("/events?nextPageToken={token}")).await;
    assert_eq!(of_other.status, StatusCode::BAD_REQUEST);
}

#[actix_web::test]
async fn an_event_is_read_by_either_of_its_ids() {
    let world = World::new();
    let all = events(&read(&world, "audits", "/events").await);
    let id = all[2]["eventID"].as_str().unwrap();
    assert!(id.starts_with("ni:///sha-256;"));
    assert_eq!(events(&read(&world, "audits", &format!("/events/{}", encoded(id))).await), [all[2].clone()]);
    let unknown = read(&world, "audits", "/events/urn:uuid:none").await;
    assert_eq!((unknown.status, unknown.json()["code"].as_str()), (StatusCode::NOT_FOUND, Some("E-EVENT-UNKNOWN")));
    let private = all[6]["eventID"].as_str().unwrap();
    assert_eq!(read(&world, "creator", &format!("/events/{}", encoded(private))).await.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn collections_tell_what_there_is() {
    let world = World::new();
    let members = async |name: &str, address: &str| {
        let answer = read(&world, name, address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text());
        let found = answer.json()["member"].as_array().unwrap().clone();
        found.iter().map(|member| member.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    assert_eq!(members("nobody", "/").await.len(), 8);
    assert_eq!(members("nobody", "/eventTypes").await.len(), 5);
    assert!(members("nobody", "/bizSteps").await.contains("shipping"));
    assert_eq!(members("nobody", "/bizSteps/shipping").await, ["events".to_owned()].into());
    assert_eq!(
        members("nobody", "/dispositions").await,
        ["in_progress", "in_transit", "inactive"].map(str::to_owned).into()
    );
    assert!(members("nobody", "/readPoints").await.contains(&format!("https://id.gs1.org/414/{FACTORY_SITE}")));
    // Nobody is told a code who does not present it.
    let public = members("nobody", "/epcs").await;
    assert_eq!(public, [PALLET.to_owned()].into());
    let factory = members("yueling", "/epcs").await;
    assert!(factory.contains(&epc(3)) && factory.contains(PALLET));
    assert_eq!(members("nobody", &format!("/epcs/{}", encoded(&epc(3)))).await, ["events".to_owned()].into());
    assert_eq!(read(&world, "nobody", &format!("/epcs/{}", encoded(&epc(7)))).await.status, StatusCode::NOT_FOUND);
    assert_eq!(read(&world, "nobody", "/bizSteps/accepting").await.status, StatusCode::NOT_FOUND);
    assert_eq!(steps(&read(&world, "audits", "/bizSteps/shipping/events").await), ["shipping"]);
    assert_eq!(steps(&read(&world, "audits", "/eventTypes/AggregationEvent/events?EQ_action=ADD").await), ["packing"]);
    assert_eq!(events(&read(&world, "audits", &format!("/epcs/{}/events", encoded(&epc(0)))).await).len(), 3);
}

#[actix_web::test]
async fn identifiers_are_written_as_asked_where_the_prefix_is_registered() {
    let world = World::new();
    let request = TestRequest::get()
        .uri("/epcis/v2/events?EQ_bizStep=packing")
        .insert_header(("GS1-EPC-Format", "Always_EPC_URN"));
    let answer = ask(world.demo.chain.clone(), visitor("audits").asks(&world, request)).await;
    let packing = &events(&answer)[0];
    assert_eq!(packing["parentID"], "urn:epc:id:sscc:952888003.30000001");
    assert!(packing["childEPCs"][0].as_str().unwrap().starts_with("urn:epc:id:sgtin:952888001.0002."));
    for (name, value) in
        [("GS1-EPC-Format", "URN"), ("GS1-EPCIS-Min", "2.1"), ("GS1-EPCIS-Max", "1.2.0"), ("Accept", "application/xml")]
    {
        let request = TestRequest::get().uri("/epcis/v2/events").insert_header((name, value));
        let answer = ask(world.demo.chain.clone(), request).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["type"]),
            (406, &"epcisException:NotAcceptableException".into())
        );
    }
    let request = TestRequest::get().uri("/epcis/v2/events").insert_header(("Accept", "application/ld+json"));
    assert_eq!(ask(world.demo.chain.clone(), request).await.header("content-type"), "application/ld+json");
}

#[actix_web::test]
async fn every_resource_tells_its_methods_and_versions() {
    let world = World::new();
    for address in ["/events", "/events/x", "/epcs/x/events", "/bizSteps", "/readPoints/x", "/nextPageToken/x", "/"] {
        let request = TestRequest::with_uri(&format!("/epcis/v2{address}")).method(Method::OPTIONS);
        let answer = ask(world.demo.chain.clone(), request).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{address}");
        for name in
            ["allow", "gs1-epcis-min", "gs1-epcis-max", "gs1-cbv-min", "gs1-epcis-version", "gs1-vendor-version"]
        {
            assert!(!answer.header(name).is_empty(), "{address}: {name}");
        }
    }
    let put = TestRequest::put().uri("/epcis/v2/events");
    assert_eq!(ask(world.demo.chain.clone(), put).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

/// Every address of the interface that shows something, walked by everybody.
#[actix_web::test]
async fn nobody_reads_what_is_for_others() {
    let world = World::new();
    let all = events(&read(&world, "audits", "/events").await);
    let mut addresses: Vec<String> =
        ["/", "/events", "/eventTypes", "/epcs", "/bizSteps", "/dispositions", "/readPoints", "/bizLocations"]
            .map(str::to_owned)
            .to_vec();
    addresses.extend(all.iter().map(|event| format!("/events/{}", encoded(event["eventID"].as_str().unwrap()))));
    for collection in ["/bizSteps/inspecting", "/eventTypes/ObjectEvent"] {
        addresses.extend([collection.to_owned(), format!("{collection}/events")]);
    }
    for query in [
        "EXISTS_ex:note=true",
        "EXISTS_ex:detail=true",
        "EXISTS_INNER_ex:note=true",
        "MATCH_epc=urn:epc:idpat:giai:*.*",
    ] {
        addresses.push(format!("/events?{query}"));
    }
    for visitor in &VISITORS {
        let mut seen = BTreeSet::new();
        for address in &addresses {
            let text = read(&world, visitor.name, address).await.text();
            seen.extend(visitor.check(address, &text));
        }
        let mut expected = if visitor.refused.is_some() { BTreeSet::new() } else { visitor.all() };
        expected.remove("marker-terms");
        assert_eq!(seen, expected, "{}", visitor.name);
    }
}

/// An event as a client that signs hands it in: whole, with its record beside it.
pub fn signed(demo: &Demo, author: &str, number: u64) -> Value {
    let mut deed =
        demo.seen("inspecting", "in_progress", FACTORY_SITE, &["https://id.gs1.org/8004/9521141A".to_owned()]);
    deed.body["event"]["ex:number"] = json!(number);
    let mut event = deed.body["event"].clone();
    event["@context"] = json!({"ex": "https://ex.example/"});
    deed.body["event"]["@context"] = event["@context"].clone();
    event["epcList"] = json!(deed.list);
    deed.body["cbv"] = json!(cbv::event_hash(&event.to_string(), &[]).unwrap());
    event["hefu:submission"] = json!(demo.sign(author, &deed));
    event
}

pub fn document(events: &[Value]) -> String {
    let context =
        json!(["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"hefu": "urn:hefu:epcis:"}]);
    json!({"@context": context, "type": "EPCISDocument", "schemaVersion": "2.0", "epcisBody": {"eventList": events}})
        .to_string()
}

#[actix_web::test]
async fn a_node_takes_events_with_their_signed_records_and_signs_none() {
    let demo = Demo::with_history();
    let app = test::init_service(App::new().configure(api(demo.chain.clone()))).await;
    let call = async |request: TestRequest| {
        let answer = app.call(request.to_request()).await.unwrap().map_into_boxed_body();
        let (status, headers) = (answer.status(), answer.headers().clone());
        Answer { body: to_bytes(answer.into_body()).await.unwrap().to_vec(), headers, status }
    };
    let post = |address: &str, body: String| {
        TestRequest::post()
            .uri(&format!("/epcis/v2{address}"))
            .insert_header(("Content-Type", "application/ld+json"))
            .set_payload(body)
    };
    // One event, synchronously; again, it is a duplicate.
    let event = signed(&demo, "yueling", 1);
    let answer = call(post("/events", event.to_string())).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let location = answer.header("location").to_owned();
    assert_eq!(events(&call(TestRequest::get().uri(&location)).await)[0]["ex:number"], 1);
    let again = call(post("/events", event.to_string())).await;
    assert_eq!((again.status, &again.json()["code"]), (StatusCode::CONFLICT, &"E-EVENT-DUPLICATE".into()));

    // A document; the job tells of each event, and is told to whoever knows its id.
    let mut stale = signed(&demo, "yueling", 3);
    stale["ex:number"] = json!(4);
    let whole = [signed(&demo, "yueling", 2), stale, event];
    let refused = call(post("/capture", document(&whole))).await;
    let problem = refused.json();
    assert_eq!((refused.status, &problem["code"]), (StatusCode::BAD_REQUEST, &"E-EVENT-BESIDE".into()));
    assert_eq!(problem["pointer"], "/epcisBody/eventList/1/hefu:submission");
    let proceeding = post("/capture", document(&whole)).insert_header(("GS1-Capture-Error-Behaviour", "proceed"));
    let taken = call(proceeding).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.text());
    let location = taken.header("location").to_owned();
    let mut job = call(TestRequest::get().uri(&location)).await.json();
    for _ in 0..100 {
        if job["running"] == false {
            break;
        }
        actix_web::rt::time::sleep(std::time::Duration::from_millis(10)).await;
        job = call(TestRequest::get().uri(&location)).await.json();
    }
    let results: Vec<&Value> = job["hefu:results"].as_array().unwrap().iter().map(|result| &result["result"]).collect();
    assert_eq!(results, ["accepted", "refused", "accepted"], "the same record again changes nothing: {job}");
    assert_eq!(
        (&job["running"], &job["success"], &job["captureErrorBehaviour"]),
        (&false.into(), &false.into(), &"proceed".into())
    );
    assert_eq!(job["errors"].as_array().unwrap().len(), 1);
    assert_eq!(call(TestRequest::get().uri("/epcis/v2/capture")).await.json(), json!([]));
    assert_eq!(call(TestRequest::get().uri("/epcis/v2/capture/x")).await.status, StatusCode::NOT_FOUND);

    for (body, kind, status) in [
        ("{}".to_owned(), "application/json", 400),
        ("<x/>".to_owned(), "application/xml", 415),
        (document(&[]), "application/json", 400),
        (document(&vec![json!({"type": "ObjectEvent"}); 1_001]), "application/json", 413),
        (document(&[json!({"type": "ObjectEvent"})]), "application/json", 400),
    ] {
        let request = post("/capture", body).insert_header(("Content-Type", kind));
        let answer = call(request).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
        assert!(answer.json()["type"].as_str().unwrap().starts_with("epcisException:"));
    }
    let options = call(TestRequest::with_uri("/epcis/v2/capture").method(Method::OPTIONS)).await;
    assert_eq!(
        (options.header("gs1-epcis-capture-limit"), options.header("gs1-capture-error-behaviour")),
        ("1000", "all")
    );
}
