//! The form of EPCIS 2.0 events in JSON, field by field (EPCIS 2.0 §7.4 and §9; the published JSON Schema).
//!
//! The tables say what stands in the text of a record: lists of identifiers are detached and so unknown here. A name with a
//! prefix is an extension wherever EPCIS allows one.

use crate::{
    cbv::{
        json::{self, Json},
        words::Words,
    },
    gs1::{is_absolute_uri, is_uri_byte},
    pointer,
    refusal::{Code, Refusal},
    time::Time,
};

/// What a value must be.
pub(super) enum Form {
    /// Whatever it is.
    Any,
    /// `true` or `false`.
    Bool,
    /// One of some words.
    OneOf(&'static [&'static str]),
    /// One of some words, or another URI.
    Named(&'static [&'static str]),
    /// Hexadecimal digits.
    Hex,
    /// A list with at least `least` elements, each of them once where they are told apart.
    List { of: &'static Form, least: usize, once: bool },
    /// A word of a vocabulary that grows, or a URI.
    Name,
    /// A number.
    Number,
    /// Fields, and others or not.
    Object { members: &'static [Member], others: Others },
    /// One value or a list of them.
    OneOrMore(&'static Form),
    /// A text.
    Text,
    /// A time with an offset (RFC 3339).
    Time,
    /// An offset like `+08:00`, at most 14 hours.
    Offset,
    /// A unit of measure: two or three capitals and digits (UN/ECE Recommendation 20).
    Unit,
    /// A URI, in full or compact.
    Uri,
    /// A word of a CBV vocabulary, or another URI.
    Word(Words),
}

/// A field of an object.
pub(super) struct Member {
    name: &'static str,
    form: Form,
    required: bool,
}

/// What an object may hold beside its known fields.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// Nothing.
    None,
    /// Extensions, whose names bear a prefix.
    Extensions,
    /// Anything.
    Any,
}

const fn may(name: &'static str, form: Form) -> Member {
    Member { name, form, required: false }
}

const fn must(name: &'static str, form: Form) -> Member {
    Member { name, form, required: true }
}

const fn list(of: &'static Form, least: usize) -> Form {
    Form::List { of, least, once: false }
}

const ACTION: Member = must("action", Form::OneOf(&["ADD", "OBSERVE", "DELETE"]));
const PARENT: Member = may("parentID", Form::Uri);
const PERSISTENT: Member = may("persistentDisposition", Form::Object { members: &SETS, others: Others::None });
const ILMD: Member = may("ilmd", Form::Object { members: &[], others: Others::Extensions });

static DISPOSITION: Form = Form::Word(Words::Dispositions);
static QUANTITY_ELEMENT: Form = Form::Object { members: &QUANTITY, others: Others::None };
static TRANSACTION_ELEMENT: Form = Form::Object { members: &TRANSACTION, others: Others::None };
static SOURCE_ELEMENT: Form = Form::Object { members: &SOURCE, others: Others::None };
static DESTINATION_ELEMENT: Form = Form::Object { members: &DESTINATION, others: Others::None };
static SENSOR_ELEMENT: Form = Form::Object { members: &SENSOR, others: Others::Extensions };
static REPORT_ELEMENT: Form = Form::Object { members: &REPORT, others: Others::Extensions };

const fn quantities(name: &'static str) -> Member {
    may(name, list(&QUANTITY_ELEMENT, 0))
}

/// What every type of event has.
static COMMON: [Member; 14] = [
    may("@context", Form::Any),
    may("bizLocation", Form::Object { members: &PLACE, others: Others::Any }),
    may("bizStep", Form::Word(Words::Steps)),
    may("bizTransactionList", list(&TRANSACTION_ELEMENT, 0)),
    may("certificationInfo", Form::OneOrMore(&Form::Uri)),
    may("destinationList", list(&DESTINATION_ELEMENT, 0)),
    may("disposition", Form::Word(Words::Dispositions)),
    may("errorDeclaration", Form::Object { members: &DECLARATION, others: Others::Extensions }),
    may("eventID", Form::Uri),
    must("eventTime", Form::Time),
    must("eventTimeZoneOffset", Form::Offset),
    may("readPoint", Form::Object { members: &PLACE, others: Others::Any }),
    may("sensorElementList", list(&SENSOR_ELEMENT, 0)),
    may("sourceList", list(&SOURCE_ELEMENT, 0)),
];

pub(super) static OBJECT: [Member; 4] = [ACTION, quantities("quantityList"), ILMD, PERSISTENT];
/// GS1's own full-field examples carry a persistent disposition, which has no effect here.
pub(super) static NESTING: [Member; 4] = [ACTION, quantities("childQuantityList"), PARENT, PERSISTENT];
pub(super) static TRANSACTING: [Member; 4] = [ACTION, quantities("quantityList"), PARENT, PERSISTENT];
pub(super) static TRANSFORMATION: [Member; 5] = [
    quantities("inputQuantityList"),
    quantities("outputQuantityList"),
    may("transformationID", Form::Uri),
    ILMD,
    PERSISTENT,
];

static SETS: [Member; 2] = [
    may("set", Form::List { of: &DISPOSITION, least: 1, once: true }),
    may("unset", Form::List { of: &DISPOSITION, least: 1, once: true }),
];

static PLACE: [Member; 1] = [must("id", Form::Uri)];

static QUANTITY: [Member; 3] = [must("epcClass", Form::Uri), may("quantity", Form::Number), may("uom", Form::Unit)];

static TRANSACTION: [Member; 2] = [must("bizTransaction", Form::Uri), may("type", Form::Word(Words::Transactions))];

static SOURCE: [Member; 2] = [must("source", Form::Uri), must("type", Form::Word(Words::Roles))];

static DESTINATION: [Member; 2] = [must("destination", Form::Uri), must("type", Form::Word(Words::Roles))];

static DECLARATION: [Member; 3] = [
    may("correctiveEventIDs", list(&Form::Uri, 0)),
    must("declarationTime", Form::Time),
    may("reason", Form::Named(&["did_not_occur", "incorrect_data"])),
];

static SENSOR: [Member; 2] = [
    may("sensorMetadata", Form::Object { members: &METADATA, others: Others::Extensions }),
    must("sensorReport", list(&REPORT_ELEMENT, 1)),
];

static METADATA: [Member; 8] = [
    may("bizRules", Form::Uri),
    may("dataProcessingMethod", Form::Uri),
    may("deviceID", Form::Uri),
    may("deviceMetadata", Form::Uri),
    may("endTime", Form::Time),
    may("rawData", Form::Uri),
    may("startTime", Form::Time),
    may("time", Form::Time),
];

static REPORT: [Member; 24] = [
    may("bizRules", Form::Uri),
    may("booleanValue", Form::Bool),
    may("chemicalSubstance", Form::Uri),
    may("component", Form::Word(Words::Components)),
    may("coordinateReferenceSystem", Form::Uri),
    may("dataProcessingMethod", Form::Uri),
    may("deviceID", Form::Uri),
    may("deviceMetadata", Form::Uri),
    may("exception", Form::Name),
    may("hexBinaryValue", Form::Hex),
    may("maxValue", Form::Number),
    may("meanValue", Form::Number),
    may("microorganism", Form::Uri),
    may("minValue", Form::Number),
    may("percRank", Form::Number),
    may("percValue", Form::Number),
    may("rawData", Form::Uri),
    may("sDev", Form::Number),
    may("stringValue", Form::Text),
    may("time", Form::Time),
    must("type", Form::Name),
    may("uom", Form::Text),
    may("uriValue", Form::Uri),
    may("value", Form::Number),
];

/// Checks the text of an event of a type, whose own fields stand in `members`.
pub(super) fn check(text: &str, members: &'static [Member]) -> Result<(), Refusal> {
    let wrong = |detail: String| Refusal::new(Code::RecordShape).because(detail);
    let Ok(Json::Object(found)) = json::read(text) else { return Err(wrong("must be an object".to_owned())) };
    // The type is looked at before.
    let known = |name: &str| {
        name == "type" || members.iter().chain(&COMMON).any(|member| member.name == name) || name.contains(':')
    };
    if let Some((unknown, _)) = found.iter().find(|(name, _)| !known(name)) {
        let detail = "is no field that this type of event has in a record's text, and no extension";
        return Err(Refusal::new(Code::FieldUnknown).because(detail).below(unknown));
    }
    members.iter().chain(&COMMON).try_for_each(|member| member.check(&found))
}

impl Refusal {
    /// The same, told by the parent whose member or element `step` it is about.
    fn below(mut self, step: &str) -> Refusal {
        self.pointer = format!("/{}{}", pointer::escape(step), self.pointer);
        self
    }
}

impl Member {
    fn check(&self, found: &json::Members) -> Result<(), Refusal> {
        match json::member(found, self.name) {
            Some(value) => self.form.check(value).map_err(|refusal| refusal.below(self.name)),
            None if self.required => {
                let detail = format!("{:?} is missing", self.name);
                Err(Refusal::new(Code::FieldMissing).because(detail).below(self.name))
            }
            None => Ok(()),
        }
    }
}

impl Form {
    fn check(&self, value: &Json) -> Result<(), Refusal> {
        let holds = match (self, value) {
            (Form::Any, _) => true,
            (Form::List { of, least, once }, Json::List(items)) => {
                each(of, items)?;
                let repeated = *once
                    && items.iter().enumerate().any(|(at, item)| items.iter().take(at).any(|other| other == item));
                items.len() >= *least && !repeated
            }
            (Form::OneOrMore(of), Json::List(items)) => return each(of, items),
            (Form::OneOrMore(of), one) => return of.check(one),
            (Form::Object { members, others }, Json::Object(found)) => return fields(members, *others, found),
            (Form::Bool, Json::Word(word)) => word == "true" || word == "false",
            (Form::Number, Json::Word(word)) => word != "true" && word != "false",
            (Form::Hex, Json::Text(text)) => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
            (Form::OneOf(words), Json::Text(text)) => words.contains(&text.as_str()),
            (Form::Named(words), Json::Text(text)) => words.contains(&text.as_str()) || is_absolute_uri(text),
            (Form::Name, Json::Text(text)) => !text.is_empty() && text.bytes().all(is_uri_byte),
            (Form::Text, Json::Text(_)) => true,
            (Form::Time, Json::Text(text)) => Time::from_rfc3339(text).is_ok(),
            (Form::Offset, Json::Text(text)) => is_offset(text),
            (Form::Unit, Json::Text(text)) => is_unit(text),
            (Form::Uri, Json::Text(text)) => is_absolute_uri(text),
            (Form::Word(words), Json::Text(text)) => {
                words.full(text).is_some() || (is_absolute_uri(text) && !text.starts_with("urn:epcglobal:cbv:"))
            }
            (_, Json::Null | Json::Word(_) | Json::Text(_) | Json::List(_) | Json::Object(_)) => false,
        };
        if holds { Ok(()) } else { Err(Refusal::new(Code::RecordShape).because(self.wanted(value))) }
    }

    fn wanted(&self, value: &Json) -> String {
        let found = value.text().map(|text| format!("{text:.40?} is not ")).unwrap_or_default();
        let wanted = match self {
            Form::Any => "a value".to_owned(),
            Form::Bool => "true or false".to_owned(),
            Form::OneOf(words) => format!("one of {}", words.join(", ")),
            Form::Named(words) => format!("one of {} or another URI", words.join(", ")),
            Form::Hex => "hexadecimal digits".to_owned(),
            Form::List { least: 0, .. } => "a list".to_owned(),
            Form::List { once: false, .. } => "a list with elements".to_owned(),
            Form::List { .. } => "a list with elements, each of them once".to_owned(),
            Form::Name => "a word of the GS1 Web Vocabulary or another URI".to_owned(),
            Form::Number => "a number".to_owned(),
            Form::Object { .. } => "an object".to_owned(),
            Form::OneOrMore(of) => return of.wanted(value),
            Form::Text => "a text".to_owned(),
            Form::Time => "a time like 2026-09-18T10:00:00.000+08:00".to_owned(),
            Form::Offset => "an offset like +08:00".to_owned(),
            Form::Unit => "a unit of two or three capitals and digits (UN/ECE Recommendation 20)".to_owned(),
            Form::Uri => "a URI".to_owned(),
            Form::Word(_) => "a word of the CBV or another URI".to_owned(),
        };
        if found.is_empty() { format!("must be {wanted}") } else { format!("{found}{wanted}") }
    }
}

fn each(of: &Form, items: &[Json]) -> Result<(), Refusal> {
    let mut items = items.iter().enumerate();
    items.try_for_each(|(at, item)| of.check(item).map_err(|refusal| refusal.below(&at.to_string())))
}

fn fields(members: &[Member], others: Others, found: &json::Members) -> Result<(), Refusal> {
    let allowed = |name: &str| match others {
        Others::None => false,
        Others::Extensions => name.contains(':'),
        Others::Any => true,
    };
    let known = |name: &str| members.iter().any(|member| member.name == name);
    if let Some((unknown, _)) = found.iter().find(|(name, _)| !known(name) && !allowed(name)) {
        let detail = match others {
            Others::None => "is no field of EPCIS 2.0 here, where extensions are not allowed",
            Others::Extensions | Others::Any => "is no field of EPCIS 2.0 here, and an extension's name has a prefix",
        };
        return Err(Refusal::new(Code::FieldUnknown).because(detail).below(unknown));
    }
    members.iter().try_for_each(|member| member.check(found))
}

fn is_unit(text: &str) -> bool {
    (2..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// `+08:00`, as EPCIS 2.0 §7.4.1 spells an offset.
fn is_offset(text: &str) -> bool {
    let Some((hours, minutes)) = text.strip_prefix(['+', '-']).and_then(|rest| rest.split_once(':')) else {
        return false;
    };
    let number = |digits: &str| {
        (digits.len() == 2)
            .then(|| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .filter(|digits| *digits)
            .and_then(|_| digits.parse::<u8>().ok())
    };
    match (number(hours), number(minutes)) {
        (Some(hours), Some(minutes)) => (hours < 14 && minutes < 60) || (hours == 14 && minutes == 0),
        _ => false,
    }
}
