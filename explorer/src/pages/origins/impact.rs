//! An impact as a page: who has what came of something, and in which state.

use actix_web::{HttpResponse, web};
use askama::Template;
use hefu_api::{
    Door, Problem,
    trace::{ImpactView, Scope, impact},
    views::StateView,
};
use hefu_contracts::audience::Reader;
use serde::Deserialize;

use super::{Recall, brief, party, place, product, state, subject};
use crate::{
    pages::{Page, session, trouble::Trouble},
    visit::Visit,
    words::{
        Words,
        terms::{DISPOSITIONS, say},
    },
};

/// How many somebody has in a state.
#[derive(Debug)]
struct Share {
    count: u64,
    holder: String,
    product: String,
    state: String,
}

/// What is left of a lot somewhere.
#[derive(Debug)]
struct Stock {
    amount: String,
    lot: String,
    with: String,
}

/// `impact.html`
#[derive(Template)]
#[template(path = "impact.html")]
struct ImpactPage {
    w: &'static Words,
    page: Page,
    /// The source in addresses, percent-encoded.
    asked: String,
    containers: Vec<(String, u64)>,
    cut: bool,
    product: Option<String>,
    recalls: Vec<Recall>,
    shares: Vec<Share>,
    /// Where one signs in, where this reader is not shown everything.
    sign_in: Option<String>,
    source: String,
    states: Vec<(String, u64)>,
    stocks: Vec<Stock>,
    things: u64,
}

/// Parameters of the page.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    id: String,
}

/// `GET /x/impact?id=…`
pub(crate) async fn read(visit: Visit, wanted: Option<web::Query<Wanted>>) -> HttpResponse {
    let wanted = wanted.map(web::Query::into_inner).unwrap_or_default();
    let shown = page(&visit, wanted.id).await;
    visit.answer_to(shown)
}

async fn page(visit: &Visit, id: String) -> Result<(ImpactPage, Reader), Trouble> {
    let (w, reader) = (visit.words, visit.reader().await?);
    let (asked, reads) = (super::encoded(&id), reader.clone());
    let found = visit
        .read(move |ledger, _| -> Result<_, Problem> {
            let source = subject(&id)?;
            let found = impact(ledger, &reads, &source, None)?;
            found.ok_or_else(|| Problem::from(Door::ItemUnknown).because(source.as_str()))
        })
        .await?;
    let ImpactView {
        containers,
        holders,
        product: item,
        recalls,
        scope,
        source,
        states,
        stocks,
        things,
        truncated,
        ..
    } = found;
    let share = |share: hefu_api::trace::ImpactHolderView| Share {
        count: share.count,
        holder: [share.holder.map(|holder| party(&holder, w)), share.place.map(|at| place(&at, w))]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · "),
        product: share.product.map(|item| product(&item, w)).unwrap_or_default(),
        state: stands(share.state, share.disposition.as_deref(), w),
    };
    let stock = |stock: hefu_api::trace::ImpactStockView| Stock {
        amount: format!("{} {}", stock.amount, stock.unit),
        lot: brief(&stock.lot),
        with: stock
            .holder
            .map(|holder| party(&holder, w))
            .or(stock.inside.map(|inside| brief(&inside)))
            .unwrap_or_default(),
    };
    let page = ImpactPage {
        w,
        page: visit.page(visit.newest()),
        asked,
        containers: containers.into_iter().map(|container| (brief(&container.id), container.count)).collect(),
        cut: truncated,
        product: item.map(|item| product(&item, w)),
        recalls: recalls.iter().map(|recall| Recall::of(recall, w)).collect(),
        shares: holders.into_iter().map(share).collect(),
        sign_in: (scope != Scope::All && reader == Reader::Public).then(|| session::address(&visit.request, w)),
        source: brief(&source),
        states: states
            .into_iter()
            .map(|counted| (stands(counted.state, counted.disposition.as_deref(), w), counted.count))
            .collect(),
        stocks: stocks.into_iter().map(stock).collect(),
        things,
    };
    Ok((page, reader))
}

/// The state as the rules know it, and what the last event said of it.
fn stands(state: StateView, disposition: Option<&str>, w: &Words) -> String {
    let said = disposition.map(|code| say(DISPOSITIONS, code, w));
    [Some(self::state(state, w).to_owned()), said].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
