//! From an event's text to what the rules read of it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Event, EventAction, EventKind, Persistent, TRANSACTIONS, form};
use crate::{
    annex::ELEMENTS_MAX,
    gs1::Epc,
    provenance::{
        quantity::{EACH, Quantity, Side},
        unit::{kept, kept_in},
    },
    refusal::{Code, Refusal},
    time::Time,
};

type Fields<'a> = BTreeMap<String, &'a RawValue>;

fn missing(field: &str) -> Refusal {
    Refusal { code: Code::FieldMissing, ..shape(field, format!("{field:?} is missing")) }
}

fn shape(field: &str, detail: impl Into<String>) -> Refusal {
    Refusal::new(Code::RecordShape).at(format!("/body/event/{field}")).because(detail)
}

/// Reads a field whose form has been checked.
fn read<'a, T: Deserialize<'a>>(fields: &Fields<'a>, name: &str) -> Result<Option<T>, Refusal> {
    let parse = |raw: &&'a RawValue| serde_json::from_str(raw.get()).map_err(|error| shape(name, error.to_string()));
    fields.get(name).map(parse).transpose()
}

fn required<'a, T: Deserialize<'a>>(fields: &Fields<'a>, name: &str) -> Result<T, Refusal> {
    read(fields, name)?.ok_or_else(|| missing(name))
}

pub(super) fn event(text: &str) -> Result<Event, Refusal> {
    let fields: Fields<'_> = serde_json::from_str(text)
        .map_err(|error| Refusal { pointer: EVENT.to_owned(), ..shape("", error.to_string()) })?;
    let kind: String = required(&fields, "type")?;
    let members: &'static [form::Member] = match kind.as_str() {
        "ObjectEvent" => &form::OBJECT,
        "AggregationEvent" | "AssociationEvent" => &form::NESTING,
        "TransactionEvent" => &form::TRANSACTING,
        "TransformationEvent" => &form::TRANSFORMATION,
        other => return Err(shape("type", format!("{other:?} is not one of EPCIS 2.0's five types of event"))),
    };
    form::check(text, members)
        .map_err(|refusal| Refusal { pointer: format!("{EVENT}{}", refusal.pointer), ..refusal })?;

    let action = || required::<EventAction>(&fields, "action");
    let kind = match kind.as_str() {
        "ObjectEvent" => EventKind::Object(action()?),
        "AggregationEvent" => EventKind::Aggregation(action()?),
        "AssociationEvent" => EventKind::Association(action()?),
        "TransactionEvent" => EventKind::Transaction(action()?),
        _ => EventKind::Transformation,
    };
    let time =
        Time::from_rfc3339(required(&fields, "eventTime")?).map_err(|error| shape("eventTime", error.to_string()))?;
    let event = Event {
        kind,
        time,
        biz_step: word(&fields, "bizStep", "BizStep-")?,
        disposition: word(&fields, "disposition", "Disp-")?,
        persistent: persistent(&fields)?,
        read_point: place(&fields, "readPoint")?,
        biz_location: place(&fields, "bizLocation")?,
        parent: read::<String>(&fields, "parentID")?.map(|id| identifier("parentID", &id)).transpose()?,
        quantities: quantities(&fields)?,
        receiver: party(&fields, "destinationList", "possessing_party")?,
        new_owner: party(&fields, "destinationList", "owning_party")?,
        giver: party(&fields, "sourceList", "possessing_party")?,
        transformation: read(&fields, "transformationID")?,
        declares_error: fields.contains_key("errorDeclaration"),
        fields: fields.keys().cloned().collect(),
    };
    check_together(&event)?;
    Ok(event)
}

const EVENT: &str = "/body/event";

/// What one field of an event demands of the others.
fn check_together(event: &Event) -> Result<(), Refusal> {
    let parent_is_needed = match event.kind {
        EventKind::Aggregation(action) => action != EventAction::Observe,
        EventKind::Association(_) => true,
        EventKind::Object(_) | EventKind::Transaction(_) | EventKind::Transformation => false,
    };
    if parent_is_needed && event.parent.is_none() {
        return Err(missing("parentID"));
    }
    if event.has("ilmd") && !event.makes() {
        return Err(shape("ilmd", "describes what comes into being: with action ADD, or in a TransformationEvent"));
    }
    if event.has("persistentDisposition") && event.persistent == Persistent::default() {
        return Err(shape("persistentDisposition", "must set or unset something"));
    }
    Ok(())
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
    let Some(place) = read::<Place>(fields, name)? else { return Ok(None) };
    identifier(&format!("{name}/id"), &place.id).map(Some)
}

