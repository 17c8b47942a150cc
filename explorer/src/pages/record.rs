//! The page of a record.

use actix_web::{HttpResponse, web};
use askama::Template;
use hefu_api::{
    Door, Ledger, Problem, shown,
    views::{self, ReadableRecordView, RecordView},
};
use hefu_contracts::{
    audience::{Reader, Shown},
    gs1::{Epc, EpcKind, Gtin},
    record::{Body, Record},
};
use hefu_keys::Hash;

use super::{Page, origins::impact_of, session, trouble::Trouble};
use crate::{
    directory::Directory,
    sentence::{author, product, sentence},
    visit::Visit,
    words::{
        Words,
        terms::{ACTIONS, say},
    },
};

/// A fact in a line.
#[derive(Debug)]
pub(crate) struct Row {
    pub label: String,
    pub value: String,
    pub href: Option<String>,
}

/// `record.html`
#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage {
    w: &'static Words,
    page: Page,
    id: String,
    sentence: String,
    /// That it is final, or waits for a block.
    state: &'static str,
    rows: Vec<Row>,
    touches: Vec<Row>,
    text: Option<String>,
    /// Its lists and private values, where there are any and the reader may see them.
    annex: Option<String>,
    /// That it is shown to its parties only.
    private: bool,
    /// Where one signs in, where it is not for this reader.
    sign_in: Option<String>,
    data: String,
}

/// What is read of a record.
struct Read {
    annex: Option<String>,
    private: bool,
    rows: Vec<Row>,
    sentence: String,
    text: Option<String>,
    touches: Vec<Row>,
    waits: bool,
}

/// `GET /x/records/{id}`
pub(crate) async fn read(visit: Visit, id: web::Path<String>) -> HttpResponse {
    let shown = match id.parse::<Hash>() {
        Ok(id) => page(&visit, id).await,
        Err(_) => Err(Trouble::from(Door::Path)),
    };
    visit.answer_to(shown)
}

async fn page(visit: &Visit, id: Hash) -> Result<(RecordPage, Reader), Trouble> {
    let w = visit.words;
    let reader = visit.reader().await?;
    let reads = reader.clone();
    let found = visit.read(move |ledger, directory| look_up(ledger, directory, &id, &reads, w)).await?;
    let Read { annex, private, rows, sentence, text, touches, waits } =
        found.ok_or_else(|| Trouble::from(Door::RecordUnknown))?;
    let page = RecordPage {
        w,
        page: visit.page(visit.newest()),
        id: id.to_string(),
        sentence,
        state: if waits { w.explorer.record_pending } else { w.explorer.record_final },
        rows,
        touches,
        sign_in: text.is_none().then(|| session::address(&visit.request, w)),
        text,
        annex,
        private,
        data: format!("/v1/records/{id}"),
    };
    Ok((page, reader))
}

fn look_up(
    ledger: &dyn Ledger,
    directory: &Directory,
    id: &Hash,
    reader: &Reader,
    w: &Words,
) -> Result<Option<Read>, Problem> {
    let Some(found) = ledger.record(id)? else { return Ok(None) };
    let block = match found.place {
        Some(place) => ledger.block(place.height)?,
        None => None,
    };
    let waits = found.place.is_none();
    let shown = shown(ledger, reader, &found.text)?;
    let RecordView::Readable(view) = views::record(id, found, block.as_ref(), shown)? else {
        let (sentence, rows, touches) = (w.explorer.record.to_owned(), Vec::new(), Vec::new());
        return Ok(Some(Read { annex: None, private: true, rows, sentence, text: None, touches, waits }));
    };
    let text = view.record.get();
    let record = Record::read(text).map_err(|refusal| Problem::refused(refusal, Some(*id)))?;
    let whole = shown == Shown::Whole && view.links.annex.is_some();
    let annex = if whole { Some(ledger.annex(id)?) } else { None };
    Ok(Some(Read {
        annex: annex.map(|annex| serde_json::to_string(&annex)).transpose()?,
        private: !view.visibility.is_public(),
        rows: rows(ledger, directory, &view, &record, w)?,
        sentence: sentence(ledger, directory, &record, w)?,
        text: Some(text.to_owned()),
        touches: touches(directory, &record, w),
        waits,
    }))
}

