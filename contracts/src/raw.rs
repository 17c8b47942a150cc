//! JSON that is kept as it was written.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A canonical JSON value as its text, equal to another where the texts are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Raw(Box<RawValue>);

impl Raw {
    /// The text of a value.
    ///
    /// # Errors
    /// From the JSON writer.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Raw, serde_json::Error> {
        RawValue::from_string(hefu_keys::canonical::to_string(value)?).map(Raw)
    }

    /// The canonical text.
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Raw {
    fn eq(&self, other: &Raw) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Raw {}
