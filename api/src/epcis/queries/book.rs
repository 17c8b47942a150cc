//! The book of named queries and subscriptions: in memory for whoever asks, on the shelf before anybody is answered.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hefu_contracts::{height::Height, state::Fault, time::Time};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::watch;

use super::{
    definition::NamedQuery,
    report::EVENTS_MAX,
    subscription::{Delivery, Subscription, Trigger},
};
use crate::{
    epcis::shelf::{Changes, Shelf},
    problem::{Door, Problem},
};

/// Most named queries of one organisation.
pub const QUERIES_MAX: usize = 100;

/// Most subscriptions of one organisation, over all its queries.
pub const SUBSCRIPTIONS_MAX: usize = 50;

/// Most reports for one organisation that are on their way at once: slow receivers hold up their own alone.
const AT_ONCE: usize = 4;

const QUERY: &str = "query/";
const SUBSCRIPTION: &str = "subscription/";

/// What stands in the book, by ids.
#[derive(Debug, Default)]
struct Entries {
    queries: BTreeMap<String, NamedQuery>,
    subscriptions: BTreeMap<String, Entry>,
}

/// A subscription, with what is forgotten with the process.
#[derive(Debug)]
struct Entry {
    subscription: Subscription,
    turn: Turn,
    /// All is told up to this height.
    seen: Option<Height>,
    /// Most events of a report.
    most: usize,
    /// Whether something was reported in the run that is not over yet.
    told: bool,
}

/// Whether a subscription is served just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Free,
    Busy,
    NotBefore(Time),
}

impl Entry {
    fn new(subscription: Subscription) -> Entry {
        Entry { subscription, turn: Turn::Free, seen: None, most: EVENTS_MAX, told: false }
    }

    /// When it is its turn, looked at when the chain has reached a height; `None` where only a block or a change brings it.
    fn due(&self, now: Time, height: Height) -> Option<Time> {
        let is_stream = self.subscription.order.trigger == Trigger::Stream;
        let due = match self.subscription.delivery {
            Delivery::Active if is_stream => (self.seen < Some(height)).then_some(now),
            Delivery::Active | Delivery::Retrying { .. } | Delivery::Ended { .. } => self.subscription.due(),
        };
        match self.turn {
            Turn::Free => due,
            Turn::Busy => None,
            Turn::NotBefore(time) => due.map(|due| due.max(time)),
        }
    }
}

/// A subscription that is served.
pub(super) struct Work {
    pub subscription: Subscription,
    pub query: NamedQuery,
    pub most: usize,
    pub told: bool,
}

/// The book.
pub(crate) struct Book {
    shelf: Arc<dyn Shelf>,
    entries: Mutex<Entries>,
    changed: watch::Sender<()>,
}

fn text<T: Serialize>(entry: &T) -> Result<Option<String>, Fault> {
    serde_json::to_string(entry).map(Some).map_err(Fault::new)
}

fn key_of(subscription: &str) -> String {
    format!("{SUBSCRIPTION}{subscription}")
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(Fault::new)
}

