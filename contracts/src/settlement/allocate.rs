//! Dividing an amount so that nothing is lost: exact largest remainder (§2).
//!
//! Most libraries hand out the missing units from the front or the back of the list; here they go to the largest
//! remainders. Refunds are never allocated: what is posted is the difference of two allocations of what is due.

use std::cmp::Reverse;

use smallvec::SmallVec;

use super::{
    money::{Minor, add, multiply, subtract},
    reason::Reason,
};

/// Most parties to one division.
pub const WEIGHTS_MAX: usize = 64;

/// Largest single weight.
pub const WEIGHT_MAX: i128 = 1_000_000_000_000;

/// The parts of what was divided: without an allocation where they are few.
pub type Divided<T> = SmallVec<[T; 4]>;

/// In which proportion an amount is divided: 1 to [`WEIGHTS_MAX`] weights of 0 to [`WEIGHT_MAX`], not all zero, in the
/// order that was agreed, since the order breaks ties.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Weights {
    each: Vec<i128>,
    total: i128,
}

impl Weights {
    /// Checks weights.
    ///
    /// # Errors
    /// [`Reason::WeightsCount`], [`Reason::WeightRange`], [`Reason::WeightsZero`].
    pub fn new(each: Vec<i128>) -> Result<Weights, Reason> {
        if each.is_empty() || each.len() > WEIGHTS_MAX {
            return Err(Reason::WeightsCount);
        }
        if each.iter().any(|weight| !(0..=WEIGHT_MAX).contains(weight)) {
            return Err(Reason::WeightRange);
        }
        match each.iter().try_fold(0, |sum, weight| add(sum, *weight))? {
            0 => Err(Reason::WeightsZero),
            total => Ok(Weights { each, total }),
        }
    }

    /// The weight of somebody who gets everything.
    pub(super) fn one() -> Weights {
        Weights { each: vec![1], total: 1 }
    }

    /// Equal weights for so many.
    ///
    /// # Errors
    /// [`Reason::WeightsCount`].
    pub(super) fn equal(count: usize) -> Result<Weights, Reason> {
        Weights::new(vec![1; count])
    }

    /// As many weights of which the one at a place gets everything.
    pub(super) fn only(&self, place: usize) -> Weights {
        let each = (0..self.each.len()).map(|other| i128::from(other == place)).collect();
        Weights { each, total: 1 }
    }

    /// The weight at a place of the list; zero behind its end.
    pub(super) fn at(&self, place: usize) -> i128 {
        self.each.get(place).copied().unwrap_or(0)
    }

    /// The sum of all weights.
    pub(super) const fn total(&self) -> i128 {
        self.total
    }
}

/// Divides an amount: the parts sum to it exactly, each is less than one unit from its quota, a weight of zero gets
/// nothing, and ties go to the earlier place. A negative amount is the mirror of the positive one. Not monotone: a
/// larger total may give somebody less.
///
/// # Errors
/// [`Reason::AmountRange`] beyond the limit of amounts.
pub fn allocate(total: Minor, weights: &Weights) -> Result<Divided<Minor>, Reason> {
    if total.is_negative() {
        return allocate(total.negated()?, weights)?.into_iter().map(Minor::negated).collect();
    }
    let total = total.within_limits()?.get();
    let mut parts = Divided::<i128>::with_capacity(weights.each.len());
    let mut remainders = Divided::<(Reverse<i128>, usize)>::with_capacity(weights.each.len());
    let mut missing = total;
    for (place, weight) in weights.each.iter().enumerate() {
        let product = multiply(total, *weight)?;
        let whole = product.checked_div(weights.total).ok_or(Reason::WeightsZero)?;
        let remainder = product.checked_rem(weights.total).ok_or(Reason::WeightsZero)?;
        missing = subtract(missing, whole)?;
        parts.push(whole);
        if *weight > 0 {
            remainders.push((Reverse(remainder), place));
        }
    }
    remainders.sort_unstable();
    let one_more = usize::try_from(missing).map_err(|_| Reason::Overflow)?;
    for (_, place) in remainders.into_iter().take(one_more) {
        if let Some(part) = parts.get_mut(place) {
            *part = add(*part, 1)?;
        }
    }
    Ok(parts.into_iter().map(Minor::unchecked).collect())
}
