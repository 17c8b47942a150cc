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
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// What everybody has got when the cumulative distributable amount is `distributable`, in the order of first mention.
/// Those whose turn did not come stand with zero; those who only bear losses stand there when there is one.
///
/// # Errors
/// [`Reason::LossUnborne`] and [`Reason::SurplusUnassigned`] where money would belong to nobody, and limits.
pub fn waterfall(tiers: &[Tier], distributable: Minor) -> Result<Vec<(Party, Minor)>, Reason> {
    let mut got = Vec::new();
    let mut left = distributable.within_limits()?;
    for tier in tiers {
        let (to, part) = match tier {
            Tier::Loss(to) if left.is_negative() => (to, left),
            Tier::Split(to) if !distributable.is_negative() => (to, left),
            Tier::Amount { to, amount } | Tier::ReturnCapital { to, amount } if !distributable.is_negative() => {
                (to, left.min(*amount))
            }
            Tier::Loss(_) | Tier::Split(_) | Tier::Amount { .. } | Tier::ReturnCapital { .. } => continue,
        };
        left = left.minus(part)?;
        for (party, share) in to.parties.iter().zip(allocate(part, &to.weights)?) {
            credit(&mut got, party, share)?;
        }
    }
    match left {
        Minor::ZERO => Ok(got),
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
