//! Search: heights, hashes, codes and names lead to their pages.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web,
};
use askama::Template;
use hefu_api::{
    Door, Ledger, Problem,
    ledger::{Found as Kept, Place},
};
use hefu_contracts::{
    gs1::{DigitalLink, Epc, EpcKind, Gtin},
    height::Height,
    record::Visibility,
    row,
};
use hefu_keys::Hash;
use serde::Deserialize;

use super::{Page, block, origins::trace_of, record::Row, trouble::Trouble};
use crate::{
    answer,
    directory::{Directory, Known, in_language},
    visit::Visit,
    words::{
        Words,
        terms::{ACTIONS, party_kind, say},
    },
};

/// Longest search in characters.
const QUERY_CHARS_MAX: usize = 200;

/// Least number of digits by which a hash is looked for.
const HASH_DIGITS_MIN: usize = 8;

/// Most blocks and records with ids alike that are looked at; of those the first on the ledger is shown.
const ALIKE_MAX: usize = 100;

/// Most names that are listed.
const NAMES_MAX: usize = 50;

/// A serial number alone is tried with so many trade items.
const PRODUCTS_TRIED_MAX: usize = 64;

/// `found.html`
#[derive(Template)]
#[template(path = "found.html")]
struct FoundPage {
    w: &'static Words,
    page: Page,
    found: Vec<Row>,
}

#[derive(Deserialize)]
pub(crate) struct Query {
    #[serde(default)]
    q: String,
}

/// What a search leads to.
enum Found {
    /// One page, by its address.
    Path(String),
    Names(Vec<Row>),
    Nothing,
}

/// `GET /x/search?q=`
pub(crate) async fn read(visit: Visit, query: Option<web::Query<Query>>) -> HttpResponse {
    let Some(query) = query else { return Trouble::from(Door::Query).answer(&visit) };
    let w = visit.words;
    let q: String = query.into_inner().q.trim().chars().take(QUERY_CHARS_MAX).collect();
    let newest = visit.newest();
    let found = visit.read(move |ledger, directory| search(ledger, directory, newest, &q, w)).await;
    match found {
        Ok(Found::Path(path)) => {
            let mut response = answer::guarded(HttpResponse::SeeOther());
            response.insert_header((header::LOCATION, path)).finish()
        }
        Ok(Found::Names(found)) => {
            let page = FoundPage { w, page: visit.page(newest), found };
            answer::html(&visit, StatusCode::OK, &page, None)
        }
        Ok(Found::Nothing) => Trouble::nothing_found().answer(&visit),
        Err(trouble) => trouble.answer(&visit),
    }
}

fn search(ledger: &dyn Ledger, directory: &Directory, newest: Height, q: &str, w: &Words) -> Result<Found, Problem> {
    if q.is_empty() {
        return Ok(Found::Path(format!("/?lang={}", w.locale)));
    }
    if let Some(height) = block::parse(q).filter(|height| (1..=newest.get()).contains(&height.get())) {
        return Ok(Found::Path(format!("/x/blocks/{height}?lang={}", w.locale)));
    }
    if let Some(epc) = code(q) {
        return Ok(Found::Path(page_of(&epc, w)));
    }
    if let Some(path) = hash(ledger, q)? {
        return Ok(Found::Path(format!("{path}?lang={}", w.locale)));
    }
    let names = directory.read(|known| names(known, q, w));
    if !names.is_empty() {
        return Ok(Found::Names(names));
    }
    Ok(serial(ledger, directory, q)?.map_or(Found::Nothing, |epc| Found::Path(page_of(&epc, w))))
}