fn persistent(fields: &Fields<'_>) -> Result<Persistent, Refusal> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Wire {
        set: Vec<String>,
        unset: Vec<String>,
    }
    let wire: Wire = read(fields, "persistentDisposition")?.unwrap_or_default();
    let words = |words: Vec<String>| words.iter().map(|word| bare(word, "Disp-").to_owned()).collect();
    Ok(Persistent { set: words(wire.set), unset: words(wire.unset) })
}

fn quantities(fields: &Fields<'_>) -> Result<Vec<Quantity>, Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire<'a> {
        epc_class: String,
        #[serde(borrow)]
        quantity: Option<&'a RawValue>,
        uom: Option<String>,
    }
    let mut quantities = Vec::new();
    for (name, side) in [
        ("quantityList", Side::Subject),
        ("childQuantityList", Side::Subject),
        ("inputQuantityList", Side::Input),
        ("outputQuantityList", Side::Output),
    ] {
        let list: Vec<Wire<'_>> = read(fields, name)?.unwrap_or_default();
        if quantities.len().saturating_add(list.len()) > ELEMENTS_MAX {
            return Err(shape(name, format!("the event has more than {ELEMENTS_MAX} quantities")));
        }
        for (at, wire) in list.into_iter().enumerate() {
            let pointer = format!("{name}/{at}");
            let class = identifier(&format!("{pointer}/epcClass"), &wire.epc_class)?;
            let amount = wire.quantity.map(|raw| raw.get().parse());
            let field = format!("{pointer}/quantity");
            let amount =
                amount.transpose().map_err(|bad: crate::provenance::BadAmount| shape(&field, bad.to_string()))?;
            if wire.uom.is_none() && amount.is_some_and(|amount: crate::provenance::Amount| !amount.is_whole()) {
                return Err(shape(&field, "without a unit it counts pieces, which are whole"));
            }
            let unit = wire.uom.as_deref().unwrap_or(EACH);
            let amount = amount.map(|amount| kept(amount, unit)).transpose();
            let amount = amount.map_err(|bad| shape(&field, format!("{bad}, in {}", kept_in(unit))))?;
            let unit = kept_in(unit).to_owned();
            quantities.push(Quantity { amount, class, pointer: format!("{EVENT}/{pointer}"), side, unit });
        }
    }
    Ok(quantities)
}

/// The source or destination of a type (CBV 2.0 §7.4.2).
fn party(fields: &Fields<'_>, list: &str, role: &str) -> Result<Option<Epc>, Refusal> {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(rename = "type")]
        kind: String,
        #[serde(alias = "source")]
        destination: String,
    }
    let found: Vec<Wire> = read(fields, list)?.unwrap_or_default();
    let Some((at, wire)) = found.iter().enumerate().find(|(_, wire)| bare(&wire.kind, "SDT-") == role) else {
        return Ok(None);
    };
    let member = list.trim_end_matches("List");
    identifier(&format!("{list}/{at}/{member}"), &wire.destination).map(Some)
}

/// That what an event must name is named, in the text or detached. `detached` tells of each field whether it is.
pub(in crate::provenance) fn check_named(event: &Event, detached: impl Fn(&str) -> bool) -> Result<(), Refusal> {
    let there = |name: &str| detached(name) || event.has(name);
    let any = |names: &[&str]| names.iter().any(|name| there(name));
    let demand = |holds: bool, field: &str| if holds { Ok(()) } else { Err(missing(field)) };
    match event.kind {
        EventKind::Transaction(_) => demand(there(TRANSACTIONS), TRANSACTIONS),
        EventKind::Aggregation(action) | EventKind::Association(action) => {
            demand(action == EventAction::Delete || any(&["childEPCs", "childQuantityList"]), "childEPCs")
        }
        EventKind::Transformation => {
            let (inputs, outputs) =
                (any(&["inputEPCList", "inputQuantityList"]), any(&["outputEPCList", "outputQuantityList"]));
            // Records that share a transformationID tell of one transformation in several parts.
            let parts = event.transformation.is_some() && (inputs || outputs);
            demand(inputs || parts, "inputEPCList").and(demand(outputs || parts, "outputEPCList"))
        }
        EventKind::Object(_) => Ok(()),
    }
}
