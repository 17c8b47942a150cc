//! Subscriptions by WebSocket (RFC 6455): they live as long as their connection, and as its reader may read.
//!
//! A client that comes back says with `initialRecordTime` from where to go on; events of that very time come again.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    rt,
    rt::time::{interval, sleep, timeout},
    web,
};
use actix_ws::{CloseCode, CloseReason, Closed, Message, MessageStream, Session};
use futures_util::StreamExt;
use hefu_contracts::{audience::Reader, height::Height, time::Time};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::{
    Member, found,
    report::{EVENTS_MAX, Report, Standing},
    subscription::{Trigger, When, time},
};
use crate::{
    access::{self, Guest, session::own_page},
    clock,
    epcis::{Epcis, event::EpcFormat, exception::Exception, query::parameters},
    ledger::Place,
    problem::{Door, Problem},
    reading::reading,
    server::Api,
    stream::{HEARTBEAT_AFTER, STREAMS_MAX},
};

/// A client must take a message within so long.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// Longest sleep until a scheduled run: the clock may be set.
const SLEEP_MAX: Duration = Duration::from_secs(30);

/// Wait after the node could not tell what there is to report.
const UNREADY_FOR: Duration = Duration::from_secs(1);

/// What a client asks for in the address (EPCIS 2.0 §12.8).
pub(super) struct Wish {
    trigger: Trigger,
    initial: Option<Time>,
}

