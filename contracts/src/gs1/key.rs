//! The numeric keys that stand alone in records: GTIN, GLN and SSCC.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

use super::{check, quote};

/// A text that is not the key it should be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadKey {
    /// Another number of characters.
    #[error("{key} {text:?} has {found} characters, {allowed} digits are accepted")]
    Length {
        /// What was expected.
        key: &'static str,
        /// The wrong text, shortened.
        text: String,
        /// Its number of characters.
        found: usize,
        /// The numbers of digits that such a key has.
        allowed: &'static str,
    },
    /// Characters that are no digits.
    #[error("{key} {text:?} has characters other than the digits 0 to 9")]
    Digits {
        /// What was expected.
        key: &'static str,
        /// The wrong text, shortened.
        text: String,
    },
    /// A last digit that does not fit the others: mostly a typing or reading error.
    #[error("{key} {text} ends in another digit than its check digit {expected}")]
    CheckDigit {
        /// What was expected.
        key: &'static str,
        /// The wrong text.
        text: String,
        /// The digit that the others call for.
        expected: char,
    },
}

/// Decimal digits of a fixed number, the last of them the check digit of the others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Digits<const N: usize>([u8; N]);

impl<const N: usize> Digits<N> {
    fn read(key: &'static str, text: &str, allowed: &'static str) -> Result<Self, BadKey> {
        let wrong_length = || BadKey::Length { key, text: quote(text), found: text.chars().count(), allowed };
        let digits: [u8; N] = text.as_bytes().try_into().map_err(|_| wrong_length())?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(BadKey::Digits { key, text: quote(text) });
        }
        let mut body = text.chars();
        let last = body.next_back();
        match check::check_digit(body.as_str()) {
            found if found == last => Ok(Self(digits)),
            Some(expected) => Err(BadKey::CheckDigit { key, text: text.to_owned(), expected }),
            None => Err(wrong_length()),
        }
    }

    fn as_str(&self) -> &str {
        // `read` took digits only, which are ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Writes what every key has: its one text, for people, for JSON and back.
macro_rules! text_of_key {
    ($key:ident) => {
        impl $key {
            /// The key's digits.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $key {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $key {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($key), "({})"), self.as_str())
            }
        }

        impl Serialize for $key {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $key {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $key::from_canonical(&text).map_err(D::Error::custom)
            }
        }
    };
}

/// A Global Trade Item Number of 14 digits: a class of trade items (General Specifications §2.1, AI 01).
///
/// Shorter GTINs are the same number with zeros in front. [`FromStr`] accepts 8, 12, 13 or 14 digits; JSON only 14,
/// so that a document has one spelling.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gtin(Digits<14>);

/// A Global Location Number of 13 digits: a place or a party (General Specifications §2.4, AIs 410 to 417).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gln(Digits<13>);

/// A Serial Shipping Container Code of 18 digits: one logistic unit (General Specifications §2.2, AI 00).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sscc(Digits<18>);

text_of_key!(Gtin);
text_of_key!(Gln);
text_of_key!(Sscc);

impl Gtin {
    const NAME: &'static str = "GTIN";

    fn from_canonical(text: &str) -> Result<Gtin, BadKey> {
        Digits::read(Gtin::NAME, text, "14").map(Gtin)
    }

    /// The digits that begin with the company prefix: all but the first, which tells packaging levels apart.
    pub fn company_digits(&self) -> &str {
        self.as_str().get(1..).unwrap_or_default()
    }
}

impl FromStr for Gtin {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Gtin, BadKey> {
        match text.len() {
            8 | 12 | 13 => Digits::read(Gtin::NAME, &format!("{text:0>14}"), "8, 12, 13 or 14").map(Gtin),
            _ => Digits::read(Gtin::NAME, text, "8, 12, 13 or 14").map(Gtin),
        }
    }
}

impl Gln {
    fn from_canonical(text: &str) -> Result<Gln, BadKey> {
        Digits::read("GLN", text, "13").map(Gln)
    }

    /// The digits that begin with the company prefix: all of them.
    pub fn company_digits(&self) -> &str {
        self.as_str()
    }
}

impl FromStr for Gln {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Gln, BadKey> {
        Gln::from_canonical(text)
    }
}

impl Sscc {
    fn from_canonical(text: &str) -> Result<Sscc, BadKey> {
        Digits::read("SSCC", text, "18").map(Sscc)
    }

    /// The digits that begin with the company prefix: all but the first, the extension digit.
    pub fn company_digits(&self) -> &str {
        self.as_str().get(1..).unwrap_or_default()
    }
}

impl FromStr for Sscc {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Sscc, BadKey> {
        Sscc::from_canonical(text)
    }
}

#[cfg(test)]
mod tests;
