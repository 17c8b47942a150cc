//! What a party earns, unit by unit: how much, by which arithmetic, where it stands, why, and until when.
//!
//! Everything here follows from rows as they are; nothing is kept for it.

use std::collections::BTreeMap;

use super::{
    rows::{AdjustmentRow, MilestoneRow, PayoutRow, SaleRow, SegmentRow, UnitRow},
    spell,
};
use crate::{
    register::Fault,
    settlement::{
        Basis, Milestone, MilestoneName, Milestones, Minor, Money, Part, Party, Reckoning, Segment, SegmentId, Terms,
        UnitId, Versions, carried,
    },
    time::Time,
};

/// What a unit comes to for one party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earning {
    /// The party's share as it is now, in minor units.
    pub amount: Minor,
    /// The component of the term sheet, or `cap`, `guarantee`, `pool` or `adjustment`.
    pub component: String,
    /// How the amount comes about, from the terms and what was reported.
    pub formula: String,
    /// What refunds have taken back of the party's share, in minor units.
    pub reversed: Minor,
    /// Where the amount stands.
    pub standing: Standing,
    /// The unit's name, as entries and disputes spell it.
    pub unit: String,
    /// The version of the terms that it is under.
    pub version: u32,
}

/// Where an amount stands, and what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Pending: the buyer has not received the line.
    AwaitsReceipt,
    /// Pending: the period is not closed.
    AwaitsClose,
    /// Held until a moment, in which the buyer may send things back.
    Held {
        /// From when on it may be released.
        until: Time,
    },
    /// Held: the time is over, and anybody may release it.
    Due {
        /// Since when.
        since: Time,
    },
    /// Held by an after-sales case.
    Blocked,
    /// Set aside by a dispute.
    Disputed,
    /// To be paid with the next payout.
    Payable,
    /// In a payout that bank or wallet have not answered yet.
    Paying,
    /// In a payout that arrived.
    Paid,
    /// Refunds took all of it back.
    Reversed,
}

impl Standing {
    /// The column of an account that it belongs to: `pending`, `held`, `disputed`, `payable`, `paid` or `reversed`.
    pub const fn state(self) -> &'static str {
        match self {
            Standing::AwaitsReceipt | Standing::AwaitsClose => "pending",
            Standing::Held { .. } | Standing::Due { .. } | Standing::Blocked => "held",
            Standing::Disputed => "disputed",
            Standing::Payable | Standing::Paying => "payable",
            Standing::Paid => "paid",
            Standing::Reversed => "reversed",
        }
    }

    /// What it waits for, or what became of it, in a word.
    pub const fn reason(self) -> &'static str {
        match self {
            Standing::AwaitsReceipt => "awaits-receipt",
            Standing::AwaitsClose => "awaits-close",
            Standing::Held { .. } => "holding-time",
            Standing::Due { .. } => "awaits-release",
            Standing::Blocked => "aftersale",
            Standing::Disputed => "dispute",
            Standing::Payable => "awaits-payout",
            Standing::Paying => "in-payout",
            Standing::Paid => "paid",
            Standing::Reversed => "refunded",
        }
    }

    /// Until when, or since when, where it is about a moment.
    pub const fn time(self) -> Option<Time> {
        match self {
            Standing::Held { until } => Some(until),
            Standing::Due { since } => Some(since),
            Standing::AwaitsReceipt
            | Standing::AwaitsClose
            | Standing::Blocked
            | Standing::Disputed
            | Standing::Payable
            | Standing::Paying
            | Standing::Paid
            | Standing::Reversed => None,
        }
    }
}

/// What is needed to tell one party's earnings under one contract.
pub struct Earnings<'a> {
    milestones: Milestones,
    now: Time,
    party: Party,
    payouts: Vec<&'a PayoutRow>,
    terms: &'a Versions,
}

/// A row does not hold what the rules write into it.
#[derive(Debug, thiserror::Error)]
#[error("the register holds no usable {0:?}")]
struct Unusable(String);

fn unusable(what: &str) -> Fault {
    Fault::new(Unusable(what.to_owned()))
}

