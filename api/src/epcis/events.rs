//! Reading events: by a query, by their id, and under a value that they have.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::{
    Epcis,
    answering::{self, SIMPLE},
    asked::{After, Asked, Page, Token},
    event::Eyes,
    exception::Exception,
    query::EventQuery,
    search::{self, Part},
};
use crate::{
    ledger::Position,
    problem::{Door, Problem},
    reading::reading,
    server::Api,
};

/// A query's page of events as an answer.
///
/// # Errors
/// [`Exception`].
pub(crate) async fn page(
    request: &HttpRequest,
    (asked, page): (Asked, Page),
    (name, query): (&str, EventQuery),
) -> Result<HttpResponse, Exception> {
    let (api, epcis) = (Api::of(request)?, Epcis::of(request)?);
    let token = page.token(&query.name, |text| epcis.is_void(text))?;
    let left = token.as_ref().map_or(query.event_count_limit, |token| token.left);
    let after = match token.map(|token| token.after) {
        None => None,
        Some(After::Event(position)) => Some(position),
        Some(After::Value(_)) => {
            return Err(Problem::from(Door::Query).because("nextPageToken: it is of another").into());
        }
    };
    let most = page.most.min(left.unwrap_or(usize::MAX));
    let eyes = Eyes { reader: asked.reader.clone(), presented: query.presented() };
    let (of, format) = (query.name.clone(), asked.format);
    let found = reading(&api.ledger, move |ledger| -> Result<_, Problem> {
        search::check_count(ledger, &eyes, (&query, format))?;
        if most == 0 {
            return Ok(search::Found::default());
        }
        search::search(ledger, &eyes, (&query, format), Part { after, most })
    })
    .await?;
    let left = left.map(|left| left.saturating_sub(found.events.len()));
    let next = next(&of, found.next.filter(|_| left != Some(0)), left)?;
    let body = answering::document((name, None), &found.events, &found.records)?;
    answering::answer(request, &asked, &body, next.as_ref())
}

fn next(of: &str, position: Option<Position>, left: Option<usize>) -> Result<Option<Token>, Problem> {
    position.map(|position| Token::new(of, After::Event(position), left)).transpose()
}

/// `GET /events`
pub(crate) async fn list(request: HttpRequest) -> Result<HttpResponse, Exception> {
    let asked = Asked::of(&request).await?;
    let (page_asked, parameters) = Page::of(&request)?;
    page(&request, (asked, page_asked), (SIMPLE, EventQuery::read(&parameters)?)).await
}

/// The events that have a value, as `GET /…/{value}/events`.
///
/// # Errors
/// [`Exception`].
pub(crate) async fn having(request: &HttpRequest, (parameter, value): (&str, &str)) -> Result<HttpResponse, Exception> {
    let asked = Asked::of(request).await?;
    let (page_asked, parameters) = Page::of(request)?;
    let query = EventQuery::read(&parameters)?.and(parameter, value)?;
    page(request, (asked, page_asked), (SIMPLE, query)).await
}

/// `GET /events/{eventID}`: the event, and whatever declares it to be in error, which has the same id.
pub(crate) async fn read(request: HttpRequest, id: web::Path<String>) -> Result<HttpResponse, Exception> {
    let asked = Asked::of(&request).await?;
    let api = Api::of(&request)?;
    let eyes = Eyes { reader: asked.reader.clone(), presented: Default::default() };
    let (wanted, format) = (id.to_string(), asked.format);
    let found =
        reading(&api.ledger, move |ledger| -> Result<_, Problem> { search::with_id(ledger, &eyes, &wanted, format) })
            .await?;
    if found.events.is_empty() {
        return Err(Problem::from(Door::EventUnknown).because(id).into());
    }
    let body: Value = answering::document((SIMPLE, None), &found.events, &found.records)?;
    answering::answer(&request, &asked, &body, None)
}
