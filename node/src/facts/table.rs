//! The table: one fact a row, columns by name.

use std::collections::BTreeMap;

use csv::StringRecord;
use hefu_contracts::{
    agreements::{LineName, MilestoneFact, PaidFact, RefundOnly, RefundedFact, order},
    gs1::{Epc, Gtin},
    settlement::{Currency, Minor, Parts},
    time::Time,
};
use thiserror::Error;

use super::{BadKeys, OrderKeys};

/// Columns that every table may have; a column `part:<name>` holds what was paid, or refunded, of a part.
const COLUMNS: [&str; 15] = [
    "type",
    "at",
    "order",
    "line",
    "created_at",
    "product",
    "content",
    "currency",
    "units",
    "contracts",
    "codes",
    "refund_only",
    "contract",
    "milestone",
    "after_min",
];

/// A fact of a row, ready to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The row's line in the file, from 1.
    pub line: u64,
    /// When it happened.
    pub at: Time,
    /// What happened.
    pub fact: hefu_contracts::agreements::Fact,
    /// Shares of the line, in millionths, by contract.
    pub shares: BTreeMap<String, u32>,
    /// Item codes, canonical and sorted.
    pub codes: Vec<String>,
}

/// A table that was read.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Facts, in the order of their rows.
    pub facts: Vec<Fact>,
    /// Rows that could not be read.
    pub bad: Vec<BadRow>,
}

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct BadRow {
    /// The row's line in the file, from 1.
    pub line: u64,
    /// What is wrong, and in which column.
    pub reason: String,
}

/// Reads a table. Rows that cannot be read are gathered, so that all of them can be mended at once.
///
/// # Errors
/// Where the heading cannot be read, or has a column that is not known: a slip in it would silently drop amounts.
pub fn read(text: &str, keys: &mut OrderKeys) -> Result<Table, BadRow> {
    let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let heading = rows.headers().map_err(|error| BadRow { line: 1, reason: error.to_string() })?.clone();
    let known =
        |column: &&str| COLUMNS.contains(column) || column.strip_prefix("part:").is_some_and(|part| !part.is_empty());
    if let Some(column) = heading.iter().find(|column| !known(column)) {
        let reason = format!("column {column:?} is not known; known are {} and part:<name>", COLUMNS.join(", "));
        return Err(BadRow { line: 1, reason });
    }
    let mut table = Table::default();
    for row in rows.records() {
        let read = match &row {
            Ok(cells) => {
                let line = cells.position().map_or(0, csv::Position::line);
                Row { heading: &heading, cells }.fact(line, keys).map_err(|reason| BadRow { line, reason })
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                Err(BadRow { line, reason: "it has another number of cells than the heading".to_owned() })
            }
        };
        match read {
            Ok(fact) => table.facts.push(fact),
            Err(bad) => table.bad.push(bad),
        }
    }
    Ok(table)
}

struct Row<'a> {
    heading: &'a StringRecord,
    cells: &'a StringRecord,
}