impl Book {
    /// Reads what is on a shelf.
    ///
    /// # Errors
    /// From the storage, or where something else stands there.
    pub(crate) fn open(shelf: Arc<dyn Shelf>) -> Result<Book, Fault> {
        let mut entries = Entries::default();
        for (_, written) in shelf.under(QUERY, None, usize::MAX)? {
            let query: NamedQuery = read(&written)?;
            entries.queries.insert(query.id.clone(), query);
        }
        for (_, written) in shelf.under(SUBSCRIPTION, None, usize::MAX)? {
            let subscription: Subscription = read(&written)?;
            entries.subscriptions.insert(subscription.id.clone(), Entry::new(subscription));
        }
        Ok(Book { shelf, entries: Mutex::new(entries), changed: watch::Sender::new(()) })
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of every change.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Queries of an organisation behind a name, in the order of their names, at most so many.
    pub(crate) fn queries(&self, owner: &str, after: Option<&str>, most: usize) -> Vec<NamedQuery> {
        let entries = self.entries();
        let behind =
            |query: &&NamedQuery| query.owner == owner && after.is_none_or(|after| query.name.as_str() > after);
        let mut found: Vec<NamedQuery> = entries.queries.values().filter(behind).cloned().collect();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found.truncate(most);
        found
    }

    /// The query of a name.
    pub(crate) fn query(&self, owner: &str, name: &str) -> Option<NamedQuery> {
        self.entries().queries.values().find(|query| query.owner == owner && query.name == name).cloned()
    }

    /// Whether a query is still there.
    pub(crate) fn has_query(&self, id: &str) -> bool {
        self.entries().queries.contains_key(id)
    }

    /// Takes a query in.
    ///
    /// # Errors
    /// `E-QUERY-NAMED` where the organisation has one of this name, `E-QUERIES-MANY`, or from the storage.
    pub(crate) fn add_query(&self, query: NamedQuery) -> Result<(), Problem> {
        let mut entries = self.entries();
        let own = entries.queries.values().filter(|known| known.owner == query.owner);
        if own.clone().any(|known| known.name == query.name) {
            return Err(Problem::from(Door::QueryNamed).because(query.name));
        }
        if own.count() >= QUERIES_MAX {
            return Err(Problem::from(Door::QueriesMany).because(format!("at most {QUERIES_MAX}; delete one first")));
        }
        self.shelf.write(vec![(format!("{QUERY}{}", query.id), text(&query)?)])?;
        entries.queries.insert(query.id.clone(), query);
        Ok(())
    }

    /// Removes a query with its subscriptions; whether it was there.
    ///
    /// # Errors
    /// From the storage.
    pub(crate) fn remove_query(&self, owner: &str, name: &str) -> Result<bool, Fault> {
        let mut entries = self.entries();
        let found = entries.queries.values().find(|query| query.owner == owner && query.name == name);
        let Some(id) = found.map(|query| query.id.clone()) else { return Ok(false) };
        let of_it = entries.subscriptions.values().filter(|entry| entry.subscription.query == id);
        let mut changes: Changes = of_it.map(|entry| (key_of(&entry.subscription.id), None)).collect();
        changes.push((format!("{QUERY}{id}"), None));
        self.shelf.write(changes)?;
        entries.queries.remove(&id);
        entries.subscriptions.retain(|_, entry| entry.subscription.query != id);
        drop(entries);
        self.changed.send_replace(());
        Ok(true)
    }
}

/// Subscriptions, for whoever makes and asks for them.
impl Book {
    /// Subscriptions of a query behind one, in the order of their ids, at most so many.
    pub(super) fn subscriptions(&self, query: &str, after: Option<&str>, most: usize) -> Vec<Subscription> {
        let entries = self.entries();
        let all = entries.subscriptions.values().map(|entry| &entry.subscription);
        let wanted = |one: &&Subscription| one.query == query && after.is_none_or(|after| one.id.as_str() > after);
        all.filter(wanted).take(most).cloned().collect()
    }

    /// A subscription of a query.
    pub(super) fn subscription(&self, query: &str, id: &str) -> Option<Subscription> {
        let entries = self.entries();
        let found = entries.subscriptions.get(id).filter(|entry| entry.subscription.query == query);
        found.map(|entry| entry.subscription.clone())
    }

    /// Takes a subscription in.
    ///
    /// # Errors
    /// `E-SUBSCRIPTIONS-MANY`, `E-QUERY-UNKNOWN` where the query is gone meanwhile, or from the storage.
    pub(super) fn subscribe(&self, subscription: Subscription) -> Result<(), Problem> {
        let mut entries = self.entries();
        if !entries.queries.contains_key(&subscription.query) {
            return Err(Door::QueryUnknown.into());
        }
        let own = |entry: &&Entry| entry.subscription.owner == subscription.owner;
        if entries.subscriptions.values().filter(own).count() >= SUBSCRIPTIONS_MAX {
            let detail = format!("at most {SUBSCRIPTIONS_MAX} over all its queries; delete one first");
            return Err(Problem::from(Door::SubscriptionsMany).because(detail));
        }
        self.shelf.write(vec![(key_of(&subscription.id), text(&subscription)?)])?;
        entries.subscriptions.insert(subscription.id.clone(), Entry::new(subscription));
        drop(entries);
        self.changed.send_replace(());
        Ok(())
    }

