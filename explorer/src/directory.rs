//! The directory: names of organisations and trade items, and how much there is of everything, gathered from final public
//! records as blocks come.
//!
//! It makes pages readable and search possible; nothing on a page that is marked as proven comes from it. It lives in
//! memory, 16 bytes for each block and record, and is gathered anew with every start.

use std::collections::BTreeMap;

use hefu_api::{Following, Gather, Ledger, ledger::BlockFound};
use hefu_contracts::{
    action::Action,
    genesis::Genesis,
    gs1::Gtin,
    height::Height,
    parties::{Name, Party, PartyKind},
    record::{Body, Record},
    state::Fault,
};
use hefu_keys::{Hash, canonical};

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
    /// Trade items of batches of codes, by the record that issued them.
    pub batches: BTreeMap<Hash, Gtin>,
    /// Beginnings of ids: of the block of each height, from 1.
    blocks: Vec<u64>,
    pub parties: BTreeMap<String, Organisation>,
    pub products: BTreeMap<Gtin, Name>,
    /// Beginnings of ids of the public records, and where they stand.
    records: Vec<(u64, Height)>,
    /// Number of all records.
    pub total: u64,
}

/// The directory.
pub(crate) type Directory = Following<Known>;

/// What one record adds.
pub(crate) enum News {
    Batch(Hash, Gtin),
    Party(Organisation),
    Product(Gtin, Name),
}

impl Gather for Known {
    type News = Vec<News>;

    fn next(&self) -> Height {
        u64::try_from(self.blocks.len()).ok().and_then(Height::new).map_or(Height::GENESIS, Height::next)
    }

    fn news(ledger: &dyn Ledger, block: &BlockFound) -> Result<Vec<News>, Fault> {
        let mut news = Vec::new();
        for (id, _) in block.records.iter().filter(|(_, public)| *public) {
            news.extend(ledger.record(id)?.and_then(|found| News::of(&found.text)));
        }
        Ok(news)
    }

    fn add(&mut self, block: &BlockFound, news: Vec<News>) {
        self.blocks.push(beginning(&block.certificate.block));
        let height = block.header.height;
        let public = block.records.iter().filter(|(_, public)| *public);
        self.records.extend(public.map(|(id, _)| (beginning(id), height)));
        self.total = self.total.saturating_add(u64::try_from(block.records.len()).unwrap_or(u64::MAX));
        for one in news {
            match one {
                News::Batch(record, gtin) => drop(self.batches.insert(record, gtin)),
                News::Party(party) => drop(self.parties.insert(party.id.clone(), party)),
                News::Product(gtin, name) => drop(self.products.insert(gtin, name)),
            }
        }
    }
}

impl Known {
    /// Before any block: the founders.
    pub(crate) fn of(genesis: &Genesis) -> Known {
        let parties = genesis.parties.iter().map(|party| (party.id.clone(), organisation(party, None))).collect();
        Known { parties, ..Known::default() }
    }

    /// The name of an organisation, its id where there is none.
    pub(crate) fn party<'a>(&'a self, id: &'a str, locale: &str) -> &'a str {
        self.parties.get(id).map_or(id, |party| in_language(&party.name, locale))
    }

    /// Heights of blocks whose id begins with these hex digits; the beginning is compared up to 16 digits.
    pub(crate) fn blocks_like(&self, digits: &str) -> Vec<Height> {
        let Some(like) = Like::of(digits) else { return Vec::new() };
        let found = self.blocks.iter().zip(1..).filter(|(id, _)| like.is(**id));
        found.filter_map(|(_, height)| Height::new(height)).collect()
    }

    /// Heights of blocks with a public record whose id begins with these hex digits.
    pub(crate) fn records_like(&self, digits: &str) -> Vec<Height> {
        let Some(like) = Like::of(digits) else { return Vec::new() };
        self.records.iter().filter(|(id, _)| like.is(*id)).map(|(_, height)| *height).collect()
    }
}

/// A name in one of the languages.
pub(crate) fn in_language<'a>(name: &'a Name, locale: &str) -> &'a str {
    if locale == "zh" { &name.zh } else { &name.en }
}

/// The beginning of an id: its first eight bytes.
fn beginning(id: &Hash) -> u64 {
    let (first, _) = id.as_bytes().split_first_chunk().unwrap_or((&[0; 8], &[]));
    u64::from_be_bytes(*first)
}

/// What an id's beginning is compared with.
struct Like {
    mask: u64,
    value: u64,
}

impl Like {
    fn of(digits: &str) -> Option<Like> {
        let first: String = digits.chars().take(16).collect();
        let missing = u32::try_from(16_usize.checked_sub(first.len())?).ok()?.checked_mul(4)?;
        let value = u64::from_str_radix(&first, 16).ok()?.checked_shl(missing)?;
        Some(Like { mask: u64::MAX.checked_shl(missing)?, value })
    }

    const fn is(&self, id: u64) -> bool {
        id & self.mask == self.value
    }
}

fn organisation(party: &Party, record: Option<Hash>) -> Organisation {
    Organisation { id: party.id.clone(), kind: party.kind, name: party.name.clone(), record }
}

impl News {
    /// What a record adds. The action is looked at first, because nearly all records are events.
    fn of(text: &str) -> Option<News> {
        let named = [Action::PartyAdd, Action::ProductPut, Action::CodesIssue];
        let action = canonical::member(text, "action")?.trim_matches('"');
        named.iter().find(|known| known.name() == action)?;
        let record = Record::read(text).ok()?;
        match record.body {
            Body::PartyAdd(body) => Some(News::Party(organisation(&body.party, Some(record.id)))),
            Body::ProductPut(body) => Some(News::Product(body.gtin, body.name)),
            Body::CodesIssue(body) => Some(News::Batch(record.id, body.gtin)),
            Body::SitePut(_)
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
