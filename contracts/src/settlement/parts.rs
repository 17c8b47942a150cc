//! What a line was paid with, part by part, and what of it counts as base (§4, `base`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    few::Few,
    money::{Minor, PPM_WHOLE, Ppm, add, multiply},
    rate::{Rounding, divide},
    reason::Reason,
};
use crate::exact;

/// Most parts of one line.
pub const PARTS_MAX: usize = 16;

/// The part of a line whose feed states nothing but the base.
pub(super) const WHOLE: &str = "base";

/// Amounts by part, such as `goods` or `merchant_discount`; none negative.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parts(#[serde(serialize_with = "exact::in_order")] Few<SmolStr, Minor>);

impl From<BTreeMap<String, Minor>> for Parts {
    fn from(parts: BTreeMap<String, Minor>) -> Parts {
        parts.into_iter().map(|(part, amount)| (SmolStr::from(part), amount)).collect()
    }
}

impl FromIterator<(SmolStr, Minor)> for Parts {
    fn from_iter<I: IntoIterator<Item = (SmolStr, Minor)>>(parts: I) -> Parts {
        Parts(parts.into_iter().collect())
    }
}

impl Parts {
    /// Nothing but a base.
    pub fn whole(base: Minor) -> Parts {
        Parts::from_iter([(SmolStr::new_static(WHOLE), base)])
    }

    /// That every part is within its limits.
    ///
    /// # Errors
    /// [`Reason::AmountRange`], [`Reason::BaseNegative`].
    pub fn check(&self) -> Result<(), Reason> {
        for amount in self.0.values() {
            if amount.within_limits()?.is_negative() {
                return Err(Reason::BaseNegative);
            }
        }
        Ok(())
    }

    fn at(&self, part: &SmolStr) -> Minor {
        self.0.get(part).copied().unwrap_or_default()
    }

    /// Every part and its amount, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Minor)> {
        self.0.iter().map(|(part, amount)| (part.as_str(), *amount))
    }

    /// The whole millionths of each part that a share of the line comes to. Rounded down, so that shares never exceed
    /// the line, and of running totals, so that a full refund takes back what was attributed to the last unit.
    ///
    /// # Errors
    /// [`Reason::Overflow`].
    pub fn share(&self, share: Ppm) -> Result<Parts, Reason> {
        let of = |amount: Minor| divide(multiply(amount.get(), share.get())?, PPM_WHOLE, Rounding::Floor);
        self.0.iter().map(|(part, amount)| Ok((part.clone(), of(*amount)?))).collect()
    }

    /// By how much each part exceeds that of earlier running totals.
    ///
    /// # Errors
    /// [`Reason::Overflow`].
    pub fn since(&self, before: &Parts) -> Result<Parts, Reason> {
        let rise = |(part, amount): (&SmolStr, &Minor)| Ok((part.clone(), amount.minus(before.at(part))?));
        self.0.iter().map(rise).collect()
    }

    /// What was refunded so far and `more`, where every part stays within what was paid.
    ///
    /// # Errors
    /// [`Reason::RefundExceeds`].
    pub fn refunded(paid: &Parts, before: &Parts, more: &Parts) -> Result<Parts, Reason> {
        let mut after = before.clone();
        for (part, amount) in &more.0 {
            let sum = before.at(part).plus(*amount)?;
            if sum > paid.at(part) {
                return Err(Reason::RefundExceeds);
            }
            after.0.insert(part.clone(), sum);
        }
        Ok(after)
    }
}

/// With which sign a part counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// It adds.
    Plus,
    /// It takes away.
    Minus,
    /// It does not count.
    Nothing,
}

/// How parts make a base.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Formula(BTreeMap<String, Sign>);

impl Default for Formula {
    /// The goods less what the merchant let off.
    fn default() -> Formula {
        let signs = [("goods", Sign::Plus), ("merchant_discount", Sign::Minus)];
        Formula(signs.map(|(part, sign)| (part.to_owned(), sign)).into())
    }
}

impl Formula {
    pub(super) fn new(signs: BTreeMap<String, Sign>) -> Formula {
        Formula(signs)
    }

    /// The base of parts. Those that the formula does not name do not count; a stated base stands for itself.
    ///
    /// # Errors
    /// [`Reason::Overflow`].
    pub fn base(&self, parts: &Parts) -> Result<Minor, Reason> {
        let mut base = 0;
        for (part, amount) in &parts.0 {
            let sign = match self.0.get(part.as_str()) {
                Some(Sign::Plus) => 1,
                Some(Sign::Minus) => -1,
                None if part == WHOLE => 1,
                Some(Sign::Nothing) | None => 0,
            };
            base = add(base, multiply(sign, amount.get())?)?;
        }
        Ok(Minor::unchecked(base))
    }
}
