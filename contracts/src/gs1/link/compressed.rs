//! Telling a compressed link from one that is just wrong (GS1 Digital Link Standard: Compression).
//!
//! Compression packs the elements into bits and writes these as base64url, `https://id.gs1.org/AQnYUc1gmg`: each
//! Application Identifier in four bits a digit, its value behind it. Two elements that often come together have a code
//! of their own, whose hexadecimal digits are no Application Identifier. Such links are not read: few are in use, and
//! their tables would have to follow every new identifier. They are recognised so that the refusal names the reason.

use crate::gs1::ai;

/// The shortest compressed key, a GTIN: 8 bits for its code and 47 for its digits, six bits a character.
const CHARACTERS_MIN: usize = 10;

/// Whether the last piece of a path without a key looks like packed elements: long enough, in the alphabet, not in small
/// letters throughout as words are, and with a first code that there is. A name with capitals may still be taken for one:
/// both are refused.
pub(super) fn is_likely(piece: &str) -> bool {
    piece.len() >= CHARACTERS_MIN
        && piece.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        && piece.bytes().any(|byte| byte.is_ascii_uppercase())
        && first_code(piece).is_some_and(|(high, low)| match (high, low) {
            (0..=9, 0..=9) => ai::is_begun_by(high, low),
            // The codes for pairs: 0A to 9D, A0 to A9, C0 to CD.
            (0..=9, 0xA..=0xF) | (0xA, 0..=9) | (0xC, 0..=0xD) => true,
            _ => false,
        })
}

/// The first two hexadecimal digits that the piece stands for.
fn first_code(piece: &str) -> Option<(u8, u8)> {
    let mut sextets = piece.bytes().map(sextet);
    let (first, second) = (sextets.next()??, sextets.next()??);
    Some((first >> 2, ((first & 0b11) << 2) | (second >> 4)))
}

/// The value of a character of base64url (RFC 4648 §5).
fn sextet(byte: u8) -> Option<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    ALPHABET.iter().position(|&known| known == byte).and_then(|at| u8::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gs1::DigitalLink;

    #[test]
    fn compressed_links_are_refused_as_such() {
        for (uri, piece) in [
            ("https://id.gs1.org/AQnYUc1gmg", "AQnYUc1gmg"),
            ("https://id.gs1.org/AQnYUc1gmiCNV4JGQhcNT6K6c", "AQnYUc1gmiCNV4JGQhcNT6K6c"),
            ("https://t.example/a/AN2yxDhfaiaw?linkType=all", "AN2yxDhfaiaw"),
            ("https://id.gs1.org/gASXYNWjFkzaNWbdk5YQWjFNHkcODNm", "gASXYNWjFkzaNWbdk5YQWjFNHkcODNm"),
            ("https://id.gs1.org/01/05412345000013/EI1XgkY", ""),
            ("https://id.gs1.org/01/05412345000013/EI1XgkZCFw1P", "EI1XgkZCFw1P"),
        ] {
            let refused = DigitalLink::parse(uri).unwrap_err().to_string();
            let expected = format!("{piece:?} looks like a compressed Digital Link, only uncompressed ones are read");
            assert_eq!(refused == expected, !piece.is_empty(), "{uri}: {refused}");
        }
    }

    #[test]
    fn words_and_serial_numbers_do_not_look_compressed() {
        for piece in
            ["", "about", "collection", "7K3M9Q2X4BHT6WZ0N5PD", "spring-collection", "AQnYUc1gm.", "序列号序列号"]
        {
            assert!(!is_likely(piece), "{piece}");
        }
    }
}
