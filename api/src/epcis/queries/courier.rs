//! Who carries reports to their receivers: one thread that looks whose turn it is, and some that run queries and send.
//!
//! A report counts as taken once its receiver has answered 2xx and that is on the shelf. A node that is killed in between sends
//! it again: every event is reported at least once, in the order of the ledger.

use std::{
    sync::{Arc, Weak},
    thread,
    time::Duration,
};

use hefu_contracts::{
    audience::Reader,
    height::Height,
    time::{Millis, Time},
};
use tokio::{runtime::Builder, task, time};

use super::{
    book::{Book, Work},
    post::{self, Post},
    report::{Report, Standing},
    subscription::{Delivery, Order, Reached, Subscription, Trigger},
};
use crate::{
    access, clock,
    ledger::Ledger,
    problem::{Door, MEDIA_TYPE, Problem},
};

/// Most reports that are on their way at once.
const HANDS: usize = 16;

/// Most reports of one subscription before it is another's turn.
const ROUNDS: usize = 20;

/// Longest sleep: the clock may be set.
const SLEEP_MAX: Duration = Duration::from_secs(30);

/// Wait after the node itself could not tell what there is to report.
const UNREADY_FOR: Millis = Millis(1_000);

/// Carries the reports of a node.
pub(crate) struct Courier {
    pub ledger: Weak<dyn Ledger>,
    pub book: Arc<Book>,
    pub post: Arc<dyn Post>,
}

/// How a step ended.
enum Step {
    /// There is more at once.
    More,
    /// All is told up to a height.
    Done(Height),
    /// The subscription is gone, has ended or waits.
    Over,
}

impl Courier {
    /// Begins, on a thread that ends with the ledger.
    pub(crate) fn begin(self) {
        let begun = thread::Builder::new().name("subscriptions".to_owned()).spawn(move || {
            match Builder::new_current_thread().enable_time().max_blocking_threads(HANDS).build() {
                Ok(runtime) => runtime.block_on(Arc::new(self).run()),
                Err(error) => tracing::error!(%error, "subscriptions are not served"),
            }
        });
        if let Err(error) = begun {
            tracing::error!(%error, "subscriptions are not served");
        }
    }

    async fn run(self: Arc<Self>) {
        let Some(mut heights) = self.ledger.upgrade().map(|ledger| ledger.heights()) else { return };
        let mut changes = self.book.changes();
        loop {
            if self.ledger.strong_count() == 0 {
                return;
            }
            let height = *heights.borrow_and_update();
            changes.mark_unchanged();
            let Ok(now) = clock::now() else { return };
            let (turns, next) = self.book.turns(now, height);
            for id in turns {
                let courier = Arc::clone(&self);
                task::spawn_blocking(move || courier.serve(&id));
            }
            let sleep = next.map_or(SLEEP_MAX, |next| Duration::from_millis(next.since(now).0).min(SLEEP_MAX));
            tokio::select! {
                grown = heights.changed() => if grown.is_err() { return },
                changed = changes.changed() => if changed.is_err() { return },
                () = time::sleep(sleep) => {}
            }
        }
    }

    fn serve(&self, id: &str) {
        for _ in 0..ROUNDS {
            match self.step(id) {
                Ok(Step::More) => {}
                Ok(Step::Done(height)) => return self.book.rests(id, Some(height), None),
                Ok(Step::Over) => return self.book.rests(id, None, None),
                Err(problem) => {
                    tracing::debug!(%problem, subscription.id = id, "a report waits for the node");
                    let later = clock::now().ok().map(|now| now.plus(UNREADY_FOR));
                    return self.book.rests(id, None, later);
                }
            }
        }
        self.book.rests(id, None, None);
    }

