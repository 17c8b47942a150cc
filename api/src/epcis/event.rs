//! Events put together again from record and annex, as far as their reader may see them.

use std::collections::BTreeSet;

use hefu_contracts::{
    annex::{Annex, Part},
    audience::{Reader, Shown},
    cbv,
    gs1::{CompanyPrefix, DigitalLink, Epc},
    row::{self, Data},
    state::Fault,
    time::Time,
};
use hefu_keys::Hash;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{access::shown, ledger::Ledger, problem::Problem};

/// Prefix of this ledger's own extensions, and what it stands for.
pub(crate) const NAMESPACE: (&str, &str) = ("hefu", "urn:hefu:epcis:");

/// What a reader is not shown of an event: names of its fields.
pub(crate) const WITHHELD: &str = "hefu:withheld";

/// An identifier as it is compared.
pub(crate) fn identity(text: &str) -> String {
    Epc::parse(text).map_or_else(|_| text.to_owned(), |epc| epc.as_str().to_owned())
}

/// How identifiers are to be written (`GS1-EPC-Format`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum EpcFormat {
    /// As they stand in record and annex: lists in Digital Links, everything else as its author wrote it.
    #[default]
    #[serde(rename = "No_Preference")]
    AsRecorded,
    #[serde(rename = "Always_GS1_Digital_Link")]
    DigitalLink,
    #[serde(rename = "Always_EPC_URN")]
    Urn,
}

/// A reader, and the codes that the request presents.
#[derive(Clone, Debug)]
pub(crate) struct Eyes {
    pub reader: Reader,
    /// Canonical identifiers that the request names one by one: whoever presents a code is told of it.
    pub presented: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Wire {
    body: Body,
    #[serde(default)]
    parts: std::collections::BTreeMap<String, Part>,
}

#[derive(Deserialize)]
struct Body {
    cbv: Hash,
    event: Map<String, Value>,
}

/// An event as its reader may see it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The hash that its record states.
    pub cbv: Hash,
    pub event: Map<String, Value>,
}

/// The event of a record as the reader may see it; `None` where even that it exists is all the reader may know. What is
/// missing of it stands in [`WITHHELD`].
///
/// # Errors
/// From the storage.
pub(crate) fn seen(ledger: &dyn Ledger, eyes: &Eyes, (id, recorded): (&Hash, Time)) -> Result<Option<Seen>, Problem> {
    let Some(found) = ledger.record(id)? else { return Ok(None) };
    let shown = shown(ledger, &eyes.reader, &found.text)?;
    if shown < Shown::Text {
        return Ok(None);
    }
    let Wire { body: Body { cbv, mut event }, parts } = serde_json::from_str(&found.text)?;
    let annex = if parts.is_empty() || (shown < Shown::Whole && eyes.presented.is_empty()) {
        Annex::default()
    } else {
        ledger.annex(id)?
    };
    let mut withheld = Vec::new();
    for (pointer, part) in parts {
        let Some(name) = pointer.strip_prefix("/body/event/").map(unescape) else { continue };
        let whole = match part {
            Part::List { .. } => {
                let mut elements = annex.lists.get(&pointer).map(|list| list.elements.clone()).unwrap_or_default();
                let complete = shown == Shown::Whole;
                elements.retain(|element| complete || eyes.presented.contains(element));
                if !elements.is_empty() {
                    event.insert(name.clone(), elements.into());
                }
                complete
            }
            Part::Value { .. } => match annex.values.get(&pointer).filter(|_| shown == Shown::Whole) {
                Some(value) => {
                    event.insert(name.clone(), serde_json::from_str(value.value.get())?);
                    true
                }
                // Not for this reader, or erased.
                None => false,
            },
        };
        if !whole {
            withheld.push(Value::from(name));
        }
    }
    if !withheld.is_empty() {
        event.insert(WITHHELD.to_owned(), withheld.into());
    }
    event.entry("eventID").or_insert_with(|| cbv::event_id(&cbv).into());
    event.insert("recordTime".to_owned(), recorded.to_string().into());
    Ok(Some(Seen { cbv, event }))
}

fn unescape(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

/// Members whose text, or whose elements' texts, are identifiers.
const IDENTIFIERS: [&str; 9] =
    ["epcList", "childEPCs", "inputEPCList", "outputEPCList", "parentID", "epcClass", "id", "source", "destination"];

/// Writes an event's identifiers in a form.
///
/// A link becomes an EPC URN where its company prefix is registered on the ledger: no key tells where its prefix ends.
///
/// # Errors
/// From the storage.
pub(crate) fn write_identifiers(
    ledger: &dyn Ledger,
    event: &mut Map<String, Value>,
    format: EpcFormat,
) -> Result<(), Fault> {
    for (name, value) in event.iter_mut() {
        if format == EpcFormat::AsRecorded || name.contains(':') || name == "ilmd" || name == "@context" {
            continue;
        }
        write(ledger, value, format, IDENTIFIERS.contains(&name.as_str()))?;
    }
    Ok(())
}

fn write(ledger: &dyn Ledger, value: &mut Value, format: EpcFormat, named: bool) -> Result<(), Fault> {
    match value {
        Value::String(text) if named => *text = identifier(ledger, text, format)?,
        Value::Array(items) => items.iter_mut().try_for_each(|item| write(ledger, item, format, named))?,
        Value::Object(members) => write_identifiers(ledger, members, format)?,
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

/// An identifier in a form, or as it is where it has none.
///
/// # Errors
/// From the storage.
pub(crate) fn identifier(ledger: &dyn Ledger, text: &str, format: EpcFormat) -> Result<String, Fault> {
    let Ok(epc) = Epc::parse(text) else { return Ok(text.to_owned()) };
    match format {
        EpcFormat::AsRecorded => Ok(text.to_owned()),
        EpcFormat::DigitalLink => Ok(epc.as_str().to_owned()),
        EpcFormat::Urn if text.starts_with("urn:") => Ok(text.to_owned()),
        EpcFormat::Urn => {
            let prefix = prefix_of(ledger, &epc)?;
            let urn = prefix.and_then(|prefix| DigitalLink::parse(epc.as_str()).ok()?.urn(&prefix).ok());
            Ok(urn.unwrap_or_else(|| text.to_owned()))
        }
    }
}

/// The registered company prefix of an identifier.
fn prefix_of(ledger: &dyn Ledger, epc: &Epc) -> Result<Option<CompanyPrefix>, Fault> {
    let Some(digits) = epc.company_digits() else { return Ok(None) };
    for length in 4..=12 {
        let Some(prefix) = digits.get(..length) else { break };
        match ledger.row(&row::key_of_prefix(prefix))?.map(|row| row.data) {
            Some(Data::Prefix(row)) if row.party.is_some() => return Ok(prefix.parse().ok()),
            Some(_) => {}
            None => break,
        }
    }
    Ok(None)
}

/// Whether an event names something that it is about.
pub(crate) fn names(event: &Map<String, Value>, epc: &str) -> bool {
    let is_it = |value: &Value| value.as_str().is_some_and(|text| identity(text) == epc);
    let lists = ["epcList", "childEPCs", "inputEPCList", "outputEPCList"];
    let quantities = ["quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"];
    let items = |name: &&str| event.get(*name).and_then(Value::as_array).into_iter().flatten();
    event.get("parentID").is_some_and(is_it)
        || lists.iter().flat_map(items).any(is_it)
        || quantities.iter().flat_map(items).filter_map(|item| item.get("epcClass")).any(is_it)
}
