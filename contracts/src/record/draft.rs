//! Drafts: what a client fills in before it signs.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hefu_keys::{Address, Hash, SecretKey, secured};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Visibility;
use crate::{action::Action, annex::Part, time::Time};

/// Everything of a record but its signatures.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it does.
    pub action: Action,
    /// With which values, as the action's body spells them.
    pub body: Value,
    /// Records that it answers.
    pub causes: Vec<Hash>,
    /// The chain it is made for.
    pub chain: Hash,
    /// The author's time.
    pub claimed_at: Option<Time>,
    /// Whether it is an exercise.
    pub drill: bool,
    /// After this moment it is refused; at most 30 days after its inclusion.
    pub expires: Time,
    /// 16 random bytes.
    pub nonce: [u8; 16],
    /// Commitments to what travels in the annex.
    pub parts: BTreeMap<String, Part>,
    /// Next free sequence number of the author's key.
    pub seq: u64,
    /// Who may read it.
    pub visibility: Visibility,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Field<'a> {
    Ids(&'a [Hash]),
    Parts(&'a BTreeMap<String, Part>),
}

impl Draft {
    /// The document that `signers` are to sign: the author first, the others in the order of their addresses' text.
    ///
    /// # Errors
    /// From the JSON writer.
    pub fn document(&self, signers: &[Address]) -> Result<Value, serde_json::Error> {
        let mut signers: Vec<String> = signers.iter().map(ToString::to_string).collect();
        if let Some((_, rest)) = signers.split_first_mut() {
            rest.sort();
        }
        let mut document = Map::new();
        document.insert("@context".to_owned(), json!(secured::CONTEXT));
        document.insert("action".to_owned(), json!(self.action));
        document.insert("body".to_owned(), self.body.clone());
        if !self.causes.is_empty() {
            document.insert("causes".to_owned(), serde_json::to_value(Field::Ids(&self.causes))?);
        }
        document.insert("chain".to_owned(), json!(self.chain));
        if let Some(claimed_at) = self.claimed_at {
            document.insert("claimedAt".to_owned(), json!(claimed_at));
        }
        if self.drill {
            document.insert("drill".to_owned(), json!(true));
        }
        document.insert("expires".to_owned(), json!(self.expires));
        document.insert("nonce".to_owned(), json!(URL_SAFE_NO_PAD.encode(self.nonce)));
        if !self.parts.is_empty() {
            document.insert("parts".to_owned(), serde_json::to_value(Field::Parts(&self.parts))?);
        }
        document.insert("seq".to_owned(), json!(self.seq));
        document.insert("signers".to_owned(), json!(signers));
        if !self.visibility.is_public() {
            document.insert("visibility".to_owned(), json!(self.visibility));
        }
        Ok(Value::Object(document))
    }

    /// Signs with every key; the first is the author's.
    ///
    /// # Errors
    /// From the JSON writer.
    pub fn sign(&self, keys: &[&SecretKey]) -> Result<String, secured::Unsignable> {
        let mut keys = keys.to_vec();
        if let Some((_, rest)) = keys.split_first_mut() {
            rest.sort_by_key(|key| key.address().to_string());
        }
        let signers: Vec<Address> = keys.iter().map(|key| key.address()).collect();
        secured::sign(&self.document(&signers)?, &keys, None)
    }
}
