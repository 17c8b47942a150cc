//! A trace as a table: one line for each thing, for spreadsheets.

use super::view::{TraceThingView, TraceView};
use crate::{problem::Problem, views::MarkView};

/// Columns of a trace.
const COLUMNS: [&str; 19] = [
    "depth",
    "relation",
    "from",
    "to",
    "kind",
    "id",
    "gtin",
    "product_en",
    "product_zh",
    "began_at",
    "began_by",
    "state",
    "holder",
    "holder_en",
    "holder_zh",
    "holder_since",
    "place",
    "recalls",
    "proof",
];

/// A table of comma-separated values (RFC 4180).
pub(super) struct Table(csv::Writer<Vec<u8>>);

impl Table {
    /// A table with these columns.
    pub(super) fn new(columns: &[&str]) -> Result<Table, Problem> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        writer.write_record(columns).map_err(failed)?;
        Ok(Table(writer))
    }

    /// Adds a line. What a spreadsheet would take for a formula gets an apostrophe, which it takes for "text".
    pub(super) fn line<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> Result<(), Problem> {
        for cell in cells {
            let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
            let text = if is_formula { format!("'{cell}") } else { cell.to_owned() };
            self.0.write_field(text).map_err(failed)?;
        }
        self.0.write_record(None::<&[u8]>).map_err(failed)
    }

    /// The text.
    pub(super) fn text(self) -> Result<String, Problem> {
        let bytes = self.0.into_inner().map_err(|error| failed(csv::Error::from(error.into_error())))?;
        String::from_utf8(bytes).map_err(|bad| failed(csv::Error::from(std::io::Error::other(bad))))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn failed(error: csv::Error) -> Problem {
    tracing::error!(error = &error as &dyn std::error::Error, "a table could not be written");
    crate::problem::Door::NodeFault.into()
}

/// The table of a trace.
pub(super) fn of(view: &TraceView) -> Result<String, Problem> {
    let mut table = Table::new(&COLUMNS)?;
    for thing in &view.things {
        let cells = cells(thing);
        table.line(cells.iter().map(String::as_str))?;
    }
    table.text()
}

fn cells(thing: &TraceThingView) -> [String; COLUMNS.len()] {
    let via = thing.via.as_ref();
    let product = thing.product.as_ref();
    let at = |mark: &Option<MarkView>| mark.as_ref().map(|mark| mark.at.to_string()).unwrap_or_default();
    let by = |mark: &Option<MarkView>| mark.as_ref().map(|mark| mark.by.id.clone()).unwrap_or_default();
    let holder = thing.holder.as_ref().and_then(|mark| mark.by.name.as_ref());
    let recalls: Vec<String> = thing.recalls.iter().map(ToString::to_string).collect();
    [
        thing.depth.to_string(),
        via.map(|via| via.relation.name().to_owned()).unwrap_or_default(),
        via.map(|via| via.from.clone()).unwrap_or_default(),
        via.map(|via| via.to.clone()).unwrap_or_default(),
        thing.kind.name().to_owned(),
        thing.id.clone(),
        product.map(|product| product.gtin.to_string()).unwrap_or_default(),
        product.map(|product| product.name.en.clone()).unwrap_or_default(),
        product.map(|product| product.name.zh.clone()).unwrap_or_default(),
        thing.began.as_ref().map(|began| began.at.to_string()).unwrap_or_default(),
        thing.began.as_ref().map(|began| began.by.id.clone()).unwrap_or_default(),
        thing.state.map(|state| state.name().to_owned()).unwrap_or_default(),
        by(&thing.holder),
        holder.map(|name| name.en.clone()).unwrap_or_default(),
        holder.map(|name| name.zh.clone()).unwrap_or_default(),
        at(&thing.holder),
        thing.place.as_ref().map(|place| place.id.clone()).unwrap_or_default(),
        recalls.join(" "),
        thing.proof.clone().unwrap_or_default(),
    ]
}
