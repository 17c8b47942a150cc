//! The standard parameters, each with where it looks and how it compares (EPCIS 2.0 §8.2.7.1).

use hefu_contracts::{cbv::bare, time::Time};

use super::{
    condition::{At, Compare, Condition, Pattern, Wanted},
    wrong,
};
use crate::problem::Problem;

/// How a parameter's values are read.
#[derive(Clone, Copy)]
enum Form {
    Texts,
    Words,
    Ids,
    Within,
    Time(Compare),
    Number(Compare),
    Flag,
    Exists,
}

const QUANTITIES: &[&str] = &[
    "quantityList/quantity",
    "childQuantityList/quantity",
    "inputQuantityList/quantity",
    "outputQuantityList/quantity",
];

const AMOUNTS: &[&str] = &["quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"];

const SENSOR_TIMES: &[&str] = &["sensorElementList/sensorMetadata/time", "sensorElementList/sensorReport/time"];

const CHILD_CLASSES: &[&str] = &["quantityList/epcClass", "childQuantityList/epcClass"];

const ANY_CLASS: &[&str] = &[
    "quantityList/epcClass",
    "childQuantityList/epcClass",
    "inputQuantityList/epcClass",
    "outputQuantityList/epcClass",
];

const METADATA: &str = "sensorElementList/sensorMetadata";
const REPORT: &str = "sensorElementList/sensorReport";

