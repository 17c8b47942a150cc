//! How ECMAScript spells a number.

use super::Reason;

/// No double is spelt with more characters: `-0.0000012345678901234567` has 25.
const SPELLING_BYTES_MAX: usize = 25;

/// Integers of at most this many digits are doubles, spelt by their digits alone.
const PLAIN_DIGITS_MAX: usize = 15;

/// How many bytes at the start of `text`, which begins with `-` or a digit, are a number in its ECMAScript spelling.
pub(super) fn scan(text: &[u8]) -> Result<usize, Reason> {
    let sign = usize::from(text.first() == Some(&b'-'));
    let digits = text.iter().skip(sign).take_while(|byte| byte.is_ascii_digit()).count();
    let length = sign.saturating_add(digits);
    let first = text.get(sign);
    let goes_on = matches!(text.get(length), Some(b'.' | b'e' | b'E' | b'+' | b'-'));
    let zero_led = first == Some(&b'0') && length > 1;
    if (1..=PLAIN_DIGITS_MAX).contains(&digits) && !goes_on && !zero_led {
        return Ok(length);
    }
    spelt(text)
}

fn spelt(text: &[u8]) -> Result<usize, Reason> {
    let of_number = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    // One more than any spelling has, so that a longer one is noticed without reading all of it.
    let length = text.iter().take(SPELLING_BYTES_MAX + 1).take_while(of_number).count();
    let spelling = text.get(..length).and_then(|spelling| std::str::from_utf8(spelling).ok()).unwrap_or_default();
    // The parser knows spellings that JSON does not (`.5`, `1.`, `+1`); none of them comes back from the printer.
    let number: f64 = spelling.parse().map_err(|_| Reason::NumberSpelling)?;
    if !number.is_finite() {
        return Err(Reason::NumberRange);
    }
    if ryu_js::Buffer::new().format_finite(number) == spelling { Ok(length) } else { Err(Reason::NumberSpelling) }
}
