//! Bundles hold, and no change to one does.

mod full;
mod mutants;
mod random;

use hefu_keys::Hash;
use serde_json::{Value, json};

use super::{Bundle, Extent, Which, build};
use crate::{
    action::Action,
    agreements::tests::{Trade, amended, sheet, unit},
    proof::What,
    tests::kept::Kept,
};

/// Two statements with an amendment between them; the creator's second one.
fn stated() -> Trade {
    let mut trade = Trade::new();
    let first = trade.sign(&sheet("C1")).unwrap();
    for order in ["one", "two", "three"] {
        trade.paid(order, 10_001, &[("C1", 1_000_000)]).unwrap();
        trade.received(order).unwrap();
    }
    trade.refunded("two", 10_001, 1).unwrap();
    trade.wait(20);
    trade.release("C1", &["one", "two", "three"].map(unit)).unwrap();
    trade.take("corenest", Action::StatementIssue, json!({"contract": "C1", "period": "2026-09"})).unwrap();
    let higher = json!({"components": [{"id": "comm", "kind": "per_line", "ppm": "300000", "fee_ppm": "100000"}]});
    trade.sign(&amended(&sheet("C1"), first, "2026-10-12T00:00:00+08:00", &higher)).unwrap();
    trade.refunded("one", 5_000, 0).unwrap();
    trade.wait(5);
    trade.paid("four", 777, &[("C1", 500_000)]).unwrap();
    trade.wait(20);
    trade.take("adu", Action::StatementIssue, json!({"contract": "C1", "period": "2026-10"})).unwrap();
    trade.paid("later", 777, &[("C1", 500_000)]).unwrap();
    trade
}

fn bundle(kept: &Kept, party: &str, number: u64) -> Bundle {
    build(kept, &kept.tree, Which { contract: "C1", party, number }, Extent::Plain).unwrap().unwrap()
}

fn checked(bundle: &Value, chain: &Hash) -> Result<(), What> {
    let text = hefu_keys::canonical::to_string(bundle).unwrap();
    let found = Bundle::read(text.as_bytes()).and_then(|bundle| bundle.check(chain));
    found.map(drop).map_err(|broken| broken.what)
}

#[test]
fn every_partys_statements_hold() {
    let kept = Kept::new(stated().world);
    for party in ["adu", "mcn", "corenest", "douyin"] {
        for number in [1, 2] {
            let text = bundle(&kept, party, number).text().unwrap();
            let proven = Bundle::read(text.as_bytes()).unwrap().check(&kept.chain()).unwrap();
            assert_eq!((proven.party.as_str(), proven.number), (party, number));
            let stretch = proven.statement.closing.n - proven.statement.opening.n;
            assert_eq!(u64::try_from(proven.entries.len()), Ok(stretch));
            assert_eq!(proven.terms.len(), 2);
        }
    }
    let proven = bundle(&kept, "adu", 2).check(&kept.chain()).unwrap();
    // 12.60 and 12.60 released; half of one refunded; 3.88 at 30 % less a tenth, of which seven tenths.
    let balances = &proven.statement.closing.balances;
    assert_eq!((balances["payable"].get(), balances["accrued"].get()), (1_260 + 630, 73));
    assert!(
        build(&kept, &kept.tree, Which { contract: "C1", party: "adu", number: 3 }, Extent::Plain).unwrap().is_none()
    );
}

