//! A platform's secret keys, one for each month, under which its orders have their names.

use std::collections::BTreeMap;

use hefu_contracts::agreements::order::{self, MonthKey};
use hefu_keys::Hash;
use serde_json::{Map, Value};
use thiserror::Error;
use zeroize::Zeroizing;

/// The keys of a file.
#[derive(Default)]
pub struct OrderKeys {
    months: BTreeMap<String, MonthKey>,
    is_new: bool,
}

/// A text that holds no keys.
#[derive(Debug, Error)]
pub enum BadKeys {
    /// Not an object of months.
    #[error("expected an object with a key for each month, {{\"2026-09\":\"<64 hex digits>\"}}")]
    Shape,
    /// No key of a month.
    #[error("the key of {0} is not 64 hex digits")]
    Key(String),
    /// No random bytes for a new one.
    #[error("the operating system gave no random bytes")]
    Randomness,
}

impl OrderKeys {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// [`BadKeys`].
    pub fn read(text: &str) -> Result<OrderKeys, BadKeys> {
        let months: Map<String, Value> = serde_json::from_str(text).map_err(|_| BadKeys::Shape)?;
        let key = |(month, key): (String, Value)| {
            let key: Option<Hash> = key.as_str().and_then(|key| key.parse().ok());
            let key = key.ok_or_else(|| BadKeys::Key(month.clone()))?;
            Ok((month, Zeroizing::new(*key.as_bytes())))
        };
        Ok(OrderKeys { months: months.into_iter().map(key).collect::<Result<_, _>>()?, is_new: false })
    }

    /// The name of an order; a month without a key gets one.
    ///
    /// # Errors
    /// [`BadKeys::Randomness`].
    pub fn name(&mut self, month: &str, number: &str) -> Result<String, BadKeys> {
        if !self.months.contains_key(month) {
            let mut key = Zeroizing::new([0; 32]);
            getrandom::fill(&mut *key).map_err(|_| BadKeys::Randomness)?;
            self.months.insert(month.to_owned(), key);
            self.is_new = true;
        }
        let key = self.months.get(month).ok_or(BadKeys::Shape)?;
        Ok(order::name(month, key, number))
    }

    /// Whether there are keys that the file does not have.
    pub const fn is_new(&self) -> bool {
        self.is_new
    }

    /// The text of a file with all keys.
    pub fn text(&self) -> Zeroizing<String> {
        let month = |(month, key): (&String, &MonthKey)| format!("\"{month}\":\"{}\"", Hash::from_bytes(**key));
        let months: Vec<String> = self.months.iter().map(month).collect();
        Zeroizing::new(format!("{{{}}}\n", months.join(",")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_keeps_its_key() {
        let mut keys = OrderKeys::default();
        let named = keys.name("2026-09", "41").unwrap();
        assert!(keys.is_new());
        let mut read = OrderKeys::read(&keys.text()).unwrap();
        assert_eq!((read.name("2026-09", "41").unwrap(), read.is_new()), (named.clone(), false));
        assert_ne!(read.name("2026-10", "41").unwrap().replace("2026-10", "2026-09"), named);
        for bad in ["[]", "{\"2026-09\":1}", "{\"2026-09\":\"ab\"}", ""] {
            assert!(OrderKeys::read(bad).is_err(), "{bad}");
        }
    }
}
