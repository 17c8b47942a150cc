//! What is known of a company prefix.

use std::{ops::RangeInclusive, str::FromStr};

use thiserror::Error;

/// Digits of a company prefix in an EPC URN (EPC Tag Data Standard §6).
pub(super) const DIGITS: RangeInclusive<usize> = 6..=12;

/// The digits at the beginning of a key by which GS1 knows its owner, or only how many they are. No key tells where they
/// end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyPrefix {
    /// How many they are.
    pub(super) digits: usize,
    /// Which they are.
    pub(super) known: Option<String>,
}

/// What is no company prefix.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a company prefix has 6 to 12 digits")]
pub struct BadPrefix;

impl CompanyPrefix {
    /// A prefix of which only the number of digits is known.
    ///
    /// # Errors
    /// [`BadPrefix`] where there is none of so many.
    pub fn of_length(digits: usize) -> Result<CompanyPrefix, BadPrefix> {
        if DIGITS.contains(&digits) { Ok(CompanyPrefix { digits, known: None }) } else { Err(BadPrefix) }
    }
}

impl FromStr for CompanyPrefix {
    type Err = BadPrefix;

    fn from_str(text: &str) -> Result<CompanyPrefix, BadPrefix> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadPrefix);
        }
        Ok(CompanyPrefix { known: Some(text.to_owned()), ..CompanyPrefix::of_length(text.len())? })
    }
}