const STANDARD: [(&str, Form, &[&str]); 60] = [
    ("eventType", Form::Texts, &["type"]),
    ("GE_eventTime", Form::Time(Compare::GreaterOrEqual), &["eventTime"]),
    ("LT_eventTime", Form::Time(Compare::Less), &["eventTime"]),
    ("GE_recordTime", Form::Time(Compare::GreaterOrEqual), &["recordTime"]),
    ("LT_recordTime", Form::Time(Compare::Less), &["recordTime"]),
    ("EQ_action", Form::Texts, &["action"]),
    ("EQ_bizStep", Form::Words, &["bizStep"]),
    ("EQ_disposition", Form::Words, &["disposition"]),
    ("EQ_persistentDisposition_set", Form::Words, &["persistentDisposition/set"]),
    ("EQ_persistentDisposition_unset", Form::Words, &["persistentDisposition/unset"]),
    ("EQ_readPoint", Form::Ids, &["readPoint/id"]),
    ("WD_readPoint", Form::Within, &["readPoint/id"]),
    ("EQ_bizLocation", Form::Ids, &["bizLocation/id"]),
    ("WD_bizLocation", Form::Within, &["bizLocation/id"]),
    ("EQ_transformationID", Form::Ids, &["transformationID"]),
    ("MATCH_epc", Form::Ids, &["epcList", "childEPCs"]),
    ("MATCH_parentID", Form::Ids, &["parentID"]),
    ("MATCH_inputEPC", Form::Ids, &["inputEPCList"]),
    ("MATCH_outputEPC", Form::Ids, &["outputEPCList"]),
    ("MATCH_anyEPC", Form::Ids, &["epcList", "childEPCs", "parentID", "inputEPCList", "outputEPCList"]),
    ("MATCH_epcClass", Form::Ids, CHILD_CLASSES),
    ("MATCH_inputEPCClass", Form::Ids, &["inputQuantityList/epcClass"]),
    ("MATCH_outputEPCClass", Form::Ids, &["outputQuantityList/epcClass"]),
    ("MATCH_anyEPCClass", Form::Ids, ANY_CLASS),
    ("EQ_quantity", Form::Number(Compare::Equal), QUANTITIES),
    ("GT_quantity", Form::Number(Compare::Greater), QUANTITIES),
    ("GE_quantity", Form::Number(Compare::GreaterOrEqual), QUANTITIES),
    ("LT_quantity", Form::Number(Compare::Less), QUANTITIES),
    ("LE_quantity", Form::Number(Compare::LessOrEqual), QUANTITIES),
    ("EQ_eventID", Form::Texts, &["eventID"]),
    ("EXISTS_errorDeclaration", Form::Exists, &["errorDeclaration"]),
    ("GE_errorDeclarationTime", Form::Time(Compare::GreaterOrEqual), &["errorDeclaration/declarationTime"]),
    ("LT_errorDeclarationTime", Form::Time(Compare::Less), &["errorDeclaration/declarationTime"]),
    // As query-schema.json spells them.
    ("GE_errorDeclaration_Time", Form::Time(Compare::GreaterOrEqual), &["errorDeclaration/declarationTime"]),
    ("LT_errorDeclaration_Time", Form::Time(Compare::Less), &["errorDeclaration/declarationTime"]),
    ("GE_time", Form::Time(Compare::GreaterOrEqual), SENSOR_TIMES),
    ("LT_time", Form::Time(Compare::Less), SENSOR_TIMES),
    ("EQ_errorReason", Form::Words, &["errorDeclaration/reason"]),
    ("EQ_correctiveEventID", Form::Texts, &["errorDeclaration/correctiveEventIDs"]),
    ("GE_startTime", Form::Time(Compare::GreaterOrEqual), &["sensorElementList/sensorMetadata/startTime"]),
    ("LT_startTime", Form::Time(Compare::Less), &["sensorElementList/sensorMetadata/startTime"]),
    ("GE_endTime", Form::Time(Compare::GreaterOrEqual), &["sensorElementList/sensorMetadata/endTime"]),
    ("LT_endTime", Form::Time(Compare::Less), &["sensorElementList/sensorMetadata/endTime"]),
    ("GE_SENSORMETADATA_time", Form::Time(Compare::GreaterOrEqual), &["sensorElementList/sensorMetadata/time"]),
    ("LT_SENSORMETADATA_time", Form::Time(Compare::Less), &["sensorElementList/sensorMetadata/time"]),
    ("GE_SENSORREPORT_time", Form::Time(Compare::GreaterOrEqual), &["sensorElementList/sensorReport/time"]),
    ("LT_SENSORREPORT_time", Form::Time(Compare::Less), &["sensorElementList/sensorReport/time"]),
    ("EQ_type", Form::Words, &["sensorElementList/sensorReport/type"]),
    (
        "EQ_deviceID",
        Form::Ids,
        &["sensorElementList/sensorMetadata/deviceID", "sensorElementList/sensorReport/deviceID"],
    ),
    (
        "EQ_dataProcessingMethod",
        Form::Ids,
        &[
            "sensorElementList/sensorMetadata/dataProcessingMethod",
            "sensorElementList/sensorReport/dataProcessingMethod",
        ],
    ),
    ("EQ_microorganism", Form::Ids, &["sensorElementList/sensorReport/microorganism"]),
    ("EQ_chemicalSubstance", Form::Ids, &["sensorElementList/sensorReport/chemicalSubstance"]),
    (
        "EQ_bizRules",
        Form::Ids,
        &["sensorElementList/sensorMetadata/bizRules", "sensorElementList/sensorReport/bizRules"],
    ),
    ("EQ_stringValue", Form::Texts, &["sensorElementList/sensorReport/stringValue"]),
    ("EQ_hexBinaryValue", Form::Texts, &["sensorElementList/sensorReport/hexBinaryValue"]),
    ("EQ_uriValue", Form::Ids, &["sensorElementList/sensorReport/uriValue"]),
    ("EQ_booleanValue", Form::Flag, &["sensorElementList/sensorReport/booleanValue"]),
    ("EQ_exception", Form::Words, &["sensorElementList/sensorReport/exception"]),
    ("EXISTS_sensorElementList", Form::Exists, &["sensorElementList"]),
    ("EXISTS_persistentDisposition", Form::Exists, &["persistentDisposition"]),
];

/// Measures of a sensor report, which may be asked for in one unit.
const MEASURES: [&str; 7] = ["value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"];

const COMPARISONS: [(&str, Compare); 5] = [
    ("EQ_", Compare::Equal),
    ("GT_", Compare::Greater),
    ("GE_", Compare::GreaterOrEqual),
    ("LT_", Compare::Less),
    ("LE_", Compare::LessOrEqual),
];

/// Where extensions stand, by what their parameter begins with behind the comparison.
const EXTENDED: [(&str, &str); 8] = [
    ("ILMD_", "ilmd"),
    ("ERROR_DECLARATION_", "errorDeclaration"),
    ("SENSORELEMENT_", "sensorElementList"),
    ("SENSORMETADATA_", METADATA),
    ("SENSORREPORT_", REPORT),
    ("readPoint_", "readPoint"),
    ("bizLocation_", "bizLocation"),
    ("", ""),
];

