//! Records on their way from signer to signer.
//!
//! The signers stand in the document, so nobody can be added or left out later, and every proof signs the same
//! document: they can be made in any order, on machines that never meet.

use std::collections::BTreeMap;

use hefu_keys::{Address, Hash, SecretKey, canonical, secured};
use serde_json::{Map, Value};
use thiserror::Error;

/// A record that none, some or all of its signers have signed, and what travels beside it.
#[derive(Clone, Debug)]
pub struct Partial {
    annex: Option<Value>,
    document: Map<String, Value>,
    signers: Vec<Address>,
    proofs: BTreeMap<Address, Value>,
}

/// Why a document cannot be signed, or its signatures do not count.
#[derive(Debug, Error)]
pub enum BadPartial {
    /// Neither a record nor a submission.
    #[error("expected a record, or an object with `record` and perhaps `annex`")]
    Shape,
    /// The list of signers is missing or malformed.
    #[error("`signers` must be a list of addresses")]
    Signers,
    /// A proof that is malformed.
    #[error("a proof of the document is malformed")]
    Malformed(#[source] secured::Malformed),
    /// A proof by somebody who is not to sign.
    #[error("{0} has signed but is not one of the signers")]
    Stranger(Address),
    /// A proof that does not hold: somebody changed the document after it was signed.
    #[error("the signature of {0} does not match the document")]
    Broken(Address),
    /// The key is not asked for.
    #[error("{0} is not one of the signers")]
    NotASigner(Address),
    /// The document cannot be signed.
    #[error("the document cannot be signed")]
    Unsignable(#[from] secured::Unsignable),
    /// It cannot be written.
    #[error("the document cannot be written")]
    Write(#[from] serde_json::Error),
}

impl Partial {
    /// Takes up a record, or a submission around one, and checks the signatures that it has.
    ///
    /// # Errors
    /// [`BadPartial`].
    pub fn read(value: Value) -> Result<Partial, BadPartial> {
        let Value::Object(mut members) = value else { return Err(BadPartial::Shape) };
        let (annex, mut document) = match members.remove("record") {
            Some(Value::Object(document)) => (members.remove("annex"), document),
            Some(_) => return Err(BadPartial::Shape),
            None => (None, members),
        };
        let proofs = match document.remove("proof") {
            Some(Value::Array(proofs)) => proofs,
            Some(proof) => vec![proof],
            None => Vec::new(),
        };
        let signers = document.get("signers").cloned().and_then(|list| serde_json::from_value(list).ok());
        let signers = signers.ok_or(BadPartial::Signers)?;
        let mut partial = Partial { annex, document, signers, proofs: BTreeMap::new() };
        for proof in proofs {
            let signer = partial.check(&proof)?;
            partial.proofs.insert(signer, proof);
        }
        Ok(partial)
    }

    /// Who made a proof, after checking it.
    fn check(&self, proof: &Value) -> Result<Address, BadPartial> {
        let text = self.with_proof(proof.clone())?;
        let secured = secured::read(&text).map_err(BadPartial::Malformed)?;
        let signers = secured.proofs().iter().map(|proof| proof.signer()).collect::<Vec<_>>();
        let [signer] = signers.as_slice() else { return Err(BadPartial::Shape) };
        if !self.signers.contains(signer) {
            return Err(BadPartial::Stranger(*signer));
        }
        secured.verify().map_err(|_| BadPartial::Broken(*signer))?;
        Ok(*signer)
    }

    fn with_proof(&self, proof: Value) -> Result<String, serde_json::Error> {
        let mut document = self.document.clone();
        document.insert("proof".to_owned(), proof);
        canonical::to_string(&document)
    }

    /// Adds the key's proof to the set. Signing twice changes nothing.
    ///
    /// # Errors
    /// [`BadPartial::NotASigner`], or where the document cannot be signed at all.
    pub fn sign(&mut self, key: &SecretKey) -> Result<(), BadPartial> {
        let signer = key.address();
        if !self.signers.contains(&signer) {
            return Err(BadPartial::NotASigner(signer));
        }
        let signed = secured::sign(&Value::Object(self.document.clone()), &[key], None)?;
        let proof = canonical::member(&signed, "proof").unwrap_or_default();
        self.proofs.insert(signer, serde_json::from_str(proof)?);
        Ok(())
    }

    /// Who has yet to sign, in the order of the document.
    pub fn missing(&self) -> Vec<Address> {
        self.signers.iter().filter(|signer| !self.proofs.contains_key(signer)).copied().collect()
    }

    /// The record with the signatures it has, canonical, and the annex around it where it came with one.
    ///
    /// # Errors
    /// From the JSON writer.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        let record = self.record_text()?;
        let Some(annex) = &self.annex else { return Ok(record) };
        Ok(format!("{{\"annex\":{},\"record\":{record}}}", canonical::to_string(annex)?))
    }

    /// What a node takes: always with an object around the record.
    ///
    /// # Errors
    /// From the JSON writer.
    pub fn submission(&self) -> Result<String, serde_json::Error> {
        let text = self.text()?;
        if self.annex.is_some() { Ok(text) } else { Ok(format!("{{\"record\":{text}}}")) }
    }

    fn record_text(&self) -> Result<String, serde_json::Error> {
        let mut proofs: Vec<Value> =
            self.signers.iter().filter_map(|signer| self.proofs.get(signer).cloned()).collect();
        match proofs.len() {
            0 => canonical::to_string(&self.document),
            1 => self.with_proof(proofs.remove(0)),
            _ => self.with_proof(Value::Array(proofs)),
        }
    }

    /// The id that the record has with any signatures.
    ///
    /// # Errors
    /// From the JSON writer.
    pub fn id(&self) -> Result<Hash, serde_json::Error> {
        Ok(Hash::of(canonical::to_string(&self.document)?.as_bytes()))
    }
}

#[cfg(test)]
mod tests;
