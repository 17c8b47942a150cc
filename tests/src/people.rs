//! People who sign records: a key, a chain and a counter of sequence numbers.

use std::collections::BTreeMap;

use anyhow::Result;
use hefu_contracts::{
    action::Action,
    record::{Visibility, draft::Draft},
    time::{Millis, Time},
};
use hefu_keys::{Hash, SecretKey};
use serde_json::Value;

/// Somebody with a key.
pub struct Person {
    /// The key.
    pub key: SecretKey,
    chain: Hash,
    seq: u64,
}

impl Person {
    /// Somebody whose next sequence number is `seq`.
    pub fn new(key: SecretKey, chain: Hash, seq: u64) -> Person {
        Person { key, chain, seq }
    }

    /// A draft with the next sequence number, expiring in an hour.
    pub fn draft(&mut self, action: Action, body: Value) -> Draft {
        let seq = self.seq;
        self.seq += 1;
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&seq.to_be_bytes());
        Draft {
            action,
            body,
            causes: Vec::new(),
            chain: self.chain,
            claimed_at: None,
            drill: false,
            expires: now().plus(Millis(3_600_000)),
            nonce,
            parts: BTreeMap::new(),
            seq,
            visibility: Visibility::Public,
        }
    }

    /// A signed submission without an annex.
    ///
    /// # Errors
    /// From the JSON writer.
    pub fn sign(&mut self, action: Action, body: Value) -> Result<String> {
        let draft = self.draft(action, body);
        Ok(format!("{{\"record\":{}}}", draft.sign(&[&self.key])?))
    }
}

/// The time of this machine's clock.
pub fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    Time::from_millis(millis).unwrap_or_else(|| Time::from_rfc3339("2026-01-01T00:00:00Z").expect("a time"))
}
