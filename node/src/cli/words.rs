//! Words of the ledger's closed lists, as arguments.

use serde::de::{DeserializeOwned, IntoDeserializer, value::Error};

/// Reads a word as the ledger's JSON spells it; the error lists the words that there are.
///
/// # Errors
/// Where the list has no such word.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    T::deserialize(text.into_deserializer())
}

#[cfg(test)]
mod tests {
    use hefu_contracts::parties::KeyRole;

    use super::*;

    #[test]
    fn a_word_is_spelled_as_in_records_and_the_others_are_named() {
        assert_eq!(parse::<KeyRole>("capture").unwrap(), KeyRole::Capture);
        let error = parse::<KeyRole>("Capture").unwrap_err().to_string();
        assert!(error.contains("expected one of `admin`, `capture`"), "{error}");
    }
}
