//! The signed facts behind an account's entries: what the ledger took over from the platform is what the platform said.
//!
//! Without them a reader trusts the validators that an event was reported at all. With them the platform's own signature
//! stands under every order line, so that it can neither deny a fact nor be said to have reported another.

use std::collections::{BTreeMap, BTreeSet};

use hefu_keys::{Address, Hash, parts, parts::ListPart};
use serde::Deserialize;

use super::Facts;
use crate::{
    agreements::{
        ATTRIBUTION, Act, adjust,
        body::{AgreementAdjust, CostFact, Fact, FactReport, LineName, MilestoneFact, PaidFact, RefundedFact},
        facts::{SIGNED, cost, line_id, shared},
    },
    annex::Part,
    entry::{Deed, Entry},
    height::Height,
    proof::{Broken, History, ProvenRecord, What},
    raw::Raw,
    record::{Record, Verified},
    row::{self, Data},
    settlement::{
        self, Book, Currency, Event, EventId, LineId, MilestoneName, OrderId, Paid, Parts, Party, Roles, Terms,
    },
    state::Rows,
    submission,
};

/// Types of events that a fact makes, or that change amounts by agreement; all others follow from time or move amounts
/// that the terms say.
const TYPES: [&str; 9] =
    ["adjust", "aftersale_closed", "aftersale_open", "cost", "milestone", "paid", "received", "refund", "shipped"];

/// Whether an entry tells what a fact was reported for.
pub(super) fn is_of_fact(entry: &Entry) -> bool {
    #[derive(Deserialize)]
    struct Kind {
        #[serde(rename = "type")]
        kind: String,
    }
    let kind = |deed: &Deed| serde_json::from_str(deed.event.text()).map(|Kind { kind }| kind);
    entry.data.iter().any(|deed| kind(deed).is_ok_and(|kind| TYPES.contains(&kind.as_str())))
}

/// The facts of a bundle, as they are asked for entry by entry.
pub(super) struct Backing<'b> {
    contract: &'b str,
    rows: &'b Rows,
    unused: BTreeMap<Hash, (Record, &'b ProvenRecord)>,
    feeds: BTreeMap<String, Vec<Put>>,
    asked: BTreeSet<String>,
    lines: BTreeMap<LineId, Line>,
}

/// From which block on a feed has a key.
struct Put {
    height: Height,
    key: Address,
}

/// A line as the platform reports it, as far as it was told.
struct Line {
    paid: Parts,
    refunded: Parts,
    share: u32,
}

