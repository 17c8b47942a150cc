//! A statement line by line: every amount with its arithmetic, its source, and what stood there after it.

use actix_web::{HttpResponse, web};
use askama::Template;
use hefu_api::{
    Problem, Readable,
    views::{MovementView, MovementsView},
};
use hefu_contracts::audience::Reader;
use serde::Deserialize;

use super::{money, sheet::see_other};
use crate::{
    moment::{self, Zone},
    pages::{Page, session, short, trouble::Trouble},
    visit::Visit,
    words::{EarningsWords, Words},
};

/// Movements on one page.
const MOVEMENTS: usize = 100;

/// An amount that came into a bucket or left it.
#[derive(Debug)]
struct Line {
    amount: String,
    balance: String,
    bucket: &'static str,
    date: String,
    event: &'static str,
    formula: Option<String>,
    href: String,
    unit: String,
}

/// `statement.html`
#[derive(Template)]
#[template(path = "statement.html")]
struct StatementPage {
    w: &'static Words,
    page: Page,
    contract: String,
    /// Id of the organisation.
    id: String,
    lines: Vec<Line>,
    next: Option<String>,
    number: u64,
    party: String,
}

/// Parameters of the page.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    after: Option<usize>,
}

/// `GET /x/earnings/{contract}/{party}/{number}`
pub(crate) async fn read(
    visit: Visit,
    path: web::Path<(String, String, u64)>,
    wanted: Option<web::Query<Wanted>>,
) -> HttpResponse {
    let skip = wanted.and_then(|wanted| wanted.into_inner().after).unwrap_or(0);
    let reader = match visit.reader().await {
        Ok(reader) => reader,
        Err(trouble) => return trouble.answer(&visit),
    };
    if reader == Reader::Public {
        return see_other(&session::address(&visit.request, visit.words));
    }
    let shown = page(&visit, path.into_inner(), skip, reader).await;
    visit.answer_to(shown)
}

async fn page(
    visit: &Visit,
    (contract, id, number): (String, String, u64),
    skip: usize,
    reader: Reader,
) -> Result<(StatementPage, Reader), Trouble> {
    let w = visit.words;
    let (reads, asked, party) = (reader.clone(), contract.clone(), id.clone());
    let (told, name) = visit
        .read(move |ledger, directory| -> Result<(MovementsView, String), Problem> {
            let found = Readable::find(ledger, reads, &asked)?;
            let told = found.movements(&party, number, skip, MOVEMENTS)?;
            Ok((told, directory.read(|known| known.party(&party, w.locale).to_owned())))
        })
        .await?;
    let after = skip.saturating_add(MOVEMENTS);
    let next =
        told.next.is_some().then(|| format!("/x/earnings/{contract}/{id}/{number}?lang={}&after={after}", w.locale));
    let currency = told.currency;
    let lines = told.movements.into_iter().map(|movement| line(movement, &currency, w)).collect();
    let page = StatementPage { w, page: visit.page(visit.newest()), contract, id, lines, next, number, party: name };
    Ok((page, reader))
}

fn line(movement: MovementView, currency: &str, w: &'static Words) -> Line {
    let MovementView { amount, balance, bucket, event, formula, record, time, unit, .. } = movement;
    Line {
        amount: money(currency, amount),
        balance: money(currency, balance),
        bucket: bucket_word(&bucket, &w.earnings),
        date: moment::date(time, Zone::read("+08:00"), w),
        event: event_word(&event, &w.earnings),
        formula,
        href: format!("/x/records/{record}?lang={}", w.locale),
        unit: unit.map_or_else(String::new, |unit| brief(&unit)),
    }
}

/// A unit as people tell it apart: of a line's name the month, the end of its order's commitment and its number.
fn brief(unit: &str) -> String {
    let Some((line, component)) = unit.strip_prefix("line:").and_then(|line| line.rsplit_once(':')) else {
        return unit.to_owned();
    };
    let parts: Vec<&str> = line.split('/').collect();
    match parts.as_slice() {
        [_, month, order, number] => format!("{component} · {month} · {} · {number}", short(order)),
        _ => unit.to_owned(),
    }
}

fn bucket_word(bucket: &str, w: &EarningsWords) -> &'static str {
    match bucket {
        "accrued" => w.pending,
        "held" => w.held,
        "payable" => w.payable,
        "in_payout" => w.payout_open,
        "settled" => w.paid,
        "withheld_tax" => w.tax,
        "disputed" => w.disputed,
        "fee" => w.fee,
        "obligation" => w.obligation,
        _ => w.writeoff,
    }
}

fn event_word(event: &str, w: &EarningsWords) -> &'static str {
    match event {
        "milestone" => w.event_milestone,
        "paid" => w.event_paid,
        "shipped" => w.event_shipped,
        "received" => w.event_received,
        "refund" => w.event_refund,
        "aftersale_open" | "aftersale_closed" => w.event_aftersale,
        "release" | "tick" => w.event_release,
        "period_close" => w.event_close,
        "dispute_open" | "dispute_close" => w.event_dispute,
        "payout" | "payout_result" => w.event_payout,
        "cost" => w.event_cost,
        "adjust" => w.event_adjust,
        _ => w.event_amend,
    }
}
