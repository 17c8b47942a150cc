//! GS1 identifiers: what is written on things, in whichever of their spellings, and the one canonical text of each.
//!
//! A thing is named by a GS1 Digital Link of any domain, by an EPC URN, or by any other URI. [`Epc::parse`] reads all
//! of them into one canonical text, `https://id.gs1.org/01/09521234543213/21/7K3X`, under which the ledger knows the
//! thing. [`DigitalLink`] is the whole of a scanned link with its qualifiers and attributes; [`Gtin`], [`Gln`] and
//! [`Sscc`] are the bare numbers.
//!
//! Sources: GS1 General Specifications (keys §2, element strings §3, check digits §7.9), GS1 Digital Link Standard:
//! URI Syntax, EPC Tag Data Standard §6 (URNs), Core Business Vocabulary 2.0 (the constrained form).

mod ai;
mod check;
mod element_string;
mod epc;
mod key;
mod link;
mod percent;
mod urn;

pub use ai::BadElement;
pub use check::{check_digit, check_pair};
pub use element_string::BadElementString;
pub(crate) use epc::is_absolute_uri;
pub use epc::{BadEpc, EPC_BYTES_MAX, Epc, EpcKind, constrained};
pub use key::{BadKey, Gln, Gtin, Sscc};
pub(crate) use link::is_uri_byte;
pub use link::{BadLink, DigitalLink, Element, LINK_BYTES_MAX, Stem};
pub use urn::{BadPrefix, BadUrn, CompanyPrefix, NoUrn};

/// Longest part of a wrong text that an error repeats, in characters.
const QUOTE_CHARS_MAX: usize = 40;

/// The start of a wrong text, for an error's sentence.
pub(crate) fn quote(text: &str) -> String {
    let mut chars = text.chars();
    let start: String = chars.by_ref().take(QUOTE_CHARS_MAX).collect();
    if chars.next().is_some() { format!("{start}…") } else { start }
}

#[cfg(test)]
pub(crate) mod fixtures;
