//! The journal as plain-text accounting, with assertions that the reading program checks (I20).
//!
//! A scenario's times are relative, so that all entries bear one day; their order is that of the journal.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use super::{
    journal::Entry,
    money::{Currency, Minor, Money},
};

const OPENED: &str = "2026-01-01";
const POSTED: &str = "2026-01-02";
const ASSERTED: &str = "2026-12-31";

/// Movements that belong together: their amounts sum to zero.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// The day, `2026-09-30`.
    pub day: String,
    /// Accounts, as `assets:c1:payable`, and what came in.
    pub postings: Vec<(String, Minor)>,
    /// The record that it follows from, where there is one.
    pub source: Option<String>,
    /// What happened.
    pub title: String,
}

/// Which program reads a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accounting {
    /// beancount 3.
    Beancount,
    /// hledger 1.25 and ledger 3, which read the same.
    Ledger,
}

/// A journal in the making, with what every account holds so far.
#[derive(Clone, Debug)]
pub struct Journal {
    accounting: Accounting,
    balances: BTreeMap<String, Minor>,
    currency: Currency,
}

impl Journal {
    /// A journal in which nothing happened yet.
    pub const fn new(accounting: Accounting, currency: Currency) -> Journal {
        Journal { accounting, balances: BTreeMap::new(), currency }
    }

    /// What comes before the first transaction: beancount wants to know every account, and since when it exists.
    pub fn opening<'n>(&self, title: &str, day: &str, accounts: impl IntoIterator<Item = &'n str>) -> String {
        if self.accounting == Accounting::Ledger {
            return String::new();
        }
        let code = self.currency.code();
        let mut text = format!("option \"title\" \"{}\"\n", quoted(title));
        push(&mut text, format_args!("option \"operating_currency\" \"{code}\"\n\n"));
        let names: BTreeSet<String> = accounts.into_iter().map(beancount_name).collect();
        for name in names {
            push(&mut text, format_args!("{day} open {name} {code}\n"));
        }
        text.push('\n');
        text
    }

    /// A transaction. For ledgers every posting asserts what its account holds then.
    pub fn transaction(&mut self, transaction: &Transaction) -> String {
        let Transaction { day, postings, source, title } = transaction;
        let code = self.currency.code();
        let (mut text, source) = match self.accounting {
            Accounting::Beancount => (
                format!("{day} * \"{}\"\n", quoted(title)),
                source.as_ref().map(|source| format!("  record: \"{}\"\n", quoted(source))),
            ),
            Accounting::Ledger => {
                (format!("{day} {title}\n"), source.as_ref().map(|source| format!("    ; record: {source}\n")))
            }
        };
        text.push_str(&source.unwrap_or_default());
        for (account, amount) in postings {
            let balance = self.balances.entry(account.clone()).or_default();
            *balance = sum(*balance, *amount);
            let (posted, held) = (decimal(*amount, self.currency), decimal(*balance, self.currency));
            match self.accounting {
                Accounting::Beancount => {
                    push(&mut text, format_args!("  {:<45} {posted} {code}\n", beancount_name(account)));
                }
                Accounting::Ledger => {
                    push(&mut text, format_args!("    {account:<40}  {code} {posted} = {code} {held}\n"));
                }
            }
        }
        text
    }

    /// What comes after the last transaction: beancount is told what every account holds at the beginning of a day.
    pub fn closing(&self, day: &str) -> String {
        let mut text = String::new();
        if self.accounting == Accounting::Beancount {
            let balances: BTreeMap<String, Minor> =
                self.balances.iter().map(|(account, held)| (beancount_name(account), *held)).collect();
            for (name, held) in balances {
                let (held, code) = (decimal(held, self.currency), self.currency.code());
                push(&mut text, format_args!("{day} balance {name} {held} {code}\n"));
            }
        }
        text
    }
}

/// A whole scenario for beancount 3: accounts opened, entries, and what every account holds in the end.
pub fn beancount(entries: &[Entry], currency: Currency, contract: Option<&str>) -> String {
    let mut journal = Journal::new(Accounting::Beancount, currency);
    let transactions: Vec<Transaction> = entries.iter().map(|entry| transaction(entry, "liabilities:")).collect();
    let contract = contract.map_or_else(String::new, |contract| format!(" {contract}"));
    let postings = transactions.iter().flat_map(|transaction| &transaction.postings);
    let accounts = postings.map(|(account, _)| account.as_str());
    let mut text = journal.opening(&format!("settlement{contract}"), OPENED, accounts);
    for transaction in &transactions {
        text.push_str(&journal.transaction(transaction));
        text.push('\n');
    }
    text + &journal.closing(ASSERTED)
}

/// A whole scenario for hledger 1.25 and ledger 3.
pub fn ledger(entries: &[Entry], currency: Currency) -> String {
    let mut journal = Journal::new(Accounting::Ledger, currency);
    let paragraphs = entries.iter().map(|entry| journal.transaction(&transaction(entry, "")));
    paragraphs.collect::<Vec<_>>().join("\n")
}

fn transaction(entry: &Entry, above: &str) -> Transaction {
    let postings = entry.postings.iter().map(|posting| (format!("{above}{}", posting.account), posting.amount));
    Transaction { day: POSTED.to_owned(), postings: postings.collect(), source: None, title: title(entry) }
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
fn beancount_name(account: &str) -> String {
    account.split(':').map(|part| capitalised(&part.replace('_', "-"))).collect::<Vec<_>>().join(":")
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if first.is_ascii_alphanumeric() => format!("{}{}", first.to_ascii_uppercase(), chars.as_str()),
        Some(_) | None => format!("X{text}"),
    }
}

fn decimal(minor: Minor, currency: Currency) -> String {
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
