//! Named queries (EPCIS 2.0 §12.6): an organisation's own views on the events that it may read, and subscriptions to them.
//!
//! They belong to the node that was asked, not to the ledger: whoever made one finds it there, and nobody else does.

mod book;
mod courier;
mod definition;
mod post;
mod report;
mod schedule;
mod socket;
pub(super) mod subscribing;
mod subscription;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use hefu_contracts::{audience::Reader, state::Fault};
use serde_json::{Value, json};

pub(crate) use self::{book::Book, courier::Courier};
pub use self::{
    book::{QUERIES_MAX, SUBSCRIPTIONS_MAX},
    definition::DEFINITION_BYTES_MAX,
    post::{Headers, Post},
    report::EVENTS_MAX,
    subscription::GIVEN_UP_AFTER,
};

use self::definition::{Definition, NamedQuery};
use super::{
    Epcis, answering,
    asked::{After, Asked, Page, Token},
    capture::{self, new_id},
    events,
    exception::Exception,
};
use crate::{
    access::{self, Guest},
    clock,
    problem::{Door, Problem},
};

/// An organisation that reads, with what it asks for.
struct Member {
    asked: Asked,
    /// Its id.
    party: String,
    guest: Guest,
}

impl Member {
    /// Who asks.
    ///
    /// # Errors
    /// `E-READER-ANYBODY` where nobody says who they are, or what is wrong with what they show.
    async fn of(request: &HttpRequest) -> Result<Member, Exception> {
        let asked = Asked::of_anybody(request)?;
        match access::guest(request).await? {
            Some(guest) => match guest.reader.clone() {
                Reader::Party { id, .. } => {
                    Ok(Member { asked: Asked { reader: guest.reader.clone(), ..asked }, party: id, guest })
                }
                Reader::Public => Err(Door::ReaderAnybody.into()),
            },
            None => Err(Door::ReaderAnybody.into()),
        }
    }
}

/// Asks the book without holding up others: what it changes waits for the disk.
async fn asking<T, E>(
    epcis: &web::Data<Epcis>,
    ask: impl FnOnce(&Book) -> Result<T, E> + Send + 'static,
) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Into<Problem> + Send + 'static,
{
    let epcis = epcis.clone();
    match web::block(move || ask(&epcis.book)).await {
        Ok(answer) => answer.map_err(Into::into),
        Err(_) => Err(Door::NodeStopping.into()),
    }
}

/// The query of a name among those of who asks.
fn found(book: &Book, party: &str, name: &str) -> Result<NamedQuery, Problem> {
    book.query(party, name).ok_or_else(|| Problem::from(Door::QueryUnknown).because(name))
}

/// `GET /queries`
pub(super) async fn list(request: HttpRequest) -> Result<HttpResponse, Exception> {
    let (Member { asked, party, .. }, epcis) = (Member::of(&request).await?, Epcis::of(&request)?);
    let page = Page::alone(&request)?;
    let after = page.token("queries", |text| epcis.is_void(text))?.and_then(|token| token.after.value());
    let mut queries = epcis.book.queries(&party, after.as_deref(), page.most.saturating_add(1));
    let more = queries.len() > page.most;
    queries.truncate(page.most);
    let last = queries.last().filter(|_| more).map(|query| After::Value(query.name.clone()));
    let next = last.map(|last| Token::new("queries", last, None)).transpose()?;
    let views: Vec<Value> = queries.iter().map(NamedQuery::view).collect();
    answering::answer(&request, &asked, &json!(views), next.as_ref())
}

/// `POST /queries`
pub(super) async fn create(request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Exception> {
    let (Member { party, .. }, epcis) = (Member::of(&request).await?, Epcis::of(&request)?);
    let text = capture::text(&request, payload, DEFINITION_BYTES_MAX).await?;
    let Definition { name, query } = Definition::read(&text)?;
    let now = clock::now()?;
    let location = format!("/epcis/v2/queries/{}", answering::segment(&name));
    let query = NamedQuery { id: new_id(now)?, owner: party, name, query, created: now };
    asking(&epcis, move |book| book.add_query(query)).await?;
    Ok(answering::created(&location))
}

/// `GET /queries/{queryName}`
pub(super) async fn read(request: HttpRequest, name: web::Path<String>) -> Result<HttpResponse, Exception> {
    let (Member { asked, party, .. }, epcis) = (Member::of(&request).await?, Epcis::of(&request)?);
    let query = found(&epcis.book, &party, &name)?;
    answering::answer(&request, &asked, &query.view(), None)
}

/// `DELETE /queries/{queryName}`: its subscriptions end with it.
pub(super) async fn delete(request: HttpRequest, name: web::Path<String>) -> Result<HttpResponse, Exception> {
    let (Member { party, .. }, epcis) = (Member::of(&request).await?, Epcis::of(&request)?);
    let wanted = name.clone();
    let was_there = asking(&epcis, move |book| -> Result<bool, Fault> { book.remove_query(&party, &wanted) }).await?;
    if !was_there {
        return Err(Problem::from(Door::QueryUnknown).because(name).into());
    }
    Ok(HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish())
}

/// `GET /queries/{queryName}/events`: once, or as a subscription by WebSocket.
pub(super) async fn events(
    request: HttpRequest,
    name: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Exception> {
    if socket::is_wanted(&request) {
        return socket::open(&request, payload, &name).await;
    }
    let (Member { asked, party, .. }, epcis) = (Member::of(&request).await?, Epcis::of(&request)?);
    let query = found(&epcis.book, &party, &name)?;
    let page = Page::alone(&request)?;
    let mut events = query.events()?;
    // A token of a query that was made anew is another's.
    events.name = query.id.clone();
    events::page(&request, (asked, page), (&query.name, events)).await
}