impl Row<'_> {
    /// A cell that is not empty.
    fn find(&self, column: &str) -> Option<&str> {
        let place = self.heading.iter().position(|name| name == column)?;
        self.cells.get(place).filter(|cell| !cell.is_empty())
    }

    fn get(&self, column: &str) -> Result<&str, String> {
        self.find(column).ok_or_else(|| format!("{column} is missing"))
    }

    fn parse<T>(&self, column: &str, what: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        let cell = self.get(column)?;
        parse(cell).ok_or_else(|| format!("{column} is {cell:?}, not {what}"))
    }

    fn time(&self, column: &str) -> Result<Time, String> {
        self.parse(column, "a time like 2026-09-18T10:00:00+08:00", |cell| Time::from_rfc3339(cell).ok())
    }

    fn fact(&self, line: u64, keys: &mut OrderKeys) -> Result<Fact, String> {
        use hefu_contracts::agreements::Fact as What;
        let name = |keys: &mut OrderKeys| -> Result<LineName, String> {
            let month = order::month(self.time("created_at")?).ok_or("created_at is beyond all months")?;
            let order = keys.name(&month, self.get("order")?).map_err(|bad: BadKeys| bad.to_string())?;
            Ok(LineName { line: self.get("line")?.to_owned(), order })
        };
        let fact = match self.get("type")? {
            "paid" => What::Paid(Box::new(self.paid(name(keys)?)?)),
            "shipped" => What::Shipped(name(keys)?),
            "received" => What::Received(name(keys)?),
            "refunded" => {
                let LineName { line, order } = name(keys)?;
                let refund_only = match self.find("refund_only") {
                    None => None,
                    Some(_) => Some(self.parse("refund_only", "damaged, goodwill, lost or other", word)?),
                };
                What::Refunded(RefundedFact { line, order, parts: self.parts()?, refund_only, units: self.units()? })
            }
            "aftersale_open" => What::AftersaleOpen(name(keys)?),
            "aftersale_closed" => What::AftersaleClosed(name(keys)?),
            "milestone" => What::Milestone(self.milestone()?),
            other => {
                return Err(format!(
                    "type is {other:?}, not paid, shipped, received, refunded, aftersale_open, aftersale_closed or milestone"
                ));
            }
        };
        Ok(Fact { line, at: self.time("at")?, fact, shares: self.shares()?, codes: self.codes()? })
    }

    fn paid(&self, LineName { line, order }: LineName) -> Result<PaidFact, String> {
        let currency =
            self.parse("currency", "a currency like CNY", |cell| Currency::of(cell).map(|_| cell.to_owned()))?;
        Ok(PaidFact {
            content: self.find("content").map(str::to_owned),
            created_at: self.time("created_at")?,
            currency,
            line,
            order,
            parts: self.parts()?,
            product: self.parse("product", "a GTIN", |cell| cell.parse::<Gtin>().ok())?,
            units: self.units()?,
        })
    }

    fn milestone(&self) -> Result<MilestoneFact, String> {
        let after_min = match self.find("after_min") {
            None => None,
            Some(_) => Some(self.parse("after_min", "a number of minutes", |cell| cell.parse().ok())?),
        };
        Ok(MilestoneFact {
            after_min,
            contract: self.get("contract")?.to_owned(),
            name: self.get("milestone")?.to_owned(),
        })
    }

    fn units(&self) -> Result<i128, String> {
        self.parse("units", "a number of pieces", |cell| cell.parse().ok())
    }

    /// Amounts in minor units, by part.
    fn parts(&self) -> Result<Parts, String> {
        let mut parts = BTreeMap::new();
        for (column, cell) in self.heading.iter().zip(self.cells) {
            let Some(part) = column.strip_prefix("part:").filter(|_| !cell.is_empty()) else { continue };
            let amount = cell.parse().ok().and_then(|amount| Minor::new(amount).ok());
            let amount = amount.ok_or_else(|| format!("{column} is {cell:?}, not a number of minor units"))?;
            parts.insert(part.to_owned(), amount);
        }
        if parts.is_empty() { Err("no part has an amount".to_owned()) } else { Ok(Parts::from(parts)) }
    }

    /// `C1=600000;C2=400000`; a contract alone has the whole line.
    fn shares(&self) -> Result<BTreeMap<String, u32>, String> {
        let mut shares = BTreeMap::new();
        for one in list(self.find("contracts")) {
            let (contract, share) = one.split_once('=').unwrap_or((one, "1000000"));
            let share = share.parse().ok().filter(|share| (1..=1_000_000).contains(share));
            let share = share.ok_or_else(|| format!("contracts has {one:?}, not <contract>=<1 to 1000000>"))?;
            if shares.insert(contract.to_owned(), share).is_some() {
                return Err(format!("contracts names {contract} twice"));
            }
        }
        Ok(shares)
    }

    fn codes(&self) -> Result<Vec<String>, String> {
        let code = |text: &str| match Epc::parse(text) {
            Ok(epc) => Ok(epc.as_str().to_owned()),
            Err(bad) => Err(format!("codes has {text:?}: {bad}")),
        };
        let mut codes: Vec<String> = list(self.find("codes")).map(code).collect::<Result<_, _>>()?;
        codes.sort();
        Ok(codes)
    }
}