/// The condition of a parameter.
///
/// # Errors
/// `E-QUERY`.
pub(super) fn condition(name: &str, values: &[String]) -> Result<Condition, Problem> {
    if values.is_empty() || values.iter().any(String::is_empty) {
        return Err(wrong(name, "has no value"));
    }
    if let Some((_, form, paths)) = STANDARD.iter().find(|(known, ..)| *known == name) {
        return Ok(Condition { at: At::Paths(paths), wanted: wanted(name, *form, values)? });
    }
    if let Some(attributed) = attributed(name) {
        return attributed;
    }
    let found = of_type(name, values).or_else(|| measured(name, values)).or_else(|| extended(name, values));
    found.unwrap_or_else(|| Err(wrong(name, "is no parameter of EPCIS 2.0 event queries")))
}

fn wanted(name: &str, form: Form, values: &[String]) -> Result<Wanted, Problem> {
    let one = || match values {
        [one] => Ok(one.as_str()),
        _ => Err(wrong(name, "takes one value")),
    };
    let time = |text: &str| {
        // A plus sign that was not encoded has become a space.
        Time::from_rfc3339(&text.replace(' ', "+")).map_err(|bad| wrong(name, bad))
    };
    let number = |text: &String| {
        text.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(|| wrong(name, "must be a number"))
    };
    Ok(match form {
        Form::Texts => Wanted::Texts(values.to_vec()),
        Form::Words => Wanted::Words(values.iter().map(|word| bare(word).to_owned()).collect()),
        Form::Ids => Wanted::Ids(values.iter().map(|text| Pattern::read(text)).collect()),
        Form::Within => Wanted::Ids(values.iter().map(|text| within(text)).collect()),
        Form::Time(compare) => Wanted::Time(compare, time(one()?)?),
        Form::Number(Compare::Equal) => {
            Wanted::Number(Compare::Equal, values.iter().map(number).collect::<Result<_, _>>()?)
        }
        Form::Number(compare) => Wanted::Number(compare, vec![number(&one()?.to_owned())?]),
        Form::Flag => Wanted::Flag(one()?.parse().map_err(|_| wrong(name, "must be true or false"))?),
        Form::Exists => match one()? {
            "true" => Wanted::Something,
            _ => return Err(wrong(name, "must be true, or absent")),
        },
    })
}

fn within(text: &str) -> Pattern {
    match Pattern::read(text) {
        Pattern::Exact(place) => Pattern::Within(place),
        other @ (Pattern::Below(_) | Pattern::Within(_)) => other,
    }
}

/// `EQ_bizTransaction_po`, `EQ_source_owning_party`, `EQ_destination_possessing_party`.
fn of_type(name: &str, values: &[String]) -> Option<Result<Condition, Problem>> {
    let lists = [
        ("EQ_bizTransaction_", &["bizTransactionList"] as &[&str], "bizTransaction"),
        ("EQ_source_", &["sourceList"], "source"),
        ("EQ_destination_", &["destinationList"], "destination"),
    ];
    let (kind, lists, member) =
        lists.into_iter().find_map(|(start, lists, member)| Some((name.strip_prefix(start)?, lists, member)))?;
    let at = At::Of { lists, says: ("type", bare(kind).to_owned()), member };
    Some(wanted(name, Form::Ids, values).map(|wanted| Condition { at, wanted }))
}

/// `GE_value_CEL`, `LT_meanValue`, `EQ_quantity_KGM`.
fn measured(name: &str, values: &[String]) -> Option<Result<Condition, Problem>> {
    let (start, compare) = COMPARISONS.into_iter().find(|(start, _)| name.starts_with(start))?;
    let rest = name.strip_prefix(start)?;
    let (measure, unit) = rest.split_once('_').unwrap_or((rest, ""));
    let (lists, member) = match MEASURES.into_iter().find(|known| *known == measure) {
        Some(member) => (&[REPORT] as &[&str], member),
        None if measure == "quantity" => (AMOUNTS, "quantity"),
        None => return None,
    };
    let at = At::Of { lists, says: ("uom", unit.to_owned()), member };
    Some(wanted(name, Form::Number(compare), values).map(|wanted| Condition { at, wanted }))
}

/// `HASATTR_bizLocation`, `EQATTR_bizLocation_urn:example:ward`: the master data of what a field names. A node holds none,
/// so that no event has any and none matches, as the standard has it for a repository without.
fn attributed(name: &str) -> Option<Result<Condition, Problem>> {
    let field = match (name.strip_prefix("HASATTR_"), name.strip_prefix("EQATTR_")) {
        (Some(field), _) => Some(field),
        (None, Some(rest)) => {
            rest.split_once('_').filter(|(_, attribute)| !attribute.is_empty()).map(|(field, _)| field)
        }
        (None, None) => return None,
    };
    Some(match field {
        Some(field) if !field.is_empty() => Ok(Condition { at: At::Paths(&[]), wanted: Wanted::Something }),
        Some(_) | None => Err(wrong(name, "is written HASATTR_field or EQATTR_field_attribute")),
    })
}

