//! Application Identifiers: which there are, what their values look like, and what they may stand for in a link.
//!
//! Values of keys and of their qualifiers are checked in full. Attributes are carried and shown, never reasoned about:
//! their length, characters and check digits are checked, but not whether a date, a country or a currency exists.

mod table;

use thiserror::Error;

use super::{check, quote};

/// Characters that a part of a value may have (General Specifications §7.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    /// Digits.
    Digits,
    /// Character set 82: letters, digits and the punctuation that every symbology has.
    Set82,
    /// Character set 39: capitals, digits, `#`, `-` and `/`.
    Set39,
    /// The alphabet of base64url, with padding.
    Base64,
}

/// The 82 characters in the order of their values in check characters.
const SET_82: &[u8; 82] = b"!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

impl Charset {
    fn has(self, byte: u8) -> bool {
        match self {
            Charset::Digits => byte.is_ascii_digit(),
            Charset::Set82 => SET_82.contains(&byte),
            Charset::Set39 => byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"#-/".contains(&byte),
            Charset::Base64 => byte.is_ascii_alphanumeric() || b"-_=".contains(&byte),
        }
    }

    /// The value of a character of set 82.
    pub(super) fn position(byte: u8) -> Option<u32> {
        SET_82.iter().position(|&known| known == byte).and_then(|at| u32::try_from(at).ok())
    }
}

/// What a part's content must fulfil besides its characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    Nothing,
    /// Ends in a check digit.
    Digit,
    /// Begins with a company prefix, hence with four digits at least, and ends in a pair of check characters.
    Pair,
    /// Begins with a company prefix, hence with four digits at least.
    Prefix,
    /// Is zero.
    Zero,
    /// Two digits for the piece, two for the number of pieces, neither zero, the piece not above the number.
    PieceOfTotal,
    /// Has no zero in front, unless it is zero.
    NoLeadingZero,
    /// Is an importer index: a letter, a digit, `-` or `_`.
    Importer,
}

/// One part of a value: so many characters of a set.
#[derive(Clone, Copy, Debug)]
struct Part {
    set: Charset,
    min: usize,
    max: usize,
    optional: bool,
    check: Check,
}

/// The codes that one row of the table covers.
#[derive(Clone, Copy, Debug)]
enum Codes {
    One(&'static str),
    /// First to last, all of one length.
    Span(&'static str, &'static str),
    /// Measures: three digits from first to last, and a fourth, 0 to 5, that tells the decimals.
    Measures(&'static str, &'static str),
}

/// Where in a link an Application Identifier may stand.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In the path as primary key, with these alternative orders of qualifiers; or as an attribute.
    Key(&'static [&'static [&'static str]]),
    /// In the path behind its key; or as an attribute where the key has no such qualifier.
    Qualifier { attribute: bool },
    /// In the query.
    Attribute,
    /// In no link, only in bar codes.
    Nowhere,
}

/// One or several Application Identifiers of the same form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ai {
    codes: Codes,
    parts: &'static [Part],
    place: Place,
}

/// How much of a value is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judging {
    /// Everything.
    Full,
    /// Length, characters and leading digits, but no check digit: what identifies an event must not depend on whether
    /// somebody keyed in a wrong digit.
    FormOnly,
}

/// A value that its Application Identifier does not allow.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadElement {
    /// No such Application Identifier.
    #[error("{0:?} is no GS1 application identifier")]
    Unknown(String),
    /// Too short or too long.
    #[error("the value {value:?} of AI {ai} has {found} characters, {min} to {max} are accepted")]
    Length {
        /// The Application Identifier.
        ai: String,
        /// The value, shortened.
        value: String,
        /// Its number of characters.
        found: usize,
        /// The fewest characters.
        min: usize,
        /// The most characters.
        max: usize,
    },
    /// A character that cannot stand where it does.
    #[error("the value {value:?} of AI {ai} has {found:?} as character {at}, which cannot stand there")]
    Characters {
        /// The Application Identifier.
        ai: String,
        /// The value, shortened.
        value: String,
        /// The first such character.
        found: char,
        /// Its place in the value, from 1.
        at: usize,
    },
    /// A check digit or check characters that do not fit the rest, or another rule of this key.
    #[error("the value {value:?} of AI {ai} {rule}")]
    Content {
        /// The Application Identifier.
        ai: String,
        /// The value, shortened.
        value: String,
        /// What it breaks.
        rule: &'static str,
    },
}

impl Codes {
    fn has(self, code: &str) -> bool {
        match self {
            Codes::One(only) => code == only,
            Codes::Span(first, last) => code.len() == first.len() && (first..=last).contains(&code),
            Codes::Measures(first, last) => code
                .split_at_checked(first.len())
                .is_some_and(|(kind, decimals)| (first..=last).contains(&kind) && ("0"..="5").contains(&decimals)),
        }
    }
}

