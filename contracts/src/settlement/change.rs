//! What one event changes, and how it is gathered: every posting is a difference `f(after) − f(before)` of what a unit
//! is worth to a party, in the bucket where the unit stands.

use std::sync::Arc;

use super::{
    allocate::allocate,
    book::{Batch, Book},
    entitlement::{Milestones, Worth},
    few::Few,
    journal::{Account, Bucket, Entry, Posting},
    line::{Line, OrderCount},
    money::Minor,
    names::{AdjustmentId, BatchId, CostId, EventId, LineId, Party},
    reason::Reason,
    segment::{Segment, SegmentId},
    terms::Terms,
    unit::{Unit, UnitId, UnitName},
};

/// Everything that one event changes, as new values of what it touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Its number among accepted ones.
    pub seq: u64,
    /// A version of the terms that was agreed.
    pub version: Option<Arc<Terms>>,
    /// All milestones, where one was reached.
    pub milestones: Option<Milestones>,
    /// Lines.
    pub lines: Few<LineId, Line>,
    /// Counts of live lines by order.
    pub orders: Few<OrderCount, i128>,
    /// Running sums.
    pub segments: Few<SegmentId, Segment>,
    /// Units.
    pub units: Few<UnitId, Unit>,
    /// Balances.
    pub balances: Few<Account, Minor>,
    /// Payouts.
    pub batches: Few<BatchId, Batch>,
    /// Numbers of last payouts.
    pub paid_out: Few<Party, u64>,
    /// A cost of the pool.
    pub cost: Option<CostId>,
    /// An amount agreed on outside of the terms.
    pub adjustment: Option<AdjustmentId>,
    /// The journal, one entry for each unit whose amounts changed or moved.
    pub entries: Vec<Entry>,
}

/// A change in the making: reads what it has changed itself, and otherwise the book.
pub(super) struct Draft<'a> {
    /// The state before the event.
    pub book: &'a Book,
    /// What was gathered so far, but for balances.
    pub change: Change,
    event: &'a EventId,
    /// By how much balances change: each is looked up once for all its postings.
    moved: Few<Account, Minor>,
}