/// A word of a closed list.
fn word(cell: &str) -> Option<RefundOnly> {
    serde_json::from_value(cell.into()).ok()
}

/// The elements of a cell, separated by semicolons.
fn list(cell: Option<&str>) -> impl Iterator<Item = &str> {
    cell.unwrap_or_default().split(';').map(str::trim).filter(|one| !one.is_empty())
}

#[cfg(test)]
mod tests {
    use hefu_contracts::agreements::Fact as What;

    use super::*;

    const HEADING: &str =
        "type,at,order,line,created_at,product,currency,units,contracts,codes,part:goods,part:shipping";

    fn rows(rows: &[&str]) -> Table {
        read(&format!("{HEADING}\n{}\n", rows.join("\n")), &mut OrderKeys::default()).unwrap()
    }

    #[test]
    fn rows_become_facts() {
        let table = rows(&[
            "paid,2026-09-20T20:00:00+08:00,41,1,2026-09-20T19:59:00+08:00,09528880010021,CNY,1,K1=600000;K2=400000,,8900,0",
            "shipped,2026-09-21T20:00:00+08:00,41,1,2026-09-20T19:59:00+08:00,,,,,https://t.example/01/09528880010021/21/B;\
             https://t.example/01/09528880010021/21/A,,",
            "refunded,2026-09-22T20:00:00+08:00,41,1,2026-09-20T19:59:00+08:00,,,0,,,100,",
        ]);
        assert_eq!((table.facts.len(), table.bad), (3, Vec::new()));
        let What::Paid(paid) = &table.facts[0].fact else { panic!("not paid") };
        assert_eq!((paid.parts.iter().count(), paid.units), (2, 1));
        assert_eq!(table.facts[0].shares, BTreeMap::from([("K1".to_owned(), 600_000), ("K2".to_owned(), 400_000)]));
        let (What::Shipped(shipped), What::Refunded(refunded)) = (&table.facts[1].fact, &table.facts[2].fact) else {
            panic!("other facts")
        };
        assert_eq!((&shipped.order, &refunded.order), (&paid.order, &paid.order));
        let code = |serial: &str| format!("https://id.gs1.org/01/09528880010021/21/{serial}");
        assert_eq!(table.facts[1].codes, [code("A"), code("B")]);
    }

    #[test]
    fn every_wrong_row_is_named_with_its_column() {
        let good = "paid,2026-09-20T20:00:00Z,41,1,2026-09-20T19:59:00Z,09528880010021,CNY,1,K1,,8900,";
        let table = rows(&[
            good,
            &good.replace("paid,", "sold,"),
            &good.replace(",41,", ",,"),
            &good.replace("2026-09-20T20:00:00Z", "yesterday"),
            &good.replace("09528880010021", "09528880010022"),
            &good.replace("CNY", "ABC"),
            &good.replace(",K1,", ",K1=0,"),
            &good.replace("8900", "89.00"),
            &good.replace("8900", ""),
            "paid,1",
        ]);
        assert_eq!(table.facts.len(), 1);
        let expected = [
            "type is",
            "order is missing",
            "at is",
            "product is",
            "currency is",
            "contracts has",
            "part:goods is",
            "no part",
            "cells",
        ];
        assert_eq!(table.bad.len(), expected.len());
        for ((bad, words), line) in table.bad.iter().zip(expected).zip(3..) {
            assert!(bad.line == line && bad.reason.contains(words), "{bad} should say {words:?}");
        }
        assert!(read("type,price\npaid,1\n", &mut OrderKeys::default()).unwrap_err().reason.contains("price"));
    }
}
