//! Signed documents: secured documents, records, and submissions with their annex.

use std::{collections::BTreeSet, sync::LazyLock};

use hefu_contracts::{
    access::{self, Access, Here},
    agreements::ATTRIBUTION,
    record::{Body, Record, draft::Draft},
    submission::Unverified,
};
use hefu_keys::{
    Hash, canonical,
    secured::{self, Secured},
};
use serde_json::{Map, Value, json};

use super::{Verdict, golden, is_canonical, story::STORY, text};

/// What a signature holds for: the document, the proof's own fields, and the signature.
type Signed = (Hash, Hash, String);

/// Everything that was ever signed here. Whatever else verifies is forged.
static SIGNED: LazyLock<BTreeSet<Signed>> = LazyLock::new(|| {
    let texts: Vec<String> = secured_seeds().into_iter().map(|seed| String::from_utf8(seed).expect("text")).collect();
    texts.iter().flat_map(|text| signed(&secured::read(text).expect("a secured document"))).collect()
});

/// Id and seal are the hashes of what a JSON parser takes the document apart into, and nothing verifies that nobody has
/// signed.
pub(super) fn secured(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let Ok(secured) = secured::read(text) else { return Verdict::Refused };
    assert!(is_canonical(text), "signed, but not canonical");
    let mut document = object(text);
    let proof = document.remove("proof").expect("a proof");
    assert_eq!(secured.id(), hash_of(&document), "the id is not that of the document without its proof");
    assert_eq!(secured.seal(), Hash::of(text.as_bytes()), "the seal is not that of the text");
    let proofs = proof.as_array().cloned().unwrap_or_else(|| vec![proof]);
    assert_eq!(secured.proofs().len(), proofs.len(), "another number of proofs");
    for (read, proof) in secured.proofs().iter().zip(proofs) {
        let mut configuration = proof.as_object().cloned().expect("a proof is an object");
        let value = configuration.remove("proofValue");
        assert_eq!(value, Some(json!(read.signature().to_base58())), "another signature");
        assert_eq!(read.configuration(), hash_of(&configuration), "another configuration");
        let method = json!(read.signer().verification_method());
        assert_eq!(configuration.get("verificationMethod"), Some(&method), "another signer");
    }
    if secured.verify().is_ok() {
        assert!(signed(&secured).iter().all(|proof| SIGNED.contains(proof)), "a forged document verifies");
    }
    Verdict::Accepted
}

fn signed(secured: &Secured<'_>) -> Vec<Signed> {
    let signed = secured.proofs().iter();
    signed.map(|proof| (secured.id(), proof.configuration(), proof.signature().to_base58())).collect()
}

/// An accepted record has one text, which its fields alone give again; its id covers all of it but the proof.
pub(super) fn record(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let Ok(record) = Record::read(text) else { return Verdict::Refused };
    assert!(is_canonical(text) && record.text == text, "another text");
    let mut document = object(text);
    document.remove("proof");
    assert_eq!((record.id, record.seal), (hash_of(&document), Hash::of(text.as_bytes())), "another id or seal");
    let document = Value::Object(document);
    has_epcis_shapes(&document["body"]["event"]);
    assert_eq!(drafted(&record, &document), document, "a field is written that says nothing, or does not say all");
    if record.verify().is_ok() {
        let secured = secured::read(text).expect("it was read before");
        assert!(signed(&secured).iter().all(|proof| SIGNED.contains(proof)), "a forged record verifies");
    }
    Verdict::Accepted
}

/// The document as a client would draft it from what was read; the nonce and an event's own fields are not kept.
fn drafted(record: &Record, document: &Value) -> Value {
    let body = match &record.body {
        Body::PartyAdd(body) => json!(body),
        Body::SitePut(body) => json!(body),
        Body::KeyGrant(body) => json!(body),
        Body::KeyRevoke(body) => json!(body),
        Body::AuthorityGrant(body) => json!(body),
        Body::AuthorityRevoke(body) => json!(body),
        Body::ProductPut(body) => json!(body),
        Body::CodesIssue(body) => json!(body),
        Body::Agreement(act) => act.to_value(),
        Body::BomPut(body) => json!(body),
        Body::RecallOpen(body) => json!(body),
        Body::RecallLift(body) => json!(body),
        Body::QuotaSet(body) => json!(body),
        Body::Evidence(body) => json!(body),
        Body::EventCapture(capture) => {
            let mut body = json!({"cbv": capture.cbv, "event": document["body"]["event"]});
            if let Some(commissioning) = &capture.commissioning {
                body["commissioning"] = json!(commissioning);
            }
            body
        }
    };
    let draft = Draft {
        action: record.action,
        body,
        causes: record.causes.clone(),
        chain: record.chain,
        claimed_at: record.claimed_at,
        drill: record.drill,
        expires: record.expires,
        nonce: [0; 16],
        parts: record.parts.clone(),
        seq: record.seq,
        visibility: record.visibility,
    };
    let mut drafted = draft.document(&record.signers).expect("a document");
    drafted["nonce"] = document["nonce"].clone();
    drafted
}

