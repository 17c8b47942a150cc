use std::collections::BTreeSet;

use hefu_contracts::refusal::Code;

use super::*;

/// Name and sentence of every problem there is.
fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rules = Code::ALL.iter().map(|code| (code.name(), code.sentence()));
    rules.chain(Door::ALL.iter().map(|door| (door.name(), door.sentence())))
}

#[test]
fn no_name_is_used_twice_by_door_and_rules() {
    let names: Vec<&str> = all().map(|(name, _)| name).collect();
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), distinct.len());
}

#[test]
fn sentences_have_no_full_stop() {
    for (name, sentence) in all() {
        assert!(!sentence.ends_with('.') && !sentence.is_empty(), "{name}");
    }
}

#[test]
fn a_fault_does_not_tell_its_cause() {
    let cause = std::io::Error::other("/var/lib/secret: input/output error");
    let problem = Problem::from(Fault::new(cause));
    assert_eq!(serde_json::to_string(problem.view()).unwrap().find("secret"), None);
    assert_eq!((problem.view().status, problem.view().code.as_ref()), (500, "E-NODE-FAULT"));
}

#[test]
fn a_refusal_keeps_its_pointer_and_the_record_in_the_way() {
    let refusal = Refusal::new(Code::ItemCommissioned).at("/body/event").against(Hash::ZERO).because("once");
    let problem = Problem::refused(refusal, None);
    let view = problem.view();
    assert_eq!(view.status, 422);
    assert_eq!(view.kind, "urn:hefu:problem:E-ITEM-COMMISSIONED");
    assert_eq!((view.pointer.as_deref(), view.conflict), (Some("/body/event"), Some(Hash::ZERO)));
    assert_eq!(problem.to_string(), "the item was commissioned before: once");
}
