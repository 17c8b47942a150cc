//! The directory: names of organisations and trade items, and how much there is of everything, gathered from final public
//! records as blocks come.
//!
//! It makes pages readable and search possible; nothing on a page that is marked as proven comes from it. It lives in
//! memory, 16 bytes for each block and record, and is gathered anew with every start.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock, Weak},
    thread,
};

use hefu_api::{Ledger, ledger::BlockFound};
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

/// A request takes in at most so many new blocks; the rest is left to the thread that began with the server.
const BLOCKS_AT_ONCE: usize = 64;

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
#[derive(Debug)]
pub(crate) struct Directory {
    known: RwLock<Known>,
    /// Whoever holds it takes in new blocks, a few at a time.
    turn: Mutex<()>,
}

/// What one record adds.
enum News {
    Batch(Hash, Gtin),
    Party(Organisation),
    Product(Gtin, Name),
}

impl Directory {
    pub(crate) fn new(genesis: &Genesis) -> Directory {
        let parties = genesis.parties.iter().map(|party| (party.id.clone(), organisation(party, None))).collect();
        Directory { known: RwLock::new(Known { parties, ..Known::default() }), turn: Mutex::new(()) }
    }

    /// Reads what is known.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Known) -> T) -> T {
        read(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes in new blocks, if there are any.
    ///
    /// # Errors
    /// From the storage.
    pub(crate) fn follow(&self, ledger: &dyn Ledger) -> Result<(), Fault> {
        if self.read(Known::next) > *ledger.heights().borrow() {
            return Ok(());
        }
        self.take_in(ledger, BLOCKS_AT_ONCE).map(drop)
    }

    /// Takes in everything there is, on a thread that ends when it is through, when the ledger is gone or fails.
    pub(crate) fn gather(self: &Arc<Self>, ledger: &Arc<dyn Ledger>) {
        let (directory, ledger): (_, Weak<dyn Ledger>) = (Arc::clone(self), Arc::downgrade(ledger));
        let gathering = thread::Builder::new().name("explorer-directory".to_owned()).spawn(move || {
            loop {
                // The ledger is held for a few blocks at a time, so that a node can close its store.
                let Some(ledger) = ledger.upgrade() else { return };
                match directory.take_in(&*ledger, BLOCKS_AT_ONCE) {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(fault) => {
                        tracing::error!(error = &fault as &dyn std::error::Error, "the explorer cannot read blocks");
                        return;
                    }
                }
            }
        });
        if let Err(error) = gathering {
            tracing::warn!(%error, "names and numbers will be gathered by requests only");
        }
    }

    /// Takes in at most `most` blocks; whether there may be more.
    fn take_in(&self, ledger: &dyn Ledger, most: usize) -> Result<bool, Fault> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..most {
            let next = self.read(Known::next);
            let Some(block) = ledger.block(next)? else { return Ok(false) };
            let mut news = Vec::new();
            for (id, _) in block.records.iter().filter(|(_, public)| *public) {
                news.extend(ledger.record(id)?.and_then(|found| News::of(&found.text)));
            }
            self.known.write().unwrap_or_else(PoisonError::into_inner).add(&block, news);
        }
        Ok(true)
    }
}

impl Known {
    fn next(&self) -> Height {
        u64::try_from(self.blocks.len()).ok().and_then(Height::new).map_or(Height::GENESIS, Height::next)
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
            | Body::BomPut(_) => None,
        }
    }
}
