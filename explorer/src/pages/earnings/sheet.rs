//! One account: what is where and why, every line with its arithmetic, statements, payouts and files.

use actix_web::{HttpResponse, http::header, web};
use askama::Template;
use hefu_api::{
    Problem, Readable, now,
    views::{
        AccountView, DisputeView, EarningView, EarningsView, LineEarningsView, LineItemView, PayoutView, SoldState,
        StatementLineView,
    },
};
use hefu_contracts::{agreements::export::Format, audience::Reader, settlement::Minor, time::Time};
use serde::Deserialize;

use super::money;
use crate::{
    answer,
    moment::{self, Zone},
    pages::{Page, session, short, trouble::Trouble},
    visit::Visit,
    words::{EarningsWords, Words},
};

/// Lines on one page.
const LINES: usize = 50;

/// What stands in one state.
#[derive(Debug)]
struct Total {
    amount: String,
    name: &'static str,
    /// What that state means.
    sentence: &'static str,
}

/// What a unit comes to.
#[derive(Debug)]
struct Unit {
    amount: String,
    component: String,
    formula: String,
    /// Why it is there, and until when.
    sentence: String,
    state: &'static str,
    /// What refunds took back, where they did.
    reversed: Option<String>,
}

/// A period beside its lines.
#[derive(Debug)]
struct Period {
    name: String,
    units: Vec<Unit>,
}

/// An item that left with a line.
#[derive(Debug)]
struct Item {
    href: String,
    serial: String,
    state: Option<&'static str>,
}

/// An order line.
#[derive(Debug)]
struct Line {
    /// The items that left with it, with their pages and what became of them where they came back.
    items: Vec<Item>,
    /// How many more there are.
    more: u64,
    name: String,
    platform: String,
    record: Option<String>,
    title: String,
    units: Vec<Unit>,
}

/// A statement.
#[derive(Debug)]
struct Statement {
    accepted: bool,
    closing: String,
    href: String,
    issued: String,
    /// Where it is told line by line.
    lines: String,
    number: u64,
    period: String,
}

/// A payout.
#[derive(Debug)]
struct Payout {
    amount: String,
    batch: String,
    state: &'static str,
}

/// A dispute.
#[derive(Debug)]
struct Dispute {
    by: String,
    href: String,
    is_open: bool,
    unit: String,
}

/// `account.html`
#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    w: &'static Words,
    page: Page,
    /// What was agreed on outside of the terms.
    adjustments: Vec<Unit>,
    contract: String,
    disputes: Vec<Dispute>,
    /// Addresses of the account as files, by format.
    files: Vec<(&'static str, String)>,
    lines: Vec<Line>,
    next: Option<String>,
    party: String,
    payouts: Vec<Payout>,
    periods: Vec<Period>,
    /// Id of the organisation.
    id: String,
    /// Number of the contract's events that the page knows of.
    seq: u64,
    statements: Vec<Statement>,
    totals: Vec<Total>,
}

/// Parameters of the page.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    after: Option<String>,
}

/// What is read of an account.
struct Read {
    account: AccountView,
    disputes: Vec<DisputeView>,
    earnings: EarningsView,
    payouts: Vec<PayoutView>,
    party: String,
    reversed: Option<Minor>,
    seq: u64,
}

/// `GET /x/earnings/{contract}/{party}`
pub(crate) async fn read(
    visit: Visit,
    path: web::Path<(String, String)>,
    wanted: Option<web::Query<Wanted>>,
) -> HttpResponse {
    let after = wanted.and_then(|wanted| wanted.into_inner().after);
    let reader = match visit.reader().await {
        Ok(reader) => reader,
        Err(trouble) => return trouble.answer(&visit),
    };
    if reader == Reader::Public {
        return see_other(&session::address(&visit.request, visit.words));
    }
    let shown = page(&visit, path.into_inner(), after, reader).await;
    visit.answer_to(shown)
}

/// Nobody in particular has no account: first comes who it is.
pub(super) fn see_other(address: &str) -> HttpResponse {
    let mut response = answer::guarded(HttpResponse::SeeOther());
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.insert_header((header::LOCATION, address)).finish()
}

