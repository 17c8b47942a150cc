//! What holds for every event.

use proptest::{prelude::*, string::string_regex};
use serde_json::{Map, Value, json};

use super::super::{event_hash, prehash};

/// A text of this form; the form is read once, where a bare string would be read for every value.
fn text(form: &str) -> impl Strategy<Value = String> + use<> {
    string_regex(form).unwrap()
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        text("\\PC{0,12}").prop_map(Value::from),
        text("[0-9.eE+-]{0,12}").prop_map(Value::from),
        text("urn:epc:id:sgtin:9521234\\.0[0-9]{5}\\.[0-9]{1,3}").prop_map(Value::from),
        Just(json!("2026-09-18T02:00:00Z")),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        text("(ex|gs1|no):[a-z]{1,3}(List)?"),
        proptest::sample::select(vec![
            "action",
            "bizStep",
            "bizTransactionList",
            "childEPCs",
            "disposition",
            "epcList",
            "id",
            "ilmd",
            "parentID",
            "persistentDisposition",
            "quantityList",
            "readPoint",
            "sensorElementList",
            "sensorMetadata",
            "sensorReport",
            "set",
            "sourceList",
            "type",
            "value",
        ])
        .prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(name(), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn event() -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::btree_map(name(), value(), 0..8).prop_map(|members| {
        let mut event: Map<String, Value> = members.into_iter().collect();
        event.insert("type".to_owned(), json!("ObjectEvent"));
        event
    })
}

/// The same JSON with members and lists in the opposite order and with white space.
fn reversed(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().rev().map(|(name, value)| format!(" {} :\n{}", json!(name), reversed(value))).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[ {} ]", items.iter().rev().map(reversed).collect::<Vec<_>>().join(" , ")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

const CONTEXT: &str = r#"{"ex":"https://ns.example.com/"}"#;

proptest! {
    #[test]
    fn any_text_has_a_hash_or_a_reason(event in "\\PC{0,80}|[\\[\\]{}\",:a0 ]{0,80}", context in "[\\[\\]{}\",:a0 ]{0,20}") {
        if let Ok(text) = prehash(&event, &[&context]) {
            prop_assert!(text.starts_with("eventType="));
        }
    }

    #[test]
    fn neither_order_nor_white_space_changes_the_prehash(event in event()) {
        let text = Value::Object(event.clone()).to_string();
        let other = reversed(&Value::Object(event));
        match (prehash(&text, &[CONTEXT]), prehash(&other, &[CONTEXT])) {
            (Ok(first), Ok(second)) => prop_assert_eq!(first, second),
            (Err(first), Err(second)) => prop_assert_eq!(first.to_string(), second.to_string()),
            (first, second) => prop_assert!(false, "{:?} {:?}", first, second),
        }
    }

    #[test]
    fn what_only_describes_the_record_changes_nothing(event in event(), note in scalar()) {
        let bare = event_hash(&Value::Object(event.clone()).to_string(), &[CONTEXT]).ok();
        let mut described = event;
        for name in ["eventID", "recordTime", "errorDeclaration", "rdfs:comment"] {
            described.insert(name.to_owned(), note.clone());
        }
        prop_assert_eq!(event_hash(&Value::Object(described).to_string(), &[CONTEXT]).ok(), bare);
    }
}
