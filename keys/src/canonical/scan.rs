//! One pass over submitted bytes that refuses everything RFC 8785 would have written differently.

use std::cmp::Ordering;

use super::{number, plain};

/// The most arrays and objects that may be open at once.
pub const DEPTH_MAX: usize = 16;

/// Bytes that are not canonical JSON, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not canonical JSON (RFC 8785) at byte {offset}: {reason}")]
pub struct NotCanonical {
    /// The first byte that cannot stand where it stands, counted from 0.
    pub offset: usize,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What can be wrong with a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The text is not UTF-8.
    #[error("the text is not valid UTF-8")]
    NotUtf8,
    /// The text ends inside a value.
    #[error("the text ends too early")]
    End,
    /// More text after the value.
    #[error("text follows the end of the document")]
    Trailing,
    /// White space between tokens.
    #[error("white space outside of strings is not written")]
    WhiteSpace,
    /// A byte that JSON does not allow here.
    #[error("this byte is not expected here")]
    Unexpected,
    /// An object's key sorts before the one before it.
    #[error("keys are sorted by their UTF-16 code units, this one comes earlier")]
    KeyOrder,
    /// An object has a key twice.
    #[error("the object has this key already")]
    KeyTwice,
    /// A control character that is not escaped.
    #[error("control characters are escaped")]
    ControlCharacter,
    /// An escape that is unknown, or for a character that is written as itself or has a shorter escape.
    #[error("this escape is not the shortest spelling of its character")]
    Escape,
    /// Half of a character outside the Basic Multilingual Plane, alone or as one of a pair.
    #[error("surrogates are not escaped: a pair is written as its character, a lone one is none")]
    Surrogate,
    /// A number in another spelling than ECMAScript's.
    #[error("the number is not spelt as ECMAScript spells it")]
    NumberSpelling,
    /// A number that no double can hold.
    #[error("the number is too large for a double")]
    NumberRange,
    /// More than [`DEPTH_MAX`] arrays and objects are open.
    #[error("arrays and objects are nested deeper than {DEPTH_MAX}")]
    Depth,
}

/// Checks that `text` is one canonical JSON document and nothing else, and hands it back as text.
///
/// One pass, no allocation; the depth is bounded, the length is the caller's to bound.
pub fn check(text: &[u8]) -> Result<&str, NotCanonical> {
    let utf8 = std::str::from_utf8(text)
        .map_err(|cause| NotCanonical { offset: cause.valid_up_to(), reason: Reason::NotUtf8 })?;
    let mut scanner = Scanner { text, at: 0 };
    let scanned = scanner.value(DEPTH_MAX).and_then(|()| scanner.end());
    scanned.map_err(|reason| NotCanonical { offset: scanner.at, reason })?;
    Ok(utf8)
}

struct Scanner<'a> {
    text: &'a [u8],
    /// The next byte to look at; where a refusal is reported.
    at: usize,
}

impl<'a> Scanner<'a> {
    fn value(&mut self, depth: usize) -> Result<(), Reason> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.object(depth.checked_sub(1).ok_or(Reason::Depth)?),
            Some(b'[') => self.array(depth.checked_sub(1).ok_or(Reason::Depth)?),
            Some(b'-' | b'0'..=b'9') => {
                let length = number::scan(self.rest())?;
                self.skip(length);
                Ok(())
            }
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            Some(b'n') => self.literal(b"null"),
            other => Err(unexpected(other)),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), Reason> {
        self.skip(1);
        if self.take_if(b'}') {
            return Ok(());
        }
        let mut previous: Option<Quoted<'a>> = None;
        loop {
            let start = self.at;
            let key = self.key()?;
            if let Some(reason) = previous.and_then(|previous| disorder(&previous, &key)) {
                self.at = start;
                return Err(reason);
            }
            previous = Some(key);
            self.take(b':')?;
            self.value(depth)?;
            if !self.take_if(b',') {
                return self.take(b'}');
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Reason> {
        self.skip(1);
        if self.take_if(b']') {
            return Ok(());
        }
        loop {
            self.value(depth)?;
            if !self.take_if(b',') {
                return self.take(b']');
            }
        }
    }

    fn key(&mut self) -> Result<Quoted<'a>, Reason> {
        match self.peek() {
            Some(b'"') => self.string(),
            other => Err(unexpected(other)),
        }
    }

    /// Passes over a string.
    fn string(&mut self) -> Result<Quoted<'a>, Reason> {
        self.skip(1);
        let start = self.at;
        let mut escapes = false;
        loop {
            self.skip(plain::length(self.rest()));
            match self.peek() {
                Some(b'"') => {
                    let raw = self.text.get(start..self.at).unwrap_or_default();
                    self.skip(1);
                    return Ok(Quoted { raw, escapes });
                }
                Some(b'\\') => {
                    let length = escape(self.rest())?;
                    self.skip(length);
                    escapes = true;
                }
                Some(_) => return Err(Reason::ControlCharacter),
                None => return Err(Reason::End),
            }
        }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Reason> {
        if self.rest().starts_with(word) {
            self.skip(word.len());
            return Ok(());
        }
        let same = self.rest().iter().zip(word).take_while(|(found, expected)| found == expected).count();
        self.skip(same);
        Err(unexpected(self.peek()))
    }

    fn end(&mut self) -> Result<(), Reason> {
        match self.peek() {
            None => Ok(()),
            Some(b' ' | b'\t' | b'\n' | b'\r') => Err(Reason::WhiteSpace),
            Some(_) => Err(Reason::Trailing),
        }
    }

    fn take(&mut self, expected: u8) -> Result<(), Reason> {
        if self.take_if(expected) { Ok(()) } else { Err(unexpected(self.peek())) }
    }

    fn take_if(&mut self, expected: u8) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.skip(1);
        }
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }
}

