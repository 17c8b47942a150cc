//! GS1 Digital Links: web addresses that carry identifiers (GS1 Digital Link Standard: URI Syntax).
//!
//! `https://any.example/stem/01/09521234543213/10/L7/21/7K3X?17=261231` has a stem that means nothing to the
//! identifier, a primary key (AI 01), qualifiers in a fixed order (10, 21) and attributes in the query (17).

mod compressed;
mod read;
mod stem;

pub(crate) use read::is_uri_byte;
pub use stem::Stem;
use thiserror::Error;

use super::{
    Gtin,
    ai::{self, Ai, BadElement, Judging},
    percent, quote,
};

/// Longest Digital Link in bytes.
pub const LINK_BYTES_MAX: usize = 2_048;

/// Where canonical links point (Digital Link URI Syntax §4.11).
pub(super) const CANONICAL_STEM: &str = "https://id.gs1.org";

/// An Application Identifier with its value, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// The Application Identifier, two to four digits.
    pub ai: String,
    /// The value in plain characters.
    pub value: String,
}

/// What a Digital Link says, whatever its domain and spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigitalLink {
    /// The key, then its qualifiers in their order. Never empty.
    path: Vec<Element>,
    attributes: Vec<Element>,
}

/// A text that is no Digital Link.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadLink {
    /// Longer than accepted.
    #[error("a link of {bytes} bytes, at most {LINK_BYTES_MAX} are accepted")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A character that a URI must encode.
    #[error("{text:?} has {found:?} as character {at}, which cannot stand in a URI")]
    Characters {
        /// The text, shortened.
        text: String,
        /// The first such character.
        found: char,
        /// Its place in the text, from 1.
        at: usize,
    },
    /// Another scheme than http or https, or one in mixed case.
    #[error("{0:?} begins with neither https:// nor http://")]
    Scheme(String),
    /// No domain, or one with other characters than letters, digits, hyphen, dot and a port.
    #[error("{0:?} is no domain")]
    Domain(String),
    /// No pair of a primary key and its value ends the path.
    #[error("{0:?} has no GS1 key in its path")]
    NoKey(String),
    /// A link whose elements are packed into one piece of its path.
    #[error("{0:?} looks like a compressed Digital Link, only uncompressed ones are read")]
    Compressed(String),
    /// A stem with a query or a fragment.
    #[error("the stem {0:?} has a query or a fragment, links cannot begin with it")]
    Stem(String),
    /// A broken percent-encoding.
    #[error("{0:?} is no percent-encoded text")]
    Encoding(String),
    /// A value that its Application Identifier does not allow.
    #[error(transparent)]
    Element(#[from] BadElement),
    /// Qualifiers that do not belong to the key or stand in another order.
    #[error("the qualifiers {qualifiers:?} cannot follow AI {key} in this order")]
    Qualifiers {
        /// The key's Application Identifier.
        key: String,
        /// Those of the qualifiers as they stand.
        qualifiers: Vec<String>,
    },
    /// An Application Identifier that may stand in the path only, or in no link at all.
    #[error("AI {0} cannot be an attribute of this link")]
    Attribute(String),
    /// The same Application Identifier twice.
    #[error("AI {0} occurs twice")]
    Repeated(String),
}

/// Which spellings are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// The current standard: 14 digits in a GTIN, numbers for Application Identifiers.
    Current,
    /// Also what versions up to 1.1 allowed and packages still bear: GTINs without leading zeros, `gtin` for `01`.
    Older,
}

impl DigitalLink {
    /// Reads a link of any domain by the current standard.
    ///
    /// The scheme may be in capitals throughout, as in the alphanumeric mode of QR codes; the fragment is ignored, as
    /// are query parameters other than Application Identifiers.
    ///
    /// # Errors
    /// [`BadLink`] with the first thing that is wrong.
    pub fn parse(uri: &str) -> Result<DigitalLink, BadLink> {
        read::link(uri, Spelling::Current)
    }

    /// Reads a link that may also be spelled as versions up to 1.1 of the standard allowed: GTINs of 8, 12 or 13
    /// digits, and words for Application Identifiers (`gtin`, `ser`, `lot` …).
    ///
    /// # Errors
    /// [`BadLink`] with the first thing that is wrong.
    pub fn parse_older(uri: &str) -> Result<DigitalLink, BadLink> {
        read::link(uri, Spelling::Older)
    }

    /// Reads only what a link identifies, in any spelling, and passes its attributes over.
    pub(super) fn parse_identity(uri: &str, judging: Judging) -> Result<DigitalLink, BadLink> {
        read::identity(uri, judging)
    }

    /// A link with these elements: the first primary key among them becomes the key, what qualifies it stands behind
    /// it in the standard's order, and the rest become attributes. A pair given twice counts once.
    ///
    /// # Errors
    /// [`BadLink`] where there is no key, a value is not allowed, or an element has no place in the link.
    pub fn of(elements: &[(&str, &str)]) -> Result<DigitalLink, BadLink> {
        let mut rest: Vec<Element> = Vec::with_capacity(elements.len());
        for &(ai, value) in elements {
            let element = Element { ai: ai.to_owned(), value: value.to_owned() };
            if !rest.contains(&element) {
                rest.push(element);
            }
        }
        let qualifiers_of = |element: &Element| Ai::find(&element.ai).and_then(Ai::qualifiers);
        let Some((at, sequences)) =
            rest.iter().enumerate().find_map(|(at, element)| Some((at, qualifiers_of(element)?)))
        else {
            return Err(BadLink::NoKey(elements.iter().map(|(ai, _)| format!("({ai})")).collect()));
        };
        let key = rest.remove(at);
        let fits = |sequence: &&[&str]| sequence.iter().any(|ai| rest.iter().any(|element| element.ai == *ai));
        // Some keys have alternative qualifiers (AI 01 either 22, 10, 21 or 235): the first that leaves every element a
        // place is taken.
        let mut links =
            sequences.iter().copied().filter(fits).map(|sequence| DigitalLink::sorted(&key, &rest, sequence));
        let Some(link) = links.next() else { return DigitalLink::sorted(&key, &rest, &[]) };
        link.or_else(|bad| links.find_map(Result::ok).ok_or(bad))
    }

