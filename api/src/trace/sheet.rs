//! The sheet of an impact: key data elements as FSMA 204 asks for them (21 CFR 1.1310 and following), one line for each item
//! and for each stock of a lot, in the order of their identifiers.

use hefu_contracts::{gs1::Epc, parties::Name, provenance::Mark, row};

use super::{
    impact::{Hit, Impact, Stock},
    table::Table,
    view::{Desk, gtin_of, id_of},
};
use crate::{
    problem::Problem,
    views::{PartyView, ProductView},
};

/// Columns of the sheet.
const COLUMNS: [&str; 20] = [
    "traceability_lot_code",
    "gtin",
    "product_en",
    "product_zh",
    "serial",
    "quantity",
    "unit",
    "state",
    "disposition",
    "holder",
    "holder_en",
    "holder_zh",
    "location",
    "location_en",
    "container",
    "made_by",
    "made_at",
    "last_event_at",
    "last_event_record",
    "recall",
];

/// What a line tells of what it is and of who has it.
struct Line {
    lot: String,
    product: Option<ProductView>,
    serial: String,
    quantity: (String, String),
    state: &'static str,
    disposition: String,
    holder: Option<PartyView>,
    location: [String; 2],
    container: String,
    made: Option<Mark>,
    last: Option<Mark>,
}

/// The sheet's text.
pub(super) fn of(impact: &Impact, desk: &Desk<'_>) -> Result<String, Problem> {
    let recalls: Vec<String> = impact.recalls.keys().map(ToString::to_string).collect();
    let recalls = recalls.join(" ");
    let mut hits: Vec<&Hit> = impact.hits.iter().collect();
    hits.sort_by(|a, b| a.key.cmp(&b.key));
    let items = hits.into_iter().map(|hit| Line::of_item(hit, impact.source.path(), desk));
    let stocks = impact.stocks.iter().map(|stock| Line::of_stock(stock, desk));
    let mut table = Table::new(&COLUMNS)?;
    for line in items.chain(stocks) {
        let cells = line.cells(&recalls);
        table.line(cells.iter().map(String::as_str))?;
    }
    table.text()
}

impl Line {
    fn of_item(hit: &Hit, lot: &str, desk: &Desk<'_>) -> Line {
        let names = desk.names();
        let place = hit.outer.place.as_deref().and_then(|place| Epc::parse(place).ok()).map(|at| names.place(&at));
        let place_name = place.as_ref().and_then(|place| place.name.as_ref()).map(|name| name.en.clone());
        Line {
            lot: lot.to_owned(),
            product: gtin_of(&hit.key).and_then(|gtin| names.product(&gtin)),
            serial: hit.key.split_once("/21/").map_or("", |(_, serial)| serial).to_owned(),
            quantity: ("1".to_owned(), "EA".to_owned()),
            state: hit.state.name(),
            disposition: hit.thing.disposition.clone().unwrap_or_default(),
            holder: hit.outer.holder.as_ref().map(|mark| names.party(&mark.by)),
            location: [place.map(|place| place.id).unwrap_or_default(), place_name.unwrap_or_default()],
            container: hit.thing.parent.as_ref().map(|parent| id_of(&parent.key)).unwrap_or_default(),
            made: hit.thing.commissioned.clone(),
            last: hit.thing.last.clone(),
        }
    }

    fn of_stock(stock: &Stock, desk: &Desk<'_>) -> Line {
        let names = desk.names();
        let lot = Epc::from_canonical(&stock.lot).ok();
        let gtin = lot.and_then(|lot| gtin_of(&row::key_of_thing(&lot)));
        let is_party = stock.is_with_party();
        Line {
            lot: stock.lot.strip_prefix("https://id.gs1.org/").unwrap_or(&stock.lot).to_owned(),
            product: gtin.and_then(|gtin| names.product(&gtin)),
            serial: String::new(),
            quantity: (stock.amount.to_string(), stock.unit.clone()),
            state: "stock",
            disposition: String::new(),
            holder: is_party.then(|| names.party(&stock.who)),
            location: [String::new(), String::new()],
            container: if is_party { String::new() } else { id_of(&stock.who) },
            made: None,
            last: None,
        }
    }

    fn cells(self, recalls: &str) -> [String; COLUMNS.len()] {
        let holder = self.holder.as_ref();
        let called = |pick: fn(&Name) -> &String| {
            holder.and_then(|holder| holder.name.as_ref()).map(|name| pick(name).clone()).unwrap_or_default()
        };
        let product = self.product.as_ref();
        let at = |mark: &Option<Mark>| mark.as_ref().map(|mark| mark.at.to_string()).unwrap_or_default();
        let [location, location_name] = self.location;
        let (quantity, unit) = self.quantity;
        [
            self.lot,
            product.map(|product| product.gtin.to_string()).unwrap_or_default(),
            product.map(|product| product.name.en.clone()).unwrap_or_default(),
            product.map(|product| product.name.zh.clone()).unwrap_or_default(),
            self.serial,
            quantity,
            unit,
            self.state.to_owned(),
            self.disposition,
            holder.map(|holder| holder.id.clone()).unwrap_or_default(),
            called(|name| &name.en),
            called(|name| &name.zh),
            location,
            location_name,
            self.container,
            self.made.as_ref().map(|mark| mark.by.clone()).unwrap_or_default(),
            at(&self.made),
            at(&self.last),
            self.last.as_ref().map(|mark| mark.record.to_string()).unwrap_or_default(),
            recalls.to_owned(),
        ]
    }
}
