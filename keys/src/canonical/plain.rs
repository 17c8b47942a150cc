//! How far a string goes without anything that needs attention: the inner loop of every pass over a document.

/// The number of bytes at the start of `bytes` before the first quotation mark, backslash or control character.
pub(super) fn length(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut length = 0_usize;
    for word in words {
        let found = special(u64::from_le_bytes(*word));
        if found != 0 {
            // The lowest marked byte is the first of the text; only bytes above it can be marked by mistake.
            return length.saturating_add(eighth(found.trailing_zeros()));
        }
        length = length.saturating_add(8);
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    length.saturating_add(rest.iter().position(is_special).unwrap_or(rest.len()))
}

/// Marks, by its highest bit, the lowest of eight bytes that is special, and possibly some above it.
///
/// The classical test for a byte below n: subtracting n borrows into the highest bit, which must have been clear.
/// Equality with a byte is tested as "the exclusive or of both is below 1".
fn special(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    const QUOTES: u64 = u64::from_ne_bytes([b'"'; 8]);
    const BACKSLASHES: u64 = u64::from_ne_bytes([b'\\'; 8]);
    const SPACES: u64 = u64::from_ne_bytes([b' '; 8]);
    let below = |word: u64, bound: u64| word.wrapping_sub(bound) & !word & HIGHS;
    below(word, SPACES) | below(word ^ QUOTES, ONES) | below(word ^ BACKSLASHES, ONES)
}

fn eighth(bits: u32) -> usize {
    usize::try_from(bits >> 3).unwrap_or(0)
}