    /// The key with those of the other elements behind it that are in `sequence`, in its order; the rest as attributes.
    fn sorted(key: &Element, others: &[Element], sequence: &[&str]) -> Result<DigitalLink, BadLink> {
        let (mut path, mut rest) = (vec![key.clone()], others.to_vec());
        for ai in sequence {
            if let Some(at) = rest.iter().position(|element| element.ai == *ai) {
                path.push(rest.remove(at));
            }
        }
        DigitalLink::checked(path, rest, Judging::Full)
    }

    /// Checks what [`read`] and [`of`](Self::of) have put together.
    pub(super) fn checked(
        path: Vec<Element>,
        attributes: Vec<Element>,
        judging: Judging,
    ) -> Result<DigitalLink, BadLink> {
        let mut seen: Vec<&str> = Vec::with_capacity(path.len().saturating_add(attributes.len()));
        for Element { ai, value } in path.iter().chain(&attributes) {
            if seen.contains(&ai.as_str()) {
                return Err(BadLink::Repeated(ai.clone()));
            }
            seen.push(ai);
            let form = Ai::find(ai).ok_or_else(|| BadElement::Unknown(quote(ai)))?;
            form.check(ai, value, judging)?;
        }
        let link = DigitalLink { path, attributes };
        link.check_places()?;
        Ok(link)
    }

    /// That the qualifiers may follow the key in this order, and that no attribute belongs elsewhere.
    fn check_places(&self) -> Result<(), BadLink> {
        let (key, qualifiers) = self.path.split_first().ok_or_else(|| BadLink::NoKey(String::new()))?;
        let sequences = Ai::find(&key.ai).and_then(Ai::qualifiers).ok_or_else(|| BadLink::NoKey(quote(&key.ai)))?;
        let codes: Vec<&str> = qualifiers.iter().map(|element| element.ai.as_str()).collect();
        let fits =
            |codes: &[&str]| codes.is_empty() || sequences.iter().any(|sequence| is_subsequence(codes, sequence));
        if !fits(&codes) {
            let qualifiers = codes.into_iter().map(str::to_owned).collect();
            return Err(BadLink::Qualifiers { key: key.ai.clone(), qualifiers });
        }
        for Element { ai, .. } in &self.attributes {
            let qualifies = (0..=codes.len()).any(|at| {
                let mut with = codes.clone();
                with.insert(at, ai);
                fits(&with)
            });
            if qualifies || !Ai::find(ai).is_some_and(Ai::is_attribute) {
                return Err(BadLink::Attribute(ai.clone()));
            }
        }
        Ok(())
    }

    /// The key, followed by its qualifiers in their order.
    pub fn path_elements(&self) -> &[Element] {
        &self.path
    }

    /// The attributes in the order of the query.
    pub fn attributes(&self) -> &[Element] {
        &self.attributes
    }

    /// The value of an Application Identifier, wherever it stands.
    pub fn get(&self, ai: &str) -> Option<&str> {
        self.path.iter().chain(&self.attributes).find(|element| element.ai == ai).map(|element| element.value.as_str())
    }

    /// The GTIN, where the key is one.
    pub fn gtin(&self) -> Option<Gtin> {
        let key = self.path.first().filter(|key| key.ai == "01")?;
        key.value.parse().ok()
    }

    /// Key and qualifiers as a path without a leading slash: `01/09521234543213/10/L7/21/7K3X`.
    pub fn path(&self) -> String {
        path_of(&self.path)
    }

    /// The canonical link: `https://id.gs1.org/` with all qualifiers and without attributes.
    pub fn canonical(&self) -> String {
        format!("{CANONICAL_STEM}/{}", self.path())
    }

    /// The link under a stem, with all qualifiers and attributes.
    pub fn uri(&self, stem: &Stem) -> String {
        let mut uri = format!("{stem}/{}", self.path());
        for (Element { ai, value }, before) in
            self.attributes.iter().zip(['?'].into_iter().chain(['&'].into_iter().cycle()))
        {
            uri.push(before);
            uri.push_str(&format!("{ai}={}", percent::encode_in_query(value)));
        }
        uri
    }

    /// The element strings as a bar code has them, `^` standing for the separator FNC1 (General Specifications §7.8).
    pub fn element_string(&self) -> String {
        let mut text = String::new();
        let mut separated = false;
        for Element { ai, value } in self.path.iter().chain(&self.attributes) {
            if !separated {
                text.push('^');
            }
            text.push_str(ai);
            text.push_str(value);
            separated = ai::has_predefined_length(ai);
        }
        text
    }
}

/// Elements as a path without a leading slash, values encoded.
pub(super) fn path_of(elements: &[Element]) -> String {
    let steps: Vec<String> =
        elements.iter().map(|Element { ai, value }| format!("{ai}/{}", percent::encode_in_path(value))).collect();
    steps.join("/")
}

/// Whether `codes` are elements of `sequence` in its order.
fn is_subsequence(codes: &[&str], sequence: &[&str]) -> bool {
    let mut rest = sequence.iter();
    codes.iter().all(|code| rest.any(|known| known == code))
}

#[cfg(test)]
mod tests;
