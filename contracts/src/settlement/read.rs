//! Strict reading of JSON: what is unknown, missing or of another form is named by its JSON Pointer (RFC 6901).

use serde_json::{Map, Value};
use thiserror::Error;

use super::{
    money::{Minor, Ppm},
    reason::Reason,
};
use crate::{
    pointer,
    time::{Millis, Time},
};

/// What is wrong with a document, as a stable word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The text is not JSON.
    Syntax,
    /// A field is not known.
    FieldUnknown,
    /// A field is missing.
    FieldMissing,
    /// An object, list, text, truth value or decimal integer was expected.
    Form,
    /// A text is none of the words that may stand here, or no name.
    Word,
    /// A list is empty or too long.
    Count,
    /// A name stands twice where it must be unique.
    Twice,
    /// A number is outside its limits, or numbers do not fit together.
    Value(Reason),
    /// This version of the rules does not do that.
    Unsupported,
}

impl Fault {
    /// The stable word, such as `field_unknown`.
    pub const fn word(self) -> &'static str {
        match self {
            Fault::Syntax => "syntax",
            Fault::FieldUnknown => "field_unknown",
            Fault::FieldMissing => "field_missing",
            Fault::Form => "form",
            Fault::Word => "word",
            Fault::Count => "count",
            Fault::Twice => "twice",
            Fault::Value(reason) => reason.word(),
            Fault::Unsupported => "unsupported",
        }
    }
}

/// A document that is none of ours, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}: {detail} ({})", if pointer.is_empty() { "the document" } else { pointer.as_str() }, fault.word())]
pub struct Malformed {
    /// JSON Pointer to what is wrong; empty for the whole document.
    pub pointer: String,
    /// What is wrong.
    pub fault: Fault,
    /// What was expected, for people.
    pub detail: String,
}

/// A result of reading.
pub type Read<T> = Result<T, Malformed>;

/// Reads a text.
pub(super) fn parse(text: &str) -> Read<Value> {
    let syntax = |error: serde_json::Error| Malformed {
        pointer: String::new(),
        fault: Fault::Syntax,
        detail: format!("is not JSON: {error}"),
    };
    serde_json::from_str(text).map_err(syntax)
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    value: &'a Value,
    pointer: String,
}

