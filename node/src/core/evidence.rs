//! Contradictions of other validators, as records of this one.

use std::collections::BTreeMap;

use hefu_contracts::{
    action::Action,
    record::{Visibility, draft::Draft},
    register::Fault,
    row::{Data, key_of_key},
    state::Snapshot,
    time::{Millis, Time},
    validators::Evidence,
};
use hefu_keys::{Hash, SecretKey};

use super::{Admission, Core, Ground, sealed::Sealed};

/// How long the record of a contradiction may wait: one day.
const EXPIRES: Millis = Millis(24 * 60 * 60 * 1_000);

/// This machine could not write its own record.
#[derive(Debug, thiserror::Error)]
#[error("the record of a contradiction cannot be made: {0}")]
struct Unwritable(String);

impl Core {
    /// Lets the record of a contradiction in, signed by this validator with its next free sequence number. Others who saw
    /// it do the same; a block takes the first, and the rest are refused.
    ///
    /// # Errors
    /// [`Fault`] from the storage.
    pub fn accuse(&mut self, now: Time, validator: &SecretKey, evidence: &Evidence) -> Result<Admission, Fault> {
        let unwritable = |error: &dyn std::fmt::Display| Fault::new(Unwritable(error.to_string()));
        let body = serde_json::to_value(evidence).map_err(|error| unwritable(&error))?;
        let draft = Draft {
            action: Action::SystemEvidence,
            causes: Vec::new(),
            chain: self.identity.chain,
            claimed_at: None,
            drill: false,
            expires: self.moment(now).time.plus(EXPIRES),
            nonce: nonce(&body.to_string(), validator),
            body,
            parts: BTreeMap::new(),
            seq: self.next_seq(validator)?,
            visibility: Visibility::Public,
        };
        let record = draft.sign(&[validator]).map_err(|error| unwritable(&error))?;
        let sealed = Sealed::read(format!("{{\"record\":{record}}}").into_bytes());
        self.admit(now, sealed.map_err(|rejected| unwritable(&rejected.refusal))?)
    }

    /// The sequence number after the highest that the key has used, also in records that wait.
    fn next_seq(&self, key: &SecretKey) -> Result<u64, Fault> {
        let key = key_of_key(&key.address());
        let row = match self.pool.row(&key) {
            Some(row) => Some(row.clone()),
            None => Ground::new(&self.chain, &self.cache, &self.head)?.row(&key)?,
        };
        let top = match row.as_ref().map(|row| &row.data) {
            Some(Data::Key(row)) => row.window.top(),
            Some(_) | None => 0,
        };
        Ok(top.saturating_add(1))
    }
}

/// What a record for everybody says is no secret, so its nonce may follow from what it says and who says it.
fn nonce(body: &str, validator: &SecretKey) -> [u8; 16] {
    let hash = Hash::of(format!("{}{body}", validator.address()).as_bytes());
    hash.as_bytes().first_chunk::<16>().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
