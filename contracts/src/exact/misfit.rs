//! What does not fit into the expected form, and where.

use serde::Deserialize;
use thiserror::Error;

use crate::{pointer, refusal::Code};

/// What kind of slip it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    /// A field that is not known here.
    Unknown,
    /// A field that is not there.
    Missing,
    /// A value of another form.
    Form,
}

impl Slip {
    pub(crate) const fn code(self) -> Code {
        match self {
            Slip::Unknown => Code::FieldUnknown,
            Slip::Missing => Code::FieldMissing,
            Slip::Form => Code::RecordShape,
        }
    }
}

/// A text that is JSON, but not of the expected form.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{detail}")]
pub struct Misfit {
    /// JSON Pointer (RFC 6901) to the field, relative to the text.
    pub pointer: String,
    /// What is wrong with it.
    pub slip: Slip,
    /// In words.
    pub detail: String,
}

impl Misfit {
    /// Reads a text that could not be read once more, this time keeping in mind where.
    pub(super) fn find<'a, T: Deserialize<'a>>(text: &'a str) -> Misfit {
        let mut json = serde_json::Deserializer::from_str(text);
        match serde_path_to_error::deserialize::<_, T>(&mut json) {
            Err(error) => Misfit::new(&steps(error.path()), &error.inner().to_string()),
            Ok(_) => Misfit::new(&[], "text follows the end of the value"),
        }
    }

    /// Sorts an error by serde's own words for it, which its derived readers share.
    fn new(steps: &[String], words: &str) -> Misfit {
        // Where in the text says the pointer.
        let words = words.split_once(" at line ").map_or(words, |(words, _)| words);
        let field = words.split('`').nth(1);
        let (slip, detail, last) = match field {
            Some(field) if words.starts_with("unknown field") => {
                (Slip::Unknown, format!("{field:?} is no field here"), Some(field))
            }
            Some(field) if words.starts_with("missing field") => {
                (Slip::Missing, format!("{field:?} is missing"), Some(field))
            }
            Some(_) | None => (Slip::Form, words.to_owned(), None),
        };
        let known = steps.iter().map(String::as_str);
        // The path to an unknown field may hold the field already.
        let last = last.filter(|last| steps.last().is_none_or(|step| step != last));
        let pointer = known.chain(last).map(|step| format!("/{}", pointer::escape(step))).collect();
        Misfit { pointer, slip, detail }
    }
}

/// Of a text whose type only its reader knows: what is wrong, without the place.
impl From<serde_json::Error> for Misfit {
    fn from(error: serde_json::Error) -> Misfit {
        Misfit::new(&[], &error.to_string())
    }
}

fn steps(path: &serde_path_to_error::Path) -> Vec<String> {
    use serde_path_to_error::Segment;
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    path.iter().filter_map(step).collect()
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;
    use crate::exact::{Inexact, read};

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        items: Vec<Inner>,
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Inner {
        big_word: String,
        kind: Kind,
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Known,
    }

    /// Locks serde's words as well, by which slips are told apart.
    #[test]
    fn each_slip_has_its_kind_and_its_place() {
        for (text, pointer, slip, detail) in [
            (r#"{}"#, "/items", Slip::Missing, "\"items\" is missing"),
            (r#"{"items":[],"more":1}"#, "/more", Slip::Unknown, "\"more\" is no field here"),
            (r#"{"items":[{"bigWord":"a"}]}"#, "/items/0/kind", Slip::Missing, "\"kind\" is missing"),
            (r#"{"items":[{"a/b":1}]}"#, "/items/0/a~1b", Slip::Unknown, "\"a/b\" is no field here"),
            (
                r#"{"items":[{"bigWord":7}]}"#,
                "/items/0/bigWord",
                Slip::Form,
                "invalid type: integer `7`, expected a string",
            ),
            (
                r#"{"items":[{"bigWord":"a","kind":"other"}]}"#,
                "/items/0/kind",
                Slip::Form,
                "unknown variant `other`, expected `known`",
            ),
        ] {
            let Err(Inexact::Shape(misfit)) = read::<Outer>(text) else { panic!("{text} is read") };
            assert_eq!(misfit, Misfit { pointer: pointer.to_owned(), slip, detail: detail.to_owned() }, "{text}");
        }
    }
}