async fn page(
    visit: &Visit,
    (contract, id): (String, String),
    after: Option<String>,
    reader: Reader,
) -> Result<(AccountPage, Reader), Trouble> {
    let w = visit.words;
    let (now, reads, party) = (now()?, reader.clone(), id.clone());
    let asked = contract.clone();
    let read = visit
        .read(move |ledger, directory| -> Result<_, Problem> {
            let found = Readable::find(ledger, reads, &asked)?;
            let name = directory.read(|known| known.party(&party, w.locale).to_owned());
            look_up(&found, &party, name, after.as_deref(), now)
        })
        .await?;
    let shown = format!("/x/earnings/{contract}/{id}");
    let told = Teller { currency: read.earnings.currency.clone(), path: shown.clone(), w };
    let path = format!("/v1/agreements/{contract}/accounts/{id}");
    let page = AccountPage {
        w,
        page: visit.page(visit.newest()),
        disputes: read.disputes.into_iter().map(|dispute| told.dispute(dispute)).collect(),
        files: Format::ALL.map(|format| (format.name(), format!("{path}/export?format={}", format.name()))).to_vec(),
        next: read
            .earnings
            .lines
            .last()
            .filter(|_| read.earnings.next.is_some())
            .map(|last| format!("{shown}?lang={}&after={}", w.locale, last.line)),
        adjustments: read.earnings.adjustments.into_iter().map(|earning| told.unit(earning)).collect(),
        lines: read.earnings.lines.into_iter().map(|line| told.line(line)).collect(),
        party: read.party,
        payouts: read.payouts.into_iter().map(|payout| told.payout(payout)).collect(),
        periods: read
            .earnings
            .periods
            .into_iter()
            .filter(|period| !period.earnings.is_empty())
            .map(|period| Period {
                name: period.period.unwrap_or_else(|| w.earnings.whole.to_owned()),
                units: period.earnings.into_iter().map(|earning| told.unit(earning)).collect(),
            })
            .collect(),
        seq: read.seq,
        statements: read.account.statements.iter().map(|statement| told.statement(statement)).collect(),
        totals: told.totals(&read.account, read.reversed),
        contract,
        id,
    };
    Ok((page, reader))
}

fn look_up(found: &Readable<'_>, party: &str, name: String, after: Option<&str>, now: Time) -> Result<Read, Problem> {
    Ok(Read {
        account: found.account_view(party, u64::MAX)?,
        disputes: found.disputes(None)?.disputes,
        earnings: found.earnings(party, after, LINES, now)?,
        party: name,
        payouts: found.payouts(party)?,
        reversed: found.reversed(party, now)?,
        seq: found.seq(),
    })
}

/// Says things in a language and a currency.
struct Teller {
    currency: String,
    /// Path of the account's page.
    path: String,
    w: &'static Words,
}

