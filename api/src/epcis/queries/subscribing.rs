//! Subscriptions by webhook: made, listed, read and ended.

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use hefu_contracts::{height::Height, state::Fault};
use serde_json::{Value, json};

use super::{
    super::{REMOVES, standard},
    Member, asking, found,
    report::Standing,
    subscription::{Delivery, Order, Reached, SUBSCRIPTION_BYTES_MAX, Subscription},
};
use crate::{
    clock,
    epcis::{
        Epcis, answering,
        asked::{After, Page, Token},
        capture::{self, new_id},
        exception::Exception,
    },
    problem::{Door, Problem},
    server::Api,
};

/// `POST /queries/{queryName}/subscriptions`
pub(crate) async fn create(
    request: HttpRequest,
    name: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Exception> {
    let (Member { asked, party, guest }, epcis) = (Member::of(&request).await?, Epcis::of(&request)?);
    let query = found(&epcis.book, &party, &name)?;
    let order = Order::read(&capture::text(&request, payload, SUBSCRIPTION_BYTES_MAX).await?, asked.format)?;
    let post = epcis.post.as_ref().ok_or(Door::WebhooksOff)?;
    let forbidden = |why: String| Problem::from(Door::Subscription).because(why).at("/dest");
    post.check(&order.dest).map_err(forbidden)?;
    Standing::new(&query, order.initial)?;
    let now = clock::now()?;
    // Without a time to begin with, that is behind the last block.
    let (height, index) = match order.initial {
        Some(_) => (Height::GENESIS, 0),
        None => (*Api::of(&request)?.ledger.heights().borrow(), u32::MAX),
    };
    let subscription = Subscription {
        id: new_id(now)?,
        query: query.id,
        owner: party,
        key: guest.key,
        order,
        created: now,
        reached: Reached { height, index, run: None },
        notified: None,
        delivery: Delivery::Active,
    };
    let view = subscription.view(&query.name);
    let location = format!("/epcis/v2/queries/{}/subscriptions/{}", answering::segment(&query.name), subscription.id);
    asking(&epcis, move |book| book.subscribe(subscription)).await?;
    let mut response = HttpResponse::Created();
    response.insert_header((header::LOCATION, location)).insert_header((header::CACHE_CONTROL, "no-store"));
    Ok(response.content_type(asked.media_type).body(view.to_string()))
}

/// `GET /queries/{queryName}/subscriptions`
pub(crate) async fn list(request: HttpRequest, name: web::Path<String>) -> Result<HttpResponse, Exception> {
    let (Member { asked, party, .. }, epcis) = (Member::of(&request).await?, Epcis::of(&request)?);
    let query = found(&epcis.book, &party, &name)?;
    let page = Page::alone(&request)?;
    let after = page.token(&query.id, |text| epcis.is_void(text))?.and_then(|token| token.after.value());
    let mut all = epcis.book.subscriptions(&query.id, after.as_deref(), page.most.saturating_add(1));
    let more = all.len() > page.most;
    all.truncate(page.most);
    let last = all.last().filter(|_| more).map(|subscription| After::Value(subscription.id.clone()));
    let next = last.map(|last| Token::new(&query.id, last, None)).transpose()?;
    let views: Vec<Value> = all.iter().map(|subscription| subscription.view(&query.name)).collect();
    answering::answer(&request, &asked, &json!(views), next.as_ref())
}

/// `GET /queries/{queryName}/subscriptions/{subscriptionID}`
pub(crate) async fn read(request: HttpRequest, path: web::Path<(String, String)>) -> Result<HttpResponse, Exception> {
    let (Member { asked, party, .. }, epcis) = (Member::of(&request).await?, Epcis::of(&request)?);
    let (name, id) = path.into_inner();
    let query = found(&epcis.book, &party, &name)?;
    let subscription = epcis.book.subscription(&query.id, &id);
    let subscription = subscription.ok_or_else(|| Problem::from(Door::SubscriptionUnknown).because(id))?;
    answering::answer(&request, &asked, &subscription.view(&query.name), None)
}

/// `DELETE /queries/{queryName}/subscriptions/{subscriptionID}`
pub(crate) async fn delete(request: HttpRequest, path: web::Path<(String, String)>) -> Result<HttpResponse, Exception> {
    let (Member { party, .. }, epcis) = (Member::of(&request).await?, Epcis::of(&request)?);
    let (name, id) = path.into_inner();
    let (query, wanted) = (found(&epcis.book, &party, &name)?, id.clone());
    let was_there = asking(&epcis, move |book| -> Result<bool, Fault> { book.unsubscribe(&query.id, &wanted) }).await?;
    if !was_there {
        return Err(Problem::from(Door::SubscriptionUnknown).because(id).into());
    }
    Ok(HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish())
}

/// `OPTIONS /queries/{queryName}/subscriptions/{subscriptionID}`: whoever subscribed is told how far it has come too.
pub(crate) async fn options(
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Exception> {
    let mut response = standard::options(REMOVES);
    let (name, id) = path.into_inner();
    if let Ok(Member { party, .. }) = Member::of(&request).await {
        let book = &Epcis::of(&request)?.book;
        let subscription = found(book, &party, &name).ok().and_then(|query| book.subscription(&query.id, &id));
        let reached = subscription.and_then(|one| header::HeaderValue::from_str(&one.reached_time().to_string()).ok());
        if let Some(reached) = reached {
            response.headers_mut().insert(header::HeaderName::from_static("gs1-query-min-record-time"), reached);
        }
    }
    Ok(response)
}
