//! A contract's book, filled with the rows that an event reads, and written back row by row.
//!
//! The rules of settlement know nothing of rows; a [`Book`] need not be complete. So whoever handles a record takes the
//! agreement, its terms and its accounts to the desk, adds the lines and segments concerned, submits events, and writes
//! what they changed.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    rows::{AccountRow, AgreementRow, MilestoneRow, Stated, TermsRow},
    spell,
    store::{self, Loaded},
};
use crate::{
    entry::{Deed, Posted, Role},
    execute::{Case, Checked},
    raw::Raw,
    refusal::{Code, Refusal},
    register::Fault,
    row,
    settlement::{
        Account, Amendment, BatchId, Book, Event, EventId, LineId, Milestone, MilestoneName, OrderId, Party, Period,
        Reason, SegmentId, Terms, UnitId, Versions, What,
    },
    shared::Shared,
    state::{Note, Writes},
    time::Time,
};

/// The book of one contract under examination.
pub(super) struct Desk<'c> {
    case: &'c Case<'c>,
    contract: String,
    agreement: Shared<AgreementRow>,
    book: Book,
    loaded: Loaded,
    changed: Changed,
    deeds: Vec<(Event, Vec<crate::settlement::Entry>)>,
}

/// What the events changed, by name.
#[derive(Default)]
struct Changed {
    batches: BTreeSet<BatchId>,
    /// What bank or wallet answered.
    results: BTreeMap<BatchId, bool>,
    lines: BTreeSet<LineId>,
    orders: BTreeSet<(SegmentId, OrderId)>,
    segments: BTreeSet<SegmentId>,
}