fn rows(
    ledger: &dyn Ledger,
    directory: &Directory,
    view: &ReadableRecordView,
    record: &Record,
    w: &Words,
) -> Result<Vec<Row>, Problem> {
    let row = |label: &str, value: String| Row { label: label.to_owned(), value, href: None };
    let mut rows = Vec::new();
    if let Some(height) = view.height {
        let href = Some(format!("/x/blocks/{height}?lang={}", w.locale));
        rows.push(Row { label: w.explorer.block.to_owned(), value: height.to_string(), href });
    }
    if let Some(time) = view.time {
        rows.push(row(w.explorer.time, time.to_string()));
    }
    if let Some(party) = author(ledger, record)? {
        let name = directory.read(|known| known.party(&party, w.locale).to_owned());
        rows.push(row(w.trace.fact_signers, name));
    }
    for signer in &record.signers {
        rows.push(row(w.trace.step_keys, signer.to_string()));
    }
    if let Some(time) = record.claimed_at {
        rows.push(row(w.explorer.author_time, time.to_string()));
    }
    Ok(rows)
}

/// What the record names in the clear; the items of its lists are known only by their number.
fn touches(directory: &Directory, record: &Record, w: &Words) -> Vec<Row> {
    let label = say(ACTIONS, record.action.name(), w);
    let row = |value: String| Row { label: label.clone(), value, href: None };
    let product = |gtin: &Gtin| row(directory.read(|known| product(known, gtin, w)));
    let party = |id: &str| row(directory.read(|known| known.party(id, w.locale).to_owned()));
    match &record.body {
        Body::PartyAdd(body) => vec![party(&body.party.id)],
        Body::SitePut(body) => vec![row(format!("GLN {}", body.gln))],
        Body::KeyGrant(body) => vec![row(body.key.to_string())],
        Body::KeyRevoke(body) => vec![row(body.key.to_string())],
        Body::AuthorityGrant(body) => vec![party(&body.to)],
        Body::AuthorityRevoke(body) => vec![party(&body.to)],
        Body::QuotaSet(body) => body.party.iter().map(|id| party(id)).collect(),
        Body::ProductPut(body) => vec![product(&body.gtin)],
        Body::CodesIssue(body) => vec![product(&body.gtin)],
        Body::Agreement(act) => act.contract().map(|contract| row(contract.to_owned())).into_iter().collect(),
        Body::BomPut(body) => vec![product(&body.gtin)],
        Body::RecallOpen(body) => vec![source(&body.source, &label, w)],
        Body::RecallLift(body) => vec![source(&body.source, &label, w)],
        Body::Evidence(body) => {
            let (height, round, step) = body.place();
            vec![row(body.validator.to_string()), row(format!("{height} / {round} / {}", step.name()))]
        }
        Body::EventCapture(capture) => {
            capture.event.parent.iter().chain(capture.event.classes()).map(|epc| thing(epc, &label)).collect()
        }
    }
}

/// What is recalled, with who has what came of it.
fn source(epc: &Epc, label: &str, w: &Words) -> Row {
    Row { href: Some(impact_of(epc, w)), ..thing(epc, label) }
}

/// A thing that an event names in the clear; items have a page of their own.
fn thing(epc: &Epc, label: &str) -> Row {
    let href = match epc.kind() {
        EpcKind::Item { .. } => Some(format!("/{}", epc.path())),
        EpcKind::Class { .. } | EpcKind::Container | EpcKind::Other => None,
    };
    Row { label: label.to_owned(), value: epc.path().to_owned(), href }
}
