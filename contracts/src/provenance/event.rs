//! EPCIS 2.0 events as the rules read them. What the rules do not read stays in the record's text.

use std::collections::BTreeMap;

use hefu_keys::Hash;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    codes::Commissioning,
    exact,
    gs1::Epc,
    pointer,
    refusal::{Code, Refusal},
    time::Time,
};

/// Which of EPCIS' event types (EPCIS 2.0 §7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Something happened to one or more things.
    Object,
    /// Things went into, or came out of, a container.
    Aggregation,
    /// Things were fixed to, or taken off, an assembly.
    Association,
}

/// EPCIS action (EPCIS 2.0 §7.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EventAction {
    /// Created, packed or attached.
    Add,
    /// Seen.
    Observe,
    /// Ended, unpacked or detached.
    Delete,
}

/// What the rules read of an event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its type.
    pub kind: EventKind,
    /// Its action.
    pub action: EventAction,
    /// When it happened, by the author's word.
    pub time: Time,
    /// CBV business step, as a bare word where it is CBV's.
    pub biz_step: Option<String>,
    /// CBV disposition, as a bare word where it is CBV's.
    pub disposition: Option<String>,
    /// Where it was seen.
    pub read_point: Option<Epc>,
    /// Where it is afterwards.
    pub biz_location: Option<Epc>,
    /// The container or assembly.
    pub parent: Option<Epc>,
    /// Lots and classes with a quantity.
    pub classes: Vec<Epc>,
    /// The organisation that is to possess the things, by GLN.
    pub receiver: Option<Epc>,
    /// Whether the event declares an earlier one to be in error.
    pub declares_error: bool,
    /// Name of each field in the text.
    pub fields: Vec<String>,
}

/// Body of `event.capture`.
#[derive(Clone, Debug)]
pub struct Capture {
    /// CBV hash of the whole event (CBV 2.0 §8.9.2), its identity. The author states it, because private values that go
    /// into it may be erased; whoever has them can check it.
    pub cbv: Hash,
    /// The issued codes that come into being.
    pub commissioning: Option<Commissioning>,
    /// The event.
    pub event: Event,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaptureWire<'a> {
    cbv: Hash,
    #[serde(skip_serializing_if = "Option::is_none")]
    commissioning: Option<Commissioning>,
    #[serde(borrow)]
    event: &'a RawValue,
}

/// Fields of an event that stand in the text of a record. Lists of identifiers are detached; `bizTransactionList`
/// stands here only where the record is not public.
const FIELDS: [&str; 19] = [
    "@context",
    "action",
    "bizLocation",
    "bizStep",
    "bizTransactionList",
    "certificationInfo",
    "childQuantityList",
    "destinationList",
    "disposition",
    "errorDeclaration",
    "eventID",
    "eventTime",
    "eventTimeZoneOffset",
    "ilmd",
    "parentID",
    "persistentDisposition",
    "quantityList",
    "readPoint",
    "type",
];

/// The rest of them; kept apart because these say nothing that a rule could read.
const UNREAD: [&str; 2] = ["sensorElementList", "sourceList"];

type Fields<'a> = BTreeMap<String, &'a RawValue>;

fn missing(field: &str) -> Refusal {
    Refusal { code: Code::FieldMissing, ..shape(field, format!("{field:?} is missing")) }
}

fn shape(field: &str, detail: impl Into<String>) -> Refusal {
    Refusal::new(Code::RecordShape).at(format!("/body/event/{field}")).because(detail)
}

fn read<'a, T: Deserialize<'a>>(fields: &Fields<'a>, name: &str) -> Result<Option<T>, Refusal> {
    let parse = |raw: &&'a RawValue| serde_json::from_str(raw.get()).map_err(|error| shape(name, error.to_string()));
    fields.get(name).map(parse).transpose()
}