impl<'c> Desk<'c> {
    /// The book of a contract that was signed, with its terms, milestones and accounts.
    pub(super) fn open(case: &'c Case<'c>, contract: &str, pointer: &str) -> Checked<Desk<'c>> {
        let unknown = || Refusal::new(Code::AgreementUnknown).at(pointer).because(contract.to_owned());
        let agreement: Shared<AgreementRow> = case.get(&row::key_of_agreement(contract))?.ok_or_else(unknown)?;
        let mut versions = Versions::new();
        for version in 1..=agreement.version {
            let key = row::key_of_terms(contract, version);
            let row: Shared<TermsRow> = case.get(&key)?.ok_or_else(|| missing(&key))?;
            versions.insert(version, row.sheet.terms()?);
        }
        let first = versions.get(&1).cloned().ok_or_else(|| missing(contract))?;
        let mut book = Book::new(first);
        book.versions = versions;
        book.seq = agreement.seq;
        for (name, reached) in &agreement.milestones {
            let name = MilestoneName::new(name).ok_or_else(|| missing(name))?;
            let segment = spell::read_segment(&reached.segment).ok_or_else(|| missing(&reached.segment))?;
            book.milestones.insert(name, Milestone { segment, after_min: reached.after_min });
        }
        let mut desk = Desk::with(case, contract, agreement, book);
        for party in desk.holders() {
            desk.take_account(&party)?;
        }
        Ok(desk)
    }

    /// The book of a contract that begins.
    pub(super) fn begin(case: &'c Case<'c>, contract: &str, terms: Terms) -> Desk<'c> {
        let agreement = AgreementRow {
            milestones: BTreeMap::new(),
            open: BTreeSet::new(),
            parties: BTreeSet::new(),
            seq: 0,
            stated: None,
            version: 1,
        };
        Desk::with(case, contract, agreement.into(), Book::new(terms))
    }

    fn with(case: &'c Case<'c>, contract: &str, agreement: Shared<AgreementRow>, book: Book) -> Desk<'c> {
        Desk {
            case,
            contract: contract.to_owned(),
            agreement,
            book,
            loaded: Loaded::default(),
            changed: Changed::default(),
            deeds: Vec::new(),
        }
    }

    /// What concerns the contract as a whole.
    pub(super) fn agreement(&self) -> &AgreementRow {
        &self.agreement
    }

    /// Remembers which statement is the last.
    pub(super) fn state(&mut self, stated: Stated) {
        self.agreement.stated = Some(stated);
    }

    /// Number of the last event.
    pub(super) const fn seq(&self) -> u64 {
        self.book.seq
    }

    /// The newest version of the terms, in force or not.
    pub(super) fn newest(&self) -> Result<&Terms, Refusal> {
        self.book.newest().map_err(refuse)
    }

    /// The version of the terms in force at a moment.
    pub(super) fn in_force(&self, at: Time) -> Result<&Terms, Refusal> {
        self.book.in_force(Some(at)).map_err(refuse)
    }

    /// Everybody who has an account: a new version of the terms adds nobody.
    pub(super) fn holders(&self) -> Vec<Party> {
        let mut holders: Vec<_> =
            self.book.versions.values().flat_map(|terms| terms.account_holders()).cloned().collect();
        holders.sort();
        holders.dedup();
        holders
    }

    /// When the worth of a unit that was taken to the desk changed last.
    pub(super) fn unit_changed_at(&self, name: &str) -> Option<Time> {
        let (id, _) = self.book.units.iter().find(|(id, _)| self.name(id).as_deref() == Some(name))?;
        self.loaded.changed_at.get(id).copied()
    }

    fn name(&self, id: &UnitId) -> Option<String> {
        let version = self.book.units.get(id)?.version;
        Some(id.name(self.book.terms(version).ok()?)?.to_string())
    }

    fn take_account(&mut self, party: &Party) -> Checked<()> {
        let key = row::key_of_account(&self.contract, party.as_str());
        let Some(row) = self.case.get::<AccountRow>(&key)? else { return Ok(()) };
        for (bucket, amount) in &row.balances {
            let bucket = store::bucket(bucket).ok_or_else(|| missing(bucket))?;
            self.book.balances.insert(Account { party: party.clone(), bucket }, *amount);
        }
        if let Some(seq) = row.paid_out {
            self.book.paid_out.insert(party.clone(), seq);
        }
        Ok(())
    }

    /// Adds the segments in which a moment's facts count.
    pub(super) fn take_segments_at(&mut self, at: Time) -> Checked<()> {
        let segment = self.segment_at(at)?;
        self.take_period(segment.period)
    }

    /// Adds a period's segments of every version: what changes in one may change later ones that carry its sums on.
    fn take_period(&mut self, period: Period) -> Checked<()> {
        let versions: Vec<u32> = self.book.versions.keys().copied().collect();
        versions.into_iter().try_for_each(|version| self.take_segment(SegmentId { period, version }))
    }

    fn take_segment(&mut self, id: SegmentId) -> Checked<()> {
        if self.book.segments.contains_key(&id) {
            return Ok(());
        }
        let key = row::key_of_segment(&self.contract, &spell::segment(id));
        let Some(row) = self.case.get(&key)? else { return Ok(()) };
        self.loaded.segment(&mut self.book, id, &row).ok_or_else(|| missing(&key))?;
        Ok(())
    }

    /// Adds the segments of milestones that were reached: a further one may change what they are worth.
    pub(super) fn take_milestones(&mut self) -> Checked<()> {
        let segments: BTreeSet<_> = self.book.milestones.values().map(|reached| reached.segment).collect();
        segments.into_iter().try_for_each(|segment| self.take_period(segment.period))
    }

    /// The segment in which a moment's facts count.
    pub(super) fn segment_at(&self, at: Time) -> Result<SegmentId, Refusal> {
        let terms = self.in_force(at)?;
        let period = terms.payment.span.period(Some(at)).map_err(refuse)?;
        Ok(SegmentId { period, version: terms.heading.version })
    }

    /// Adds the segments of the only period, where the contract has one.
    pub(super) fn take_whole(&mut self) -> Checked<()> {
        self.take_period(Period::Whole)
    }

    /// Adds the segments whose period was not closed.
    pub(super) fn take_open_segments(&mut self) -> Checked<()> {
        for text in self.agreement.open.clone() {
            let id = spell::read_segment(&text).ok_or_else(|| missing(&text))?;
            self.take_segment(id)?;
        }
        Ok(())
    }

    /// Adds a line, its segments and its order, where the line is the contract's.
    pub(super) fn take_line(&mut self, line: &LineId) -> Checked<()> {
        let key = row::key_of_sale(&self.contract, line.as_str());
        let Some(row) = self.case.get(&key)? else { return Ok(()) };
        let (segment, order) = self.loaded.line(&mut self.book, line, &row).ok_or_else(|| missing(&key))?;
        self.take_period(segment.period)?;
        self.take_order(segment, order)
    }

    /// Adds the count of an order's lines.
    pub(super) fn take_order(&mut self, segment: SegmentId, order: OrderId) -> Checked<()> {
        let key = row::key_of_order(&self.contract, &spell::segment(segment), order.as_str());
        if let Some(row) = self.case.get::<super::OrderRow>(&key)? {
            self.book.orders.insert((segment, order), row.lines);
        }
        Ok(())
    }

    /// Adds what is needed to judge about the unit of a name.
    pub(super) fn take_unit(&mut self, name: &str) -> Checked<()> {
        match spell::unit_at(name) {
            Some(spell::UnitAt::Line(line)) => match LineId::new(&line) {
                Some(line) => self.take_line(&line),
                None => Ok(()),
            },
            Some(spell::UnitAt::Segment(id)) => self.take_segment(id),
            None => Ok(()),
        }
    }

    /// Adds a payout.
    pub(super) fn take_payout(&mut self, batch: &str, party: &Party) -> Checked<Option<Shared<super::PayoutRow>>> {
        let key = row::key_of_payout(&self.contract, batch, party.as_str());
        let Some(row) = self.case.get::<super::PayoutRow>(&key)? else { return Ok(None) };
        let id = batch_id(batch, party)?;
        self.loaded.payout(&mut self.book, id, party, &row);
        Ok(Some(row))
    }

    /// Judges an event and takes over what it changes. Where it changes nothing that is settled, it is entered all the
    /// same: whoever recomputes the account needs it.
    pub(super) fn submit(&mut self, at: Time, what: What) -> Result<(), Refusal> {
        let id = format!("{}#{}", self.case.record().id, self.deeds.len());
        let id = EventId::new(&id).ok_or_else(|| Refusal::new(Code::Settlement))?;
        let event = Event { id, at: Some(at), what };
        let mut change = self.book.judge(&event).map_err(refuse)?.ok_or_else(|| refuse(Reason::Conflict))?;
        self.changed.lines.extend(change.lines.keys().cloned());
        self.changed.orders.extend(change.orders.keys().cloned());
        self.changed.segments.extend(change.segments.keys().copied());
        self.changed.batches.extend(change.batches.keys().cloned());
        if let What::PayoutResult { batch, is_paid } = &event.what {
            self.changed.results.insert(batch.clone(), *is_paid);
        }
        for (id, unit) in &change.units {
            match id {
                UnitId::Line { line, .. } => self.changed.lines.insert(line.clone()),
                UnitId::Segment { segment, .. } => self.changed.segments.insert(*segment),
            };
            let before = self.book.units.get(id).map(|unit| unit.worth);
            if before != Some(unit.worth) {
                self.loaded.changed_at.insert(id.clone(), self.case.moment().time);
            }
        }
        for segment in change.segments.keys() {
            if !self.book.segments.contains_key(segment) {
                self.agreement.open.insert(spell::segment(*segment));
            }
        }
        let entries = std::mem::take(&mut change.entries);
        self.book.apply(&event, change);
        self.deeds.push((event, entries));
        Ok(())
    }

    /// A new version of the terms.
    pub(super) fn amend(&mut self, terms: Terms, signers: Vec<Party>) -> Result<(), Refusal> {
        let version = terms.heading.version;
        self.submit(self.case.moment().time, What::Amend(Box::new(Amendment { terms, signers })))?;
        self.agreement.version = version;
        Ok(())
    }

    /// Forgets segments whose period is over by now: they have been closed. Whether there were any.
    pub(super) fn forget_closed(&mut self) -> bool {
        let (book, now, before) = (&self.book, self.case.moment().time, self.agreement.open.len());
        self.agreement.open.retain(|text| {
            let id = spell::read_segment(text);
            let span = id.and_then(|id| book.terms(id.version).ok().map(|terms| (id, terms.payment.span)));
            span.is_none_or(|(id, span)| !span.is_over(id.period, now))
        });
        self.agreement.open.len() < before
    }

    /// Whether any event changed the state of a unit, or began a segment.
    pub(super) fn has_changed(&self) -> bool {
        !self.changed.segments.is_empty() || !self.changed.lines.is_empty()
    }

    /// What concerns the contract as a whole, for a record without events.
    pub(super) fn into_row(self) -> Shared<AgreementRow> {
        self.agreement
    }

    /// Writes everything that the events changed.
    pub(super) fn write(mut self, writes: &mut Writes) -> Checked<()> {
        self.agreement.seq = self.book.seq;
        for (name, reached) in &self.book.milestones {
            let row = MilestoneRow { after_min: reached.after_min, segment: spell::segment(reached.segment) };
            self.agreement.milestones.insert(name.as_str().to_owned(), row);
        }
        let Desk { case, contract, book, loaded, changed, .. } = &self;
        for line in &changed.lines {
            let row = loaded.sale_row(book, line).ok_or_else(|| missing(line.as_str()))?;
            writes.set(row::key_of_sale(contract, line.as_str()), row);
        }
        for id in &changed.segments {
            let row = loaded.segment_row(book, *id).ok_or_else(|| missing(&spell::segment(*id)))?;
            writes.set(row::key_of_segment(contract, &spell::segment(*id)), row);
        }
        for (segment, order) in &changed.orders {
            let lines = book.orders.get(&(*segment, order.clone())).copied().unwrap_or(0);
            let key = row::key_of_order(contract, &spell::segment(*segment), order.as_str());
            writes.set(key, super::OrderRow { lines });
        }
        for id in &changed.batches {
            let Some(batch) = book.batches.get(id) else { continue };
            let name = id.as_str().split(':').next().unwrap_or_default();
            let key = row::key_of_payout(contract, name, batch.party.as_str());
            writes.set(key, loaded.payout_row(id, batch, case.record().id, changed.results.get(id).copied()));
        }
        for party in self.holders() {
            let data = self.deeds_of(&party)?;
            let key = row::key_of_account(&self.contract, party.as_str());
            let note = Note { data, ..Note::from(Role::Settle) };
            writes.note(key, self.account_row(&party), note);
        }
        writes.set(row::key_of_agreement(&self.contract), self.agreement);
        Ok(())
    }

    fn account_row(&self, party: &Party) -> AccountRow {
        let mine = self.book.balances.iter().filter(|(account, amount)| account.party == *party && !amount.is_zero());
        AccountRow {
            balances: mine.map(|(account, amount)| (account.bucket.to_string(), *amount)).collect(),
            paid_out: self.book.paid_out.get(party).copied().filter(|seq| *seq > 0),
        }
    }

    /// Every event of the record, with what it posted to one party.
    fn deeds_of(&self, party: &Party) -> Checked<Vec<Deed>> {
        let deed = |(event, entries): &(Event, Vec<crate::settlement::Entry>)| {
            let posted = |entry: &crate::settlement::Entry| {
                let mine = entry.postings.iter().filter(|posting| posting.account.party == *party);
                let posted = mine.map(|posting| Posted {
                    amount: posting.amount,
                    bucket: posting.account.bucket.to_string(),
                    terms: entry.version,
                    unit: entry.unit.as_ref().map(ToString::to_string),
                });
                posted.collect::<Vec<_>>()
            };
            let event = Raw::of(&event.to_value()).map_err(Fault::new)?;
            Ok(Deed { event, postings: entries.iter().flat_map(posted).collect() })
        };
        self.deeds.iter().map(deed).collect()
    }
}