impl<'a> Node<'a> {
    pub fn root(value: &'a Value) -> Node<'a> {
        Node { value, pointer: String::new() }
    }

    pub fn fault(&self, fault: Fault, detail: impl Into<String>) -> Malformed {
        Malformed { pointer: self.pointer.clone(), fault, detail: detail.into() }
    }

    /// The fault of a value that has the right form.
    pub fn refused(&self, reason: Reason) -> Malformed {
        self.fault(Fault::Value(reason), reason.sentence())
    }

    fn form(&self, expected: &str) -> Malformed {
        self.fault(Fault::Form, format!("is not {expected}"))
    }

    /// The fields of an object that may have these and no others.
    pub fn fields(&self, known: &[&str]) -> Read<Fields<'a>> {
        let fields = self.any_fields()?;
        match fields.map.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(fields),
            Some(name) => Err(fields.node(name, &Value::Null).fault(Fault::FieldUnknown, "is not known here")),
        }
    }

    /// The fields of an object that may have others, too.
    pub fn any_fields(&self) -> Read<Fields<'a>> {
        let map = self.value.as_object().ok_or_else(|| self.form("an object"))?;
        Ok(Fields { map, node: self.clone() })
    }

    /// The elements of a list of at most `max`.
    pub fn list(&self, max: usize) -> Read<Vec<Node<'a>>> {
        let list = self.value.as_array().ok_or_else(|| self.form("a list"))?;
        if list.len() > max {
            return Err(self.fault(Fault::Count, format!("has {} elements, at most {max} are accepted", list.len())));
        }
        let node = |(place, value)| Node { value, pointer: format!("{}/{place}", self.pointer) };
        Ok(list.iter().enumerate().map(node).collect())
    }

    /// The two elements of a pair.
    pub fn pair(&self) -> Read<(Node<'a>, Node<'a>)> {
        match <[Node<'a>; 2]>::try_from(self.list(2)?) {
            Ok([first, second]) => Ok((first, second)),
            Err(_) => Err(self.fault(Fault::Count, "is not a pair")),
        }
    }

    pub fn text(&self) -> Read<&'a str> {
        self.value.as_str().ok_or_else(|| self.form("a text"))
    }

    pub fn truth(&self) -> Read<bool> {
        self.value.as_bool().ok_or_else(|| self.form("true or false"))
    }

    /// A name of one of our kinds.
    pub fn name<T>(&self, new: impl Fn(&str) -> Option<T>) -> Read<T> {
        new(self.text()?).ok_or_else(|| self.fault(Fault::Word, "is no name of this kind"))
    }

    /// One word of a closed list.
    pub fn word<T: Clone>(&self, words: &[(&str, T)]) -> Read<T> {
        let text = self.text()?;
        words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| meaning.clone()).ok_or_else(|| {
            let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.fault(Fault::Word, format!("is none of {}", all.join(", ")))
        })
    }

    /// A decimal integer in its one spelling, as a text. One that no limit would accept is read as the largest there
    /// is, so that the limit refuses it.
    pub fn integer(&self) -> Read<i128> {
        let text = self.value.as_str().unwrap_or("");
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || (digits.starts_with('0') && text != "0") {
            return Err(self.form("a decimal integer in a text"));
        }
        Ok(text.parse().unwrap_or(if text.starts_with('-') { i128::MIN } else { i128::MAX }))
    }

    /// A small number, which published vectors also write as a number of JSON.
    pub fn small(&self) -> Read<i128> {
        self.value.as_i64().map_or_else(|| self.integer(), |number| Ok(number.into()))
    }

    /// An amount that is judged later: what an event states is refused by the rules, not malformed.
    pub fn amount_unjudged(&self) -> Read<Minor> {
        self.integer().map(Minor::unchecked)
    }

    /// An amount within the limits.
    pub fn amount(&self) -> Read<Minor> {
        Minor::new(self.integer()?).map_err(|reason| self.refused(reason))
    }

    /// An amount within the limits that is not negative.
    pub fn amount_positive(&self) -> Read<Minor> {
        self.amount().and_then(
            |amount| {
                if amount.is_negative() { Err(self.refused(Reason::BaseNegative)) } else { Ok(amount) }
            },
        )
    }

    /// A number of days, minutes or pieces.
    pub fn count(&self, max: u64) -> Read<u64> {
        let count = u64::try_from(self.integer()?).ok().filter(|count| *count <= max);
        count.ok_or_else(|| self.fault(Fault::Value(Reason::UnitsRange), format!("is not 0 to {max}")))
    }

    /// A rate that takes nothing away.
    pub fn ppm(&self) -> Read<Ppm> {
        let ppm = self.ppm_signed()?;
        if ppm.is_negative() { Err(self.refused(Reason::RateRange)) } else { Ok(ppm) }
    }

    pub fn ppm_signed(&self) -> Read<Ppm> {
        Ppm::new(self.integer()?).ok_or_else(|| self.refused(Reason::RateRange))
    }

    /// Milliseconds since the epoch, as events state them.
    pub fn millis(&self) -> Read<Time> {
        let time = i64::try_from(self.integer()?).ok().and_then(Time::from_millis);
        time.ok_or_else(|| self.form("a time in milliseconds"))
    }

    /// A time with its offset, as term sheets state them.
    pub fn time(&self) -> Read<Time> {
        Time::from_rfc3339(self.text()?).map_err(|_| self.form("a time like 2026-03-01T00:00:00+08:00"))
    }

    /// A span of days.
    pub fn days(&self) -> Read<Millis> {
        Ok(Millis(self.count(DAYS_MAX)?.saturating_mul(DAY_MS)))
    }
}

/// Longest span of days in a term sheet: ten years.
const DAYS_MAX: u64 = 3_660;
const DAY_MS: u64 = 86_400_000;

/// The fields of an object.
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    node: Node<'a>,
}

impl<'a> Fields<'a> {
    fn node(&self, name: &str, value: &'a Value) -> Node<'a> {
        Node { value, pointer: format!("{}/{}", self.node.pointer, pointer::escape(name)) }
    }

    /// A field that must be there.
    pub fn get(&self, name: &str) -> Read<Node<'a>> {
        let missing = || self.node(name, &Value::Null).fault(Fault::FieldMissing, "is missing");
        self.find(name).ok_or_else(missing)
    }

    /// A field that may be absent or null.
    pub fn find(&self, name: &str) -> Option<Node<'a>> {
        self.map.get(name).filter(|value| !value.is_null()).map(|value| self.node(name, value))
    }

    /// What a field that may be absent says.
    pub fn map<T>(&self, name: &str, read: impl FnOnce(Node<'a>) -> Read<T>) -> Read<Option<T>> {
        self.find(name).map(read).transpose()
    }

    /// The names of all fields.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.map.keys().map(String::as_str)
    }
}
