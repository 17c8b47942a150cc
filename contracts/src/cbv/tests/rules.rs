//! The rules one by one.

use super::super::{event_hash, event_id, hash_of_event_id, prehash};

const START: &str = "eventType=ObjectEventeventTime=2026-09-18T02:00:00.000Z";

/// The pre-hash string of an event with these further members, behind its type and time.
fn behind(members: &str) -> String {
    let event = format!(r#"{{"type":"ObjectEvent","eventTime":"2026-09-18T02:00:00Z",{members}}}"#);
    let context =
        r#"["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",{"ex":"https://ns.example.com/"}]"#;
    let text = prehash(&event, &[context]).unwrap();
    text.strip_prefix(START).unwrap().to_owned()
}

#[test]
fn each_rule_shows_in_the_prehash() {
    for (members, expected) in [
        // The order of the text does not matter, that of the standard does.
        (
            r#""action":"ADD","parentID":"urn:x:1","eventTimeZoneOffset":"+08:00""#,
            "eventTimeZoneOffset=+08:00parentID=urn:x:1action=ADD",
        ),
        // Lists are sorted after their elements were put in form.
        (
            r#""epcList":["urn:epc:id:sgtin:9521234.054321.2","https://t.example/01/09521234543213/21/1"]"#,
            "epcListepc=https://id.gs1.org/01/09521234543213/21/1epc=https://id.gs1.org/01/09521234543213/21/2",
        ),
        (r#""childEPCs":["urn:x:2","urn:x:1"]"#, "childEPCsepc=urn:x:1epc=urn:x:2"),
        (r#""epcList":[]"#, ""),
        (r#""epcList":"urn:x:1""#, "epcListepc=urn:x:1"),
        (
            r#""quantityList":[{"uom":"KGM","quantity":10.50,"epcClass":"urn:x:1"}]"#,
            "quantityListquantityElementepcClass=urn:x:1quantity=10.5uom=KGM",
        ),
        (
            r#""outputQuantityList":[{"epcClass":"urn:x:1"},{"epcClass":"urn:x:0","quantity":1}]"#,
            "outputQuantityListquantityElementepcClass=urn:x:0quantity=1quantityElementepcClass=urn:x:1",
        ),
        // Bare words become full where their field has a vocabulary, and only there.
        (r#""bizStep":"shipping""#, "bizStep=https://ref.gs1.org/cbv/BizStep-shipping"),
        (r#""bizStep":"blessing""#, "bizStep=blessing"),
        (r#""bizStep":"urn:epcglobal:cbv:bizstep:shipping""#, "bizStep=https://ref.gs1.org/cbv/BizStep-shipping"),
        (r#""bizStep":"ex:blessing""#, "bizStep=https://ns.example.com/blessing"),
        (r#""disposition":"in_transit""#, "disposition=https://ref.gs1.org/cbv/Disp-in_transit"),
        (
            r#""bizStep":"shipping","ex:step":"shipping""#,
            "bizStep=https://ref.gs1.org/cbv/BizStep-shipping{https://ns.example.com/}step=shipping",
        ),
        (
            r#""persistentDisposition":{"unset":["recalled"],"set":["expired","active"]}"#,
            "persistentDispositionset=https://ref.gs1.org/cbv/Disp-activeset=https://ref.gs1.org/cbv/Disp-expiredunset=https://ref.gs1.org/cbv/Disp-recalled",
        ),
        (
            r#""bizTransactionList":[{"bizTransaction":"urn:x:2","type":"po"},{"bizTransaction":"urn:x:1"},{"type":"inv","bizTransaction":"urn:x:3"}]"#,
            "bizTransactionListbizTransaction=urn:x:1type=https://ref.gs1.org/cbv/BTT-invbizTransaction=urn:x:3type=https://ref.gs1.org/cbv/BTT-pobizTransaction=urn:x:2",
        ),
        // What has no place in the order is sorted behind it, sources after destinations and ILMD.
        (
            r#""sourceList":[{"type":"location","source":"urn:x:1"}],"ilmd":{"ex:b":"2","ex:a":"1"},"destinationList":[{"type":"owning_party","destination":"urn:x:2"}],"readPoint":{"id":"urn:x:3"}"#,
            "readPointid=urn:x:3destinationListtype=https://ref.gs1.org/cbv/SDT-owning_partydestination=urn:x:2ilmd{https://ns.example.com/}a=1{https://ns.example.com/}b=2sourceListtype=https://ref.gs1.org/cbv/SDT-locationsource=urn:x:1",
        ),
        // Extensions stand at the end of their parent.
        (
            r#""readPoint":{"ex:gate":"N","id":"urn:x:3"},"bizLocation":{"id":"urn:x:4"}"#,
            "readPointid=urn:x:3{https://ns.example.com/}gate=NbizLocationid=urn:x:4",
        ),
        (
            r#""ex:list":["b","a",{"ex:c":null}],"ex:empty":"  ","ex:none":[]"#,
            "{https://ns.example.com/}empty{https://ns.example.com/}list{https://ns.example.com/}list=a{https://ns.example.com/}list=b",
        ),
        (
            r#""ex:partList":["b","a"]"#,
            "{https://ns.example.com/}partList{https://ns.example.com/}part=a{https://ns.example.com/}part=b",
        ),
        (
            r#""cbvmda:lotNumber":"7","gs1:Length":true,"undeclared:x":"y""#,
            "undeclared:x=y{https://gs1.org/voc/}Length=true{urn:epcglobal:cbv:mda:}lotNumber=7",
        ),
        // What does not enter.
        (r#""recordTime":"x","eventID":"y","errorDeclaration":{"reason":"did_not_occur"},"@context":{}"#, ""),
        (
            r#""rdfs:comment":"x","comment":"y","readPoint":{"id":"urn:x:3","rdfs:comment":"z"},"ex:a":{"comment":"z"}"#,
            "readPointid=urn:x:3{https://ns.example.com/}a",
        ),
        (r#""action":null,"bizStep":"","readPoint":{},"sensorElementList":[{}]"#, ""),
    ] {
        assert_eq!(behind(members), expected, "{members}");
    }
}

#[test]
fn times_in_sensor_data_are_utc_and_in_extensions_stay() {
    assert_eq!(
        behind(
            r#""sensorElementList":[{"sensorMetadata":{"time":"2026-09-18T10:00:00.5+08:00"},"sensorReport":[{"time":"2026-09-18T02:00:00Z"}]}],"ex:time":"2026-09-18T02:00:00Z""#
        ),
        "sensorElementListsensorElementsensorMetadatatime=2026-09-18T02:00:00.500ZsensorReporttime=2026-09-18T02:00:00.000Z{https://ns.example.com/}time=2026-09-18T02:00:00Z"
    );
}

#[test]
fn an_error_declaration_has_the_hash_of_what_it_retracts() {
    let event = r#"{"type":"ObjectEvent","eventTime":"2026-09-18T02:00:00Z","action":"ADD"}"#;
    let retracted = r#"{"type":"ObjectEvent","eventTime":"2026-09-18T04:00:00+02:00","action":"ADD","errorDeclaration":{"declarationTime":"2026-09-19T02:00:00Z"}}"#;
    assert_eq!(event_hash(event, &[]).unwrap(), event_hash(retracted, &[]).unwrap());
}

#[test]
fn contexts_add_up_and_the_innermost_counts() {
    let event = r#"{"@context":{"b":"https://b.example/","c":"https://own.example/"},"type":"ObjectEvent","a:x":"1","b:x":"2","c:x":"c:y"}"#;
    let outer = r#"["https://ref.gs1.org/standards/epcis/epcis-context.jsonld",{"a":"https://a.example/"},{"c":"https://c.example/"}]"#;
    assert_eq!(
        prehash(event, &["\"https://ref.gs1.org/x\"", outer]).unwrap(),
        "eventType=ObjectEvent{https://a.example/}x=1{https://b.example/}x=2{https://own.example/}x=https://own.example/y"
    );
}

#[test]
fn what_has_no_hash_is_refused_with_its_reason() {
    let deep = format!(r#"{{"type":"ObjectEvent","a":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for (event, context, reason) in [
        ("", "{}", "the event or its context is no JSON"),
        ("{\"type\":\"ObjectEvent\"} x", "{}", "the event or its context is no JSON"),
        ("[]", "{}", "the event is no JSON object"),
        ("{}", "{}", "the event has no type"),
        (r#"{"type":" "}"#, "{}", "the event has no type"),
        (r#"{"type":["ObjectEvent"]}"#, "{}", "the event has no type"),
        (r#"{"type":"ObjectEvent"}"#, "{", "the event or its context is no JSON"),
        (deep.as_str(), "{}", "the event or its context is nested deeper than 16 levels"),
        (
            r#"{"type":"ObjectEvent","eventTime":"2026-09-18T02:00:00"}"#,
            "{}",
            "/eventTime is \"2026-09-18T02:00:00\", not a time like 2026-09-18T02:00:00.000Z",
        ),
        (
            r#"{"type":"ObjectEvent","sensorElementList":[{"sensorMetadata":{"startTime":"noon"}}]}"#,
            "{}",
            "/sensorElementList/0/sensorMetadata/startTime is \"noon\", not a time like 2026-09-18T02:00:00.000Z",
        ),
    ] {
        assert_eq!(prehash(event, &[context]).unwrap_err().to_string(), reason);
    }
}

#[test]
fn an_event_id_is_written_and_read() {
    let hash = event_hash(r#"{"type":"ObjectEvent"}"#, &[]).unwrap();
    let id = event_id(&hash);
    assert_eq!(id, format!("ni:///sha-256;{hash}?ver=CBV2.0"));
    assert_eq!(hash_of_event_id(&id), Some(hash));
    for other in
        ["urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8", "ni:///sha-256;00?ver=CBV2.0", &id.replace("2.0", "2.1"), ""]
    {
        assert_eq!(hash_of_event_id(other), None, "{other}");
    }
}
