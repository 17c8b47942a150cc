//! Term sheets: what is read, what is refused and where, and which new versions may follow.

use serde_json::{Value, json};

use super::sheet;
use crate::{
    settlement::{Party, Terms},
    time::Time,
};

#[test]
fn the_rules_own_example_is_read() {
    let example = json!({
        "contract_id": "C1", "version": "2", "prev": "hash", "currency": "CNY", "tz_offset_min": "480",
        "effective_from": "2026-03-01T00:00:00+08:00", "required_signers": ["brand", "kolA", "mcn1"],
        "obligor": "brand", "fee_to": "platform", "feeds": ["douyin:shop1"],
        "scope": {"products": ["SKU1"], "contents": "any"},
        "base": {"goods": "1", "merchant_discount": "-1", "platform_coupon": "-1", "tax": "-1", "shipping": "0"},
        "partial_refund": "proportional",
        "components": [
            {"id": "comm", "kind": "per_line", "ppm": "200000", "round": "half_up", "fee_ppm": "100000"},
            {"id": "tier", "kind": "tiered", "mode": "marginal", "metric": "net_base",
             "steps": [["0", "0"], ["10000000", "20000"]], "fee_ppm": "100000"},
            {"id": "bonus", "kind": "threshold", "metric": "net_units", "at_least": "1000", "amount": "500000",
             "fee_ppm": "0"},
            {"id": "fee1", "kind": "fixed", "amount": "3000000", "due": "milestone:draft_accepted"},
        ],
        "cap": null, "guarantee": {"amount": "2000000", "due": "sign"}, "split": [["kolA", "7"], ["mcn1", "3"]],
        "hold_days": "15", "release_blocked_by_aftersale": true, "reserve": null, "period": "month",
        "dispute_days": "30", "min_payout": "10000", "clawback_limit": "5000000", "decrease_notice_days": "30",
    });
    let terms = Terms::read(&example).unwrap();
    assert_eq!((terms.heading.version, terms.components.len(), terms.roles.split.parties.len()), (2, 4, 2));
    assert_eq!(terms.heading.effective_from, Some(Time::from_rfc3339("2026-02-28T16:00:00Z").unwrap()));
}

#[test]
fn every_slip_in_a_term_sheet_has_its_word_and_place() {
    let component = |more: Value| {
        let mut component = json!({"id": "c", "kind": "per_line", "ppm": "1"});
        for (name, value) in more.as_object().unwrap() {
            component[name] = value.clone();
        }
        json!({ "components": [component] })
    };
    let tiered = |more: Value| {
        let mut tiered =
            json!({"id": "c", "kind": "tiered", "mode": "slab", "metric": "net_base", "steps": [["0", "0"]]});
        for (name, value) in more.as_object().unwrap() {
            tiered[name] = value.clone();
        }
        json!({ "components": [tiered] })
    };
    let one = json!({"id": "c", "kind": "per_line", "ppm": "1"});
    let many: Vec<_> = (0..65).map(|number| json!([format!("p{number}"), "1"])).collect();
    for (more, word, pointer) in [
        (json!({"bonus": "1"}), "field_unknown", "/bonus"),
        (json!({"obligor": null}), "field_missing", "/obligor"),
        (json!({"obligor": "Brand"}), "word", "/obligor"),
        (json!({"hold_days": 15}), "form", "/hold_days"),
        (json!({"hold_days": "15.0"}), "form", "/hold_days"),
        (json!({"hold_days": "015"}), "form", "/hold_days"),
        (json!({"hold_days": "-1"}), "units_range", "/hold_days"),
        (json!({"currency": "ABC"}), "word", "/currency"),
        (json!({"reserve": "1"}), "unsupported", "/reserve"),
        (json!({"split": [["kol", "0"], ["mcn", "0"]]}), "weights_zero", "/split"),
        (json!({"split": [["kol", "-1"], ["mcn", "2"]]}), "weight_range", "/split"),
        (json!({"split": [["kol", "1000000000001"]]}), "weight_range", "/split"),
        (json!({ "split": many }), "weights_count", "/split"),
        (json!({"split": [["kol", "1"], ["kol", "1"]]}), "twice", "/split"),
        (json!({"split": [["kol"]]}), "count", "/split/0"),
        (json!({"cap": "100000000000000001"}), "amount_range", "/cap"),
        (json!({"cap": "999999999999999999999999999999999999999999"}), "amount_range", "/cap"),
        (json!({"cap": "-1"}), "base_negative", "/cap"),
        (json!({"guarantee": {"amount": "1"}}), "field_missing", "/guarantee/due"),
        (json!({"period": "month"}), "field_missing", "/tz_offset_min"),
        (
            json!({"period": {"from": "2026-03-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"}}),
            "period_outside",
            "/period",
        ),
        (json!({"components": [one, one]}), "twice", "/components"),
        (
            json!({"fee_to": null, "components": [{"id": "c", "kind": "per_line", "ppm": "1", "fee_ppm": "1"}]}),
            "field_missing",
            "/fee_to",
        ),
        (component(json!({"ppm": "1000001"})), "rate_range", "/components/0/ppm"),
        (component(json!({"ppm": "-1"})), "rate_range", "/components/0/ppm"),
        (component(json!({"fee_ppm": "1000001"})), "rate_range", "/components/0/fee_ppm"),
        (component(json!({"round": "up"})), "word", "/components/0/round"),
        (component(json!({"kind": "magic"})), "word", "/components/0/kind"),
        (component(json!({"steps": []})), "field_unknown", "/components/0/steps"),
        (component(json!({"id": "a:b"})), "word", "/components/0/id"),
        (tiered(json!({"steps": [["0", "0"], ["5", "1"], ["5", "2"]]})), "steps_order", "/components/0/steps"),
        (tiered(json!({"steps": [["1", "0"]]})), "steps_order", "/components/0/steps"),
        (tiered(json!({"steps": []})), "steps_order", "/components/0/steps"),
        (tiered(json!({"steps": [["0", "-1000001"]]})), "rate_range", "/components/0/steps/0/1"),
        (tiered(json!({"mode": "marginal", "metric": "orders"})), "unsupported", "/components/0/metric"),
    ] {
        let slip = Terms::read(&sheet(&more)).unwrap_err();
        assert_eq!((slip.fault.word(), slip.pointer.as_str()), (word, pointer), "{more}");
    }
}

