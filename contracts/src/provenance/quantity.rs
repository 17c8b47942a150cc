//! Quantities of lots and classes: exact decimals and their units.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

use crate::{cbv::decimal, gs1::Epc};

/// Digits behind the decimal point that an amount keeps; finer ones are refused.
pub const DECIMALS: u32 = 9;

/// One whole, in the smallest steps of an amount.
const WHOLE: u128 = 10_u128.pow(DECIMALS);

/// The largest amount in whole units: 10^15, so that sums stay far from the end of the type.
const WHOLES_MAX: u128 = 1_000_000_000_000_000;

/// The unit of what is counted in pieces: UN/ECE Recommendation 20 "each", and what EPCIS means where it names none.
pub const EACH: &str = "EA";

/// An amount of something, zero or more, exact to [`DECIMALS`] digits behind the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(u128);

/// A text that is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadAmount {
    /// No decimal number.
    #[error("is no decimal number")]
    Number,
    /// Below zero.
    #[error("is negative")]
    Negative,
    /// Digits finer than an amount keeps.
    #[error("has more than {DECIMALS} digits behind the decimal point")]
    Fine,
    /// Larger than accepted.
    #[error("is more than {WHOLES_MAX}")]
    Large,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);

    /// So many wholes.
    pub const fn whole(count: u64) -> Amount {
        Amount((count as u128).saturating_mul(WHOLE))
    }

    /// Whether it is nothing.
    pub const fn is_zero(&self) -> bool {
        self.0 == 0
    }

    /// Whether it has no digits behind the point.
    pub const fn is_whole(&self) -> bool {
        self.0.is_multiple_of(WHOLE)
    }

    /// The sum, where it is not too large.
    pub fn plus(self, other: Amount) -> Option<Amount> {
        self.0.checked_add(other.0).filter(|sum| *sum <= WHOLES_MAX.saturating_mul(WHOLE)).map(Amount)
    }

    /// The difference, where it is not below zero.
    pub fn minus(self, other: Amount) -> Option<Amount> {
        self.0.checked_sub(other.0).map(Amount)
    }

    /// The product, digits finer than an amount keeps rounded up; `None` where it is too large.
    pub fn times(self, factor: Amount) -> Option<Amount> {
        let wholes = self.0.checked_mul(factor.0)?.div_ceil(WHOLE);
        Some(Amount(wholes)).filter(|product| product.0 <= WHOLES_MAX.saturating_mul(WHOLE))
    }

    /// As many of another unit, of which this one's is the fraction `of / per`.
    ///
    /// # Errors
    /// [`BadAmount`] where it has more digits than an amount keeps, or is too large.
    pub(super) fn scaled(self, of: u128, per: u128) -> Result<Amount, BadAmount> {
        let steps = self.0.checked_mul(of).ok_or(BadAmount::Large)?;
        if !steps.is_multiple_of(per) {
            return Err(BadAmount::Fine);
        }
        let scaled = steps.checked_div(per).ok_or(BadAmount::Fine)?;
        if scaled > WHOLES_MAX.saturating_mul(WHOLE) { Err(BadAmount::Large) } else { Ok(Amount(scaled)) }
    }

    /// How many millionths of `whole` this is, rounded down; `None` where the whole is nothing.
    pub fn parts_per_million(self, whole: Amount) -> Option<u64> {
        let millionths = self.0.checked_mul(1_000_000)?.checked_div(whole.0)?;
        u64::try_from(millionths).ok()
    }
}

impl FromStr for Amount {
    type Err = BadAmount;

    /// Reads a JSON number, with or without exponent.
    fn from_str(text: &str) -> Result<Amount, BadAmount> {
        let text = decimal::canonical(text).ok_or(BadAmount::Number)?;
        if text.starts_with('-') {
            return Err(BadAmount::Negative);
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        if fraction.len() > DECIMALS as usize {
            return Err(BadAmount::Fine);
        }
        let number = |digits: &str| digits.parse::<u128>().map_err(|_| BadAmount::Large);
        let whole = number(whole)?;
        if whole > WHOLES_MAX {
            return Err(BadAmount::Large);
        }
        let fraction = number(&format!("{fraction:0<width$}", width = DECIMALS as usize))?;
        let steps = whole.checked_mul(WHOLE).and_then(|steps| steps.checked_add(fraction));
        steps.filter(|steps| *steps <= WHOLES_MAX.saturating_mul(WHOLE)).map(Amount).ok_or(BadAmount::Large)
    }
}

impl fmt::Display for Amount {
    /// The one spelling: no exponent, no superfluous zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / WHOLE, self.0 % WHOLE);
        write!(f, "{whole}")?;
        if rest == 0 {
            return Ok(());
        }
        let digits = format!("{rest:0width$}", width = DECIMALS as usize);
        write!(f, ".{}", digits.trim_end_matches('0'))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
        let text = String::deserialize(deserializer)?;
        let amount: Amount = text.parse().map_err(D::Error::custom)?;
        if amount.to_string() == text { Ok(amount) } else { Err(D::Error::custom("is spelt otherwise")) }
    }
}

/// In which role an event names some of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// What the event is about.
    Subject,
    /// What a transformation uses up.
    Input,
    /// What a transformation brings forth.
    Output,
}

/// Some of a lot or class, as an event names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// How much of it, in the unit that balances are kept in; EPCIS lets it be unknown.
    pub amount: Option<Amount>,
    /// The lot or class.
    pub class: Epc,
    /// Where it stands in the record, as a JSON Pointer.
    pub pointer: String,
    /// In which role.
    pub side: Side,
    /// The unit that balances are kept in, of the dimension of the one that is named; [`EACH`] where none is.
    pub unit: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_one_spelling_and_their_limits() {
        for (text, spelt) in [
            ("0", "0"),
            ("200.250", "200.25"),
            ("1e-9", "0.000000001"),
            ("1e+15", "1000000000000000"),
            ("48.5", "48.5"),
        ] {
            assert_eq!(text.parse::<Amount>().unwrap().to_string(), spelt);
        }
        for (text, bad) in [
            ("-1", BadAmount::Negative),
            ("1e-10", BadAmount::Fine),
            ("1000000000000000.1", BadAmount::Large),
            ("1e+300", BadAmount::Large),
            ("many", BadAmount::Number),
        ] {
            assert_eq!(text.parse::<Amount>(), Err(bad), "{text}");
        }
        assert!(serde_json::from_str::<Amount>("\"1.50\"").is_err());
        assert_eq!(serde_json::from_str::<Amount>("\"1.5\"").unwrap().to_string(), "1.5");
    }

    #[test]
    fn amounts_are_computed_exactly() {
        let amount = |text: &str| text.parse::<Amount>().unwrap();
        assert_eq!(amount("0.1").plus(amount("0.2")), Some(amount("0.3")));
        assert_eq!(amount("0.3").minus(amount("0.4")), None);
        assert_eq!(amount("0.000000001").times(amount("0.5")), Some(amount("0.000000001")));
        assert_eq!(amount("2500").parts_per_million(amount("2525")), Some(990_099));
        assert_eq!(amount("1").parts_per_million(Amount::ZERO), None);
        assert_eq!(Amount::whole(u64::MAX).times(Amount::whole(u64::MAX)), None);
    }
}
