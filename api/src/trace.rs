//! Traces: what something came of, what came of it, and who has that now.

mod graph;
mod impact;
mod opened;
mod reach;
mod sheet;
mod table;
mod view;
mod walk;

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use hefu_contracts::{audience::Reader, gs1::Epc, provenance::Span, row, time::Time};
use serde::Deserialize;

pub use impact::{ImpactContainerView, ImpactHolderView, ImpactStateView, ImpactStockView, ImpactView, Scope};
pub use opened::{RecallView, SpanView};
pub use reach::{Direction, Relation};
pub use view::{BeganView, TraceKind, TraceLinkView, TraceThingView, TraceView, WithheldView};
pub(crate) use view::{gtin_of, id_of};

use crate::{
    access::reader,
    answer::{self, Keep},
    ledger::Ledger,
    openapi::{problems, shapes},
    problem::{Door, Problem},
    query::Query,
    reading::reading,
    server::Api,
};
use graph::Zh;
use impact::Impact;
use view::Desk;
use walk::Walk;

/// Most rows of one trace.
pub const TRACE_MAX: usize = 5_000;

/// Most rows that an impact looks at for an organisation.
pub const IMPACT_MAX: usize = 1_000_000;

/// Most rows of its sheet, which holds them all at once.
pub const SHEET_MAX: usize = 100_000;

/// Most rows that an impact looks at for anybody.
pub const IMPACT_MAX_FOR_ANYBODY: usize = 20_000;

const CSV: &str = "text/csv; charset=utf-8; header=present";
const SVG: &str = "image/svg+xml";

/// In which form something is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Json,
    Csv,
    Svg,
}

impl Format {
    /// What was asked for in the address, or else what the client takes first.
    fn of(asked: Option<Format>, request: &HttpRequest) -> Format {
        if let Some(format) = asked {
            return format;
        }
        let accepted = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let place = |media: &str| accepted.find(media);
        match (place("application/json"), place("text/csv"), place("image/svg+xml")) {
            (None, Some(csv), svg) if svg.is_none_or(|svg| csv < svg) => Format::Csv,
            (None, _, Some(_)) => Format::Svg,
            _ => Format::Json,
        }
    }
}

/// Parameters of a trace.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TraceQuery {
    as_of: Option<Time>,
    direction: Option<Direction>,
    format: Option<Format>,
    lang: Option<Lang>,
}

/// Parameters of an impact.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ImpactQuery {
    format: Option<Format>,
    made_from: Option<Time>,
    made_until: Option<Time>,
}

