//! Units of one dimension, and what they come to in the unit in which balances of it are kept.
//!
//! Codes and factors are those of UN/ECE Recommendation 20, as far as the factor has few decimals: 500 `GRM` and 0.5 `KGM`
//! are the same of a lot. A unit that is not listed stays one of its own, and never mixes with others.

use super::{Amount, BadAmount};

/// A unit, the one that it is counted in, and how many of that it is, as a fraction.
type Unit = (&'static str, &'static str, u128, u128);

const UNITS: &[Unit] = &[
    // Pieces.
    ("C62", "EA", 1, 1),
    ("H87", "EA", 1, 1),
    ("PR", "EA", 2, 1),
    ("DZN", "EA", 12, 1),
    ("CEN", "EA", 100, 1),
    ("GRO", "EA", 144, 1),
    ("MIL", "EA", 1_000, 1),
    // Mass.
    ("MC", "KGM", 1, 1_000_000_000),
    ("MGM", "KGM", 1, 1_000_000),
    ("GRM", "KGM", 1, 1_000),
    ("HGM", "KGM", 1, 10),
    ("DTN", "KGM", 100, 1),
    ("TNE", "KGM", 1_000, 1),
    // Volume.
    ("4G", "LTR", 1, 1_000_000),
    ("MMQ", "LTR", 1, 1_000_000),
    ("MLT", "LTR", 1, 1_000),
    ("CMQ", "LTR", 1, 1_000),
    ("CLT", "LTR", 1, 100),
    ("DLT", "LTR", 1, 10),
    ("DMQ", "LTR", 1, 1),
    ("HLT", "LTR", 100, 1),
    ("K6", "LTR", 1_000, 1),
    ("MTQ", "LTR", 1_000, 1),
    // Length.
    ("4H", "MTR", 1, 1_000_000),
    ("MMT", "MTR", 1, 1_000),
    ("CMT", "MTR", 1, 100),
    ("DMT", "MTR", 1, 10),
    ("KMT", "MTR", 1_000, 1),
    // Area.
    ("MMK", "MTK", 1, 1_000_000),
    ("CMK", "MTK", 1, 10_000),
    ("DMK", "MTK", 1, 100),
    ("HAR", "MTK", 10_000, 1),
];

/// The unit in which balances of a unit's dimension are kept; itself where it is that, or not listed.
pub fn kept_in(unit: &str) -> &str {
    find(unit).map_or(unit, |(_, base, ..)| *base)
}

/// An amount in the unit in which balances of its dimension are kept.
///
/// # Errors
/// [`BadAmount`] where it has too many digits for that, or is too large.
pub fn kept(amount: Amount, unit: &str) -> Result<Amount, BadAmount> {
    find(unit).map_or(Ok(amount), |(_, _, of, per)| amount.scaled(*of, *per))
}

fn find(unit: &str) -> Option<&'static Unit> {
    UNITS.iter().find(|(code, ..)| *code == unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_one_dimension_are_counted_in_one() {
        let amount = |text: &str| text.parse::<Amount>().unwrap();
        for (some, unit, same, base) in [
            ("500", "GRM", "0.5", "KGM"),
            ("0.5", "KGM", "0.5", "KGM"),
            ("1.001", "MGM", "0.000001001", "KGM"),
            ("2.5", "TNE", "2500", "KGM"),
            ("250", "MLT", "0.25", "LTR"),
            ("0.003", "MTQ", "3", "LTR"),
            ("12", "CMT", "0.12", "MTR"),
            ("0.0001", "HAR", "1", "MTK"),
            ("2", "DZN", "24", "EA"),
            ("7", "H87", "7", "EA"),
            ("7", "LBR", "7", "LBR"),
        ] {
            assert_eq!((kept(amount(some), unit), kept_in(unit)), (Ok(amount(same)), base), "{some} {unit}");
        }
        assert_eq!(kept(amount("0.0001"), "MGM"), Err(BadAmount::Fine));
        assert_eq!(kept(amount("1000000000000"), "TNE"), Ok(amount("1000000000000000")));
        assert_eq!(kept(amount("1000000000001"), "TNE"), Err(BadAmount::Large));
    }

    #[test]
    fn every_unit_is_listed_once_and_leads_to_one_that_is_not() {
        for (at, (code, base, of, per)) in UNITS.iter().enumerate() {
            assert!(find(base).is_none() && *of > 0 && *per > 0, "{code}");
            assert!(UNITS.iter().skip(at + 1).all(|(other, ..)| other != code), "{code}");
        }
    }
}
