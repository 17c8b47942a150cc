//! From a URI to the elements of a link.

use super::{Ai, BadLink, DigitalLink, Element, Judging, LINK_BYTES_MAX, Spelling, compressed, percent, quote};

/// Words that versions up to 1.1 had beside the numbers.
const WORDS: [(&str, &str); 23] = [
    ("cpid", "8010"),
    ("cpsn", "8011"),
    ("cpv", "22"),
    ("gcn", "255"),
    ("gdti", "253"),
    ("giai", "8004"),
    ("ginc", "401"),
    ("gln", "414"),
    ("glnx", "254"),
    ("gmn", "8013"),
    ("grai", "8003"),
    ("gsin", "402"),
    ("gsrn", "8018"),
    ("gsrnp", "8017"),
    ("gtin", "01"),
    ("itip", "8006"),
    ("lot", "10"),
    ("party", "417"),
    ("payTo", "415"),
    ("refno", "8020"),
    ("ser", "21"),
    ("srin", "8019"),
    ("sscc", "00"),
];

pub(super) fn link(uri: &str, spelling: Spelling) -> Result<DigitalLink, BadLink> {
    let (path, query) = path_and_query(uri)?;
    DigitalLink::checked(path_elements(path, spelling)?, query_elements(query, spelling)?, Judging::Full)
}

pub(super) fn identity(uri: &str, judging: Judging) -> Result<DigitalLink, BadLink> {
    let (path, _) = path_and_query(uri)?;
    DigitalLink::checked(path_elements(path, Spelling::Older)?, Vec::new(), judging)
}

fn path_and_query(uri: &str) -> Result<(&str, &str), BadLink> {
    let (_, rest) = domain_and_rest(uri)?;
    let path_and_query = rest.strip_prefix('/').ok_or_else(|| BadLink::NoKey(quote(uri)))?;
    let (path_and_query, _fragment) = path_and_query.split_once('#').unwrap_or((path_and_query, ""));
    Ok(path_and_query.split_once('?').unwrap_or((path_and_query, "")))
}

/// The domain with its port, and what stands behind it: nothing, or the slash of the path and everything after it.
pub(super) fn domain_and_rest(uri: &str) -> Result<(&str, &str), BadLink> {
    if uri.len() > LINK_BYTES_MAX {
        return Err(BadLink::TooLong { bytes: uri.len() });
    }
    let is_wrong = |character: char| !u8::try_from(character).is_ok_and(is_uri_byte);
    if let Some((index, found)) = uri.chars().enumerate().find(|(_, character)| is_wrong(*character)) {
        return Err(BadLink::Characters { text: quote(uri), found, at: index.saturating_add(1) });
    }
    let schemes = ["https://", "http://", "HTTPS://", "HTTP://"];
    let behind =
        schemes.into_iter().find_map(|scheme| uri.strip_prefix(scheme)).ok_or_else(|| BadLink::Scheme(quote(uri)))?;
    let (domain, rest) = behind.split_at_checked(behind.find('/').unwrap_or(behind.len())).unwrap_or((behind, ""));
    if domain.is_empty() || !domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte)) {
        return Err(BadLink::Domain(quote(domain)));
    }
    Ok((domain, rest))
}

/// Letters, digits and the punctuation of RFC 3986.
pub(crate) fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

/// The key and its qualifiers: pairs are read from the end of the path until one has a primary key, so that the stem
/// before it may hold anything.
fn path_elements(path: &str, spelling: Spelling) -> Result<Vec<Element>, BadLink> {
    let mut steps = path.rsplit('/');
    let mut elements = Vec::new();
    while let (Some(value), Some(code)) = (steps.next(), steps.next()) {
        let Some((code, ai)) = application_identifier(code, spelling) else { break };
        let value = percent::decode(value, false).ok_or_else(|| BadLink::Encoding(quote(value)))?;
        elements.push(element(code, value, spelling));
        if ai.qualifiers().is_some() {
            elements.reverse();
            return Ok(elements);
        }
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    Err(if compressed::is_likely(last) { BadLink::Compressed(quote(last)) } else { BadLink::NoKey(quote(path)) })
}

fn application_identifier(code: &str, spelling: Spelling) -> Option<(&str, &'static Ai)> {
    let word = || WORDS.iter().find(|(word, _)| *word == code).map(|(_, number)| *number);
    let code = match spelling {
        Spelling::Current => code,
        Spelling::Older => word().unwrap_or(code),
    };
    Some((code, Ai::find(code)?))
}

/// The attributes: query parameters that are named by digits. Others belong to somebody else and are passed over.
fn query_elements(query: &str, spelling: Spelling) -> Result<Vec<Element>, BadLink> {
    let mut elements = Vec::new();
    for (code, value) in query.split('&').filter_map(|parameter| parameter.split_once('=')) {
        if code.is_empty() || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let value = percent::decode(value, true).ok_or_else(|| BadLink::Encoding(quote(value)))?;
        elements.push(element(code, value, spelling));
    }
    Ok(elements)
}

/// An element, a GTIN filled up to 14 digits where the spelling allows shorter ones.
fn element(code: &str, value: String, spelling: Spelling) -> Element {
    let short = code == "01" && spelling == Spelling::Older && matches!(value.len(), 8 | 12 | 13);
    Element { ai: code.to_owned(), value: if short { format!("{value:0>14}") } else { value } }
}
