//! The journal as plain-text accounting, with assertions that the reading program checks (I20).
//!
//! A scenario's times are relative, so that all entries bear one day; their order is that of the journal.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    journal::{Account, Balances, Entry},
    money::{Currency, Minor, Money},
};

const OPENED: &str = "2026-01-01";
const POSTED: &str = "2026-01-02";
const ASSERTED: &str = "2026-12-31";

/// For beancount 3: accounts opened, entries, and what every account holds in the end.
pub fn beancount(entries: &[Entry], currency: Currency, contract: Option<&str>) -> String {
    let mut closing: BTreeMap<String, Minor> = BTreeMap::new();
    let mut body = String::new();
    for entry in entries {
        push(&mut body, format_args!("{POSTED} * \"{}\"\n", quoted(&title(entry))));
        for posting in &entry.postings {
            let name = beancount_name(&posting.account);
            let amount = amount(posting.amount, currency);
            push(&mut body, format_args!("  {name:<45} {amount} {}\n", currency.code()));
            let balance = closing.entry(name).or_default();
            *balance = sum(*balance, posting.amount);
        }
        body.push('\n');
    }
    let contract = contract.map_or_else(String::new, |contract| format!(" {}", quoted(contract)));
    let mut text = format!("option \"title\" \"settlement{contract}\"\n");
    push(&mut text, format_args!("option \"operating_currency\" \"{}\"\n\n", currency.code()));
    for name in closing.keys() {
        push(&mut text, format_args!("{OPENED} open {name} {}\n", currency.code()));
    }
    push(&mut text, format_args!("\n{body}"));
    for (name, balance) in &closing {
        let balance = amount(*balance, currency);
        push(&mut text, format_args!("{ASSERTED} balance {name} {balance} {}\n", currency.code()));
    }
    text
}

/// For hledger 1.25 and ledger 3: every posting asserts what its account holds then.
pub fn ledger(entries: &[Entry], currency: Currency) -> String {
    let mut balances = Balances::new();
    let mut paragraphs = Vec::new();
    for entry in entries {
        let mut paragraph = format!("{POSTED} {}\n", title(entry));
        for posting in &entry.postings {
            let balance = balances.entry(posting.account.clone()).or_default();
            *balance = sum(*balance, posting.amount);
            let (code, account) = (currency.code(), posting.account.to_string());
            let (posted, held) = (amount(posting.amount, currency), amount(*balance, currency));
            push(&mut paragraph, format_args!("    {account:<40}  {code} {posted} = {code} {held}\n"));
        }
        paragraphs.push(paragraph);
    }
    paragraphs.join("\n")
}

/// The event, and the unit where the entry has one.
fn title(entry: &Entry) -> String {
    match &entry.unit {
        Some(unit) => format!("{}|{unit}", entry.event),
        None => entry.event.to_string(),
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// `Liabilities:Kol:In-payout`: parts begin with a capital or digit and have no underscores.
fn beancount_name(account: &Account) -> String {
    let bucket = account.bucket.to_string().replace('_', "-");
    format!("Liabilities:{}:{}", capitalised(account.party.as_str()), capitalised(&bucket))
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| format!("{}{}", first.to_ascii_uppercase(), chars.as_str()))
}

fn amount(minor: Minor, currency: Currency) -> String {
    Money { currency, minor }.decimal()
}

/// A running balance of a journal, whose sums the book has checked.
fn sum(balance: Minor, amount: Minor) -> Minor {
    balance.plus(amount).unwrap_or(balance)
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    let written = text.write_fmt(line);
    debug_assert!(written.is_ok(), "writing into a string cannot fail");
}