/// What is said of an amendment that is signed on 1 March and changes a second version like this.
fn amend(more: &Value, from: &str, signers: &[&str]) -> &'static str {
    let common = json!({"required_signers": ["brand", "kol"], "decrease_notice_days": "30", "cap": "500000"});
    let mut second = sheet(&common);
    second["version"] = json!("2");
    second["effective_from"] = json!(from);
    for (name, value) in more.as_object().unwrap() {
        second[name] = value.clone();
    }
    let signers: Vec<_> = signers.iter().filter_map(|signer| Party::new(signer)).collect();
    let at = Time::from_rfc3339("2026-03-01T00:00:00Z").unwrap();
    let first = Terms::read(&sheet(&common)).unwrap();
    let checked = first.check_amendment(&Terms::read(&second).unwrap(), &signers, at);
    checked.map_or_else(|reason| reason.word(), |()| "ok")
}

#[test]
fn reductions_need_notice_and_increases_do_not() {
    let per_line =
        |ppm: &str, fee: &str| json!({"components": [{"id": "comm", "kind": "per_line", "ppm": ppm, "fee_ppm": fee}]});
    let with_malus = json!({"components": [
        {"id": "comm", "kind": "per_line", "ppm": "100000"},
        {"id": "quality", "kind": "tiered", "mode": "slab", "metric": "refund_rate_ppm",
         "steps": [["0", "0"], ["80000", "-20000"]]},
    ]});
    for (more, is_reduction) in [
        (json!({}), false),
        (per_line("100001", "0"), false),
        (per_line("99999", "0"), true),
        (per_line("100000", "1"), true),
        (json!({"components": []}), true),
        (with_malus, true),
        (json!({"hold_days": "14"}), false),
        (json!({"hold_days": "16"}), true),
        (json!({"cap": "500001"}), false),
        (json!({"cap": null}), false),
        (json!({"cap": "499999"}), true),
        (json!({"guarantee": {"amount": "1", "due": "sign"}}), false),
        (json!({"split": [["kol", "9"]]}), false),
        (json!({"split": [["kol", "9"], ["mcn", "1"]]}), true),
        (json!({"min_payout": "1"}), true),
        (json!({"base": {"goods": "1", "merchant_discount": "-1", "tax": "-1"}}), true),
    ] {
        let at_once = amend(&more, "2026-03-01T00:00:00Z", &["kol", "brand"]);
        assert_eq!(at_once, if is_reduction { "amendment_notice" } else { "ok" }, "{more}");
        assert_eq!(amend(&more, "2026-03-31T00:00:00Z", &["kol", "brand"]), "ok", "{more}");
    }
}

#[test]
fn a_version_follows_the_one_before_signed_and_never_backwards() {
    let both = ["brand", "kol"];
    for (more, from, signers, expected) in [
        (json!({}), "2026-03-01T00:00:00Z", &both[..], "ok"),
        (json!({}), "2026-02-28T23:59:59Z", &both, "amendment_retroactive"),
        (json!({}), "2026-03-01T00:00:00Z", &["brand"], "amendment_unsigned"),
        (json!({"required_signers": ["mcn"]}), "2026-03-01T00:00:00Z", &both, "amendment_unsigned"),
        (json!({"version": "3"}), "2026-03-01T00:00:00Z", &both, "amendment_version"),
        (json!({"currency": "JPY"}), "2026-03-01T00:00:00Z", &both, "amendment_contract"),
        (json!({"obligor": "fund"}), "2026-03-01T00:00:00Z", &both, "amendment_contract"),
    ] {
        assert_eq!(amend(&more, from, signers), expected, "{more} {from}");
    }
}
