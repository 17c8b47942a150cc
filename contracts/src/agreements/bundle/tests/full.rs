//! Full bundles: every fact is the one that the feed's key signed.

use hefu_keys::parts;

use super::*;
use crate::{
    agreements::{
        ATTRIBUTION,
        tests::{FEED, order_of},
    },
    tests::{Deed, key},
};

const WHOLE: u32 = 1_000_000;

/// Two contracts that share lines, a feed whose key is replaced between them, and a milestone.
fn shared() -> Trade {
    let mut trade = Trade::signed();
    trade.sign(&sheet("C2")).unwrap();
    let shares = [("C1", 600_000), ("C2", 400_000)];
    for order in ["one", "two"] {
        trade.paid(order, 10_001, &shares).unwrap();
        trade.received(order).unwrap();
    }
    trade.refunded("one", 3_333, 0).unwrap();
    let reached = json!({"contract": "C1", "name": "delivered"});
    let body = json!({"at": trade.world.time, "fact": {"milestone": reached}});
    trade.take("corenest", Action::FactReport, body).unwrap();
    let grant = json!({"grants": [{"role": "report"}], "key": key("clerk").address()});
    trade.world.take("douyin", &Deed::new(Action::KeyGrant, grant).with("clerk")).unwrap();
    trade.take("douyin", Action::FeedPut, json!({"feed": FEED, "key": key("clerk").address()})).unwrap();
    let refund = trade.fact("refunded", "one", &json!({"parts": {"goods": "3334"}, "units": "0"}));
    trade.world.take("clerk", &refund).unwrap();
    let three = trade.paid_deed("three", 777, 1, &[("C1", WHOLE)]);
    trade.world.take("clerk", &three).unwrap();
    trade.wait(20);
    trade.take("corenest", Action::StatementIssue, json!({"contract": "C1", "period": "2026-09"})).unwrap();
    let later = trade.paid_deed("later", 777, 1, &shares);
    trade.world.take("clerk", &later).unwrap();
    trade
}

fn full(kept: &Kept) -> Value {
    let bundle =
        build(kept, &kept.tree, Which { contract: "C1", party: "adu", number: 1 }, Extent::Full).unwrap().unwrap();
    let text = bundle.text().unwrap();
    assert_eq!(
        serde_json::to_value(Bundle::read(text.as_bytes()).unwrap()).unwrap(),
        serde_json::to_value(bundle).unwrap()
    );
    serde_json::from_str(&text).unwrap()
}

/// What is found of a bundle, and the words for it.
fn found(bundle: &Value, kept: &Kept) -> (What, String) {
    let text = hefu_keys::canonical::to_string(bundle).unwrap();
    let broken = Bundle::read(text.as_bytes()).unwrap().check(&kept.chain()).unwrap_err();
    (broken.what, broken.reason)
}

/// Where the record is in the bundle that reports a line, under this name of its fact.
fn place_of(bundle: &Value, fact: &str, order: &str) -> usize {
    let order = order_of(order, "2026-09");
    let records = bundle["facts"]["records"].as_array().unwrap();
    records.iter().position(|record| record["record"]["body"]["fact"][fact]["order"] == order).unwrap()
}

#[test]
fn every_fact_is_there_with_ones_own_share_alone() {
    let kept = Kept::new(shared().world);
    let bundle = full(&kept);
    let proven = Bundle::read(hefu_keys::canonical::to_string(&bundle).unwrap().as_bytes()).unwrap();
    let proven = proven.check(&kept.chain()).unwrap();
    assert!(proven.has_facts);
    let records = bundle["facts"]["records"].as_array().unwrap();
    let disclosed: Vec<&Value> = records.iter().filter_map(|record| record.get("disclosed")).collect();
    // Nine facts and two records that set the feed's key; three lines were paid.
    assert_eq!((records.len(), disclosed.len()), (9 + 2 - 1, 3));
    for shown in disclosed {
        let elements = shown[ATTRIBUTION].as_array().unwrap();
        assert_eq!(elements.len(), 1);
        assert!(elements[0]["element"].as_str().unwrap().starts_with("[\"C1\","));
    }
    let plain =
        build(&kept, &kept.tree, Which { contract: "C1", party: "adu", number: 1 }, Extent::Plain).unwrap().unwrap();
    assert!(!plain.check(&kept.chain()).unwrap().has_facts);
    assert!(!plain.text().unwrap().contains("fact.report"), "without being asked, no record is added");
}

