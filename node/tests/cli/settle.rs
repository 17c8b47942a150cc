//! `hefu settle`: a text in, a text out, no node.

use serde_json::json;

use crate::bench::Bench;

#[test]
fn vectors_are_answered_in_their_order() {
    let vectors = json!({"vectors": [
        {"fn": "allocate", "total": "100", "weights": ["1", "1", "1"], "expect": []},
        {"fn": "allocate", "total": "5", "weights": []},
        {"fn": "rate", "base": "26900", "ppm": "31000"},
    ]});
    let ran = Bench::new().hefu_reading(&vectors.to_string(), &["settle", "eval"]);
    assert_eq!(ran.check(0).line(), r#"{"results":[["34","33","33"],"error","834"]}"#);
}

#[test]
fn a_scenario_is_answered_traced_and_exported() {
    let scenario = json!({
        "terms": {"obligor": "brand", "split": [["kol", "1"]],
                  "components": [{"id": "comm", "kind": "per_line", "ppm": "100000"}]},
        "events": [
            {"id": "e1", "type": "paid", "line": "L", "base": "15000", "units": "1"},
            {"id": "e2", "type": "refund", "line": "M", "base": "1", "units": "0"},
        ],
    });
    let bench = Bench::new();
    let run = |more: &[&str]| bench.hefu_reading(&scenario.to_string(), &[&["settle", "scenario"], more].concat());
    let end = json!({"brand:obligation": "-1500", "kol:accrued": "1500"});
    let refused = json!({"id": "e2", "result": "reject", "code": "line_unknown"});
    let results = json!([{"id": "e1", "result": "ok"}, refused]);
    assert_eq!(run(&[]).check(0).json(), json!({"final": end, "results": results}));
    assert_eq!(run(&["--trace"]).check(0).json()["trace"][0]["balances"], end);
    let beancount = run(&["--export", "beancount"]).check(0).out.clone();
    assert!(beancount.ends_with("balance Liabilities:Kol:Accrued 15.00 CNY\n"), "{beancount}");
    assert!(run(&["--export", "hledger"]).check(0).out.starts_with("2026-01-02 e1|line:L:comm\n"));
    assert_eq!(run(&["--export", "hledger"]).out, run(&["--export", "ledger"]).out);
    run(&["--export", "excel"]).check(2);
}

#[test]
fn what_is_malformed_ends_with_2_and_a_pointer() {
    let bench = Bench::new();
    bench.hefu_reading("{", &["settle", "eval"]).check_because(2, "is not JSON");
    bench.hefu_reading(r#"{"vectors":7}"#, &["settle", "eval"]).check_because(2, "/vectors");
    let slip = r#"{"terms":{"obligor":"brand","split":[["kol",1]],"components":[]},"events":[]}"#;
    bench.hefu_reading(slip, &["settle", "scenario"]).check_because(2, "/terms/split/0/1");
}
