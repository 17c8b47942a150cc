//! JSON as a tree that keeps the spelling of its numbers.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{DEPTH_MAX, NotHashable};

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    /// A number, `true` or `false`, as spelled.
    Word(String),
    Text(String),
    List(Vec<Json>),
    Object(Members),
}

/// An object's members, sorted by name.
pub(crate) type Members = Vec<(String, Json)>;

impl Json {
    /// The elements of a list, or the value itself: JSON-LD makes no difference between one value and a list of one.
    pub(crate) fn items(&self) -> &[Json] {
        match self {
            Json::List(items) => items,
            Json::Null | Json::Word(_) | Json::Text(_) | Json::Object(_) => std::slice::from_ref(self),
        }
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Json::Word(text) | Json::Text(text) => Some(text),
            Json::Null | Json::List(_) | Json::Object(_) => None,
        }
    }
}

/// The member of this name.
pub(crate) fn member<'a>(members: &'a Members, name: &str) -> Option<&'a Json> {
    members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// Reads a JSON text; a member given twice counts as it stands last.
pub(crate) fn read(text: &str) -> Result<Json, NotHashable> {
    value(serde_json::from_str(text)?, DEPTH_MAX)
}

fn value(raw: &RawValue, depth: usize) -> Result<Json, NotHashable> {
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let depth = depth.checked_sub(1).ok_or(NotHashable::TooDeep)?;
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
            let read = |(name, raw)| Ok((name, value(raw, depth)?));
            Json::Object(members.into_iter().map(read).collect::<Result<_, NotHashable>>()?)
        }
        Some(b'[') => {
            let depth = depth.checked_sub(1).ok_or(NotHashable::TooDeep)?;
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            Json::List(items.into_iter().map(|raw| value(raw, depth)).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Json::Text(serde_json::from_str(text)?),
        Some(b'n') => Json::Null,
        _ => Json::Word(text.to_owned()),
    })
}

#[cfg(test)]
mod tests;
