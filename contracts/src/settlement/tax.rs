//! Tax that a payer withholds from labour remuneration in China (§13), recomputed to compare, never to decide.
//!
//! Amounts are fen. Confirm with a tax adviser before you rely on it.

use super::{
    money::{Minor, multiply, subtract},
    rate::{Rounding, divide},
    reason::Reason,
};

/// Up to which taxable income, at which percentage, minus which quick deduction.
struct Bracket {
    upto: i128,
    percent: i128,
    deduction: i128,
}

const fn bracket(upto: i128, percent: i128, deduction: i128) -> Bracket {
    Bracket { upto, percent, deduction }
}

/// Labour remuneration, withheld per payment.
const LABOUR: [Bracket; 3] =
    [bracket(2_000_000, 20, 0), bracket(5_000_000, 30, 200_000), bracket(i128::MAX, 40, 700_000)];

/// Comprehensive income, withheld over the months of a year.
const COMPREHENSIVE: [Bracket; 7] = [
    bracket(3_600_000, 3, 0),
    bracket(14_400_000, 10, 252_000),
    bracket(30_000_000, 20, 1_692_000),
    bracket(42_000_000, 25, 3_192_000),
    bracket(66_000_000, 30, 5_292_000),
    bracket(96_000_000, 35, 8_592_000),
    bracket(i128::MAX, 45, 18_192_000),
];

/// Up to this income a fixed expense is deducted, above it one fifth.
const SMALL_INCOME_MAX: i128 = 400_000;
const SMALL_EXPENSE: i128 = 80_000;
/// Deducted per month of the year.
const MONTHLY_EXPENSE: i128 = 500_000;

/// Tax on one payment (State Taxation Administration, announcement 61 of 2018).
///
/// # Errors
/// [`Reason::BaseNegative`], [`Reason::AmountRange`].
pub fn cn_labour_2018(income: Minor) -> Result<Minor, Reason> {
    let income = positive(income)?;
    let tenths = if income <= SMALL_INCOME_MAX {
        multiply(subtract(income, SMALL_EXPENSE)?.max(0), 10)?
    } else {
        multiply(income, 8)?
    };
    tax(tenths, &LABOUR)
}

/// Tax to withhold this month, from what a person earned on the platform since the year began and what was withheld
/// before (announcement 16 of 2025). Never negative: too much withheld is settled with the authority.
///
/// # Errors
/// [`Reason::MonthRange`], [`Reason::BaseNegative`], [`Reason::AmountRange`].
pub fn cn_cumulative_2025(month: i128, income: Minor, withheld_before: Minor) -> Result<Minor, Reason> {
    if !(1..=12).contains(&month) {
        return Err(Reason::MonthRange);
    }
    let expense = multiply(multiply(MONTHLY_EXPENSE, month)?, 10)?;
    let tenths = subtract(multiply(positive(income)?, 8)?, expense)?.max(0);
    let due = tax(tenths, &COMPREHENSIVE)?.minus(Minor::new(positive(withheld_before)?)?)?;
    Ok(due.max(Minor::ZERO))
}

fn positive(amount: Minor) -> Result<i128, Reason> {
    if amount.is_negative() { Err(Reason::BaseNegative) } else { Ok(amount.within_limits()?.get()) }
}

/// The tax on taxable income in tenths of a fen, so that four fifths are exact and only the result is rounded.
fn tax(tenths: i128, brackets: &[Bracket]) -> Result<Minor, Reason> {
    let fits = |bracket: &&Bracket| bracket.upto.checked_mul(10).is_none_or(|upto| tenths <= upto);
    let Bracket { percent, deduction, .. } = brackets.iter().find(fits).ok_or(Reason::Overflow)?;
    let share = divide(multiply(tenths, *percent)?, 1_000, Rounding::HalfUp)?;
    share.minus(Minor::new(*deduction)?)
}
