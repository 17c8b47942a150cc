//! The collections by which a client finds out what there is: types of event, identifiers, steps, places, dispositions.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use hefu_contracts::{
    audience::{Reader, Shown},
    cbv::bare,
    gs1::Epc,
    provenance::listing::Field,
    row::{self, Row},
};

use super::{
    Epcis, answering,
    asked::{After, Asked, Page, Token},
    candidates::Walker,
    event::{self, EpcFormat, Eyes, identity},
    events,
    exception::Exception,
};
use crate::{
    access::shown,
    ledger::{Ledger, Walk, Way},
    problem::{Door, Problem},
    reading::reading,
    server::Api,
};

/// What there is below the root (EPCIS 2.0 §12).
const RESOURCES: [&str; 8] =
    ["capture", "events", "eventTypes", "epcs", "readPoints", "bizLocations", "dispositions", "bizSteps"];

/// The types of event.
const KINDS: [&str; 5] =
    ["AggregationEvent", "AssociationEvent", "ObjectEvent", "TransactionEvent", "TransformationEvent"];

/// Beginnings of the keys of rows of things, in the order of keys.
const THINGS: [&str; 4] = ["container/", "item/", "lot/", "thing/"];

/// Most rows that one request looks at, and most records of each row's history.
const ROWS_MAX: usize = 2_000;
const HISTORY_MAX: u64 = 64;

/// Most private records that are looked at for values that no public one has, alike for each of them.
const PRIVATE_MAX: usize = 20_000;

/// A collection of values that events have in one field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values {
    field: Field,
    /// The parameter that asks for one of them.
    parameter: &'static str,
}

pub(crate) const STEPS: Values = Values { field: Field::Step, parameter: "EQ_bizStep" };
pub(crate) const DISPOSITIONS: Values = Values { field: Field::Disposition, parameter: "EQ_disposition" };
pub(crate) const READ_POINTS: Values = Values { field: Field::ReadPoint, parameter: "EQ_readPoint" };
pub(crate) const LOCATIONS: Values = Values { field: Field::Location, parameter: "EQ_bizLocation" };

fn no_parameters(parameters: &[(String, Vec<String>)]) -> Result<(), Problem> {
    match parameters.first() {
        None => Ok(()),
        Some((name, _)) => {
            Err(Problem::from(Door::Query).because(format!("{name}: this resource has no such parameter")))
        }
    }
}

/// `GET /`
pub(crate) async fn top(request: HttpRequest) -> Result<HttpResponse, Exception> {
    let asked = Asked::of(&request).await?;
    answering::answer(&request, &asked, &answering::collection(&RESOURCES.map(str::to_owned)), None)
}

/// `GET /eventTypes`
pub(crate) async fn kinds(request: HttpRequest) -> Result<HttpResponse, Exception> {
    let (asked, page) = begin(&request).await?;
    slice(&request, (&asked, &page), "eventTypes", KINDS.map(str::to_owned).to_vec())
}

/// `GET /eventTypes/{eventType}`
pub(crate) async fn kind(request: HttpRequest, kind: web::Path<String>) -> Result<HttpResponse, Exception> {
    let asked = Asked::of(&request).await?;
    check_kind(&kind)?;
    answering::answer(&request, &asked, &answering::below(), None)
}

/// `GET /eventTypes/{eventType}/events`
pub(crate) async fn events_of_kind(request: HttpRequest, kind: web::Path<String>) -> Result<HttpResponse, Exception> {
    check_kind(&kind)?;
    events::having(&request, ("eventType", &kind)).await
}

fn check_kind(kind: &str) -> Result<(), Problem> {
    if KINDS.contains(&kind) { Ok(()) } else { Err(Problem::from(Door::ValueUnknown).because(kind)) }
}

async fn begin(request: &HttpRequest) -> Result<(Asked, Page), Exception> {
    let asked = Asked::of(request).await?;
    let (page, rest) = Page::of(request)?;
    no_parameters(&rest)?;
    Ok((asked, page))
}

