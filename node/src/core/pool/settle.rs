//! The pool after a block: what took effect leaves, what can no longer take effect leaves with the reason.
//!
//! A dry run need not be repeated as long as every row it looked at is as it was. Rows of signing keys and of quotas change
//! with every record; of those only what is spent moves on, and that is looked up instead of running the record again.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::Arc,
};

use hefu_contracts::{
    execute::Moment,
    parties::{Charge, QuotaRow},
    refusal::{Code, Refusal},
    register::Fault,
    row::{Data, Row},
    shared::Shared,
    state::{Overlay, Snapshot, Stop},
};
use hefu_keys::Hash;

use super::{Pool, Recent, Rows, Sealed, Trace, Waiting, changes_limits, dry_run, is_spent};

/// A record that left the pool without taking effect.
#[derive(Clone, Debug)]
pub struct Left {
    /// The record.
    pub sealed: Arc<Sealed>,
    /// Why.
    pub refusal: Refusal,
}

/// What has happened since the pool was last looked at.
#[derive(Default)]
pub(in super::super) struct News {
    /// Records that took effect.
    pub included: HashSet<Hash>,
    /// Records that a rule spoke against when a block was built.
    pub refused: HashMap<Hash, Refusal>,
    /// Every row that has changed.
    pub rows: HashSet<Arc<str>>,
    /// Rows that records spend of, of which more has changed than what is spent.
    pub spent: HashSet<Arc<str>>,
}

impl News {
    fn touches(&self, trace: &Trace) -> bool {
        trace.reads.iter().any(|key| self.rows.contains(key)) || trace.spent.iter().any(|key| self.spent.contains(key))
    }

    /// A waiting record's effect is gone or another now.
    fn add(&mut self, sealed: &Sealed, trace: &Trace) {
        let limits = changes_limits(sealed);
        for (key, _) in &trace.writes {
            self.rows.insert(key.clone());
            if limits && is_spent(key) {
                self.spent.insert(key.clone());
            }
        }
    }
}

impl Pool {
    /// Looks through the pool in the order of admission; `ground` is the state now. Returns what has left without
    /// taking effect.
    pub(in super::super) fn settle(
        &mut self,
        ground: &dyn Snapshot,
        moment: &Moment,
        mut news: News,
    ) -> Result<Vec<Left>, Fault> {
        let before = mem::take(self);
        self.next = before.next;
        let mut left = Vec::new();
        for (ticket, waiting) in before.waiting {
            if news.included.contains(&waiting.sealed.id()) {
                continue;
            }
            match look(&waiting, ground, &mut self.rows, moment, &mut news) {
                Ok(None) => self.insert(ticket, waiting),
                Ok(Some(trace)) => self.insert(ticket, Waiting { trace, ..waiting }),
                Err(Stop::Refused(refusal)) => {
                    news.add(&waiting.sealed, &waiting.trace);
                    left.push(Left { sealed: waiting.sealed, refusal });
                }
                Err(Stop::Fault(fault)) => return Err(fault),
            }
        }
        Ok(left)
    }
}

/// Whether a record may stay, after those before it have been looked at; `rows` are theirs. A new trace where it was
/// run again.
fn look(
    waiting: &Waiting,
    ground: &dyn Snapshot,
    rows: &mut Rows,
    moment: &Moment,
    news: &mut News,
) -> Result<Option<Trace>, Stop> {
    let record = waiting.sealed.submission().record();
    if let Some(refusal) = news.refused.remove(&record.id) {
        return Err(refusal.into());
    }
    if record.expires < moment.time {
        let detail = format!("at {}, now is {}", record.expires, moment.time);
        return Err(Refusal::new(Code::RecordExpired).at("/expires").because(detail).into());
    }
    if !news.touches(&waiting.trace) {
        spend_again(waiting, ground, rows, moment)?;
        return Ok(None);
    }
    let trace = dry_run(ground, rows, moment, &waiting.sealed)?;
    news.add(&waiting.sealed, &waiting.trace);
    news.add(&waiting.sealed, &trace);
    rows.extend(trace.writes.iter().cloned());
    Ok(Some(trace))
}

/// A record whose ground is as it was leaves the same rows as before, except that more may have been spent of its author's
/// sequence numbers and quotas.
fn spend_again(waiting: &Waiting, ground: &dyn Snapshot, rows: &mut Rows, moment: &Moment) -> Result<(), Stop> {
    let Waiting { sealed, party, trace } = waiting;
    let whole = changes_limits(sealed);
    let mut spent = trace.writes.iter().map(|(key, _)| key).filter(|key| !whole && is_spent(key));
    // Rows are written in the order of their keys.
    if let (Some(key), Some(quota)) = (spent.next(), spent.next()) {
        let unknown = || Refusal::new(Code::KeyUnknown).at("/signers/0");
        fill(rows, key, || Ok(ground.row(key)?.ok_or_else(unknown)?))?;
        fill(rows, quota, || Ok(ground.row(quota)?.unwrap_or_else(|| unspent(quota))))?;
        let charge = Charge::of(&Overlay::new(&Recent { ground, rows }), sealed.submission(), (key, party))?;
        if let ([Some(key), Some(quota)], Some(charge)) = (rows.get_disjoint_mut([key, quota]), charge) {
            spend(sealed, &charge, (key, quota), moment)?;
        }
    }
    for (key, row) in trace.writes.iter().filter(|(key, _)| whole || !is_spent(key)) {
        rows.insert(key.clone(), row.clone());
    }
    Ok(())
}

fn fill(rows: &mut Rows, key: &Arc<str>, row: impl FnOnce() -> Result<Shared<Row>, Stop>) -> Result<(), Stop> {
    if !rows.contains_key(key) {
        rows.insert(key.clone(), row()?);
    }
    Ok(())
}

/// The row of a quota before anything is spent.
fn unspent(key: &str) -> Shared<Row> {
    Row { key: key.to_owned(), data: QuotaRow::default().into(), n: 0, head: Hash::ZERO }.into()
}

fn spend(sealed: &Sealed, charge: &Charge, (key, quota): (&mut Row, &mut Row), moment: &Moment) -> Result<(), Refusal> {
    let seq = sealed.submission().record().seq;
    let (Data::Key(key), Data::Quota(quota)) = (&mut key.data, &mut quota.data) else { return Ok(()) };
    key.window.check(seq).map_err(|code| {
        let detail = format!("{seq} with {} as the highest used", key.window.top());
        Refusal::new(code).at("/seq").because(detail)
    })?;
    charge.spend(key, quota, moment.time)?;
    key.window.spend(seq);
    Ok(())
}
