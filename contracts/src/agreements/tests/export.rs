//! Accounts as bookkeeping: every movement, with balances that the reading program checks.

use super::*;
use crate::{
    agreements::export::{Book, Export, Format},
    entry::Entry,
    settlement::{Currency, Zone},
};

/// A sale that is released and paid, and one that is refunded.
fn settled() -> Trade {
    let mut trade = Trade::signed();
    for order in ["one", "two"] {
        trade.paid(order, 10_000, &[("C1", 1_000_000)]).unwrap();
        trade.received(order).unwrap();
    }
    trade.refunded("two", 10_000, 1).unwrap();
    trade.wait(15);
    trade.release("C1", &[unit("one")]).unwrap();
    let payouts = json!([{"amount": "1260", "contract": "C1", "party": "adu", "taxWithheld": "60"}]);
    trade.take("corenest", Action::PayoutInstruct, json!({"batch": "B", "payouts": payouts})).unwrap();
    let receipt = json!({"batch": "B", "contract": "C1", "paid": true, "party": "adu", "provider": "bank"});
    trade.world.take("corenest", &Trade::deed(Action::PayoutReceipt, receipt).with("adu")).unwrap();
    trade
}

fn entries(trade: &Trade, party: &str) -> Vec<Entry> {
    let key = format!("account/C1/{party}");
    let range = trade.world.entries.range((key.clone(), 0)..=(key, u64::MAX));
    range.map(|(_, text)| serde_json::from_str(text).unwrap()).collect()
}

fn export(trade: &Trade, party: &str, format: Format) -> String {
    let book = Book {
        contract: "C1".to_owned(),
        currency: Currency::CNY,
        is_obligor: party == "corenest",
        party: party.to_owned(),
        zone: Zone::new(480).unwrap(),
    };
    let entries = entries(trade, party);
    let mut export = Export::new(book, format);
    let mut text = export.opening(entries.first().map(|entry| entry.time)).unwrap();
    for (n, entry) in (1..).zip(&entries) {
        text.push_str(&export.entry(n, entry).unwrap());
    }
    text + &export.closing()
}

#[test]
fn a_table_has_every_movement_and_the_balance_after_it() {
    let trade = settled();
    for party in ["adu", "mcn", "corenest", "douyin"] {
        let text = export(&trade, party, Format::Csv);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let mut balances: BTreeMap<String, String> = BTreeMap::new();
        let mut numbers = Vec::new();
        for line in reader.records() {
            let line = line.unwrap();
            numbers.push(line[0].parse::<usize>().unwrap());
            if !line[8].is_empty() {
                balances.insert(line[8].to_owned(), line[10].to_owned());
            }
        }
        numbers.dedup();
        let entries = entries(&trade, party).len();
        assert_eq!(numbers, (1..=entries).collect::<Vec<_>>(), "{party}");
        for (bucket, balance) in balances {
            let held = trade.holds("C1", party, &bucket);
            assert_eq!(balance.replace('.', "").parse::<i128>().unwrap(), held, "{party} {bucket}");
        }
    }
}

#[test]
fn what_is_earned_is_income_once_and_moves_among_assets() {
    let trade = settled();
    let text = export(&trade, "adu", Format::Hledger);
    let told: Vec<&str> = text.lines().filter(|line| !line.contains("record:")).collect();
    let release = told.iter().position(|line| line.ends_with(" release")).unwrap();
    assert_eq!(
        told[release..release + 3],
        [
            "2026-10-06 release",
            "    assets:C1:held                            CNY -12.60 = CNY 0.00",
            "    assets:C1:payable                         CNY 12.60 = CNY 12.60",
        ]
    );
    let refund = told.iter().position(|line| line.contains(" refund ")).unwrap();
    assert_eq!(
        told[refund + 1..refund + 3],
        [
            "    assets:C1:held                            CNY -12.60 = CNY 12.60",
            "    income:C1                                 CNY 12.60 = CNY -12.60",
        ]
    );
    assert!(text.contains("assets:C1:withheld_tax                    CNY 0.60 = CNY 0.60"));
    assert_eq!(text, export(&trade, "adu", Format::Ledger));
}

#[test]
fn beancount_is_told_what_every_account_holds_on_the_day_after() {
    let trade = settled();
    let text = export(&trade, "corenest", Format::Beancount);
    assert!(text.starts_with("option \"title\" \"corenest of C1\"\noption \"operating_currency\" \"CNY\"\n\n2026-09-21 open Assets:C1:Accrued CNY\n"), "{text}");
    // One sale is left: 20 % of 100.00.
    assert!(
        text.ends_with(
            "2026-10-07 balance Expenses:C1 20.00 CNY\n2026-10-07 balance Liabilities:C1:Obligation -20.00 CNY\n"
        ),
        "{text}"
    );
    let opened = text.lines().filter(|line| line.contains(" open ")).count();
    assert_eq!(opened, crate::settlement::Bucket::ALL.len() + 1);
}

#[test]
fn formats_are_found_by_their_names() {
    for format in Format::ALL {
        assert_eq!(Format::of(format.name()), Some(format));
    }
    assert_eq!(Format::of("xlsx"), None);
}
