//! From a link to the EPC URN of the same thing, where it is known which digits are the company prefix.

use std::ops::Range;

use thiserror::Error;

use super::CompanyPrefix;
use crate::gs1::{Element, percent, quote};

/// A link for which there is no EPC URN.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoUrn {
    /// Keys, or keys with a qualifier, for which EPC URNs have no scheme.
    #[error("there is no EPC URN for AI {0}")]
    Scheme(String),
    /// A key that does not begin with so many digits, or has nothing behind them.
    #[error("the value {value:?} of AI {ai} does not begin with a company prefix of {digits} digits")]
    Length {
        /// The key's Application Identifier.
        ai: String,
        /// Its value, shortened.
        value: String,
        /// The digits of the prefix.
        digits: usize,
    },
    /// A key of another company.
    #[error("the value {value:?} of AI {ai} does not begin with the company prefix {prefix}")]
    Prefix {
        /// The key's Application Identifier.
        ai: String,
        /// Its value, shortened.
        value: String,
        /// The prefix.
        prefix: String,
    },
    /// A place whose extension is 0, which a URN writes where there is none.
    #[error("AI 254 is 0, which in an EPC URN means that there is no extension")]
    Extension,
}

/// The URN of a key, of one qualifier if it has one, as [`read`](super::read) turns it into them.
pub(in crate::gs1) fn write(
    key: &Element,
    qualifier: Option<&Element>,
    prefix: &CompanyPrefix,
) -> Result<String, NoUrn> {
    let key = Key { key, prefix };
    let value = key.key.value.as_str();
    let digits = |digits: Range<usize>| value.get(digits).unwrap_or_default();
    let behind = |digits: usize| Some(value.get(digits..).unwrap_or_default()).filter(|serial| !serial.is_empty());
    let of_qualifier = qualifier.map(|element| (element.ai.as_str(), element.value.as_str()));
    let (scheme, body, last) = match (key.key.ai.as_str(), of_qualifier) {
        ("01", None) => ("idpat:sgtin", key.behind_leading(digits(0..13))?, Some(ANY)),
        ("01", Some(("10", lot))) => ("class:lgtin", key.behind_leading(digits(0..13))?, Some(lot)),
        ("01", Some(("21", serial))) => ("id:sgtin", key.behind_leading(digits(0..13))?, Some(serial)),
        ("01", Some(("235", extension))) => ("id:upui", key.behind_leading(digits(0..13))?, Some(extension)),
        ("8006", None) => ("idpat:itip", key.piece()?, Some(ANY)),
        ("8006", Some(("21", serial))) => ("id:itip", key.piece()?, Some(serial)),
        ("00", None) => ("id:sscc", key.behind_leading(digits(0..17))?, None),
        ("414", Some(("254", "0"))) => return Err(NoUrn::Extension),
        ("414", Some(("254", extension))) => ("id:sgln", key.digits(digits(0..12))?, Some(extension)),
        ("414", None) => ("id:sgln", key.digits(digits(0..12))?, Some("0")),
        ("417", None) => ("id:pgln", key.digits(digits(0..12))?, None),
        ("8003", None) => typed(("id:grai", "idpat:grai"), key.digits(digits(1..13))?, behind(14)),
        ("253", None) => typed(("id:gdti", "idpat:gdti"), key.digits(digits(0..12))?, behind(13)),
        ("255", None) => typed(("id:sgcn", "idpat:sgcn"), key.digits(digits(0..12))?, behind(13)),
        ("8004", None) => ("id:giai", key.asset()?, None),
        ("401", None) => ("id:ginc", key.asset()?, None),
        ("8010", None) => ("idpat:cpi", key.asset()?, Some(ANY)),
        ("8010", Some(("8011", serial))) => ("id:cpi", key.asset()?, Some(serial)),
        ("8017", None) => ("id:gsrnp", key.digits(digits(0..17))?, None),
        ("8018", None) => ("id:gsrn", key.digits(digits(0..17))?, None),
        ("402", None) => ("id:gsin", key.digits(digits(0..16))?, None),
        (ai, None) => return Err(NoUrn::Scheme(ai.to_owned())),
        (ai, Some((with, _))) => return Err(NoUrn::Scheme(format!("{ai} with AI {with}"))),
    };
    Ok(match last {
        None => format!("urn:epc:{scheme}:{body}"),
        Some(last) => format!("urn:epc:{scheme}:{body}.{}", percent::encode_in_urn(last)),
    })
}

/// What stands for any serial number in a pattern.
const ANY: &str = "*";

/// A type with a serial number, or the pattern of all its serial numbers.
fn typed<'a>(
    (one, any): (&'static str, &'static str),
    body: String,
    serial: Option<&'a str>,
) -> (&'static str, String, Option<&'a str>) {
    match serial {
        Some(serial) => (one, body, Some(serial)),
        None => (any, body, Some(ANY)),
    }
}

struct Key<'a> {
    key: &'a Element,
    prefix: &'a CompanyPrefix,
}

impl Key<'_> {
    /// The prefix, and what stands behind it.
    fn split<'t>(&self, text: &'t str) -> Result<(&'t str, &'t str), NoUrn> {
        let Element { ai, value } = self.key;
        let (found, rest) = text
            .split_at_checked(self.prefix.digits)
            .filter(|(prefix, _)| prefix.bytes().all(|byte| byte.is_ascii_digit()))
            .ok_or_else(|| self.too_short())?;
        match &self.prefix.known {
            Some(known) if known != found => {
                Err(NoUrn::Prefix { ai: ai.clone(), value: quote(value), prefix: known.clone() })
            }
            Some(_) | None => Ok((found, rest)),
        }
    }

    fn too_short(&self) -> NoUrn {
        let Element { ai, value } = self.key;
        NoUrn::Length { ai: ai.clone(), value: quote(value), digits: self.prefix.digits }
    }

    /// Digits that begin with the prefix.
    fn digits(&self, digits: &str) -> Result<String, NoUrn> {
        let (prefix, reference) = self.split(digits)?;
        Ok(format!("{prefix}.{reference}"))
    }

    /// The same where a packaging level or an extension digit stands before the prefix; in the URN it stands behind.
    fn behind_leading(&self, digits: &str) -> Result<String, NoUrn> {
        let (leading, digits) = digits.split_at_checked(1).ok_or_else(|| self.too_short())?;
        let (prefix, reference) = self.split(digits)?;
        Ok(format!("{prefix}.{leading}{reference}"))
    }

    fn piece(&self) -> Result<String, NoUrn> {
        let part = |digits: Range<usize>| self.key.value.get(digits).unwrap_or_default();
        Ok(format!("{}.{}.{}", self.behind_leading(part(0..13))?, part(14..16), part(16..18)))
    }

    /// A prefix with the owner's own reference behind it, which may have letters.
    fn asset(&self) -> Result<String, NoUrn> {
        let (prefix, reference) = self.split(&self.key.value)?;
        if reference.is_empty() {
            return Err(self.too_short());
        }
        Ok(format!("{prefix}.{}", percent::encode_in_urn(reference)))
    }
}
