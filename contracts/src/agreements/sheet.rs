//! A term sheet as it was signed, and what it says.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{raw::Raw, register::Fault, settlement::Terms};

/// A signed term sheet. It is its text; what that says is read when somebody asks for it first and shared by all clones,
/// because every fact of a contract asks for the same sheets.
#[derive(Clone, Debug)]
pub struct Sheet(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: Raw,
    terms: OnceLock<Arc<Terms>>,
}

impl Sheet {
    /// The sheet of this text.
    pub fn new(text: Raw) -> Sheet {
        Sheet(Arc::new(Inner { text, terms: OnceLock::new() }))
    }

    /// The canonical JSON that was signed.
    pub fn text(&self) -> &Raw {
        &self.0.text
    }

    /// What it says.
    ///
    /// # Errors
    /// [`Fault`] where it is no term sheet: the rules sign none into the register.
    pub fn terms(&self) -> Result<Arc<Terms>, Fault> {
        let Inner { text, terms } = &*self.0;
        if let Some(terms) = terms.get() {
            return Ok(terms.clone());
        }
        let value: Value = serde_json::from_str(text.text()).map_err(Fault::new)?;
        let read = Arc::new(Terms::read(&value).map_err(Fault::new)?);
        Ok(terms.get_or_init(|| read).clone())
    }
}

impl PartialEq for Sheet {
    fn eq(&self, other: &Sheet) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Sheet {}

impl Serialize for Sheet {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.text().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Sheet {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Sheet, D::Error> {
        Raw::deserialize(from).map(Sheet::new)
    }
}