impl Ai {
    /// The Application Identifier of this code.
    pub(super) fn find(code: &str) -> Option<&'static Ai> {
        let digits = code.bytes().all(|byte| byte.is_ascii_digit());
        table::TABLE.iter().find(|ai| digits && ai.codes.has(code))
    }

    /// The orders of qualifiers that may follow it in a path, where it is a primary key.
    pub(super) fn qualifiers(&self) -> Option<&'static [&'static [&'static str]]> {
        match self.place {
            Place::Key(sequences) => Some(sequences),
            Place::Qualifier { .. } | Place::Attribute | Place::Nowhere => None,
        }
    }

    /// Whether it may stand in the query.
    pub(super) fn is_attribute(&self) -> bool {
        match self.place {
            Place::Key(_) | Place::Attribute => true,
            Place::Qualifier { attribute } => attribute,
            Place::Nowhere => false,
        }
    }

    /// The most characters that a value may have; all values have as many where the length is predefined.
    pub(super) fn length_max(&self) -> usize {
        self.parts.iter().map(|part| part.max).sum()
    }

    /// Checks a value of the Application Identifier `code`.
    pub(super) fn check(&self, code: &str, value: &str, judging: Judging) -> Result<(), BadElement> {
        let characters = |index: usize| BadElement::Characters {
            ai: code.to_owned(),
            value: quote(value),
            found: value.chars().nth(index).unwrap_or_default(),
            at: index.saturating_add(1),
        };
        let length = || BadElement::Length {
            ai: code.to_owned(),
            value: quote(value),
            found: value.chars().count(),
            min: self.parts.iter().filter(|part| !part.optional).map(|part| part.min).sum(),
            max: self.length_max(),
        };
        if let Some(index) = value.chars().position(|character| !character.is_ascii()) {
            return Err(characters(index));
        }
        let mut rest = value;
        for part in self.parts {
            if part.optional && rest.is_empty() {
                break;
            }
            let (text, behind) = rest.split_at_checked(part.max).unwrap_or((rest, ""));
            if text.len() < part.min {
                return Err(length());
            }
            if let Some(index) = text.bytes().position(|byte| !part.set.has(byte)) {
                return Err(characters(value.len().saturating_sub(rest.len()).saturating_add(index)));
            }
            if let Some(rule) = part.check.broken_by(text, judging) {
                return Err(BadElement::Content { ai: code.to_owned(), value: quote(value), rule });
            }
            rest = behind;
        }
        if rest.is_empty() { Ok(()) } else { Err(length()) }
    }
}

impl Check {
    /// The rule that `text` breaks.
    fn broken_by(self, text: &str, judging: Judging) -> Option<&'static str> {
        let begins_with_prefix = text.bytes().take_while(u8::is_ascii_digit).take(4).count() == 4;
        let (holds, rule) = match self {
            Check::Nothing => (true, ""),
            Check::Prefix => return (!begins_with_prefix).then_some("begins with no company prefix"),
            Check::Pair if !begins_with_prefix => return Some("begins with no company prefix"),
            Check::Pair => (check::has_check_pair(text), "ends in other check characters than the rest calls for"),
            Check::Digit => (check::has_check_digit(text), "ends in another check digit than the rest calls for"),
            Check::Zero => (text == "0", "begins with another digit than 0"),
            Check::PieceOfTotal => (is_piece_of_total(text), "is no piece of a total"),
            Check::NoLeadingZero => (text == "0" || !text.starts_with('0'), "begins with 0"),
            Check::Importer => (
                text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
                "ends in no importer index",
            ),
        };
        (!holds && judging == Judging::Full).then_some(rule)
    }
}

/// Whether some Application Identifier begins with these two digits.
pub(super) fn is_begun_by(first: u8, second: u8) -> bool {
    let digits = format!("{first}{second}");
    table::TABLE.iter().any(|ai| {
        let (first, last) = match ai.codes {
            Codes::One(only) => (only, only),
            Codes::Span(first, last) | Codes::Measures(first, last) => (first, last),
        };
        let start = |code: &'static str| code.get(..2).unwrap_or_default();
        (start(first)..=start(last)).contains(&digits.as_str())
    })
}

fn is_piece_of_total(text: &str) -> bool {
    text.split_at_checked(2).is_some_and(|(piece, total)| piece != "00" && piece <= total)
}

/// Whether element strings of this Application Identifier need no separator behind them in a bar code (General
/// Specifications §7.8): a closed list of first digits, whatever identifiers are added later.
pub(super) fn has_predefined_length(code: &str) -> bool {
    let start = code.get(..2).unwrap_or_default();
    ("00"..="04").contains(&start) || ("11"..="20").contains(&start) || ("31"..="36").contains(&start) || start == "41"
}

#[cfg(test)]
mod tests;
