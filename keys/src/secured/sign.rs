//! Writing proofs.

use serde_json::{Map, Number, Value};

use super::{CRYPTOSUITE, PROOFS_MAX, signing_bytes};
use crate::canonical::{self, NotCanonical};
use crate::{Hash, SecretKey, timestamp};

/// Why a document cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum Unsignable {
    /// A JSON value other than an object.
    #[error("a document to be signed is a JSON object")]
    NotAnObject,
    /// The document carries proofs already.
    #[error("the document has a `proof` already")]
    ProofPresent,
    /// No signer, or more than [`PROOFS_MAX`].
    #[error("{0} signers, 1 to {PROOFS_MAX} are possible")]
    Signers(usize),
    /// A key was given twice.
    #[error("signer {0} is listed twice")]
    SignerTwice(usize),
    /// `created` is not an XSD dateTimeStamp.
    #[error("`created` must be an XSD dateTimeStamp, as in `2026-09-18T02:00:00Z`")]
    Created,
    /// An integer that no double holds exactly would be signed as another number.
    #[error("the integer {0} is not exact as a double; write it as a string")]
    Inexact(Number),
    /// The document cannot be written canonically.
    #[error("the document cannot be written canonically")]
    Write(#[from] serde_json::Error),
    /// The document, once written, would not be accepted: it is nested too deep.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
}

/// Signs `document`, which has no `proof` yet, and writes it canonically with one proof per signer: an object for one
/// signer, an array in the order given for several.
///
/// The document's `@context`, if any, is copied into each proof. `created` is written as given, if given.
pub fn sign(document: &Value, signers: &[&SecretKey], created: Option<&str>) -> Result<String, Unsignable> {
    let members = document.as_object().ok_or(Unsignable::NotAnObject)?;
    check_request(members, signers, created)?;
    check_numbers(document)?;
    let hash = Hash::of(canonical::to_string(document)?.as_bytes());
    let context = members.get("@context");
    let mut proofs = Vec::with_capacity(signers.len());
    for signer in signers {
        proofs.push(proof(signer, &hash, context, created)?);
    }
    let proof = match <[Value; 1]>::try_from(proofs) {
        Ok([only]) => only,
        Err(several) => Value::Array(several),
    };
    let mut signed = members.clone();
    signed.insert("proof".to_owned(), proof);
    let text = canonical::to_string(&signed)?;
    canonical::check(text.as_bytes())?;
    Ok(text)
}

fn check_request(
    members: &Map<String, Value>,
    signers: &[&SecretKey],
    created: Option<&str>,
) -> Result<(), Unsignable> {
    if members.contains_key("proof") {
        return Err(Unsignable::ProofPresent);
    }
    if signers.is_empty() || signers.len() > PROOFS_MAX {
        return Err(Unsignable::Signers(signers.len()));
    }
    let mut seen = std::collections::BTreeSet::new();
    for (index, signer) in signers.iter().enumerate() {
        if !seen.insert(signer.address()) {
            return Err(Unsignable::SignerTwice(index));
        }
    }
    match created {
        Some(created) if !timestamp::is_date_time_stamp(created) => Err(Unsignable::Created),
        Some(_) | None => Ok(()),
    }
}

/// Refuses integers beyond 2^53, which the canonical form would silently round.
fn check_numbers(value: &Value) -> Result<(), Unsignable> {
    const EXACT_MAX: u64 = 1 << 53;
    match value {
        Value::Number(number) => {
            let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            match magnitude {
                Some(magnitude) if magnitude > EXACT_MAX => Err(Unsignable::Inexact(number.clone())),
                Some(_) | None => Ok(()),
            }
        }
        Value::Array(elements) => elements.iter().try_for_each(check_numbers),
        Value::Object(members) => members.values().try_for_each(check_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

fn proof(
    signer: &SecretKey,
    document: &Hash,
    context: Option<&Value>,
    created: Option<&str>,
) -> Result<Value, serde_json::Error> {
    let mut proof = Map::new();
    let mut set = |field: &str, value: &str| proof.insert(field.to_owned(), Value::from(value));
    set("type", "DataIntegrityProof");
    set("cryptosuite", CRYPTOSUITE);
    set("proofPurpose", "assertionMethod");
    set("verificationMethod", &signer.address().verification_method());
    if let Some(created) = created {
        set("created", created);
    }
    if let Some(context) = context {
        proof.insert("@context".to_owned(), context.clone());
    }
    let configuration = Hash::of(canonical::to_string(&proof)?.as_bytes());
    let signature = signer.sign(&signing_bytes(&configuration, document));
    proof.insert("proofValue".to_owned(), Value::from(signature.to_base58()));
    Ok(Value::Object(proof))
}
