//! The home page: the newest blocks, who runs the ledger, and a way in.

use actix_web::HttpResponse;
use askama::Template;
use hefu_api::Ledger;
use hefu_contracts::{genesis::Genesis, gs1::EpcKind, height::Height, state::Fault};
use hefu_keys::Address;

use super::{Page, groups, short};
use crate::{
    directory::{Directory, Known, in_language},
    visit::Visit,
    words::{Words, terms::party_kind},
};

/// Number of blocks on the page; the script keeps as many.
const BLOCKS: u64 = 20;

/// A block in a line.
#[derive(Debug)]
pub(crate) struct BlockLine {
    pub height: u64,
    pub block: String,
    pub records: usize,
    pub time: String,
    pub builder: String,
}

impl BlockLine {
    pub(crate) fn short(&self) -> String {
        short(&self.block)
    }

    /// `02:05:07`
    pub(crate) fn clock(&self) -> &str {
        self.time.get(11..19).unwrap_or_default()
    }
}

/// A validator.
#[derive(Debug)]
pub(crate) struct Validator {
    pub party: String,
    pub kind: String,
    pub address: String,
    /// Whether its signature is in a certificate, where the page is about one.
    pub signed: bool,
}

/// A code to try.
#[derive(Debug)]
struct Example {
    href: String,
    name: String,
    serial: String,
}

/// `home.html`
#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    w: &'static Words,
    page: Page,
    records: u64,
    parties: usize,
    validators: Vec<Validator>,
    blocks: Vec<BlockLine>,
    examples: Vec<Example>,
}

/// `GET /`
pub(crate) async fn read(visit: Visit) -> HttpResponse {
    let (newest, w) = (visit.newest(), visit.words);
    let found = visit.read(move |ledger, directory| -> Result<_, Fault> {
        let validators = validators(ledger.genesis(), directory, w, |_| false);
        Ok((lines(ledger, directory, newest, w)?, validators, ledger.count()?))
    });
    let shown = found.await.map(|(blocks, validators, records)| {
        let directory = &visit.explorer.directory;
        HomePage {
            w,
            page: visit.page(newest),
            records,
            parties: directory.read(|known| known.parties.len()),
            validators,
            blocks,
            examples: directory.read(|known| examples(&visit, known)),
        }
    });
    visit.answer(shown)
}

/// The newest blocks, the newest first.
fn lines(ledger: &dyn Ledger, directory: &Directory, newest: Height, w: &Words) -> Result<Vec<BlockLine>, Fault> {
    let newest = newest.get();
    let mut lines = Vec::new();
    for height in (newest.saturating_sub(BLOCKS)..newest).rev() {
        let Some(height) = Height::new(height).map(Height::next) else { break };
        let Some(block) = ledger.block(height)? else { break };
        lines.push(BlockLine {
            height: height.get(),
            block: block.certificate.block.to_string(),
            records: block.records.len(),
            time: block.header.time.to_string(),
            builder: builder(ledger.genesis(), directory, &block.header.builder, w),
        });
    }
    Ok(lines)
}

/// Who runs the validator that built a block.
pub(crate) fn builder(genesis: &Genesis, directory: &Directory, address: &Address, w: &Words) -> String {
    match genesis.members.get(address) {
        Some(member) => directory.read(|known| known.party(&member.party, w.locale).to_owned()),
        None => address.to_string(),
    }
}

/// The validators, each with whether it has signed.
pub(crate) fn validators(
    genesis: &Genesis,
    directory: &Directory,
    w: &Words,
    signed: impl Fn(&Address) -> bool,
) -> Vec<Validator> {
    let members = genesis.members.0.iter();
    members
        .map(|member| {
            let kind = directory.read(|known| known.parties.get(&member.party).map(|party| party.kind));
            Validator {
                party: directory.read(|known| known.party(&member.party, w.locale).to_owned()),
                kind: kind.map(|kind| party_kind(kind, w)).unwrap_or_default(),
                address: member.address.to_string(),
                signed: signed(&member.address),
            }
        })
        .collect()
}

fn examples(visit: &Visit, known: &Known) -> Vec<Example> {
    let examples = visit.explorer.site.examples.iter().filter_map(|epc| {
        let EpcKind::Item { gtin, serial } = epc.kind() else { return None };
        let name = known.products.get(&gtin).map(|name| in_language(name, visit.words.locale).to_owned());
        Some(Example {
            href: format!("/{}", epc.path()),
            name: name.unwrap_or_else(|| format!("GTIN {gtin}")),
            serial: groups(&serial).join(" "),
        })
    });
    examples.collect()
}
