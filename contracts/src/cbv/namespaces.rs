//! Namespaces of an event's names and compact URIs (JSON-LD 1.1 §4.1.5).

use std::{borrow::Cow, collections::BTreeMap};

use super::json::{Json, member};

/// Prefixes of the EPCIS 2.0 context, which every event has.
const OF_EPCIS: [(&str, &str); 8] = [
    ("cbv", "https://ref.gs1.org/cbv/"),
    ("cbvmda", "urn:epcglobal:cbv:mda:"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("epcis", "https://ref.gs1.org/epcis/"),
    ("gs1", "https://gs1.org/voc/"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

/// Prefixes and what they stand for.
pub(super) struct Namespaces(BTreeMap<String, String>);

impl Default for Namespaces {
    fn default() -> Self {
        Namespaces(OF_EPCIS.iter().map(|&(prefix, uri)| (prefix.to_owned(), uri.to_owned())).collect())
    }
}

impl Namespaces {
    /// Adds what a `@context` declares: an object of prefixes, or a list of such objects and of URIs of contexts. Those
    /// are never fetched: the one that counts is built in.
    pub(super) fn declare(&mut self, context: &Json) {
        for item in context.items() {
            match item {
                Json::Object(terms) => {
                    for (prefix, uri) in terms {
                        if let Some(uri) = uri_of(uri) {
                            self.0.insert(prefix.clone(), uri.to_owned());
                        }
                    }
                }
                Json::Null | Json::Word(_) | Json::Text(_) | Json::List(_) => {}
            }
        }
    }

    /// A member's name, its namespace in braces: `{https://ns.example.com/epcis/}myField`.
    pub(super) fn name<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match self.split(name) {
            Some((uri, local)) => Cow::Owned(format!("{{{uri}}}{local}")),
            None => Cow::Borrowed(name),
        }
    }

    /// A value, in full where it is a compact URI.
    pub(super) fn value<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.split(text) {
            Some((uri, local)) => Cow::Owned(format!("{uri}{local}")),
            None => Cow::Borrowed(text),
        }
    }

    fn split<'a>(&self, text: &'a str) -> Option<(&str, &'a str)> {
        let (prefix, local) = text.split_once(':')?;
        let uri = self.0.get(prefix).filter(|_| !local.starts_with("//"))?;
        Some((uri, local))
    }
}

/// What a term stands for, as text or in an expanded definition.
fn uri_of(definition: &Json) -> Option<&str> {
    match definition {
        Json::Text(uri) => Some(uri),
        Json::Object(members) => member(members, "@id").and_then(Json::text),
        Json::Null | Json::Word(_) | Json::List(_) => None,
    }
}

#[cfg(test)]
mod tests;
