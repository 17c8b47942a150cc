//! GS1 identifiers and the hash of EPCIS events: many spellings, one name.

use std::collections::BTreeMap;

use hefu_contracts::{
    cbv,
    gs1::{DigitalLink, EPC_BYTES_MAX, Epc, EpcKind, LINK_BYTES_MAX, Stem, constrained},
    row::key_of_thing,
};
use hefu_keys::Hash;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Verdict, golden, text};

/// Keys that the event hash leaves in their spelling: AIs 415 and 8013.
const NOT_HASHED: [&str; 2] = ["https://id.gs1.org/415/", "https://id.gs1.org/8013/"];

/// An identifier's canonical text is its own canonical text, and says as much as any other spelling.
pub(super) fn epc(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let hashed = constrained(text);
    if let Some(hashed) = &hashed {
        assert_eq!(constrained(hashed).as_ref(), Some(hashed), "the form of the event hash is not its own");
    }
    let Ok(epc) = Epc::parse(text) else { return Verdict::Refused };
    assert_eq!(Epc::from_canonical(epc.as_str()).as_ref(), Ok(&epc), "the canonical text is not its own");
    let written = serde_json::to_string(&epc).expect("a text");
    assert_eq!(serde_json::from_str::<Epc>(&written).ok().as_ref(), Some(&epc), "read otherwise than written");
    assert!(epc.company_digits().is_none_or(|digits| digits.bytes().all(|digit| digit.is_ascii_digit())));
    let path = epc.path();
    match epc.kind() {
        EpcKind::Item { gtin, serial } => {
            assert_eq!(Epc::item(&gtin, &serial).as_ref(), Ok(&epc), "not the item of its GTIN and serial");
        }
        EpcKind::Class { gtin, lot: None } => assert_eq!(path, format!("01/{gtin}")),
        EpcKind::Class { gtin, lot: Some(_) } => assert!(path.starts_with(&format!("01/{gtin}/10/"))),
        EpcKind::Container => assert!(["00/", "8003/", "8004/"].iter().any(|key| path.starts_with(key))),
        EpcKind::Other => {}
    }
    if let Some(gln) = epc.gln() {
        assert!(path.starts_with(&format!("414/{gln}")) || path.starts_with(&format!("417/{gln}")));
    }
    let key = key_of_thing(&epc);
    assert_eq!(key.split_once('/').map(|(_, behind)| behind), Some(path), "the row's key is not the path");
    // A link that is one to the ledger is the same one to the hash.
    let is_link = path.len() < epc.as_str().len() && !NOT_HASHED.iter().any(|stem| epc.as_str().starts_with(stem));
    assert!(!is_link || hashed.as_deref() == Some(epc.as_str()), "the event hash knows it as {hashed:?}");
    Verdict::Accepted
}

/// A Digital Link says the same under any domain, as its elements alone, and in its canonical form.
pub(super) fn link(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let older = DigitalLink::parse_older(text);
    if let Ok(link) = DigitalLink::parse(text) {
        assert_eq!(older.as_ref(), Ok(&link), "an older reader takes it for something else");
    }
    let Ok(link) = older else { return Verdict::Refused };
    let canonical = link.canonical();
    if canonical.len() <= LINK_BYTES_MAX {
        let again = DigitalLink::parse(&canonical).expect("the canonical link is one");
        assert_eq!((again.path_elements(), again.canonical()), (link.path_elements(), canonical));
        assert!(again.attributes().is_empty());
    }
    let stem: Stem = "https://t.example/".parse().expect("a stem");
    let uri = link.uri(&stem);
    if uri.len() <= LINK_BYTES_MAX {
        assert_eq!(DigitalLink::parse(&uri).as_ref(), Ok(&link), "under another domain it says something else");
    }
    let elements: Vec<(&str, &str)> = link
        .path_elements()
        .iter()
        .chain(link.attributes())
        .map(|element| (element.ai.as_str(), element.value.as_str()))
        .collect();
    assert_eq!(DigitalLink::of(&elements).as_ref(), Ok(&link), "its elements make another link");
    assert!(elements.iter().all(|(ai, value)| link.get(ai) == Some(value)));
    let element_string = link.element_string();
    assert!(element_string.starts_with('^'));
    if element_string.len() <= LINK_BYTES_MAX {
        assert_eq!(
            DigitalLink::of_element_string(&element_string).as_ref(),
            Ok(&link),
            "its bar code says something else"
        );
    }
    let epc = Epc::of_link(&link);
    assert_eq!(Epc::from_canonical(epc.as_str()).as_ref(), Ok(&epc), "what it identifies has another canonical text");
    if text.len() <= EPC_BYTES_MAX {
        assert_eq!(Epc::parse(text), Ok(epc), "as an identifier it names something else");
    }
    Verdict::Accepted
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, rename = "@context")]
    context: Option<&'a RawValue>,
    #[serde(borrow)]
    event: &'a RawValue,
}

