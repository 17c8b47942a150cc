//! The pre-hash string.

use super::{
    NotHashable,
    json::{Json, Members, member},
    namespaces::Namespaces,
    order::{COMMENTS, EVENT, Field, IGNORED, PAIR_LISTS, PairList, Shape},
    time,
    value::{self, trimmed},
    words::Words,
};
use crate::gs1::quote;

/// Writes an event: its type, the fields with a place in the order, then everything else, sorted.
pub(super) fn event(members: &Members, namespaces: &Namespaces) -> Result<String, NotHashable> {
    let kind = member(members, "type").and_then(Json::text).map(trimmed).unwrap_or_default();
    if kind.is_empty() {
        return Err(NotHashable::NoType);
    }
    Ok(format!("eventType={kind}{}", Writer { namespaces }.object(members, &EVENT, &IGNORED)?))
}

struct Writer<'a> {
    namespaces: &'a Namespaces,
}

impl Writer<'_> {
    /// An object's members: those of `fields` in their order, then the rest without the `ignored`, sorted. The rest are
    /// mostly user extensions; they stand at the end of their parent.
    fn object(&self, members: &Members, fields: &[Field], ignored: &[&str]) -> Result<String, NotHashable> {
        let mut written = String::new();
        for field in fields {
            if let Some(json) = member(members, field.name) {
                written.push_str(&self.field(field, json).map_err(|bad| bad.below(field.name))?);
            }
        }
        let mut rest = Vec::new();
        for (name, json) in members {
            let name = name.as_str();
            let has_place = fields.iter().any(|field| field.name == name);
            if !has_place && !COMMENTS.contains(&name) && !ignored.contains(&name) {
                rest.extend(self.extension(name, json));
            }
        }
        written.push_str(&sorted(rest));
        Ok(written)
    }

    /// A field with a place in the order; nothing where it is empty.
    fn field(&self, field: &Field, json: &Json) -> Result<String, NotHashable> {
        Ok(match field.shape {
            Shape::List { element, fields } => {
                let elements = self.lines(element, json, Shape::Object(fields))?;
                if elements.is_empty() { elements } else { format!("{}{elements}", field.name) }
            }
            Shape::Text(_) | Shape::Time | Shape::Object(_) => self.lines(field.name, json, field.shape)?,
        })
    }

    /// A line for each value of a field, sorted.
    fn lines(&self, name: &'static str, json: &Json, shape: Shape) -> Result<String, NotHashable> {
        let line = |(index, item)| {
            self.line(name, item, shape).map_err(|bad| match json {
                Json::List(_) => bad.below(index),
                Json::Null | Json::Word(_) | Json::Text(_) | Json::Object(_) => bad,
            })
        };
        Ok(sorted(json.items().iter().enumerate().map(line).collect::<Result<_, _>>()?))
    }

    fn line(&self, name: &'static str, item: &Json, shape: Shape) -> Result<String, NotHashable> {
        let behind = match item {
            Json::Null => String::new(),
            Json::Word(text) | Json::Text(text) => match self.value(text, shape)? {
                value if value.is_empty() => value,
                value => format!("={value}"),
            },
            Json::Object(members) => match shape {
                Shape::Object(fields) => self.object(members, fields, &[])?,
                Shape::Text(_) | Shape::Time | Shape::List { .. } => self.object(members, &[], &[])?,
            },
            Json::List(items) => sorted(items.iter().flat_map(|item| self.extension_line("", item)).collect()),
        };
        Ok(if behind.is_empty() { behind } else { format!("{name}{behind}") })
    }

    fn value(&self, text: &str, shape: Shape) -> Result<String, NotHashable> {
        match shape {
            Shape::Time if trimmed(text).is_empty() => Ok(String::new()),
            Shape::Time => {
                time::utc(trimmed(text)).ok_or_else(|| NotHashable::Time { pointer: String::new(), text: quote(text) })
            }
            Shape::Text(words) => Ok(value::canonical(text, words, self.namespaces)),
            Shape::Object(_) | Shape::List { .. } => Ok(value::canonical(text, Words::None, self.namespaces)),
        }
    }

    /// The lines of a member without a place in the order.
    fn extension(&self, name: &str, json: &Json) -> Vec<String> {
        if let Some(list) = PAIR_LISTS.iter().find(|list| list.name == name) {
            return self.pairs(list, json).into_iter().collect();
        }
        let name = self.namespaces.name(name);
        // JSON leaves out the names that the elements of such a list have in XML.
        let Some(element) = name.strip_suffix("List") else {
            return json.items().iter().flat_map(|item| self.extension_line(&name, item)).collect();
        };
        let elements: Vec<String> = json.items().iter().flat_map(|item| self.extension_line(element, item)).collect();
        if elements.is_empty() { elements } else { vec![format!("{name}{}", sorted(elements))] }
    }

    /// One value of such a member; its name stands even where it is empty.
    fn extension_line(&self, name: &str, item: &Json) -> Option<String> {
        Some(match item {
            Json::Null => return None,
            Json::Word(text) | Json::Text(text) => match value::canonical(text, Words::None, self.namespaces) {
                value if value.is_empty() => name.to_owned(),
                value => format!("{name}={value}"),
            },
            Json::Object(members) => {
                let named = members.iter().filter(|(name, _)| !COMMENTS.contains(&name.as_str()));
                format!("{name}{}", sorted(named.flat_map(|(name, json)| self.extension(name, json)).collect()))
            }
            Json::List(items) => {
                format!("{name}{}", sorted(items.iter().flat_map(|item| self.extension_line("", item)).collect()))
            }
        })
    }

    /// Transactions, sources or destinations: each type before its value.
    fn pairs(&self, list: &PairList, json: &Json) -> Option<String> {
        let pair = |item: &Json| match item {
            Json::Object(members) => {
                let field = |name, words| {
                    let text = member(members, name).and_then(Json::text)?;
                    let value = value::canonical(text, words, self.namespaces);
                    if value.is_empty() { None } else { Some(format!("{name}={value}")) }
                };
                [field("type", list.types), field(list.value, Words::None)].into_iter().flatten().collect()
            }
            Json::Null | Json::Word(_) | Json::Text(_) | Json::List(_) => String::new(),
        };
        let pairs = sorted(json.items().iter().map(pair).collect());
        if pairs.is_empty() { None } else { Some(format!("{}{pairs}", list.name)) }
    }
}

/// Sorted by their bytes, without separators.
fn sorted(mut lines: Vec<String>) -> String {
    lines.sort_unstable();
    lines.concat()
}