/// A code as it is scanned or typed: a Digital Link, an EPC URN, a path of GS1 keys, an element string as printed on labels,
/// or a GTIN and a serial number with a space or a slash between them.
fn code(q: &str) -> Option<Epc> {
    if let Some((gtin, serial)) = q.split_once([' ', '/'])
        && let Ok(gtin) = gtin.trim().parse::<Gtin>()
    {
        let serial: String = serial.split_whitespace().collect();
        return Epc::item(&gtin, &serial).ok();
    }
    let closely: String = q.split_whitespace().collect();
    let epc = if closely.contains("://") || closely.starts_with("urn:epc:") {
        Epc::parse(&closely)
    } else if closely.contains('/') {
        Epc::of_path(closely.trim_start_matches('/'))
    } else {
        return DigitalLink::of_element_string(&closely).ok().map(|link| Epc::of_link(&link));
    };
    epc.ok().filter(|epc| epc.path() != epc.as_str())
}

/// Where a code is told: items and classes have pages of their own, of everything else a trace tells.
fn page_of(epc: &Epc, w: &Words) -> String {
    match epc.kind() {
        EpcKind::Item { .. } | EpcKind::Class { .. } => format!("/{}?lang={}", epc.path(), w.locale),
        EpcKind::Container | EpcKind::Other => trace_of(epc.path(), w),
    }
}

/// The page of the record or block whose id this is or begins with.
fn hash(ledger: &dyn Ledger, q: &str) -> Result<Option<String>, Problem> {
    let digits = q.to_ascii_lowercase();
    let is_hash = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hash || !(HASH_DIGITS_MIN..=64).contains(&digits.len()) {
        return Ok(None);
    }
    if let Ok(id) = digits.parse::<Hash>()
        && ledger.record(&id)?.is_some()
    {
        return Ok(Some(format!("/x/records/{id}")));
    }
    let found = ledger.beginning(&digits, ALIKE_MAX)?;
    if let Some(height) = found.blocks.iter().min() {
        return Ok(Some(format!("/x/blocks/{height}")));
    }
    let mut first: Option<(Place, Hash)> = None;
    for id in found.records {
        let Some(Kept { text, place: Some(place) }) = ledger.record(&id)? else { continue };
        if Visibility::is_public_in(&text) && first.is_none_or(|(known, _)| place < known) {
            first = Some((place, id));
        }
    }
    Ok(first.map(|(_, id)| format!("/x/records/{id}")))
}

/// Organisations and trade items with this in their name, id or number.
fn names(known: &Known, q: &str, w: &Words) -> Vec<Row> {
    let like = q.to_lowercase();
    let is_like = |texts: &[&str]| texts.iter().any(|text| text.to_lowercase().contains(&like));
    let parties = known.parties.values().filter(|party| is_like(&[&party.id, &party.name.zh, &party.name.en]));
    let parties = parties.map(|party| Row {
        label: party_kind(party.kind, w),
        value: in_language(&party.name, w.locale).to_owned(),
        href: party.record.map(|id| format!("/x/records/{id}?lang={}", w.locale)),
    });
    let whole = q.parse::<Gtin>().ok();
    let products = known.products.iter();
    let products = products.filter(|(gtin, name)| whole == Some(**gtin) || is_like(&[&name.zh, &name.en]));
    let products = products.map(|(gtin, name)| Row {
        label: format!("{} · GTIN {gtin}", say(ACTIONS, "product.put", w)),
        value: in_language(name, w.locale).to_owned(),
        href: None,
    });
    parties.chain(products).take(NAMES_MAX).collect()
}

/// The item of a serial number alone, where it is one of a known trade item.
fn serial(ledger: &dyn Ledger, directory: &Directory, q: &str) -> Result<Option<Epc>, Problem> {
    let serial: String = q.split_whitespace().collect();
    let gtins: Vec<Gtin> = directory.read(|known| known.products.keys().take(PRODUCTS_TRIED_MAX).copied().collect());
    for gtin in gtins {
        let Ok(epc) = Epc::item(&gtin, &serial) else { return Ok(None) };
        let key = row::key_of_thing(&epc);
        // An absent row's proof has no histories; a present one always has its own.
        if ledger.proof(&key)?.is_some_and(|proof| !proof.histories.is_empty()) {
            return Ok(Some(epc));
        }
    }
    Ok(None)
}
