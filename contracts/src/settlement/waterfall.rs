//! Co-investment: who gets how much of a pool, as a function of everything that came in so far (§5).
//!
//! What an event distributes is `at(D after) − at(D before)`. So a refund takes back from the last tier first, and any
//! way to the same total leaves everybody with the same.

use super::{
    allocate::{Weights, allocate},
    money::Minor,
    names::Party,
    reason::Reason,
};

/// Who shares an amount, in the agreed order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shares {
    /// The parties.
    pub parties: Vec<Party>,
    /// Their weights, at the same places.
    pub weights: Weights,
}

/// One level of the waterfall.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    /// A fixed amount first: the platform, agreed costs.
    Amount {
        /// Who shares it.
        to: Shares,
        /// How much at most.
        amount: Minor,
    },
    /// Contributions come back, pari passu until all of them are returned.
    ReturnCapital {
        /// Contributions as weights.
        to: Shares,
        /// Their sum.
        amount: Minor,
    },
    /// Whatever is left.
    Split(Shares),
    /// Whatever is below zero.
    Loss(Shares),
}

impl Tier {
    /// Who shares it.
    pub const fn shares(&self) -> &Shares {
        match self {
            Tier::Amount { to, .. } | Tier::ReturnCapital { to, .. } | Tier::Split(to) | Tier::Loss(to) => to,
        }
    }

    /// The word for it in term sheets.
    pub const fn word(&self) -> &'static str {
        match self {
            Tier::Amount { .. } => "amount",
            Tier::ReturnCapital { .. } => "return_capital",
            Tier::Split(_) => "split",
            Tier::Loss(_) => "loss",
        }
    }
}

/// What everybody has got when the cumulative distributable amount is `distributable`, in the order of first mention.
/// Those whose turn did not come stand with zero; those who only bear losses stand there when there is one.
///
/// # Errors
/// [`Reason::LossUnborne`] and [`Reason::SurplusUnassigned`] where money would belong to nobody, and limits.
pub fn waterfall(tiers: &[Tier], distributable: Minor) -> Result<Vec<(Party, Minor)>, Reason> {
    let mut got = Vec::new();
    for (tier, shares) in by_tier(tiers, distributable)? {
        for (party, share) in tier.shares().parties.iter().zip(shares) {
            credit(&mut got, party, share)?;
        }
    }
    Ok(got)
}

/// Everybody whom a waterfall names, in the order of first mention.
pub(super) fn takers(tiers: &[Tier]) -> Vec<Party> {
    let mut takers: Vec<Party> = Vec::new();
    for party in tiers.iter().flat_map(|tier| &tier.shares().parties) {
        if !takers.contains(party) {
            takers.push(party.clone());
        }
    }
    takers
}

/// What each level that has its turn gives, to each who shares it, at their places.
///
/// # Errors
/// As [`waterfall`].
pub(super) fn by_tier(tiers: &[Tier], distributable: Minor) -> Result<Vec<(&Tier, Vec<Minor>)>, Reason> {
    let mut given = Vec::new();
    let mut left = distributable.within_limits()?;
    for tier in tiers {
        let part = match tier {
            Tier::Loss(_) if left.is_negative() => left,
            Tier::Split(_) if !distributable.is_negative() => left,
            Tier::Amount { amount, .. } | Tier::ReturnCapital { amount, .. } if !distributable.is_negative() => {
                left.min(*amount)
            }
            Tier::Loss(_) | Tier::Split(_) | Tier::Amount { .. } | Tier::ReturnCapital { .. } => continue,
        };
        left = left.minus(part)?;
        given.push((tier, allocate(part, &tier.shares().weights)?.into_vec()));
    }
    match left {
        Minor::ZERO => Ok(given),
        left if left.is_negative() => Err(Reason::LossUnborne),
        _ => Err(Reason::SurplusUnassigned),
    }
}

fn credit(got: &mut Vec<(Party, Minor)>, party: &Party, share: Minor) -> Result<(), Reason> {
    match got.iter_mut().find(|(known, _)| known == party) {
        Some((_, amount)) => *amount = amount.plus(share)?,
        None => got.push((party.clone(), share)),
    }
    Ok(())
}