#[test]
fn a_statement_tells_every_amount_with_its_arithmetic() {
    let kept = Kept::new(stated().world);
    let told: Vec<_> = bundle(&kept, "adu", 2).movements().unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|movement| {
            let amounts = (movement.amount.get(), movement.balance.get());
            (movement.event.as_str(), movement.bucket.as_str(), amounts, movement.formula.as_deref().unwrap_or("-"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("refund", "payable", (-630, 1_890), "50.01 × 20% = 10.00; − 10% = 9.00; × 7/10 = 6.30"),
            ("paid", "accrued", (73, 73), "3.88 × 30% = 1.16; − 10% = 1.04; × 7/10 = 0.73"),
        ]
    );
    let first = bundle(&kept, "adu", 1).movements().unwrap();
    let moved = first.iter().find(|movement| movement.event == "release" && movement.bucket == "payable").unwrap();
    assert_eq!((moved.amount.get(), moved.unit.as_deref()), (1_260, Some(unit("one").as_str())));
    assert_eq!(moved.formula.as_deref(), Some("100.01 × 20% = 20.00; − 10% = 18.00; × 7/10 = 12.60"));
}

#[test]
fn whatever_is_changed_is_found() {
    let kept = Kept::new(stated().world);
    let good = serde_json::to_value(bundle(&kept, "adu", 2)).unwrap();
    let agency = serde_json::to_value(bundle(&kept, "mcn", 2)).unwrap();
    let earlier = serde_json::to_value(bundle(&kept, "adu", 1)).unwrap();
    assert_eq!(checked(&good, &kept.chain()), Ok(()));
    assert_eq!(checked(&good, &Hash::of(b"another chain")), Err(What::Genesis));

    type Change = fn(&mut Vec<Value>);
    let to_entries: [(&str, Change); 5] = [
        ("a line omitted", |entries| drop(entries.remove(4))),
        ("reordered", |entries| entries.swap(1, 2)),
        ("doubled", |entries| entries.insert(1, entries[0].clone())),
        ("edited", |entries| entries[0]["data"][0]["postings"][0]["amount"] = json!("1261")),
        ("the event edited", |entries| entries[0]["data"][0]["event"]["parts"]["goods"] = json!("10002")),
    ];
    for (what, change) in to_entries {
        let mut bundle = good.clone();
        change(bundle["proof"]["histories"][0]["entries"].as_array_mut().unwrap());
        assert_eq!(checked(&bundle, &kept.chain()), Err(What::History), "{what}");
    }
    for (what, pointer, from, expected) in [
        ("another party's account", "/proof/histories", &agency, What::History),
        ("another party's rows", "/proof/rows", &agency, What::Register),
        ("another statement's rows", "/proof/rows", &earlier, What::Register),
        ("another statement's subject", "/proof/subject", &earlier, What::History),
    ] {
        let mut bundle = good.clone();
        *bundle.pointer_mut(pointer).unwrap() = from.pointer(pointer).unwrap().clone();
        assert_eq!(checked(&bundle, &kept.chain()), Err(expected), "{what}");
    }
    let mut unsigned = good.clone();
    unsigned["proof"]["records"][0]["record"]["body"]["terms"]["hold_days"] = json!("0");
    assert_eq!(checked(&unsigned, &kept.chain()), Err(What::Terms));
    let mut fewer = good.clone();
    fewer["proof"]["records"].as_array_mut().unwrap().pop();
    assert_eq!(checked(&fewer, &kept.chain()), Err(What::Terms));
    let mut other = good;
    other["version"] = json!(2);
    assert_eq!(checked(&other, &kept.chain()), Err(What::Form));
}

/// Under a header from before the statement, its rows do not stand.
#[test]
fn a_stale_header_proves_nothing() {
    let trade = stated();
    let now = Kept::new(trade.world);
    let mut good = serde_json::to_value(bundle(&now, "adu", 2)).unwrap();
    let mut before = Trade::signed();
    before.paid("one", 10_001, &[("C1", 1_000_000)]).unwrap();
    let stale = Kept::new(before.world);
    let proof = serde_json::to_value(stale.prove("party/adu")).unwrap();
    for part in ["header", "certificate"] {
        good["proof"][part] = proof[part].clone();
    }
    assert_eq!(checked(&good, &now.chain()), Err(What::Register));
}

/// Hashes the creator's account anew, and states what it says.
fn rechain(world: &mut crate::tests::World) {
    let key = "account/C1/adu".to_owned();
    let mut head = Hash::ZERO;
    let mut heads = vec![head];
    for n in 1..=world.rows[&key].n {
        let entry: crate::entry::Entry = serde_json::from_str(&world.entries[&(key.clone(), n)]).unwrap();
        head = entry.extend(&head);
        heads.push(head);
    }
    world.rows.get_mut(&key).unwrap().head = head;
    for (_, row) in world.rows.iter_mut().filter(|(key, _)| key.starts_with("statement/C1/adu/")) {
        let crate::row::Data::Statement(statement) = &mut row.data else { panic!("no statement") };
        statement.opening.head = heads[usize::try_from(statement.opening.n).unwrap()];
        statement.closing.head = heads[usize::try_from(statement.closing.n).unwrap()];
    }
}

/// A ledger that posts wrongly, and hashes and signs what it posted, is found out by the arithmetic.
#[test]
fn a_quorum_that_reckons_wrongly_is_found() {
    let mut trade = stated();
    let first = trade.world.entries.get_mut(&("account/C1/adu".to_owned(), 1)).unwrap();
    *first = first.replacen("\"amount\":\"1260\"", "\"amount\":\"1259\"", 1);
    rechain(&mut trade.world);
    let kept = Kept::new(trade.world);
    let broken = bundle(&kept, "adu", 2).check(&kept.chain()).unwrap_err();
    assert_eq!(broken.what, What::Arithmetic);
    assert!(broken.reason.contains("posted was 1259 in accrued"), "{broken}");
}
