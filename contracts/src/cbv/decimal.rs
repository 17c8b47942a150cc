//! Numbers without superfluous digits, computed on their spelling (CBV 2.0, EPCIS Event Hash ID).

/// Largest power of ten that a number in exponent notation may have: about that of a double.
const EXPONENT_MAX: i64 = 308;

/// A decimal number in its one spelling: no plus, no leading or trailing zeros, no exponent.
///
/// `None` for a text that is no number, and for exponents beyond those of a double.
pub(crate) fn canonical(text: &str) -> Option<String> {
    let (negative, unsigned) = match text.strip_prefix(['-', '+']) {
        Some(unsigned) => (text.starts_with('-'), unsigned),
        None => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = all.trim_start_matches('0');
    let zeros = i64::try_from(all.len().checked_sub(significant.len())?).ok()?;
    // Where the decimal point stands, counted from the first significant digit.
    let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?.checked_sub(zeros)?;
    let digits = significant.trim_end_matches('0');
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    let sign = if negative { "-" } else { "" };
    Some(format!("{sign}{}", placed(digits, point)?))
}

fn exponent_of(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let exponent: i64 = text.parse().ok()?;
    (-EXPONENT_MAX..=EXPONENT_MAX).contains(&exponent).then_some(exponent)
}

/// Significant digits with the decimal point behind the first `point` of them.
fn placed(digits: &str, point: i64) -> Option<String> {
    let Ok(point) = usize::try_from(point) else {
        return Some(format!("0.{}{digits}", "0".repeat(usize::try_from(point.checked_neg()?).ok()?)));
    };
    Some(match digits.split_at_checked(point) {
        Some((whole, "")) => whole.to_owned(),
        Some(("", fraction)) => format!("0.{fraction}"),
        Some((whole, fraction)) => format!("{whole}.{fraction}"),
        None => format!("{digits}{}", "0".repeat(point.checked_sub(digits.len())?)),
    })
}

#[cfg(test)]
mod tests;
