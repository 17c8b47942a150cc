//! A party's account as bookkeeping: a table for spreadsheets, or plain-text accounting with assertions that the reading
//! program checks (I20).
//!
//! To its owner an account is what others owe her: assets, or liabilities where she owes. What comes into it from the other
//! parties is income, or expense of the obligor. So moving money from `held` to `payable` is within assets, and earning
//! it is income, once.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    entry::{Deed, Entry},
    register::Fault,
    settlement::{Accounting, Bucket, Currency, Journal, Minor, Money, Transaction, Zone},
    time::{Millis, Time},
};

/// How an account is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a heading (RFC 4180): one line for each movement with the balance after it, and one
    /// for an event that moved nothing.
    Csv,
    /// beancount 3.
    Beancount,
    /// hledger 1.25.
    Hledger,
    /// ledger 3, which reads the same as hledger.
    Ledger,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 4] = [Format::Csv, Format::Beancount, Format::Hledger, Format::Ledger];

    /// As requests name it.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Beancount => "beancount",
            Format::Hledger => "hledger",
            Format::Ledger => "ledger",
        }
    }

    /// The format of a name.
    pub fn of(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// What it is served as.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Beancount | Format::Hledger | Format::Ledger => "text/plain; charset=utf-8",
        }
    }

    const fn accounting(self) -> Option<Accounting> {
        match self {
            Format::Csv => None,
            Format::Beancount => Some(Accounting::Beancount),
            Format::Hledger | Format::Ledger => Some(Accounting::Ledger),
        }
    }
}

/// Whose account it is.
#[derive(Clone, Debug)]
pub struct Book {
    /// The contract.
    pub contract: String,
    /// Its currency.
    pub currency: Currency,
    /// Whether the party is the one that owes.
    pub is_obligor: bool,
    /// The party.
    pub party: String,
    /// In whose days it reckons.
    pub zone: Zone,
}

/// An account on its way into a file: what comes first, any number of entries in their order, what comes last.
#[derive(Clone, Debug)]
pub struct Export {
    balances: BTreeMap<String, Minor>,
    book: Book,
    journal: Option<Journal>,
    last: Option<Time>,
}

const HEADING: [&str; 12] =
    ["n", "time", "height", "record", "event", "line", "unit", "terms", "bucket", "amount", "balance", "currency"];

impl Export {
    /// An account from its first entry on.
    pub fn new(book: Book, format: Format) -> Export {
        let journal = format.accounting().map(|accounting| Journal::new(accounting, book.currency));
        Export { balances: BTreeMap::new(), book, journal, last: None }
    }

    /// What comes before the entries; `first` is when the first one was made.
    ///
    /// # Errors
    /// From the writer.
    pub fn opening(&self, first: Option<Time>) -> Result<String, Fault> {
        match (&self.journal, first) {
            (None, _) => table(&[HEADING.map(str::to_owned).into()]),
            (Some(_), None) => Ok(String::new()),
            (Some(journal), Some(first)) => {
                let buckets = Bucket::ALL.iter().map(|bucket| self.account(&bucket.to_string()));
                let accounts: Vec<String> = buckets.chain([self.contra()]).collect();
                let title = format!("{} of {}", self.book.party, self.book.contract);
                Ok(journal.opening(&title, &self.day(first), accounts.iter().map(String::as_str)))
            }
        }
    }

    /// The next entry; `n` is its number.
    ///
    /// # Errors
    /// [`Fault`] where the entry is not an account's.
    pub fn entry(&mut self, n: u64, entry: &Entry) -> Result<String, Fault> {
        self.last = Some(entry.time);
        let mut text = String::new();
        for deed in &entry.data {
            let event: Value = serde_json::from_str(deed.event.text()).map_err(Fault::new)?;
            let told = if self.journal.is_some() {
                self.book(entry, deed, &event)
            } else {
                self.lines(n, entry, deed, &event)
            };
            text.push_str(&told?);
        }
        Ok(text)
    }

    /// What comes after the last entry.
    pub fn closing(&self) -> String {
        let day = self.last.map(|last| self.day(last.plus(Millis(86_400_000))));
        match (&self.journal, day) {
            (Some(journal), Some(day)) => journal.closing(&day),
            (Some(_) | None, _) => String::new(),
        }
    }

    fn book(&mut self, entry: &Entry, deed: &Deed, event: &Value) -> Result<String, Fault> {
        let mut moved: BTreeMap<String, Minor> = BTreeMap::new();
        let mut income = Minor::ZERO;
        for posted in &deed.postings {
            let amount = moved.entry(self.account(&posted.bucket)).or_default();
            *amount = amount.plus(posted.amount).map_err(Fault::new)?;
            income = income.minus(posted.amount).map_err(Fault::new)?;
        }
        moved.insert(self.contra(), income);
        let postings: Vec<_> = moved.into_iter().filter(|(_, amount)| !amount.is_zero()).collect();
        if postings.is_empty() {
            return Ok(String::new());
        }
        let transaction = Transaction {
            day: self.day(entry.time),
            postings,
            source: Some(entry.record.to_string()),
            title: [text(event, "type"), text(event, "line")].join(" ").trim_end().to_owned(),
        };
        let told = self.journal.as_mut().map(|journal| journal.transaction(&transaction));
        Ok(told.unwrap_or_default() + "\n")
    }

    fn lines(&mut self, n: u64, entry: &Entry, deed: &Deed, event: &Value) -> Result<String, Fault> {
        let currency = self.book.currency;
        let about = [
            n.to_string(),
            entry.time.to_string(),
            entry.height.to_string(),
            entry.record.to_string(),
            text(event, "type"),
            text(event, "line"),
        ];
        let mut lines = Vec::new();
        for posted in &deed.postings {
            let balance = self.balances.entry(posted.bucket.clone()).or_default();
            *balance = balance.plus(posted.amount).map_err(Fault::new)?;
            let moved = [
                posted.unit.clone().unwrap_or_default(),
                posted.terms.to_string(),
                posted.bucket.clone(),
                Money { currency, minor: posted.amount }.decimal(),
                Money { currency, minor: *balance }.decimal(),
                currency.code().to_owned(),
            ];
            lines.push([about.clone(), moved].concat());
        }
        if lines.is_empty() {
            lines.push([about, std::array::from_fn(|_| String::new())].concat());
        }
        table(&lines)
    }

    /// Where the other parties' side of what comes in is booked.
    fn contra(&self) -> String {
        let kind = if self.book.is_obligor { "expenses" } else { "income" };
        format!("{kind}:{}", self.book.contract)
    }

    fn account(&self, bucket: &str) -> String {
        let owes = [Bucket::Obligation, Bucket::Writeoff].iter().any(|known| known.to_string() == bucket);
        let kind = if owes { "liabilities" } else { "assets" };
        format!("{kind}:{}:{bucket}", self.book.contract)
    }

    fn day(&self, time: Time) -> String {
        self.book.zone.day(time)
    }
}

fn text(event: &Value, field: &str) -> String {
    event.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn table(lines: &[Vec<String>]) -> Result<String, Fault> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for line in lines {
        writer.write_record(line).map_err(Fault::new)?;
    }
    let bytes = writer.into_inner().map_err(|error| Fault::new(error.into_error()))?;
    String::from_utf8(bytes).map_err(Fault::new)
}
