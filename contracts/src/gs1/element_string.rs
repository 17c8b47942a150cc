//! Element strings: identifiers as people write them and as bar codes hold them (General Specifications §7.8).
//!
//! `(01)09521234543213(21)7K3X` is the form for people, its brackets are not encoded. `^0109521234543213217K3X` is what a
//! bar code holds, `^` standing for the separator FNC1 in front and behind values whose length is not predefined.

use thiserror::Error;

use super::{
    BadLink, DigitalLink, Element, LINK_BYTES_MAX,
    ai::{self, Ai},
    quote,
};

/// A text that is no element string.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadElementString {
    /// Longer than accepted.
    #[error("an element string of {bytes} bytes, at most {LINK_BYTES_MAX} are accepted")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Neither of the two forms.
    #[error("{0:?} begins with neither a bracket, as in (01)09521234543213, nor ^")]
    Start(String),
    /// A bracket that does not hold an Application Identifier.
    #[error("the bracket at character {at} holds no application identifier of 2 to 4 digits")]
    Bracket {
        /// The bracket's place, from 1.
        at: usize,
    },
    /// Characters behind `^` or behind a value that begin no element.
    #[error("{text:?} at character {at} begins with no GS1 application identifier")]
    Code {
        /// What stands there, shortened.
        text: String,
        /// Its place, from 1.
        at: usize,
    },
    /// Elements that make no link.
    #[error(transparent)]
    Link(#[from] BadLink),
}

impl DigitalLink {
    /// The link of an element string in either form. In the one with brackets, `\(` is a bracket that belongs to a value.
    ///
    /// # Errors
    /// [`BadElementString`] with the first thing that is wrong.
    pub fn of_element_string(text: &str) -> Result<DigitalLink, BadElementString> {
        if text.len() > LINK_BYTES_MAX {
            return Err(BadElementString::TooLong { bytes: text.len() });
        }
        let elements = match text.chars().next() {
            Some('(') => bracketed(text)?,
            Some('^') => encoded(text)?,
            _ => return Err(BadElementString::Start(quote(text))),
        };
        let pairs: Vec<(&str, &str)> =
            elements.iter().map(|element| (element.ai.as_str(), element.value.as_str())).collect();
        Ok(DigitalLink::of(&pairs)?)
    }
}

/// The place of `rest`, the end of `text`, in characters from 1.
fn place(text: &str, rest: &str) -> usize {
    let before = text.strip_suffix(rest).unwrap_or(text);
    before.chars().count().saturating_add(1)
}

fn bracketed(text: &str) -> Result<Vec<Element>, BadElementString> {
    let mut elements = Vec::new();
    let mut rest = text;
    while let Some(behind) = rest.strip_prefix('(') {
        let code = behind.split_once(')').filter(|(code, _)| is_code(code));
        let (code, behind) = code.ok_or_else(|| BadElementString::Bracket { at: place(text, rest) })?;
        let mut value = String::new();
        rest = behind;
        loop {
            let end = rest.find('(').unwrap_or(rest.len());
            let (part, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let (Some(before), Some(after)) = (part.strip_suffix('\\'), behind.strip_prefix('(')) else {
                value.push_str(part);
                rest = behind;
                break;
            };
            value.push_str(before);
            value.push('(');
            rest = after;
        }
        elements.push(Element { ai: code.to_owned(), value });
    }
    Ok(elements)
}

fn is_code(text: &str) -> bool {
    (2..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn encoded(text: &str) -> Result<Vec<Element>, BadElementString> {
    let mut elements = Vec::new();
    let mut rest = text.strip_prefix('^').unwrap_or(text);
    loop {
        // No Application Identifier begins with another one.
        let found = (2..=4).find_map(|digits| {
            rest.split_at_checked(digits).and_then(|(code, behind)| Some((code, Ai::find(code)?, behind)))
        });
        let Some((code, ai, behind)) = found else {
            return Err(BadElementString::Code { text: quote(rest), at: place(text, rest) });
        };
        let until_separator = behind.find('^').unwrap_or(behind.len());
        let length =
            if ai::has_predefined_length(code) { ai.length_max().min(until_separator) } else { until_separator };
        let (value, behind) = behind.split_at_checked(length).unwrap_or((behind, ""));
        elements.push(Element { ai: code.to_owned(), value: value.to_owned() });
        if behind.is_empty() {
            return Ok(elements);
        }
        // A separator behind a value of predefined length is superfluous and allowed.
        rest = behind.strip_prefix('^').unwrap_or(behind);
    }
}

#[cfg(test)]
mod tests;
