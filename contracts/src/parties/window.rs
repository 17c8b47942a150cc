//! Sliding windows: which sequence numbers of a key have been used.
//!
//! A window replaces nonces and replay lists: records of one key may be signed offline and arrive in any order, with
//! gaps, as long as they are fewer than [`WINDOW`] numbers apart.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{height::JSON_INTEGER_MAX, refusal::Code};

/// Width of the window: a number is valid when `top − 4096 < seq ≤ top + 4096` and unused.
pub const WINDOW: u64 = 4_096;

const WORDS: usize = 64;
const WORD_BITS: u64 = 64;

/// The highest number used and a bitmap of the 4,096 up to it; bit k stands for `top − k`.
#[derive(Clone, PartialEq, Eq)]
pub struct Window {
    top: u64,
    bits: [u64; WORDS],
}

impl Default for Window {
    fn default() -> Window {
        Window { top: 0, bits: [0; WORDS] }
    }
}

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Window").field("top", &self.top).field("used", &self.used()).finish()
    }
}

impl Window {
    /// The highest number used so far; 0 where none was.
    pub const fn top(&self) -> u64 {
        self.top
    }

    /// The next number that is free and above all used ones.
    pub const fn next_free(&self) -> u64 {
        self.top.saturating_add(1)
    }

    /// How many of the numbers in the window are used.
    pub fn used(&self) -> u32 {
        self.bits.iter().map(|word| word.count_ones()).sum()
    }

    /// Whether `seq` may be used now.
    ///
    /// # Errors
    /// `E-SEQ-USED` or `E-SEQ-WINDOW`.
    pub fn check(&self, seq: u64) -> Result<(), Code> {
        if seq == 0 || seq > JSON_INTEGER_MAX || seq > self.top.saturating_add(WINDOW) {
            return Err(Code::SeqWindow);
        }
        let Some(age) = self.top.checked_sub(seq) else { return Ok(()) };
        if age >= WINDOW {
            return Err(Code::SeqWindow);
        }
        if self.bit(age) { Err(Code::SeqUsed) } else { Ok(()) }
    }

    /// Uses a number that [`Window::check`] has allowed.
    pub fn spend(&mut self, seq: u64) {
        if let Some(rise) = seq.checked_sub(self.top) {
            self.shift(rise);
            self.top = seq;
        }
        self.set(self.top.saturating_sub(seq));
    }

    fn bit(&self, age: u64) -> bool {
        let (word, bit) = place(age);
        self.bits.get(word).is_some_and(|word| word & bit != 0)
    }

    fn set(&mut self, age: u64) {
        let (word, bit) = place(age);
        if let Some(word) = self.bits.get_mut(word) {
            *word |= bit;
        }
    }

    /// Makes every used number `by` older.
    fn shift(&mut self, by: u64) {
        let (words, bits) = (by.checked_div(WORD_BITS), by.checked_rem(WORD_BITS));
        let words = words.and_then(|words| usize::try_from(words).ok()).unwrap_or(usize::MAX);
        let bits = bits.and_then(|bits| u32::try_from(bits).ok()).unwrap_or(0);
        let old = self.bits;
        let from = |index: Option<usize>| index.and_then(|index| old.get(index)).copied().unwrap_or(0);
        for (index, word) in self.bits.iter_mut().enumerate() {
            let source = index.checked_sub(words);
            let low = from(source).checked_shl(bits).unwrap_or(0);
            let carry = WORD_BITS.saturating_sub(u64::from(bits));
            let carry = u32::try_from(carry).unwrap_or(u32::MAX);
            let high = from(source.and_then(|source| source.checked_sub(1))).checked_shr(carry).unwrap_or(0);
            *word = low | high;
        }
    }
}

fn place(age: u64) -> (usize, u64) {
    let word = usize::try_from(age.checked_div(WORD_BITS).unwrap_or(0)).unwrap_or(usize::MAX);
    let bit = u32::try_from(age.checked_rem(WORD_BITS).unwrap_or(0)).unwrap_or(0);
    (word, 1_u64.checked_shl(bit).unwrap_or(0))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    /// Little-endian bytes of the bitmap without trailing zeros, base64url.
    bits: String,
    top: u64,
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.bits.iter().flat_map(|word| word.to_le_bytes()).collect();
        let length = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
        let bits = URL_SAFE_NO_PAD.encode(bytes.get(..length).unwrap_or_default());
        Text { bits, top: self.top }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(&text.bits).map_err(D::Error::custom)?;
        if bytes.len() > WORDS.saturating_mul(8) || bytes.last() == Some(&0) {
            return Err(D::Error::custom("a window has at most 512 bytes and no trailing zero"));
        }
        let mut window = Window { top: text.top, bits: [0; WORDS] };
        for (word, chunk) in window.bits.iter_mut().zip(bytes.chunks(8)) {
            let mut whole = [0; 8];
            whole.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            *word = u64::from_le_bytes(whole);
        }
        Ok(window)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_come_in_any_order_but_once() {
        let mut window = Window::default();
        for seq in [3, 1, 2, 4_098, 70] {
            assert_eq!(window.check(seq), Ok(()), "{seq}");
            window.spend(seq);
            assert_eq!(window.check(seq), Err(Code::SeqUsed), "{seq}");
        }
        assert_eq!((window.top(), window.next_free()), (4_098, 4_099));
    }

    #[test]
    fn numbers_outside_the_window_are_refused() {
        let mut window = Window::default();
        assert_eq!(window.check(0), Err(Code::SeqWindow));
        assert_eq!(window.check(4_096), Ok(()));
        assert_eq!(window.check(4_097), Err(Code::SeqWindow));
        window.spend(4_096);
        window.spend(8_000);
        assert_eq!(window.check(8_000 - 4_096), Err(Code::SeqWindow));
        assert_eq!(window.check(8_000 - 4_095), Ok(()));
        assert_eq!(window.check(JSON_INTEGER_MAX + 1), Err(Code::SeqWindow));
    }

    proptest! {
        /// Against a set that forgets nothing.
        #[test]
        fn it_agrees_with_a_plain_set(steps in proptest::collection::vec(-5_000_i64..5_000, 1..200)) {
            let (mut window, mut used) = (Window::default(), BTreeSet::new());
            for step in steps {
                let seq = u64::try_from(i64::try_from(window.top()).unwrap() + step).unwrap_or(0);
                let top = used.last().copied().unwrap_or(0);
                let expected = if seq == 0 || seq + WINDOW <= top || seq > top + WINDOW {
                    Err(Code::SeqWindow)
                } else if used.contains(&seq) {
                    Err(Code::SeqUsed)
                } else {
                    Ok(())
                };
                prop_assert_eq!(window.check(seq), expected);
                if expected.is_ok() {
                    window.spend(seq);
                    used.insert(seq);
                }
            }
            let text = serde_json::to_string(&window).unwrap();
            prop_assert_eq!(serde_json::from_str::<Window>(&text).unwrap(), window);
        }
    }
}