    /// Removes a subscription of a query; whether it was there.
    ///
    /// # Errors
    /// From the storage.
    pub(super) fn unsubscribe(&self, query: &str, id: &str) -> Result<bool, Fault> {
        let mut entries = self.entries();
        if entries.subscriptions.get(id).is_none_or(|entry| entry.subscription.query != query) {
            return Ok(false);
        }
        self.shelf.write(vec![(key_of(id), None)])?;
        entries.subscriptions.remove(id);
        Ok(true)
    }
}

/// Subscriptions, for whoever serves them.
impl Book {
    /// Those whose turn it is, which are busy from now on, and when it is the next one's.
    pub(super) fn turns(&self, now: Time, height: Height) -> (Vec<String>, Option<Time>) {
        let mut entries = self.entries();
        let mut busy: BTreeMap<String, usize> = BTreeMap::new();
        for entry in entries.subscriptions.values().filter(|entry| entry.turn == Turn::Busy) {
            let count = busy.entry(entry.subscription.owner.clone()).or_default();
            *count = count.saturating_add(1);
        }
        let (mut turns, mut next) = (Vec::new(), None::<Time>);
        for (id, entry) in &mut entries.subscriptions {
            let Some(due) = entry.due(now, height) else { continue };
            if due > now {
                next = Some(next.map_or(due, |next| next.min(due)));
                continue;
            }
            let count = busy.entry(entry.subscription.owner.clone()).or_default();
            // Whoever waits for another of the same owner is looked at again when that one rests.
            if *count < AT_ONCE {
                *count = count.saturating_add(1);
                entry.turn = Turn::Busy;
                turns.push(id.clone());
            }
        }
        (turns, next)
    }

    /// A subscription as it is now, with its query; `None` where either is gone or nothing more is sent.
    pub(super) fn work(&self, id: &str) -> Option<Work> {
        let entries = self.entries();
        let Entry { subscription, most, told, .. } = entries.subscriptions.get(id)?;
        if matches!(subscription.delivery, Delivery::Ended { .. }) {
            return None;
        }
        let query = entries.queries.get(&subscription.query)?.clone();
        Some(Work { subscription: subscription.clone(), query, most: *most, told: *told })
    }

    /// Changes a subscription, if it is still there, and on the shelf first where that is wanted.
    ///
    /// # Errors
    /// From the storage.
    pub(super) fn update(&self, id: &str, keep: bool, change: impl FnOnce(&mut Subscription)) -> Result<(), Fault> {
        let mut entries = self.entries();
        let Some(entry) = entries.subscriptions.get_mut(id) else { return Ok(()) };
        let mut changed = entry.subscription.clone();
        change(&mut changed);
        if keep {
            self.shelf.write(vec![(key_of(id), text(&changed)?)])?;
        }
        entry.subscription = changed;
        Ok(())
    }

    /// Notes that something was reported, and whether the run goes on.
    pub(super) fn told(&self, id: &str, goes_on: bool) {
        if let Some(entry) = self.entries().subscriptions.get_mut(id) {
            entry.told = goes_on;
        }
    }

    /// Fewer events in each report: the receiver cannot take so many.
    pub(super) fn shrink(&self, id: &str, most: usize) {
        if let Some(entry) = self.entries().subscriptions.get_mut(id) {
            entry.most = most.max(1);
        }
    }

    /// That a subscription is not served any more: all is told up to a height, or it waits until a time.
    pub(super) fn rests(&self, id: &str, seen: Option<Height>, until: Option<Time>) {
        if let Some(entry) = self.entries().subscriptions.get_mut(id) {
            entry.turn = until.map_or(Turn::Free, Turn::NotBefore);
            entry.seen = seen.or(entry.seen);
        }
        self.changed.send_replace(());
    }
}
