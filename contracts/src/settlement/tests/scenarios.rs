//! Whole event logs against what was computed for them.

use serde_json::{Value, json};

use super::{fixture, fixture_text, sheet};
use crate::settlement::{Show, scenario};

fn run(input: &Value, show: Show) -> Value {
    serde_json::from_str(&scenario(&input.to_string(), show).unwrap()).unwrap()
}

#[test]
fn random_event_logs_end_as_computed() {
    let Some(examples) = fixture("scenario_examples.json") else { return };
    let answers = run(&examples, Show::Results);
    let (answers, examples) = (answers["scenarios"].as_array().unwrap(), examples["scenarios"].as_array().unwrap());
    assert_eq!(answers.len(), examples.len());
    for (number, (answer, example)) in answers.iter().zip(examples).enumerate() {
        for (step, expected) in answer["results"].as_array().unwrap().iter().zip(example["results"].as_array().unwrap())
        {
            assert_eq!((&step["id"], &step["result"]), (&expected["id"], &expected["result"]), "{number}: {step}");
            assert_eq!(step["code"].is_string(), step["result"] == "reject", "{number}: {step}");
        }
        assert_eq!(answer["final"], example["final"], "{number}");
        assert_eq!(run(example, Show::Results), *answer, "one by one: {number}");
    }
}

#[test]
fn the_demo_has_its_balances_after_every_event() {
    let Some(demo) = fixture("scenario_demo.json") else { return };
    assert_eq!(run(&demo, Show::Trace)["trace"], demo["trace"]);
}

#[test]
fn the_demos_journal_is_what_hledger_and_ledger_accepted() {
    let (Some(demo), Some(expected)) = (fixture_text("scenario_demo.json"), fixture_text("scenario_demo.hledger"))
    else {
        return;
    };
    assert_eq!(scenario(&demo, Show::Ledger).unwrap(), expected);
}

#[test]
fn the_demos_journal_is_what_beancount_accepted() {
    let (Some(demo), Some(expected)) = (fixture_text("scenario_demo.json"), fixture_text("scenario_demo.beancount"))
    else {
        return;
    };
    let expected = expected.replace("\"settlement demo\"", "\"settlement C-DEMO\"");
    assert_eq!(scenario(&demo, Show::Beancount).unwrap(), expected);
}

#[test]
fn what_cannot_be_read_is_pointed_at() {
    let tick = json!({"id": "e", "type": "tick", "at": "1"});
    for (input, pointer) in [
        (json!([]), ""),
        (json!({"terms": sheet(&json!({}))}), "/events"),
        (json!({"terms": sheet(&json!({"split": []})), "events": []}), "/terms/split"),
        (json!({"terms": sheet(&json!({})), "events": [tick, {"id": "e", "type": "tack"}]}), "/events/1/type"),
        (json!({"terms": sheet(&json!({})), "events": [tick, {"id": "e", "type": "tick"}]}), "/events/1/at"),
        (
            json!({"terms": sheet(&json!({})), "events": [{"id": "e", "type": "tick", "at": "1", "by": 1}]}),
            "/events/0/by",
        ),
        (json!({"scenarios": [{"terms": {}, "events": []}]}), "/scenarios/0/terms/obligor"),
        (json!({"scenarios": [], "terms": {}}), "/terms"),
    ] {
        assert_eq!(scenario(&input.to_string(), Show::Results).unwrap_err().pointer, pointer, "{input}");
    }
    let several = json!({"scenarios": [{"terms": sheet(&json!({})), "events": []}]}).to_string();
    assert_eq!(scenario(&several, Show::Ledger).unwrap_err().pointer, "/scenarios");
}
