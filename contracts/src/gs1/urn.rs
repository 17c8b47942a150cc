//! EPC URNs and their Digital Links (EPC Tag Data Standard §6, §7).
//!
//! A URN tells the company prefix apart by a dot and leaves the check digit out; the link has the check digit and does
//! not tell the prefix.

mod prefix;
mod write;

pub use prefix::{BadPrefix, CompanyPrefix};
use thiserror::Error;
pub use write::NoUrn;
pub(super) use write::write;

use super::{
    ai::Judging,
    check::check_digit,
    epc::finest,
    link::{BadLink, DigitalLink, Element},
    percent, quote,
};

/// A URN of a known EPC scheme that does not have the scheme's form.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadUrn {
    /// Fields that are missing, too long, or not made of digits.
    #[error("{text:?} does not have the form {form}")]
    Form {
        /// The URN, shortened.
        text: String,
        /// The scheme's form.
        form: &'static str,
    },
    /// No URN of a scheme with a GS1 key, or a pattern that leaves more than the serial number open.
    #[error("{0:?} is no EPC URN of a thing with a GS1 key")]
    Scheme(String),
    /// A value that the key does not allow.
    #[error(transparent)]
    Value(#[from] BadLink),
}

/// A scheme: what stands behind `urn:epc:`, the form as people write it, and how the fields become elements.
struct Scheme {
    name: &'static str,
    form: &'static str,
    read: fn(&str) -> Option<Vec<Element>>,
}

const SCHEMES: [Scheme; 23] = [
    Scheme { name: "id:sgtin:", form: "urn:epc:id:sgtin:Prefix.IndicatorItem.Serial", read: sgtin },
    Scheme { name: "id:sscc:", form: "urn:epc:id:sscc:Prefix.ExtensionSerial", read: sscc },
    Scheme { name: "id:sgln:", form: "urn:epc:id:sgln:Prefix.Location.Extension", read: sgln },
    Scheme { name: "id:pgln:", form: "urn:epc:id:pgln:Prefix.Party", read: pgln },
    Scheme { name: "id:grai:", form: "urn:epc:id:grai:Prefix.AssetType.Serial", read: grai },
    Scheme { name: "id:giai:", form: "urn:epc:id:giai:Prefix.Asset", read: |body| asset("8004", body) },
    Scheme { name: "id:gsrn:", form: "urn:epc:id:gsrn:Prefix.Reference", read: |body| number("8018", body, 17) },
    Scheme { name: "id:gsrnp:", form: "urn:epc:id:gsrnp:Prefix.Reference", read: |body| number("8017", body, 17) },
    Scheme { name: "id:gsin:", form: "urn:epc:id:gsin:Prefix.Reference", read: |body| number("402", body, 16) },
    Scheme { name: "id:gdti:", form: "urn:epc:id:gdti:Prefix.DocumentType.Serial", read: |body| typed("253", body) },
    Scheme { name: "id:sgcn:", form: "urn:epc:id:sgcn:Prefix.Coupon.Serial", read: |body| typed("255", body) },
    Scheme { name: "id:cpi:", form: "urn:epc:id:cpi:Prefix.Part.Serial", read: cpi },
    Scheme { name: "id:ginc:", form: "urn:epc:id:ginc:Prefix.Consignment", read: |body| asset("401", body) },
    Scheme { name: "id:itip:", form: "urn:epc:id:itip:Prefix.IndicatorItem.Piece.Total.Serial", read: itip },
    Scheme { name: "id:upui:", form: "urn:epc:id:upui:Prefix.IndicatorItem.Extension", read: upui },
    Scheme { name: "class:lgtin:", form: "urn:epc:class:lgtin:Prefix.IndicatorItem.Lot", read: lgtin },
    Scheme { name: "idpat:sgtin:", form: "urn:epc:idpat:sgtin:Prefix.IndicatorItem.*", read: any_of_gtin },
    Scheme { name: "idpat:upui:", form: "urn:epc:idpat:upui:Prefix.IndicatorItem.*", read: any_of_gtin },
    Scheme { name: "idpat:grai:", form: "urn:epc:idpat:grai:Prefix.AssetType.*", read: any_of_grai },
    Scheme { name: "idpat:gdti:", form: "urn:epc:idpat:gdti:Prefix.DocumentType.*", read: |body| any_of("253", body) },
    Scheme { name: "idpat:sgcn:", form: "urn:epc:idpat:sgcn:Prefix.Coupon.*", read: |body| any_of("255", body) },
    Scheme { name: "idpat:cpi:", form: "urn:epc:idpat:cpi:Prefix.Part.*", read: any_of_cpi },
    Scheme { name: "idpat:itip:", form: "urn:epc:idpat:itip:Prefix.IndicatorItem.Piece.Total.*", read: any_of_itip },
];