/// A page of values that are all known.
fn slice(
    request: &HttpRequest,
    (asked, page): (&Asked, &Page),
    of: &str,
    values: Vec<String>,
) -> Result<HttpResponse, Exception> {
    let epcis = Epcis::of(request)?;
    let after = after(page, of, &epcis)?;
    let mut rest = values.into_iter().filter(|value| after.as_ref().is_none_or(|after| value > after));
    let members: Vec<String> = rest.by_ref().take(page.most).collect();
    let next = match (rest.next(), members.last()) {
        (Some(_), Some(last)) => Some(Token::new(of, After::Value(last.clone()), None)?),
        (Some(_) | None, _) => None,
    };
    answering::answer(request, asked, &answering::collection(&members), next.as_ref())
}

fn after(page: &Page, of: &str, epcis: &Epcis) -> Result<Option<String>, Problem> {
    match page.token(of, |text| epcis.is_void(text))?.map(|token| token.after) {
        None => Ok(None),
        Some(After::Value(value)) => Ok(Some(value)),
        Some(After::Event(_)) => Err(Problem::from(Door::Query).because("nextPageToken: it is of a query")),
    }
}

impl Values {
    /// `GET /bizSteps` and its like.
    pub(crate) async fn list(self, request: HttpRequest) -> Result<HttpResponse, Exception> {
        let (asked, page) = begin(&request).await?;
        let values = self.seen(&request, &asked).await?;
        slice(&request, (&asked, &page), self.parameter, values.into_iter().collect())
    }

    /// `GET /bizSteps/{bizStep}` and its like.
    pub(crate) async fn one(self, request: HttpRequest, value: web::Path<String>) -> Result<HttpResponse, Exception> {
        let asked = Asked::of(&request).await?;
        let plain = Asked { format: EpcFormat::AsRecorded, ..asked.clone() };
        let spelled = match self.field {
            Field::Step | Field::Disposition => bare(&value).to_owned(),
            Field::Kind | Field::Action | Field::ReadPoint | Field::Location => identity(&value),
        };
        if !self.seen(&request, &plain).await?.contains(&spelled) {
            return Err(Problem::from(Door::ValueUnknown).because(value).into());
        }
        answering::answer(&request, &asked, &answering::below(), None)
    }

    /// `GET /bizSteps/{bizStep}/events` and its like.
    pub(crate) async fn events(
        self,
        request: HttpRequest,
        value: web::Path<String>,
    ) -> Result<HttpResponse, Exception> {
        events::having(&request, (self.parameter, &value)).await
    }

    /// The values that events have which the reader may read, sorted.
    async fn seen(self, request: &HttpRequest, asked: &Asked) -> Result<BTreeSet<String>, Exception> {
        let api = Api::of(request)?;
        let (reader, format) = (asked.reader.clone(), asked.format);
        let values = reading(&api.ledger, move |ledger| -> Result<_, Problem> {
            let mut known: BTreeSet<String> = ledger.event_values(self.field, true)?.into_iter().collect();
            if reader != Reader::Public {
                self.add_private(ledger, &reader, &mut known)?;
            }
            let spelled = known.into_iter().map(|value| event::identifier(ledger, &value, format));
            Ok(spelled.collect::<Result<BTreeSet<String>, _>>()?)
        });
        Ok(values.await?)
    }

    /// Values that no public event has, where the reader may read one that has it.
    fn add_private(self, ledger: &dyn Ledger, reader: &Reader, known: &mut BTreeSet<String>) -> Result<(), Problem> {
        let all = ledger.event_values(self.field, false)?;
        let private: Vec<String> = all.into_iter().filter(|value| !known.contains(value)).collect();
        let most = PRIVATE_MAX.checked_div(private.len()).unwrap_or_default().max(1);
        for value in private {
            // The newest first: who reads now had to do with them rather than with the oldest.
            let walk = Walk { way: Way::With(self.field, &value), descending: true, after: None };
            let mut walker = Walker::new(walk);
            for _ in 0..most {
                let Some(line) = walker.next(ledger)? else { break };
                let Some(found) = ledger.record(&line.listing.record)? else { continue };
                if shown(ledger, reader, &found.text)? >= Shown::Text {
                    known.insert(value);
                    break;
                }
            }
        }
        Ok(())
    }
}

