//! The pool after a block: what took effect leaves, what can no longer take effect leaves with the reason.
//!
//! A dry run need not be repeated as long as every row it looked at is as it was. Rows of signing keys change with every
//! record; of those only the window moves on, and that is looked up instead of running the record again.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::Arc,
};

use hefu_contracts::{
    execute::Moment,
    refusal::{Code, Refusal},
    register::Fault,
    row::Data,
    state::{Snapshot, Stop},
};
use hefu_keys::Hash;

use super::{Pool, Rows, Sealed, Trace, Waiting, changes_keys, dry_run, is_key};

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
    /// Rows of keys of which more has changed than the window of used sequence numbers.
    pub keys: HashSet<Arc<str>>,
}

impl News {
    fn touches(&self, trace: &Trace) -> bool {
        trace.reads.iter().any(|key| self.rows.contains(key)) || trace.keys.iter().any(|key| self.keys.contains(key))
    }

    /// A waiting record's effect is gone or another now.
    fn add(&mut self, sealed: &Sealed, trace: &Trace) {
        let more_than_windows = changes_keys(sealed);
        for (key, _) in &trace.writes {
            self.rows.insert(key.clone());
            if more_than_windows && is_key(key) {
                self.keys.insert(key.clone());
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
        spend_again(waiting, ground, rows)?;
        return Ok(None);
    }
    let trace = dry_run(ground, rows, moment, &waiting.sealed)?;
    news.add(&waiting.sealed, &waiting.trace);
    news.add(&waiting.sealed, &trace);
    rows.extend(trace.writes.iter().cloned());
    Ok(Some(trace))
}

/// A record whose ground is as it was leaves the same rows as before, except that its author's window may have moved.
fn spend_again(waiting: &Waiting, ground: &dyn Snapshot, rows: &mut Rows) -> Result<(), Stop> {
    let whole = changes_keys(&waiting.sealed);
    let seq = waiting.sealed.submission().record().seq;
    for (key, row) in &waiting.trace.writes {
        if whole || !is_key(key) {
            rows.insert(key.clone(), row.clone());
            continue;
        }
        let unknown = || Refusal::new(Code::KeyUnknown).at("/signers/0");
        let mut own = match rows.get(key) {
            Some(row) => row.clone(),
            None => Arc::new(ground.row(key)?.ok_or_else(unknown)?),
        };
        if let Data::Key(data) = &mut Arc::make_mut(&mut own).data {
            data.window.check(seq).map_err(|code| {
                let detail = format!("{seq} with {} as the highest used", data.window.top());
                Refusal::new(code).at("/seq").because(detail)
            })?;
            data.window.spend(seq);
        }
        rows.insert(key.clone(), own);
    }
    Ok(())
}
