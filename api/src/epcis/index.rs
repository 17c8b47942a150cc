//! The index of events: where each stands, and the few of its fields by which queries are narrowed before any record is
//! read. About a hundred bytes for each event, in memory, gathered from blocks as they come.
//!
//! Which events name an identifier is not kept here: the ledger has the history of every row.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use hefu_contracts::{cbv, gs1::Epc, height::Height, state::Fault, time::Time};
use hefu_keys::{Hash, canonical};
use serde::Deserialize;

use super::words;
use crate::{
    following::Gather,
    ledger::{BlockFound, Ledger, Place},
};

/// A text that the index has a number for.
pub(crate) type Symbol = u32;

/// A field that the index knows of every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Kind,
    Action,
    Step,
    Disposition,
    ReadPoint,
    Location,
}

/// One event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub record: Hash,
    pub place: Place,
    /// Whether its record is for everybody.
    pub public: bool,
    /// When it happened, by its author's word.
    pub happened: Time,
    /// Time of its block.
    pub recorded: Time,
    fields: [Option<Symbol>; 6],
}

impl Line {
    pub(crate) fn field(&self, field: Field) -> Option<Symbol> {
        self.fields.get(field as usize).copied().flatten()
    }
}

/// Everything that is known of the events of the blocks so far, in the order of the ledger.
#[derive(Debug, Default)]
pub(crate) struct Index {
    height: Option<Height>,
    pub lines: Vec<Line>,
    /// Beginnings of the hashes of event ids, and whose they are.
    ids: BTreeSet<(u64, usize)>,
    symbols: BTreeMap<Arc<str>, Symbol>,
    texts: Vec<Arc<str>>,
}

/// What one record adds.
pub(crate) struct News {
    record: Hash,
    index: u32,
    public: bool,
    happened: Time,
    fields: [Option<String>; 6],
    ids: Vec<u64>,
}

#[derive(Deserialize)]
struct Body<'a> {
    cbv: Hash,
    #[serde(borrow)]
    event: Event<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    action: Option<&'a str>,
    biz_step: Option<String>,
    disposition: Option<String>,
    read_point: Option<Point>,
    biz_location: Option<Point>,
    event_time: String,
    #[serde(rename = "eventID")]
    event_id: Option<String>,
}

#[derive(Deserialize)]
struct Point {
    id: String,
}

/// What an id is looked up by.
fn key_of_id(id: &str) -> u64 {
    let (first, _) = Hash::of(id.as_bytes()).as_bytes().split_first_chunk().map_or(([0; 8], &[][..]), |(a, b)| (*a, b));
    u64::from_be_bytes(first)
}

/// An identifier as it is compared.
pub(crate) fn identity(text: &str) -> String {
    Epc::parse(text).map_or_else(|_| text.to_owned(), |epc| epc.as_str().to_owned())
}

impl News {
    /// What a record adds; nothing where it captures no event.
    fn of(text: &str, (record, public): (Hash, bool), index: u32) -> Option<News> {
        if canonical::member(text, "action")? != "\"event.capture\"" {
            return None;
        }
        let Body { cbv, event } = serde_json::from_str(canonical::member(text, "body")?).ok()?;
        let point = |point: Option<Point>| point.map(|point| identity(&point.id));
        let mut ids = vec![key_of_id(&cbv::event_id(&cbv))];
        ids.extend(event.event_id.map(|id| key_of_id(&id)));
        let fields = [
            Some(event.kind.to_owned()),
            event.action.map(str::to_owned),
            event.biz_step.map(|word| words::bare(&word).to_owned()),
            event.disposition.map(|word| words::bare(&word).to_owned()),
            point(event.read_point),
            point(event.biz_location),
        ];
        let happened = Time::from_rfc3339(&event.event_time).ok()?;
        Some(News { record, index, public, happened, fields, ids })
    }
}

impl Gather for Index {
    type News = Vec<News>;

    fn next(&self) -> Height {
        self.height.map_or(Height::GENESIS, |height| height).next()
    }

    fn news(ledger: &dyn Ledger, block: &BlockFound) -> Result<Vec<News>, Fault> {
        let mut news = Vec::new();
        for (index, record) in (0_u32..).zip(&block.records) {
            news.extend(ledger.record(&record.0)?.and_then(|found| News::of(&found.text, *record, index)));
        }
        Ok(news)
    }

    fn add(&mut self, block: &BlockFound, news: Vec<News>) {
        let (height, recorded) = (block.header.height, block.header.time);
        for News { record, index, public, happened, fields, ids } in news {
            let fields = fields.map(|text| text.map(|text| self.symbol(text)));
            self.ids.extend(ids.into_iter().map(|id| (id, self.lines.len())));
            let place = Place { height, index };
            self.lines.push(Line { record, place, public, happened, recorded, fields });
        }
        self.height = Some(height);
    }
}

impl Index {
    fn symbol(&mut self, text: String) -> Symbol {
        if let Some(known) = self.symbols.get(text.as_str()) {
            return *known;
        }
        let (text, symbol) = (Arc::<str>::from(text), u32::try_from(self.texts.len()).unwrap_or(Symbol::MAX));
        self.texts.push(Arc::clone(&text));
        self.symbols.insert(text, symbol);
        symbol
    }

    /// The number of a text, if any event has it.
    pub(crate) fn known(&self, text: &str) -> Option<Symbol> {
        self.symbols.get(text).copied()
    }

    /// The text of a number.
    pub(crate) fn text(&self, symbol: Symbol) -> &str {
        usize::try_from(symbol).ok().and_then(|at| self.texts.get(at)).map_or("", |text| text)
    }

    /// Events that may have this id: their own, or the one that follows from what they say.
    pub(crate) fn with_id(&self, id: &str) -> impl Iterator<Item = usize> {
        let key = key_of_id(id);
        self.ids.range((key, 0)..=(key, usize::MAX)).map(|(_, at)| *at)
    }

    /// How many events stand at or before a place.
    pub(crate) fn until(&self, place: Place) -> usize {
        self.lines.partition_point(|line| line.place <= place)
    }

    /// The event of the record that stands in a place.
    pub(crate) fn at(&self, place: Place) -> Option<usize> {
        self.lines.binary_search_by_key(&(place.height, place.index), |line| (line.place.height, line.place.index)).ok()
    }
}
