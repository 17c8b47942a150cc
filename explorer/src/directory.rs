//! The directory: names of organisations and trade items, of final public records.
//!
//! It makes pages readable and search possible; nothing on a page that is marked as proven comes from it. It lives in
//! memory: it begins with the rows of organisations and trade items, and follows the blocks from there.

use std::collections::BTreeMap;

use hefu_api::{Following, Gather, Ledger, ledger::BlockFound};
use hefu_contracts::{
    action::Action,
    gs1::Gtin,
    height::Height,
    parties::{Name, Party, PartyKind},
    record::{Body, Record, Visibility},
    row::{Data, Row},
    state::Fault,
};
use hefu_keys::{Hash, canonical};

/// Rows read at a time.
const ROWS_AT_ONCE: usize = 256;

/// An organisation.
#[derive(Clone, Debug)]
pub(crate) struct Organisation {
    pub id: String,
    pub kind: PartyKind,
    pub name: Name,
    /// The record by which it joined; a founder is in the genesis document.
    pub record: Option<Hash>,
}

/// What was gathered so far.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The last height that is taken in.
    height: Height,
    pub parties: BTreeMap<String, Organisation>,
    pub products: BTreeMap<Gtin, Name>,
}

/// The directory.
pub(crate) type Directory = Following<Known>;

/// What one record adds.
pub(crate) enum News {
    Party(Organisation),
    Product(Gtin, Name),
}

impl Gather for Known {
    type News = Vec<News>;

    fn next(&self) -> Height {
        self.height.next()
    }

    fn news(ledger: &dyn Ledger, block: &BlockFound) -> Result<Vec<News>, Fault> {
        let mut news = Vec::new();
        for (id, _) in block.records.iter().filter(|(_, public)| *public) {
            news.extend(ledger.record(id)?.and_then(|found| News::of(&found.text)));
        }
        Ok(news)
    }

    fn add(&mut self, block: &BlockFound, news: Vec<News>) {
        self.height = block.header.height;
        news.into_iter().for_each(|one| self.take(one));
    }
}

impl Known {
    /// As the ledger stands: the founders, and whom and what public records have brought since.
    ///
    /// # Errors
    /// From the storage.
    pub(crate) fn of(ledger: &dyn Ledger) -> Result<Known, Fault> {
        // Before the rows are read: what comes meanwhile is taken in again.
        let height = *ledger.heights().borrow();
        let founders = ledger.genesis().parties.iter();
        let parties = founders.map(|party| (party.id.clone(), organisation(party, None))).collect();
        let mut known = Known { height, parties, products: BTreeMap::new() };
        for beginning in ["party/", "product/"] {
            known.read_rows(ledger, beginning)?;
        }
        Ok(known)
    }

    /// Takes in the records that rows are of, where they are for everybody.
    fn read_rows(&mut self, ledger: &dyn Ledger, beginning: &str) -> Result<(), Fault> {
        let mut after: Option<String> = None;
        loop {
            let rows = ledger.rows(beginning, after.as_deref(), ROWS_AT_ONCE)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.key.clone());
            for row in &rows {
                let Some(found) = brought_by(row).map(|id| ledger.record(&id)).transpose()?.flatten() else { continue };
                if Visibility::is_public_in(&found.text) {
                    News::of(&found.text).into_iter().for_each(|news| self.take(news));
                }
            }
        }
    }

    fn take(&mut self, news: News) {
        match news {
            News::Party(party) => drop(self.parties.insert(party.id.clone(), party)),
            News::Product(gtin, name) => drop(self.products.insert(gtin, name)),
        }
    }

    /// The name of an organisation, its id where there is none.
    pub(crate) fn party<'a>(&'a self, id: &'a str, locale: &str) -> &'a str {
        self.parties.get(id).map_or(id, |party| in_language(&party.name, locale))
    }
}

/// The record that a row of an organisation or a trade item is of.
fn brought_by(row: &Row) -> Option<Hash> {
    if let Data::Party(party) = &row.data {
        return party.record;
    }
    if let Data::Product(product) = &row.data { Some(product.record) } else { None }
}

/// A name in one of the languages.
pub(crate) fn in_language<'a>(name: &'a Name, locale: &str) -> &'a str {
    if locale == "zh" { &name.zh } else { &name.en }
}

fn organisation(party: &Party, record: Option<Hash>) -> Organisation {
    Organisation { id: party.id.clone(), kind: party.kind, name: party.name.clone(), record }
}

impl News {
    /// What a record adds. The action is looked at first, because nearly all records are events.
    fn of(text: &str) -> Option<News> {
        let named = [Action::PartyAdd, Action::ProductPut];
        let action = canonical::member(text, "action")?.trim_matches('"');
        named.iter().find(|known| known.name() == action)?;
        let record = Record::read(text).ok()?;
        match record.body {
            Body::PartyAdd(body) => Some(News::Party(organisation(&body.party, Some(record.id)))),
            Body::ProductPut(body) => Some(News::Product(body.gtin, body.name)),
            Body::CodesIssue(_)
            | Body::SitePut(_)
            | Body::KeyGrant(_)
            | Body::KeyRevoke(_)
            | Body::AuthorityGrant(_)
            | Body::AuthorityRevoke(_)
            | Body::EventCapture(_)
            | Body::Agreement(_)
            | Body::RecallOpen(_)
            | Body::RecallLift(_)
            | Body::BomPut(_)
            | Body::QuotaSet(_)
            | Body::Evidence(_) => None,
        }
    }
}