#[test]
fn a_fact_that_is_missing_altered_or_not_asked_for_is_found() {
    let kept = Kept::new(shared().world);
    let good = full(&kept);
    let paid = place_of(&good, "paid", "one");
    let other = place_of(&good, "paid", "two");
    type Change<'c> = &'c dyn Fn(&mut Vec<Value>);
    let to_records: [(&str, Change<'_>, What, &str); 6] = [
        ("omitted", &|records| drop(records.remove(paid)), What::Record, "missing or altered"),
        (
            "altered",
            &|records| records[paid]["record"]["body"]["fact"]["paid"]["parts"]["goods"] = json!("10000"),
            What::Record,
            "missing or altered",
        ),
        ("doubled", &|records| records.push(records[paid].clone()), What::Record, "there twice"),
        (
            "signed otherwise",
            &|records| {
                let value = records[other]["record"]["proof"]["proofValue"].clone();
                records[paid]["record"]["proof"]["proofValue"] = value;
            },
            What::Record,
            "a signature does not match",
        ),
        (
            "without its share",
            &|records| drop(records[paid].as_object_mut().unwrap().remove("disclosed")),
            What::Element,
            "one share is disclosed",
        ),
        (
            "with another share",
            &|records| records[paid]["disclosed"][ATTRIBUTION][0]["element"] = json!("[\"C1\",\"500000\"]"),
            What::Element,
            "",
        ),
    ];
    for (how, change, what, words) in to_records {
        let mut bundle = good.clone();
        change(bundle["facts"]["records"].as_array_mut().unwrap());
        let (is, reason) = found(&bundle, &kept);
        assert!(is == what && reason.contains(words), "{how}: {is:?}: {reason}");
    }

    let of = |order: &str| {
        let named = |text: &str| text.contains("\"paid\"") && text.contains(order);
        kept.world.submissions.values().find(|submission| named(&submission.record().text)).unwrap()
    };
    let list = &of(&order_of("one", "2026-09")).annex().lists[ATTRIBUTION];
    let mut foreign = good.clone();
    let theirs = parts::disclose(&list.salt, &list.elements, 1).unwrap();
    foreign["facts"]["records"][paid]["disclosed"][ATTRIBUTION][0] = json!(theirs);
    assert_eq!(found(&foreign, &kept), (What::Element, "the share is that of the contract C2".to_owned()));
    let mut surplus = good.clone();
    let later: Value = serde_json::from_str(&of(&order_of("later", "2026-10")).record().text).unwrap();
    surplus["facts"]["records"].as_array_mut().unwrap().push(json!({"record": later}));
    assert_eq!(found(&surplus, &kept), (What::Record, "the record has no entry".to_owned()));

    let mut feedless = good.clone();
    feedless["facts"]["feeds"] = json!([]);
    assert_eq!(found(&feedless, &kept).0, What::Fact);
    let mut earlier = good;
    earlier["facts"]["feeds"][0]["entries"].as_array_mut().unwrap().pop();
    assert_eq!(found(&earlier, &kept).0, What::History);
}

/// A quorum that enters what nobody has signed is found, whatever it hashes and certifies.
#[test]
fn an_entry_that_its_record_does_not_bear_out_is_found() {
    type Change = fn(&mut Deed);
    let lies: [(&str, &str, Change, &str); 4] = [
        ("another key of the platform", "clerk", |_| {}, "was not the key of the feed"),
        ("a stranger", "adu", |_| {}, "was not the key of the feed"),
        ("another feed", "douyin", |deed| deed.body["feed"] = json!("douyin:shop2"), "is not this contract's"),
        (
            "another amount",
            "douyin",
            |deed| deed.body["fact"]["paid"]["parts"]["goods"] = json!("10100"),
            "not what the record says",
        ),
    ];
    for (who, signer, change, words) in lies {
        let mut trade = shared();
        let second = json!({"feed": "douyin:shop2", "key": key("douyin").address()});
        trade.take("douyin", Action::FeedPut, second).unwrap();
        let now = std::mem::replace(&mut trade.world.time, crate::tests::time(crate::tests::NOW));
        let mut deed = trade.paid_deed("one", 10_001, 1, &[("C1", 600_000), ("C2", 400_000)]);
        trade.world.time = now;
        change(&mut deed);
        let lie = trade.world.sign(signer, &deed);
        let first = trade.world.entries.get_mut(&("account/C1/adu".to_owned(), 1)).unwrap();
        let mut entry: crate::entry::Entry = serde_json::from_str(first).unwrap();
        entry.record = lie.id();
        *first = entry.text();
        trade.world.submissions.insert(lie.id(), lie);
        rechain(&mut trade.world);
        let kept = Kept::new(trade.world);
        let (what, reason) = found(&full(&kept), &kept);
        assert!(what == What::Fact && reason.contains(words), "{who}: {what:?}: {reason}");
    }
}
