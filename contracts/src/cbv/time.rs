//! Times in UTC with three decimals (CBV 2.0, EPCIS Event Hash ID).

use crate::time::{Millis, Time};

/// A time with an offset, in UTC and rounded to milliseconds: up where the fourth decimal is 5 to 9. Any number of
/// decimals is read (`xsd:dateTimeStamp`). `None` for a text that is no such time.
pub(super) fn utc(text: &str) -> Option<String> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || b"Tt:+-.Zz".contains(&byte)) {
        return None;
    }
    let (start, behind) = text.split_once('.').unwrap_or((text, ""));
    let offset = behind.trim_start_matches(|character: char| character.is_ascii_digit());
    let decimals = behind.strip_suffix(offset)?;
    if offset.contains('.') || (text.contains('.') && decimals.is_empty()) {
        return None;
    }
    let seconds = Time::from_rfc3339(&format!("{start}{offset}")).ok()?;
    Some(seconds.plus(Millis(rounded(decimals))).to_string())
}

fn rounded(decimals: &str) -> u64 {
    let mut digits = decimals.chars().map(|digit| digit.to_digit(10).unwrap_or(0)).chain([0; 4]);
    let thousandths =
        digits.by_ref().take(3).fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit)));
    let up = digits.next().is_some_and(|fourth| fourth >= 5);
    thousandths.saturating_add(u64::from(up))
}

#[cfg(test)]
mod tests;
