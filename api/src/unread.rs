//! What is left unread of a body is not waited for.
//!
//! When a request has been answered before its chunked body was read, and nobody holds that body any more, the server
//! goes on reading it, however slowly it arrives and however long it is: a client could hold a connection for ever.
//! While somebody holds it, the server closes the connection instead. So the answer holds it.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpMessage,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::header,
    middleware::Next,
    web::Bytes,
};
use futures_util::Stream;

/// Closes the connection after an answer to a request whose chunked body was not read to its end.
///
/// The API does so by itself; whoever serves other things beside it wraps them, or the whole application:
/// `.wrap(from_fn(hefu_api::unread))`.
///
/// # Errors
/// Those of the services inside.
pub async fn unread(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if !request.headers().contains_key(header::TRANSFER_ENCODING) {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let held = Rc::new(RefCell::new(request.take_payload()));
    request.set_payload(Payload::Stream { payload: Box::pin(Lent(Rc::clone(&held))) });
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| BoxBody::new(Holding { body: body.boxed(), _held: held })))
}

/// A body that is read here and held elsewhere.
struct Lent(Rc<RefCell<Payload>>);

impl Stream for Lent {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

/// An answer that holds its request's body until it has been sent.
struct Holding {
    body: BoxBody,
    _held: Rc<RefCell<Payload>>,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        match self.body.size() {
            // A body of no size at all would be dropped before the answer is sent, and what it holds with it.
            BodySize::None => BodySize::Sized(0),
            size @ (BodySize::Sized(_) | BodySize::Stream) => size,
        }
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