/// `EQ_ex:field`, `GE_ILMD_ex:weight`, `EXISTS_INNER_ex:field`: an extension's name has a prefix.
fn extended(name: &str, values: &[String]) -> Option<Result<Condition, Problem>> {
    let compared =
        COMPARISONS.into_iter().find_map(|(start, compare)| Some((name.strip_prefix(start)?, Some(compare))));
    let (rest, compare) = compared.or_else(|| Some((name.strip_prefix("EXISTS_")?, None)))?;
    let (rest, deep) = rest.strip_prefix("INNER_").map_or((rest, false), |rest| (rest, true));
    let (field, path) = EXTENDED.into_iter().find_map(|(start, path)| Some((rest.strip_prefix(start)?, path)))?;
    if !field.contains(':') {
        return None;
    }
    let field = field.to_owned();
    let at = if deep { At::Inner(path, field) } else { At::Named(path, field) };
    let form = match compare {
        None => Form::Exists,
        Some(Compare::Equal) => Form::Texts,
        Some(compare) if values.iter().all(|value| value.parse::<f64>().is_ok()) => Form::Number(compare),
        Some(compare) => Form::Time(compare),
    };
    Some(wanted(name, form, values).map(|wanted| Condition { at, wanted }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn holds(name: &str, value: &str, event: &Value) -> bool {
        condition(name, &[value.to_owned()]).unwrap().holds(event.as_object().unwrap())
    }

    #[test]
    fn amounts_are_compared_in_the_unit_that_is_named() {
        let event = json!({"inputQuantityList": [
            {"epcClass": "urn:x", "quantity": 7.5, "uom": "KGM"}, {"epcClass": "urn:y", "quantity": 30},
        ]});
        assert!(holds("EQ_quantity_KGM", "7.5", &event) && holds("GT_quantity_KGM", "7", &event));
        assert!(!holds("EQ_quantity_KGM", "30", &event) && !holds("EQ_quantity_LTR", "7.5", &event));
        assert!(holds("EQ_quantity", "30", &event));
    }

    #[test]
    fn nothing_has_master_data() {
        let event = json!({"bizLocation": {"id": "urn:epc:id:sgln:0614141.00888.0"}, "type": "ObjectEvent"});
        assert!(!holds("HASATTR_bizLocation", "urn:example:ward", &event));
        assert!(!holds("EQATTR_bizLocation_urn:example:ward", "7", &event));
        for name in ["HASATTR_", "EQATTR_bizLocation", "EQATTR_bizLocation_", "EQATTR__urn:x"] {
            assert!(condition(name, &["x".to_owned()]).is_err(), "{name}");
        }
    }

    #[test]
    fn times_are_found_in_both_spellings_of_the_standard() {
        let event = json!({
            "errorDeclaration": {"declarationTime": "2026-09-18T02:00:00Z", "reason": "did_not_occur"},
            "sensorElementList": [{"sensorReport": [{"time": "2026-09-18T02:00:00Z", "value": 4, "uom": "CEL"}]}],
        });
        for name in ["GE_errorDeclarationTime", "GE_errorDeclaration_Time", "GE_time", "GE_SENSORREPORT_time"] {
            assert!(holds(name, "2026-09-18T02:00:00Z", &event), "{name}");
            assert!(!holds(name, "2026-09-18T02:00:01Z", &event), "{name}");
        }
        assert!(holds("GE_value_CEL", "4", &event) && !holds("GE_value_FAH", "4", &event));
    }

    #[test]
    fn extensions_of_places_and_types_of_parties_are_found() {
        let event = json!({
            "readPoint": {"id": "urn:x", "ex:gate": "7"},
            "sourceList": [{"type": "owning_party", "source": "urn:a"}],
            "destinationList": [{"type": "owning_party", "destination": "urn:b"}],
        });
        assert!(holds("EQ_readPoint_ex:gate", "7", &event) && !holds("EQ_bizLocation_ex:gate", "7", &event));
        assert!(holds("EQ_source_owning_party", "urn:a", &event));
        assert!(!holds("EQ_source_owning_party", "urn:b", &event));
        assert!(!holds("EQ_source_possessing_party", "urn:a", &event));
    }
}
