use super::*;

/// Pointer, contexts and text of every event.
fn found(text: &str) -> Vec<(String, Vec<&str>, &str)> {
    let events = events(text).unwrap();
    events.into_iter().map(|event| (event.pointer, event.contexts, event.text)).collect()
}

#[test]
fn events_are_found_in_every_kind_of_document() {
    let event = r#"{"type":"ObjectEvent"}"#;
    assert_eq!(found(event), [(String::new(), vec![], event)]);
    assert_eq!(
        found(&format!("[{event}, {event}]")),
        [("/0".to_owned(), vec![], event), ("/1".to_owned(), vec![], event)]
    );
    let document =
        format!(r#"{{"@context":["x", {{"a":"b"}}],"type":"EPCISDocument","epcisBody":{{"eventList":[{event}]}}}}"#);
    let context = vec![r#"["x", {"a":"b"}]"#];
    assert_eq!(found(&document), [("/epcisBody/eventList/0".to_owned(), context.clone(), event)]);
    assert_eq!(
        found(&format!("[{event},{document}]")),
        [("/0".to_owned(), vec![], event), ("/1/epcisBody/eventList/0".to_owned(), context, event)]
    );
    let query = format!(
        r#"{{"type":"EPCISQueryDocument","epcisBody":{{"queryResults":{{"resultsBody":{{"eventList":[{event}]}}}}}}}}"#
    );
    let pointer = "/epcisBody/queryResults/resultsBody/eventList/0".to_owned();
    assert_eq!(found(&query), [(pointer, vec![], event)]);
    assert_eq!(found(&format!("[[{event}],[]]")), [("/0/0".to_owned(), vec![], event)]);
}

#[test]
fn an_event_keeps_the_spelling_of_its_author() {
    let event = r#"{ "type":"ObjectEvent","quantityList":[{"quantity":12345678901234567890.10}] }"#;
    let document = format!(r#"{{"type":"EPCISDocument","epcisBody":{{"eventList":[ {event} ]}}}}"#);
    let events = events(&document).unwrap();
    assert_eq!(events[0].text, event);
    assert_eq!(
        events[0].prehash().unwrap(),
        "eventType=ObjectEventquantityListquantityElementquantity=12345678901234567890.1"
    );
    assert_eq!(events[0].hash().unwrap(), Hash::of(events[0].prehash().unwrap().as_bytes()));
}

#[test]
fn an_event_states_a_hash_where_its_event_id_is_one() {
    let hash = Hash::of(b"x");
    for (id, stated) in [
        (format!(r#""ni:\/\/\/sha-256;{hash}?ver=CBV2.0""#), Some(hash)),
        (r#""urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8""#.to_owned(), None),
        ("17".to_owned(), None),
    ] {
        let event = format!(r#"{{"type":"ObjectEvent","eventID":{id}}}"#);
        assert_eq!(events(&event).unwrap()[0].stated(), stated, "{id}");
    }
    assert_eq!(events(r#"{"type":"ObjectEvent"}"#).unwrap()[0].stated(), None);
}

#[test]
fn what_is_no_document_is_named_with_its_place() {
    let expected = "expected an EPCISDocument, an EPCISQueryDocument, an event, or an array of them";
    for (text, reason) in [
        ("17", format!("found a number or word, {expected}")),
        ("[true]", format!("found a number or word at /0, {expected}")),
        ("\"x\"", format!("found a text, {expected}")),
        ("{}", format!("found an object without `type`, {expected}")),
        (r#"[{"type":"ObjectEvent"},{"type":["a"]}]"#, format!("found an object without `type` at /1, {expected}")),
        ("[[[]]]", format!("found arrays in arrays at /0/0, {expected}")),
        (r#"{"type":"EPCISMasterDataDocument"}"#, format!("found master data, {expected}")),
        (r#"{"type":"EPCISDocument"}"#, "the EPCISDocument has no `/epcisBody/eventList`".to_owned()),
        (
            r#"[{"type":"EPCISDocument","epcisBody":{"eventList":{}}}]"#,
            "the EPCISDocument has no `/0/epcisBody/eventList`".to_owned(),
        ),
        (
            r#"{"type":"EPCISQueryDocument","epcisBody":{"eventList":[]}}"#,
            "the EPCISQueryDocument has no `/epcisBody/queryResults/resultsBody/eventList`".to_owned(),
        ),
        (
            r#"{"type":"EPCISDocument","epcisBody":{"eventList":[{"type":"ObjectEvent"},1]}}"#,
            format!("found an event that is no object at /epcisBody/eventList/1, {expected}"),
        ),
    ] {
        assert_eq!(events(text).unwrap_err().to_string(), reason, "{text}");
    }
    for text in ["", "{", "{\"type\":\"ObjectEvent\"} x"] {
        assert!(matches!(events(text), Err(NotEpcis::Json(_))), "{text}");
    }
}
