//! What a query asks of an event.

use std::cmp::Ordering;

use hefu_contracts::{cbv::bare, gs1::Epc, provenance::listing::Field, time::Time};
use serde_json::{Map, Value};

use crate::epcis::event::identity;

/// How a value is compared with what is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Compare {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Compare::Equal => ordering == Ordering::Equal,
            Compare::Greater => ordering == Ordering::Greater,
            Compare::GreaterOrEqual => ordering != Ordering::Less,
            Compare::Less => ordering == Ordering::Less,
            Compare::LessOrEqual => ordering != Ordering::Greater,
        }
    }
}

/// An identifier, or a pattern of them (EPCIS 2.0 §8.2.7.1; EPC Tag Data Standard §8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// This one.
    Exact(String),
    /// Everything whose canonical text begins so.
    Below(String),
    /// A place and everything within it.
    Within(String),
}

impl Pattern {
    /// Reads an identifier in any spelling, or a pattern as an EPC URN.
    pub(crate) fn read(text: &str) -> Pattern {
        let Some(rest) = text.strip_prefix("urn:epc:idpat:") else { return Pattern::Exact(identity(text)) };
        if let Some(class) = Epc::parse(text).ok().filter(|epc| epc.as_str() != text) {
            // All serial numbers of one class.
            return Pattern::Below(format!("{}/", class.as_str()));
        }
        let Some((scheme, fields)) = rest.split_once(':') else { return Pattern::Exact(text.to_owned()) };
        let ai = match scheme {
            "sgtin" | "upui" => "01",
            "sscc" => "00",
            "sgln" => "414",
            "grai" => "8003",
            "giai" => "8004",
            "gsrn" => "8018",
            "gdti" => "253",
            _ => return Pattern::Exact(text.to_owned()),
        };
        match fields.split('.').next() {
            Some("*") => Pattern::Below(format!("https://id.gs1.org/{ai}/")),
            // A digit stands between the key's beginning and the prefix in some keys, so the prefix is looked for behind it.
            Some(prefix) => Pattern::Below(format!("https://id.gs1.org/{ai}/?{prefix}")),
            None => Pattern::Exact(text.to_owned()),
        }
    }

    fn holds(&self, text: &str) -> bool {
        let found = identity(text);
        match self {
            Pattern::Exact(wanted) => *wanted == found,
            Pattern::Below(start) => match start.split_once('?') {
                None => found.starts_with(start),
                Some((head, prefix)) => {
                    let Ok(epc) = Epc::parse(&found) else { return false };
                    found.starts_with(head) && epc.company_digits().is_some_and(|digits| digits.starts_with(prefix))
                }
            },
            Pattern::Within(place) => {
                found == *place || found.strip_prefix(place.as_str()).is_some_and(|rest| rest.starts_with('/'))
            }
        }
    }

    /// The identifier, where it is one.
    pub(crate) fn exact(&self) -> Option<&str> {
        match self {
            Pattern::Exact(text) => Some(text),
            Pattern::Below(_) | Pattern::Within(_) => None,
        }
    }
}

/// What values are wanted.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// One of these texts.
    Texts(Vec<String>),
    /// One of these words, in any spelling.
    Words(Vec<String>),
    /// One of these identifiers.
    Ids(Vec<Pattern>),
    /// A time.
    Time(Compare, Time),
    /// One of these numbers.
    Number(Compare, Vec<f64>),
    /// `true` or `false`.
    Flag(bool),
    /// Anything.
    Something,
}

impl Wanted {
    fn holds(&self, value: &Value) -> bool {
        match (self, value) {
            (Wanted::Something, _) => true,
            (Wanted::Texts(wanted), Value::String(text)) => wanted.contains(text),
            (Wanted::Texts(wanted), Value::Number(_) | Value::Bool(_)) => wanted.contains(&value.to_string()),
            (Wanted::Words(wanted), Value::String(text)) => wanted.iter().any(|word| word == bare(text)),
            (Wanted::Ids(wanted), Value::String(text)) => wanted.iter().any(|pattern| pattern.holds(text)),
            (Wanted::Time(compare, wanted), Value::String(text)) => {
                Time::from_rfc3339(text).is_ok_and(|found| compare.holds(found.cmp(wanted)))
            }
            (Wanted::Number(compare, wanted), Value::Number(_)) => value.as_f64().is_some_and(|found| {
                wanted.iter().any(|wanted| found.partial_cmp(wanted).is_some_and(|ordering| compare.holds(ordering)))
            }),
            (Wanted::Flag(wanted), Value::Bool(found)) => wanted == found,
            (
                _,
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_),
            ) => false,
        }
    }
}

/// Where in an event a value is looked for.
#[derive(Clone, Debug)]
pub(crate) enum At {
    /// Members below one another; lists are looked through.
    Paths(&'static [&'static str]),
    /// As a path, with the last member's name.
    Named(&'static str, String),
    /// A member of this name below a member, at any depth but the first.
    Inner(&'static str, String),
    /// Of the elements of lists that say so, a member: lists, member and value that says so, member.
    Of { lists: &'static [&'static str], says: (&'static str, String), member: &'static str },
}

/// A condition. Of several, all must hold.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub at: At,
    pub wanted: Wanted,
}

