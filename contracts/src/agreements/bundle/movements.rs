//! A statement line by line: every movement with its arithmetic, where it comes from and what stands there after it (§8).
//!
//! Nothing of it is kept: it follows from the terms and the entries, so that whoever has a bundle can tell it herself.

use std::collections::BTreeMap;

use hefu_keys::Hash;
use serde::Serialize;
use serde_json::Value;

use super::{Bundle, check::Opened, replay::Replay};
use crate::{
    entry::Entry,
    height::Height,
    proof::{Broken, What},
    settlement::Minor,
    time::Time,
};

/// One amount that came into a bucket of an account or left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Movement {
    /// How much came in, in minor units; below zero what left.
    pub amount: Minor,
    /// What stands in the bucket after it, in minor units.
    pub balance: Minor,
    /// Which bucket.
    pub bucket: String,
    /// What happened: the type of the event, such as `paid` or `refund`.
    pub event: String,
    /// How the party's share of the unit comes about after the event; absent where no arithmetic leads to the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// Height of the block.
    pub height: Height,
    /// The order line that the event is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Number of the entry, from 1.
    pub n: u64,
    /// The record that it comes from.
    pub record: Hash,
    /// The version of the terms.
    pub terms: u32,
    /// Time of the block.
    pub time: Time,
    /// The unit; absent where the whole account is meant, as by a payout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

impl Bundle {
    /// The movements of the statement's stretch of the account. The bundle is not checked thereby.
    ///
    /// # Errors
    /// [`Broken`] where it is no bundle of a statement, or an entry does not follow from the terms.
    pub fn movements(&self) -> Result<Vec<Movement>, Broken> {
        let Opened { entries, opening, party, terms } = self.open()?;
        let mut replay = Replay::begin(party, &terms).ok_or_else(|| Broken::new(What::Terms, "no first version"))?;
        let mut balances: BTreeMap<String, Minor> = BTreeMap::new();
        let mut movements = Vec::new();
        for (n, entry) in (1..).zip(entries) {
            replay.follow(usize::try_from(n).unwrap_or(usize::MAX), entry)?;
            if n > opening {
                tell(&replay, n, entry, &mut balances, &mut movements)?;
            } else {
                balances = replay.balances();
            }
        }
        Ok(movements)
    }
}

fn tell(
    replay: &Replay<'_>,
    n: u64,
    entry: &Entry,
    balances: &mut BTreeMap<String, Minor>,
    movements: &mut Vec<Movement>,
) -> Result<(), Broken> {
    let broken = |error: &dyn std::fmt::Display| Broken::new(What::Arithmetic, error).about(format!("entry {n}"));
    for deed in &entry.data {
        let event: Value = serde_json::from_str(deed.event.text()).map_err(|error| broken(&error))?;
        let text = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
        for posted in &deed.postings {
            let balance = balances.entry(posted.bucket.clone()).or_default();
            *balance = balance.plus(posted.amount).map_err(|reason| broken(&reason))?;
            movements.push(Movement {
                amount: posted.amount,
                balance: *balance,
                bucket: posted.bucket.clone(),
                event: text("type").unwrap_or_default(),
                formula: posted.unit.as_ref().and_then(|unit| replay.formula(unit)),
                height: entry.height,
                line: text("line"),
                n,
                record: entry.record,
                terms: posted.terms,
                time: entry.time,
                unit: posted.unit.clone(),
            });
        }
    }
    Ok(())
}
