//! A share of an amount, rounded once (§1).

use super::{
    money::{Minor, PPM_WHOLE, Ppm, add, multiply},
    reason::Reason,
};

/// What becomes of a fraction of a minor unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// From one half on it is one more; the default.
    #[default]
    HalfUp,
    /// It is dropped.
    Floor,
    /// One half goes to the even neighbour.
    HalfEven,
}

impl Rounding {
    /// The words of the term sheet.
    pub(super) const WORDS: [(&'static str, Rounding); 3] =
        [("half_up", Rounding::HalfUp), ("floor", Rounding::Floor), ("half_even", Rounding::HalfEven)];
}

/// `base × ppm / 10^6`, rounded. A negative rate mirrors the positive one.
///
/// # Errors
/// [`Reason::BaseNegative`] for a negative base, [`Reason::Overflow`].
pub fn rate(base: Minor, ppm: Ppm, rounding: Rounding) -> Result<Minor, Reason> {
    if base.is_negative() {
        return Err(Reason::BaseNegative);
    }
    divide(multiply(base.get(), ppm.get())?, PPM_WHOLE, rounding)
}

/// A quotient, rounded by its magnitude: what is taken away is what would have been given.
pub(super) fn divide(numerator: i128, denominator: i128, rounding: Rounding) -> Result<Minor, Reason> {
    let magnitude = numerator.checked_abs().ok_or(Reason::Overflow)?;
    let quotient = magnitude.checked_div(denominator).ok_or(Reason::Overflow)?;
    let twice = multiply(magnitude.checked_rem(denominator).ok_or(Reason::Overflow)?, 2)?;
    let up = match rounding {
        Rounding::HalfUp => twice >= denominator,
        Rounding::Floor => false,
        Rounding::HalfEven => twice > denominator || (twice == denominator && quotient.checked_rem(2) == Some(1)),
    };
    let rounded = Minor::unchecked(add(quotient, i128::from(up))?);
    if numerator < 0 { rounded.negated() } else { Ok(rounded) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_where_the_terms_say() {
        for (base, half_up, floor, half_even) in [(1, 1, 0, 0), (3, 2, 1, 2), (5, 3, 2, 2), (4, 2, 2, 2)] {
            for (rounding, expected) in
                [(Rounding::HalfUp, half_up), (Rounding::Floor, floor), (Rounding::HalfEven, half_even)]
            {
                let share = |ppm| rate(Minor::unchecked(base), Ppm::new(ppm).unwrap(), rounding).unwrap().get();
                assert_eq!(share(500_000), expected, "{base} {rounding:?}");
                assert_eq!(share(-500_000), -expected, "{base} {rounding:?}");
            }
        }
    }
}
