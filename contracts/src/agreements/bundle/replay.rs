//! Recomputing an account: every event of its entries is applied to the terms, and what comes out is compared with what
//! was posted.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    entry::{Deed, Entry, Posted},
    proof::{Broken, What},
    settlement::{self, Amendment, Book, Event, EventId, Minor, Outcome, Party, Posting, Versions},
};

/// A contract's book that follows the entries of one party's account.
pub(super) struct Replay<'t> {
    book: Book,
    party: Party,
    versions: &'t Versions,
}

impl<'t> Replay<'t> {
    /// A book in which nothing happened yet; nothing where the terms have no first version.
    pub(super) fn begin(party: Party, versions: &'t Versions) -> Option<Replay<'t>> {
        Some(Replay { book: Book::new(versions.get(&1)?.clone()), party, versions })
    }

    /// Applies what an entry tells.
    pub(super) fn follow(&mut self, number: usize, entry: &Entry) -> Result<(), Broken> {
        for (place, deed) in entry.data.iter().enumerate() {
            let broken = |reason: String| {
                Broken::new(What::Arithmetic, reason).about(format!("entry {number}, record {}", entry.record))
            };
            let event = self.event(&format!("{}#{place}", entry.record), deed).map_err(&broken)?;
            let (outcome, journal) = self.book.submit(&event);
            match outcome {
                Outcome::Ok => {}
                Outcome::Duplicate => return Err(broken("the event is told twice".to_owned())),
                Outcome::Reject(reason) => return Err(broken(format!("the terms refuse the event: {reason}"))),
            }
            if !self.is_posted(&journal, &deed.postings) {
                return Err(broken(difference(&self.mine(&journal), &deed.postings)));
            }
        }
        Ok(())
    }

    /// Whether an account has the movements of a journal that are the party's, and no others.
    fn is_posted(&self, journal: &[settlement::Entry], posted: &[Posted]) -> bool {
        let mut posted = posted.iter();
        for entry in journal {
            let mut mine = entry.postings.iter().filter(|posting| posting.account.party == self.party).peekable();
            if mine.peek().is_none() {
                continue;
            }
            let unit = entry.unit.as_ref().map(ToString::to_string);
            let is_posted = |posting: &Posting| {
                posted.next().is_some_and(|Posted { amount, bucket, terms, unit: of }| {
                    (*amount, &**bucket) == (posting.amount, posting.account.bucket.name())
                        && (*terms, of) == (entry.version, &unit)
                })
            };
            if !mine.all(is_posted) {
                return false;
            }
        }
        posted.next().is_none()
    }

    /// The party's movements in a journal as her account has them.
    fn mine(&self, journal: &[settlement::Entry]) -> Vec<Posted> {
        let mine = journal.iter().flat_map(|entry| {
            let postings = entry.postings.iter().filter(|posting| posting.account.party == self.party);
            postings.map(|posting| Posted {
                amount: posting.amount,
                bucket: posting.account.bucket.name().to_owned(),
                terms: entry.version,
                unit: entry.unit.as_ref().map(ToString::to_string),
            })
        });
        mine.collect()
    }

    /// How a unit comes about for the party as the book stands.
    pub(super) fn formula(&self, unit: &str) -> Option<String> {
        self.book.reckon(unit, &self.party).ok().flatten().map(|reckoning| reckoning.formula)
    }

    /// The book as it stands.
    pub(super) const fn book(&self) -> &Book {
        &self.book
    }

    fn event(&self, id: &str, deed: &Deed) -> Result<Event, String> {
        let mut value: Value = serde_json::from_str(deed.event.text()).map_err(|error| error.to_string())?;
        let fields = value.as_object_mut().ok_or("the event is no object")?;
        fields.insert("id".to_owned(), json!(id));
        if fields.get("type").is_some_and(|kind| kind == "amend") {
            return self
                .amendment(id, &value)
                .ok_or_else(|| "the amendment's terms are not among the sheets".to_owned());
        }
        Event::read(&value).map_err(|malformed| malformed.to_string())
    }

    /// An amendment tells its version alone. Who signed it, the ledger has checked and the sheet's own record shows.
    fn amendment(&self, id: &str, value: &Value) -> Option<Event> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let version: u32 = text("version")?.parse().ok()?;
        let terms = self.versions.get(&version)?;
        let before = self.versions.get(&version.checked_sub(1)?)?;
        let signers = before.roles.required_signers.iter().chain(&terms.roles.required_signers).cloned().collect();
        let at = text("at")?.parse().ok().and_then(crate::time::Time::from_millis)?;
        let what = crate::settlement::What::Amend(Box::new(Amendment { terms: (**terms).clone(), signers }));
        Some(Event { id: EventId::new(id)?, at: Some(at), what })
    }

    /// What stands in each of the party's buckets.
    pub(super) fn balances(&self) -> BTreeMap<String, Minor> {
        let held =
            self.book.balances.iter().filter(|(account, amount)| account.party == self.party && !amount.is_zero());
        held.map(|(account, amount)| (account.bucket.to_string(), *amount)).collect()
    }
}

/// The first movement in which two accounts of the same event differ, in words.
fn difference(computed: &[Posted], posted: &[Posted]) -> String {
    let told = |posted: Option<&Posted>| match posted {
        Some(Posted { amount, bucket, unit, .. }) => {
            format!("{amount} in {bucket} of {}", unit.as_deref().unwrap_or("the account"))
        }
        None => "nothing".to_owned(),
    };
    let longest = computed.len().max(posted.len());
    let place = (0..longest).find(|place| computed.get(*place) != posted.get(*place)).unwrap_or(longest);
    format!("posted was {}, the terms say {}", told(posted.get(place)), told(computed.get(place)))
}