impl<'a> Draft<'a> {
    pub fn new(book: &'a Book, event: &'a EventId) -> Draft<'a> {
        let change = Change { seq: book.seq.saturating_add(1), ..Change::default() };
        Draft { book, change, event, moved: Few::default() }
    }

    pub fn finish(mut self) -> Result<Change, Reason> {
        for (account, amount) in std::mem::take(&mut self.moved) {
            let before = self.book.balances.get(&account).copied().unwrap_or_default();
            self.change.balances.insert(account, before.plus(amount)?);
        }
        Ok(self.change)
    }

    pub fn milestones(&self) -> &Milestones {
        self.change.milestones.as_ref().unwrap_or(&self.book.milestones)
    }

    pub fn line(&self, id: &LineId) -> Result<&Line, Reason> {
        self.change.lines.get(id).or_else(|| self.book.lines.get(id)).ok_or(Reason::LineUnknown)
    }

    pub fn segment(&self, id: &SegmentId) -> Option<&Segment> {
        self.change.segments.get(id).or_else(|| self.book.segments.get(id))
    }

    pub fn unit(&self, id: &UnitId) -> Option<&Unit> {
        self.change.units.get(id).or_else(|| self.book.units.get(id))
    }

    /// The units of a segment that no single line causes, in the order in which they are posted.
    pub fn units_of_segment(&self, segment: SegmentId) -> Result<Vec<(UnitId, Unit)>, Reason> {
        let parts = self.book.terms(segment.version)?.parts();
        let ids = parts.map(|part| UnitId::Segment { segment, part });
        Ok(ids.filter_map(|id| self.unit(&id).cloned().map(|unit| (id, unit))).collect())
    }

    pub fn balance(&self, account: &Account) -> Result<Minor, Reason> {
        let before = self.book.balances.get(account).copied().unwrap_or_default();
        before.plus(self.moved.get(account).copied().unwrap_or_default())
    }

    /// Gives a unit another worth; a new one begins accrued.
    pub fn set_worth(&mut self, id: UnitId, version: u32, worth: Worth) -> Result<(), Reason> {
        let known = self.unit(&id).cloned();
        let unit = known.unwrap_or_else(|| Unit { version, ..Unit::default() });
        self.set_unit(id, Unit { worth, ..unit })
    }

    /// Gives a unit another state, and posts what that means: a difference where its shares stay in their bucket,
    /// otherwise the whole share out of one and into the other.
    pub fn set_unit(&mut self, id: UnitId, after: Unit) -> Result<(), Reason> {
        let terms = self.book.terms(after.version)?;
        let before = match self.unit(&id) {
            Some(unit) if *unit == after => return Ok(()),
            Some(unit) => unit.clone(),
            None => Unit { version: after.version, ..Unit::default() },
        };
        let (split, weights) = (&terms.roles.split, id.weights(terms));
        let was = allocate(before.worth.net, &weights)?;
        let is = if before.worth.net == after.worth.net { was.clone() } else { allocate(after.worth.net, &weights)? };
        let mut postings = Postings::default();
        for (place, (party, (was, is))) in split.parties.iter().zip(was.into_iter().zip(is)).enumerate() {
            let (from, to) = (before.bucket(place), after.bucket(place));
            if from == to {
                postings.push(party, to, is.minus(was)?);
            } else {
                postings.push(party, from, was.negated()?);
                postings.push(party, to, is);
            }
        }
        let fee = after.worth.fee.minus(before.worth.fee)?;
        if let Some(party) = &terms.roles.fee_to {
            postings.push(party, Bucket::Fee, fee);
        }
        let owed = fee.plus(after.worth.net.minus(before.worth.net)?)?;
        postings.push(&terms.roles.obligor, Bucket::Obligation, owed.negated()?);
        self.post(terms, id.name(terms), postings)?;
        self.change.units.insert(id, after);
        Ok(())
    }

    /// Enters postings into the journal and the balances, unless there are none.
    pub fn post(&mut self, terms: &Terms, unit: Option<UnitName>, postings: Postings) -> Result<(), Reason> {
        let mut postings = postings.0;
        if postings.is_empty() {
            return Ok(());
        }
        if let Some(floor) = terms.clawback_floor() {
            self.write_off(terms, floor, &mut postings)?;
        }
        for Posting { account, amount } in &postings {
            match self.moved.get_mut(account) {
                Some(moved) => *moved = moved.plus(*amount)?,
                None => self.moved.insert(account.clone(), *amount),
            }
        }
        let event = self.event.clone();
        self.change.entries.push(Entry { event, unit, version: terms.heading.version, postings });
        Ok(())
    }

    /// What would push a party's `payable` below the agreed limit is borne by others instead (§3).
    fn write_off(&self, terms: &Terms, floor: Minor, postings: &mut Vec<Posting>) -> Result<(), Reason> {
        let mut lost = Minor::ZERO;
        for Posting { account, amount } in &mut *postings {
            if account.bucket != Bucket::Payable || !amount.is_negative() {
                continue;
            }
            let balance = self.balance(account)?;
            // A limit that an earlier version allowed to pass stays as it is; it is only not passed further.
            let lowest = floor.min(balance).minus(balance)?;
            if *amount < lowest {
                lost = lost.plus(amount.minus(lowest)?)?;
                *amount = lowest;
            }
        }
        let mut shares = Postings::default();
        for (party, share) in terms.roles.risk.parties.iter().zip(allocate(lost, &terms.roles.risk.weights)?) {
            shares.push(party, Bucket::Writeoff, share);
        }
        postings.retain(|posting| !posting.amount.is_zero());
        postings.append(&mut shares.0);
        Ok(())
    }
}

/// Postings in the making: those of nothing are left out.
#[derive(Default)]
pub(super) struct Postings(Vec<Posting>);

impl Postings {
    pub fn push(&mut self, party: &Party, bucket: Bucket, amount: Minor) {
        if !amount.is_zero() {
            self.0.push(Posting { account: Account { party: party.clone(), bucket }, amount });
        }
    }
}
