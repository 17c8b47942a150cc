//! The form of events, by GS1's own documents and those of others where they are on this machine, and by slips.

use hefu_keys::{Hash, canonical};
use serde_json::{Value, json};

use super::{Capture, lists_of};
use crate::{
    cbv,
    gs1::fixtures,
    refusal::{Code, Refusal},
};

/// Reads an event as a record's text would hold it: without its lists of identifiers.
fn read(event: &Value) -> Result<Capture, Refusal> {
    let mut event = event.clone();
    let members = event.as_object_mut().unwrap();
    for list in lists_of(members["type"].as_str().unwrap()).unwrap_or_default() {
        members.remove(*list);
    }
    members.remove("recordTime");
    Capture::read(&canonical::to_string(&json!({"cbv": Hash::of(b"cbv"), "event": event})).unwrap())
}

/// The events of a fixture.
fn events(name: &str) -> Vec<Value> {
    let text = fixtures::read(name).unwrap();
    cbv::events(&text).unwrap().iter().map(|event| serde_json::from_str(event.text).unwrap()).collect()
}

fn documents(folder: &str) -> Vec<String> {
    fixtures::names(folder).into_iter().filter(|name| name.ends_with(".json") || name.ends_with(".jsonld")).collect()
}

#[test]
fn every_valid_document_of_others_is_read() {
    for folder in ["epcis20/JSON", "epcis-documents/Capture/Documents", "epcis-documents/Capture/Events"] {
        for name in documents(folder) {
            // Not valid by GS1's schema either: some sensor reports have no type.
            if name.ends_with("SensorData_with_combined_events.json") {
                continue;
            }
            for (index, event) in events(&name).iter().enumerate() {
                read(event).unwrap_or_else(|refusal| panic!("{name}#{index}: {refusal} at {}", refusal.pointer));
            }
        }
    }
}

#[test]
fn every_invalid_document_of_others_is_refused_with_a_pointer() {
    let expected = [
        ("Combination_of_events_with_missing_mandatory_fields.json", 0, "action"),
        ("Combination_of_events_with_missing_mandatory_fields.json", 1, "action"),
        ("ObjectEvent_with_invalid_certificationInfo.json", 0, "certificationInfo/0"),
        ("ObjectEvent_with_non_standard_bizStep_in_second_event.json", 1, "bizStep"),
        ("ObjectEvent_with_unknown_field_in_quantityList.json", 0, "quantityList/0/weight"),
    ];
    let there = !fixtures::names("epcis-documents/Capture/Invalid").is_empty();
    for (name, index, pointer) in expected.into_iter().filter(|_| there) {
        let event = &events(&format!("epcis-documents/Capture/Invalid/{name}"))[index];
        assert_eq!(read(event).expect_err(name).pointer, format!("/body/event/{pointer}"), "{name}");
    }
}

#[test]
fn slips_are_refused_where_they_are() {
    let plain = json!({
        "type": "TransformationEvent", "eventTime": "2026-09-18T10:00:00.000+08:00", "eventTimeZoneOffset": "+08:00",
    });
    read(&plain).unwrap();
    let class = "urn:epc:class:lgtin:4012345.012345.998877";
    let quantity = |more: Value| {
        let mut quantity = json!({"epcClass": class});
        quantity.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([quantity])
    };
    for (field, value, code, at) in [
        ("action", json!("ADD"), Code::FieldUnknown, ""),
        ("quantityList", json!([]), Code::FieldUnknown, ""),
        ("inputQuantityList", json!({}), Code::RecordShape, ""),
        ("inputQuantityList", json!([{"quantity": 1}]), Code::FieldMissing, "/0/epcClass"),
        ("inputQuantityList", quantity(json!({"quantity": -1, "uom": "KGM"})), Code::RecordShape, "/0/quantity"),
        ("inputQuantityList", quantity(json!({"quantity": 1.5})), Code::RecordShape, "/0/quantity"),
        ("inputQuantityList", quantity(json!({"quantity": 1e-10, "uom": "KGM"})), Code::RecordShape, "/0/quantity"),
        ("inputQuantityList", quantity(json!({"uom": "kilos"})), Code::RecordShape, "/0/uom"),
        ("outputQuantityList", json!([{"epcClass": "a lot"}]), Code::RecordShape, "/0/epcClass"),
        ("transformationID", json!("none"), Code::RecordShape, ""),
        ("eventTimeZoneOffset", json!("+14:30"), Code::RecordShape, ""),
        ("bizStep", json!("urn:epcglobal:cbv:bizstep:shipping"), Code::RecordShape, ""),
        ("disposition", json!("fine"), Code::RecordShape, ""),
        ("ilmd", json!({"lot": "L7"}), Code::FieldUnknown, "/lot"),
        ("persistentDisposition", json!({}), Code::RecordShape, ""),
        ("persistentDisposition", json!({"set": []}), Code::RecordShape, "/set"),
        ("persistentDisposition", json!({"set": ["expired", "expired"]}), Code::RecordShape, "/set"),
        ("sourceList", json!([{"source": "urn:x:1"}]), Code::FieldMissing, "/0/type"),
        ("destinationList", json!([{"type": "buyer", "destination": "urn:x:1"}]), Code::RecordShape, "/0/type"),
        ("sensorElementList", json!([{"sensorReport": []}]), Code::RecordShape, "/0/sensorReport"),
        (
            "sensorElementList",
            json!([{"sensorReport": [{"type": "Temperature", "value": "26"}]}]),
            Code::RecordShape,
            "/0/sensorReport/0/value",
        ),
        ("errorDeclaration", json!({"reason": "did_not_occur"}), Code::FieldMissing, "/declarationTime"),
        ("errorDeclaration", json!({"declarationTime": "now"}), Code::RecordShape, "/declarationTime"),
        ("certificationInfo", json!(["paper"]), Code::RecordShape, "/0"),
        ("readPoint", json!({"ex:id": "1"}), Code::FieldMissing, "/id"),
        ("eventID", json!("7"), Code::RecordShape, ""),
    ] {
        let mut event = plain.clone();
        event[field] = value.clone();
        let refusal = read(&event).expect_err(field);
        let expected = (code, format!("/body/event/{field}{at}"));
        assert_eq!((refusal.code, refusal.pointer.clone()), expected, "{value}: {refusal}");
    }
}