impl<'b> Backing<'b> {
    /// The records, read but not yet verified, and the keys of the feeds, whose rows prove them.
    pub(super) fn open(
        facts: &'b Facts,
        contract: &'b str,
        rows: &'b Rows,
        chain: &Hash,
    ) -> Result<Backing<'b>, Broken> {
        let mut unused = BTreeMap::new();
        for proven in &facts.records {
            let record = Record::read(proven.record.get()).map_err(|bad| Broken::new(What::Record, bad))?;
            let id = record.id;
            if record.chain != *chain {
                return Err(Broken::new(What::Record, "it was made for another chain").about(id));
            }
            if unused.insert(id, (record, proven)).is_some() {
                return Err(Broken::new(What::Record, "the record is there twice").about(id));
            }
        }
        let feeds = BTreeMap::new();
        let mut backing = Backing { contract, rows, unused, feeds, asked: BTreeSet::new(), lines: BTreeMap::new() };
        for history in &facts.feeds {
            let puts = backing.puts(history)?;
            let feed = history.key.trim_start_matches("feed/").to_owned();
            if backing.feeds.insert(feed, puts).is_some() {
                return Err(Broken::new(What::History, "the feed's history is there twice").about(&history.key));
            }
        }
        Ok(backing)
    }

    /// Every key that a feed has had, from the history of its row and the records in it.
    fn puts(&mut self, history: &History) -> Result<Vec<Put>, Broken> {
        let broken = |reason: &str| Broken::new(What::History, reason).about(&history.key);
        let row = self.rows.get(&history.key).ok_or_else(|| broken("the feed's row is missing"))?;
        let Data::Feed(feed) = &row.data else { return Err(broken("it is the history of no feed")) };
        let begins = history.after == 0 && history.head == Hash::ZERO;
        let head = history.entries.iter().fold(history.head, |head, entry| entry.extend(&head));
        if !begins || u64::try_from(history.entries.len()) != Ok(row.n) || head != row.head {
            return Err(broken("the entries do not lead to the row's head"));
        }
        let mut puts = Vec::new();
        for entry in &history.entries {
            let (record, _) = self.take(&entry.record)?;
            match record.body.agreement() {
                Some(Act::Feed(put)) if row::key_of_feed(&put.feed) == history.key => {
                    puts.push(Put { height: entry.height, key: put.key });
                }
                Some(_) | None => return Err(fact("the record sets no key of the feed").about(entry.record)),
            }
        }
        if puts.last().map(|put| put.key) != Some(feed.key) {
            return Err(broken("its last record does not set the row's key"));
        }
        Ok(puts)
    }

    /// A record that was not asked for before, its signatures checked.
    fn take(&mut self, id: &Hash) -> Result<(Verified, &'b ProvenRecord), Broken> {
        let missing = || Broken::new(What::Record, "the record is missing or altered").about(id);
        let (record, proven) = self.unused.remove(id).ok_or_else(missing)?;
        let record = record.verify().map_err(|bad| Broken::new(What::Record, bad).about(id))?;
        Ok((record, proven))
    }

    /// That the event of an entry is the one that its record reports, where a fact makes such events. The book is as it
    /// was before.
    pub(super) fn follow(&mut self, entry: &Entry, book: &Book) -> Result<(), Broken> {
        if !is_of_fact(entry) {
            return Ok(());
        }
        let id = entry.record;
        let (record, proven) = self.take(&id)?;
        let (at, what) = match record.body.agreement() {
            Some(Act::Fact(report)) => {
                self.check_key(&record, report, entry, book).map_err(|broken| broken.about(id))?;
                let share = self.share(&record, proven, report).map_err(|broken| broken.about(id))?;
                (report.at, self.told(report, share).map_err(|broken| broken.about(id))?)
            }
            Some(Act::Adjust(body)) => (entry.time, self.adjusted(&record, body, book).map_err(|b| b.about(id))?),
            Some(_) | None => return Err(fact("the record reports no fact").about(id)),
        };
        let event = Event { id: event_id(&id)?, at: Some(at), what };
        let event = Raw::of(&event.to_value()).map_err(|error| fact(error).about(id))?;
        match entry.data.as_slice() {
            [deed] if deed.event == event => Ok(()),
            _ => Err(fact(format!("the entry's event is not what the record says, {}", event.text())).about(id)),
        }
    }

    /// That the fact is by the key that the feed had, and the feed one of the contract's; a milestone without a feed by
    /// a key of whoever may say so.
    fn check_key(&mut self, record: &Record, report: &FactReport, entry: &Entry, book: &Book) -> Result<(), Broken> {
        let author = record.author().map_err(fact)?;
        let terms = book.in_force(Some(report.at)).map_err(|reason| fact(reason.word()))?;
        let Some(feed) = &report.feed else {
            return match &report.fact {
                Fact::Cost(cost) => self.check_bearers(record, cost, terms),
                Fact::Milestone(milestone) => self.check_teller(author, milestone, &terms.roles),
                Fact::Paid(_)
                | Fact::Shipped(_)
                | Fact::Received(_)
                | Fact::Refunded(_)
                | Fact::AftersaleOpen(_)
                | Fact::AftersaleClosed(_) => Err(fact("no feed reports it")),
            };
        };
        let covered = match &report.fact {
            Fact::Paid(paid) => terms.cover.covers(feed, Some(&paid.product.to_string()), paid.content.as_deref()),
            Fact::Cost(_) => false,
            Fact::Milestone(_) => terms.cover.feeds.as_ref().is_some_and(|feeds| feeds.contains(feed)),
            // Any feed of the platform may tell what became of a line; the line's name says which platform.
            Fact::Shipped(_)
            | Fact::Received(_)
            | Fact::Refunded(_)
            | Fact::AftersaleOpen(_)
            | Fact::AftersaleClosed(_) => true,
        };
        if !covered {
            return Err(fact(format!("what {feed} reports there is not this contract's")));
        }
        let puts = self.feeds.get(feed).ok_or_else(|| fact(format!("the history of the feed {feed} is missing")))?;
        self.asked.insert(feed.clone());
        // Within a block the key may have been replaced before or after the fact.
        let before = puts.iter().rfind(|put| put.height < entry.height);
        let within = puts.iter().filter(|put| put.height == entry.height);
        if before.into_iter().chain(within).any(|put| put.key == *author) {
            return Ok(());
        }
        Err(fact(format!("it is signed by {author}, which was not the key of the feed {feed}")))
    }

    /// A milestone without a feed is by a key of whoever may say so.
    fn check_teller(&self, author: &Address, milestone: &MilestoneFact, roles: &Roles) -> Result<(), Broken> {
        let party = self.party_of(author)?;
        let may_say = roles.obligor.as_str() == party
            || milestone.name == SIGNED && roles.split.parties.iter().any(|known| known.as_str() == party);
        if may_say { Ok(()) } else { Err(fact(format!("{party} may not say so"))) }
    }

    /// A cost is signed by everybody who bears it.
    fn check_bearers(&self, record: &Record, cost: &CostFact, terms: &Terms) -> Result<(), Broken> {
        let category = cost::read(cost).map_err(fact)?.category;
        let bearers = terms.pool.as_ref().and_then(|pool| pool.borne_by.get(&category));
        self.check_signers(record, bearers.ok_or_else(|| fact("nobody bears costs of this category"))?)
    }

    /// What everybody who must sign the newest terms has signed.
    fn adjusted(&self, record: &Record, body: &AgreementAdjust, book: &Book) -> Result<settlement::What, Broken> {
        if body.contract != self.contract {
            return Err(fact(format!("the adjustment is one of the contract {}", body.contract)));
        }
        let terms = book.newest().map_err(|reason| fact(reason.word()))?;
        self.check_signers(record, &terms.roles.required_signers)?;
        adjust::read(body).map(settlement::What::Adjust).map_err(fact)
    }

    fn check_signers(&self, record: &Record, wanted: &[Party]) -> Result<(), Broken> {
        let signed = record.signers.iter().map(|key| self.party_of(key)).collect::<Result<BTreeSet<_>, _>>()?;
        match wanted.iter().find(|party| !signed.contains(party.as_str())) {
            None => Ok(()),
            Some(party) => Err(fact(format!("{party} has not signed it"))),
        }
    }

    /// Whose key it is, by its row.
    fn party_of(&self, key: &Address) -> Result<&'b str, Broken> {
        match self.rows.get(&row::key_of_key(key)).map(|row| &row.data) {
            Some(Data::Key(key)) => Ok(&key.party),
            Some(_) | None => Err(fact("the row of a key that signed is missing")),
        }
    }

    /// The contract's share of a line that was paid, which is all that is disclosed of the lists.
    fn share(&self, record: &Record, proven: &ProvenRecord, report: &FactReport) -> Result<Option<u32>, Broken> {
        let broken = |reason: &dyn std::fmt::Display| Broken::new(What::Element, reason);
        let shown = proven.disclosed.get(ATTRIBUTION).map(Vec::as_slice).unwrap_or_default();
        let expected = matches!(report.fact, Fact::Paid(_));
        if proven.disclosed.len() != usize::from(expected) || shown.len() != usize::from(expected) {
            return Err(broken(&"of a line that was paid one share is disclosed, and nothing else"));
        }
        let Some(element) = shown.first() else { return Ok(None) };
        let Some(Part::List { count, root }) = record.parts.get(ATTRIBUTION) else {
            return Err(broken(&"the record commits to no shares"));
        };
        parts::check(&ListPart { count: *count, root: *root }, element).map_err(|bad| broken(&bad))?;
        let (contract, share) = submission::share(&element.element).map_err(|bad| broken(&bad))?;
        if contract != self.contract {
            return Err(broken(&format!("the share is that of the contract {contract}")));
        }
        Ok(Some(share))
    }

    /// What happened to the contract by a fact.
    fn told(&mut self, report: &FactReport, share: Option<u32>) -> Result<settlement::What, Broken> {
        let feed = report.feed.as_deref();
        let of = |name: &LineName| line_id(feed, &name.order, &name.line).map_err(fact);
        Ok(match &report.fact {
            Fact::Cost(cost) => self.cost(cost)?,
            Fact::Milestone(milestone) => self.milestone(milestone)?,
            Fact::Paid(paid) => {
                let line = line_id(feed, &paid.order, &paid.line).map_err(fact)?;
                self.paid(line, paid, share.unwrap_or_default())?
            }
            Fact::Refunded(refunded) => {
                let line = line_id(feed, &refunded.order, &refunded.line).map_err(fact)?;
                self.refunded(line, refunded)?
            }
            Fact::Shipped(name) => settlement::What::Shipped { line: of(name)? },
            Fact::Received(name) => settlement::What::Received { line: of(name)? },
            Fact::AftersaleOpen(name) => settlement::What::AftersaleOpen { line: of(name)? },
            Fact::AftersaleClosed(name) => settlement::What::AftersaleClosed { line: of(name)? },
        })
    }

    fn cost(&self, fact_of: &CostFact) -> Result<settlement::What, Broken> {
        if fact_of.contract != self.contract {
            return Err(fact(format!("the cost is one of the contract {}", fact_of.contract)));
        }
        cost::read(fact_of).map(settlement::What::Cost).map_err(fact)
    }

    fn milestone(&self, milestone: &MilestoneFact) -> Result<settlement::What, Broken> {
        if milestone.contract != self.contract {
            return Err(fact(format!("the milestone is one of the contract {}", milestone.contract)));
        }
        let name = MilestoneName::new(&milestone.name).ok_or_else(|| fact("the milestone has no name"))?;
        Ok(settlement::What::Milestone { name, after_min: milestone.after_min })
    }

    fn paid(&mut self, id: LineId, paid: &PaidFact, share: u32) -> Result<settlement::What, Broken> {
        let PaidFact { currency, order, parts, units, .. } = paid;
        let line = Line { paid: parts.clone(), refunded: Parts::default(), share };
        let parts = shared(parts, share).map_err(fact)?;
        self.lines.insert(id.clone(), line);
        let (order, currency) = (OrderId::new(order), Currency::of(currency));
        Ok(settlement::What::Paid(Paid { line: id, order, parts, units: *units, currency }))
    }

    fn refunded(&mut self, id: LineId, refund: &RefundedFact) -> Result<settlement::What, Broken> {
        let line = self.lines.get_mut(&id).ok_or_else(|| fact("nobody reports that the line was paid"))?;
        let after = Parts::refunded(&line.paid, &line.refunded, &refund.parts).map_err(|why| fact(why.word()))?;
        let before = shared(&line.refunded, line.share).map_err(fact)?;
        let parts = shared(&after, line.share).map_err(fact)?.since(&before).map_err(|why| fact(why.word()))?;
        line.refunded = after;
        Ok(settlement::What::Refund { line: id, parts, units: refund.units })
    }

    /// That nothing is there that no entry asks for: it could say anything. How many facts there were is known to whoever
    /// counts the entries.
    pub(super) fn close(self) -> Result<(), Broken> {
        if let Some(id) = self.unused.keys().next() {
            return Err(Broken::new(What::Record, "the record has no entry").about(id));
        }
        match self.feeds.keys().find(|feed| !self.asked.contains(*feed)) {
            Some(feed) => Err(Broken::new(What::History, "no fact is of this feed").about(row::key_of_feed(feed))),
            None => Ok(()),
        }
    }
}

/// A fact does not bear out its entry.
fn fact(reason: impl std::fmt::Display) -> Broken {
    Broken::new(What::Fact, reason)
}

fn event_id(record: &Hash) -> Result<EventId, Broken> {
    EventId::new(&record.to_string()).ok_or_else(|| fact("the record has no id").about(record))
}