fn unexpected(found: Option<u8>) -> Reason {
    match found {
        None => Reason::End,
        Some(b' ' | b'\t' | b'\n' | b'\r') => Reason::WhiteSpace,
        Some(_) => Reason::Unexpected,
    }
}

/// The length of the escape at the start of `text`, which begins with a backslash.
fn escape(text: &[u8]) -> Result<usize, Reason> {
    match text {
        [_, b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Ok(2),
        [_, b'u', b'0', b'0', high, low, ..] if has_no_shorter_escape(*high, *low) => Ok(6),
        [_, b'u', b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..] => Err(Reason::Surrogate),
        [_] => Err(Reason::End),
        _ => Err(Reason::Escape),
    }
}

/// Whether `\u00` with these two digits is how a control character is written: in lower case, and not one of the five
/// that have a letter (`\b` 08, `\t` 09, `\n` 0a, `\f` 0c, `\r` 0d).
fn has_no_shorter_escape(high: u8, low: u8) -> bool {
    match high {
        b'0' => matches!(low, b'0'..=b'7' | b'b' | b'e' | b'f'),
        b'1' => matches!(low, b'0'..=b'9' | b'a'..=b'f'),
        _ => false,
    }
}

/// A string of the text.
struct Quoted<'a> {
    /// What stands between its quotation marks.
    raw: &'a [u8],
    /// Whether there are escapes in it.
    escapes: bool,
}

/// Why `key` may not follow `previous`.
fn disorder(previous: &Quoted<'_>, key: &Quoted<'_>) -> Option<Reason> {
    let order = if previous.escapes || key.escapes {
        Unescaped(previous.raw).map(rank).cmp(Unescaped(key.raw).map(rank))
    } else {
        match previous.raw.iter().zip(key.raw).find(|(before, after)| before != after) {
            Some((before, after)) => rank(*before).cmp(&rank(*after)),
            None => previous.raw.len().cmp(&key.raw.len()),
        }
    };
    match order {
        Ordering::Less => None,
        Ordering::Equal => Some(Reason::KeyTwice),
        Ordering::Greater => Some(Reason::KeyOrder),
    }
}

/// Gives the bytes of UTF-8 the order of UTF-16 code units. The two differ in one point: a surrogate pair (bytes F0 to
/// F4 in front) sorts before U+E000 to U+FFFF (bytes EE and EF), which are therefore moved behind it.
fn rank(byte: u8) -> u8 {
    match byte {
        0xee => 0xfe,
        0xef => 0xff,
        other => other,
    }
}

/// The bytes of a string, its escapes undone. All escapes that are accepted stand for one ASCII character.
pub(super) struct Unescaped<'a>(pub(super) &'a [u8]);

impl Iterator for Unescaped<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = match self.0 {
            [b'\\', b'u', b'0', b'0', high, low, rest @ ..] => (hex_pair(*high, *low), rest),
            [b'\\', letter, rest @ ..] => (escaped(*letter), rest),
            [byte, rest @ ..] => (*byte, rest),
            [] => return None,
        };
        self.0 = rest;
        Some(byte)
    }
}

fn escaped(letter: u8) -> u8 {
    match letter {
        b'b' => 0x08,
        b't' => b'\t',
        b'n' => b'\n',
        b'f' => 0x0c,
        b'r' => b'\r',
        other => other,
    }
}

fn hex_pair(high: u8, low: u8) -> u8 {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok()).unwrap_or(0);
    digit(high) << 4 | digit(low)
}
