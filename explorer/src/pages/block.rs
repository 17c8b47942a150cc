//! The page of a block.

use actix_web::{HttpResponse, web};
use askama::Template;
use hefu_api::{Door, Ledger, Problem, ledger::BlockFound, readable, views};
use hefu_contracts::{audience::Reader, height::Height, record::Record, state::Fault};
use hefu_keys::Hash;

use super::{
    Page,
    home::{BlockLine, Validator, builder, validators},
    session, short,
    trouble::Trouble,
};
use crate::{directory::Directory, sentence::sentence, visit::Visit, words::Words};

/// Most records of a block that are listed; a block may hold thousands.
const RECORDS_LISTED_MAX: usize = 200;

/// A record in a line.
#[derive(Debug)]
struct RecordLine {
    id: String,
    sentence: String,
}

impl RecordLine {
    fn short(&self) -> String {
        short(&self.id)
    }
}

/// `block.html`
#[derive(Template)]
#[template(path = "block.html")]
struct BlockPage {
    w: &'static Words,
    page: Page,
    line: BlockLine,
    round: u32,
    register: String,
    previous: String,
    validators: Vec<Validator>,
    records: Vec<RecordLine>,
    /// What of the block's records is not listed.
    notes: Vec<String>,
    header: String,
    certificate: String,
    last: bool,
    /// Where one signs in, where some of its records are not for this reader.
    sign_in: Option<String>,
}

/// What is read of a block.
struct Read {
    block: BlockFound,
    builder: String,
    /// Number of records that the reader may read.
    readable: usize,
    records: Vec<RecordLine>,
    validators: Vec<Validator>,
}

/// `GET /x/blocks/{height}`
pub(crate) async fn read(visit: Visit, height: web::Path<String>) -> HttpResponse {
    let shown = match parse(&height) {
        Some(height) => page(&visit, height).await,
        None => Err(Trouble::from(Door::Path)),
    };
    visit.answer_to(shown)
}

/// A height in its one spelling: decimal digits without a sign or leading zeros.
pub(super) fn parse(text: &str) -> Option<Height> {
    text.parse().ok().and_then(Height::new).filter(|height| height.to_string() == text)
}

async fn page(visit: &Visit, height: Height) -> Result<(BlockPage, Reader), Trouble> {
    let (newest, w) = (visit.newest(), visit.words);
    let reader = visit.reader().await?;
    let reads = reader.clone();
    let found = visit.read(move |ledger, directory| look_up(ledger, directory, height, &reads, w)).await?;
    let Some(Read { block, builder, readable, records, validators }) = found else {
        let detail = match w.locale {
            "zh" => format!("账本到区块 {newest} 为止。"),
            _ => format!("The ledger ends at block {newest}."),
        };
        return Err(Trouble::from(Door::BlockUnknown).because(detail));
    };
    let more = count(readable.saturating_sub(records.len()));
    let private = count(block.records.len().saturating_sub(readable));
    let notes = [(more, &w.explorer.records_more), (private, &w.explorer.records_private)];
    let notes = notes.into_iter().filter(|(n, _)| *n > 0).map(|(n, words)| words.of(&n)).collect();
    let page = BlockPage {
        w,
        page: visit.page(newest),
        line: BlockLine {
            height: height.get(),
            block: block.certificate.block.to_string(),
            records: block.records.len(),
            time: block.header.time.to_string(),
            builder,
        },
        round: block.certificate.round,
        register: block.header.register.to_string(),
        previous: block.header.previous.to_string(),
        validators,
        records,
        notes,
        header: block.header.text(),
        certificate: block.certificate.text(),
        last: height >= newest,
        sign_in: (private > 0).then(|| session::address(&visit.request, w)),
    };
    Ok((page, reader))
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn look_up(
    ledger: &dyn Ledger,
    directory: &Directory,
    height: Height,
    reader: &Reader,
    w: &Words,
) -> Result<Option<Read>, Problem> {
    let Some(block) = ledger.block(height)? else { return Ok(None) };
    let readable = readable(ledger, reader, &block)?;
    let view = views::block(block.clone(), ledger.genesis(), &readable);
    let mut records = Vec::new();
    for line in view.records.iter().take(RECORDS_LISTED_MAX) {
        records.push(RecordLine { id: line.id.to_string(), sentence: told(ledger, directory, &line.id, w)? });
    }
    let signed = |address: &_| view.validators.iter().any(|one| one.signed && one.address == *address);
    Ok(Some(Read {
        builder: builder(ledger.genesis(), directory, &block.header.builder, w),
        readable: view.records.len(),
        records,
        validators: validators(ledger.genesis(), directory, w, signed),
        block,
    }))
}

fn told(ledger: &dyn Ledger, directory: &Directory, id: &Hash, w: &Words) -> Result<String, Fault> {
    let found = ledger.record(id)?.and_then(|found| Record::read(&found.text).ok());
    match found {
        Some(record) => sentence(ledger, directory, &record, w),
        None => Ok(String::new()),
    }
}
