//! Amounts, rates and counts: whole numbers with a unit, and arithmetic that refuses instead of wrapping (§1).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{decimal, reason::Reason};

/// Largest amount that may come in from outside, in minor units: products with a weight or a rate stay below 2^127.
pub const AMOUNT_MAX: i128 = 100_000_000_000_000_000;

/// Largest count of pieces of a line.
pub const UNITS_MAX: i128 = 1_000_000_000_000;

/// One hundred percent.
pub const PPM_WHOLE: i128 = 1_000_000;

/// An amount in the smallest unit of its currency: fen of CNY, yen of JPY, fils of KWD. May be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Minor(i128);

impl Minor {
    /// Nothing.
    pub const ZERO: Minor = Minor(0);

    /// An amount within `±`[`AMOUNT_MAX`].
    ///
    /// # Errors
    /// [`Reason::AmountRange`].
    pub fn new(value: i128) -> Result<Minor, Reason> {
        Minor(value).within_limits()
    }

    /// The number of minor units.
    pub const fn get(self) -> i128 {
        self.0
    }

    /// Whether there is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`Reason::Overflow`].
    pub fn plus(self, other: Minor) -> Result<Minor, Reason> {
        self.0.checked_add(other.0).map(Minor).ok_or(Reason::Overflow)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`Reason::Overflow`].
    pub fn minus(self, other: Minor) -> Result<Minor, Reason> {
        self.0.checked_sub(other.0).map(Minor).ok_or(Reason::Overflow)
    }

    /// The opposite amount.
    ///
    /// # Errors
    /// [`Reason::Overflow`].
    pub fn negated(self) -> Result<Minor, Reason> {
        Minor::ZERO.minus(self)
    }

    /// The sum of many.
    ///
    /// # Errors
    /// [`Reason::Overflow`].
    pub fn sum(amounts: impl IntoIterator<Item = Minor>) -> Result<Minor, Reason> {
        amounts.into_iter().try_fold(Minor::ZERO, Minor::plus)
    }

    /// The same amount, where it may stand for one that comes in.
    ///
    /// # Errors
    /// [`Reason::AmountRange`] beyond `±`[`AMOUNT_MAX`].
    pub fn within_limits(self) -> Result<Minor, Reason> {
        if self.0.unsigned_abs() <= AMOUNT_MAX.unsigned_abs() { Ok(self) } else { Err(Reason::AmountRange) }
    }

    /// An amount that was read but not yet judged: [`Minor::within_limits`] comes next.
    pub(super) const fn unchecked(value: i128) -> Minor {
        Minor(value)
    }
}

/// A text with a decimal integer, as everywhere in settlement.
impl Serialize for Minor {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Minor {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Minor, D::Error> {
        decimal::deserialize(from).map(Minor)
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A signed share of a million. Rates of commission are never negative; a malus is (−2 % is −20000).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ppm(i32);

impl Ppm {
    /// Nothing.
    pub const ZERO: Ppm = Ppm(0);
    /// All of it.
    pub const WHOLE: Ppm = Ppm(1_000_000);

    /// A rate of −100 % to 100 %, or `None` outside.
    pub fn new(ppm: i128) -> Option<Ppm> {
        i32::try_from(ppm).ok().filter(|ppm| ppm.unsigned_abs() <= 1_000_000).map(Ppm)
    }

    /// The millionths.
    pub fn get(self) -> i128 {
        i128::from(self.0)
    }

    /// Whether it takes away.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
}

/// The currencies that contracts may be made in, with their minor units' decimals (ISO 4217).
const CURRENCIES: [(&str, usize); 7] =
    [("CNY", 2), ("EUR", 2), ("HKD", 2), ("JPY", 0), ("KWD", 3), ("SGD", 2), ("USD", 2)];

/// An ISO 4217 currency of the table that is part of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    code: &'static str,
    decimals: usize,
}

impl Currency {
    /// The renminbi, in which scenarios reckon that name no currency.
    pub const CNY: Currency = Currency { code: "CNY", decimals: 2 };

    /// The currency of a code, or `None` where the table lacks it.
    pub fn of(code: &str) -> Option<Currency> {
        CURRENCIES.iter().find(|(known, _)| *known == code).map(|&(code, decimals)| Currency { code, decimals })
    }

    /// Its code.
    pub const fn code(self) -> &'static str {
        self.code
    }
}

/// An amount with its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// Which currency.
    pub currency: Currency,
    /// How much of it.
    pub minor: Minor,
}

impl Money {
    /// The amount in major units with all decimals and no currency: `-15.80`.
    pub fn decimal(self) -> String {
        let sign = if self.minor.is_negative() { "-" } else { "" };
        let decimals = self.currency.decimals;
        let digits = format!("{:0>width$}", self.minor.get().unsigned_abs(), width = decimals.saturating_add(1));
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(decimals));
        if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }
}

pub(super) fn add(left: i128, right: i128) -> Result<i128, Reason> {
    left.checked_add(right).ok_or(Reason::Overflow)
}

pub(super) fn subtract(left: i128, right: i128) -> Result<i128, Reason> {
    left.checked_sub(right).ok_or(Reason::Overflow)
}

pub(super) fn multiply(left: i128, right: i128) -> Result<i128, Reason> {
    left.checked_mul(right).ok_or(Reason::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_spelt_with_all_decimals_of_their_currency() {
        for (code, minor, text) in [
            ("CNY", -1_580, "-15.80"),
            ("CNY", 5, "0.05"),
            ("JPY", -7, "-7"),
            ("KWD", 1_234, "1.234"),
            ("CNY", 0, "0.00"),
        ] {
            let money = Money { currency: Currency::of(code).unwrap(), minor: Minor(minor) };
            assert_eq!(money.decimal(), text);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(Minor::new(AMOUNT_MAX + 1), Err(Reason::AmountRange));
        assert_eq!(Minor::new(i128::MIN), Err(Reason::AmountRange));
        assert_eq!(Minor(i128::MAX).plus(Minor(1)), Err(Reason::Overflow));
        assert_eq!(Minor(i128::MIN).negated(), Err(Reason::Overflow));
        assert_eq!(Ppm::new(1_000_001), None);
        assert_eq!(Ppm::new(-1_000_000), Some(Ppm(-1_000_000)));
    }
}
