//! The bytes of every record and row about agreements, frozen.

use super::*;
use crate::{entry::Entry, record::Body, row::Row, submission::Unverified, tests::golden::golden};

/// A trade in which everything happened once.
fn everything() -> Trade {
    let mut trade = Trade::signed();
    let deed = trade.paid_deed("one", 10_000, 1, &[("C1", 1_000_000)]);
    trade.world.take("douyin", &deed).unwrap();
    let mut shipped = trade.fact("shipped", "one", &json!({}));
    shipped.lists.insert(CODES.to_owned(), vec![format!("https://id.gs1.org/01/{REFILL}/21/A")]);
    trade.world.take("douyin", &shipped).unwrap();
    let now = trade.world.time;
    let milestone = json!({"afterMin": 12, "contract": "C1", "name": "answered"});
    trade.take("corenest", Action::FactReport, json!({"at": now, "fact": {"milestone": milestone}})).unwrap();
    trade.received("one").unwrap();
    for fact in ["aftersaleOpen", "aftersaleClosed"] {
        let deed = trade.fact(fact, "one", &json!({}));
        trade.world.take("douyin", &deed).unwrap();
    }
    trade.wait(16);
    trade.release("C1", &[unit("one")]).unwrap();
    trade.take("adu", Action::PeriodClose, json!({"contract": "C1"})).unwrap();
    let evidence = Hash::of(b"evidence");
    let dispute = json!({"contract": "C1", "evidence": evidence, "reason": "delivery", "unit": unit("one")});
    trade.take("adu", Action::DisputeOpen, dispute).unwrap();
    let decided = json!({"contract": "C1", "outcome": "dismissed", "unit": unit("one")});
    trade.world.take("wise", &Trade::deed(Action::DisputeClose, decided).with("corenest")).unwrap();
    trade.take("adu", Action::StatementIssue, json!({"contract": "C1", "period": "2026-09"})).unwrap();
    trade.take("adu", Action::StatementAccept, json!({"contract": "C1", "number": 1})).unwrap();
    let payouts = json!([{"amount": "1000", "contract": "C1", "party": "adu", "taxWithheld": "100"}]);
    let instructed = json!({"batch": "B1", "file": Hash::of(b"file"), "payouts": payouts});
    trade.take("corenest", Action::PayoutInstruct, instructed).unwrap();
    let mut arrived = json!({"batch": "B1", "contract": "C1", "paid": true, "party": "adu", "provider": "bank"});
    arrived["receipt"] = json!(Hash::of(b"receipt"));
    trade.world.take("corenest", &Trade::deed(Action::PayoutReceipt, arrived).with("adu")).unwrap();
    let mut refunded =
        trade.fact("refunded", "one", &json!({"parts": {"goods": "2500"}, "refundOnly": "damaged", "units": "1"}));
    refunded.lists.insert(CODES.to_owned(), vec![format!("https://id.gs1.org/01/{REFILL}/21/A")]);
    trade.world.take("douyin", &refunded).unwrap();
    let adjustment = json!({"about": unit("one"), "amounts": {"adu": "100"}, "contract": "C1",
        "evidence": evidence, "name": "A1", "reason": "goodwill"});
    let deed = Trade::deed(Action::AgreementAdjust, adjustment).with("corenest").with("adu");
    trade.world.take("mcn", &deed).unwrap();
    trade.sign(&super::pools::sheet()).unwrap();
    let mut deed = super::pools::cost(&trade, "press", "fixed", "6000").with("adu");
    deed.body["at"] = json!(now);
    trade.world.take("corenest", &deed).unwrap();
    trade
}

#[test]
fn records_about_agreements_are_frozen() {
    let trade = everything();
    // By sequence number, so that the first of each kind is always the same.
    let mut submissions: Vec<_> = trade.world.submissions.values().collect();
    submissions.sort_by_key(|submission| (submission.record().seq, submission.record().text.clone()));
    let mut names = std::collections::BTreeSet::new();
    for submission in submissions {
        let Body::Agreement(act) = &submission.record().body else { continue };
        let name = match act.to_value()["fact"].as_object().and_then(|fact| fact.keys().next().cloned()) {
            Some(fact) => format!("fact.{fact}"),
            None => submission.record().action.name().to_owned(),
        };
        if !names.insert(name.clone()) {
            continue;
        }
        let file = golden(&format!("records/{name}.json"), &submission.text());
        let read = Unverified::read(file.as_bytes()).unwrap().verify().unwrap();
        assert_eq!((read.id(), read.text()), (submission.id(), file.clone()), "{name}");
        let document: Value = serde_json::from_str(&submission.record().text).unwrap();
        assert_eq!(act.to_value(), document["body"], "{name} is not spelt as it was read");
    }
    assert_eq!(names.len(), 19, "{names:?}");
}

#[test]
fn rows_and_entries_of_agreements_are_frozen() {
    let trade = everything();
    let kinds = [
        "account",
        "adjustment",
        "agreement",
        "cost",
        "dispute",
        "feed",
        "line",
        "order",
        "payout",
        "sale",
        "segment",
        "sold",
        "statement",
        "terms",
    ];
    for kind in kinds {
        let prefix = format!("{kind}/");
        let (key, row) = trade.world.rows.iter().find(|(key, _)| key.starts_with(&prefix)).unwrap();
        let file = golden(&format!("rows/{kind}.json"), &row.text());
        assert_eq!(Row::read(&file).unwrap(), *trade.world.rows[key]);
    }
    let text = &trade.world.entries[&("account/C1/adu".to_owned(), 1)];
    let file = golden("entry-of-account.json", text);
    assert_eq!(serde_json::from_str::<Entry>(&file).unwrap().text(), file);
}
