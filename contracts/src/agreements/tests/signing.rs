//! Who signs what, and when it holds.

use super::*;

#[test]
fn an_agreement_is_signed_by_everybody_it_requires() {
    let mut trade = Trade::new();
    let unsigned = Trade::deed(Action::AgreementSign, json!({"terms": sheet("C1")})).with("adu");
    trade.world.refuses("corenest", &unsigned, Code::AgreementUnsigned, None);
    let record = trade.sign(&sheet("C1")).unwrap();
    let Data::Terms(terms) = &trade.world.rows["terms/C1/1"].data else { panic!("no terms") };
    assert_eq!((terms.record, terms.time), (record, trade.world.time));
    let Data::Agreement(agreement) = &trade.world.rows["agreement/C1"].data else { panic!("no agreement") };
    let parties: Vec<_> = agreement.parties.iter().map(String::as_str).collect();
    assert_eq!(parties, ["adu", "corenest", "douyin", "mcn", "wise"]);
}

#[test]
fn terms_are_for_their_parties_alone() {
    let mut trade = Trade::new();
    let public = Deed::new(Action::AgreementSign, json!({"terms": sheet("C1")})).with("adu").with("mcn");
    trade.world.refuses("corenest", &public, Code::RecordPublic, None);
}

#[test]
fn an_exercise_moves_no_money() {
    let mut trade = Trade::signed();
    let deed = trade.paid_deed("o", 10_000, 1, &[("C1", 1_000_000)]);
    let mut draft = trade.world.draft(&deed, 2);
    draft.drill = true;
    let exercise = trade.world.seal("douyin", &deed, &mut draft);
    let refusal = trade.world.execute(&exercise).unwrap_err();
    assert_eq!((refusal.code, refusal.pointer.as_str()), (Code::RecordDrill, "/drill"));
    assert_eq!(trade.holds("C1", "adu", "accrued"), 0);
}

#[test]
fn a_sheet_that_obliges_the_unasked_is_refused() {
    let mut trade = Trade::new();
    let mut unasked = sheet("C1");
    unasked["required_signers"] = json!(["adu", "mcn"]);
    assert_eq!(trade.sign(&unasked).unwrap_err().code, Code::AgreementObliged);
    let mut risky = sheet("C1");
    risky["risk_weights"] = json!([["corenest", "1"], ["may", "1"]]);
    assert_eq!(trade.sign(&risky).unwrap_err().code, Code::AgreementObliged);
    let mut judge = sheet("C1");
    judge["arbiter"] = json!("mcn");
    assert_eq!(trade.sign(&judge).unwrap_err().code, Code::AgreementParty);
    let mut unknown = sheet("C1");
    unknown["arbiter"] = json!("nobody");
    assert_eq!(trade.sign(&unknown).unwrap_err().code, Code::PartyUnknown);
}

#[test]
fn a_sheet_that_does_not_hold_is_malformed_with_a_pointer() {
    for (field, value, code, pointer) in [
        (
            "components",
            json!([{"id": "c", "kind": "per_line", "ppm": "1000001"}]),
            Code::TermsForm,
            "/components/0/ppm",
        ),
        ("split", json!([["adu", "0"]]), Code::TermsForm, "/split"),
        ("surprise", json!("1"), Code::FieldUnknown, "/surprise"),
        ("hold_days", json!(15), Code::TermsForm, "/hold_days"),
    ] {
        let mut sheet = sheet("C1");
        sheet[field] = value;
        let text = json!({"terms": sheet}).to_string();
        let text = hefu_keys::canonical::to_string(&serde_json::from_str::<Value>(&text).unwrap()).unwrap();
        let refusal = crate::agreements::Act::read(Action::AgreementSign, &text).unwrap_err();
        assert_eq!((refusal.code, refusal.pointer), (code, format!("/body/terms{pointer}")));
    }
}

#[test]
fn a_new_version_follows_the_one_before_with_all_signatures_and_notice() {
    let mut trade = Trade::new();
    let first = trade.sign(&sheet("C1")).unwrap();
    let lower = json!({"components": [{"id": "comm", "kind": "per_line", "ppm": "100000", "fee_ppm": "100000"}]});
    let higher = json!({"components": [{"id": "comm", "kind": "per_line", "ppm": "300000", "fee_ppm": "100000"}]});
    let soon = "2026-09-22T00:00:00+08:00";
    for (sheet, code) in [
        (sheet("C1"), Code::AgreementVersion),
        (amended(&sheet("C1"), Hash::ZERO, soon, &higher), Code::AgreementVersion),
        (amended(&sheet("C1"), first, "2026-09-21T00:00:00+08:00", &higher), Code::AgreementRetroactive),
        (amended(&sheet("C1"), first, soon, &lower), Code::AgreementNotice),
        (amended(&sheet("C1"), first, soon, &json!({"split": [["may", "1"]]})), Code::AgreementOther),
        (amended(&sheet("C1"), first, soon, &json!({"currency": "JPY"})), Code::AgreementOther),
    ] {
        let refusal = trade.sign(&sheet).unwrap_err();
        assert_eq!(refusal.code, code, "{refusal} {sheet}");
    }
    let second = amended(&sheet("C1"), first, soon, &higher);
    let half = Trade::deed(Action::AgreementSign, json!({"terms": second})).with("adu");
    trade.world.refuses("corenest", &half, Code::AgreementUnsigned, Some(first));
    trade.sign(&second).unwrap();
    // Lines count under the version in force when they were paid.
    trade.paid("before", 10_000, &[("C1", 1_000_000)]).unwrap();
    assert_eq!(trade.holds("C1", "adu", "accrued"), 1_260);
    trade.wait(1);
    trade.paid("after", 10_000, &[("C1", 1_000_000)]).unwrap();
    assert_eq!(trade.holds("C1", "adu", "accrued"), 1_260 + 1_890);
    assert_eq!(trade.total("C1"), 0);
}

#[test]
fn a_feed_is_its_platforms_and_signed_by_the_key_it_names() {
    let mut trade = Trade::signed();
    let feed = |feed: &str, by: &str| json!({"feed": feed, "key": key(by).address()});
    trade.refuses("adu", Action::FeedPut, feed("douyin:mine", "adu"), Code::FeedOther);
    trade.refuses("douyin", Action::FeedPut, feed("douyin", "douyin"), Code::RecordShape);
    trade.refuses("douyin", Action::FeedPut, feed("douyin:two", "adu"), Code::KeyOfOther);
    trade.refuses("douyin", Action::FeedPut, feed("douyin:two", "nobody"), Code::KeyUnknown);
    let grants = json!({"grants": [{"role": "report"}], "key": key("gateway").address()});
    trade.world.take("douyin", &Deed::new(Action::KeyGrant, grants).with("gateway")).unwrap();
    let put = trade.take("douyin", Action::FeedPut, feed(FEED, "gateway")).unwrap();
    let deed = trade.paid_deed("o", 100, 1, &[]);
    trade.world.refuses("douyin", &deed, Code::FeedKey, Some(put));
    trade.world.refuses("adu", &deed, Code::FeedKey, Some(put));
    trade.world.take("gateway", &deed).unwrap();
}