/// Reads an EPCIS object, of which only some fields are looked at. Serde takes a list for one as well.
fn object<'a, T: Deserialize<'a>>(name: &str, raw: &'a RawValue) -> Result<T, Refusal> {
    if !raw.get().starts_with('{') {
        return Err(shape(name, "must be an object"));
    }
    serde_json::from_str(raw.get()).map_err(|error| shape(name, error.to_string()))
}

/// Reads a list of EPCIS objects; none where there is no such field.
fn objects<'a, T: Deserialize<'a>>(fields: &Fields<'a>, name: &str) -> Result<Vec<T>, Refusal> {
    let list = read::<Vec<&RawValue>>(fields, name)?.unwrap_or_default();
    list.into_iter().enumerate().map(|(at, raw)| object(&format!("{name}/{at}"), raw)).collect()
}

fn required<'a, T: Deserialize<'a>>(fields: &Fields<'a>, name: &str) -> Result<T, Refusal> {
    read(fields, name)?.ok_or_else(|| missing(name))
}

impl Capture {
    /// Reads the body of an `event.capture` record.
    ///
    /// # Errors
    /// `E-RECORD-SHAPE` with a pointer to the field.
    pub fn read(text: &str) -> Result<Capture, Refusal> {
        let wire: CaptureWire<'_> = exact::read_canonical(text).map_err(|inexact| inexact.refuse("/body"))?;
        let event = Event::read(wire.event.get())?;
        if wire.commissioning.is_some() && !event.makes() {
            let detail = "only an ObjectEvent with action ADD commissions codes";
            return Err(Refusal::new(Code::RecordShape).at("/body/commissioning").because(detail));
        }
        Ok(Capture { cbv: wire.cbv, commissioning: wire.commissioning, event })
    }
}

impl Event {
    fn read(text: &str) -> Result<Event, Refusal> {
        let fields: Fields<'_> = serde_json::from_str(text).map_err(|error| shape("", error.to_string()))?;
        // An extension bears the prefix of its namespace (EPCIS 2.0 §6.3); a name without one is a slip.
        let known = |name: &str| FIELDS.contains(&name) || UNREAD.contains(&name) || name.contains(':');
        if let Some(unknown) = fields.keys().find(|name| !known(name)) {
            let detail = "is no field of EPCIS 2.0 in a record's text, and no extension";
            return Err(Refusal { code: Code::FieldUnknown, ..shape(unknown, detail) });
        }
        let kind = match required::<&str>(&fields, "type")? {
            "ObjectEvent" => EventKind::Object,
            "AggregationEvent" => EventKind::Aggregation,
            "AssociationEvent" => EventKind::Association,
            other => return Err(shape("type", format!("{other:?} is not a type that is captured"))),
        };
        check_offset(required(&fields, "eventTimeZoneOffset")?)?;
        let time = Time::from_rfc3339(required(&fields, "eventTime")?)
            .map_err(|error| shape("eventTime", error.to_string()))?;
        let event = Event {
            kind,
            action: required(&fields, "action")?,
            time,
            biz_step: word(&fields, "bizStep", "BizStep-")?,
            disposition: word(&fields, "disposition", "Disp-")?,
            read_point: place(&fields, "readPoint")?,
            biz_location: place(&fields, "bizLocation")?,
            parent: read::<String>(&fields, "parentID")?.map(|id| identifier("parentID", &id)).transpose()?,
            classes: classes(&fields)?,
            receiver: receiver(&fields)?,
            declares_error: fields.contains_key("errorDeclaration"),
            fields: fields.keys().cloned().collect(),
        };
        event.check_parent()?;
        Ok(event)
    }

    fn check_parent(&self) -> Result<(), Refusal> {
        match (self.kind, self.action, &self.parent) {
            (EventKind::Object, _, Some(_)) => Err(shape("parentID", "an ObjectEvent has none")),
            (EventKind::Aggregation | EventKind::Association, EventAction::Add | EventAction::Delete, None) => {
                Err(missing("parentID"))
            }
            _ => Ok(()),
        }
    }