/// `GET /epcs`: identifiers of things, containers, lots and classes that the reader may read.
pub(crate) async fn epcs(request: HttpRequest) -> Result<HttpResponse, Exception> {
    let (asked, page) = begin(&request).await?;
    let (api, epcis) = (Api::of(&request)?, Epcis::of(&request)?);
    let after = after(&page, "epcs", &epcis)?;
    let eyes = Eyes { reader: asked.reader.clone(), presented: BTreeSet::new() };
    let (format, most) = (asked.format, page.most);
    let (members, last) =
        reading(&api.ledger, move |ledger| -> Result<_, Problem> { things(ledger, &eyes, (after, format), most) })
            .await?;
    let next = last.map(|last| Token::new("epcs", After::Value(last), None)).transpose()?;
    answering::answer(&request, &asked, &answering::collection(&members), next.as_ref())
}

/// Identifiers behind a row, and the row at which to go on.
fn things(
    ledger: &dyn Ledger,
    eyes: &Eyes,
    (after, format): (Option<String>, EpcFormat),
    most: usize,
) -> Result<(Vec<String>, Option<String>), Problem> {
    let mut members = Vec::new();
    let mut looked_at = 0_usize;
    for prefix in THINGS {
        // A row of an earlier kind than where the last page ended.
        if after.as_deref().is_some_and(|after| !after.starts_with(prefix) && after > prefix) {
            continue;
        }
        let mut behind = after.clone().filter(|after| after.starts_with(prefix));
        loop {
            let rows = ledger.rows(prefix, behind.as_deref(), 100)?;
            let Some(last) = rows.last() else { break };
            behind = Some(last.key.clone());
            for row in rows {
                looked_at = looked_at.saturating_add(1);
                if let Some(text) = readable(ledger, eyes, &row)? {
                    members.push(event::identifier(ledger, &text, format)?);
                }
                if members.len() >= most || looked_at >= ROWS_MAX {
                    return Ok((members, Some(row.key)));
                }
            }
        }
    }
    Ok((members, None))
}

/// The identifier of a row, where an event that the reader may read names it.
fn readable(ledger: &dyn Ledger, eyes: &Eyes, row: &Row) -> Result<Option<String>, Problem> {
    let Some((_, path)) = row.key.split_once('/') else { return Ok(None) };
    let link = Epc::parse(&format!("https://id.gs1.org/{path}")).ok();
    let epc = link.filter(|epc| row::key_of_thing(epc) == row.key).or_else(|| Epc::parse(path).ok());
    let Some(epc) = epc else { return Ok(None) };
    if eyes.reader.is_auditor() {
        return Ok(Some(epc.as_str().to_owned()));
    }
    for entry in ledger.entries(&row.key, 0, HISTORY_MAX)? {
        let seen = event::seen(ledger, eyes, (&entry.record, entry.time))?;
        if seen.is_some_and(|seen| event::names(&seen.event, epc.as_str())) {
            return Ok(Some(epc.as_str().to_owned()));
        }
    }
    Ok(None)
}

/// `GET /epcs/{epc}`: whoever presents an identifier is told whether there is anything of it.
pub(crate) async fn epc(request: HttpRequest, epc: web::Path<String>) -> Result<HttpResponse, Exception> {
    let asked = Asked::of(&request).await?;
    let api = Api::of(&request)?;
    let bad = |bad| Problem::from(Door::Path).because(bad);
    let known: Epc = Epc::parse(&epc).map_err(bad)?;
    let row = reading(&api.ledger, move |ledger| ledger.row(&row::key_of_thing(&known))).await?;
    if row.is_none() {
        return Err(Problem::from(Door::ValueUnknown).because(epc).into());
    }
    answering::answer(&request, &asked, &answering::below(), None)
}

/// `GET /epcs/{epc}/events`
pub(crate) async fn events_of_epc(request: HttpRequest, epc: web::Path<String>) -> Result<HttpResponse, Exception> {
    let parameter = if matches!(Epc::parse(&epc).map(|epc| epc.kind()), Ok(hefu_contracts::gs1::EpcKind::Class { .. }))
    {
        "MATCH_anyEPCClass"
    } else {
        "MATCH_anyEPC"
    };
    events::having(&request, (parameter, &epc)).await
}
