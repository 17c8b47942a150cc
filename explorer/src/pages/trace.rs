//! The trace page: what a proof shows of a code, each claim marked with where in the proof it stands.

mod spelling;
mod story;
mod thing;
mod way;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use askama::Template;
use hefu_api::{
    Door, Ledger, Problem, items,
    views::{self, Lookup},
};
use hefu_contracts::{
    catalogue::DEFAULT_LINK,
    gs1::{BadEpc, BadKey, Epc, EpcKind, Gtin},
};
use hefu_keys::Hash;

use super::{OtherNode, Page, Said, Source, absent::AbsentPage, trouble::Trouble};
use crate::{
    answer,
    resolver::{self, Asked, open},
    visit::Visit,
    words::Words,
};

use spelling::{Spellings, spellings};
use story::Step;
use thing::{Fact, Notice, Thing};
use way::Way;

/// What the page answers before and behind the check.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// `consistent`, `unconfirmed`, `conflict` or `absent`.
    pub kind: &'static str,
    pub records: u64,
    /// How many of them are kept private.
    pub kept: u64,
    pub reasons: Vec<Reason>,
}

/// Why the answer is what it is.
#[derive(Debug)]
pub(crate) struct Reason {
    pub said: Vec<Said>,
    /// The record of the recall that it is about, which the check finds as well.
    pub recall: Option<String>,
}

impl From<Said> for Reason {
    fn from(said: Said) -> Reason {
        Reason { said: vec![said], recall: None }
    }
}

/// `trace.html`
#[derive(Template)]
#[template(path = "trace.html")]
pub(crate) struct TracePage {
    w: &'static Words,
    page: Page,
    thing: Thing,
    verdict: Verdict,
    notices: Vec<Notice>,
    facts: Vec<Fact>,
    parties: usize,
    steps: Vec<Step>,
    way: Way,
    nodes: Vec<OtherNode>,
}

/// What is shown of a code, with the spellings in its records that the views do not keep.
pub(crate) struct Shown {
    lookup: Lookup,
    spellings: Spellings,
}

/// `GET /01/{gtin}/21/{serial}`, and every other spelling of a Digital Link, which leads there; with a link type, what the
/// resolver knows.
pub(crate) async fn read(visit: Visit) -> HttpResponse {
    let epc = match code(visit.request.uri().path(), visit.words) {
        Ok(epc) => epc,
        Err(trouble) => return open(trouble.answer(&visit)),
    };
    let unasked = || matches!(epc.kind(), EpcKind::Class { .. }).then(|| Asked::Type(DEFAULT_LINK.to_owned()));
    match Asked::of(&visit).or_else(unasked) {
        Some(asked) => resolver::resolve(&visit, epc, asked).await,
        None => open(show(visit, epc).await),
    }
}

async fn show(visit: Visit, epc: Epc) -> HttpResponse {
    let canonical = format!("/{}", epc.path());
    if visit.request.uri().path() != canonical {
        return elsewhere(&visit, &canonical);
    }
    let tag = visit.tag_at(visit.newest());
    if tag.is_known(&visit.request) {
        return answer::unchanged(&visit, tag);
    }
    let (chain, item) = (visit.explorer.chain, epc.clone());
    let shown = visit.read(move |ledger, _| look_up(ledger, &chain, &item)).await;
    // The row spells the serial number as a path does.
    let data = |row: &str| row.replacen("item/01/", "/v1/items/", 1).replacen("/21/", "/", 1);
    match shown {
        Ok(Shown { lookup: Lookup::Known(item), spellings }) => {
            let page = TracePage::new(&visit, &item, &spellings, data(&item.code.row));
            answer::html(&visit, StatusCode::OK, &page, Some(visit.tag_at(item.as_of.height)))
        }
        Ok(Shown { lookup: Lookup::Unknown(absent), .. }) => {
            let page = AbsentPage::new(&visit, &absent, data(&absent.code.row));
            answer::html(&visit, StatusCode::NOT_FOUND, &page, None)
        }
        Err(trouble) => trouble.answer(&visit),
    }
}

/// The canonical path with what the query says; a browser asks again next time, because labels outlive spellings.
fn elsewhere(visit: &Visit, path: &str) -> HttpResponse {
    let query = visit.request.query_string();
    let location = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let mut response = answer::guarded(HttpResponse::TemporaryRedirect());
    response.insert_header((header::LOCATION, location)).finish()
}

/// The item, lot or class of a Digital Link's path (GS1 Digital Link Standard: URI Syntax §4).
///
/// # Errors
/// A page that says which part is wrong.
fn code(path: &str, words: &Words) -> Result<Epc, Trouble> {
    let path = path.trim_end_matches('/');
    let epc = Epc::parse(&format!("https://id.gs1.org{path}")).map_err(|bad| malformed(path, &bad, words))?;
    match epc.kind() {
        EpcKind::Item { .. } | EpcKind::Class { .. } => Ok(epc),
        EpcKind::Container | EpcKind::Other => Err(Door::NotFound.into()),
    }
}

fn malformed(path: &str, bad: &BadEpc, words: &Words) -> Trouble {
    let number = path.trim_start_matches('/').split('/').nth(1).unwrap_or_default();
    let detail = match number.parse::<Gtin>() {
        Err(BadKey::CheckDigit { expected, .. }) => Some(
            words
                .pick(
                    &format!("GTIN {number} 的末位与其余各位不符，应为 {expected}。"),
                    &format!("The last digit of GTIN {number} does not fit the others, which call for {expected}."),
                )
                .to_owned(),
        ),
        Err(BadKey::Length { .. } | BadKey::Digits { .. }) => {
            Some(words.pick("GTIN 应为 8、12、13 或 14 位数字。", "A GTIN has 8, 12, 13 or 14 digits.").to_owned())
        }
        Ok(_) => Some(
            words
                .pick(
                    "序列号最多 20 个字符，限 GS1 字符集中的字母、数字与符号。",
                    "A serial number has at most 20 characters: letters, digits and punctuation of the GS1 set.",
                )
                .to_owned(),
        ),
    };
    tracing::debug!(%bad, "a scanned link is malformed");
    let trouble = Trouble::from(Door::Path);
    match detail {
        Some(detail) => trouble.because(detail),
        None => trouble,
    }
}

/// What the proof of an item shows, checked against the ledger's own genesis as any reader would.
fn look_up(ledger: &dyn Ledger, chain: &Hash, epc: &Epc) -> Result<Shown, Problem> {
    let proof = items::proof(ledger, epc)?;
    let lookup = views::item(&proof, chain).map_err(|broken| {
        let error = &broken as &dyn std::error::Error;
        tracing::error!(error, subject = proof.subject, "a proof does not hold");
        Problem::from(Door::NodeFault)
    })?;
    Ok(Shown { lookup, spellings: spellings(&proof) })
}