impl Condition {
    /// Whether an event meets it.
    pub(crate) fn holds(&self, event: &Map<String, Value>) -> bool {
        let mut values = Vec::new();
        match &self.at {
            At::Paths(paths) => paths.iter().for_each(|path| gather(event, path, &mut values)),
            At::Named(path, name) => {
                let mut parents = Vec::new();
                if path.is_empty() {
                    parents.push(event)
                } else {
                    gather_objects(event, path, &mut parents)
                }
                values.extend(parents.into_iter().filter_map(|parent| parent.get(name)).flat_map(flat));
            }
            At::Inner(path, name) => {
                let mut within = Vec::new();
                match *path {
                    "" => within.extend(event.values()),
                    path => gather(event, path, &mut within),
                }
                within.into_iter().for_each(|value| inner(value, name, !path.is_empty(), &mut values));
            }
            At::Of { lists, says: (says, word), member } => {
                let mut elements = Vec::new();
                lists.iter().for_each(|list| gather_objects(event, list, &mut elements));
                let saying = elements.into_iter().filter(|element| {
                    word.is_empty()
                        || element.get(*says).and_then(Value::as_str).is_some_and(|found| bare(found) == word)
                });
                values.extend(saying.filter_map(|element| element.get(*member)));
            }
        }
        values.into_iter().any(|value| self.wanted.holds(value))
    }

    /// Its identifiers.
    pub(crate) fn patterns(&self) -> &[Pattern] {
        if let Wanted::Ids(patterns) = &self.wanted { patterns } else { &[] }
    }

    /// Whether it is about what an event is about: things, containers, lots and classes, of which rows have a history.
    pub(crate) fn is_of_things(&self) -> bool {
        let At::Paths([first, ..]) = self.at else { return false };
        let last = first.rsplit('/').next().unwrap_or(first);
        ["epcList", "childEPCs", "parentID", "inputEPCList", "outputEPCList", "epcClass"].contains(&last)
    }

    /// Event ids that it wants one of.
    pub(crate) fn event_ids(&self) -> Option<Vec<&str>> {
        match (&self.at, &self.wanted) {
            (At::Paths(["eventID"]), Wanted::Texts(ids)) => Some(ids.iter().map(String::as_str).collect()),
            (At::Paths(_) | At::Named(..) | At::Inner(..) | At::Of { .. }, _) => None,
        }
    }

    /// Values of which it wants one in a field of listings.
    pub(crate) fn narrowed(&self) -> Option<(Field, Vec<&str>)> {
        let At::Paths([path]) = self.at else { return None };
        let field = match *path {
            "type" => Field::Kind,
            "action" => Field::Action,
            "bizStep" => Field::Step,
            "disposition" => Field::Disposition,
            "readPoint/id" => Field::ReadPoint,
            "bizLocation/id" => Field::Location,
            _ => return None,
        };
        let values = match &self.wanted {
            Wanted::Texts(texts) | Wanted::Words(texts) => texts.iter().map(String::as_str).collect(),
            Wanted::Ids(patterns) => patterns.iter().map(Pattern::exact).collect::<Option<_>>()?,
            Wanted::Time(..) | Wanted::Number(..) | Wanted::Flag(_) | Wanted::Something => return None,
        };
        Some((field, values))
    }

    /// The time that it compares a field with.
    pub(crate) fn time(&self, field: &str) -> Option<(Compare, Time)> {
        match (&self.at, &self.wanted) {
            (At::Paths([path]), Wanted::Time(compare, time)) if *path == field => Some((*compare, *time)),
            (At::Paths(_) | At::Named(..) | At::Inner(..) | At::Of { .. }, _) => None,
        }
    }
}

/// Whether a time is as a condition wants it.
pub(crate) fn compares((compare, wanted): (Compare, Time), found: Time) -> bool {
    compare.holds(found.cmp(&wanted))
}

/// A value, or the elements of a list.
fn flat(value: &Value) -> &[Value] {
    if let Value::Array(items) = value { items } else { std::slice::from_ref(value) }
}

fn gather<'a>(members: &'a Map<String, Value>, path: &str, found: &mut Vec<&'a Value>) {
    let (first, rest) = path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
    for value in members.get(first).map(flat).unwrap_or_default() {
        match (rest, value) {
            (None, value) => found.push(value),
            (Some(rest), Value::Object(members)) => gather(members, rest, found),
            (Some(_), _) => {}
        }
    }
}

fn gather_objects<'a>(members: &'a Map<String, Value>, path: &str, found: &mut Vec<&'a Map<String, Value>>) {
    let mut values = Vec::new();
    gather(members, path, &mut values);
    found.extend(values.into_iter().filter_map(Value::as_object));
}

/// Members of a name below a value; those of the value itself only where they count as below.
fn inner<'a>(value: &'a Value, name: &str, own: bool, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                if own && member == name {
                    found.extend(flat(value));
                }
                inner(value, name, true, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| inner(item, name, own, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