/// The link that an EPC URN stands for, or `None` for a text that is no URN of a scheme with a GS1 key (`gid`, `adi`,
/// patterns that leave more than the serial open …).
pub(super) fn read(urn: &str, judging: Judging) -> Option<Result<DigitalLink, BadUrn>> {
    let behind = urn.strip_prefix("urn:epc:")?;
    let (scheme, body) = SCHEMES.iter().find_map(|scheme| Some((scheme, behind.strip_prefix(scheme.name)?)))?;
    let wrong_form = || BadUrn::Form { text: quote(urn), form: scheme.form };
    let is_open_pattern =
        scheme.name.starts_with("idpat:") && body.split_once('*').is_some_and(|(_, rest)| !rest.is_empty());
    if is_open_pattern {
        return None;
    }
    let elements = (scheme.read)(body).ok_or_else(wrong_form);
    Some(elements.and_then(|elements| Ok(DigitalLink::checked(elements, Vec::new(), judging)?)))
}

impl DigitalLink {
    /// The link of what an EPC URN names.
    ///
    /// # Errors
    /// [`BadUrn`] where it is none, or none with a GS1 key.
    pub fn of_urn(urn: &str) -> Result<DigitalLink, BadUrn> {
        read(urn, Judging::Full).unwrap_or_else(|| Err(BadUrn::Scheme(quote(urn))))
    }

    /// The EPC URN of what the link names, by its key and the finest qualifier; a URN has no place for more. Without a
    /// serial number it is the pattern of all of them.
    ///
    /// # Errors
    /// [`NoUrn`] where there is no scheme for the key, or it does not begin with such a company prefix.
    pub fn urn(&self, prefix: &CompanyPrefix) -> Result<String, NoUrn> {
        match finest(self.path_elements()).as_slice() {
            [key, qualifiers @ ..] => write(key, qualifiers.first(), prefix),
            [] => Err(NoUrn::Scheme(String::new())),
        }
    }
}

fn sgtin(body: &str) -> Option<Vec<Element>> {
    let [prefix, item, serial] = fields(body)?;
    Some(vec![element("01", gtin(prefix, item)?), element("21", percent::decode(serial, false)?)])
}

fn lgtin(body: &str) -> Option<Vec<Element>> {
    let [prefix, item, lot] = fields(body)?;
    Some(vec![element("01", gtin(prefix, item)?), element("10", percent::decode(lot, false)?)])
}

fn upui(body: &str) -> Option<Vec<Element>> {
    let [prefix, item, extension] = fields(body)?;
    Some(vec![element("01", gtin(prefix, item)?), element("235", percent::decode(extension, false)?)])
}

fn itip(body: &str) -> Option<Vec<Element>> {
    let [prefix, item, piece, total, serial] = fields(body)?;
    Some(vec![piece_of(prefix, item, piece, total)?, element("21", percent::decode(serial, false)?)])
}

fn sscc(body: &str) -> Option<Vec<Element>> {
    let [prefix, reference] = fields(body)?;
    Some(vec![element("00", with_leading_digit(prefix, reference, 17)?)])
}

/// An extension of 0 means none.
fn sgln(body: &str) -> Option<Vec<Element>> {
    let [prefix, location, extension] = fields(body)?;
    let mut elements = vec![element("414", digits(prefix, location, 12)?)];
    if extension != "0" {
        elements.push(element("254", percent::decode(extension, false)?));
    }
    Some(elements)
}

fn pgln(body: &str) -> Option<Vec<Element>> {
    number("417", body, 12)
}