/// The book's name of a payout: the batch and its receiver.
pub(super) fn batch_id(batch: &str, party: &Party) -> Checked<BatchId> {
    let id = BatchId::new(&format!("{batch}:{party}"));
    Ok(id.ok_or_else(|| Refusal::new(Code::RecordShape).at("/body/batch").because(batch.to_owned()))?)
}

/// A row of the register does not hold what it should: never the record's fault.
fn missing(what: &str) -> Fault {
    Fault::new(store::Unreadable(what.to_owned()))
}

/// The rules' reason as the ledger's code.
pub(super) fn refuse(reason: Reason) -> Refusal {
    let code = match reason {
        Reason::AmountRange => Code::AmountRange,
        Reason::Overflow => Code::AmountOverflow,
        Reason::BaseNegative => Code::BaseNegative,
        Reason::UnitsRange => Code::UnitsRange,
        Reason::CurrencyOther => Code::CurrencyOther,
        Reason::NotInForce | Reason::TimeMissing => Code::TermsNotInForce,
        Reason::PeriodOutside => Code::PeriodOutside,
        Reason::PeriodRunning => Code::PeriodRunning,
        Reason::MilestoneReached => Code::MilestoneReached,
        Reason::LineExists => Code::LineExists,
        Reason::LineUnknown => Code::LineUnknown,
        Reason::LineShipped => Code::LineShipped,
        Reason::LineReceived => Code::LineReceived,
        Reason::RefundExceeds => Code::RefundExceeds,
        Reason::AftersaleOpen => Code::AftersaleOpen,
        Reason::AftersaleNone => Code::AftersaleNone,
        Reason::UnitUnknown => Code::UnitUnknown,
        Reason::UnitDisputed => Code::UnitDisputed,
        Reason::UnitUndisputed => Code::UnitUndisputed,
        Reason::PartyUnknown => Code::AgreementParty,
        Reason::PayoutBelow => Code::PayoutBelow,
        Reason::PayoutExceeds => Code::PayoutExceeds,
        Reason::TaxExceeds => Code::TaxExceeds,
        Reason::BatchExists => Code::PayoutExists,
        Reason::BatchUnknown => Code::PayoutUnknown,
        Reason::AmountZero => Code::AmountZero,
        Reason::CostExists => Code::CostExists,
        Reason::CostUnborne => Code::CostUnborne,
        Reason::CostNegative => Code::CostNegative,
        Reason::AdjustmentExists => Code::AdjustmentExists,
        Reason::AmendmentContract => Code::AgreementOther,
        Reason::AmendmentVersion => Code::AgreementVersion,
        Reason::AmendmentUnsigned => Code::AgreementUnsigned,
        Reason::AmendmentRetroactive => Code::AgreementRetroactive,
        Reason::AmendmentNotice => Code::AgreementNotice,
        // What a term sheet is read by, and what the ledger never asks.
        Reason::WeightsCount
        | Reason::WeightRange
        | Reason::WeightsZero
        | Reason::RateRange
        | Reason::StepsOrder
        | Reason::MetricNegative
        | Reason::LossUnborne
        | Reason::SurplusUnassigned
        | Reason::MonthRange
        | Reason::Conflict => Code::Settlement,
    };
    Refusal::new(code).because(reason.word())
}
