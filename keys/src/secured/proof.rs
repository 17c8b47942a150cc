//! The form of a proof: a closed list of fields, each with one spelling.

use super::{CRYPTOSUITE, Malformed, PROOFS_MAX};
use crate::{Address, Hash, Signature, canonical, timestamp};

/// A proof as it stands in a document.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    signer: Address,
    signature: Signature,
    configuration: Hash,
    created: Option<&'a str>,
}

impl<'a> Proof<'a> {
    /// The key that is claimed to have signed.
    pub fn signer(&self) -> Address {
        self.signer
    }

    /// The claimed signature.
    pub fn signature(&self) -> Signature {
        self.signature
    }

    /// SHA-256 of the proof without `proofValue`, the first half of what is signed.
    pub fn configuration(&self) -> Hash {
        self.configuration
    }

    /// When the signer says it was made: an XSD dateTimeStamp, never to be trusted.
    pub fn created(&self) -> Option<&'a str> {
        self.created
    }
}

/// What is wrong with the form of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProofForm {
    /// A JSON value other than an object.
    #[error("a proof is a JSON object")]
    NotAnObject,
    /// A field that no proof of this suite has.
    #[error(
        "a field other than `@context`, `created`, `cryptosuite`, `proofPurpose`, `proofValue`, `type` and \
         `verificationMethod`"
    )]
    UnknownField,
    /// A required field is missing.
    #[error("the field `{0}` is missing")]
    Missing(&'static str),
    /// A field with a fixed value has another one.
    #[error("the field `{field}` must be `{expected}`")]
    Fixed {
        /// The field.
        field: &'static str,
        /// Its only accepted value.
        expected: &'static str,
    },
    /// `@context` differs from the document's, or only one of the two has it.
    #[error("the field `@context` must equal the document's, byte for byte")]
    Context,
    /// `created` is not an XSD dateTimeStamp.
    #[error("the field `created` must be an XSD dateTimeStamp, as in `2026-09-18T02:00:00Z`")]
    Created,
    /// `verificationMethod` is not a `did:key` of an Ed25519 key, named twice.
    #[error("the field `verificationMethod` must be `did:key:z6Mk…#z6Mk…`, naming one Ed25519 key twice")]
    VerificationMethod,
    /// `proofValue` is not multibase base58 of 64 bytes.
    #[error("the field `proofValue` must be `z` and the base58 of 64 bytes")]
    ProofValue,
}

/// The fields of a proof, as raw JSON.
#[derive(Default)]
struct Fields<'a> {
    context: Option<&'a str>,
    created: Option<&'a str>,
    cryptosuite: Option<&'a str>,
    purpose: Option<&'a str>,
    value: Option<canonical::Member<'a>>,
    kind: Option<&'a str>,
    method: Option<&'a str>,
}

/// Reads the value of `proof`: one proof, or an array of several.
pub(super) fn read_all<'a>(value: &'a str, context: Option<&str>) -> Result<Vec<Proof<'a>>, Malformed> {
    if !value.starts_with('[') {
        let proof = read(value, context).map_err(|reason| Malformed::Proof { index: 0, reason })?;
        return Ok(vec![proof]);
    }
    // Counted first, so that a long array costs no more than being passed over.
    let count = canonical::elements(value).count();
    if !(2..=PROOFS_MAX).contains(&count) {
        return Err(Malformed::Count(count));
    }
    let one = |(index, proof)| read(proof, context).map_err(|reason| Malformed::Proof { index, reason });
    canonical::elements(value).enumerate().map(one).collect()
}

fn read<'a>(text: &'a str, context: Option<&str>) -> Result<Proof<'a>, BadProofForm> {
    if !text.starts_with('{') {
        return Err(BadProofForm::NotAnObject);
    }
    let fields = fields(text)?;
    if fields.context != context {
        return Err(BadProofForm::Context);
    }
    fixed(fields.kind, "type", "DataIntegrityProof")?;
    fixed(fields.cryptosuite, "cryptosuite", CRYPTOSUITE)?;
    fixed(fields.purpose, "proofPurpose", "assertionMethod")?;
    let created = fields.created.map(|raw| created(raw).ok_or(BadProofForm::Created)).transpose()?;
    let method = fields.method.ok_or(BadProofForm::Missing("verificationMethod"))?;
    let signer = string(method)
        .and_then(|method| Address::from_verification_method(method).ok())
        .ok_or(BadProofForm::VerificationMethod)?;
    let value = fields.value.ok_or(BadProofForm::Missing("proofValue"))?;
    let signature =
        string(value.value).and_then(|value| Signature::from_base58(value).ok()).ok_or(BadProofForm::ProofValue)?;
    let configuration = value.cut(text).map(Hash::of_cut).ok_or(BadProofForm::NotAnObject)?;
    Ok(Proof { signer, signature, configuration, created })
}

fn fields(text: &str) -> Result<Fields<'_>, BadProofForm> {
    let mut fields = Fields::default();
    for member in canonical::members(text) {
        match member.key {
            "@context" => fields.context = Some(member.value),
            "created" => fields.created = Some(member.value),
            "cryptosuite" => fields.cryptosuite = Some(member.value),
            "proofPurpose" => fields.purpose = Some(member.value),
            "proofValue" => fields.value = Some(member),
            "type" => fields.kind = Some(member.value),
            "verificationMethod" => fields.method = Some(member.value),
            _ => return Err(BadProofForm::UnknownField),
        }
    }
    Ok(fields)
}

fn fixed(raw: Option<&str>, field: &'static str, expected: &'static str) -> Result<(), BadProofForm> {
    let raw = raw.ok_or(BadProofForm::Missing(field))?;
    if string(raw) == Some(expected) { Ok(()) } else { Err(BadProofForm::Fixed { field, expected }) }
}

fn created(raw: &str) -> Option<&str> {
    string(raw).filter(|text| timestamp::is_date_time_stamp(text))
}

/// The text of a raw JSON string. None of the fields has a character that is escaped, so an escape is not undone and
/// fails where the text is looked at.
fn string(raw: &str) -> Option<&str> {
    raw.strip_prefix('"')?.strip_suffix('"')
}