/// What the rules read of an event has the shape that EPCIS gives it, so that others who read the record see the same.
fn has_epcis_shapes(event: &Value) {
    let lists = ["quantityList", "childQuantityList", "destinationList"].into_iter();
    let items = lists.filter_map(|name| event.get(name)?.as_array()).flatten();
    let places = ["readPoint", "bizLocation"].into_iter().filter_map(|name| event.get(name));
    let wrong = items.chain(places).find(|value| !value.is_object());
    assert!(wrong.is_none(), "taken for an object: {wrong:?}");
}

/// A submission is written as it was read; without values it is what a block holds, which is a submission too.
pub(super) fn submission(bytes: &[u8]) -> Verdict {
    let Ok(unverified) = Unverified::read(bytes) else { return Verdict::Refused };
    let text = text(bytes).expect("what was read is text");
    assert!(is_canonical(text), "accepted, but not canonical");
    let id = unverified.record().id;
    let Ok(submission) = unverified.verify() else { return Verdict::Accepted };
    assert_eq!(submission.text(), text, "a submission is written otherwise than it was read");
    let block_text = submission.block_text();
    let again =
        Unverified::read(block_text.as_bytes()).and_then(Unverified::verify).expect("without its values it stands");
    assert_eq!((again.text(), again.block_text(), again.id()), (block_text.clone(), block_text, id));
    for (pointer, list) in &submission.annex().lists {
        let mut read: Vec<String> = match pointer.as_str() {
            ATTRIBUTION => {
                submission.shares().iter().map(|share| json!([share.0, share.1.to_string()]).to_string()).collect()
            }
            _ => submission.list(pointer).iter().map(|epc| epc.as_str().to_owned()).collect(),
        };
        if pointer == ATTRIBUTION {
            // Read by contract; written in the order of the elements' bytes.
            read.sort();
        }
        assert_eq!(read, list.elements, "other elements in {pointer}");
    }
    Verdict::Accepted
}

fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).expect("the scanner has accepted it")
}

fn hash_of(members: &Map<String, Value>) -> Hash {
    Hash::of(canonical::to_string(members).expect("a JSON value").as_bytes())
}

pub(super) fn secured_seeds() -> Vec<Vec<u8>> {
    let mut seeds = ["secured-one.json", "secured-two.json"].map(|name| golden::file("keys", name)).to_vec();
    seeds.extend(record_seeds());
    seeds
}

pub(super) fn record_seeds() -> Vec<Vec<u8>> {
    let of_submission = |submission: Vec<u8>| {
        let submission = String::from_utf8(submission).expect("text");
        canonical::member(&submission, "record").expect("a record").as_bytes().to_vec()
    };
    submission_seeds().into_iter().map(of_submission).collect()
}

pub(super) fn submission_seeds() -> Vec<Vec<u8>> {
    let mut seeds = golden::files("contracts", "records", ".json");
    seeds.extend(STORY.records.values().map(|submission| submission.text().into_bytes()));
    seeds
}

/// An access document that is read is read from its header as well, and is good only where somebody has signed it.
pub(super) fn access(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let Ok(read) = Access::read(text) else { return Verdict::Refused };
    assert!(is_canonical(text), "a second spelling");
    let shown = Access::of_header(&access::header(text)).expect("the document of the header");
    assert_eq!((&shown.aud, shown.signer, shown.expires), (&read.aud, read.signer, read.expires));
    let (chain, origins) = (read.chain, [read.aud.clone()]);
    if read.verify(&Here { chain: &chain, now: shown.expires, origins: &origins }).is_ok() {
        assert!(access_seeds().iter().any(|signed| signed == bytes), "nobody has signed it");
    }
    Verdict::Accepted
}

pub(super) fn access_seeds() -> Vec<Vec<u8>> {
    vec![golden::file("contracts", "access.json")]
}
