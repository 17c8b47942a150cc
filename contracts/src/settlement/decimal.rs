//! Whole numbers as texts in their one decimal spelling, for serde's `with`.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Writes the number's decimal digits.
///
/// # Errors
/// From the writer.
pub fn serialize<S: Serializer>(number: &i128, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(number)
}

/// Reads what [`serialize`] writes, and no other spelling.
///
/// # Errors
/// From the reader, or where the text is no such number.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i128, D::Error> {
    let text = String::deserialize(from)?;
    let number = text.parse().ok().filter(|number: &i128| number.to_string() == text);
    number.ok_or_else(|| D::Error::custom(format!("{text:?} is not a decimal integer")))
}