/// An event's hash depends on what happened: neither on the order of members and lists, nor on white space, nor on what
/// only describes the event's record.
pub(super) fn cbv(bytes: &[u8]) -> Verdict {
    let Ok(document) = serde_json::from_slice::<Document<'_>>(bytes) else { return Verdict::Refused };
    let (event, contexts) = (document.event.get(), document.context.map(RawValue::get));
    let contexts: Vec<&str> = contexts.into_iter().collect();
    let found = cbv::prehash(event, &contexts);
    let hash = cbv::event_hash(event, &contexts).ok();
    assert_eq!(hash, found.as_ref().ok().map(|text| Hash::of(text.as_bytes())), "not the hash of the pre-hash string");
    let Ok(prehash) = found else { return Verdict::Refused };
    assert!(prehash.starts_with("eventType="));
    assert_eq!(
        hash.map(|hash| cbv::hash_of_event_id(&cbv::event_id(&hash))),
        Some(hash),
        "its identifier is another's"
    );
    let turned = turned(document.event, false).expect("it was read before");
    assert_eq!(cbv::prehash(&turned, &contexts).ok().as_ref(), Some(&prehash), "order matters: {turned}");
    let described = described(document.event).expect("an object");
    assert_eq!(cbv::prehash(&described, &contexts).ok(), Some(prehash), "its description matters: {described}");
    Verdict::Accepted
}

/// The same JSON with members in the opposite order and white space between; lists as well, except in a context, where
/// the later of two declarations counts.
fn turned(raw: &RawValue, in_context: bool) -> Option<String> {
    let text = raw.get();
    Some(match text.as_bytes().first() {
        Some(b'{') => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            let turn = |(name, value): (&String, &&RawValue)| {
                let value = turned(value, in_context || name == "@context")?;
                Some(format!(" {} :\n{value}", serde_json::to_string(name).ok()?))
            };
            format!("{{{}}}", members.iter().rev().map(turn).collect::<Option<Vec<_>>>()?.join(","))
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let mut items: Vec<String> =
                items.into_iter().map(|item| turned(item, in_context)).collect::<Option<_>>()?;
            if !in_context {
                items.reverse();
            }
            format!("[ {} ]", items.join(" , "))
        }
        _ => text.to_owned(),
    })
}

/// The event with another identifier, time of recording and declaration of an error.
fn described(raw: &RawValue) -> Option<String> {
    let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(raw.get()).ok()?;
    for name in ["errorDeclaration", "eventID", "recordTime", "rdfs:comment"] {
        members.insert(name.to_owned(), RawValue::from_string("\"2026-09-18\"".to_owned()).ok()?);
    }
    serde_json::to_string(&members).ok()
}

/// Every identifier of the golden files, and one in each of the older spellings.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    for folder in ["cbv", "records"] {
        for file in golden::files("contracts", folder, ".json") {
            golden::texts(&serde_json::from_slice(&file).expect("JSON"), &mut texts);
        }
    }
    texts.retain(|text| text.contains("://") || text.starts_with("urn:"));
    texts.extend(
        [
            "https://example.com/some/where/gtin/614141123452/lot/ABC/ser/1234?17=261231&3103=000195&x=y#z",
            "HTTPS://ID.GS1.ORG/01/09521234543213/22/2A/10/L%2F7/21/7K%25",
            "https://id.gs1.org/8003/09521234543213S%21/",
            "https://id.gs1.org/414/9528880700014/254/32a",
            "urn:epc:id:grai:9521234.54321.s%22",
            "urn:epc:id:itip:4012345.012345.01.02.987",
            "urn:epc:idpat:sgtin:9521234.054321.*",
            "urn:epc:id:giai:4000001.111",
            "urn:uuid:8a5c5b7e-7d52-4d8f-9d6e-1f1d2d3f0a01",
        ]
        .map(str::to_owned),
    );
    texts.sort();
    texts.dedup();
    texts.into_iter().map(String::into_bytes).collect()
}

pub(super) fn cbv_seeds() -> Vec<Vec<u8>> {
    golden::files("contracts", "cbv", ".json")
}