impl<'a> Earnings<'a> {
    /// Of a party, at a moment; `payouts` are those to this party, in any order.
    ///
    /// # Errors
    /// [`Fault`] where a row cannot be what the rules wrote.
    pub fn new(
        party: &str,
        terms: &'a Versions,
        milestones: &BTreeMap<String, MilestoneRow>,
        payouts: &'a [PayoutRow],
        now: Time,
    ) -> Result<Earnings<'a>, Fault> {
        let reached = |(name, row): (&String, &MilestoneRow)| {
            let segment = spell::read_segment(&row.segment)?;
            Some((MilestoneName::new(name)?, Milestone { segment, after_min: row.after_min }))
        };
        let milestones = milestones.iter().map(reached).collect::<Option<_>>();
        let has_failed = |row: &&PayoutRow| row.result.as_ref().is_some_and(|result| !result.paid);
        let mut payouts: Vec<_> = payouts.iter().filter(|row| !has_failed(row)).collect();
        payouts.sort_by_key(|row| row.seq);
        Ok(Earnings {
            milestones: milestones.ok_or_else(|| unusable("milestone"))?,
            now,
            party: Party::new(party).ok_or_else(|| unusable(party))?,
            payouts,
            terms,
        })
    }

    fn terms(&self, id: SegmentId) -> Result<&'a Terms, Fault> {
        self.terms.get(&id.version).map(AsRef::as_ref).ok_or_else(|| unusable(&spell::segment(id)))
    }

    /// What a line earns, in the order of the term sheet.
    ///
    /// # Errors
    /// [`Fault`] where the row cannot be what the rules wrote.
    pub fn of_line(&self, name: &str, sale: &SaleRow) -> Result<Vec<Earning>, Fault> {
        let id = spell::read_segment(&sale.segment).ok_or_else(|| unusable(name))?;
        let terms = self.terms(id)?;
        let gross = terms.base.base(&sale.paid).map_err(Fault::new)?;
        let net = terms.base.base(&sale.refunded).and_then(|refunded| gross.minus(refunded)).map_err(Fault::new)?;
        let mut earnings = Vec::new();
        for (place, unit) in &sale.worth {
            let place: usize = place.parse().map_err(Fault::new)?;
            let of = |base| Reckoning::of_line(terms, place, base, &self.party).map_err(Fault::new);
            let (Some(before), Some(after), Some(component)) = (of(gross)?, of(net)?, terms.components.get(place))
            else {
                return Err(unusable(name));
            };
            let reversed = before.amount.minus(after.amount).map_err(Fault::new)?;
            let is_gone = net.is_zero() && !gross.is_zero();
            earnings.push(Earning {
                amount: after.amount,
                component: component.id.as_str().to_owned(),
                formula: after.formula,
                reversed,
                standing: if is_gone { Standing::Reversed } else { self.standing(unit, Standing::AwaitsReceipt) },
                unit: format!("line:{name}:{}", component.id.as_str()),
                version: id.version,
            });
        }
        Ok(earnings)
    }

    /// What whole periods earn beside their lines, by segment as `2026-09/1`, from all segments of the contract.
    ///
    /// # Errors
    /// [`Fault`] where a row cannot be what the rules wrote.
    pub fn of_segments(&self, rows: &BTreeMap<String, SegmentRow>) -> Result<Vec<(String, Vec<Earning>)>, Fault> {
        let mut told = Vec::new();
        for (name, row) in rows {
            let id = spell::read_segment(name).ok_or_else(|| unusable(name))?;
            let terms = self.terms(id)?;
            let segment = Segment { metrics: row.metrics(), lines_net: row.lines_net };
            let metrics = |id| rows.get(&spell::segment(id)).map(SegmentRow::metrics);
            let carried = carried(self.terms, id, metrics).map_err(Fault::new)?;
            let basis = Basis { id, segment: &segment, carried, milestones: &self.milestones };
            let mut earnings = Vec::new();
            for (part, reckoning) in Reckoning::of_segment(terms, &basis, &self.party).map_err(Fault::new)? {
                let unit = UnitId::Segment { segment: id, part };
                let Some(row) = row.worth.get(&spell::place(&unit)) else { continue };
                let component = match part {
                    Part::Component(place) => terms.components.get(place).map_or("", |component| component.id.as_str()),
                    Part::Cap => "cap",
                    Part::Guarantee => "guarantee",
                    Part::Pool(_) => "pool",
                };
                earnings.push(Earning {
                    amount: reckoning.amount,
                    component: component.to_owned(),
                    formula: reckoning.formula,
                    reversed: Minor::ZERO,
                    standing: self.standing(row, Standing::AwaitsClose),
                    unit: unit.name(terms).ok_or_else(|| unusable("terms"))?.to_string(),
                    version: id.version,
                });
            }
            told.push((name.clone(), earnings));
        }
        Ok(told)
    }

    /// What was agreed on outside of the terms, by name: it belongs to its receiver as soon as it is agreed.
    ///
    /// # Errors
    /// [`Fault`] where the terms have no version.
    pub fn of_adjustments(&self, rows: &BTreeMap<String, AdjustmentRow>) -> Result<Vec<Earning>, Fault> {
        let (version, terms) = self.terms.iter().next_back().ok_or_else(|| unusable("terms"))?;
        let currency = terms.heading.currency;
        let mine = rows.iter().filter_map(|(name, row)| Some((name, row, *row.amounts.get(self.party.as_str())?)));
        let told = mine.map(|(name, row, amount)| Earning {
            amount,
            component: "adjustment".to_owned(),
            formula: Money { currency, minor: amount }.decimal(),
            reversed: Minor::ZERO,
            standing: self.paid(row.seq),
            unit: format!("adjustment:{name}"),
            version: *version,
        });
        Ok(told.collect())
    }

    /// Where an amount stands that became payable by an event.
    fn paid(&self, seq: u64) -> Standing {
        match self.payouts.iter().find(|payout| payout.seq > seq) {
            Some(payout) if payout.result.is_some() => Standing::Paid,
            Some(_) => Standing::Paying,
            None => Standing::Payable,
        }
    }

    fn standing(&self, unit: &UnitRow, awaits: Standing) -> Standing {
        match (&unit.disputed, unit.released_by, unit.release_at) {
            (Some(_), _, _) => Standing::Disputed,
            (None, Some(seq), _) => self.paid(seq),
            (None, None, Some(_)) if unit.blocked => Standing::Blocked,
            (None, None, Some(until)) if until > self.now => Standing::Held { until },
            (None, None, Some(since)) => Standing::Due { since },
            (None, None, None) => awaits,
        }
    }
}