impl ImpactQuery {
    /// Of a site: when what is asked for was made there.
    fn made(&self, source: &Epc) -> Result<Option<Span>, Problem> {
        if self.made_from.is_none() && self.made_until.is_none() {
            return Ok(None);
        }
        if walk::site_of(&row::key_of_thing(source)).is_none() {
            return Err(Problem::from(Door::Query).because("only a site is asked for what it made in a time"));
        }
        let from = self.made_from.or_else(|| Time::from_millis(0));
        Ok(from.map(|from| Span { from, until: self.made_until }))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Lang {
    Zh,
    En,
}

/// What a segment of a path names: a Digital Link of any domain, an EPC URN, or a path of GS1 keys.
///
/// # Errors
/// `E-PATH` where it is none of them.
pub fn subject(segment: &str) -> Result<Epc, Problem> {
    let is_uri = segment.contains("://") || segment.starts_with("urn:");
    let text = if is_uri { segment.to_owned() } else { format!("https://id.gs1.org/{segment}") };
    Epc::parse(&text).map_err(|bad| Problem::from(Door::Path).because(bad))
}

/// What something came of, or what came of it, as a reader is shown it; nothing where there is no record of it.
///
/// # Errors
/// A fault.
pub fn trace(
    ledger: &dyn Ledger,
    reader: &Reader,
    (subject, direction, as_of): (&Epc, Direction, Option<Time>),
) -> Result<Option<TraceView>, Problem> {
    let reached = Walk { ledger, direction, as_of, made: None, limit: TRACE_MAX }.from(&row::key_of_thing(subject))?;
    if reached.places.is_empty() {
        return Ok(None);
    }
    let mut desk = Desk { ledger, reader, names: BTreeMap::new(), around: BTreeMap::new() };
    view::show(&mut desk, reached, (subject, direction, as_of)).map(Some)
}

/// An impact and what ids in it stand for; nothing where there is no record of its source.
fn gather<T>(
    ledger: &dyn Ledger,
    reader: &Reader,
    (source, made): (&Epc, Option<Span>),
    for_sheet: bool,
    tell: impl FnOnce(&Impact, &Desk<'_>) -> Result<T, Problem>,
) -> Result<Option<T>, Problem> {
    let limit = match reader {
        Reader::Public => IMPACT_MAX_FOR_ANYBODY,
        Reader::Party { .. } if for_sheet => SHEET_MAX,
        Reader::Party { .. } => IMPACT_MAX,
    };
    let walk = Walk { ledger, direction: Direction::Forward, as_of: None, made, limit };
    let mut desk = Desk { ledger, reader, names: BTreeMap::new(), around: BTreeMap::new() };
    let impact = Impact::gather(&mut desk, source, &walk, for_sheet)?;
    impact.map(|impact| tell(&impact, &desk)).transpose()
}

/// Who has what came of something, or what a site made, in a time where one is given, as a reader is shown it; nothing where
/// there is no record of it.
///
/// # Errors
/// A fault.
pub fn impact(
    ledger: &dyn Ledger,
    reader: &Reader,
    source: &Epc,
    made: Option<Span>,
) -> Result<Option<ImpactView>, Problem> {
    gather(ledger, reader, (source, made), false, |impact, desk| Ok(impact.view(desk)))
}

fn unknown(epc: &Epc, then: Option<Time>) -> Problem {
    let when = then.map(|then| format!(" as of {then}")).unwrap_or_default();
    Problem::from(Door::ItemUnknown).because(format!("there is no record of {epc}{when}"))
}

/// Read what something came of, or what came of it.
///
/// Back lead transformations to what they used up, and assemblies to their parts; forward the other way. Codes of single
/// things are shown to whoever presents them, to organisations that have to do with them, and to auditors; of others it is
/// told how many there are. At most 5,000 rows are looked at; `truncated` tells whether there are more.
#[utoipa::path(
    get,
    operation_id = "readTrace",
    path = "/v1/trace/{id}",
    tag = "traces",
    security((), ("document" = []), ("session" = [])),
    params(
        ("id" = String, Path, description = "a Digital Link, an EPC URN or a path of GS1 keys, percent-encoded: an item, a \
            lot, a class, a container"),
        ("direction" = Option<Direction>, Query, description = "`back` to what it came of, or `forward`"),
        ("asOf" = Option<shapes::Time>, Query, description = "a time of the blocks; what was inside what is told as of then"),
        ("format" = Option<String>, Query, description = "`json`, `csv` or `svg`; otherwise as `Accept` says"),
        ("lang" = Option<String>, Query, description = "language of a picture, `zh` or `en`"),
    ),
    responses(
        (status = 200, description = "the trace", content(
            (TraceView = "application/json"), (String = "text/csv"), (String = "image/svg+xml"),
        )),
        problems::Malformed, problems::Unauthorised, problems::Forbidden, problems::Unknown, problems::Coding,
        problems::TooLarge, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn read(
    request: HttpRequest,
    path: web::Path<String>,
    query: Query<TraceQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let subject = subject(&path)?;
    let TraceQuery { as_of, direction, format, lang } = query.0;
    let reader = reader(&request).await?;
    let keep = if reader == Reader::Public { Keep::Asking } else { Keep::Personal };
    let format = Format::of(format, &request);
    let found = reading(&api.ledger, move |ledger| -> Result<_, Problem> {
        let found = trace(ledger, &reader, (&subject, direction.unwrap_or_default(), as_of))?;
        found.ok_or_else(|| unknown(&subject, as_of))
    });
    let view = found.await?;
    match format {
        Format::Json => answer::json(&view, keep, None),
        Format::Csv => Ok(answer::text(table::of(&view)?, CSV, keep, None)),
        Format::Svg => Ok(answer::text(graph::of(&view, Zh(lang == Some(Lang::Zh))), SVG, keep, None)),
    }
}

/// Read who has what came of something, and in which state.
///
/// It can be asked before a recall is opened. A site is asked for what it made, in a time where one is given. Holders are told to whoever has to do with the source, has opened a recall of
/// it, or audits, and of a site to the organisation whose site it is; other organisations are told of what is theirs; everybody how much there is. As CSV it is a sheet of key data
/// elements, one line for each item and stock. At most 1,000,000 rows are looked at, 100,000 for a sheet, 20,000 for anybody; items that are
/// alike are one, outside of a sheet.
#[utoipa::path(
    get,
    operation_id = "readImpact",
    path = "/v1/impact/{id}",
    tag = "traces",
    security((), ("document" = []), ("session" = [])),
    params(
        ("id" = String, Path, description = "as for a trace"),
        ("format" = Option<String>, Query, description = "`json` or `csv`; otherwise as `Accept` says"),
        ("madeFrom" = Option<shapes::Time>, Query, description = "of a site: from when what is asked for was made there"),
        ("madeUntil" = Option<shapes::Time>, Query, description = "of a site: until when what is asked for was made there"),
    ),
    responses(
        (status = 200, description = "the impact", content((ImpactView = "application/json"), (String = "text/csv"))),
        problems::Malformed, problems::Unauthorised, problems::Forbidden, problems::Unknown, problems::Coding,
        problems::TooLarge, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn read_impact(
    request: HttpRequest,
    path: web::Path<String>,
    query: Query<ImpactQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let source = subject(&path)?;
    let made = query.0.made(&source)?;
    let reader = reader(&request).await?;
    let keep = if reader == Reader::Public { Keep::Never } else { Keep::Personal };
    match Format::of(query.0.format, &request) {
        Format::Svg if query.0.format.is_some() => {
            Err(Problem::from(Door::Query).because("an impact is a document or a table"))
        }
        Format::Json | Format::Svg => {
            let found = reading(&api.ledger, move |ledger| -> Result<_, Problem> {
                impact(ledger, &reader, &source, made)?.ok_or_else(|| unknown(&source, None))
            });
            answer::json(&found.await?, keep, None)
        }
        Format::Csv => {
            let found = reading(&api.ledger, move |ledger| -> Result<_, Problem> {
                gather(ledger, &reader, (&source, made), true, sheet::of)?.ok_or_else(|| unknown(&source, None))
            });
            Ok(answer::text(found.await?, CSV, keep, None))
        }
    }
}
