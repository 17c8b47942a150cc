//! The pure functions against published and computed vectors.

use serde_json::{Value, json};

use super::fixture;
use crate::settlement::eval;

/// The answers to vectors.
fn answers(vectors: &Value) -> Vec<Value> {
    let text = eval(&json!({ "vectors": vectors }).to_string()).unwrap();
    serde_json::from_value(serde_json::from_str::<Value>(&text).unwrap()["results"].clone()).unwrap()
}

fn check(vectors: &Value, expected: &str) -> usize {
    let answers = answers(vectors);
    let vectors = vectors.as_array().unwrap();
    assert_eq!(answers.len(), vectors.len());
    for (vector, answer) in vectors.iter().zip(&answers) {
        assert_eq!(&vector[expected], answer, "{vector}");
    }
    answers.len()
}

#[test]
fn every_example_of_a_function_is_answered_as_computed() {
    let Some(examples) = fixture("eval_examples.json") else { return };
    assert_eq!(check(&examples["vectors"], "expect"), 27);
}

#[test]
fn published_allocations_come_out_by_largest_remainder() {
    let Some(mut published) = fixture("allocation_published.json") else { return };
    for vector in published.as_array_mut().unwrap() {
        vector["fn"] = json!("allocate");
    }
    assert_eq!(check(&published, "largest_remainder"), 42);
}

#[test]
fn withholding_tax_follows_both_announcements() {
    let Some(examples) = fixture("tax_cn.json") else { return };
    assert_eq!(check(&examples["vectors"], "tax"), 21);
}

#[test]
fn lines_of_platforms_earn_what_these_published() {
    let Some(lines) = fixture("platform_lines.json") else { return };
    for line in lines.as_array().unwrap() {
        let answer = answers(&json!([line])).remove(0);
        match line["fn"].as_str().unwrap() {
            "base" => assert_eq!(answer, line["expect_base"], "{line}"),
            "refund" => {
                assert_eq!(answer, json!({"after": line["expect_after"], "delta": line["expect_delta"]}), "{line}");
            }
            _ => assert_eq!(answer, line["expect"], "{line}"),
        }
        if line["then"].is_object() {
            let mut then = line["then"].clone();
            then["base"] = answer;
            assert_eq!(answers(&json!([then])), [then["expect"].clone()], "{line}");
        }
    }
}

#[test]
fn losses_fall_on_those_who_agreed_to_bear_them() {
    let tiers = json!([
        {"kind": "amount", "to": [["brand", "1"]], "amount": "100"},
        {"kind": "return_capital", "contributions": [["fund", "300"], ["brand", "100"]]},
        {"kind": "split", "to": [["kol", "1"], ["fund", "1"]]},
        {"kind": "loss", "to": [["fund", "2"], ["brand", "1"]]},
    ]);
    let vector =
        |tiers: &Value, cumulative: &[&str]| json!({"fn": "waterfall", "tiers": tiers, "cumulative": cumulative});
    let down = vector(&tiers, &["600", "101", "0", "-10"]);
    let unborne = vector(&json!([tiers[0], tiers[2]]), &["-10"]);
    let expected = json!([
        {"brand": "200", "fund": "350", "kol": "50"},
        {"brand": "100", "fund": "1", "kol": "0"},
        {"brand": "0", "fund": "0", "kol": "0"},
        {"brand": "-3", "fund": "-7"},
    ]);
    assert_eq!(answers(&json!([down, unborne])), [expected, json!("error")]);
}

#[test]
fn a_vector_without_an_answer_does_not_stop_the_others() {
    let vectors = json!([
        {"fn": "allocate", "total": "100000000000000001", "weights": ["1"]},
        {"fn": "allocate", "total": "1", "weights": ["1000000000001"]},
        {"fn": "allocate", "total": "1", "weights": vec!["1"; 65]},
        {"fn": "allocate", "total": 1, "weights": ["1"]},
        {"fn": "rate", "base": "-1", "ppm": "1"},
        {"fn": "rate", "base": "1", "ppm": "1000001"},
        {"fn": "rate", "base": "1.0", "ppm": "1"},
        {"fn": "rate", "base": "99999999999999999999999999999999999999999", "ppm": "1"},
        {"fn": "tier", "mode": "slab", "steps": [["1", "0"]], "metric": "1"},
        {"fn": "tier", "mode": "slab", "steps": [["0", "0"], ["0", "1"]], "metric": "1"},
        {"fn": "guess"},
        7,
        {"fn": "rate", "base": "5", "ppm": "500000"},
    ]);
    let mut expected = vec![json!("error"); 12];
    expected.push(json!("3"));
    assert_eq!(answers(&vectors), expected);
}

#[test]
fn what_is_no_list_of_vectors_is_malformed() {
    for (text, pointer) in [
        ("", ""),
        ("[]", ""),
        ("{}", "/vectors"),
        (r#"{"vectors":7}"#, "/vectors"),
        (r#"{"vectors":[],"x/y":1}"#, "/x~1y"),
    ] {
        assert_eq!(eval(text).unwrap_err().pointer, pointer, "{text}");
    }
}
