//! Check digits and check characters (GS1 General Specifications §7.9).

use super::ai::Charset;

/// Alphabet of check characters: digits and capitals without those that look alike.
const PAIR_ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Weights of a model number's characters, the rightmost has 2.
const PAIR_WEIGHTS: [u32; 23] =
    [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83];

const PAIR_MODULUS: u32 = 1021;

/// The digit that completes a numeric key without its last digit (§7.9.1): the weights are 3, 1, 3 … from the right,
/// and with the digit the sum is a multiple of ten.
///
/// `None` where `body` is empty or holds anything but digits 0 to 9.
pub fn check_digit(body: &str) -> Option<char> {
    let mut sum: u32 = 0;
    for (digit, weight) in body.chars().rev().zip([3, 1].into_iter().cycle()) {
        sum = sum.checked_add(digit.to_digit(10)?.checked_mul(weight)?)?;
    }
    let missing = 10_u32.saturating_sub(sum % 10) % 10;
    if body.is_empty() { None } else { char::from_digit(missing, 10) }
}

/// Whether the last digit is the check digit of those before it.
pub(super) fn has_check_digit(digits: &str) -> bool {
    let mut body = digits.chars();
    let last = body.next_back();
    last.is_some() && last == check_digit(body.as_str())
}

/// The two characters that complete a Global Model Number without its last two (§7.9).
///
/// `None` where `body` is empty, longer than 23 characters, or holds characters outside of character set 82.
pub fn check_pair(body: &str) -> Option<String> {
    if body.is_empty() || body.len() > PAIR_WEIGHTS.len() {
        return None;
    }
    let mut sum: u32 = 0;
    for (character, weight) in body.bytes().rev().zip(PAIR_WEIGHTS) {
        sum = sum.checked_add(Charset::position(character)?.checked_mul(weight)?)?;
    }
    let rest = sum % PAIR_MODULUS;
    [rest / 32, rest % 32].into_iter().map(pair_character).collect()
}

fn pair_character(value: u32) -> Option<char> {
    PAIR_ALPHABET.get(usize::try_from(value).ok()?).copied().map(char::from)
}

/// Whether the last two characters are the check characters of those before them.
pub(super) fn has_check_pair(text: &str) -> bool {
    text.len()
        .checked_sub(2)
        .and_then(|at| text.split_at_checked(at))
        .is_some_and(|(body, pair)| check_pair(body).as_deref() == Some(pair))
}

#[cfg(test)]
mod tests;