fn grai(body: &str) -> Option<Vec<Element>> {
    let [prefix, kind, serial] = fields(body)?;
    let serial = percent::decode(serial, false).filter(|serial| !serial.is_empty())?;
    Some(vec![element("8003", format!("0{}{serial}", digits(prefix, kind, 12)?))])
}

/// Document and coupon numbers: a type with check digit, then the serial number without a separator.
fn typed(ai: &str, body: &str) -> Option<Vec<Element>> {
    let [prefix, kind, serial] = fields(body)?;
    let serial = percent::decode(serial, false).filter(|serial| !serial.is_empty())?;
    Some(vec![element(ai, format!("{}{serial}", digits(prefix, kind, 12)?))])
}

/// A prefix with the owner's own reference behind it, which may have letters.
fn asset(ai: &str, body: &str) -> Option<Vec<Element>> {
    let [prefix, reference] = fields(body)?;
    let reference = percent::decode(reference, false).filter(|reference| !reference.is_empty())?;
    Some(vec![element(ai, format!("{}{reference}", prefix_of(prefix)?))])
}

fn cpi(body: &str) -> Option<Vec<Element>> {
    let [prefix, part, serial] = fields(body)?;
    let part = percent::decode(part, false)?;
    Some(vec![element("8010", format!("{}{part}", prefix_of(prefix)?)), element("8011", serial.to_owned())])
}

/// A number of `total` digits and a check digit.
fn number(ai: &str, body: &str, total: usize) -> Option<Vec<Element>> {
    let [prefix, reference] = fields(body)?;
    Some(vec![element(ai, digits(prefix, reference, total)?)])
}

fn any_of_gtin(body: &str) -> Option<Vec<Element>> {
    let [prefix, item, "*"] = fields(body)? else { return None };
    Some(vec![element("01", gtin(prefix, item)?)])
}

fn any_of_grai(body: &str) -> Option<Vec<Element>> {
    let [prefix, kind, "*"] = fields(body)? else { return None };
    Some(vec![element("8003", format!("0{}", digits(prefix, kind, 12)?))])
}

fn any_of(ai: &str, body: &str) -> Option<Vec<Element>> {
    let [prefix, kind, "*"] = fields(body)? else { return None };
    Some(vec![element(ai, digits(prefix, kind, 12)?)])
}

fn any_of_cpi(body: &str) -> Option<Vec<Element>> {
    let [prefix, part, "*"] = fields(body)? else { return None };
    Some(vec![element("8010", format!("{}{}", prefix_of(prefix)?, percent::decode(part, false)?))])
}

fn any_of_itip(body: &str) -> Option<Vec<Element>> {
    let [prefix, item, piece, total, "*"] = fields(body)? else { return None };
    Some(vec![piece_of(prefix, item, piece, total)?])
}

fn element(ai: &str, value: String) -> Element {
    Element { ai: ai.to_owned(), value }
}

/// The fields between dots; the last one may have dots of its own.
fn fields<const N: usize>(body: &str) -> Option<[&str; N]> {
    body.splitn(N, '.').collect::<Vec<_>>().try_into().ok()
}

fn prefix_of(text: &str) -> Option<&str> {
    (prefix::DIGITS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// Prefix and reference, `total` digits together, with their check digit.
fn digits(prefix: &str, reference: &str, total: usize) -> Option<String> {
    let body = format!("{}{reference}", prefix_of(prefix)?);
    let check = check_digit(&body).filter(|_| body.len() == total)?;
    Some(format!("{body}{check}"))
}

/// The same where the reference's first digit stands before the prefix: packaging level or extension.
fn with_leading_digit(prefix: &str, reference: &str, total: usize) -> Option<String> {
    let (leading, reference) = reference.split_at_checked(1)?;
    let body = format!("{leading}{}{reference}", prefix_of(prefix)?);
    let check = check_digit(&body).filter(|_| body.len() == total)?;
    Some(format!("{body}{check}"))
}

fn gtin(prefix: &str, item: &str) -> Option<String> {
    with_leading_digit(prefix, item, 13)
}

fn piece_of(prefix: &str, item: &str, piece: &str, total: &str) -> Option<Element> {
    (piece.len() == 2 && total.len() == 2).then_some(())?;
    Some(element("8006", format!("{}{piece}{total}", gtin(prefix, item)?)))
}

#[cfg(test)]
mod tests;
