//! GS1's own examples against the rules, each file on a fresh ledger, where they are on this machine.

use serde_json::{Value, json};

use crate::{
    action::Action,
    cbv,
    gs1::{Epc, fixtures},
    provenance::lists_of,
    tests::{Deed, World},
};

/// An event of somebody else's document as a deed for its parties.
fn deed(mut event: Value, cbv: hefu_keys::Hash) -> Deed {
    let members = event.as_object_mut().unwrap();
    members.remove("recordTime");
    members.remove("@context");
    let mut lists = Vec::new();
    for list in lists_of(members["type"].as_str().unwrap()).unwrap() {
        let Some(Value::Array(elements)) = members.remove(*list) else { continue };
        let canonical = |element: &Value| Epc::parse(element.as_str().unwrap()).unwrap().as_str().to_owned();
        let mut elements: Vec<String> = elements.iter().map(canonical).collect();
        elements.sort();
        elements.dedup();
        lists.push((format!("/body/event/{list}"), elements));
    }
    let mut deed = Deed::new(Action::EventCapture, json!({"cbv": cbv, "event": event})).private();
    deed.lists.extend(lists.into_iter().filter(|(_, elements)| !elements.is_empty()));
    deed
}

#[test]
fn every_event_of_the_standard_s_examples_is_accepted_on_a_fresh_ledger() {
    let mut files = 0;
    for name in fixtures::names("epcis20/JSON").into_iter().filter(|name| name.ends_with(".jsonld")) {
        let text = fixtures::read(&name).unwrap();
        let mut world = World::new();
        files += 1;
        for (index, event) in cbv::events(&text).unwrap().iter().enumerate() {
            let value = serde_json::from_str(event.text).unwrap();
            let taken = world.take("corenest", &deed(value, event.hash().unwrap()));
            taken.unwrap_or_else(|refusal| panic!("{name}#{index}: {refusal} at {}", refusal.pointer));
        }
    }
    assert!(files == 0 || files == 47, "{files} files");
}