    /// One report, if there is one.
    fn step(&self, id: &str) -> Result<Step, Problem> {
        let Some(Work { subscription, query, most, told }) = self.book.work(id) else { return Ok(Step::Over) };
        let Subscription { order, reached, .. } = &subscription;
        let now = clock::now()?;
        let (report, height, standing) = {
            // Held while the ledger is read and no longer, so that a node can close its store.
            let Some(ledger) = self.ledger.upgrade() else { return Ok(Step::Over) };
            let Some(reader) = self.reader(&*ledger, &subscription)? else { return Ok(Step::Over) };
            let height = *ledger.heights().borrow();
            let standing = Standing::new(&query, order.initial)?;
            let report = standing.since(&*ledger, &reader, order.format, (reached.place(), most))?;
            // The ledger goes on while it is read: what came after the key was revoked, or the subscription was taken back, is
            // not for it.
            if self.reader(&*ledger, &subscription)?.is_none() || self.book.work(id).is_none() {
                return Ok(Step::Over);
            }
            (report, height, standing)
        };
        let is_wanted_empty = matches!(order.trigger, Trigger::Schedule { report_if_empty: true, .. }) && !told;
        if report.events.is_empty() && (report.more || !is_wanted_empty) {
            // A stream's place is kept in memory: behind it there is nothing to tell, and a restart looks again.
            let keep = matches!(order.trigger, Trigger::Schedule { .. }) && !report.more;
            self.book.update(id, keep, |kept| moved(kept, &report, now))?;
            return Ok(if report.more { Step::More } else { Step::Done(height) });
        }
        let body = standing.document(&report, Some(id))?;
        match self.send(order, "application/json", &body)? {
            Ok(200..=299) => {
                let now = clock::now()?;
                self.book.update(id, true, |kept| {
                    moved(kept, &report, now);
                    kept.notified = Some(now);
                    kept.delivery = Delivery::Active;
                })?;
                self.book.told(id, report.more);
                Ok(if report.more { Step::More } else { Step::Done(height) })
            }
            Ok(413) if report.events.len() > 1 => {
                self.book.shrink(id, report.events.len().div_ceil(2));
                Ok(Step::More)
            }
            Ok(410) => {
                let gone = Problem::from(Door::SubscriptionEnded).because("the receiver has answered 410: it is gone");
                self.book.update(id, true, |kept| kept.delivery = Delivery::ended(now, &gone))?;
                Ok(Step::Over)
            }
            answer => {
                let detail = answer.map_or_else(|why| why, |status| format!("the receiver has answered {status}"));
                let now = clock::now()?;
                self.book.update(id, true, |kept| kept.delivery = kept.delivery.failed(now, detail))?;
                Ok(Step::Over)
            }
        }
    }

    fn send(&self, order: &Order, media_type: &str, body: &str) -> Result<Result<u16, String>, Problem> {
        let headers = post::headers(media_type, order.token.as_deref(), body)?;
        Ok(self.post.post(&order.dest, headers, body))
    }

    /// As whom a subscription's key reads now; ends it where that may not read any more.
    fn reader(&self, ledger: &dyn Ledger, subscription: &Subscription) -> Result<Option<Reader>, Problem> {
        match access::reader_of(ledger, subscription.key, clock::now()?) {
            Ok(reader) => Ok(Some(reader)),
            Err(problem) if matches!(problem.view().status, 401 | 403) => {
                self.end(subscription, &problem)?;
                Ok(None)
            }
            Err(problem) => Err(problem),
        }
    }

    /// Ends a subscription whose key may not read any more, and tells its receiver, once.
    fn end(&self, subscription: &Subscription, problem: &Problem) -> Result<(), Problem> {
        let now = clock::now()?;
        let body = serde_json::to_string(problem.view())?;
        self.book.update(&subscription.id, true, |kept| kept.delivery = Delivery::ended(now, problem))?;
        let told = self.send(&subscription.order, MEDIA_TYPE, &body)?;
        tracing::info!(subscription.id, ?told, "a subscription has ended: its key may not read any more");
        Ok(())
    }
}

/// Notes what a report has looked at.
fn moved(kept: &mut Subscription, report: &Report, now: Time) {
    if let Some(place) = report.reached.filter(|place| *place > kept.reached.place()) {
        kept.reached = Reached { height: place.height, index: place.index, run: kept.reached.run };
    }
    if !report.more {
        kept.reached.run = Some(now);
    }
}
