//! A trace as a page: the picture, and everything in it as a table.

use actix_web::{HttpResponse, web};
use askama::Template;
use hefu_api::{
    Door, Problem,
    trace::{Direction, TraceKind, TraceThingView, TraceView, trace},
};
use hefu_contracts::{audience::Reader, time::Time};
use serde::Deserialize;

use super::{Recall, brief, kind, page_of, party, place, product, state, subject};
use crate::{
    moment::{self, Zone},
    pages::{Page, short, trouble::Trouble},
    visit::Visit,
    words::Words,
};

/// Most things that are listed; the picture and the files have them all.
const THINGS_MAX: usize = 500;

/// Something that was reached.
#[derive(Debug)]
struct Thing {
    began: String,
    depth: u32,
    holder: String,
    href: Option<String>,
    kind: &'static str,
    name: String,
    product: Option<String>,
    recalled: bool,
    state: Option<&'static str>,
}

/// `lineage.html`
#[derive(Template)]
#[template(path = "lineage.html")]
struct LineagePage {
    w: &'static Words,
    page: Page,
    /// The subject in addresses, percent-encoded.
    asked: String,
    back: bool,
    /// Where the same looking the other way is.
    other: String,
    picture: String,
    recalls: Vec<Recall>,
    subject: String,
    table: String,
    things: Vec<Thing>,
    /// Whether there is more than is listed.
    cut: bool,
    /// How many things are for others.
    withheld: Option<u64>,
}

/// Parameters of the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wanted {
    as_of: Option<Time>,
    direction: Option<Direction>,
    #[serde(default)]
    id: String,
}

/// `GET /x/trace?id=…`
pub(crate) async fn read(visit: Visit, wanted: Option<web::Query<Wanted>>) -> HttpResponse {
    let wanted = wanted.map(web::Query::into_inner).unwrap_or_default();
    let shown = page(&visit, wanted).await;
    visit.answer_to(shown)
}

async fn page(visit: &Visit, wanted: Wanted) -> Result<(LineagePage, Reader), Trouble> {
    let (w, reader) = (visit.words, visit.reader().await?);
    let Wanted { as_of, direction, id } = wanted;
    let (direction, reads) = (direction.unwrap_or_default(), reader.clone());
    let asked = super::encoded(&id);
    let found = visit
        .read(move |ledger, _| -> Result<_, Problem> {
            let subject = subject(&id)?;
            let found = trace(ledger, &reads, (&subject, direction, as_of))?;
            found.ok_or_else(|| Problem::from(Door::ItemUnknown).because(subject.as_str()))
        })
        .await?;
    let back = direction == Direction::Back;
    let then = as_of.map(|time| format!("&asOf={time}")).unwrap_or_default();
    let (this, turned) = if back { ("back", "forward") } else { ("forward", "back") };
    let data = format!("/v1/trace/{asked}?direction={this}{then}");
    let TraceView { recalls, subject, things, truncated, withheld, .. } = found;
    let hidden: u64 = withheld.iter().map(|withheld| withheld.count).fold(0, u64::saturating_add);
    let page = LineagePage {
        w,
        page: visit.page(visit.newest()),
        back,
        cut: truncated || things.len() > THINGS_MAX,
        other: format!("/x/trace?id={asked}&direction={turned}{then}&lang={}", w.locale),
        picture: format!("{data}&format=svg&lang={}", w.locale),
        recalls: recalls.iter().map(|recall| Recall::of(recall, w)).collect(),
        subject: brief(&subject),
        table: format!("{data}&format=csv"),
        things: things.into_iter().take(THINGS_MAX).map(|thing| told(thing, w)).collect(),
        withheld: (hidden > 0).then_some(hidden),
        asked,
    };
    Ok((page, reader))
}

fn told(thing: TraceThingView, w: &'static Words) -> Thing {
    let TraceThingView { began, depth, holder, id, kind: of, place: at, product: item, recalls, state: now, .. } =
        thing;
    let began =
        began.map(|began| format!("{} · {}", moment::date(began.at, Zone::read("+08:00"), w), party(&began.by, w)));
    let with = [holder.map(|holder| party(&holder.by, w)), at.map(|at| place(&at, w))];
    Thing {
        began: began.unwrap_or_default(),
        depth,
        holder: with.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        href: page_of(&id, of, w),
        kind: kind(of, w),
        name: if of == TraceKind::Transformation { made(&id) } else { brief(&id) },
        product: item.map(|item| product(&item, w)),
        recalled: !recalls.is_empty(),
        state: now.map(|now| state(now, w)),
    }
}

/// A transformation by who did it and the beginning of its hash, which nobody reads to the end.
fn made(id: &str) -> String {
    match id.split('/').collect::<Vec<_>>().as_slice() {
        [_, party, hash] => format!("{party} {}", short(hash)),
        _ => id.to_owned(),
    }
}
