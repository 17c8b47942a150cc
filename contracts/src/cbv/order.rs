//! The canonical order of an event's fields (CBV 2.0, EPCIS Event Hash ID, canonical property order).

use super::words::Words;

/// A field with a place in the order.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// A value, perhaps a word of a vocabulary.
    Text(Words),
    /// A time.
    Time,
    /// Fields of its own.
    Object(&'static [Field]),
    /// Elements that have a name of their own only in XML, and in the pre-hash string.
    List { element: &'static str, fields: &'static [Field] },
}

/// Fields that name or describe an event's record and not what happened.
pub(super) const IGNORED: [&str; 5] = ["@context", "errorDeclaration", "eventID", "recordTime", "type"];

/// Remarks for people, at any depth.
pub(super) const COMMENTS: [&str; 2] = ["comment", "rdfs:comment"];

/// A list of typed values. It has no place in the order: it is sorted among what remains of the event.
pub(super) struct PairList {
    pub(super) name: &'static str,
    pub(super) types: Words,
    pub(super) value: &'static str,
}

pub(super) const PAIR_LISTS: [PairList; 3] = [
    PairList { name: "bizTransactionList", types: Words::Transactions, value: "bizTransaction" },
    PairList { name: "destinationList", types: Words::Roles, value: "destination" },
    PairList { name: "sourceList", types: Words::Roles, value: "source" },
];

const fn text(name: &'static str) -> Field {
    Field { name, shape: Shape::Text(Words::None) }
}

const fn word(name: &'static str, words: Words) -> Field {
    Field { name, shape: Shape::Text(words) }
}

const fn time(name: &'static str) -> Field {
    Field { name, shape: Shape::Time }
}

const fn object(name: &'static str, fields: &'static [Field]) -> Field {
    Field { name, shape: Shape::Object(fields) }
}

const fn list(name: &'static str, element: &'static str, fields: &'static [Field]) -> Field {
    Field { name, shape: Shape::List { element, fields } }
}

pub(super) static EVENT: [Field; 20] = [
    time("eventTime"),
    text("eventTimeZoneOffset"),
    text("certificationInfo"),
    text("parentID"),
    list("epcList", "epc", &[]),
    list("inputEPCList", "epc", &[]),
    list("childEPCs", "epc", &[]),
    list("quantityList", "quantityElement", &QUANTITY),
    list("childQuantityList", "quantityElement", &QUANTITY),
    list("inputQuantityList", "quantityElement", &QUANTITY),
    list("outputEPCList", "epc", &[]),
    list("outputQuantityList", "quantityElement", &QUANTITY),
    text("action"),
    text("transformationID"),
    word("bizStep", Words::Steps),
    word("disposition", Words::Dispositions),
    object("persistentDisposition", &[word("set", Words::Dispositions), word("unset", Words::Dispositions)]),
    object("readPoint", &[text("id")]),
    object("bizLocation", &[text("id")]),
    list("sensorElementList", "sensorElement", &SENSOR),
];

static QUANTITY: [Field; 3] = [text("epcClass"), text("quantity"), text("uom")];

static SENSOR: [Field; 2] = [object("sensorMetadata", &METADATA), object("sensorReport", &REPORT)];

static METADATA: [Field; 8] = [
    time("time"),
    time("startTime"),
    time("endTime"),
    text("deviceID"),
    text("deviceMetadata"),
    text("rawData"),
    text("dataProcessingMethod"),
    text("bizRules"),
];

static REPORT: [Field; 23] = [
    word("type", Words::Measurements),
    word("exception", Words::Alerts),
    text("deviceID"),
    text("deviceMetadata"),
    text("rawData"),
    text("dataProcessingMethod"),
    time("time"),
    text("microorganism"),
    text("chemicalSubstance"),
    text("value"),
    word("component", Words::Components),
    text("stringValue"),
    text("booleanValue"),
    text("hexBinaryValue"),
    text("uriValue"),
    text("minValue"),
    text("maxValue"),
    text("meanValue"),
    text("sDev"),
    text("percRank"),
    text("percValue"),
    text("uom"),
    text("coordinateReferenceSystem"),
];
