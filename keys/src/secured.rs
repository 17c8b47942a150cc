//! Documents secured with W3C Data Integrity proofs, cryptosuite `eddsa-jcs-2022`.
//!
//! A proof signs SHA-256(its own canonical text without `proofValue`) followed by SHA-256(the document's canonical text
//! without `proof`). [`read`] takes a submitted text as it stands: both texts are slices of it, cut out and hashed,
//! never written again.
//!
//! Two rules are narrower than the standard's. A proof's `@context` must equal the document's byte for byte, where the
//! standard lets anyone append contexts after signing, which changes the id of the document and leaves its signature
//! valid. Every proof of a set must hold, where common verifiers are content with one.

mod proof;
mod sign;

use crate::canonical::{self, NotCanonical};
use crate::{Address, BadKey, Hash, PublicKey, Signature};

pub use proof::{BadProofForm, Proof};
pub use sign::{Unsignable, sign};

/// The JSON-LD context of records and of their proofs.
pub const CONTEXT: &str = "https://w3id.org/security/data-integrity/v2";

/// The only cryptosuite that is written or accepted.
pub const CRYPTOSUITE: &str = "eddsa-jcs-2022";

/// The most proofs a document may carry.
pub const PROOFS_MAX: usize = 16;

/// A document whose bytes and proofs have the right form. Whether its proofs *hold* is for [`Secured::verify`] to say.
#[derive(Clone, Debug)]
pub struct Secured<'a> {
    text: &'a str,
    document: (&'a str, &'a str),
    proofs: Vec<Proof<'a>>,
    id: Hash,
    seal: Hash,
}

/// The signatures that a document carries: who is claimed to have signed which 64 bytes. They are all that is left to be
/// checked once a document was read.
#[derive(Clone, Debug)]
pub struct Claims(Vec<(Address, Signature, [u8; 64])>);

/// Why a text is not a secured document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The bytes are not canonical JSON.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// A JSON value other than an object.
    #[error("a secured document is a JSON object")]
    NotAnObject,
    /// There is no member `proof`.
    #[error("the document has no `proof`")]
    NoProof,
    /// `proof` is an array of fewer than two or more than [`PROOFS_MAX`] proofs. A single one is not put in an array, so
    /// that a document has one form.
    #[error("`proof` is an array of {0} proofs: one proof is an object, an array has 2 to {PROOFS_MAX}")]
    Count(usize),
    /// One of the proofs has the wrong form.
    #[error("proof {index}: {reason}")]
    Proof {
        /// The proof's place, from 0.
        index: usize,
        /// What is wrong with it.
        reason: BadProofForm,
    },
}

/// A proof that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("proof {index} does not hold: the signature is not valid for this document and key")]
pub struct BadProof {
    /// The proof's place, from 0.
    pub index: usize,
}

/// Reads a secured document from its canonical text: one pass that checks the text, one over its members, two hashes,
/// and one per proof. The caller bounds the length.
pub fn read(text: &str) -> Result<Secured<'_>, Malformed> {
    canonical::check(text.as_bytes())?;
    read_checked(text)
}

/// As [`read`], of a text that is known to be canonical: it stands in a longer one that [`canonical::check`] has seen.
pub fn read_checked(text: &str) -> Result<Secured<'_>, Malformed> {
    if !text.starts_with('{') {
        return Err(Malformed::NotAnObject);
    }
    let mut context = None;
    let mut proof = None;
    for member in canonical::members(text) {
        match member.key {
            "@context" => context = Some(member.value),
            "proof" => proof = Some(member),
            _ => {}
        }
    }
    let proof = proof.ok_or(Malformed::NoProof)?;
    let document = proof.cut(text).ok_or(Malformed::NoProof)?;
    let proofs = proof::read_all(proof.value, context)?;
    Ok(Secured { text, document, proofs, id: Hash::of_cut(document), seal: Hash::of(text.as_bytes()) })
}

impl<'a> Secured<'a> {
    /// SHA-256 of the document without its proofs: what was said. Signatures are no part of it.
    pub fn id(&self) -> Hash {
        self.id
    }

    /// SHA-256 of the whole text: what was said *and* how it was signed.
    pub fn seal(&self) -> Hash {
        self.seal
    }

    /// The whole canonical text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The canonical text without `proof`, in two slices.
    pub fn document(&self) -> (&'a str, &'a str) {
        self.document
    }

    /// The proofs, in the order of the text; at least one.
    pub fn proofs(&self) -> &[Proof<'a>] {
        &self.proofs
    }

    /// The signatures, for whoever checks them when the text is no longer at hand.
    pub fn claims(&self) -> Claims {
        let proofs = self.proofs.iter();
        let claims =
            proofs.map(|proof| (proof.signer(), proof.signature(), signing_bytes(&proof.configuration(), &self.id)));
        Claims(claims.collect())
    }

    /// Checks every proof by the strict rule of [`PublicKey::verify`]. Says nothing of who may sign.
    pub fn verify(&self) -> Result<(), BadProof> {
        self.claims().verify()
    }
}

impl Claims {
    /// Checks every signature by the strict rule of [`PublicKey::verify`]. Says nothing of who may sign.
    pub fn verify(&self) -> Result<(), BadProof> {
        self.verify_by(PublicKey::registered)
    }

    /// As [`Claims::verify`], for whoever keeps the keys of signers who come again: `key` must tell what
    /// [`PublicKey::registered`] does.
    pub fn verify_by(&self, key: impl Fn(&Address) -> Result<PublicKey, BadKey>) -> Result<(), BadProof> {
        for (index, (signer, signature, message)) in self.0.iter().enumerate() {
            let key = key(signer).map_err(|_| BadProof { index })?;
            key.verify(message, signature).map_err(|_| BadProof { index })?;
        }
        Ok(())
    }
}

/// The 64 bytes that are signed: the hash of the proof's configuration, then that of the document.
fn signing_bytes(configuration: &Hash, document: &Hash) -> [u8; 64] {
    let mut bytes = [0; 64];
    let (head, tail) = bytes.split_at_mut(32);
    head.copy_from_slice(configuration.as_bytes());
    tail.copy_from_slice(document.as_bytes());
    bytes
}

#[cfg(test)]
mod tests;
