//! The one canonical text under which the ledger knows a thing.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

use super::{
    Gln, Gtin,
    ai::Judging,
    link::{BadLink, CANONICAL_STEM, DigitalLink, Element, is_uri_byte, path_of},
    quote,
    urn::{self, BadUrn},
};

/// Longest identifier in bytes, in any spelling.
pub const EPC_BYTES_MAX: usize = 1_024;

/// An identifier in its canonical text: `https://id.gs1.org/…` with the key and its finest qualifier only, or any other
/// absolute URI as it came. Ordered by the bytes of that text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epc {
    text: String,
}

/// What kind of thing an identifier names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EpcKind {
    /// One trade item: a GTIN with a serial number (AI 21).
    Item {
        /// Its class.
        gtin: Gtin,
        /// Its serial number, decoded.
        serial: String,
    },
    /// Trade items of a class, of one lot (AI 10) or of any.
    Class {
        /// The class.
        gtin: Gtin,
        /// The lot, decoded.
        lot: Option<String>,
    },
    /// Something that holds others: a logistic unit (AI 00), a returnable asset with its serial number (AI 8003) or an
    /// individual asset (AI 8004).
    Container,
    /// Any other key (places, documents, services …) or URI.
    Other,
}

/// A text that names nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadEpc {
    /// Longer than accepted.
    #[error("an identifier of {bytes} bytes, at most {EPC_BYTES_MAX} are accepted")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// An EPC URN that breaks the form of its scheme.
    #[error(transparent)]
    Urn(#[from] BadUrn),
    /// A link of `id.gs1.org` that is no Digital Link.
    #[error(transparent)]
    Link(#[from] BadLink),
    /// No absolute URI at all.
    #[error("{0:?} is no absolute URI")]
    Uri(String),
    /// An identifier in another spelling, where only the canonical one is accepted.
    #[error("{found:?} is not canonical, {canonical} is")]
    NotCanonical {
        /// What was found, shortened.
        found: String,
        /// The one accepted spelling.
        canonical: String,
    },
}

impl Epc {
    /// Reads an EPC URN, a Digital Link of any domain or any other absolute URI.
    ///
    /// A link of a foreign domain that is no Digital Link, because of its form or a wrong check digit, is kept as it
    /// is, like every URI that GS1 did not shape. Under `id.gs1.org` there is nothing else, so it is refused there.
    ///
    /// # Errors
    /// [`BadEpc`] where the text names nothing.
    pub fn parse(text: &str) -> Result<Epc, BadEpc> {
        if text.len() > EPC_BYTES_MAX {
            return Err(BadEpc::TooLong { bytes: text.len() });
        }
        if let Some(link) = urn::read(text, Judging::Full) {
            return Ok(Epc::of_link(&link?));
        }
        match DigitalLink::parse_identity(text, Judging::Full) {
            Ok(link) => Ok(Epc::of_link(&link)),
            Err(bad) if is_of_gs1(text) => Err(bad.into()),
            Err(_) if is_absolute_uri(text) => Ok(Epc { text: text.to_owned() }),
            Err(_) => Err(BadEpc::Uri(quote(text))),
        }
    }

    /// Reads the canonical text only.
    ///
    /// # Errors
    /// [`BadEpc`] where the text names nothing or has another spelling.
    pub fn from_canonical(text: &str) -> Result<Epc, BadEpc> {
        let epc = Epc::parse(text)?;
        if epc.text == text { Ok(epc) } else { Err(BadEpc::NotCanonical { found: quote(text), canonical: epc.text }) }
    }

    /// The identifier of one trade item.
    ///
    /// # Errors
    /// [`BadEpc::Link`] where AI 21 does not allow the serial number.
    pub fn item(gtin: &Gtin, serial: &str) -> Result<Epc, BadEpc> {
        Ok(Epc::of_link(&DigitalLink::of(&[("01", gtin.as_str()), ("21", serial)])?))
    }

    /// What a scanned link identifies, without attributes and with the finest qualifier only.
    pub fn of_link(link: &DigitalLink) -> Epc {
        Epc { text: format!("{CANONICAL_STEM}/{}", path_of(&finest(link.path_elements()))) }
    }

    /// Reads the path of a canonical link, as [`Epc::path`] gives it.
    ///
    /// # Errors
    /// [`BadEpc`] where it is none.
    pub fn of_path(path: &str) -> Result<Epc, BadEpc> {
        Epc::parse(&format!("{CANONICAL_STEM}/{path}"))
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path of the canonical link without a leading slash, `01/09521234543213/21/7K3X`; the whole text of an
    /// identifier that is no Digital Link.
    pub fn path(&self) -> &str {
        self.link_path().unwrap_or(&self.text)
    }

    fn link_path(&self) -> Option<&str> {
        self.text.strip_prefix(CANONICAL_STEM)?.strip_prefix('/')
    }

    /// The key, and the qualifier if there is one.
    fn steps(&self) -> Option<(Step<'_>, Option<Step<'_>>)> {
        let mut steps = self.link_path()?.split('/');
        let key = (steps.next()?, steps.next()?);
        Some((key, steps.next().zip(steps.next())))
    }

    /// What kind of thing it names.
    pub fn kind(&self) -> EpcKind {
        self.gs1_kind().unwrap_or(EpcKind::Other)
    }

    fn gs1_kind(&self) -> Option<EpcKind> {
        let decoded = |value: &str| super::percent::decode(value, false);
        let kind = match self.steps()? {
            (("01", gtin), Some(("21", serial))) => {
                EpcKind::Item { gtin: gtin.parse().ok()?, serial: decoded(serial)? }
            }
            (("01", gtin), Some(("10", lot))) => EpcKind::Class { gtin: gtin.parse().ok()?, lot: decoded(lot) },
            (("01", gtin), None) => EpcKind::Class { gtin: gtin.parse().ok()?, lot: None },
            (("8003", number), _) if number.len() > GRAI_TYPE_DIGITS => EpcKind::Container,
            (("00" | "8004", _), _) => EpcKind::Container,
            _ => EpcKind::Other,
        };
        Some(kind)
    }

    /// The number of the place (AI 414) or party (AI 417) that it names.
    pub fn gln(&self) -> Option<Gln> {
        match self.steps()? {
            (("414" | "417", number), _) => number.parse().ok(),
            _ => None,
        }
    }

    /// The digits that begin with the GS1 company prefix of whoever issued the key; `None` for other URIs.
    ///
    /// Where the prefix ends is nowhere written, so callers try its possible lengths. In a GTIN and an SSCC a digit
    /// stands before it, in a GRAI a zero (General Specifications §2).
    pub fn company_digits(&self) -> Option<&str> {
        let ((ai, value), _) = self.steps()?;
        match ai {
            "01" | "8006" | "8003" => value.get(1..14),
            "00" => value.get(1..),
            "253" | "255" | "414" | "415" | "417" => value.get(..13),
            _ => value.split(|character: char| !character.is_ascii_digit()).next(),
        }
    }
}

/// An Application Identifier and its value as encoded in the path.
type Step<'a> = (&'a str, &'a str);

/// Digits of a GRAI without serial number: a zero, the asset type and the check digit.
const GRAI_TYPE_DIGITS: usize = 14;

/// The key and the finest of its qualifiers that tells things apart (CBV 2.0, EPCIS Event Hash ID).
///
/// A serial number makes the lot superfluous; a consumer product variant, an importer index and a service instance name
/// no other thing.
pub(super) fn finest(path: &[Element]) -> Vec<Element> {
    let Some((key, qualifiers)) = path.split_first() else { return Vec::new() };
    let names_another =
        |element: &&Element| matches!(element.ai.as_str(), "10" | "21" | "235" | "254" | "8011" | "8020");
    std::iter::once(key).chain(qualifiers.iter().rev().find(names_another)).cloned().collect()
}

/// The constrained canonical Digital Link by which an identifier enters the CBV event hash, or `None` for a text that
/// stays as it is (CBV 2.0, EPCIS Event Hash ID).
///
/// Unlike [`Epc::parse`] it does not mind a wrong check digit: two computers must find the same hash of an event even
/// where it holds an error. Keys that the hash does not list (AIs 415 and 8013) stay as they are.
pub fn constrained(text: &str) -> Option<String> {
    if text.len() > EPC_BYTES_MAX {
        return None;
    }
    let link = match urn::read(text, Judging::FormOnly) {
        Some(link) => link.ok()?,
        None => DigitalLink::parse_identity(text, Judging::FormOnly).ok()?,
    };
    let listed = |key: &Element| !matches!(key.ai.as_str(), "415" | "8013");
    link.path_elements().first().filter(|key| listed(key))?;
    Some(Epc::of_link(&link).text)
}

fn is_of_gs1(text: &str) -> bool {
    let behind = text.split_once("://").map_or("", |(_, behind)| behind);
    let domain = behind.split(['/', '?', '#', ':']).next().unwrap_or_default();
    domain.eq_ignore_ascii_case("id.gs1.org")
}

/// Whether a text has a scheme, something behind it, and only characters of a URI (RFC 3986 §4.3).
pub(crate) fn is_absolute_uri(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    text.bytes().all(is_uri_byte)
        && text.split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty())
}

impl fmt::Display for Epc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Epc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Epc({})", self.text)
    }
}

impl Serialize for Epc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Epc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Epc::from_canonical(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