impl Teller {
    fn words(&self) -> &'static EarningsWords {
        &self.w.earnings
    }

    fn money(&self, minor: Minor) -> String {
        money(&self.currency, minor)
    }

    /// Times of contracts are told as China has them, where their months begin.
    fn date(&self, time: Time) -> String {
        moment::date(time, Zone::read("+08:00"), self.w)
    }

    fn totals(&self, account: &AccountView, reversed: Option<Minor>) -> Vec<Total> {
        let holds = |buckets: &[&str]| {
            let held = buckets.iter().map(|bucket| account.balances.get(*bucket).copied().unwrap_or_default());
            Minor::sum(held).map_or_else(|_| "–".to_owned(), |sum| self.money(sum))
        };
        let w = self.words();
        let mut totals = vec![
            Total { amount: holds(&["accrued"]), name: w.pending, sentence: w.pending_means },
            Total { amount: holds(&["held"]), name: w.held, sentence: w.held_means },
            Total { amount: holds(&["payable", "in_payout"]), name: w.payable, sentence: w.payable_means },
            Total { amount: holds(&["settled", "withheld_tax"]), name: w.paid, sentence: w.paid_means },
        ];
        if account.balances.contains_key("disputed") {
            totals.push(Total { amount: holds(&["disputed"]), name: w.disputed, sentence: w.disputed_means });
        }
        if let Some(reversed) = reversed {
            totals.push(Total { amount: self.money(reversed), name: w.reversed, sentence: w.reversed_means });
        }
        totals
    }

    fn unit(&self, earning: EarningView) -> Unit {
        let w = self.words();
        let state = match earning.state {
            "pending" => w.pending,
            "held" => w.held,
            "disputed" => w.disputed,
            "payable" => w.payable,
            "paid" => w.paid,
            _ => w.reversed,
        };
        let sentence = match earning.reason {
            "awaits-receipt" => w.awaits_receipt,
            "awaits-close" => w.awaits_close,
            "holding-time" => w.holding_time,
            "awaits-release" => w.awaits_release,
            "aftersale" => w.aftersale,
            "dispute" => w.dispute,
            "awaits-payout" => w.awaits_payout,
            "in-payout" => w.in_payout,
            "paid" => w.was_paid,
            _ => w.refunded,
        };
        let date = earning.time.map(|time| self.date(time)).unwrap_or_default();
        let name = earning.unit.strip_prefix("adjustment:").map(str::to_owned);
        Unit {
            amount: self.money(earning.amount),
            component: name.unwrap_or(earning.component),
            formula: earning.formula,
            sentence: sentence.replace("{date}", &date),
            state,
            reversed: (!earning.reversed.is_zero()).then(|| self.money(earning.reversed)),
        }
    }

    /// A line's name is `platform/2026-09/<commitment>/1`; people tell orders apart by the end of the commitment.
    fn line(&self, line: LineEarningsView) -> Line {
        let mut parts = line.line.split('/');
        let (platform, month, order, number) = (
            parts.next().unwrap_or_default().to_owned(),
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        let told = line.items.len() as u64;
        Line {
            items: line.items.into_iter().map(|item| self.item(item)).collect(),
            more: line.codes.saturating_sub(told),
            title: format!("{month} · {} · {number}", short(order)),
            name: line.line.clone(),
            platform,
            record: line.record.map(|record| format!("/x/records/{record}?lang={}", self.w.locale)),
            units: line.earnings.into_iter().map(|earning| self.unit(earning)).collect(),
        }
    }

    fn item(&self, LineItemView { id, state }: LineItemView) -> Item {
        let w = self.words();
        let path = id.trim_start_matches("https://id.gs1.org");
        Item {
            href: format!("{path}?lang={}", self.w.locale),
            serial: path.rsplit('/').next().unwrap_or_default().to_owned(),
            state: match state {
                SoldState::Sold => None,
                SoldState::Returned => Some(w.item_returned),
                SoldState::Refunded => Some(w.item_refunded),
            },
        }
    }

    fn statement(&self, statement: &StatementLineView) -> Statement {
        Statement {
            accepted: statement.accepted.is_some(),
            closing: self.money(statement.closing.get("payable").copied().unwrap_or_default()),
            href: statement.bundle.clone(),
            issued: self.date(statement.time),
            lines: format!("{}/{}?lang={}", self.path, statement.number, self.w.locale),
            number: statement.number,
            period: statement.period.clone().unwrap_or_else(|| self.words().whole.to_owned()),
        }
    }

    fn payout(&self, payout: PayoutView) -> Payout {
        let w = self.words();
        let state = match payout.paid {
            None => w.payout_open,
            Some(true) => w.payout_paid,
            Some(false) => w.payout_failed,
        };
        Payout { amount: self.money(payout.amount), batch: payout.batch, state }
    }

    fn dispute(&self, dispute: DisputeView) -> Dispute {
        Dispute {
            by: dispute.by,
            href: format!("/x/records/{}?lang={}", dispute.closed.unwrap_or(dispute.record), self.w.locale),
            is_open: dispute.closed.is_none(),
            unit: dispute.unit,
        }
    }
}