/// Whether a request is the beginning of a WebSocket.
pub(super) fn is_wanted(request: &HttpRequest) -> bool {
    let upgrade = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

impl Wish {
    /// Reads it.
    ///
    /// # Errors
    /// `E-SUBSCRIPTION`, or `E-QUERY` where something else is asked for.
    fn of(request: &HttpRequest) -> Result<Wish, Problem> {
        let (mut when, mut initial) = (When::default(), None);
        for (name, values) in parameters(request.query_string())? {
            let [value] = values.as_slice() else {
                return Err(Problem::from(Door::Subscription).because(format!("{name}: takes one value")));
            };
            if name == "initialRecordTime" {
                initial = Some(time("", value)?);
            } else if !when.take(&name, value)? {
                return Err(Problem::from(Door::Query).because(format!("{name}: a subscription has no such parameter")));
            }
        }
        Ok(Wish { trigger: when.trigger()?, initial })
    }
}

/// One connection's subscription.
struct Socket {
    api: web::Data<Api>,
    epcis: web::Data<Epcis>,
    guest: Guest,
    format: EpcFormat,
    /// Id of the query.
    query: String,
    standing: Arc<Standing>,
    trigger: Trigger,
    reached: Place,
    /// When the query was last run, or the connection began.
    run: Time,
    heights: watch::Receiver<Height>,
    session: Session,
    /// Given back when the client goes.
    _permit: OwnedSemaphorePermit,
}

/// Why a connection ends.
type End = Option<CloseReason>;

/// What a connection waited for.
enum Woken {
    /// Its query may have something to tell.
    Turn,
    /// The client said something.
    Heard(Option<Message>),
    /// Nothing was said for a while.
    Silence,
    /// A query was deleted, perhaps this one.
    Changed,
}

/// `GET /queries/{queryName}/events` with `Upgrade: websocket`
///
/// # Errors
/// [`Exception`], also where the handshake is none.
pub(super) async fn open(request: &HttpRequest, payload: web::Payload, name: &str) -> Result<HttpResponse, Exception> {
    let (api, epcis) = (Api::of(request)?, Epcis::of(request)?);
    own_page(request, |origin| api.origins.iter().any(|own| own == origin))?;
    let Member { asked, party, guest } = Member::of(request).await?;
    let query = found(&epcis.book, &party, name)?;
    let Wish { trigger, initial } = Wish::of(request)?;
    let standing = Arc::new(Standing::new(&query, initial)?);
    let permit = Arc::clone(&api.streams).try_acquire_owned();
    let permit = permit.map_err(|_| Problem::from(Door::StreamsOpen).because(format!("at most {STREAMS_MAX}")))?;
    let handshake = |bad: actix_web::Error| Problem::from(Door::Subscription).because(bad);
    let (mut response, session, messages) = actix_ws::handle(request, payload).map_err(handshake)?;
    let (heights, run) = (api.ledger.heights(), clock::now()?);
    let reached = match initial {
        Some(_) => Place { height: Height::GENESIS, index: 0 },
        None => Place { height: *heights.borrow(), index: u32::MAX },
    };
    if let Ok(from) = header::HeaderValue::from_str(&initial.unwrap_or(run).to_string()) {
        response.headers_mut().insert(header::HeaderName::from_static("gs1-query-min-record-time"), from);
    }
    let query = query.id;
    let socket = Socket {
        api,
        epcis,
        guest,
        format: asked.format,
        query,
        standing,
        trigger,
        reached,
        run,
        heights,
        session,
        _permit: permit,
    };
    rt::spawn(socket.serve(messages));
    Ok(response)
}

fn closing(code: CloseCode, why: impl std::fmt::Display) -> End {
    // A close frame has room for 123 bytes.
    let description: String = why.to_string().chars().take(120).filter(char::is_ascii).collect();
    Some(CloseReason { code, description: Some(description) })
}

impl Socket {
    async fn serve(mut self, messages: MessageStream) {
        let end = self.follow(messages).await.err().flatten();
        if self.session.close(end).await.is_err() {
            tracing::trace!("the client has gone before it was told");
        }
    }

    /// Reports for as long as it goes.
    async fn follow(&mut self, mut messages: MessageStream) -> Result<(), End> {
        let mut changes = self.epcis.book.changes();
        let mut beat = interval(HEARTBEAT_AFTER);
        beat.reset();
        let mut is_silent = false;
        // A stream tells at once what was recorded since the time that it begins with.
        let mut is_turn = self.trigger == Trigger::Stream;
        loop {
            if is_turn {
                self.report().await?;
            }
            is_turn = false;
            let woken = tokio::select! {
                () = turn(&self.trigger, self.run, &mut self.heights) => Woken::Turn,
                message = messages.next() => Woken::Heard(message.and_then(Result::ok)),
                _ = beat.tick() => Woken::Silence,
                changed = changes.changed() => if changed.is_ok() { Woken::Changed } else { return Err(None) },
            };
            match woken {
                Woken::Turn => is_turn = true,
                Woken::Heard(None | Some(Message::Close(_))) => return Err(None),
                Woken::Heard(Some(Message::Ping(bytes))) => {
                    is_silent = false;
                    taken(self.session.pong(&bytes)).await?;
                }
                Woken::Heard(Some(Message::Pong(_) | Message::Text(_) | Message::Binary(_))) => is_silent = false,
                Woken::Heard(Some(Message::Continuation(_) | Message::Nop)) => {}
                // Whoever has not answered the last one is gone.
                Woken::Silence if is_silent => return Err(None),
                Woken::Silence => {
                    is_silent = true;
                    taken(self.session.ping(b"")).await?;
                }
                Woken::Changed => self.check_query()?,
            }
        }
    }

    fn check_query(&self) -> Result<(), End> {
        if self.epcis.book.has_query(&self.query) {
            return Ok(());
        }
        Err(closing(CloseCode::Normal, "the query was deleted"))
    }

    /// Tells everything that there is to tell now.
    async fn report(&mut self) -> Result<(), End> {
        let mut is_told = false;
        loop {
            let reader = self.reader().await?;
            self.check_query()?;
            let Some(report) = self.read(reader).await? else {
                sleep(UNREADY_FOR).await;
                continue;
            };
            // The ledger goes on while it is read: what came after the key was revoked is not for it.
            self.reader().await?;
            self.reached = report.reached.map_or(self.reached, |place| place.max(self.reached));
            let is_wanted_empty = matches!(self.trigger, Trigger::Schedule { report_if_empty: true, .. });
            if !report.events.is_empty() || (is_wanted_empty && !is_told && !report.more) {
                let document = self.standing.document(&report, None).map_err(failed)?;
                taken(self.session.text(document)).await?;
                is_told = true;
            }
            if !report.more {
                self.run = clock::now().map_err(failed)?;
                return Ok(());
            }
        }
    }

    /// As whom the key reads now.
    async fn reader(&self) -> Result<Reader, End> {
        access::again(&self.api, &self.guest).await.map_err(|problem| closing(CloseCode::Policy, problem))
    }

    /// What matches behind the place that was reached; `None` where the node cannot tell yet.
    async fn read(&self, reader: Reader) -> Result<Option<Report>, End> {
        let standing = Arc::clone(&self.standing);
        let (format, from) = (self.format, (self.reached, EVENTS_MAX));
        let found = reading(&self.api.ledger, move |ledger| standing.since(ledger, &reader, format, from));
        match found.await {
            Ok(report) => Ok(Some(report)),
            Err(problem) if problem.view().code == Door::NodeUnready.name() => Ok(None),
            Err(problem) => Err(failed(problem)),
        }
    }
}

fn failed(problem: Problem) -> End {
    closing(CloseCode::Error, problem)
}

/// That the client takes a message in time.
async fn taken(sending: impl Future<Output = Result<(), Closed>>) -> Result<(), End> {
    match timeout(TAKEN_WITHIN, sending).await {
        Ok(sent) => sent.map_err(|_| None),
        Err(_) => Err(closing(CloseCode::Policy, "the client takes too long")),
    }
}

/// Resolves when the query is to be run again.
async fn turn(trigger: &Trigger, run: Time, heights: &mut watch::Receiver<Height>) {
    let next = match trigger {
        Trigger::Stream => match heights.changed().await {
            Ok(()) => return,
            // The node stops, and the server with it.
            Err(_) => None,
        },
        Trigger::Schedule { schedule, .. } => schedule.after(run),
    };
    let Some(next) = next else { return std::future::pending().await };
    while let Ok(now) = clock::now() {
        if next <= now {
            return;
        }
        sleep(Duration::from_millis(next.since(now).0).min(SLEEP_MAX)).await;
    }
}