    /// The list of things that the record detaches, as a JSON Pointer.
    pub const fn list(&self) -> &'static str {
        match self.kind {
            EventKind::Object => "/body/event/epcList",
            EventKind::Aggregation | EventKind::Association => "/body/event/childEPCs",
        }
    }

    /// Whether things come into being by it.
    pub fn makes(&self) -> bool {
        (self.kind, self.action) == (EventKind::Object, EventAction::Add)
    }

    /// Where the things are after the event: the business location, or else where they were seen.
    pub fn place(&self) -> Option<&Epc> {
        self.biz_location.as_ref().or(self.read_point.as_ref())
    }

    /// Whether a value of this name may travel detached: transactions and extensions, which no rule reads.
    pub fn may_detach(&self, pointer: &str) -> bool {
        let Some(name) = pointer.strip_prefix("/body/event/") else { return false };
        let absent = !self.fields.iter().any(|field| pointer::escape(field) == name);
        absent && !name.contains('/') && (name == "bizTransactionList" || name.contains(':'))
    }
}

/// `+08:00`, as EPCIS 2.0 §7.4.1 spells an offset.
fn check_offset(text: &str) -> Result<(), Refusal> {
    let form = text.bytes().enumerate().all(|(at, byte)| match at {
        0 => byte == b'+' || byte == b'-',
        3 => byte == b':',
        _ => byte.is_ascii_digit(),
    });
    if form && text.len() == 6 {
        return Ok(());
    }
    Err(shape("eventTimeZoneOffset", format!("{text:?} is not an offset like +08:00")))
}

/// A word of the CBV, bare where it is written as a web address or CURIE.
fn word(fields: &Fields<'_>, name: &str, kind: &str) -> Result<Option<String>, Refusal> {
    let Some(text) = read::<String>(fields, name)? else { return Ok(None) };
    Ok(Some(bare(&text, kind).to_owned()))
}

fn bare<'a>(text: &'a str, kind: &str) -> &'a str {
    let prefixes = ["https://ref.gs1.org/cbv/", "cbv:"];
    prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)?.strip_prefix(kind)).unwrap_or(text)
}

fn identifier(field: &str, text: &str) -> Result<Epc, Refusal> {
    Epc::parse(text).map_err(|bad| shape(field, format!("{text:?}: {bad}")))
}

/// Only the id counts; other fields of a place are extensions.
fn place(fields: &Fields<'_>, name: &str) -> Result<Option<Epc>, Refusal> {
    #[derive(Deserialize)]
    struct Place {
        id: String,
    }
    let Some(raw) = fields.get(name) else { return Ok(None) };
    let place: Place = object(name, raw)?;
    identifier(&format!("{name}/id"), &place.id).map(Some)
}

fn classes(fields: &Fields<'_>) -> Result<Vec<Epc>, Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Quantity {
        epc_class: String,
    }
    let mut classes = Vec::new();
    for name in ["quantityList", "childQuantityList"] {
        for quantity in objects::<Quantity>(fields, name)? {
            let class = identifier(name, &quantity.epc_class)?;
            if !classes.contains(&class) {
                classes.push(class);
            }
        }
        if classes.len() > crate::annex::ELEMENTS_MAX {
            return Err(shape(name, format!("has more than {} classes", crate::annex::ELEMENTS_MAX)));
        }
    }
    Ok(classes)
}

/// The destination of type `possessing_party` (CBV 2.0 §7.4.2).
fn receiver(fields: &Fields<'_>) -> Result<Option<Epc>, Refusal> {
    #[derive(Deserialize)]
    struct Destination {
        #[serde(rename = "type")]
        kind: String,
        destination: String,
    }
    let list: Vec<Destination> = objects(fields, "destinationList")?;
    let possessing = list.iter().find(|to| bare(&to.kind, "SDT-") == "possessing_party");
    possessing.map(|to| identifier("destinationList", &to.destination)).transpose()
}
